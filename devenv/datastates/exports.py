"""A data state as one file, which another machine or another engine can restore.

It is a gzipped tar with two members: `manifest.json`, which describes the dump, and `dump`.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import os
import shlex
import shutil
import tarfile
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast

from devenv.base import output, process
from devenv.base.errors import CONFIG, REFUSED, USAGE, DevError
from devenv.context import service_commands
from devenv.context.environment import Environment
from devenv.databases.find import kind
from devenv.databases.states import State
from devenv.datastates import dumps, snapshots, store
from devenv.datastates.steps import Step
from devenv.model import document, json_schema

FORMAT = 1
MANIFEST = 10_000_000  # bytes; it names every file of `state:`
SCHEMA = Path(__file__).with_name("manifest.schema.json")
NEEDED = {"service", "database", "version", "branch", "files", "data", "sha256"}

DAMAGED = (
    *(EOFError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError),
    *(tarfile.TarError, zlib.error, gzip.BadGzipFile),
)


def target(path: Path, again: bool) -> Path:
    """Where a file of that path is written: a link to a file stays. Changes nothing.

    DevError 2 for a folder, a device and the like, which no file may replace; 114 if the file exists, unless `again`.
    """
    found = Path(os.path.realpath(path))
    if not found.parent.is_dir():
        raise DevError(USAGE, f"{path}: {found.parent} is not a folder", f"mkdir -p {shlex.quote(str(found.parent))}")
    if found.is_file() and not again:
        raise DevError(REFUSED, f"{path} already exists", "to replace it: add --replace")
    if found.exists() and not found.is_file():
        raise DevError(USAGE, f"{path} is not a file", "name a file that can be replaced")
    return found


def export(env: Environment, stored: State, target: Path, scrub: bool) -> None:
    """Write a state to a file, in one step; with `scrub`, a copy of it after the service's scrub command."""
    source = store.on_server(env, stored)
    with dumps.folder(env) as folder:
        if not scrub:
            _write(env, source, {**_manifest(env, stored), "scrubbed": False}, folder, target)
            return
        with store.draft(env, source.database) as made:
            verb = f"dev.snapshot {stored.name} --replace --export {shlex.quote(str(target))} --scrub"
            service_commands.within(verb, "scrub", service_commands.scrub, env.on(made.database))
            _write(env, made, {**_manifest(env, stored), "scrubbed": True}, folder, target)
            store.drop(env, made)


def read(env: Environment, file: Path) -> State:
    """What a file says of the data in it, without reading that.

    DevError 111 for a damaged file, 114 for one of another service or database.
    """
    try:
        with tarfile.open(file, "r:gz") as tar:
            manifest = _manifest_of(tar, file)
    except DAMAGED:
        raise _damaged(file) from None
    _check(env, manifest, file)
    known = {"files": manifest["files"], "data": manifest["data"], "branch": manifest["branch"]}
    return replace(store.new(env, name=file.name), **known)


def restore_steps(env: Environment, file: Path, stored: State) -> list[Step]:
    """Make a file's data the live data, migrated to the checkout; the data until then is kept as `previous`.

    `stored`: what `read` found in it. `snapshots.check_fits` comes first.
    """

    def do(env: Environment) -> Environment:
        with dumps.folder(env) as folder:
            dump = folder / "dump"
            unpack(file, dump, lambda found: _check(env, found, file))
            with store.draft(env) as made:
                store.at(env, made).load(env.engine, dump)
                return snapshots.bring(env, made, stored, str(file))

    return [Step(f"load {file}", snapshots.why(env, stored), do)]


def _manifest(env: Environment, stored: State) -> dict[str, Any]:
    assert env.database
    told = ("migrated", "files", "packages", "seeded", "branch")
    known = {name: stored.data[name] for name in told if name in stored.data}
    return {
        "format": FORMAT,
        "service": env.config.service,
        "name": stored.name,
        "database": kind(env.database.program),
        "version": env.database.version(env.engine),
        "branch": stored.branch,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stored.created)),
        "scenarios": sorted(stored.data.get("seeded", {})),
        "files": stored.files,
        "data": known,
    }


def _write(env: Environment, made: State, manifest: Mapping[str, Any], folder: Path, target: Path) -> None:
    dump = folder / "dump"
    store.at(env, made).dump(env.engine, dump)
    text = json.dumps({**manifest, "sha256": _sha256(dump)}, indent=2, sort_keys=True).encode()
    packed = folder / "packed"  # here and not next to the target: the next command cleans up if this one is killed
    with open(packed, "xb", opener=process.private) as stream:
        _pack(stream, text, dump)
    try:
        os.replace(packed, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise OSError(error.errno, error.strerror, str(target)) from None
        _copy(packed, target)


def _copy(packed: Path, target: Path) -> None:
    """Write a file on another disk, in one step."""
    new = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        with open(new, "xb", opener=process.private) as stream, packed.open("rb") as source:
            shutil.copyfileobj(source, stream)
        os.replace(new, target)
    finally:
        new.unlink(missing_ok=True)


def _pack(stream: IO[bytes], manifest: bytes, dump: Path) -> None:
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as tar, dump.open("rb") as rows:
        for name, size, content in (
            ("manifest.json", len(manifest), io.BytesIO(manifest)),
            ("dump", dump.stat().st_size, rows),
        ):
            member = tarfile.TarInfo(name)  # without owner and times of this machine
            member.size = size
            tar.addfile(member, content)


def unpack(file: Path, dump: Path, check: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    """Return a file's manifest, and write its dump to `dump`.

    The manifest comes first, and `check` sees it before anything is written. DevError 111 if a part is not valid, or
    the dump is larger than the space that is free.
    """
    try:
        with tarfile.open(file, "r:gz") as tar:
            manifest = _manifest_of(tar, file)
            check(manifest)
            _write_dump(tar, file, dump)
            _check_end(tar, file)
    except DAMAGED:
        raise _damaged(file) from None
    if _sha256(dump) != manifest.get("sha256"):
        raise _damaged(file)
    return manifest


def _damaged(file: Path, why: str = "is damaged, or not an export of a data state") -> DevError:
    hint = "get the file again; it is written by: inv dev.snapshot NAME --export FILE"
    return DevError(CONFIG, f"{file} {why}", hint)


def _manifest_of(tar: tarfile.TarFile, file: Path) -> dict[str, Any]:
    member = _member(tar, "manifest.json")
    if member.size > MANIFEST:
        raise _damaged(file)
    content = _content(tar, member).read()
    source = document.Document(Path(f"{file.name}: manifest.json"), json.loads(content), {}, {})
    json_schema.check(source, json_schema.read(SCHEMA))
    if source.data["format"] == FORMAT and not source.data.keys() >= NEEDED:
        raise _damaged(file)
    return dict(source.data)


def _write_dump(tar: tarfile.TarFile, file: Path, dump: Path) -> None:
    member = _member(tar, "dump")
    free = shutil.disk_usage(dump.parent).free
    if member.size > free:
        needed = f"holds {output.mebibytes(member.size)}, and {dump.parent} has {output.mebibytes(free)} free"
        raise DevError(CONFIG, f"{file} {needed}", "inv dev.state prune")
    with dump.open("wb") as stream:
        shutil.copyfileobj(_content(tar, member), stream)


def _check_end(tar: tarfile.TarFile, file: Path) -> None:
    """Read what is left, with the checksum of it all at its end. It may be as much as tar fills up, and no more."""
    if tar.next():
        raise _damaged(file)
    stream, left = cast(IO[bytes], tar.fileobj), 0
    while block := stream.read(2**16):
        left += len(block)
        if left > tarfile.RECORDSIZE:
            raise _damaged(file)


def _member(tar: tarfile.TarFile, name: str) -> tarfile.TarInfo:
    """The next member. It must have this name, and be a plain file that is stored in full: no link, and no holes."""
    found = tar.next()
    if not found or found.name != name or not found.isreg() or found.issparse():
        raise KeyError(name)
    return found


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    found = tar.extractfile(member)
    if not found:
        raise KeyError(member.name)
    return found


def _check(env: Environment, manifest: Mapping[str, Any], file: Path) -> None:
    assert env.database
    here = {
        "format": FORMAT,
        "service": env.config.service,
        "database": kind(env.database.program),
    }
    for what, ours in here.items():
        if manifest.get(what) != ours:
            raise DevError(
                REFUSED, f"{file.name} is of {what} {manifest.get(what)}, not {ours}", *_hint(what, manifest)
            )
    version = env.database.version(env.engine)
    if _major(manifest["version"]) > _major(version):
        message = f"{file.name} is of {here['database']} {manifest['version']}; this machine runs {version}"
        raise DevError(REFUSED, message, f"use that major version in {env.place.compose}")


def _hint(what: str, manifest: Mapping[str, Any]) -> list[str]:
    if what == "service":
        return [f"restore it in the repository of {manifest.get('service')}"]
    return ["update the template: inv template.update"] if what == "format" else []


def _major(version: str) -> int:
    return int(version.partition(".")[0])


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(2**20), b""):
            digest.update(block)
    return digest.hexdigest()

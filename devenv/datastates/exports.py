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
import shutil
import tarfile
import time
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from devenv.base import process
from devenv.base.errors import CONFIG, REFUSED, DevError
from devenv.context import service_commands
from devenv.context.environment import Environment
from devenv.databases.find import kind
from devenv.databases.states import State
from devenv.datastates import dumps, snapshots, store

FORMAT = 1
NEEDED = {"service", "database", "version", "branch", "files", "data", "sha256"}


def export(env: Environment, stored: State, target: Path, scrub: bool) -> None:
    """Write a state to a file, in one step; with `scrub`, a copy of it after the service's scrub command."""
    source = store.on_server(env, stored)
    with dumps.folder(env) as folder:
        if not scrub:
            _write(env, source, {**_manifest(env, stored), "scrubbed": False}, folder, target)
            return
        with store.draft(env, source.database) as made:
            service_commands.scrub(env.on(made.database))
            _write(env, made, {**_manifest(env, stored), "scrubbed": True}, folder, target)
            store.drop(env, made)


def restore(env: Environment, file: Path, force: bool = False) -> Environment:
    """Make a file's data the live data, migrated to the checkout; the data until then is kept as `previous`.

    DevError 111 for a damaged file, 114 for one that does not fit: another service or database, or, unless `force`,
    migrations that are not in the checkout.
    """
    with dumps.folder(env) as folder:
        dump = folder / "dump"
        manifest = _unpack(file, dump)
        _check(env, manifest, file)
        known = {"files": manifest["files"], "data": manifest["data"], "branch": manifest["branch"]}
        stored = replace(store.new(env, name=file.name), **known)
        snapshots.check_fits(env, stored, force)
        with store.draft(env) as made:
            store.at(env, made).load(env.engine, dump)
            return snapshots.bring(env, made, stored)


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
            raise
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


def _unpack(file: Path, dump: Path) -> dict[str, Any]:
    """Return a file's manifest and write its dump to `dump`. DevError 111 if one of the two is not valid."""
    try:
        with tarfile.open(file, "r:gz") as tar:
            manifest = json.load(_member(tar, "manifest.json"))
            with dump.open("wb") as stream:
                shutil.copyfileobj(_member(tar, "dump"), stream)
        _read_to_the_end(file)
        known = manifest["format"] != FORMAT or manifest.keys() >= NEEDED
        whole = known and manifest["sha256"] == _sha256(dump)
    except (EOFError, ValueError, KeyError, TypeError, AttributeError, tarfile.TarError, zlib.error, gzip.BadGzipFile):
        whole = False
    if not whole:
        hint = "get the file again; it is written by: inv dev.snapshot NAME --export FILE"
        raise DevError(CONFIG, f"{file} is damaged, or not an export of a data state", hint)
    return dict(manifest)


def _read_to_the_end(file: Path) -> None:
    """Read the checksum at the end of the file, which covers the manifest too. tar stops before it."""
    with gzip.open(file) as stream:
        while stream.read(2**20):
            pass


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    found = tar.extractfile(name)
    if not found:
        raise KeyError(name)
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

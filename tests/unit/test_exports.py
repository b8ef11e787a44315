"""A file with a data state may come from anybody: what is not as it should be is refused, and nothing is written."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from devenv.base.errors import CONFIG, REFUSED, USAGE, DevError
from devenv.datastates import exports
from tests.messages import MUST_BE_MAPPING, MUST_BE_TEXT, NOT_ALLOWED, WHOLE_NUMBER

ROWS = b"rows"
MANIFEST = {
    "format": 1, "service": "catalog", "name": "s", "database": "postgres", "version": "17.1", "branch": "main",
    "files": {}, "data": {}, "sha256": hashlib.sha256(ROWS).hexdigest(),
}  # fmt: skip


def member(name: str, size: int, **fields: Any) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size = size
    for key, value in fields.items():
        setattr(made, key, value)
    return made


def archive(folder: Path, manifest: Mapping[str, Any], *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    file = folder / "state.tar.gz"
    text = json.dumps(manifest).encode()
    with tarfile.open(file, "w:gz") as tar:
        for info, content in ((member("manifest.json", len(text)), text), *members):
            tar.addfile(info, io.BytesIO(content))
    return file


def unpack(file: Path) -> tuple[Mapping[str, Any], bytes]:
    rows = file.with_name("rows")
    return exports.unpack(file, rows, lambda manifest: None), rows.read_bytes()


def error_of(file: Path) -> DevError:
    with pytest.raises(DevError) as caught:
        unpack(file)
    assert caught.value.code == CONFIG
    return caught.value


def test_a_file_is_only_replaced_if_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    (tmp_path / "link").symlink_to("there")
    os.mkfifo(tmp_path / "fifo")
    for name in ("there", "link"):
        with pytest.raises(DevError, match="already exists") as refused:
            exports.target(tmp_path / name, again=False)
        assert refused.value.code == REFUSED
        assert exports.target(tmp_path / name, again=True) == tmp_path / "there"
    for path in (Path("/dev/null"), tmp_path, tmp_path / "fifo", tmp_path / "none/new"):
        for again in (False, True):
            with pytest.raises(DevError, match="is not a f") as refused:
                exports.target(path, again)
            assert refused.value.code == USAGE
    assert exports.target(tmp_path / "new", again=False) == tmp_path / "new"


def test_what_is_packed_is_unpacked(tmp_path: Path) -> None:
    assert unpack(archive(tmp_path, MANIFEST, (member("dump", 4), ROWS))) == (MANIFEST, ROWS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"files": "x"}, f'state.tar.gz: manifest.json:1: files: {MUST_BE_MAPPING}, not "x"'),
        ({"files": {"a": 1}}, f"state.tar.gz: manifest.json:1: files.a: {MUST_BE_TEXT}, not 1"),
        ({"data": {"seeded": []}}, f"state.tar.gz: manifest.json:1: data.seeded: {MUST_BE_MAPPING}, not []"),
        ({"version": "x"}, f'state.tar.gz: manifest.json:1: version: "x" {NOT_ALLOWED}'),
        ({"version": 17}, f"state.tar.gz: manifest.json:1: version: {MUST_BE_TEXT}, not 17"),
        ({"branch": "--force"}, f'state.tar.gz: manifest.json:1: branch: "--force" {NOT_ALLOWED}'),
        ({"branch": "main\n"}, f'state.tar.gz: manifest.json:1: branch: "main\\n" {NOT_ALLOWED}'),
        ({"service": "../x"}, f'state.tar.gz: manifest.json:1: service: "../x" {NOT_ALLOWED}'),
        ({"format": "1"}, f'state.tar.gz: manifest.json:1: format: {WHOLE_NUMBER}, not "1"'),
    ],
)
def test_a_manifest_is_checked(tmp_path: Path, change: Mapping[str, Any], message: str) -> None:
    file = archive(tmp_path, {**MANIFEST, **change}, (member("dump", 4), ROWS))
    assert error_of(file).message == message
    assert not (tmp_path / "rows").exists()


@pytest.mark.parametrize(
    "members",
    [
        [],
        [(member("rows", 4), ROWS)],
        [(member("dump", 0, type=tarfile.SYMTYPE, linkname="/etc/passwd"), b"")],
        [(member("dump", 0, type=tarfile.LNKTYPE, linkname="manifest.json"), b"")],
        [(member("dump", 0, type=tarfile.FIFOTYPE), b"")],
        [(member("dump", 4), ROWS), (member("more", 4), ROWS)],
        [(member("dump", 4), b"ROWS")],
    ],
    ids=["none", "name", "link", "hard link", "fifo", "more", "checksum"],
)
def test_other_members_are_refused(tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    assert "is damaged, or not an export" in error_of(archive(tmp_path, MANIFEST, *members)).message


def test_a_small_file_does_not_become_a_large_one(tmp_path: Path) -> None:
    """GNU's sparse members hold no bytes, but a size: 9 TB in less than 1 KB."""
    size = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": "dump", "GNU.sparse.map": "0,0",
            "GNU.sparse.size": str(9 * 10**12)}  # fmt: skip
    file = archive(tmp_path, MANIFEST, (member("dump", 0, pax_headers=size), b""))
    assert file.stat().st_size < 1000
    assert "is damaged" in error_of(file).message
    assert not (tmp_path / "rows").exists()


def test_a_dump_that_does_not_fit_is_refused_first(tmp_path: Path) -> None:
    info = member("dump", 9 * 10**12)
    text = json.dumps(MANIFEST).encode()
    first = member("manifest.json", len(text))
    content = first.tobuf() + text.ljust(512 * (len(text) // 512 + 1), b"\0") + info.tobuf() + b"\0" * 1024
    (tmp_path / "state.tar.gz").write_bytes(gzip.compress(content))
    error = error_of(tmp_path / "state.tar.gz")
    assert "holds 8583069 MB" in error.message
    assert error.hints == ("inv dev.state prune",)
    assert not (tmp_path / "rows").exists()


def test_what_follows_the_archive_is_not_read_for_long(tmp_path: Path) -> None:
    file = archive(tmp_path, MANIFEST, (member("dump", 4), ROWS))
    content = gzip.decompress(file.read_bytes())
    file.write_bytes(gzip.compress(content + b"\0" * 10**8))
    assert "is damaged" in error_of(file).message


def test_the_caller_sees_the_manifest_before_anything_is_written(tmp_path: Path) -> None:
    file = archive(tmp_path, MANIFEST, (member("dump", 4), ROWS))

    def refuse(manifest: Mapping[str, Any]) -> None:
        raise DevError(REFUSED, f"of {manifest['service']}")

    with pytest.raises(DevError, match="of catalog"):
        exports.unpack(file, tmp_path / "rows", refuse)
    assert not (tmp_path / "rows").exists()

"""Files for dev.restore that mean harm: refused before a row is read, and nothing is left."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.small import LMS, PROVIDES, write
from tests.hostile.conftest import Hostile
from tests.verbs import machine
from tests.verbs.repo import Repo

Members = list[tuple[tarfile.TarInfo, bytes]]


@pytest.fixture
def victim(bake: Callable[..., Path], tmp_path: Path) -> Iterator[Hostile]:
    """A service that is up, with a database."""
    canary = tmp_path / "canary"
    canary.mkdir()
    (canary / "alive").write_text("tweet")
    path = write(bake, tmp_path, "lms", "python lms.py serve", PROVIDES, LMS)
    repo = Repo(path, "lms", {"DEV_ENGINE": "native", "DEV_WORKSPACE": tmp_path.name.replace("_", "-")[:39].strip("-")})
    repo.ok("dev.up")
    yield Hostile(repo, path, canary)
    repo.ok("dev.destroy", "--yes")
    assert not machine.left_by(repo.env["DEV_WORKSPACE"], path, "native")


def member(name: str, content: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    made = tarfile.TarInfo(name)
    made.size = len(content)
    for key, value in fields.items():
        setattr(made, key, value)
    return made, content


def archive(target: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(target, "w:gz") as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return target


def sparse(target: Path, manifest: bytes) -> Path:
    """A file of a few hundred bytes, whose dump has a size of 8 TB: GNU tar's old format for files with holes."""
    made = tarfile.TarInfo("dump")
    made.type = tarfile.GNUTYPE_SPARSE
    block = bytearray(made.tobuf(tarfile.GNU_FORMAT))
    block[386:410] = b"00000000000 00000000000 "[:24]
    block[483:495] = b"100000000000"
    block[148:156] = b" " * 8
    block[148:156] = f"{sum(block):06o}\0 ".encode()
    info, text = member("manifest.json", manifest)
    plain = info.tobuf() + text + bytes(-len(text) % 512) + bytes(block) + bytes(1024)
    target.write_bytes(gzip.compress(plain))
    return target


def kinds(folder: Path, good: Path, canary: Path) -> Iterator[tuple[str, Path]]:
    """Each harmful file, made from one that dev.snapshot wrote."""
    with tarfile.open(good) as tar:
        texts = {name: found.read() for name in tar.getnames() if (found := tar.extractfile(name))}
    manifest, dump = texts["manifest.json"], texts["dump"]
    first, last = member("manifest.json", manifest), member("dump", dump)

    def changed(**values: object) -> tuple[tarfile.TarInfo, bytes]:
        return member("manifest.json", json.dumps({**json.loads(manifest), **values}).encode())

    made: dict[str, Members] = {
        "a path": [first, member("../canary/x", dump)],
        "an absolute path": [first, member(f"{canary}/x", dump)],
        "a symlink as dump": [first, member("dump", type=tarfile.SYMTYPE, linkname=str(canary / "alive"))],
        "a hard link as dump": [first, member("dump", type=tarfile.LNKTYPE, linkname="manifest.json")],
        "a device as dump": [first, member("dump", type=tarfile.CHRTYPE, devmajor=1, devminor=5)],
        "a fifo as dump": [first, member("dump", type=tarfile.FIFOTYPE)],
        "a folder as dump": [first, member("dump", type=tarfile.DIRTYPE)],
        "a symlink as manifest": [member("manifest.json", type=tarfile.SYMTYPE, linkname="/etc/passwd"), last],
        "a second dump": [first, last, member("dump", b"x")],
        "a file after the dump": [first, last, member("../canary/x", b"x")],
        "the dump first": [last, first],
        "another checksum": [changed(sha256="0" * 64), last],
        "another dump": [first, member("dump", b"SELECT 1;")],
        "files is a text": [changed(files="x"), last],
        "branch is an option": [changed(branch="--force"), last],
        "branch is a command": [changed(branch="main; touch x"), last],
        "branch has osc": [changed(branch="\x1b]52;c;aGk=\x07"), last],
        "name is a path": [changed(service="../../canary"), last],
        "of another service": [changed(service="other"), last],
        "a newer server": [changed(version="99.1"), last],
        "deep": [member("manifest.json", b"[" * 200_000), last],
        "a large manifest": [member("manifest.json", b" " * 11_000_000), last],
        "no JSON": [member("manifest.json", b"\xff\xfe"), last],
        "nothing": [],
    }
    for name, members in made.items():
        yield name, archive(folder / "evil.tar.gz", *members)
    yield "a dump with holes", sparse(folder / "evil.tar.gz", manifest)
    for name, content in {
        "zeros": gzip.compress(bytes(10**8)),
        "text": b"hello",
        "half": good.read_bytes()[: good.stat().st_size // 2],
        "more at the end": good.read_bytes() + gzip.compress(bytes(10**6)),
        "empty": b"",
    }.items():
        (folder / "evil.tar.gz").write_bytes(content)
        yield name, folder / "evil.tar.gz"


def test_each_is_refused_and_leaves_nothing(victim: Hostile, tmp_path: Path) -> None:
    victim.shop.ok("dev.seed", "client", "-p", "name=ada")
    good = tmp_path / "good.tar.gz"
    victim.shop.ok("dev.snapshot", "good", "--export", str(good))
    before = held(victim.shop)
    for kind, file in kinds(tmp_path, good, victim.canary):
        done = victim.harmless("dev.restore", str(file))
        assert done.code in (111, 114), (kind, done)
        assert held(victim.shop) == before, kind
    victim.shop.ok("dev.restore", str(good))  # or nothing above was tried


def held(repo: Repo) -> tuple[str, str]:
    """The rows, and the states on the server."""
    rows = repo.run("dev.dbshell", "--", "-Atc", "SELECT name FROM client ORDER BY name").stdout
    states = [(each["kind"], each["name"]) for each in repo.ok("dev.state", "list", "--json").json()]
    return rows, str(states)

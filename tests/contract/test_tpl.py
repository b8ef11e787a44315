"""TPL: templates and updates."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.plugin import not_applicable
from conformance.repository import Repository

MANIFEST = "MANIFEST"
OWN = (MANIFEST, ".gitattributes")
LARGE = 2**20  # bytes; no source is larger
MARKS = re.compile(rb"^<{7} .*?^={7}\r?$.*?^>{7} ", re.MULTILINE | re.DOTALL)


@pytest.mark.contract("TPL-1")
def test_the_template_is_named(repository: Repository) -> None:
    """Create .cruft.json with `cruft link TEMPLATE`, at the version that the repository came from."""
    path = repository.path / ".cruft.json"
    if not path.is_file():
        not_applicable("there is no .cruft.json")
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        known = {}
    assert known.get("template"), ".cruft.json names no template"
    assert re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", str(known.get("commit"))), (
        f".cruft.json: commit is {known.get('commit')!r}"
    )


@pytest.mark.contract("TPL-2")
def test_no_update_is_half_merged(repository: Repository) -> None:
    """Apply the reject to its file, or choose one side of the conflict. Then remove the reject file or the markers."""
    wrong = [name for name in repository.tracked if name.endswith((".rej", ".orig")) or has_marks(repository, name)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.contract("TPL-3")
def test_vendored_tools_are_as_they_were_written(repository: Repository) -> None:
    """Restore the files with `git checkout -- .dev/tools`, or write them again with `inv template.vendor`."""
    folder = repository.path / ".dev" / "tools"
    if not folder.exists():
        not_applicable("there is no .dev/tools")
    assert (folder / MANIFEST).is_file(), f".dev/tools has no {MANIFEST}"
    wrong = list(differences(folder))
    assert not wrong, "\n".join(wrong)


def differences(folder: Path) -> Iterator[str]:
    """How a folder differs from its MANIFEST, whose lines are those of sha256sum."""
    lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    sums = {line[66:]: line[:64] for line in lines}
    for name, wanted in sums.items():
        path = folder / name
        if not path.is_file():
            yield f".dev/tools/{name} is missing"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
            yield f".dev/tools/{name} was changed"
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and name not in {*sums, *OWN} and "__pycache__" not in path.parts:
            yield f".dev/tools/{name} is not in {MANIFEST}"


def has_marks(repository: Repository, name: str) -> bool:
    path = repository.path / name
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGE:
        return False
    return MARKS.search(path.read_bytes()) is not None

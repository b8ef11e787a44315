"""TPL: templates and updates."""

from __future__ import annotations

import json
import re

import pytest

from conformance.plugin import not_applicable
from conformance.repository import Repository

LARGE = 2**20  # bytes; no source is larger
MARKS = re.compile(rb"^<{7} .*?^={7}\r?$.*?^>{7} ", re.MULTILINE | re.DOTALL)


@pytest.mark.contract("TPL-1")
def test_the_template_is_named(repository: Repository) -> None:
    """Make .cruft.json with `cruft link TEMPLATE`, at the version that the repository came from."""
    path = repository.path / ".cruft.json"
    if not path.is_file():
        not_applicable("there is no .cruft.json")
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        known = {}
    assert known.get("template"), ".cruft.json names no template"
    assert re.fullmatch(r"[0-9a-f]{40}", str(known.get("commit"))), f".cruft.json: commit is {known.get('commit')!r}"


@pytest.mark.contract("TPL-2")
def test_no_update_is_half_merged(repository: Repository) -> None:
    """Put what the reject holds into its file, or choose a side of the conflict; then remove the reject or the
    markers.
    """
    wrong = [name for name in repository.tracked if name.endswith((".rej", ".orig")) or has_marks(repository, name)]
    assert not wrong, "\n".join(wrong)


def has_marks(repository: Repository, name: str) -> bool:
    path = repository.path / name
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGE:
        return False
    return MARKS.search(path.read_bytes()) is not None

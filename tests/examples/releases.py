"""Two repositories at different releases of the template: that the older one lacks what the newer one uses."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.conftest import REPO

# New in 0.2.0. `image` is not one of these keys: 0.1.0 accepted it in dev.yaml, and ignored it.
KEY = ("budget", "lean")
FIELD = b"DEV_VERSION"


def assert_older_lacks_what_newer_uses(older: Path, newer: Path) -> None:
    """A key of dev.yaml, and a field of the protocol between repositories."""
    used = yaml.safe_load((newer / "dev.yaml").read_text())
    assert KEY[1] in used[KEY[0]]
    assert "{version}" in used["image"], "which is what the field is for"
    assert KEY[1] not in keys_known(older)
    assert FIELD not in code(older)
    assert any(FIELD in path.read_bytes() for path in (REPO / "devenv").rglob("*.py"))


def keys_known(repo: Path) -> set[str]:
    schema = json.loads((repo / ".dev/schema.json").read_text())
    return set(schema["properties"][KEY[0]]["properties"])


def code(repo: Path) -> bytes:
    """All of .dev that the template gave."""
    return b"\n".join(template_files(repo).values())


def template_files(repo: Path) -> dict[str, bytes]:
    """Content by name; .dev/local is this checkout's own."""
    dev = repo / ".dev"
    files = {
        path.relative_to(dev): path for path in dev.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    return {str(name): path.read_bytes() for name, path in files.items() if name.parts[0] != "local"}

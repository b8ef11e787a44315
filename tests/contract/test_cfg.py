"""CFG: files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from conformance import contract
from conformance.composefile import Unreadable
from conformance.door import Done
from conformance.machine import files
from conformance.repository import Repository, quiet
from conformance.sandbox import Sandbox

VERSION = re.compile(r"1\.\d+")
SERVICE = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")


@pytest.mark.contract("CFG-1")
def test_dev_yaml_says_who_the_service_is(repository: Repository) -> None:
    """Write `contract: "1.5"`, `service: NAME`, `app: NAME-IN-COMPOSE` and `port: NUMBER` into dev.yaml, in the
    top folder of the repository.
    """
    try:
        wrong = mistakes(repository.dev)
    except Unreadable as error:
        wrong = [str(error)]
    assert not wrong, "\n".join(wrong)


def mistakes(dev: dict[str, Any]) -> list[str]:
    """What is missing or not valid."""
    contract_, service, app, port = (dev.get(name) for name in ("contract", "service", "app", "port"))
    good = {
        'contract: a version in quotes, such as "1.5"': isinstance(contract_, str) and VERSION.fullmatch(contract_),
        "service: lower-case letters, digits, hyphens": isinstance(service, str) and SERVICE.fullmatch(service),
        "app: a name": isinstance(app, str) and app,
        "port: a number from 1024 to 65535": isinstance(port, int) and 1024 <= port <= 65535,
        "level: core or full": dev.get("level", "full") in ("core", "full"),
    }
    wrong = [what for what, is_good in good.items() if not is_good]
    return [f"dev.yaml: {what}; found {dev.get(what.partition(':')[0])!r}" for what in wrong]


@pytest.mark.contract("CFG-2")
def test_the_compose_file_builds_the_app(repository: Repository, dev: dict[str, Any]) -> None:
    """Add a service to the compose file with the name that `app` in dev.yaml has. Give it `build:`, and add the
    Dockerfile.
    """
    try:
        wrong = "" if repository.dockerfile_path.is_file() else f"{repository.dockerfile_path.name} is missing"
    except Unreadable as error:
        wrong = str(error)
    assert not wrong, wrong


@pytest.mark.contract("CFG-3")
def test_commands_write_nowhere_else(sandbox: Sandbox, destroyed: Done) -> None:
    """Add the files that commands create in the checkout to .gitignore. Write everything else below XDG_STATE_HOME,
    XDG_CACHE_HOME or TMPDIR.
    """
    changed = quiet(["git", "-C", str(sandbox.checkout), "status", "--porcelain"]).splitlines()
    wrong = [f"git status shows: {line}" for line in changed]
    wrong += [f"~/{path.relative_to(sandbox.root / 'home')} was written" for path in files(sandbox.root / "home")]
    wrong += [f"{path} was written" for path in strangers(sandbox)]
    assert not wrong, "\n".join(wrong)


def strangers(box: Sandbox) -> list[Path]:
    """Files next to the checkout that the suite did not write."""
    ours = {"repo", "home", "state", "tmp", "told.env", "ca.pem", "secrets"}
    neighbours = [path for path in (box.root / "repo").iterdir() if path != box.checkout]
    return neighbours + [path for path in box.root.iterdir() if path.name not in ours]


@pytest.mark.contract("CFG-4")
def test_dev_yaml_holds_known_keys_only(dev: dict[str, Any]) -> None:
    """Remove the key, or spell it as CONTRACT.md does."""
    page = contract.PAGE.read_text(encoding="utf-8")
    known = set(contract.keys(page))
    wrong = [key for key in dev if key not in known]
    for path, allowed in contract.keys_below(page).items():
        wrong += [name for name, mapping in mappings(dev, path) for name in unknown(name, mapping, allowed)]
    assert not wrong, "dev.yaml has unknown keys: " + ", ".join(map(str, wrong))


def mappings(dev: dict[str, Any], path: str) -> list[tuple[str, dict[str, Any]]]:
    """The mappings at a path such as `budget`, or `scenarios.NAME` for every scenario, with their names."""
    top, _, many = path.partition(".")
    value = dev.get(top)
    if not isinstance(value, dict):
        return []
    return [(f"{top}.{key}", v) for key, v in value.items() if isinstance(v, dict)] if many else [(top, value)]


def unknown(name: str, mapping: dict[str, Any], allowed: set[str]) -> list[str]:
    return [f"{name}.{key}" for key in mapping if key not in allowed]

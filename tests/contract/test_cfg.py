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
# The keys below the top: what a mapping of that name may hold. `*` stands for a name that the repository chooses.
BELOW = {
    "commands": {"migrate", "pending", "package_migrations", "test", "shell", "scrub"},
    "budget": {"memory", "lean", "ready", "states"},
    "native": {"python", "node", "install"},
    "scenarios.*": {"run", "params", "help", "once", "after", "check"},
    "logins.*": {"username", "password", "path", "help"},
    "requires.*": {"repo", "version", "scenarios", "env"},
}


@pytest.mark.contract("CFG-1")
def test_dev_yaml_says_who_the_service_is(repository: Repository) -> None:
    """Write `contract: "1.4"`, `service: NAME`, `app: NAME-IN-COMPOSE` and `port: NUMBER` into dev.yaml at the top of
    the repository.
    """
    try:
        wrong = mistakes(repository.dev)
    except Unreadable as error:
        wrong = [str(error)]
    assert not wrong, "\n".join(wrong)


def mistakes(dev: dict[str, Any]) -> list[str]:
    """What is missing or not as the table says."""
    contract_, service, app, port = (dev.get(name) for name in ("contract", "service", "app", "port"))
    good = {
        'contract: a version in quotes, such as "1.4"': isinstance(contract_, str) and VERSION.fullmatch(contract_),
        "service: lower-case letters, digits, hyphens": isinstance(service, str) and SERVICE.fullmatch(service),
        "app: a name": isinstance(app, str) and app,
        "port: a number from 1024 to 65535": isinstance(port, int) and 1024 <= port <= 65535,
        "level: core or full": dev.get("level", "full") in ("core", "full"),
    }
    wrong = [what for what, is_good in good.items() if not is_good]
    return [f"dev.yaml: {what}; it says {dev.get(what.partition(':')[0])!r}" for what in wrong]


@pytest.mark.contract("CFG-2")
def test_the_compose_file_builds_the_app(repository: Repository, dev: dict[str, Any]) -> None:
    """Give the compose file a service of the name that `app` in dev.yaml has, with `build:` and the Dockerfile that it
    needs.
    """
    try:
        wrong = "" if repository.dockerfile_path.is_file() else f"{repository.dockerfile_path.name} is not there"
    except Unreadable as error:
        wrong = str(error)
    assert not wrong, wrong


@pytest.mark.contract("CFG-3")
def test_commands_write_nowhere_else(sandbox: Sandbox, destroyed: Done) -> None:
    """Add what commands make in the checkout to .gitignore; send everything else to XDG_STATE_HOME or
    XDG_CACHE_HOME.
    """
    changed = quiet(["git", "-C", str(sandbox.checkout), "status", "--porcelain"]).splitlines()
    wrong = [f"git sees in the checkout: {line}" for line in changed]
    wrong += [f"~/{path.relative_to(sandbox.root / 'home')} was written" for path in files(sandbox.root / "home")]
    wrong += [f"{path} was written" for path in strangers(sandbox)]
    assert not wrong, "\n".join(wrong)


def strangers(box: Sandbox) -> list[Path]:
    """What lies beside the checkout and did not come from us."""
    ours = {"repo", "home", "state", "tmp", "told.env", "ca.pem"}
    beside = [path for path in (box.root / "repo").iterdir() if path != box.checkout]
    return beside + [path for path in box.root.iterdir() if path.name not in ours]


@pytest.mark.contract("CFG-4")
def test_dev_yaml_holds_known_keys_only(dev: dict[str, Any]) -> None:
    """Remove the key, or write it as CONTRACT.md does."""
    known = set(contract.keys(contract.PAGE.read_text(encoding="utf-8")))
    wrong = [key for key in dev if key not in known]
    for path, allowed in BELOW.items():
        wrong += [name for name, mapping in mappings(dev, path) for name in unknown(name, mapping, allowed)]
    assert not wrong, "dev.yaml has " + ", ".join(map(str, wrong))


def mappings(dev: dict[str, Any], path: str) -> list[tuple[str, dict[str, Any]]]:
    """The mappings that a path such as `scenarios.*` stands for, with their names."""
    top, _, star = path.partition(".")
    value = dev.get(top)
    if not isinstance(value, dict):
        return []
    return [(f"{top}.{key}", v) for key, v in value.items() if isinstance(v, dict)] if star else [(top, value)]


def unknown(name: str, mapping: dict[str, Any], allowed: set[str]) -> list[str]:
    return [f"{name}.{key}" for key in mapping if key not in allowed]

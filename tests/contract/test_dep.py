"""DEP: secrets, and libraries that are edited."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance import machine
from conformance.door import Done
from conformance.plugin import not_applicable, not_judged
from conformance.repository import quiet
from conformance.sandbox import TOKEN, Sandbox, add_entry
from conftest import Seen

SECRET = "contract_absent: {from: [{env: CONTRACT_ABSENT}], for: [run]}"
NAME = "contract-library"
LIBRARY = f"{NAME}: {{install: sh install.sh, remove: sh remove.sh}}"


@contextmanager
def declared(box: Sandbox, key: str, entry: str) -> Iterator[None]:
    """While dev.yaml has another entry below a key that it has."""
    path = box.checkout / "dev.yaml"
    before = path.read_bytes()
    if not add_entry(path, key, entry):
        not_judged(f"dev.yaml: the suite cannot add an entry to {key}")
    try:
        yield
    finally:
        path.write_bytes(before)


# ---- secrets


@dataclass
class Lent:
    """Where the secret was found that builds got, a start without a secret of the app, and what that started."""

    found: list[str]
    without: Done
    running: set[str]


@pytest.fixture(scope="session")
def lent(sandbox: Sandbox, up: Seen, dev: dict[str, Any]) -> Lent:
    """After a start with another secret in dev.yaml, which is not set. Builds got one since the first start."""
    if not dev.get("secrets"):
        not_applicable("dev.yaml declares no secrets")
    sandbox.run("dev.logs")
    found = where(sandbox, TOKEN)
    sandbox.run("dev.down", "--only")
    down = sandbox.machine.running()
    with declared(sandbox, "secrets", SECRET):
        without = sandbox.run("dev.up", "--only", "--json")
    running = sandbox.machine.running() - down
    sandbox.run("dev.up", "--only")
    return Lent(found, without, running)


def where(box: Sandbox, text: str) -> list[str]:
    """Where a text is that must be nowhere: output, containers and their images, files."""
    found = [f"{done.words[0]} printed it" for done in box.history if text in done.out + done.err]
    for container in box.machine.containers():
        image = machine.ask("docker", "image", "history", "--no-trunc", container["Image"])
        image += machine.ask("docker", "image", "inspect", container["Image"])
        found += [f"docker inspect {container['Name']}"] if text in json.dumps(container) else []
        found += [f"the image of {container['Name']}"] if text in image else []
    folders = [box.checkout, *(box.root / name for name in ("home", "state", "tmp"))]
    return found + [str(path) for folder in folders for path in machine.files(folder) if holds(path, text)]


def holds(path: Path, text: str) -> bool:
    with suppress(OSError):
        return path.is_file() and text.encode() in path.read_bytes()
    return False


@pytest.mark.contract("DEP-1")
def test_a_secret_that_is_not_set_is_110_before_anything_starts(lent: Lent) -> None:
    """Read all required secrets that the start needs first. If one is not set, end with error 110 and its name."""
    assert lent.without.exit_code != 0, f"a required secret is not set, and dev.up ended with 0\n{lent.without}"
    assert lent.without.code == 110, f"the code is {lent.without.code}\n{lent.without}"
    assert "contract_absent" in lent.without.errors[0][1], f"the message does not name the secret\n{lent.without}"
    assert not lent.running, "dev.up started " + ", ".join(sorted(lent.running))


@pytest.mark.contract("DEP-2")
def test_a_secret_for_builds_is_left_nowhere(lent: Lent) -> None:
    """Give secrets to builds with `--secret` and to install steps in their environment. Do not print or store them."""
    assert not lent.found, "\n".join(lent.found)


# ---- libraries


@dataclass
class Edited:
    """dev.edit of a library, and dev.use. `installed` and `left`: its mark where the app runs, after each.

    `changed`: what git shows after dev.edit and after dev.use that it did not show before.
    """

    edit: Done
    use: Done
    installed: bool
    left: bool
    changed: list[str]


@pytest.fixture(scope="session")
def edited(sandbox: Sandbox, up: Seen, dev: dict[str, Any]) -> Edited:
    """After dev.edit and dev.use of a library that leaves a mark where it is installed."""
    if not dev.get("libraries"):
        not_applicable("dev.yaml declares no libraries")
    folder = sandbox.root / "tmp" / "library"
    folder.mkdir()
    # In an image: a folder that every user may write to, and that is rarely on a tmpfs.
    mark = (Path("/var/tmp") if sandbox.machine.containers() else folder.parent) / sandbox.token
    (folder / "install.sh").write_text(f"mkdir -p '{mark.parent}' && touch '{mark}'\n")
    (folder / "remove.sh").write_text(f"rm '{mark}'\n")
    with declared(sandbox, "libraries", LIBRARY):
        done = sandbox.run("dev.up", "--only")
        if not done.ok:
            not_judged(str(done))
        before = shown_by_git(sandbox)
        edit = sandbox.run("dev.edit", NAME, str(folder))
        installed, changed = is_there(sandbox, mark), shown_by_git(sandbox) - before
        use = sandbox.run("dev.use", NAME)
        changed |= shown_by_git(sandbox) - before
        return Edited(edit, use, installed, is_there(sandbox, mark), sorted(changed))


def is_there(box: Sandbox, path: Path) -> bool:
    """Whether there is a file where the app runs."""
    return box.run("dev.run", "--", "ls", str(path)).ok


def shown_by_git(box: Sandbox) -> set[str]:
    """Changed files of the repository, and the lines that changed in them."""
    git = ["git", "-C", str(box.checkout)]
    changed = quiet([*git, "status", "--porcelain", "--untracked-files=normal"])
    return {*changed.splitlines(), *quiet([*git, "diff", "--no-ext-diff", "--no-color", "HEAD"]).splitlines()}


@pytest.mark.contract("DEP-3")
def test_an_edited_library_is_installed(edited: Edited) -> None:
    """In dev.edit, run `libraries.NAME.install` in the library's folder where the app runs, then restart the app."""
    assert edited.edit.ok, str(edited.edit)
    assert edited.installed, f"{NAME} was not installed where dev.run runs\n{edited.edit}"


@pytest.mark.contract("DEP-4")
def test_an_edited_library_changes_no_file(edited: Edited) -> None:
    """Note the checkout outside of git: in the machine's state, or in a folder that .gitignore names."""
    assert not edited.changed, "git shows:\n" + "\n".join(edited.changed)


@pytest.mark.contract("DEP-5")
def test_dev_use_gives_the_release_back(edited: Edited) -> None:
    """In dev.use, run `libraries.NAME.remove`, or make the app's environment again from the lock file."""
    if not edited.installed:
        not_judged("the library was not installed (DEP-3)")
    assert edited.use.ok, str(edited.use)
    assert not edited.left, f"after dev.use, {NAME} is still installed\n{edited.use}"

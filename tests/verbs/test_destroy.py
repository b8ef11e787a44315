"""dev.destroy: asks, and then leaves nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.verbs import machine
from tests.verbs.fixtures import COMPOSE
from tests.verbs.repo import Repo
from tests.verbs.test_daily import on_terminal


def test_destroy_is_refused_without_a_terminal(running: Repo) -> None:
    done = running.fails(114, "dev.destroy")
    assert done.hints == ["add --yes"]
    assert running.steps() == []


def test_destroy_asks_on_a_terminal_and_takes_no_for_an_answer(running: Repo) -> None:
    code, screen = on_terminal(running, "dev.destroy", talk=[(r"\[y/N\]", "n\n")])
    assert code == 114
    assert f"Remove {running.token} of workspace main with all " in screen
    assert "? [y/N]" in screen
    assert running.steps() == []


def test_destroy_leaves_nothing_even_of_images_that_were_replaced(up_repo: Repo, engine: str) -> None:
    up_repo.edit("Dockerfile", "ENV PYTHONUNBUFFERED=1", "ENV REBUILT=1 PYTHONUNBUFFERED=1")
    up_repo.ok("dev.up")
    assert machine.left_by(up_repo.token, up_repo.path, engine) != []
    code, _ = on_terminal(up_repo, "dev.destroy", talk=[(r"\[y/N\]", "y\n")])
    assert code == 0
    assert machine.left_by(up_repo.token, up_repo.path, engine) == []


OLD = """
  old:
    build: {context: ., target: dev}
    command: sleep infinity
    volumes: ["wheels:/wheels"]
    networks: [aside]
    mem_limit: 64m
"""


EXTRA = """
  extra:
    build: {context: ., target: dev}
    command: sleep infinity
    mem_limit: 64m
"""


def test_a_service_that_does_not_start_any_more_is_ended(repo: Repo, engine: str) -> None:
    """It has a profile now, which Compose takes for a reason to leave it alone, or compose.yaml has it no more."""
    file = repo.path / "compose.yaml"
    without = file.read_text()
    started = without.replace("\nvolumes:\n", f"{EXTRA}\nvolumes:\n")
    off = started.replace("sleep infinity\n", "sleep infinity\n    profiles: [more]\n")
    for after, verb in ((off, "dev.up"), (off, "dev.down"), (without, "dev.down"), (off, "dev.destroy --yes")):
        file.write_text(started)
        repo.ok("dev.up")
        assert _runs_extra(repo, engine)
        file.write_text(after)
        repo.ok(*verb.split())
        assert not _runs_extra(repo, engine), verb
    assert machine.left_by(repo.token, repo.path, engine) == []


def _runs_extra(repo: Repo, engine: str) -> bool:
    names = machine.answer("docker", "ps", "--format", "{{.Names}}") if engine == "compose" else []
    found = [name for name in names if repo.token in name and "-extra-" in name]
    return bool(found) or any("sleep infinity" in words for words in machine.processes_below(repo.path))


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
def test_destroy_removes_what_compose_yaml_has_no_more(repo: Repo, engine: str) -> None:
    before = (repo.path / "compose.yaml").read_text()
    repo.edit("compose.yaml", "\nvolumes:\n", f"{OLD}\nvolumes:\n  wheels: {{}}\n")
    repo.edit("compose.yaml", "\nnetworks:\n", "\nnetworks:\n  aside: {}\n")
    repo.ok("dev.up")
    (repo.path / "compose.yaml").write_text(before)
    repo.ok("dev.up")
    assert [thing for thing in machine.left_by(repo.token, repo.path, engine) if "wheels" in thing or "aside" in thing]
    repo.ok("dev.destroy", "--yes")
    assert machine.left_by(repo.token, repo.path, engine) == []


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
def test_an_external_volume_is_a_persons(up_repo: Repo) -> None:
    """Also one that was the service's before, and one that does not exist."""
    volume = next(name for name in machine.answer("docker", "volume", "ls", "--quiet") if up_repo.token in name)
    up_repo.ok("dev.snapshot", "kept")
    before = (up_repo.path / "compose.yaml").read_text()
    for declared in ("{}\n  added: {}", f"{{name: {volume}}}", f"{{name: {volume}, external: true}}"):
        up_repo.ok("dev.down")
        text = before.replace("\n  db-data: {}", f"\n  db-data: {declared}")
        if "added" in declared:
            text = text.replace("    volumes: [", "    volumes: [added:/added, ", 1)
        (up_repo.path / "compose.yaml").write_text(text)
        names = {row["name"] for row in up_repo.ok("dev.state", "list", "--json").json()}
        assert "kept" in names, declared
    up_repo.ok("dev.destroy", "--yes")
    assert volume in machine.answer("docker", "volume", "ls", "--quiet")
    machine.answer("docker", "volume", "rm", volume)
    missing = up_repo.fails(110, "dev.up")
    assert f"no volume is named {volume}" in missing.error
    assert missing.hints == [f"docker volume create {volume}"]


def test_looking_leaves_nothing(repo: Repo, engine: str) -> None:
    for words in (
        ["dev.plan"],
        ["dev.status"],
        ["dev.list"],
        ["dev.state", "list"],
        ["dev.state", "prune"],
        ["dev.doctor"],
    ):
        repo.run(*words)
        assert machine.left_by(repo.token, repo.path, engine) == [], words


def test_destroy_of_what_is_not_there_is_not_an_error(repo: Repo) -> None:
    repo.ok("dev.destroy", "--yes")


@pytest.mark.usefixtures("built_repo")
def test_doctors_fix_removes_what_a_lost_checkout_left(repo: Repo, engine: str, tmp_path: Path) -> None:
    repo.env["XDG_STATE_HOME"] = str(tmp_path / "state")  # the fix is for all of a machine, and others are at work
    repo.ok("dev.up")
    lost = replace(repo, path=repo.path.rename(tmp_path / "moved-away"))
    done = lost.run("dev.doctor", "--json")
    (finding,) = [finding for finding in done.json() if not finding["ok"]]
    assert (done.code, finding["code"]) == (1, "D22")
    assert finding["fix"].splitlines()[-1] == f"inv dev.destroy --gone main/{repo.token}"
    assert "--yes is required" in lost.fails(114, "dev.destroy", "--gone", f"main/{repo.token}").error
    lost.ok("dev.destroy", "--gone", f"main/{repo.token}", "--yes")
    assert machine.left_by(repo.token, lost.path, engine) == []
    assert "no orphans" in lost.ok("dev.doctor").stdout
    lost.path.rename(repo.path)

"""Two of a kind: ports, checkouts, commands at the same moment."""

from __future__ import annotations

import os
import re
import shlex
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import link_tree
from tests.gitrepo import git
from tests.messages import ALREADY_RUNS, HELD_BY, TAKEN_BY
from tests.verbs.fixtures import COMPOSE, COMPOSE_FIRST, NATIVE_FIRST, MakeRepo, removed_after
from tests.verbs.repo import Repo

INSERT = "INSERT INTO courses_course (code, title) VALUES ('{0}', '{0}')"
SELECT = "SELECT title FROM courses_course WHERE code LIKE 'only%'"


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
@pytest.mark.usefixtures("built_repo")
def test_taken_port_is_named_and_the_hinted_command_works(repo: Repo, listener: int) -> None:
    repo.env["DEV_PORT"] = str(listener)
    done = repo.fails(113, "dev.up")
    assert f"port {listener} {TAKEN_BY} " in done.error
    assert f"(pid {os.getpid()})" in done.error
    assert done.commands == [], "nothing was begun"
    (hint,) = done.hints
    door, *words = shlex.split(hint)
    url = repo.ok(*words, door=door).stdout.strip()
    assert not url.endswith(f":{listener}")
    del repo.env["DEV_PORT"]
    assert repo.status()["url"] == url, "the port is kept"
    assert repo.ok("dev.up").commands == []


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
def test_port_taken_by_a_container(running: Repo, repo: Repo) -> None:
    repo.env["DEV_PORT"] = running.status()["url"].rpartition(":")[2]
    assert f"{TAKEN_BY} the container {running.project()}-app" in repo.fails(113, "dev.up").error


@pytest.fixture
def second_checkout(running: Repo, tmp_path: Path) -> Repo:
    """Another clone of the running service."""
    path = link_tree(running.path, tmp_path / f"clone-{running.token}")
    return replace(running, path=path, env={"DEV_ENGINE": running.env["DEV_ENGINE"]})


@pytest.fixture
def two(running: Repo, second_checkout: Repo) -> Iterator[tuple[Repo, Repo]]:
    workspace = f"w-{running.token}"
    second_checkout.env["DEV_WORKSPACE"] = workspace
    yield running, second_checkout
    second_checkout.ok("dev.destroy", "--yes")


def test_second_checkout_in_the_same_workspace_is_refused(running: Repo, second_checkout: Repo) -> None:
    done = second_checkout.fails(113, "dev.up")
    assert f"{ALREADY_RUNS} main, from {running.path}" in done.error
    assert done.commands == []
    assert "inv dev.up --workspace " in done.hints[0]
    assert done.hints[1].endswith(f"make -C {running.path} dev.down")
    assert running.ok("dev.up").commands == []


def test_two_workspaces_have_their_own_rows_and_ports(two: tuple[Repo, Repo]) -> None:
    first, second = two
    workspace = second.env.pop("DEV_WORKSPACE")
    second.ok("dev.up", "--workspace", workspace)
    assert second.status()["workspace"] == workspace, "found without the flag from now on"
    assert second.status()["url"] != first.status()["url"]
    first.rows(INSERT.format("only-first"))
    second.rows(INSERT.format("only-second"))
    assert (first.rows(SELECT), second.rows(SELECT)) == (["only-first"], ["only-second"])
    assert "only-second" in second.fetch("/")[1]
    assert "only-second" not in first.fetch("/")[1]
    assert first.ok("dev.up").commands == second.ok("dev.up").commands == []


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_who_is_logged_in_to_both_workspaces_stays_so(two: tuple[Repo, Repo]) -> None:
    """A browser sends the cookies of a host to all of its ports. So does this jar, which knows no ports."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    for repo in two:
        repo.ok("dev.up")
    admins = [f"http://127.0.0.1:{repo.status()['url'].rpartition(':')[2]}/admin/" for repo in two]
    for admin in admins:
        page = browser.open(f"{admin}login/?next=/admin/").read().decode()
        [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        form = {"csrfmiddlewaretoken": token, "username": "admin", "password": "admin"}
        browser.open(f"{admin}login/?next=/admin/", urllib.parse.urlencode(form).encode())
    for admin in admins:
        assert browser.open(admin).url == admin, "it is not sent to the login page"


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_a_linked_worktree_is_a_workspace_by_itself(running: Repo, tmp_path: Path) -> None:
    if not (running.path / ".git").exists():
        git(running.path, "init", "-q")
    git(running.path, "add", "-A")
    git(running.path, "commit", "-q", "--allow-empty", "-m", "all")
    path = tmp_path / f"fix-{running.token}"
    git(running.path, "worktree", "add", "-q", str(path))
    if (running.path / ".dev/local/native").exists():
        link_tree(running.path / ".dev/local/native", path / ".dev/local/native")
    worktree = replace(running, path=path, env={"DEV_ENGINE": running.env["DEV_ENGINE"]})
    assert worktree.ok("dev.plan", "--json").json()["workspace"] == path.name
    worktree.ok("dev.up")
    assert worktree.status()["url"] != running.status()["url"]
    assert worktree.fetch("/health")[0] == running.fetch("/health")[0] == 200
    worktree.ok("dev.destroy", "--yes")
    git(running.path, "worktree", "remove", "--force", str(path))
    assert running.ok("dev.up").commands == [], "the other one goes on"


@pytest.mark.parametrize("engine", COMPOSE_FIRST, indirect=True)
def test_two_ups_at_once(make_repo: MakeRepo) -> None:
    with removed_after(make_repo()) as repo:
        first = repo.start("dev.up")
        while not (line := first.stderr.readline()).startswith("$ "):
            assert line, "the first dev.up ended before it did anything"
        second = repo.run("dev.up")
        assert f"waiting: {repo.token} {HELD_BY} `dev.up` (pid {first.pid}) since " in second.stderr
        assert second.code == 0
        assert second.commands == []
        stdout, _ = first.communicate()
        assert (first.returncode, stdout) == (0, second.stdout)

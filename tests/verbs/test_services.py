"""The verbs on services that run: open, restart, list, add."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import another_port, need, until
from tests.gitrepo import commit, git
from tests.messages import DID_YOU_MEAN
from tests.verbs.fixtures import NATIVE_FIRST, MakeRepo, removed_after
from tests.verbs.repo import Done, Repo, get

CA = Path("/etc/ssl/certs/ca-certificates.crt")  # package managers in containers need what this machine trusts
SILENT = {"BROWSER": "", "DISPLAY": "", "WAYLAND_DISPLAY": "", "SSH_CONNECTION": ""}


def browser(folder: Path) -> tuple[str, Path]:
    """A program that writes the URLs that it gets, and the file that has them."""
    program, seen = folder / "browser", folder / "opened"
    program.write_text(f'#!/bin/sh\necho "$1" >>"{seen}"\n')
    program.chmod(0o755)
    return str(program), seen


# ---- open


def test_open_prints_the_url_and_opens_the_browser(running: Repo, tmp_path: Path) -> None:
    program, seen = browser(tmp_path)
    url = running.status()["url"]
    repo = replace(running, env={**running.env, **SILENT, "BROWSER": program})
    done = repo.ok("dev.open")
    assert (done.stdout, done.commands) == (f"{url}\n", [f"{program} {url}"])
    done = repo.ok("dev.open", "--as", "admin")
    assert done.stdout == f"{url}/admin/\n"
    assert "log in as admin / admin" in done.stderr
    assert until(lambda: seen.exists() and seen.read_text() == f"{url}\n{url}/admin/\n")
    assert repo.ok("dev.open", "--no-browser").commands == []


@pytest.mark.parametrize("there", [{}, {"DISPLAY": ":0", "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}])
def test_open_only_prints_where_nobody_would_see_the_browser(running: Repo, there: dict[str, str]) -> None:
    done = replace(running, env={**running.env, **SILENT, **there}).ok("dev.open")
    assert (done.stdout, done.commands) == (f"{running.status()['url']}\n", [])
    assert "open the URL on your machine" in done.stderr


def test_open_what_there_is_not(running: Repo) -> None:
    assert running.fails(2, "dev.open", "--as", "admn").hints == [
        f"{DID_YOU_MEAN} admin? allowed: admin, learner, teacher"
    ]
    assert "db has no page" in running.fails(2, "dev.open", "-s", "db").error
    assert "unknown service lms" in running.fails(2, "dev.open", "-s", "lms").error


def test_open_of_a_stopped_service_still_prints_the_url(repo: Repo) -> None:
    done = repo.fails(112, "dev.open")
    assert done.stdout.startswith("http://")
    assert "inv dev.up" in done.hints


# ---- restart


def ids(repo: Repo) -> dict[str, str]:
    """What runs, by service: the number of the main process, as the service itself sees its start."""
    read = "import os; print(open('/proc/1/stat').read().split()[21])" if repo.env["DEV_ENGINE"] == "compose" else ""
    if read:
        services = ("app", "db")
        shell = "cut -d' ' -f22 /proc/1/stat"
        return {name: repo.ok("dev.run", "-s", name, "--", "sh", "-c", shell).stdout for name in services}
    state = Path(repo.ok("dev.run", "--", "printenv", "HOME").stdout.strip(), "state", "devenv", "v1")
    found = state.glob(f"main/{repo.token}/native/*/process.json")
    return {path.parent.name: str(json.loads(path.read_text())["pid"]) for path in found}


def test_restart_is_of_the_app_alone(running: Repo) -> None:
    before = ids(running)
    done = running.ok("dev.restart")
    after = ids(running)
    assert after["app"] != before["app"]
    assert after["db"] == before["db"]
    assert "restarted, and healthy: app" in done.stderr
    assert running.fetch("/health")[0] == 200
    assert running.ok("dev.up").commands == [], "nothing is left to do"


def test_restart_of_another_service(running: Repo) -> None:
    before = ids(running)
    running.ok("dev.restart", "-s", "db")
    after = ids(running)
    assert after["db"] != before["db"]
    assert running.fetch("/")[0] == 200
    assert running.ok("dev.up").commands == []
    assert f"{DID_YOU_MEAN} app?" in running.fails(2, "dev.restart", "-s", "ap").hints[0]


def test_restart_reports_an_app_that_does_not_come_back(up_repo: Repo) -> None:
    up_repo.edit("config/urls.py", "urlpatterns", "raise SystemExit('broken on purpose')\nurlpatterns")
    up_repo.edit("dev.yaml", "ready: 60s", "ready: 5s")
    done = up_repo.fails(112, "dev.restart")
    assert "broken on purpose" in done.stderr


def test_restart_of_what_does_not_run(repo: Repo) -> None:
    assert repo.fails(112, "dev.restart").hints == ["inv dev.up"]


# ---- list


def entries(done: Done) -> dict[tuple[str, str], dict[str, object]]:
    return {(entry["workspace"], entry["service"]): entry for entry in done.json()}


def test_list_has_every_service_of_the_machine(running: Repo, make_repo: MakeRepo, tmp_path: Path, engine: str) -> None:
    elsewhere = make_repo("bare", into=tmp_path)  # which has never run, and whose dev.yaml may be broken
    (elsewhere.path / "dev.yaml").write_text("contract: [\n")
    mine = entries(elsewhere.ok("dev.list", "--json"))["main", running.token]
    url = running.status()["url"]
    assert mine == {
        **{"workspace": "main", "service": running.token, "engine": engine, "running": True, "url": url},
        **{"port": int(url.rpartition(":")[2]), "checkout": str(running.path), "exists": True},
        **{"edited": False, "version": "", "users": [str(running.path)]},
    }
    running.ok("dev.down")
    assert entries(elsewhere.ok("dev.list", "--json"))["main", running.token]["running"] is False
    lines = elsewhere.ok("dev.list").stdout.splitlines()
    at = next(at for at, line in enumerate(lines) if running.token in line)
    assert lines[at].split() == ["main", running.token, "stopped", engine, url]
    assert lines[at + 1].split()[0] == "from"
    running.ok("dev.up")


# ---- add


@pytest.fixture
def trusting(up_repo: Repo) -> Repo:
    return replace(up_repo, env={**up_repo.env, **({"CA_BUNDLE": str(CA)} if CA.is_file() else {})})


def test_add_installs_for_the_next_request(trusting: Repo) -> None:
    page = (
        "import colorama\nfrom django.http import HttpResponse\nview = lambda _: HttpResponse(colorama.__version__)\n"
    )
    done = trusting.ok("dev.add", "colorama==0.4.6")
    assert "colorama==0.4.6: installed, and the service runs with it" in done.stderr
    assert "colorama==0.4.6" in (trusting.path / "pyproject.toml").read_text()
    assert 'name = "colorama"' in (trusting.path / "uv.lock").read_text()
    (trusting.path / "courses/added.py").write_text(page)
    trusting.edit(
        "config/urls.py", "urlpatterns = [", "import courses.added\nurlpatterns = [path('added', courses.added.view),"
    )
    url = trusting.status()["url"]
    assert until(lambda: answer(url, "/added") == (200, "0.4.6"))
    before = (trusting.path / "uv.lock").read_text()
    failed = trusting.run("dev.add", "no-package-has-this-name-7f3a")
    assert (failed.code, failed.error[:9]) == (1, "error[1]:")
    assert (trusting.path / "uv.lock").read_text() == before
    assert "is not the name of a package" in trusting.fails(2, "dev.add", " ").error


def answer(url: str, path: str) -> tuple[int, str]:
    try:
        return get(url, path)
    except OSError:
        return 0, ""


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_add_of_a_node_package(make_repo: MakeRepo, engine: str) -> None:
    need("node")
    with removed_after(make_repo("node", database="none")) as repo:
        repo.env.update({"CA_BUNDLE": str(CA)} if CA.is_file() else {})
        repo.ok("dev.up")
        repo.ok("dev.add", "ms@2.1.3")
        assert json.loads((repo.path / "package.json").read_text())["dependencies"]["ms"] == "^2.1.3"
        assert repo.ok("dev.run", "--", "node", "-p", "require('ms')('2 days')").stdout == "172800000\n"
        assert repo.ok("dev.up").commands == []


@pytest.mark.parametrize("engine", ["native"], indirect=True)
@pytest.mark.parametrize("compiled", [True, False])
def test_add_to_requirements(built_repo: Repo, compiled: bool) -> None:
    repo = built_repo
    for name in ("uv.lock", "pyproject.toml"):
        (repo.path / name).unlink()
    (repo.path / "requirements.txt").write_text("django==5.2.1\n")
    if compiled:
        (repo.path / "requirements.in").write_text("django==5.2.1\n")
    repo.edit("dev.yaml", "install: uv sync --locked", "install: uv pip install -r requirements.txt")
    done = repo.ok("dev.add", "six==1.17.0")
    assert "six==1.17.0: added; inv dev.up installs it" in done.stderr
    assert "six==1.17.0" in (repo.path / "requirements.txt").read_text()
    assert ("asgiref==" in (repo.path / "requirements.txt").read_text()) is compiled
    assert repo.ok("dev.run", "--", "python", "-c", "import six; print(six.__version__)").stdout == "1.17.0\n"


@pytest.mark.parametrize("engine", ["native"], indirect=True)
def test_add_as_dev_yaml_says(built_repo: Repo) -> None:
    built_repo.edit("dev.yaml", "  test: pytest", "  test: pytest\n  add: touch")
    built_repo.ok("dev.add", "one", "two")
    assert (built_repo.path / "one").exists()
    assert (built_repo.path / "two").exists()


# ---- a required service


@pytest.fixture(params=["now", "0.1.0"])
def stack(
    request: pytest.FixtureRequest, make_repo: MakeRepo, tmp_path: Path, shared: Path
) -> Iterator[tuple[Repo, Repo]]:
    """A root and the service that it requires, up; that one is of this template, or of its first release."""
    now = request.param == "now"
    answers = {"database": "none"} if now else {"made_by": request.getfixturevalue("older_template")}
    member = make_repo("fastapi" if now else "django", into=tmp_path / "member", **answers)
    git(member.path, "init", "--quiet", "--initial-branch=main")
    commit(member.path, "first")
    git(member.path, "tag", "v1.0.0")
    root = make_repo("fastapi", into=tmp_path / "root", port=another_port(shared), database="none")
    root.env["DEV_NETWORK"] = member.env["DEV_NETWORK"] = f"devenv-{root.token}"
    root.append("dev.yaml", f"\nrequires:\n  {member.token}:\n    repo: {member.path}\n    version: v1.0.0\n")
    with removed_after(root):
        root.ok("dev.up")
        yield root, member


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_a_required_service_is_opened_listed_and_restarted(stack: tuple[Repo, Repo]) -> None:
    root, member = stack
    (service,) = root.status()["requires"]
    assert root.ok("dev.open", "-s", member.token, "--no-browser").stdout == f"{service['url']}\n"
    listed = entries(root.ok("dev.list", "--json"))["main", member.token]
    assert (listed["running"], listed["users"]) == (True, [str(root.path)])
    assert f"used by {root.path}" in root.ok("dev.list").stdout.replace("~", str(Path.home()))
    assert f"restarted, and healthy: {member.token}" in root.ok("dev.restart", "-s", member.token).stderr
    (after,) = root.status()["requires"]
    assert (after["healthy"], after["url"]) == (True, service["url"])
    assert after["services"] != service["services"] or after["memory"] != service["memory"]
    assert root.ok("dev.up").stdout == f"{root.status()['url']}\n"

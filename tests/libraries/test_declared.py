"""`libraries:` of dev.yaml: cloned from a git server, a folder of a monorepo, a library in another language."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import libs
from tests.conftest import run_quietly
from tests.gitrepo import git
from tests.kit import registries
from tests.kit.registries import Server
from tests.secrets.conftest import MakePrivate, Private
from tests.verbs.fixtures import NATIVE_FIRST

APP = """
import http.server, os, pathlib, socket, sys, sysconfig

try:
    from greeting import TEXT
except ImportError:
    TEXT = "no greeting"
theme = pathlib.Path(sysconfig.get_path("data"), "theme")


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write((TEXT + "|" + (theme.read_text() if theme.exists() else "no theme")).encode())


if sys.argv[1:] == ["check"]:
    socket.create_connection((os.environ["BIND"], int(os.environ["PORT"])))
else:
    http.server.ThreadingHTTPServer((os.environ["BIND"], int(os.environ["PORT"])), Page).serve_forever()
"""
# In no language that the tools know: its files go to where the service's program looks.
INSTALL = """\
cp look.css "$(python -c 'import sysconfig; print(sysconfig.get_path("data"))')/theme"
"""
DECLARED = """\
libraries:
  greeting: {{repo: "{url}", path: packages/greeting}}
  theme: {{repo: "{url}", path: theme, install: sh install.sh, remove: sh remove.sh}}
native: {{python: ">=3.9"}}
"""
DOCKERFILE = "FROM python:3.13-slim AS dev\nWORKDIR /app\n"


@pytest.fixture
def server(tmp_path: Path, secret: str) -> Iterator[Server]:
    """A git server over https, which wants a login, with a monorepo of two libraries."""
    monorepo = tmp_path / "monorepo"
    libs.python_library(tmp_path / "greeting-alone", "hello")
    shutil.copytree(tmp_path / "greeting-alone", monorepo / "packages/greeting", ignore=shutil.ignore_patterns(".git*"))
    (monorepo / "theme").mkdir()
    (monorepo / "theme/look.css").write_text("red")
    (monorepo / "theme/install.sh").write_text(INSTALL)
    (monorepo / "theme/remove.sh").write_text(INSTALL.replace("cp look.css", "rm"))
    libs.committed(monorepo)
    with registries.git_server(tmp_path / "git", "me", secret) as server:
        run_quietly("git", "clone", "--quiet", "--bare", monorepo, tmp_path / "git/repositories/acme/monorepo.git")
        yield server


def login(repo: Private, server: Server, password: str) -> None:
    """Let git know the login, as a person's credential helper does."""
    (repo.home / ".gitconfig").write_text("[credential]\n\thelper = store\n")
    (repo.home / ".git-credentials").write_text("")
    approved = f"protocol=https\nhost={server.host}\nusername=me\npassword={password}\n\n"
    run_quietly("git", "credential", "approve", input=approved, env={**os.environ, **repo.env})


@pytest.mark.timeout(900)
@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_it_is_cloned_installed_and_removed_as_dev_yaml_says(private: MakePrivate, server: Server, secret: str) -> None:
    url = f"https://{server.host}/acme/monorepo.git"
    repo = private(DECLARED.format(url=url), {"app.py": APP, "Dockerfile": DOCKERFILE})
    libs.committed(repo.path)
    repo.env.update(GIT_SSL_CAINFO=str(server.ca), XDG_CONFIG_HOME=str(repo.home / ".config"))
    repo.ok("dev.up")
    assert repo.fetch() == (200, "no greeting|no theme")
    greeting, theme = repo.path.parent / "greeting", repo.path.parent / "theme"

    refused = repo.fails(110, "dev.edit", "greeting")
    assert f"the library greeting {url} would run with your rights" in refused.error
    assert [hint.partition(":")[0] for hint in refused.hints] == ["to allow it"]
    trusted = repo.home / ".config/devenv/trusted"
    trusted.parent.mkdir(parents=True)
    trusted.write_text(f"{server.host}/acme\n")
    refused = repo.fails(110, "dev.edit", "greeting")
    assert f"{url} could not be cloned: " in refused.error
    assert not greeting.exists()

    login(repo, server, secret)
    done = repo.ok("dev.edit", "greeting")
    assert done.stdout.strip() == str(greeting)
    assert secret not in done.stderr
    assert repo.fetch() == (200, "hello|no theme")
    repo.ok("dev.edit", "theme")
    assert repo.fetch() == (200, "hello|red")
    assert repo.status()["libraries"] == {"greeting": str(greeting), "theme": str(theme)}
    assert git(theme, "remote", "get-url", "origin") == url

    (theme / "theme/look.css").write_text("green")
    repo.ok("dev.up")
    assert repo.fetch() == (200, "hello|green"), "dev.up installs it again after an edit"
    assert repo.ok("dev.up").commands == []
    (theme / "theme/look.css").write_text("blue")
    repo.ok("dev.use", "theme")
    assert repo.fetch() == (200, "hello|no theme")
    server.asked.clear()
    repo.ok("dev.edit", "theme")
    assert repo.fetch() == (200, "hello|blue")
    assert server.asked == [], "the folder is there, so it is used"
    repo.ok("dev.use", "greeting")
    repo.ok("dev.use", "theme")
    assert repo.fetch() == (200, "no greeting|no theme")
    assert (libs.changed_files(repo.path), libs.changed_files(greeting)) == ("", "")
    assert libs.changed_files(theme) == "M theme/look.css"

"""Python packages from a private index, as docs/private-dependencies.md says, on each engine."""

from __future__ import annotations

import os
import re
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import BIN, REPO
from tests.docs.test_start import code
from tests.kit import planted, registries
from tests.kit.registries import SAYS, Server
from tests.messages import NO_LONGER_SET
from tests.secrets.conftest import MakePrivate, Private, mounted, told
from tests.terminal import blocks
from tests.verbs import machine
from tests.verbs.fixtures import NATIVE_FIRST

PROJECT = '[project]\nname = "shop"\nversion = "1.0.0"\nrequires-python = ">=3.9"\ndependencies = ["acme-greeting"]\n'


# How many blocks of code below each heading of the page are used here, and in the other tests of this folder.
USED = {
    "## Declare a secret": 1,
    "## Install Python packages from a private index": 3,
    "## Install npm packages of a private scope": 3,  # test_node.py
    "### Over https": 3,  # test_git.py
    "### Over ssh": 3,
    "## Give the running app a secret": 1,
}


def test_every_block_of_the_page_is_used() -> None:
    text = (REPO / "docs/private-dependencies.md").read_text()
    headings = re.findall(r"^#{2,3} .+$", text, re.M)
    there = {heading: len(code("private-dependencies", heading)) for heading in headings}
    assert {heading: count for heading, count in there.items() if count} == USED


@pytest.fixture
def index(tmp_path: Path, secret: str) -> Iterator[Server]:
    with registries.index(tmp_path / "index", "me", secret) as server:
        yield server


def shown(heading: str, repo: Private, server: Server) -> list[str]:
    """The output in the first console block of the page below a heading, as it should be for this repo."""
    text = (REPO / "docs/private-dependencies.md").read_text().partition(f"# {heading}\n")[2]
    lines = blocks(text)[0][1:]
    places = {"catalog": repo.token, "//pypi.example.org": f"//{server.host}", "pypi.example.org": "localhost"}
    for old, new in places.items():
        lines = [line.replace(old, new) for line in lines]
    return lines


def locked(repo: Private, **env: str) -> None:
    """Write uv.lock, with the person's own login."""
    argv = [str(BIN / "uv"), "lock", "--quiet"]
    subprocess.run(argv, cwd=repo.path, env={**os.environ, **repo.env, **env}, check=True)


def netrc(folder: Path, password: str) -> None:
    file = folder / ".netrc"
    file.write_text(f"machine localhost login me password {password}\n")
    file.chmod(0o600)


def test_uv_installs_from_a_private_index(
    private: MakePrivate, index: Server, secret: str, dockerfile: Callable[[str], str]
) -> None:
    declared = told("## Declare a secret", 0, index)
    line = told("## Install Python packages from a private index", 2, index)
    project = PROJECT + told("## Install Python packages from a private index", 0, index)
    native = 'native: {python: ">=3.9", install: uv sync --locked}\n'
    files = {"pyproject.toml": project, "Dockerfile": mounted(dockerfile("fastapi"), line)}
    repo = private(declared + native, files, ca=index.ca)

    failed = repo.fails(110, "dev.up")
    assert [failed.error, *(f"hint: {hint}" for hint in failed.hints)] == shown("Private dependencies", repo, index)
    assert failed.commands == []

    netrc(repo.home, secret)
    locked(repo)
    (repo.home / ".netrc").unlink()
    repo.env["ACME_LOGIN"] = f"machine localhost login me password {secret}"
    index.asked.clear()
    repo.up(secret)
    assert any(path.startswith("/files/") for path in index.asked)
    assert repo.fetch() == (200, f"{SAYS}||")
    assert "login (build): env ACME_LOGIN" in repo.run("dev.doctor").stdout
    netrc(repo.home, secret)
    assert "\n".join(shown("Declare a secret", repo, index)) in repo.run("dev.doctor").stdout
    assert repo.status()["secrets"] == [
        {"name": "login", "for": ["build"], "required": True, "from": "netrc localhost"}
    ]


PIP = """\
FROM python:3.13-slim AS dev
ENV PATH=/venv/bin:$PATH
WORKDIR /app
RUN --mount=type=secret,id=ca \\
    --mount=type=bind,source=requirements.txt,target=requirements.txt \\
    if [ -s /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi; \\
    export HOME=/root; python -m venv /venv && pip install --no-cache-dir -r requirements.txt
"""


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_pip_installs_from_a_private_index(private: MakePrivate, index: Server, secret: str) -> None:
    heading = "## Install Python packages from a private index"
    native = "native: {python: '>=3.9', install: pip install -r requirements.txt}\n"
    dockerfile = PIP.replace("RUN ", "RUN \\\n    ", 1)
    files = {"requirements.txt": told(heading, 1, index), "Dockerfile": mounted(dockerfile, told(heading, 2, index))}
    repo = private(told("## Declare a secret", 0, index) + native, files, ca=index.ca)
    netrc(repo.home, secret)
    repo.up(secret)
    assert any(path.startswith("/files/") for path in index.asked)
    assert repo.fetch() == (200, f"{SAYS}||")
    assert repo.status()["secrets"][0]["from"] == "netrc localhost"


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
@pytest.mark.parametrize("manager", ["uv", "pip"])
def test_the_configuration_that_each_person_has(
    private: MakePrivate, index: Server, secret: str, dockerfile: Callable[[str], str], manager: str
) -> None:
    text = " ".join((REPO / "docs/private-dependencies.md").read_text().split())
    (declared,) = re.findall(rf"`(\w+: {{from: \[{{config: {manager}}}\]}})`", text)
    (mount,) = re.findall(rf"`(--mount=type=secret,id={declared.partition(':')[0]},\S+)`", text)
    url = f"https://me:{quote(secret, safe='')}@{index.host}/simple"
    if manager == "uv":
        files = {"pyproject.toml": PROJECT, "Dockerfile": mounted(dockerfile("fastapi"), f"    {mount} \\\n")}
        install, name = "uv sync --locked", "uv/uv.toml"
        settings = f'[[index]]\nname = "acme"\nurl = "{url}"\n'
    else:
        image = PIP.replace("RUN ", "RUN \\\n    ", 1)
        files = {"requirements.txt": "acme-greeting==1.0.0\n", "Dockerfile": mounted(image, f"    {mount} \\\n")}
        install, name = "pip install -r requirements.txt", "pip/pip.conf"
        settings = f"[global]\nindex-url = {url}\n"
    native = f"native: {{python: '>=3.9', install: {install}}}\n"
    repo = private(f"secrets: {{{declared}}}\n{native}", files, ca=index.ca)
    repo.ok("dev.list")  # makes the environment of the tools, whose packages this index does not have
    repo.env["XDG_CONFIG_HOME"] = str(repo.home / ".config")
    path = repo.home / ".config" / name
    path.parent.mkdir(parents=True)
    path.write_text(settings)
    if manager == "uv":
        locked(repo)
        repo.env["UV_CACHE_DIR"] = str(repo.home / "uv")  # the lock file has filled the other one
    index.asked.clear()
    repo.up(secret)
    assert any(path.startswith("/files/") for path in index.asked)
    assert repo.fetch() == (200, f"{SAYS}||")
    assert repo.status()["secrets"][0]["from"] == f"config {manager}"


def test_dev_add_gets_what_builds_get(private: MakePrivate) -> None:
    declared = "  login: {from: [{env: ACME_LOGIN}], path: NETRC}\n  token: {from: [{env: T}], variable: TOKEN}\n"
    line = "machine acme.org login me password one"
    check = f"import os; assert open(os.environ['NETRC']).read() + os.environ['TOKEN'] == '{line}' + 'two'"
    commands = f'commands: {{add: "python -c \\"{check}\\""}}\nnative: {{python: ">=3.9"}}\n'
    dockerfile = "FROM python:3.13-slim AS dev\nWORKDIR /app\n"
    repo = private(f"secrets:\n{declared}{commands}", {"Dockerfile": dockerfile})
    repo.env.update(ACME_LOGIN=line, T="two")
    repo.ok("dev.add", "acme-greeting")
    own = repo.run("dev.run", "--", "python", "-c", check)
    assert "KeyError: 'NETRC'" in own.stderr + own.stdout, "another command gets none of it"


# ---- the search finds what it is for


LEAKS = {
    # what is wrong, and where the search finds it
    "a file in the image": ("cp /root/.netrc /kept", "blobs/"),
    "a printed secret": ("cat /root/.netrc", "the text"),
    "an argument": ("python -c 'import time; time.sleep(1)' \"$(cat /root/.netrc)\"", "ps: "),
}


@pytest.mark.engine
@pytest.mark.parametrize("engine", ["compose"], indirect=True)
@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_of_a_build_is_found(private: MakePrivate, secret: str, leak: str) -> None:
    command, where = LEAKS[leak]
    # The same step with another secret is in the cache of builds.
    run = f"RUN --mount=type=secret,id=login,target=/root/.netrc : {uuid.uuid4().hex}; {command}\n"
    files = {"Dockerfile": f"FROM python:3.13-slim AS dev\nWORKDIR /app\n{run}"}
    repo = private("secrets: {login: {from: [{env: ACME_LOGIN}]}}\n", files)
    repo.env["ACME_LOGIN"] = secret
    with planted.watched(secret) as seen:
        done = repo.ok("dev.up")
    assert [found for found in repo.left(secret, done) + seen if found.startswith(where)]


@pytest.mark.parametrize("engine", ["native"], indirect=True)
def test_a_leak_of_an_install_step_is_found(private: MakePrivate, secret: str) -> None:
    code = "import base64, os, pathlib; text = os.environ['TOKEN'].encode(); print(text.decode());"
    code += "pathlib.Path('.dev/local/kept').write_bytes(b'Basic ' + base64.b64encode(b'me:' + text))"
    native = f'native: {{python: \'>=3.9\', install: "python -c \\"{code}\\""}}\n'
    repo = private(f"secrets: {{token: {{from: [{{env: TOKEN}}], variable: TOKEN}}}}\n{native}", {})
    repo.env["TOKEN"] = secret
    found = repo.left(secret, repo.ok("dev.up"))
    assert {str(repo.path / ".dev/local/kept"), "the text"} <= {*found}


# ---- the running app


def test_the_running_app_gets_its_secrets_and_the_install_step_does_not(private: MakePrivate, secret: str) -> None:
    declared = code("private-dependencies", "## Give the running app a secret")[0]
    declared += "  chat_key: {from: [{env: CHAT}], for: [run], variable: CHAT_KEY, optional: true}\n"
    declared += "  spare_key: {from: [{env: SPARE}], for: [run], optional: true}\n"
    absent = "import os; raise SystemExit('MAIL_KEY_FILE' in os.environ or 'CHAT_KEY' in os.environ)"
    native = f'native: {{python: \'>=3.9\', install: "python -c \\"{absent}\\""}}\n'
    check = 'RUN test ! -e /run/secrets/mail_key && test -z "$CHAT_KEY"\n'
    files = {"Dockerfile": f"FROM python:3.13-slim AS dev\nWORKDIR /app\n{check}"}
    repo = private(declared + native, files)
    assert repo.fails(110, "dev.up").commands == []
    repo.env.update(MAIL_KEY=secret, CHAT="chat-1")
    repo.ok("dev.up")
    assert repo.fetch() == (200, f"|{secret}|chat-1")
    shown = "import os; print(open(os.environ['MAIL_KEY_FILE']).read())"
    assert repo.ok("dev.run", "--", "python", "-c", shown).stdout == f"{secret}\n"

    repo.env["MAIL_KEY"] = secret[::-1]
    repo.ok("dev.restart")
    assert repo.fetch() == (200, f"|{secret[::-1]}|chat-1")
    del repo.env["CHAT"]
    assert f"{NO_LONGER_SET}: chat_key" in repo.ok("dev.restart").stderr
    unset = "import os; print(repr(open(os.environ['SPARE_KEY_FILE']).read()), 'CHAT_KEY' in os.environ)"
    for running in (True, False):
        assert repo.ok("dev.run", "--", "python", "-c", unset).stdout == "'' False\n", running
        if running:
            repo.ok("dev.down")
    repo.ok("dev.up")
    del repo.env["MAIL_KEY"]
    assert "mail_key" in repo.fails(110, "dev.restart").error
    assert repo.fetch() == (200, f"|{secret[::-1]}|"), "it still runs"
    assert repo.ok("dev.up").commands == [], "what runs needs no secret"
    repo.ok("dev.down")
    assert planted.left(secret[::-1], folders=[repo.path, machine.state_home()]) == []

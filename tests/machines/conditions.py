"""What `dev.doctor` can find wrong: how to provoke it, what is printed, and how the fix is done.

tests/machines/test_conditions.py provokes each, and `make reference` writes docs/reference/doctor.md from this table.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests import conftest
from tests.conftest import run_quietly
from tests.gitrepo import commit
from tests.messages import ADD_A_LINE, DOCKER_REFUSES, NO_ENGINE_ANSWERS, TAKEN_BY
from tests.verbs.repo import Repo

NATIVE, COMPOSE = "native", "compose"
BOTH = (NATIVE, COMPOSE)
TESTED = {NATIVE: "without containers", COMPOSE: "in containers"}  # as the page says it
HELD = ExitStack()  # what a condition keeps open; the test closes it
Provoke = Callable[[Repo, Path], Repo]
Repair = Callable[[Repo, Path, str], Repo]
RESTORED = "the test edits the file"
BY_FLAG = "`dev.doctor --fix` removes it, and the test pastes it"
INSTALLED = "a person installs it"
SMALL = """\
import http.server, os
class Page(http.server.SimpleHTTPRequestHandler):
    pass
http.server.ThreadingHTTPServer((os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"])), Page).serve_forever()
"""
DEV_YAML = """\
contract: "1.0"
service: {token}
app: app
port: {port}
budget: {{memory: 512M, ready: 60s}}
native: {{python: ">=3.9"}}
"""
DOCKERFILE = "FROM python:3.13-slim\nWORKDIR /app\nCOPY --chmod=755 . .\n"
COMPOSE_YAML = """\
networks: {workspace: {name: "${DEV_NETWORK:-devenv-main}", external: true}}
services:
  app:
    build: .
    logging: {driver: json-file, options: {max-size: 5m, max-file: "2"}}
    command: python server.py
    ports: ["127.0.0.1:${PORT}:${PORT}"]
    environment: {PORT: "${PORT}", HOST: "${BIND:-127.0.0.1}"}
    mem_limit: 256m
    networks: {default: {}, workspace: {aliases: [SERVICE, SERVICE.localhost]}}
    healthcheck:
      test: [CMD, python, -c, "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'])"]
      interval: 1s
"""
LIMITED = '    logging: {driver: json-file, options: {max-size: 5m, max-file: "2"}}\n'
DATABASE = """\
    depends_on: {db: {condition: service_healthy}}
  db:
    logging: {driver: json-file, options: {max-size: 5m, max-file: "2"}}
    image: postgres:17
    command: postgres -cfsync=off
    environment: {POSTGRES_PASSWORD: "${DB_PASSWORD:-published}"}
    mem_limit: 128m
    healthcheck: {test: [CMD, pg_isready, -U, postgres]}
"""
MARIADB = (
    DATABASE.replace("image: postgres:17\n    command: postgres -cfsync=off", "image: mariadb:11")
    .replace("POSTGRES", "MARIADB_ROOT")
    .replace("pg_isready, -U, postgres", "healthcheck.sh, --connect")
)


@dataclass(frozen=True)
class Condition:
    """`what` and `fix`: as printed; `…` is what differs. `by`: who does the fix that the test does.

    `engines`: those on which the test provokes it.
    """

    code: str
    name: str
    what: str
    fix: str
    provoke: Provoke
    repair: Repair
    by: str = RESTORED
    engines: tuple[str, ...] = (NATIVE,)
    starts: bool = True  # whether the test also starts the service after the fix


class Mounted(Repo):
    """A repo whose commands see another file system somewhere. `how`: what `mount` is called with."""

    how = ""

    def argv(self, *words: str, door: str = "run") -> list[str]:
        run = f"mount {self.how} && cd '{self.path}' && exec \"$@\""
        return ["unshare", "--mount", "sh", "-c", run, "sh", *super().argv(*words, door=door)]

    def start(self, *words: str, cwd: Path | None = None, **how: Any) -> subprocess.Popen[str]:
        return super().start(*words, cwd=cwd or Path("/"), **how)  # what is mounted is not there yet


def mounted(repo: Repo, how: str) -> Repo:
    if os.geteuid() != 0:
        pytest.skip("only root mounts file systems")
    other = Mounted(repo.path, repo.token, repo.env)
    other.how = how
    return other


def plain(repo: Repo, _folder: Path = Path(), _fix: str = "") -> Repo:
    """The repo without what was mounted: someone made room, or another folder writable."""
    return Repo(repo.path, repo.token, repo.env)


def typed(repo: Repo, _folder: Path, fix: str) -> Repo:
    """The printed fix, pasted into a shell."""
    done = subprocess.run(
        ["sh", "-e", "-c", fix], cwd=repo.path, env={**os.environ, **repo.env}, capture_output=True, text=True
    )
    assert done.returncode == 0, (fix, done)
    return repo


def variable(**given: str) -> Provoke:
    def provoke(repo: Repo, folder: Path) -> Repo:
        (folder / "words.txt").write_text("no certificate\n")
        repo.env.update({name: value.format(folder=folder) for name, value in given.items()})
        return repo

    return provoke


def without(*names: str) -> Repair:
    def unset(repo: Repo, _folder: Path, _fix: str) -> Repo:
        for name in names:
            del repo.env[name]
        return repo

    return unset


def setting(**given: str) -> Repair:
    def export(repo: Repo, folder: Path, _fix: str) -> Repo:
        (folder / "other").mkdir(exist_ok=True)
        other = plain(repo)
        other.env.update({name: value.format(folder=folder) for name, value in given.items()})
        return other

    return export


def edited(name: str, old: str, new: str) -> Provoke:
    def edit(repo: Repo, _folder: Path) -> Repo:
        repo.edit(name, old, new)
        return repo

    return edit


def back(name: str, new: str, old: str) -> Repair:
    return lambda repo, folder, _fix: edited(name, new, old)(repo, folder)


def program(name: str, script: str) -> Provoke:
    """A program of this name comes first on the path. REAL in it: the one that is there."""

    def wrap(repo: Repo, folder: Path) -> Repo:
        (folder / "bin").mkdir(exist_ok=True)
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n".replace("REAL", str(shutil.which(name))))
        (folder / "bin" / name).chmod(0o755)
        repo.env["PATH"] = f"{folder / 'bin'}:{os.environ['PATH']}"
        return repo

    return wrap


def no_helper(repo: Repo, folder: Path) -> Repo:
    """Docker's configuration as it stays when Docker Desktop was removed."""
    (folder / "docker").mkdir()
    (folder / "docker/config.json").write_text('{"credsStore": "desktop"}')
    repo.env["DOCKER_CONFIG"] = str(folder / "docker")
    return repo


def without_entry(repo: Repo, folder: Path, _fix: str) -> Repo:
    (folder / "docker/config.json").write_text("{}")
    return repo


def added(name: str, text: str) -> Provoke:
    def append(repo: Repo, _folder: Path) -> Repo:
        repo.append(name, text)
        return repo

    return append


def removed(name: str, text: str) -> Repair:
    return back(name, text, "")


def small_disk(repo: Repo, folder: Path) -> Repo:
    (folder / "disk").mkdir()
    place, disk = repo.path, folder / "disk"
    how = f"--bind '{place}' '{disk}' && mount -t tmpfs -o size=200m tmpfs '{place}' && cp -a '{disk}/.' '{place}/'"
    return mounted(repo, how)


def full_temporary(repo: Repo, folder: Path) -> Repo:
    (folder / "tmp").mkdir()
    repo.env["TMPDIR"] = str(folder / "tmp")
    return mounted(repo, f"-t tmpfs -o size=1m tmpfs '{folder}/tmp'")


def read_only(repo: Repo, folder: Path) -> Repo:
    (repo.path / ".dev/local").mkdir(exist_ok=True)
    kept(repo)
    return mounted(repo, f"--bind '{repo.path}' '{repo.path}' && mount -o remount,ro,bind '{repo.path}'")


def cloned(repo: Repo, folder: Path, fix: str) -> Repo:
    command = fix.partition("checkout of yours: ")[2].replace("FOLDER", str(folder / "mine"))
    typed(plain(repo), folder, command)
    return replace(plain(repo), path=folder / "mine")


def read_only_state(repo: Repo, folder: Path) -> Repo:
    (folder / "state").mkdir(exist_ok=True)
    return mounted(repo, f"-t tmpfs -o ro tmpfs '{folder}/state'")


def kept(repo: Repo) -> Repo:
    """The repo's files, in a commit."""
    run_quietly("git", "init", "-q", "-b", "main", cwd=repo.path)
    commit(repo.path, "first")
    return repo


def gone_checkout(repo: Repo, folder: Path) -> Repo:
    other = replace(repo, path=folder / "gone" / repo.path.name)
    shutil.copytree(repo.path, other.path, symlinks=True)
    other.ok("dev.up", "--workspace", "gone")
    shutil.rmtree(other.path)
    return repo


def damaged_record(repo: Repo, _folder: Path) -> Repo:
    record = Path(repo.env["XDG_STATE_HOME"], "devenv/v1/main", f"{repo.token}.json")
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text("{")
    return repo


def vendored(repo: Repo, _folder: Path) -> Repo:
    kept(repo)
    repo.ok("template.vendor")
    commit(repo.path, "The tools, in the repository")
    repo.append(".dev/tools/devenv/tasks/render.py", "# changed\n")
    return repo


def own_cache(repo: Repo, folder: Path) -> Path:
    """The repo with caches of its own, since the others are those of all tests."""
    repo.env["XDG_CACHE_HOME"] = str(folder / "cache")
    repo.ok("dev.plan")
    return folder / "cache" / "devenv"


def damaged_packages(repo: Repo, folder: Path) -> Repo:
    path = next(own_cache(repo, folder).glob("environments/*/lib/python*/site-packages/rich-*/METADATA"))
    path.unlink()
    path.write_text("cut off")
    return repo


def damaged_app(repo: Repo, _folder: Path) -> Repo:
    (repo.path / "requirements.txt").write_text("")
    repo.ok("dev.up")
    repo.ok("dev.down")
    path = next((repo.path / ".dev/local/native").glob("**/pyvenv.cfg"))
    path.unlink()
    path.write_text("cut off")
    return repo


def damaged_mirror(repo: Repo, folder: Path) -> Repo:
    source, mirror = folder / "source", own_cache(repo, folder) / "mirrors/lms-1234.git"
    source.mkdir()
    (source / "file").write_text("text that is long enough to be cut off\n" * 9)
    run_quietly("git", "init", "-q", cwd=source)
    commit(source, "first")
    run_quietly("git", "clone", "-q", "--mirror", "--no-hardlinks", source, mirror)
    packed = max((path for path in mirror.glob("objects/**/*") if path.is_file()), key=lambda path: path.stat().st_size)
    packed.chmod(0o644)
    packed.write_bytes(packed.read_bytes()[:-10])
    return repo


def old_data(repo: Repo, folder: Path) -> Repo:
    """Data that an earlier release made, with the password that was the same everywhere."""
    repo.append(
        "compose.yaml",
        DATABASE.replace("    command: postgres -cfsync=off\n", "").replace("${DB_PASSWORD:-published}", "published")
        + "    volumes: [db-data:/var/lib/postgresql/data]\nvolumes: {db-data: {}}\n",
    )
    repo.ok("dev.up")
    repo.ok("dev.down")
    repo.edit("compose.yaml", '"published"', '"${DB_PASSWORD:-published}"')
    repo.edit("compose.yaml", 'PORT: "${PORT}"', 'PORT: "${PORT}", DB_PASSWORD: "${DB_PASSWORD:-published}"')
    return repo


def without_mariadb(repo: Repo, folder: Path) -> Repo:
    """As after `apt-get install mariadb-server-core`: the server without its clients."""
    conftest.need("mariadbd")
    repo.append("compose.yaml", MARIADB)
    (folder / "bin").mkdir()
    for place in ("/usr/sbin", *os.environ["PATH"].split(os.pathsep)):
        for path in Path(place).glob("*"):
            if path.name not in ("mariadb", "mysql") and not (folder / "bin" / path.name).is_symlink():
                (folder / "bin" / path.name).symlink_to(path)
    repo.env["PATH"] = str(folder / "bin")
    hidden = [
        f"--bind /dev/null '{path}'" for name in ("mariadb", "mysql") for path in Path("/usr").glob(f"*bin/{name}")
    ]
    return mounted(repo, " && mount ".join(hidden))


def taken_port(repo: Repo, _folder: Path) -> Repo:
    port = int((repo.path / "dev.yaml").read_text().partition("port: ")[2].split()[0])
    HELD.enter_context(socket.create_server(("127.0.0.1", port)))
    return repo


@contextmanager
def forwarded(path: str) -> Iterator[str]:
    """The address at which Docker's socket answers over TCP."""

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while some := source.recv(65536):
                target.sendall(some)
            target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(path)
                for ends in ((client, engine), (engine, client)):
                    threading.Thread(target=copy, args=ends, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


def distant(repo: Repo, folder: Path, other: bool = False) -> Repo:
    """The checkout is on a file system that only the command sees; the engine sees what is below."""
    apart, real = folder / "apart", folder / "real"
    shutil.move(repo.path, real)
    place = apart / repo.path.name
    (place if other else apart).mkdir(parents=True)
    how = f"-t tmpfs tmpfs '{apart}' && mkdir '{place}' && mount --bind '{real}' '{place}'"
    there = mounted(replace(repo, path=place), how)
    there.env["DOCKER_HOST"] = HELD.enter_context(forwarded("/var/run/docker.sock"))
    return there


def mounted_elsewhere(repo: Repo, folder: Path) -> Repo:
    """`distant`, for a service that mounts its checkout, and an image to look with: dev.up has built it."""
    repo.edit("compose.yaml", "    mem_limit: 256m\n", "    mem_limit: 256m\n    volumes: [.:/app]\n")
    there = distant(repo, folder)
    there.fails(110, "dev.up")
    return there


def with_path(repo: Repo, _folder: Path, _fix: str) -> Repo:
    repo.env.pop("PATH", None)
    return plain(repo)


def closed_files(repo: Repo, _folder: Path) -> Repo:
    (repo.path / "Dockerfile").write_text(DOCKERFILE.replace(" --chmod=755", ""))
    for path in repo.path.iterdir():
        path.chmod(path.stat().st_mode & 0o700)
    return repo


def opened(repo: Repo, folder: Path, fix: str) -> Repo:
    return typed(repo, folder, fix.rpartition("or: ")[2])


def without_engine(repo: Repo, _folder: Path) -> Repo:
    repo.env.update(DEV_ENGINE="compose", DOCKER_HOST="unix:///nonexistent")
    return repo


def natively(repo: Repo, _folder: Path, _fix: str) -> Repo:
    repo.env["DEV_ENGINE"] = "native"
    return repo


def no_compose(repo: Repo, _folder: Path) -> Repo:
    places = [Path(f"/usr/{place}/docker/cli-plugins/docker-compose") for place in ("lib", "libexec", "local/lib")]
    there = [f"--bind /dev/null '{path}'" for path in places if path.exists()]
    return mounted(repo, " && mount ".join(there))


def as_nobody(repo: Repo, folder: Path) -> Repo:
    """The engine runs, and this user is not in its group: the client runs as another user."""
    repo.env.pop("DEV_ENGINE")
    return program("docker", 'exec setpriv --reuid=65534 --regid=65534 --clear-groups REAL "$@"')(repo, folder)


def unlimited(repo: Repo, _folder: Path) -> Repo:
    repo.edit("compose.yaml", LIMITED, "")
    repo.ok("dev.up")
    return repo


def with_line(repo: Repo, _folder: Path, fix: str) -> Repo:
    """The line that the fix ends with, in the app of compose.yaml, and the `dev.up` that it asks for."""
    repo.edit("compose.yaml", "    build: .\n", f"    build: .\n    {fix[fix.index('logging:') :]}\n")
    repo.ok("dev.up")
    return repo


CONDITIONS = (
    Condition(
        "D01",
        "no engine answers",
        f"{NO_ENGINE_ANSWERS}: …",
        "start Docker, or install Docker Engine 25 or newer…",
        without_engine,
        natively,
        by="a person starts it; the test works without containers, as the hint says",
    ),
    Condition(
        "D01",
        "the engine is too old",
        "Docker 24.0.9 is too old for healthcheck.start_interval",
        "install Docker Engine 25 or newer: …",
        program("docker", 'case "$*" in version*) echo 24.0.9 ;; *) exec REAL "$@" ;; esac'),
        with_path,
        by=INSTALLED,
        engines=(COMPOSE,),
        starts=False,
    ),
    Condition(
        "D02",
        "Docker has no Compose",
        "docker has no compose plugin",
        "install the Compose plugin: …",
        no_compose,
        plain,
        by=INSTALLED,
        engines=(COMPOSE,),
        starts=False,
    ),
    Condition(
        "D03",
        "an engine runs, and refuses this user",
        f"{DOCKER_REFUSES}: …",
        "sudo usermod --append --groups docker $USER; then log in again; or: DEV_ENGINE=native inv dev.up",
        as_nobody,
        natively,
        by="a person joins the group; the test works without containers, as the hint says",
        engines=(COMPOSE,),
    ),
    Condition(
        "D04",
        "the engine does not have the checkout",
        "… does not have the folder …",
        "…unset DOCKER_HOST…",
        mounted_elsewhere,
        without("DOCKER_HOST"),
        by="the test unsets the variable",
        engines=(COMPOSE,),
        starts=False,
    ),
    Condition(
        "D10",
        "dev.yaml is not valid",
        "dev.yaml:1: contract is missing",
        f"{ADD_A_LINE} `contract: ...`…",
        edited("dev.yaml", 'contract: "1.0"\n', ""),
        lambda repo, folder, _fix: edited("dev.yaml", "service:", 'contract: "1.0"\nservice:')(repo, folder),
    ),
    Condition(
        "D11",
        "compose.yaml is not valid, or cannot run on this engine",
        "compose.yaml:2: service app has neither image nor build",
        "fix compose.yaml",
        edited("compose.yaml", "    build: .\n", "    buidl: .\n"),
        back("compose.yaml", "    buidl: .\n", "    build: .\n"),
        engines=BOTH,
    ),
    Condition(
        "D12",
        "a service has no healthcheck",
        "no healthcheck: app",
        "add a healthcheck in compose.yaml",
        edited("compose.yaml", "healthcheck:", "x-healthcheck:"),
        back("compose.yaml", "x-healthcheck:", "healthcheck:"),
    ),
    Condition(
        "D13",
        "a port is published to the whole network",
        "published to the whole network: app …",
        'write "127.0.0.1:PORT:PORT"',
        edited("compose.yaml", '"127.0.0.1:', '"0.0.0.0:'),
        back("compose.yaml", '"0.0.0.0:', '"127.0.0.1:'),
    ),
    Condition(
        "D14",
        "another program has the port",
        f"…: port … {TAKEN_BY} …",
        "inv dev.up --port …",
        taken_port,
        typed,
        by="the test pastes it",
        engines=BOTH,
    ),
    Condition(
        "D15",
        "the memory limits are above the budget",
        "memory limits of 256 MB, budget 100 MB",
        "raise budget.memory in dev.yaml or lower mem_limit",
        edited("dev.yaml", "memory: 512M", "memory: 100M"),
        back("dev.yaml", "memory: 100M", "memory: 512M"),
    ),
    Condition(
        "D17",
        "compose.yaml has the aliases of another service",
        "compose.yaml:…: other services cannot reach …",
        "workspace: {aliases: […]}, in networks of app",
        edited("compose.yaml", ".localhost]", ".example]"),
        back("compose.yaml", ".example]", ".localhost]"),
        engines=(COMPOSE,),
    ),
    Condition(
        "D18",
        "a database skips the disk",
        "a power cut breaks all data, snapshots included: db -cfsync=off",
        "remove it from `command:`, or take the current fragment: inv template.update",
        added("compose.yaml", DATABASE),
        back("compose.yaml", "    command: postgres -cfsync=off\n", ""),
    ),
    Condition(
        "D19",
        "places are left to fill in",
        "1 place is left to fill in:\ndev.yaml:7: the commands of your code.",
        "write what belongs there, and remove the comment FILL IN",
        added("dev.yaml", "# FILL IN: the commands of your code.\n"),
        removed("dev.yaml", "# FILL IN: the commands of your code.\n"),
    ),
    Condition(
        "D20",
        "the disk is nearly full",
        "… MB free on the disk",
        "remove what you no longer need: inv dev.state list…",
        small_disk,
        plain,
        by="a person decides what to remove",
    ),
    Condition(
        "D22",
        "a checkout was removed, and what it started is still there",
        "checkouts that were removed: gone/…",
        "# to keep its data: inv dev.up --workspace gone, in another checkout of …\n# to remove it with its data:\n"
        "inv dev.destroy --gone gone/…",
        gone_checkout,
        lambda repo, folder, fix: typed(repo, folder, f"{fix} --yes"),
        by="the test pastes it, and agrees: it removes data",
        engines=BOTH,
    ),
    Condition(
        "D23",
        "a record of this machine cannot be read",
        "records that cannot be read: …",
        "inv dev.up, in the repository of the service",
        damaged_record,
        lambda repo, folder, fix: typed(repo, folder, fix.partition(",")[0]),
        by="the test pastes it",
    ),
    Condition(
        "D24",
        "the folder for temporary files is full",
        "… MB free in …",
        "remove what is not needed in …, or set TMPDIR=FOLDER",
        full_temporary,
        setting(TMPDIR="{folder}/other"),
        by="the test sets TMPDIR",
    ),
    Condition(
        "D25",
        "the checkout cannot be written to",
        "cannot be written to: …",
        "ls -ld …; work in a checkout of yours: git clone … FOLDER",
        read_only,
        cloned,
        by="the test clones it, as the hint says",
    ),
    Condition(
        "D26",
        "the folders of state or cache cannot be written to",
        "…: Read-only file system",
        "ls -ld …; or use another one: export XDG_STATE_HOME=FOLDER",
        read_only_state,
        setting(XDG_STATE_HOME="{folder}/other"),
        by="the test sets XDG_STATE_HOME",
    ),
    Condition(
        "D27",
        "git is too old",
        "git 2.20 is too old, 2.29 is needed",
        "install git 2.29 or newer: https://git-scm.com/downloads",
        program("git", '[ "$*" = --version ] && echo git version 2.20.1 && exit\nexec REAL "$@"'),
        with_path,
        by=INSTALLED,
    ),
    Condition(
        "D28",
        "the machine has less memory than the budget",
        "budget.memory is … MB, and there are … MB",
        "give Docker's virtual machine more memory, or lower budget.memory in dev.yaml",
        edited("dev.yaml", "memory: 512M", "memory: 99999G"),
        back("dev.yaml", "memory: 99999G", "memory: 512M"),
        engines=BOTH,
    ),
    Condition(
        "D29",
        "the file of certificate authorities is missing",
        "CA_BUNDLE=…: No such file or directory",
        "let CA_BUNDLE name a file of certificates in PEM form, or: unset CA_BUNDLE",
        variable(CA_BUNDLE="{folder}/missing.pem"),
        without("CA_BUNDLE"),
        by="the test unsets the variable",
        engines=BOTH,
    ),
    Condition(
        "D29",
        "the file of certificate authorities has none",
        "SSL_CERT_FILE=…: there is no certificate in it",
        "let SSL_CERT_FILE name a file of certificates in PEM form, or: unset SSL_CERT_FILE",
        variable(SSL_CERT_FILE="{folder}/words.txt"),
        without("SSL_CERT_FILE"),
        by="the test unsets the variable",
        engines=BOTH,
    ),
    Condition(
        "D30",
        "files of the tools in the repository were changed",
        "the tools in … are damaged: …",
        "git checkout HEAD -- .dev/tools",
        vendored,
        typed,
        by="the test pastes it",
    ),
    Condition(
        "D31",
        "launcher and tools are not of one commit",
        "differs from the tools' commit: .dev/dev.mk",
        "git status .dev; find .dev -name '*.rej'; git log --oneline -- .cruft.json .dev",
        lambda repo, folder: added(".dev/dev.mk", "# changed\n")(kept(repo), folder),
        lambda repo, folder, _fix: typed(repo, folder, "git checkout HEAD -- .dev"),
        by="a person chooses the side, after the commands that look",
    ),
    Condition(
        "D33",
        "what was installed into a cache is damaged",
        "damaged: …",
        "rm -rf …; inv dev.up",
        damaged_packages,
        typed,
        by=BY_FLAG,
    ),
    Condition(
        "D34",
        "the app's own packages are damaged",
        "damaged: …",
        "rm -rf …; inv dev.up",
        damaged_app,
        typed,
        by=BY_FLAG,
    ),
    Condition(
        "D35",
        "a mirror of a required repository is damaged",
        "damaged: …",
        "rm -rf …; inv dev.up",
        damaged_mirror,
        typed,
        by=BY_FLAG,
    ),
    Condition(
        "D36",
        "a secret is not set",
        "secrets of dev.yaml:\ntoken (run): not set (env TOKEN_OF_MINE: not set)",
        "token: read -rs TOKEN_OF_MINE && export TOKEN_OF_MINE",
        added("dev.yaml", "secrets: {token: {for: [run], from: [{env: TOKEN_OF_MINE}]}}\n"),
        setting(TOKEN_OF_MINE="of mine"),
        by="the test sets the variable",
        engines=BOTH,
    ),
    Condition(
        "D37",
        "data has the published password of an earlier release",
        "made by an earlier release, with a published password that other users of this machine know: db",
        "inv dev.snapshot kept --export ../kept.tar.gz && inv dev.destroy && inv dev.up && …",
        old_data,
        lambda repo, folder, fix: typed(repo, folder, fix.replace("dev.destroy", "dev.destroy --yes")),
        by="the test pastes it, and agrees to dev.destroy",
        engines=BOTH,
    ),
    Condition(
        "D38",
        "containers cannot reach the proxy",
        "containers cannot reach the proxy http://127.0.0.1:3128, which listens on this machine's loopback",
        "let it listen on Docker's bridge too, and name that address in ~/.docker/config.json: …",
        variable(http_proxy="http://127.0.0.1:3128"),
        without("http_proxy"),
        by="a person configures the proxy; the test goes without it",
        engines=(COMPOSE,),
        starts=False,
    ),
    Condition(
        "D39",
        "the address of a proxy cannot be read",
        "not the address of a proxy: https_proxy=http://:3128",
        "write it as http://HOST:PORT",
        variable(https_proxy="http://:3128"),
        without("https_proxy"),
        by="the test unsets the variable",
        engines=BOTH,
    ),
    Condition(
        "D40",
        "production's image could not read the code",
        "Dockerfile copies files that are for their owner alone, and production runs as another user",
        "write COPY --chmod=755 . . there, or: chmod -R go+rX .",
        closed_files,
        opened,
        by="the test pastes the second",
        engines=(COMPOSE,),
        starts=False,
    ),
    Condition(
        "D41",
        "Python or Node is missing, or of another version",
        "…Python >=3.99…",
        "…",
        edited("dev.yaml", 'python: ">=3.9"', 'python: ">=3.99"'),
        back("dev.yaml", 'python: ">=3.99"', 'python: ">=3.9"'),
        by=INSTALLED,
    ),
    Condition(
        "D42",
        "a program of a server is missing",
        "…mariadb…",
        "…mariadb-client…",
        without_mariadb,
        with_path,
        by=INSTALLED,
    ),
    Condition(
        "D45",
        "the log of a container grows without limit",
        "their logs grow without limit: app",
        "add to each of them in compose.yaml, then inv dev.up: logging: {driver: json-file, options: {…}}",
        unlimited,
        with_line,
        engines=(COMPOSE,),
    ),
    Condition(
        "D46",
        "Docker's program for logins is missing",
        "…/docker/config.json has credsStore: desktop, but docker-credential-desktop is missing",
        "install that program, or remove the entry: Compose pulls no image without it",
        no_helper,
        without_entry,
        by="the test removes the entry",
        engines=(COMPOSE,),
    ),
    Condition(
        "D50",
        "images are for another processor",
        "DOCKER_DEFAULT_PLATFORM=linux/riscv64, and the engine's processor is …: images are emulated",
        "unset DOCKER_DEFAULT_PLATFORM; inv dev.doctor",
        variable(DOCKER_DEFAULT_PLATFORM="linux/riscv64"),
        without("DOCKER_DEFAULT_PLATFORM"),
        by="the test unsets the variable",
        engines=(COMPOSE,),
        starts=False,
    ),
)

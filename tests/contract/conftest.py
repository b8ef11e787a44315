"""The repository under test: its files, and one live run that the tests share, phase by phase.

A phase does something to the running service and keeps what it saw; tests only look at that. If a phase fails, the
tests that need it are `not judged`: another test reports the MUST that was broken.
"""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from conformance import dockerfile, image, machine, rows
from conformance.composefile import Unreadable
from conformance.door import Done
from conformance.plugin import Subject, not_applicable, not_judged
from conformance.repository import Repository
from conformance.rows import Rows
from conformance.sandbox import Sandbox, free_port, open_sandbox

# ---- files


@pytest.fixture(scope="session")
def subject(pytestconfig: pytest.Config) -> Subject:
    """The repository that check.py looks at, and how."""
    return pytestconfig.pluginmanager.get_plugin("subject")  # type: ignore[return-value]


@pytest.fixture(scope="session")
def repository(subject: Subject) -> Repository:
    return subject.repository


@pytest.fixture(scope="session")
def dev(repository: Repository) -> dict[str, Any]:
    """dev.yaml."""
    try:
        return repository.dev
    except Unreadable as error:
        return not_judged(f"{error} (CFG-1)")  # type: ignore[return-value]


@pytest.fixture(scope="session")
def services(repository: Repository, dev: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The services of the compose file, with `extends` resolved."""
    try:
        return repository.services
    except Unreadable as error:
        return not_judged(f"{error} (CFG-2)")  # type: ignore[return-value]


@pytest.fixture(scope="session")
def instructions(repository: Repository, dev: dict[str, Any]) -> list[dockerfile.Instruction]:
    """The instructions of the Dockerfile."""
    try:
        return repository.instructions
    except Unreadable as error:
        return not_judged(f"{error} (CFG-2)")  # type: ignore[return-value]


# ---- the live run


@dataclass
class Seen:
    """What was there after a phase, and the rows right before it."""

    answer: dict[str, Any]  # of dev.status
    running: set[str]
    rows: Rows
    before: Rows
    done: Done
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Restored:
    """The results of dev.snapshot and dev.restore; the rows at the snapshot, and after the restore."""

    snapshot: Done
    done: Done
    kept: Rows
    rows: Rows


@dataclass
class Refusal:
    """The result of dev.restore with a file that it must refuse, and the rows before and after it."""

    done: Done
    before: Rows
    rows: Rows


@dataclass
class Neighbour:
    """The second workspace: its start, the HTTP status in both while both were up, and the second one's tables."""

    done: Done
    pages: dict[str, int]
    tables: list[str]


@pytest.fixture(scope="session")
def sandbox(subject: Subject, dev: dict[str, Any]) -> Iterator[Sandbox]:
    """A copy of the repository, in a workspace of its own."""
    with open_sandbox(subject.repository, subject.door, subject.engine, subject.patience) as box:
        yield box


@pytest.fixture(scope="session")
def in_containers(sandbox: Sandbox, up: Seen) -> None:
    """Ends a test that needs containers."""
    if not sandbox.machine.containers():
        not_applicable("the service does not run in containers here")


@pytest.fixture(scope="session")
def database(repository: Repository, services: dict[str, Any]) -> str:
    """The kind of database."""
    return repository.database or not_applicable("the compose file has no PostgreSQL, MySQL or MariaDB")  # type: ignore[return-value]


@pytest.fixture(scope="session")
def volatile(dev: dict[str, Any]) -> list[str]:
    """The columns whose values may differ, as patterns."""
    return [str(pattern) for pattern in dev.get("volatile") or []]


def look(box: Sandbox, repository: Repository, done: Done) -> Seen:
    """What is there now. If the command before it failed, the rest is not judged."""
    if not done.ok:
        not_judged(str(done))
    status = box.run("dev.status", "--only", "--json").json()
    before, box.rows = box.rows, held(box, repository)
    return Seen(status if isinstance(status, dict) else {}, box.machine.running(), box.rows, before, done)


def held(box: Sandbox, repository: Repository, **env: str) -> Rows:
    """All rows; none without a database."""
    try:
        return rows.read(box, repository.database, **env) if repository.database else Rows()
    except rows.Refused as error:
        return not_judged(str(error))  # type: ignore[return-value]


def by_hand(box: Sandbox, statements: str) -> None:
    """Change rows without the repository's commands."""
    try:
        rows.shell(box, statements)
    except rows.Refused as error:
        not_judged(str(error))


def refusal(box: Sandbox, repository: Repository, file: Path) -> Refusal:
    """dev.restore with a file that it must refuse."""
    before = held(box, repository)
    done = box.run("dev.restore", str(file))
    return Refusal(done, before, held(box, repository))


def page(url: str, name: str = "") -> int:
    """The HTTP status at a URL; 0 without an answer. The name is not resolved, since not every system can.

    `name`: a host to ask for instead of the one in the URL.
    """
    host = url.split("://")[-1].split("/")[0]
    port = host.rpartition(":")[2]
    asked = f"{name}:{port}" if name else host
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Host": asked})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay())
    try:
        with opener.open(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, ValueError, http.client.HTTPException):
        return 0


class Stay(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer. It is not followed, since it may lead to another service."""

    def redirect_request(self, *about: object) -> None:
        return None


@pytest.fixture(scope="session")
def first_up(sandbox: Sandbox) -> Done:
    """The first start, whether it worked or not."""
    return sandbox.run("dev.up", "--only", "--json")


@pytest.fixture(scope="session")
def up(sandbox: Sandbox, repository: Repository, first_up: Done) -> Seen:
    """After the first start."""
    if not first_up.ok:
        not_judged(f"{first_up} (CMD-2)")
    return look(sandbox, repository, first_up)


@pytest.fixture(scope="session")
def url(sandbox: Sandbox, up: Seen) -> str:
    return str(up.answer.get("url") or f"http://127.0.0.1:{sandbox.env['DEV_PORT']}")


@pytest.fixture(scope="session")
def again(sandbox: Sandbox, repository: Repository, up: Seen) -> Seen:
    """After a second dev.up."""
    return look(sandbox, repository, sandbox.run("dev.up", "--only"))


@pytest.fixture(scope="session")
def migrated(sandbox: Sandbox, repository: Repository, up: Seen, database: str) -> Seen:
    """After dev.migrate."""
    return look(sandbox, repository, sandbox.run("dev.migrate"))


@pytest.fixture(scope="session")
def seeded(sandbox: Sandbox, repository: Repository, up: Seen, database: str) -> Seen:
    """After dev.seed."""
    return look(sandbox, repository, sandbox.run("dev.seed"))


@pytest.fixture(scope="session")
def looked(sandbox: Sandbox, repository: Repository, up: Seen) -> Seen:
    """After dev.plan, dev.doctor and dev.status. Notes: what ran before them."""
    running = sandbox.machine.running()
    for command in ("dev.plan", "dev.doctor"):
        sandbox.run(command)
    seen = look(sandbox, repository, sandbox.run("dev.status", "--only"))
    seen.notes = {"running": running}
    return seen


@pytest.fixture(scope="session")
def restarted(sandbox: Sandbox, repository: Repository, up: Seen) -> Seen:
    """After a row was entered by hand, dev.down, and dev.up. Notes: what ran and answered while it was down."""
    if repository.database:
        by_hand(sandbox, rows.BY_HAND)
        sandbox.rows = held(sandbox, repository)
    down = sandbox.run("dev.down", "--only")
    notes = {"down": down, "running": sandbox.machine.running(), "page": page(url_of(up.done))}
    seen = look(sandbox, repository, sandbox.run("dev.up", "--only", "--json"))
    seen.notes = notes
    return seen


@pytest.fixture(scope="session")
def restored(sandbox: Sandbox, repository: Repository, restarted: Seen, database: str) -> Restored:
    """After a snapshot that is also written to a file, a row changed by hand, and dev.restore."""
    kept = held(sandbox, repository)
    snapshot = sandbox.run("dev.snapshot", "contract", "--export", str(sandbox.file))
    by_hand(sandbox, rows.CHANGED)
    done = sandbox.run("dev.restore", "contract")
    sandbox.rows = held(sandbox, repository)
    return Restored(snapshot, done, kept, sandbox.rows)


@pytest.fixture(scope="session")
def was_reset(sandbox: Sandbox, repository: Repository, restarted: Seen, database: str) -> Seen:
    """After dev.reset."""
    return look(sandbox, repository, sandbox.run("dev.reset"))


@pytest.fixture(scope="session")
def lean(sandbox: Sandbox, up: Seen) -> Done:
    """A start with DEV_LEAN, as other repositories start the service."""
    return sandbox.run("dev.up", "--only", "--json", DEV_LEAN="1")


@pytest.fixture(scope="session")
def killed(sandbox: Sandbox, repository: Repository, restarted: Seen) -> Done:
    """The start after one that was killed halfway, with everything that it had started."""
    sandbox.run("dev.down", "--only")
    running = sandbox.start("dev.up", "--only", "--json")
    running.wait(restarted.done.seconds / 2)
    machine.kill_all([*machine.children(running.process.pid), running.process.pid])
    running.kill()
    return sandbox.run("dev.up", "--only", "--json")


@pytest.fixture(scope="session")
def neighbour(sandbox: Sandbox, repository: Repository, restarted: Seen) -> Neighbour:
    """The same repository in a second workspace, up next to the first and then removed."""
    sandbox.run("dev.up", "--only")
    other = second_workspace(sandbox)
    done = sandbox.run("dev.up", "--only", "--json", **other)
    pages = {name: page(url_of(seen)) for name, seen in (("first", restarted.done), ("second", done))}
    tables = list(held(sandbox, repository, **other).columns) if done.ok else []
    sandbox.run("dev.destroy", "--only", "--yes", **other)
    return Neighbour(done, pages, tables)


def url_of(done: Done) -> str:
    """The URL that dev.up --json answered with."""
    answer = done.json()
    return str(answer.get("url") or "") if isinstance(answer, dict) else ""


def second_workspace(box: Sandbox) -> dict[str, str]:
    """The variables for the second workspace. Its name begins with the first one's, so that it is removed with it."""
    name = f"{box.token}-b"
    return {"DEV_WORKSPACE": name, "DEV_NETWORK": f"devenv-{name}", "DEV_PORT": str(free_port())}


@pytest.fixture(scope="session")
def unconfirmed(sandbox: Sandbox, up: Seen) -> tuple[Done, list[int]]:
    """dev.destroy without --yes, with an open stdin but no answer; the HTTP status before and after."""
    url = url_of(sandbox.run("dev.status", "--only", "--json"))
    before, done = page(url), sandbox.run("dev.destroy", "--only", stdin=None)
    return done, [before, page(url)]


@pytest.fixture(scope="session")
def destroyed(sandbox: Sandbox, up: Seen) -> Done:
    """The end of the run."""
    sandbox.machine.containers()  # notes the projects whose things must be gone
    return sandbox.run("dev.destroy", "--only", "--yes")


@pytest.fixture(scope="session")
def stranger(sandbox: Sandbox, repository: Repository, restored: Restored, destroyed: Done) -> Refusal:
    """The file, restored in another service: the same repository under another name, up just for this."""
    path = sandbox.checkout / "dev.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(?m)^service:.*$", "service: contract-stranger", before), encoding="utf-8")
    up_again(sandbox, restored)
    seen = refusal(sandbox, repository, sandbox.file)
    sandbox.run("dev.destroy", "--only", "--yes")
    path.write_text(before, encoding="utf-8")
    return seen


@pytest.fixture(scope="session")
def recreated(sandbox: Sandbox, repository: Repository, restored: Restored, destroyed: Done) -> Rows:
    """The rows after dev.destroy and a new start."""
    up_again(sandbox, restored)
    return held(sandbox, repository)


@pytest.fixture(scope="session")
def returned(sandbox: Sandbox, repository: Repository, restored: Restored, recreated: Rows) -> Restored:
    """After that, dev.restore with the file."""
    done = sandbox.run("dev.restore", str(sandbox.file))
    return replace(restored, done=done, rows=held(sandbox, repository))


@pytest.fixture(scope="session")
def damaged(sandbox: Sandbox, repository: Repository, returned: Restored) -> list[Refusal]:
    """The file without its second half, and with a changed byte in the middle."""
    content = sandbox.file.read_bytes()
    half = len(content) // 2
    seen = []
    for wrong in (content[:half], content[:half] + bytes([content[half] ^ 255]) + content[half + 1 :]):
        sandbox.file.write_bytes(wrong)
        seen.append(refusal(sandbox, repository, sandbox.file))
    return seen


def up_again(box: Sandbox, restored: Restored) -> None:
    """A start on a new database, for the tests that restore the file of the snapshot."""
    if not box.file.is_file():
        not_judged(f"{restored.snapshot}\ndev.snapshot wrote no file (DATA-8)")
    done = box.run("dev.up", "--only")
    if not done.ok:
        not_judged(str(done))


@pytest.fixture(scope="session")
def production(sandbox: Sandbox, repository: Repository, up: Seen, in_containers: None) -> image.Image:
    """The image of target `prod`, built here."""
    built = image.build(sandbox, repository)
    if built.log:
        not_judged(f"the build of target prod failed: {built.log}")
    return built

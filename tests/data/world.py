"""A machine that can be stopped before any single effect: a server's databases, the files of our records, the app.

All that changes anything goes through `World.effect`. So a command can be ended before each of its effects, or in the
middle of one, for every kind of end, in seconds; what is real beside it is tested by test_killed.py.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any

import pytest

from devenv.base import locks, records
from devenv.base.errors import CONFIG, UNHEALTHY, DevError
from devenv.base.process import Result
from devenv.context.environment import Asked, Environment
from devenv.databases import find, states
from devenv.databases.database import Database
from devenv.databases.states import Note, Seen, State, Survey
from devenv.datastates import dumps, live, planning, settling, snapshots, store
from devenv.datastates.steps import carry_out
from devenv.engines.interface import Place
from devenv.engines.interface import State as Running
from devenv.lifecycle import up as operation
from devenv.model import config, services
from tests.unit.conftest import COMPOSE_YAML, DEV_YAML, DOCKERFILE

LIVE = "service"
LOCK = "packages.lock"  # holds what each package brings of migrations
DECLARES = f"postgres:17\n    environment: {{POSTGRES_USER: {LIVE}}}"
Act = Callable[[], None]
End = Callable[[int, str, Act, Act], None]  # number of the effect, its name, what does it, what does half of it
SCENARIOS = """\
scenarios:
  default: {run: ./seed default}
  big: {run: './seed big {rows}', params: {rows: 2}, after: [default]}
"""


def nothing() -> None:
    pass


class Killed(BaseException):
    """SIGKILL: nothing of the command runs after it."""


@dataclass
class World:
    """One repository and one server. `renames`: a server that can rename a database; else a pointer says which is live.

    A database is the set of its rows: `migration NAME`, those of scenarios, and what people entered.
    """

    repo: Path
    port: int
    renames: bool = True
    chooses: bool = True
    branch: str = "main"
    volume: str = "v1"
    databases: dict[str, frozenset[str]] = field(default_factory=lambda: {LIVE: frozenset()})
    table: dict[str, tuple[str, str, str]] | None = None  # what the server's own table says of them, by id
    admitted: str = ""  # what was done for the app's account
    running: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)  # the effects so far
    listed: list[str] = field(default_factory=list)  # how the packages' migrations were listed, each time
    listing_ends: int = 0  # its exit code next to a migration
    end: End | None = None  # what becomes of the effects of a command that ends before its time
    one_at_a_time: AbstractContextManager[bool] = field(default_factory=RLock)

    def effect(self, words: str, act: Act, half: Act = nothing) -> None:
        """Something that changes the machine. `half`: what is there when it is torn."""
        with self.one_at_a_time:  # dev.up stores a layer while the app starts
            self.done.append(words)
            if self.end:
                self.end(len(self.done) - 1, words, act, half)
            else:
                act()

    def env(self) -> Environment:
        """What every command begins with."""
        record = records.read("main", "catalog")
        settings, place = self.settings, self.place
        declared = find.find(place.services)
        assert declared
        name = record.known("native").get("live") or declared.name
        database = FakeDatabase("db", "postgres", LIVE, name, "", account="app", world=self)
        engine, asked = FakeEngine(self, name, place), Asked("", 0, False, None, False)
        return Environment(settings, place, engine, record, "localhost", self.port, 0, database, Seen(), asked)

    @cached_property
    def settings(self) -> config.Config:
        return config.load(self.repo)

    @cached_property
    def place(self) -> Place:
        variables = {"DEV_ENV_FILE": str(self.repo / "none")}
        found = services.load(self.repo / "compose.yaml", variables)
        return Place(
            self.repo,
            "main",
            "catalog",
            "app",
            "compose.yaml",
            "",
            found,
            variables,
            {},
            "devenv-main",
            {},
            "main-catalog",
        )

    @property
    def live_name(self) -> str:
        """The database that the app works on."""
        rows = [name for kind, name, _ in (self.table or {}).values() if kind == states.LIVE]
        return rows[0] if rows else LIVE

    @property
    def live(self) -> frozenset[str]:
        """Its rows."""
        return self.databases[self.live_name]

    def enter(self, row: str) -> None:
        """A row, by hand."""
        self.databases[self.live_name] |= {row}

    def migrations(self, *names: str) -> None:
        """What the checkout has of them."""
        folder = self.repo / "migrations"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in names:
            (folder / f"{name}.py").write_text(name)

    def packages(self, *names: str) -> None:
        """What is installed has of them."""
        (self.repo / LOCK).write_text("".join(f"{name}\n" for name in names))

    def states(self) -> list[State]:
        """Those on the server, then those that only have a dump; the oldest first."""
        env = store.look(self.env())
        found = [s for s in store.survey(env).states if s.kind != states.LIVE]
        there = {s.id for s in found}
        return sorted([*found, *(s for s in dumps.every(env) if s.id not in there)], key=lambda s: s.created)

    def known(self) -> dict[str, Any]:
        """What is known of the live data."""
        return live.known(store.look(self.env()))

    # ---- the verbs, as the tasks call them

    def up(self) -> list[str]:
        with self._locked("dev.up") as env:
            return [step.kind for step in operation.up(env)[1]]

    def reset(self, scenario: str = "default", **given: str) -> None:
        with self.command("dev.reset") as env:
            live.reset(env, scenario, given)

    def snapshot(self, name: str = "kept", again: bool = False) -> None:
        with self.command("dev.snapshot") as env:
            snapshots.snapshot(env, name, again)

    def restore(self, name: str = "kept", force: bool = False) -> None:
        with self.command("dev.restore") as env:
            carry_out(env, planning.restore(env, name, Path(name), force))

    @contextmanager
    def command(self, name: str) -> Iterator[Environment]:
        """The lock, and a database that runs."""
        with self._locked(name) as env:
            yield live.ready(env)

    @contextmanager
    def _locked(self, name: str) -> Iterator[Environment]:
        with locks.held(records.path("main", "catalog", "lock"), name):
            yield self.env()


@dataclass(frozen=True)
class FakeDatabase(Database):
    """Keeps the promises of Database, and no others: what is torn is half done."""

    world: World = field(compare=False, kw_only=True)

    def version(self, engine: Any) -> str:
        return "17.5"

    def client(self, *args: str) -> list[str]:
        return ["client", *args]

    @property
    def renames(self) -> bool:
        return self.world.renames

    def create(self, engine: Any) -> None:
        self._change("create", lambda: self._put(frozenset()))

    def drop(self, engine: Any) -> None:
        self._change("drop", lambda: self.world.databases.pop(self.name, None) and None)

    def copy(self, engine: Any, source: str) -> None:
        assert self.name not in self.world.databases
        rows = self.world.databases[source]
        self._change("copy", lambda: self._put(rows), lambda: self._put(frozenset(sorted(rows)[::2])))

    def survey(self, engine: Any) -> Survey:
        table = self.world.table
        rows = [states.read(id, *row) for id, row in (table or {}).items()]
        found, kept = frozenset(self.world.databases), table is not None
        return Survey(found, tuple(filter(None, rows)), kept=kept, admitted=self.world.admitted)

    def establish(self, engine: Any, ensure: bool, admit: bool) -> None:
        if ensure:
            self.world.effect("server: ensure the table", lambda: setattr(self.world, "table", self.world.table or {}))
        if admit:
            self.world.effect("server: admit the app", lambda: setattr(self.world, "admitted", self.mark))

    def note(self, engine: Any, note: Note) -> None:
        def change() -> None:
            table, databases = self.world.table, self.world.databases
            assert table is not None
            for old, new in note.renames:
                assert new not in databases
                databases[new] = databases.pop(old)
            for id in note.gone:
                table.pop(id, None)
            table.update({s.id: (s.kind, s.database, s.facts) for s in note.put})

        assert self.world.renames or not note.renames
        words = "take over" if note.renames else "note"
        self.world.effect(f"server: {words} {len(note.put)}", change)

    def settle(self, engine: Any, names: Sequence[str]) -> None:
        """Nothing goes on in this server."""

    def is_empty(self, engine: Any) -> bool:
        return not self.world.databases[self.name]

    def sizes(self, engine: Any) -> dict[str, int]:
        return {name: len(rows) for name, rows in self.world.databases.items()}

    def dump(self, engine: Any, file: Path) -> None:
        rows = "\n".join(sorted(self.world.databases[self.name]))
        self._change("dump", lambda: _write(file, rows), lambda: _write(file, rows[: len(rows) // 2]))

    def load(self, engine: Any, file: Path) -> None:
        assert not self.world.databases[self.name]
        rows = frozenset(file.read_text().split("\n"))
        self._change("load", lambda: self._put(rows), lambda: self._put(frozenset(sorted(rows)[::2])))

    def _put(self, rows: frozenset[str]) -> None:
        self.world.databases[self.name] = rows

    def _change(self, what: str, act: Act, half: Act = nothing) -> None:
        self.world.effect(f"server: {what} {self.name}", act, half)


@dataclass
class FakeEngine:
    """Runs the service's commands on one of the databases."""

    world: World
    database: str
    place: Place
    name: str = "native"

    def look(self) -> dict[str, Running]:
        return {name: Running(name, True, True, "running") for name in self.world.running}

    def version(self) -> str:
        return "fake engine"

    def is_built(self) -> bool:
        return True

    def build(self, _services: Sequence[str]) -> None:
        pass

    def remove_older(self) -> None:
        pass

    def start(self, names: Sequence[str], timeout: float) -> None:
        self.world.effect("start", lambda: self.world.running.update(names))

    def failing(self, states: Mapping[str, Running], _started: bool = False) -> list[str]:
        return [name for name in self.place.services if name not in self.world.running]

    def prepared(self) -> AbstractContextManager[None]:
        return nullcontext()

    def tidy(self) -> None:
        """No command is killed here."""

    def stop(self) -> None:
        self.world.effect("stop", self.world.running.clear)

    def flush(self, _service: str) -> None:
        pass

    def may_hold(self, service: str) -> bool:
        return bool(self.world.volume)

    def data_id(self) -> str:
        return self.world.volume

    def holds(self, noted: str, service: str = "") -> bool:
        return noted == self.world.volume

    def step(self, name: str, argv: Sequence[str]) -> int:
        if name == "pending":
            return 1
        assert name == "migrate"
        files = sorted((self.world.repo / "migrations").glob("*.py"))
        found = [file.read_text() for file in files] + (self.world.repo / LOCK).read_text().split()
        self._change(name, [f"migration {each}" for each in found])
        return 0

    def collect(self, name: str, argv: Sequence[str]) -> Result:
        if name == "package_migrations":
            self.world.listed.append("alone")
            return Result(0, (self.world.repo / LOCK).read_text(), "")
        scenario, *rest = argv[1:]
        rows = {"default": ["default a", "default b"], "big": [f"big {n}" for n in range(int((rest or ["0"])[0]))]}
        assert scenario == "default" or "default a" in self.world.databases[self.database]
        self._change(f"seed {scenario}", rows[scenario])
        return Result(0, "{}", "")

    def begin(self, name: str, argv: Sequence[str]) -> Callable[[], Result]:
        assert name == "package_migrations"
        self.world.listed.append("beside")
        return lambda: Result(self.world.listing_ends, (self.world.repo / LOCK).read_text(), "")

    def _change(self, what: str, rows: Sequence[str]) -> None:
        def add(rows: Sequence[str]) -> None:
            self.world.databases[self.database] |= set(rows)

        self.world.effect(f"server: {what} {self.database}", lambda: add(rows), lambda: add(rows[:1]))


def _write(file: Path, text: str) -> None:
    file.write_text(text)


def make(repo: Path, port: int, patch: pytest.MonkeyPatch, **how: Any) -> World:
    """A repository with two migrations and two scenarios, on a server with one empty database."""
    repo.mkdir(exist_ok=True)
    text = DEV_YAML.replace("scenarios: {default: {run: ./seed default}}\n", SCENARIOS)
    text = text.replace("commands: {", "commands: {package_migrations: ./list, ").replace('py"]', f'py", {LOCK}]')
    (repo / "dev.yaml").write_text(text.replace("18160", str(port)))
    (repo / "compose.yaml").write_text(COMPOSE_YAML.replace("postgres:17", DECLARES))
    (repo / "Dockerfile").write_text(DOCKERFILE)
    (repo / ".dev").mkdir(exist_ok=True)
    (repo / ".dev/VERSION").write_text("1")
    world = World(repo, port, **how)
    world.migrations("0001_item", "0002_more")
    world.packages()
    _install(world, patch)
    return world


def _install(world: World, patch: pytest.MonkeyPatch) -> None:
    """Everything except the database goes through the world, too."""
    patch.setattr(store, "branch", lambda env: world.branch)
    patch.setattr(settling, "DROPPING", 0)  # nothing goes on in this server when a command has ended
    patch.setattr(Environment, "on", lambda self, name: _on(world, self, name))
    patch.setattr(Environment, "chooses_database", property(lambda self: world.chooses))
    replace_file, unlink, rmtree = records.replace_file, Path.unlink, shutil.rmtree

    def put(target: Path, text: str) -> None:
        world.effect(f"write {target.name}", lambda: replace_file(target, text))

    def remove(path: Path, missing_ok: bool = False) -> None:
        world.effect(f"remove {path.name}", lambda: unlink(path, missing_ok=missing_ok))

    def remove_tree(path: Any, ignore_errors: bool = False) -> None:
        with suppress(OSError if ignore_errors else ()):
            world.effect(f"remove {path}", lambda: rmtree(path, ignore_errors))

    patch.setattr(records, "replace_file", put)
    patch.setattr(Path, "unlink", remove)
    patch.setattr(shutil, "rmtree", remove_tree)
    patch.setattr(locks, "_sign", lambda fd, command: None)


def _on(world: World, env: Environment, name: str) -> Environment:
    if not world.chooses:
        raise DevError(CONFIG, "its database is fixed")
    assert env.database
    return env._replace(engine=FakeEngine(world, name, env.place), database=env.database.at(name))


# ---- how a command ends before its time. `at`: the number of the effect at which it does


def killed(at: int) -> End:
    """SIGKILL before it."""
    return _dead(at, lambda half: None)


def torn(at: int) -> End:
    """SIGKILL in the middle of it."""
    return _dead(at, lambda half: half())


def interrupted(at: int) -> End:
    """Ctrl-C right after it: what the command does about that goes well."""

    def end(number: int, words: str, act: Act, half: Act) -> None:
        act()
        if number == at:
            raise KeyboardInterrupt

    return end


def refused(at: int) -> End:
    """It fails, and all goes on."""

    def end(number: int, words: str, act: Act, half: Act) -> None:
        if number == at:
            half()
            raise _error(words)
        act()

    return end


def full(at: int) -> End:
    """No room on the disk from then on. What removes something still works."""

    def end(number: int, words: str, act: Act, half: Act) -> None:
        if number >= at and not words.startswith(("remove", "server: drop", "server: note 0", "server: take over")):
            half()
            raise _error(words)
        act()

    return end


def lost(at: int) -> End:
    """The server is gone, before it: from then on nothing of it answers."""
    return _lost(at, answered=False)


def lost_after(at: int) -> End:
    """The server does it, and is gone before it can say so."""
    return _lost(at, answered=True)


def _dead(at: int, last: Callable[[Act], None]) -> End:
    def end(number: int, words: str, act: Act, half: Act) -> None:
        if number < at:
            act()
            return
        if number == at:
            last(half)
        raise Killed

    return end


def _lost(at: int, answered: bool) -> End:
    def end(number: int, words: str, act: Act, half: Act) -> None:
        if number < at or not words.startswith("server"):
            act()
            return
        if number == at:
            (act if answered else half)()
        raise _error(words)

    return end


def _error(words: str) -> Exception:
    if words.startswith("server"):
        return DevError(UNHEALTHY, "db: the server closed the connection")
    return OSError(errno.ENOSPC, "No space left on device")

"""Random verbs, edits and kills on a service. After each round, every committed row is in its place.

A round is some actions from the table ACTIONS, then one `dev.up`. While verbs run, something is killed in one of the
ways of KILLS, at any moment. What has to hold afterwards: `dev.up` ends with 0 and all is healthy; the data is one of
the worlds that ledger.py allows; nothing else is left behind.

A failure prints the command that repeats its round:

    CHAOS_SEED=1013 CHAOS_ROUNDS=1 make test ARGS="-k native-postgres-20"

That does the same on a new service, at about the same moments. If it finds nothing, the rounds before may be needed:
take the seed of the first one, and a larger number of rounds.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from devenv.base import locks
from tests.conftest import until
from tests.data.power import Disk
from tests.gitrepo import git
from tests.verbs import machine
from tests.verbs.repo import Done, Repo, end, get

from . import ledger, service
from .ledger import Ledger, Rows, Verb, World

DOCUMENTED = {0, 1, 2, 110, 111, 112, 113, 114}
SECOND = 1.5  # MariaDB writes its log to the disk once a second, and a loaded machine a little later
LONG = 300  # seconds after which a command hangs
UNIT = re.compile(rb"DEVENV_UNIT=[^\0]*/([^/\0]+)/native/([^/\0]+)")


class Command(NamedTuple):
    """A verb as it is typed, and what it does to the data."""

    argv: tuple[str, ...]
    act: Verb = ledger.look


class Broken(AssertionError):
    """Something does not hold."""


# ---- the verbs, each with names and sizes by chance


def _restored(chance: random.Random) -> Command:
    name = chance.choice(["a", "b", "previous", "previous", *service.BRANCHES])
    force = ("--force",) if chance.random() < 0.3 else ()
    return Command(("dev.restore", name, *force), ledger.restore(name, bool(force)))


def _snapshot(chance: random.Random) -> Command:
    name = chance.choice("ab")
    return Command(("dev.snapshot", name, "--replace"), ledger.snapshot(name))


def _export(chance: random.Random) -> Command:
    name, file = chance.choice("ab"), "../data.tar.gz"
    return Command(("dev.snapshot", name, "--replace", "--export", file), ledger.export(name, file))


def _big(chance: random.Random, *words: str) -> Command:
    size = chance.randint(2, 4)
    rows = ledger.big(size)
    act = ledger.seed(lambda here: rows) if words == ("dev.seed",) else ledger.reset(rows)
    return Command((*words, "big", "-p", f"rows={size}"), act)


def _always(*argv: str, act: Verb = ledger.look) -> Callable[[random.Random], Command]:
    return lambda chance: Command(argv, act)


VERBS: dict[str, Callable[[random.Random], Command]] = {
    "up": _always("dev.up", act=ledger.up),
    "migrate": _always("dev.migrate", act=ledger.migrate),
    "seed": _always("dev.seed", act=ledger.seed(ledger.default)),
    "seed big": lambda chance: _big(chance, "dev.seed"),
    "snapshot": _snapshot,
    "snapshot to a file": _export,
    "restore": _restored,
    "restore a file": _always("dev.restore", "../data.tar.gz", act=ledger.restore_file("../data.tar.gz")),
    "reset": _always("dev.reset", act=ledger.reset()),
    "reset to big": lambda chance: _big(chance, "dev.reset", "--scenario"),
    "prune": _always("dev.state", "prune", "--yes"),
    "down": _always("dev.down"),
}


@dataclass
class Chaos:
    """A service with what it requires, up, and the ledger of its data. `disk`: what it is on, if that loses power."""

    repo: Repo
    database: str
    disk: Disk | None = None
    told: list[str] = field(default_factory=list)  # the actions of this round, in words
    rows: int = 0  # that were entered
    lengths: dict[str, float] = field(default_factory=dict)  # by verb, in seconds
    patience: float = 30  # seconds that something may take to go away

    def __post_init__(self) -> None:
        here = service.here(self.repo.path)
        self.ledger = Ledger(World(ledger.fresh(here)), here)
        self.base = Ledger(World(ledger.fresh(ledger.Here("", here.migrations))), here)
        status = self.repo.status()
        self.urls = {service.ROOT: status["url"], service.BASE: status["requires"][0]["url"]}
        self.word = 0
        self.running = self.processes()

    @property
    def native(self) -> bool:
        return self.repo.env["DEV_ENGINE"] == "native"

    def prepare(self) -> None:
        """Something to lose: rows, a snapshot and a file of them, and data of another branch."""
        chance = random.Random(0)
        self.enter(chance)
        self.together([_export(chance)])
        self.switch(chance)
        self.together([VERBS["up"](chance)])
        self.enter(chance)
        self.together([_snapshot(chance)])

    # ---- a round

    def round(self, seed: int) -> None:
        """Some actions, then one dev.up. Broken, with all that is needed to repeat it."""
        self.told = []
        chance = random.Random(seed)
        try:
            weights = [weight for weight, _ in ACTIONS.values()]
            for name in [*chance.choices([*ACTIONS], weights, k=chance.randint(1, 2)), "a verb"]:
                ACTIONS[name][1](self, chance)
            self.together([Command(("dev.up",), ledger.up)])
            self.check()
        except AssertionError as error:
            words = "\n".join(f"  {line}" for line in self.told)
            test = f"native-{self.database}-20" if self.native else f"compose-{self.database}-20"
            again = f'CHAOS_SEED={seed} CHAOS_ROUNDS=1 make test ARGS="-k {test}" repeats this round:\n{words}'
            logs = self.repo.run("dev.logs", "--tail", "15").stdout
            raise Broken(f"{error}\n\n{logs}\n{again}") from None

    def together(self, commands: list[Command], kill: str = "", at: float = 0, row: bool = False) -> None:
        """Run commands at once. After this part of their usual time, a row is entered, and something is killed."""
        began, cut = time.monotonic(), kill == "power"
        if cut:
            time.sleep(SECOND)
        started = [self.repo.start(*command.argv) for command in commands]
        if kill or row:
            time.sleep(at * max(self.lengths.get(command.argv[0], 1.0) for command in commands))
        entered = [self.post(service.ROOT)] if row else []
        if kill:
            KILLS[kill](self, started)
        ended = [self.wait(process) for process in started]
        if not kill and not row and len(commands) == 1:
            self.lengths[commands[0].argv[0]] = time.monotonic() - began
        codes = [done.code for done in ended]
        self.tell(commands, kill, at, [well for _, well in entered], codes)
        for command, done in zip(commands, ended):
            self.judge(command, done, bool(kill), len(commands) > 1)
        lost = cut and self.database == "mysql"  # of the last second, nothing is promised
        acts = [(command.act, code == 0 and not lost) for command, code in zip(commands, codes)]
        acts += [(ledger.enter(name), well and not lost) for name, well in entered]
        self.ledger.ran([act for act, well in acts if well], [act for act, well in acts if not well])

    def tell(self, commands: list[Command], kill: str, at: float, rows: list[bool], codes: list[int]) -> None:
        words = " and ".join(" ".join(command.argv) for command in commands)
        more = [f"{kill} killed at {at:.2f} of its time"] if kill else []
        more += [f"a row entered at {at:.2f}: {'confirmed' if well else 'not confirmed'}" for well in rows]
        self.told.append(f"{'; '.join([words, *more])}: exit {', '.join(map(str, codes))}")

    def wait(self, process: subprocess.Popen[str]) -> Done:
        if process.returncode is not None:  # killed: what it printed is read by nobody
            return Done(process.returncode, "", "")
        try:
            out, err = process.communicate(timeout=LONG)
        except subprocess.TimeoutExpired:
            end(process, os.killpg)
            raise Broken(f"{process.args} hangs") from None
        return Done(process.returncode, out, err)

    def judge(self, command: Command, done: Done, killed: bool, beside: bool) -> None:
        """What a command may end with."""
        words = f"{' '.join(command.argv)} ended with {done.code}:\n{done.stderr}"
        refuses = self.ledger.refuses(command.act)
        may_fail = killed or True in refuses or (beside and "restore" in command.argv[0])
        allowed = DOCUMENTED | ({-signal.SIGKILL} if killed else set()) if may_fail else {0}
        assert done.code in allowed, words
        assert done.code <= 0 or done.error.startswith(f"error[{done.code}]: "), words
        assert killed or refuses != {True} or beside or done.code in (2, 114), f"not refused: {words}"

    # ---- actions

    def verb(self, chance: random.Random) -> None:
        """A verb, which is killed more often than not."""
        command = VERBS[chance.choice([*VERBS])](chance)
        kill, at, row = chance.choice([*KILLS]), chance.random(), chance.random() < 0.4
        self.together([command], kill if chance.random() < 0.8 else "", at, row)

    def two(self, chance: random.Random) -> None:
        """Two verbs at once."""
        commands = [VERBS[chance.choice([*VERBS])](chance) for _ in range(2)]
        kill, at = chance.choice([*KILLS]), chance.random()
        self.together(commands, kill if chance.random() < 0.3 else "", at)

    def enter(self, chance: random.Random) -> None:
        """A row, in each of the two services."""
        for name, kept in ((service.ROOT, self.ledger), (service.BASE, self.base)):
            row, well = self.post(name)
            self.told.append(f"row {row} in {name}: {'confirmed' if well else 'not confirmed'}")
            if well:
                kept.entered(row)
            else:
                kept.ran([], [ledger.enter(row)])

    def edit_seeds(self, chance: random.Random) -> None:
        """The default scenario makes another row."""
        number = 1 + self.ledger.here.seeds % 3
        (self.repo.path / "seeds.txt").write_text(f"{number}\n")
        self.edited(f"seeds.txt is {number}")

    def edit_migrations(self, chance: random.Random) -> None:
        """A migration more, or that one less. Git does not know of it, so it is on each branch."""
        names = self.ledger.here.migrations ^ {"0003_more"}
        service.put_migrations(self.repo.path, {*names})
        self.edited(f"migrations: {sorted(names)}")

    def edit_code(self, chance: random.Random) -> None:
        """The app needs another setting, and has another line."""
        self.word += 1
        self.repo.append("service.py", f"# {self.word}\n")
        compose = self.repo.path / "compose.yaml"
        compose.write_text(re.sub(r" WORD: .*", f" WORD: w{self.word}", compose.read_text()))
        self.edited(f"WORD is w{self.word}")

    def switch(self, chance: random.Random) -> None:
        """Another branch, with what is not committed."""
        [other] = {*service.BRANCHES} - {self.ledger.here.branch}
        git(self.repo.path, "switch", "--quiet", other)
        self.edited(f"git switch {other}")

    def edited(self, words: str) -> None:
        self.told.append(words)
        self.ledger.here = service.here(self.repo.path)

    def post(self, name: str) -> tuple[str, bool]:
        """Enter a row in the app of a service. Its name, and whether that was confirmed."""
        self.rows += 1
        row = f"row-{self.rows}"
        try:
            return row, get(self.urls[name], f"/{row}", "POST")[0] == 200
        except OSError:
            return row, False

    # ---- afterwards

    def check(self) -> None:
        """All is healthy, each row is in its place, nothing is left behind."""
        status = self.repo.status()
        assert status["healthy"], status
        assert status["requires"][0]["healthy"], status
        seen: dict[str, Any] = {}
        for name, kept in ((service.ROOT, self.ledger), (service.BASE, self.base)):
            assert until(lambda name=name: self.is_settled(seen, name), self.patience), (
                f"{name}: drafts are left: {seen.get(name)}"
            )
            wrong = kept.saw(places(seen[name]))
            assert not wrong, f"{name}: {wrong}"
            assert_whole(seen[name])
        if self.word:
            assert seen[service.ROOT]["word"] == f"w{self.word}"
        self.check_leftovers()
        listed = self.repo.ok("dev.state", "list", "--json").json()
        on_server = [(row[0], row[1]) for row in states(seen[service.ROOT]) if row[1] != "live"]
        assert sorted((each["id"], each["kind"]) for each in listed if each["kind"] != "live") == sorted(on_server)

    def is_settled(self, seen: dict[str, Any], name: str) -> bool:
        """Whether no draft is on the server: some are dropped in the background. `seen` gets what is there."""
        try:
            seen[name] = json.loads(get(self.urls[name], "/")[1])
        except (OSError, ValueError):  # a database that is dropped meanwhile ends the session
            return False
        named = {row[2] for row in states(seen[name])}
        drafts = [row for row in states(seen[name]) if row[1] == "draft"]
        return not drafts and {*seen[name]["databases"]} == named | {"devenv"}

    def check_leftovers(self) -> None:
        """No process, container, lock or file that was not there before."""
        words = f"{self.processes()} instead of {self.running}"
        assert until(lambda: self.processes() == self.running, self.patience), words
        folder = self.repo.path.parent
        left = [str(path) for path in (folder / "tmp").iterdir()]
        left += [str(path) for path in folder.glob("*") if path.name.endswith(".tmp")]
        left += [path for path in machine.below(folder / "state") if re.search(r"(\.tmp|\.new|\.removed)$", path)]
        left += [str(path) for path in folder.glob("state/**/*.lock") if locks.is_held(path)]
        assert not left, f"left behind: {left}"

    def processes(self) -> Counter[str]:
        """What runs for the two services, by name: each process that is not a child of one with the same name."""
        found = dict(processes(self.repo.token))
        roots = [name for name, parent in found.values() if found.get(parent, ("", 0))[0] != name]
        containers = [] if self.native else containers_of(self.repo.token)
        return Counter([*roots, *containers])


ACTIONS: dict[str, tuple[int, Callable[[Chaos, random.Random], None]]] = {
    "a verb": (6, Chaos.verb),
    "two verbs at once": (3, Chaos.two),
    "a row": (4, Chaos.enter),
    "a branch": (3, Chaos.switch),
    "a migration": (2, Chaos.edit_migrations),
    "the seeds": (1, Chaos.edit_seeds),
    "the code": (1, Chaos.edit_code),
}


# ---- kills


Started = list["subprocess.Popen[str]"]


def kill_command(chaos: Chaos, started: Started) -> None:
    """Alone: what it started goes on."""
    end(started[0], os.kill)


def kill_group(chaos: Chaos, started: Started) -> None:
    """With its group, as a closed terminal does."""
    end(started[0], os.killpg)


def kill_unit(chaos: Chaos, started: Started, of: str, unit: str) -> None:
    """The main process of a unit, or its container."""
    if chaos.native:
        found = processes(chaos.repo.token)
        mains = [pid for pid, (name, parent) in found.items() if found.get(parent, ("", 0))[0] != name]
        kill_all([pid for pid in mains if found[pid][0] == f"{of} {unit}"])
    else:
        kill_containers([name for name in containers_of(chaos.repo.token) if f"-{of}-" in name and f"-{unit}-" in name])


def kill_engine(chaos: Chaos, started: Started) -> None:
    """Everything that runs, except commands."""
    if chaos.native:
        kill_all([pid for pid, (name, _) in processes(chaos.repo.token).items() if name != "command"])
    else:
        kill_containers(containers_of(chaos.repo.token))


def cut_power(chaos: Chaos, started: Started) -> None:
    """The power of the disk. Without such a disk, everything is killed, with the command."""
    if chaos.disk:
        chaos.disk.cut()
    else:
        kill_engine(chaos, started)
    for process in started:
        end(process, os.killpg)


KILLS: dict[str, Callable[[Chaos, Started], None]] = {
    "command": kill_command,
    "group": kill_group,
    "app": partial(kill_unit, of=service.ROOT, unit="app"),
    "server": partial(kill_unit, of=service.ROOT, unit="db"),
    "required server": partial(kill_unit, of=service.BASE, unit="db"),
    "engine": kill_engine,
    "power": cut_power,
}


def kill_all(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_containers(names: list[str]) -> None:
    for name in names:  # one that does not run is an error, which is none here
        subprocess.run(["docker", "kill", name], capture_output=True, check=False)


def containers_of(token: str) -> list[str]:
    return machine.answer("docker", "ps", "--all", "--filter", f"name=^{token}-", "--format", "{{.Names}}")


def processes(token: str) -> dict[int, tuple[str, int]]:
    """The processes of a workspace on this machine: by id, `SERVICE UNIT` or `command`, and the parent."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "environ").read_bytes()
            state, parent = (process / "stat").read_text(errors="replace").rpartition(") ")[2].split()[:2]
            if token.encode() in words and state not in "ZX":
                unit = UNIT.search(words)
                name = b" ".join(unit.groups()).decode() if unit else "command"
                found[int(process.name)] = (name, int(parent))
    return found


# ---- what a look finds


def states(seen: dict[str, Any]) -> list[list[Any]]:
    """The rows of the server's record: id, kind, database, facts."""
    rows = [[*row[:3], json.loads(row[3]) if isinstance(row[3], str) else row[3]] for row in recorded(seen)]
    assert [row[2] for row in rows if row[1] == "live"] == [seen["live"]], f"the app is on {seen['live']}: {rows}"
    return rows


def recorded(seen: dict[str, Any]) -> list[list[Any]]:
    found: list[list[Any]] = seen["databases"]["devenv"]["states"]
    return found


def places(seen: dict[str, Any]) -> Counter[ledger.Place]:
    """The same in the words of the ledger, without what can be built again."""
    found: Counter[ledger.Place] = Counter()
    for _, kind, database, facts in states(seen):
        rows, applied = content(seen, database)
        name = kind if kind in ("live", "previous") else f"{kind} {facts['name']}"
        if kind != "built":
            found[name, rows, applied] += 1
    return found


def content(seen: dict[str, Any], database: str) -> tuple[Rows, Rows]:
    """The rows and the migrations of a database."""
    tables = seen["databases"][database]
    return frozenset(tables["entry"]), frozenset(tables["migration"])


def assert_whole(seen: dict[str, Any]) -> None:
    """What was built for later has all rows of its scenario, and none that a person entered."""
    for _, kind, database, facts in states(seen):
        if kind == "built":
            rows, applied = content(seen, database)
            size = int(facts["name"].partition("rows=")[2] or 0)
            rest = rows - ledger.big(size)
            assert len(rows) == size + len(rest), (facts["name"], rows)
            assert len(rest) == (facts["name"] != "schema"), (facts["name"], rows)
            assert all(row.startswith("default-") for row in rest), (facts["name"], rows)
            assert applied == {Path(name).stem for name in facts["files"] if name.startswith("migrations/")}

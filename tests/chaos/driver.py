"""Random verbs, edits and kills on a service. After each round, every committed row is in its place.

A round is some actions from the table ACTIONS, then one `dev.up`. While verbs run, something is killed in one of the
ways of KILLS, at any moment. What has to hold afterwards: `dev.up` ends with 0 and all is healthy; the data is one of
the worlds that ledger.py allows; nothing else is left behind.

A failure prints the command that repeats its round:

    CHAOS_SEED=1013 CHAOS_ROUNDS=1 make test ARGS="-k 'native-20 and postgres'"

That does the same on a new service, at about the same moments. If it finds nothing, the rounds before may be needed:
take the seed of the first one, and a larger number of rounds. CHAOS_VERB=prune lets every second verb be that one.
"""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from devenv.base import locks
from tests.conftest import until
from tests.data.power import Disk
from tests.gitrepo import git
from tests.verbs import machine
from tests.verbs.repo import Done, Repo, end, get

from . import kills, ledger, service, sight
from .kills import KILLS
from .ledger import Ledger, World
from .verbs import VERBS, Command

REFUSED = {2, 114}
SECOND = 1.5  # MariaDB writes its log to the disk once a second, and a loaded machine a little later
OFTEN = os.environ.get("CHAOS_VERB", "")  # a verb of VERBS
LONG = 300  # seconds after which a command hangs


class Broken(AssertionError):
    """Something does not hold."""


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
        self.running = kills.running(self.repo)

    def prepare(self) -> None:
        """Something to lose: rows, a snapshot and a file of them, and data of another branch."""
        chance = random.Random(0)
        self.enter(chance)
        self.together([VERBS["snapshot to a file"](chance)])
        self.switch(chance)
        self.together([VERBS["up"](chance)])
        self.enter(chance)
        self.together([VERBS["snapshot"](chance)])

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
            test = f"native-{500 if self.disk else 20}" if kills.is_native(self.repo) else "compose-20"
            make = f"make test{'-all' if self.disk else ''} ARGS=\"-k '{test} and {self.database}'\""
            logs = self.repo.run("dev.logs", "--tail", "15").stdout
            often = f"CHAOS_VERB={shlex.quote(OFTEN)} " if OFTEN else ""
            again = f"To repeat it: CHAOS_SEED={seed} CHAOS_ROUNDS=1 {often}{make}"
            raise Broken(f"{error}\n\n{logs}\n{again}\nIt was:\n{words}") from None

    def together(self, commands: list[Command], kill: str = "", at: float = 0, row: bool = False) -> None:
        """Run commands at once. After this part of their usual time, a row is entered, and something is killed."""
        ended, entered = self.run(commands, kill, at, row)
        for command, done in zip(commands, ended):
            self.judge(command, done, bool(kill), len(commands) > 1)
        lost = kill == "power" and self.database == "mysql"  # of the last second, nothing is promised
        acts = [(command.act, done.code == 0 and not lost) for command, done in zip(commands, ended)]
        acts += [(ledger.enter(name), well and not lost) for name, well in entered]
        self.ledger.ran([act for act, well in acts if well], [act for act, well in acts if not well])

    def run(
        self, commands: list[Command], kill: str, at: float, row: bool
    ) -> tuple[list[Done], list[tuple[str, bool]]]:
        """What the commands leave, and the row with whether it was confirmed."""
        if kill == "power":
            time.sleep(SECOND)
        began = time.monotonic()
        with ExitStack() as files:  # no pipes: what a killed command started goes on writing
            errors = [files.enter_context(tempfile.TemporaryFile("w+")) for _ in commands]
            out = subprocess.DEVNULL
            started = [self.repo.start(*each.argv, stdout=out, stderr=err) for each, err in zip(commands, errors)]
            if kill or row:
                time.sleep(at * max(self.lengths.get(command.argv[0], 1.0) for command in commands))
            entered = [self.post(service.ROOT)] if row else []
            if kill:
                KILLS[kill](self.repo, started, self.disk)
            ended = [wait(process, err) for process, err in zip(started, errors)]
        if not kill and not row and len(commands) == 1:
            self.lengths[commands[0].argv[0]] = time.monotonic() - began
        self.tell(commands, kill, at, [well for _, well in entered], [done.code for done in ended])
        return ended, entered

    def tell(self, commands: list[Command], kill: str, at: float, rows: list[bool], codes: list[int]) -> None:
        words = " and ".join(" ".join(command.argv) for command in commands)
        more = [f"{kill} killed at {at:.2f} of its time"] if kill else []
        more += [f"a row entered at {at:.2f}: {'confirmed' if well else 'not confirmed'}" for well in rows]
        self.told.append(f"{'; '.join([words, *more])}: exit {', '.join(map(str, codes))}")

    def judge(self, command: Command, done: Done, killed: bool, beside: bool) -> None:
        """What a command may end with. If something is killed, it may fail in any way that it reports."""
        words = f"{' '.join(command.argv)} ended with {done.code}"
        if done.code > 0:
            assert done.error.startswith(f"error[{done.code}]: "), f"{words}, without its error:\n{done.stderr}"
        if killed:
            return
        refuses = self.ledger.refuses(command.act)
        if beside and "dev.restore" in command.argv:  # the other one may have changed what there is
            refuses = {True, False}
        allowed = {code for each in refuses for code in (REFUSED if each else {0})}
        assert done.code in allowed, f"{words}, expected one of {sorted(allowed)}:\n{done.stderr}"

    # ---- actions

    def verb(self, chance: random.Random) -> None:
        """A verb, which is killed more often than not."""
        command = any_verb(chance)
        kill, at, row = chance.choice([*KILLS]), chance.random(), chance.random() < 0.4
        self.together([command], kill if chance.random() < 0.8 else "", at, row)

    def two(self, chance: random.Random) -> None:
        """Two verbs at once."""
        commands = [any_verb(chance) for _ in range(2)]
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
        assert status["healthy"], f"after dev.up, all should be healthy, not {status}"
        assert status["requires"][0]["healthy"], f"after dev.up, the required service should be healthy, not {status}"
        seen: dict[str, Any] = {}
        for name, kept in ((service.ROOT, self.ledger), (service.BASE, self.base)):
            assert until(lambda name=name: self.is_settled(seen, name), self.patience), (
                f"{name}: drafts are left: {seen.get(name)}"
            )
            wrong = kept.saw(sight.places(seen[name]))
            assert not wrong, f"{name}: {wrong}"
            sight.assert_whole(seen[name])
        if self.word:
            word = seen[service.ROOT]["word"]
            assert word == f"w{self.word}", f"the app has WORD={word}, and compose.yaml has w{self.word}"
        self.check_leftovers()
        listed = self.repo.ok("dev.state", "list", "--json").json()
        on_server = [(row[0], row[1]) for row in sight.states(seen[service.ROOT]) if row[1] not in ("live", "draft")]
        named = sorted((each["id"], each["kind"]) for each in listed if each["kind"] != "live")
        assert named == sorted(on_server), f"dev.state list has {named}, the server {sorted(on_server)}"

    def is_settled(self, seen: dict[str, Any], name: str) -> bool:
        """Whether no draft is on the server: some are dropped in the background. `seen` gets what is there."""
        try:
            seen[name] = json.loads(get(self.urls[name], "/look")[1])
        except (OSError, ValueError):  # a database that is dropped meanwhile ends the session
            return False
        drafts = [row for row in sight.states(seen[name]) if row[1] == "draft" and not sight.is_going(row[3])]
        named = {row[2] for row in sight.states(seen[name])}
        going = {row[2] for row in sight.states(seen[name]) if row[1] == "draft"}
        return not drafts and {*seen[name]["databases"]} - going == named - going | {"devenv"}

    def check_leftovers(self) -> None:
        """No process, container, lock or file that was not there before."""
        words = f"{kills.running(self.repo)} instead of {self.running}"
        assert until(lambda: kills.running(self.repo) == self.running, self.patience), words
        folder = self.repo.path.parent
        left = [str(path) for path in (folder / "tmp").iterdir()]
        left += [str(path) for path in folder.glob("*") if path.name.endswith(".tmp")]
        state = machine.below(Path(self.repo.env["XDG_STATE_HOME"]))
        left += [path for path in state if re.search(r"(\.tmp|\.new|\.removed)$", path)]
        left += [path for path in state if path.endswith(".lock") and locks.is_held(Path(path))]
        assert not left, f"left behind: {left}"


def any_verb(chance: random.Random) -> Command:
    """A verb by chance; every second one is OFTEN, if there is one."""
    return VERBS[OFTEN if OFTEN and chance.random() < 0.5 else chance.choice([*VERBS])](chance)


def wait(process: subprocess.Popen[str], errors: IO[str]) -> Done:
    """The end of a command, and what it wrote there."""
    try:
        process.wait(timeout=LONG)
    except subprocess.TimeoutExpired:
        end(process, os.killpg)
        raise Broken(f"{process.args} hangs") from None
    errors.seek(0)
    return Done(process.returncode, "", errors.read())


ACTIONS: dict[str, tuple[int, Callable[[Chaos, random.Random], None]]] = {
    "a verb": (6, Chaos.verb),
    "two verbs at once": (3, Chaos.two),
    "a row": (4, Chaos.enter),
    "a branch": (3, Chaos.switch),
    "a migration": (2, Chaos.edit_migrations),
    "the seeds": (1, Chaos.edit_seeds),
    "the code": (1, Chaos.edit_code),
}

"""What must be in the databases of a service, after any verbs and any ends of them: a model, without a database.

A `World` is everything that a service keeps. Each verb of `VERBS` has a function that gives the worlds after it, one
for each step that can be seen. A verb that ended well led to the last one; a verb that was killed, to any of them, or
to none. So a `Ledger` holds all worlds that are possible now, and a look at the server has to find one of them.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

Rows = frozenset[str]
Place = tuple[str, Rows, Rows]  # where, the rows there, the migrations that were applied there


class Here(NamedTuple):
    """The checkout: what its data is made from."""

    branch: str
    migrations: Rows
    seeds: int = 1  # the version of the seeds

    @property
    def files(self) -> tuple[Rows, int]:
        """The files that the data depends on."""
        return self.migrations, self.seeds


class Data(NamedTuple):
    """One database. `noted`: the files that it is known to be made with, which may lag behind what was `applied`."""

    rows: Rows
    applied: Rows
    noted: tuple[Rows, int]
    branch: str


class World(NamedTuple):
    """All data of a service. Those that were set aside are in the order in which that happened."""

    live: Data
    previous: Data | None = None
    aside: tuple[Data, ...] = ()
    snapshots: tuple[tuple[str, Data], ...] = ()
    files: tuple[tuple[str, Data], ...] = ()  # exports, outside of the server

    def places(self) -> Counter[Place]:
        """What a look at the server finds."""
        kept = [("previous", self.previous)] if self.previous else []
        aside = [(f"aside {data.branch}", data) for data in self.aside]
        snapshots = [(f"snapshot {name}", data) for name, data in self.snapshots]
        return Counter((name, d.rows, d.applied) for name, d in [("live", self.live), *kept, *aside, *snapshots])


Worlds = tuple[World, ...]  # after each step of a verb
Verb = Callable[[World, Here], Worlds]
REFUSED: Worlds = ()  # nothing changes, and the command fails


def fresh(here: Here, rows: Iterable[str] = ()) -> Data:
    """What devenv makes of the files alone, with the rows of another scenario."""
    return Data(default(here) | {*rows}, here.migrations, here.files, here.branch)


def default(here: Here) -> Rows:
    """The rows of the default scenario."""
    return frozenset({f"default-{here.seeds}"})


def big(size: int) -> Rows:
    """The rows of the scenario `big`, without those of the default, on which it builds."""
    return frozenset(f"big-{number}" for number in range(size))


def enter(row: str) -> Verb:
    """Someone enters a row in the app."""
    return lambda world, here: (world._replace(live=_with(world.live, {row})),)


def look(world: World, here: Here) -> Worlds:
    """A verb that does not change data."""
    return (world,)


def up(world: World, here: Here) -> Worlds:
    """Data that has a migration which the checkout lacks steps aside; then come the migrations that are missing."""
    steps = [_switched(world, here)] if _is_due(world, here) else [world]
    if steps[-1].live.noted != here.files:
        steps += migrate(steps[-1], here)
    return tuple(steps)


def migrate(world: World, here: Here) -> Worlds:
    """Each migration is committed for itself, and the notes come last."""
    steps = []
    for name in sorted(here.migrations - world.live.applied):
        world = world._replace(live=world.live._replace(applied=world.live.applied | {name}))
        steps.append(world)
    return (*steps, world._replace(live=world.live._replace(noted=here.files, branch=here.branch)))


def seed(rows: Callable[[Here], Rows]) -> Verb:
    """The rows of a scenario, in addition."""
    return lambda world, here: (world._replace(live=_with(world.live, rows(here))),)


def reset(rows: Iterable[str] = ()) -> Verb:
    """Fresh data; the data until then is `previous`."""
    return lambda world, here: (world._replace(live=fresh(here, rows), previous=world.live),)


def snapshot(name: str) -> Verb:
    """A copy under a name, which replaces an older one."""
    return lambda world, here: (world._replace(snapshots=_put(world.snapshots, name, world.live)),)


def export(name: str, file: str) -> Verb:
    """A snapshot, and then a file of it."""

    def act(world: World, here: Here) -> Worlds:
        [made] = snapshot(name)(world, here)
        return made, made._replace(files=_put(made.files, file, world.live))

    return act


def restore(name: str, force: bool = False) -> Verb:
    """A copy becomes live: of a snapshot, of `previous`, or the last one that was set aside for a branch."""

    def found(world: World) -> Data | None:
        asides = [data for data in world.aside if data.branch == name]
        named = {**dict(world.snapshots), **({"previous": world.previous} if world.previous else {})}
        return named.get(name) or next(reversed(asides), None)

    return lambda world, here: _brought(world, here, found(world), force)


def restore_file(file: str) -> Verb:
    """A file becomes live."""
    return lambda world, here: _brought(world, here, dict(world.files).get(file), force=False)


def _brought(world: World, here: Here, stored: Data | None, force: bool) -> Worlds:
    if not stored or not (force or stored.noted[0] <= here.migrations):
        return REFUSED
    applied = stored.applied | here.migrations if stored.noted != here.files else stored.applied
    return (world._replace(live=Data(stored.rows, applied, here.files, here.branch), previous=world.live),)


def _is_due(world: World, here: Here) -> bool:
    """Whether the live data is not this branch's."""
    live = world.live
    if live.noted == here.files:
        return False
    if not live.noted[0] <= here.migrations:
        return True
    newer = len(live.noted[0]) if live.branch == here.branch else -1
    return any(len(data.noted[0]) > newer for data in _own(world, here))


def _switched(world: World, here: Here) -> World:
    """This branch's own data comes back, that with most migrations; else the last with the same ones; else new."""
    same = [data for data in world.aside if data.noted[0] == here.migrations]
    own = sorted(_own(world, here), key=lambda data: len(data.noted[0]))
    back = next(iter([*reversed(own), *reversed(same)]), None)
    aside = tuple(data for data in world.aside if data is not back)
    live = back._replace(branch=here.branch) if back else fresh(here)
    return world._replace(live=live, aside=(*aside, world.live))


def _own(world: World, here: Here) -> list[Data]:
    return [data for data in world.aside if data.branch == here.branch and data.noted[0] <= here.migrations]


def _with(data: Data, rows: Iterable[str]) -> Data:
    return data._replace(rows=data.rows | {*rows})


def _put(kept: tuple[tuple[str, Data], ...], name: str, data: Data) -> tuple[tuple[str, Data], ...]:
    return tuple(sorted({**dict(kept), name: data}.items()))


class Ledger:
    """The worlds that are possible now, by what was done, begun and seen."""

    def __init__(self, first: World, here: Here) -> None:
        self.here = here
        self.worlds = {first}
        self._last: tuple[set[World], list[Verb], list[Verb]] = (self.worlds, [], [])

    def ran(self, done: list[Verb], begun: list[Verb]) -> None:
        """Verbs ran at the same time, so in any order. Those of `begun` were killed, or failed."""
        self._last = self.worlds, done, begun
        each = [*((verb, True) for verb in done), *((verb, False) for verb in begun)]
        self.worlds = set().union(*(self._in_order(self.worlds, order) for order in itertools.permutations(each)))

    def entered(self, row: str) -> None:
        """The app confirmed a row. A command that was killed just before may take effect after it."""
        before, done, begun = self._last
        if begun:
            self.worlds = before
            self.ran([*done, enter(row)], begun)
        else:
            self.worlds = self._in_order(self.worlds, [(enter(row), True)])

    def refuses(self, verb: Verb) -> set[bool]:
        """Whether the verb has to be refused, in each of the worlds."""
        return {verb(world, self.here) == REFUSED for world in self.worlds}

    def saw(self, places: Counter[Place]) -> str:
        """Settle on the worlds that a look found. What is wrong with it, in words, if none of them fits; else empty."""
        fitting = {world for world in self.worlds if world.places() == places}
        if not fitting:
            return _difference([world.places() for world in self.worlds], places)
        self.worlds, self._last = fitting, (fitting, [], [])
        return ""

    def _in_order(self, worlds: set[World], verbs: Iterable[tuple[Verb, bool]]) -> set[World]:
        for verb, well in verbs:
            after = {world: verb(world, self.here) or (world,) for world in worlds}
            worlds = {steps[-1] for steps in after.values()} if well else {*worlds}.union(*after.values())
        return worlds


def _difference(possible: list[Counter[Place]], found: Counter[Place]) -> str:
    """What is missing and what is too much, compared with the world that is closest."""
    nearest = min(possible, key=lambda places: sum(((places - found) + (found - places)).values()))
    missing = [f"missing: {_words(place)}" for place in (nearest - found).elements()]
    extra = [f"not expected: {_words(place)}" for place in (found - nearest).elements()]
    return "\n".join([f"of {len(possible)} possible worlds, the closest differs:", *missing, *extra])


def _words(place: Place) -> str:
    name, rows, applied = place
    return f"{name} with {sorted(rows)}, migrated to {sorted(applied)}"

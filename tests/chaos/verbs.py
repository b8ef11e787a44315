"""The verbs of the driver, each with names and sizes by chance, and what it does to the data."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from . import ledger, service
from .ledger import Verb


class Command(NamedTuple):
    """A verb as it is typed, and what it does to the data."""

    argv: tuple[str, ...]
    act: Verb = ledger.look


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

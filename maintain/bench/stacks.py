"""A service that requires two others: the costs of the others, and of switching one of them to its source."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from maintain import stack
from maintain.bench.service import Service, bake, engines

WARM = "both up, s: stopped before; compared with the slower one alone"
COLD = "both up, s: without data before; compared with the slower one alone"
REQUIRED = ("bench-one", "bench-two")
HEAD = [
    "| a service that requires two others | engine | compared with | ours | ratio | at most |",
    "|---|---|---|---|---|---|",
]


@dataclass(frozen=True)
class Row:
    """A figure beside its baseline; seconds, or MB of memory."""

    words: str
    baseline: float
    ours: float
    at_most: str
    digits: int = 1

    def line(self, engine: str) -> str:
        """As a row of the table."""
        figures = f"{self.baseline:.{self.digits}f} | {self.ours:.{self.digits}f} | {self.ours / self.baseline:.2f}"
        return f"| {self.words} | {engine} | {figures} | {self.at_most} |"


def table(scratch: Path, rounds: int) -> list[str]:
    """All figures of the stack on each engine that is here."""
    root = prepare(scratch, rounds)
    lines = [row.line(engine) for engine in engines(root) for row in measure(root.on(engine))]
    return [*HEAD, *lines]


def prepare(scratch: Path, rounds: int) -> Service:
    """Three generated services side by side, git repositories with a tag; the first one requires the other two."""
    root, *others = [bake(scratch, name, rounds) for name in ("bench-root", *REQUIRED)]
    wanted = "".join(f"  {other.name}: {{repo: ../{other.name}, version: {stack.VERSION}}}\n" for other in others)
    with (root.root / "dev.yaml").open("a") as file:
        file.write(f"\nrequires:\n{wanted}")
    with contextlib.redirect_stdout(sys.stderr):
        for service in (*others, root):
            stack.release(service.root)
    return root


def measure(root: Service) -> list[Row]:
    """The figures on one engine. Images, environments and data are there before anything is timed."""
    root.dev("dev.up")
    pinned = [member(root, answer, lean="1") for answer in root.status()["requires"]]
    rows = [both_up(root, pinned, WARM, "dev.down"), both_up(root, pinned, COLD, "dev.destroy", "--yes")]
    lean = root.memory()
    rows.append(edit(root))
    for name in REQUIRED:
        root.dev("dev.edit", name)
    words = "memory in MB: the others lean, compared with all three in development mode"
    rows.append(Row(words, root.memory(), lean, "", 0))
    edited = [member(root, answer, lean="") for answer in root.status()["requires"]]
    for service in (root, *edited):  # what is edited keeps its data when its root goes
        service.destroy()
    return rows


def member(root: Service, answer: dict[str, Any], lean: str) -> Service:
    """A required service as the root drives it, in words of the protocol."""
    handed = {"DEV_WORKSPACE": "main", "DEV_LEAN": lean, "DEV_ENGINE": answer["engine"]}
    return replace(root, root=Path(answer["checkout"]), name=answer["service"], env={**root.env, **handed})


def both_up(root: Service, pinned: list[Service], words: str, *remove: str) -> Row:
    """Seconds until both are healthy by the root's own dev.up, while the root runs; beside the slower one alone."""

    def without() -> None:
        for service in pinned:
            service.dev(*remove, "--only")

    alone = [service.median(without, partial(service.dev, "dev.up", "--only")) for service in pinned]
    both = root.median(without, lambda: root.dev("dev.up"))
    return Row(words, max(alone), both, "1.5")


def edit(root: Service) -> Row:
    """Seconds of dev.edit; beside stopping and starting the same source checkout by hand."""
    name = REQUIRED[0]
    root.dev("dev.edit", name)  # images and environments of development mode are made once
    answer = next(answer for answer in root.status()["requires"] if answer["service"] == name)
    source = member(root, answer, lean="")
    by_hand = source.median(lambda: None, partial(restart, source))
    ours = root.median(lambda: root.dev("dev.use", name), lambda: root.dev("dev.edit", name))
    return Row("`dev.edit`, s; compared with stop and start by hand, until healthy", by_hand, ours, "1.5")


def restart(source: Service) -> None:
    """By hand: plain Compose; natively there is nothing plainer than our own commands."""
    if source.env["DEV_ENGINE"] == "compose":
        source.compose("stop")
        source.compose("up", "-d", "--wait")
    else:
        source.dev("dev.down", "--only")
        source.dev("dev.up", "--only")

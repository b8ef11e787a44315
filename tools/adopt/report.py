"""The report of a retrofit: what was found, and what is left to the owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from tools.adopt.found import Found, Reading, Store
from tools.adopt.names import Names
from tools.adopt.retrofit import BRANCH, Retrofit

PLACES = {
    "tasks_local.py": "your own tasks, in addition to dev.*",
    "compose.devenv.yaml": "next to your compose file; dev.yaml names it",
    "Dockerfile.devenv": "next to your Dockerfile",
    "dev_tasks.py": "next to your tasks.py",
}


def report(done: Retrofit) -> str:
    """The text for stdout: what was found, which files were added, what is left to do."""
    return "\n\n".join(
        part
        for part in (
            section("Found", found(done.reading)),
            section("To know", (f"{note.value} ({note.where})" for note in done.reading.notes)),
            section("Next to yours", beside(done.names)),
            section("Not wired in", (f"{each.why}: {each.instead}" for each in done.unwired)),
            section("To fill in", points(done)),
            section("Next", following(done)),
        )
        if part
    )


def section(title: str, lines: Iterable[str]) -> str:
    shown = [f"  {line}" for line in lines]
    return "\n".join([title, *shown]) if shown else ""


def found(reading: Reading) -> Iterator[str]:
    """A line for each finding."""
    for name, value in facts(reading):
        yield f"{name:<12}  {value.value}  ({value.where})"


def facts(reading: Reading) -> Iterator[tuple[str, Found]]:
    for each in fields(reading):
        value = getattr(reading, each.name)
        if isinstance(value, Found) and each.name != "own_image":
            yield each.name.replace("_", " "), value
    if reading.dependencies:
        yield "packages by", reading.dependencies.manager
    if reading.application:
        yield "framework", reading.application.framework
    yield from of_store("database", reading.database)
    yield from (("extension", one) for one in reading.extensions)
    yield from of_store("cache", reading.cache)
    for each in fields(reading.commands):
        command = getattr(reading.commands, each.name)
        if isinstance(command, Found):
            yield each.name, command
    yield from ((f"process {name}", command) for name, command in reading.commands.workers.items())


def of_store(kind: str, store: Store | None) -> Iterator[tuple[str, Found]]:
    if store:
        yield kind, store.kind
        yield from ((f"{kind} {role}", variable) for role, variable in store.variables.items())


def beside(names: Names) -> Iterator[str]:
    for name in (names.compose, names.dockerfile, names.tasks):
        if name in PLACES:
            yield f"{name}: {PLACES[name]}"


def points(done: Retrofit) -> Iterator[str]:
    for point in done.points:
        yield f"{point.file}:{point.line}: {point.what}"
        if point.example:
            yield f"    {point.example}"


def following(done: Retrofit) -> Iterator[str]:
    yield f"you are on the branch {BRANCH}; the only changes in your files are the lines that git shows"
    if done.points:
        yield "fill in what is listed above, and commit"
    yield "inv dev.up    (or make dev.up, or .dev/run dev.up)"
    yield f"merge {BRANCH}, or undo it: inv template.retrofit PATH --undo"

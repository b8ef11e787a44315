"""Chooses the version of each required service: pure code over what the repositories ask for.

The root's pin (or its override) wins. Otherwise the highest version that a requirement asks for wins, within one major
version: minimal version selection, https://research.swtch.com/vgo-mvs. Every version that is asked for on the way is
looked at, so the order of the asks does not matter, and the result is stable. Versions of two majors, or different ones
without an order, are a conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from devenv.base.errors import CONFLICT, DevError
from devenv.model import document, versions

SETTLED = "override: {{{name}: {version}}}"
SETTLED_REPO = "requires: {{{name}: {{repo: {repo}, version: {version}}}}}"  # an override names no repository


class Ask(NamedTuple):
    """A request for a service: its name, repository and version, who asks, and where (file and line)."""

    name: str
    repo: str
    version: str
    by: str
    where: str


class Choice(NamedTuple):
    """The version of a service that runs, and who asked for it."""

    name: str
    repo: str
    version: str
    asks: tuple[Ask, ...]


def same_repository(repo: str) -> str:
    """A normal form for all spellings of one address. On a disk, `lms` and `lms.git` may be two folders."""
    bare = repo.rstrip("/")
    return bare if repo.startswith((".", "/", "file:")) else bare.removesuffix(".git").rstrip("/")


Read = Callable[[str, str, str], Sequence[Ask]]  # name, repository, version → what that service asks for


def resolve(root: str, asks: Sequence[Ask], overrides: Mapping[str, str], read: Read) -> dict[str, Choice]:
    """Choose a version for everything that the root needs, directly or not. DevError 113 with who wants what."""
    own = {ask.name: ask for ask in asks}
    pins = {**{name: ask.version for name, ask in own.items()}, **overrides}
    found = _collect(root, own, pins, read)
    chosen = {name: _choose(name, wanted, own.get(name), pins) for name, wanted in found.items()}
    return _reachable(root, asks, chosen, read)


def _collect(root: str, own: Mapping[str, Ask], pins: Mapping[str, str], read: Read) -> dict[str, set[Ask]]:
    """All asks for each service, following every version that is asked for. Cycles are followed once."""
    found: dict[str, set[Ask]] = {}
    seen: set[tuple[str, str, str]] = set()
    todo = list(own.values())
    while todo:
        ask = todo.pop()
        if ask.name == root:
            continue  # the root runs from its checkout, even if others ask for a version of it
        found.setdefault(ask.name, set()).add(ask)
        repo = own[ask.name].repo if ask.name in own else ask.repo
        key = (ask.name, repo, pins.get(ask.name, ask.version))
        if key not in seen:
            seen.add(key)
            todo += read(*key)
    return found


def _choose(name: str, asks: set[Ask], own: Ask | None, pins: Mapping[str, str]) -> Choice:
    ordered = tuple(sorted(asks, key=lambda ask: (ask.by, ask.version, ask.where)))
    if own:
        return Choice(name, own.repo, pins[name], ordered)
    if len({same_repository(ask.repo) for ask in asks}) > 1:
        raise _conflict(name, ordered, "different repositories", SETTLED_REPO)
    if name in pins:
        return Choice(name, ordered[0].repo, pins[name], ordered)
    wanted = {ask.version for ask in asks}
    if len(wanted) > 1 and None in map(versions.order, wanted):
        raise _conflict(name, ordered, "versions that have no order")
    if len({versions.major(version) for version in wanted}) > 1:
        raise _conflict(name, ordered, "different major versions")
    highest = max(sorted(wanted), key=lambda version: versions.order(version) or ())
    return Choice(name, ordered[0].repo, highest, ordered)


def _reachable(root: str, asks: Sequence[Ask], chosen: Mapping[str, Choice], read: Read) -> dict[str, Choice]:
    """Leave out services that only a rejected version asked for."""
    kept: dict[str, Choice] = {}
    todo = [ask.name for ask in asks]
    while todo:
        name = todo.pop()
        if name == root or name in kept:
            continue
        kept[name] = chosen[name]
        todo += [ask.name for ask in read(name, chosen[name].repo, chosen[name].version)]
    return dict(sorted(kept.items()))


def _conflict(name: str, asks: Sequence[Ask], why: str, line: str = SETTLED) -> DevError:
    lines = [f"{ask.by} wants {name} {ask.version} from {ask.repo} ({ask.where})" for ask in asks]
    best = max(asks, key=lambda ask: versions.order(ask.version) or ())
    settle = line.format(name=name, repo=document.scalar(best.repo), version=document.scalar(best.version))
    hint = f"choose one in this repository's dev.yaml: {settle}"
    return DevError(CONFLICT, "\n".join([f"{name} is wanted in {why}", *lines]), hint)


def in_order(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """Each name after those that it needs. A cycle starts at its first name."""
    done: list[str] = []
    entered: set[str] = set()

    def visit(name: str) -> None:
        if name in entered or name not in needs:
            return
        entered.add(name)
        for needed in sorted(needs[name]):
            visit(needed)
        done.append(name)

    for name in sorted(needs):
        visit(name)
    return done

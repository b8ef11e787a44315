"""dev.lock: the version and commit of every service that this one needs, directly or not. Generated, committed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from devenv.base.errors import CONFLICT, USAGE, DevError, did_you_mean
from devenv.model import document, fingerprint, json_schema, requirements, resolver, versions
from devenv.model.config import Config
from devenv.required import mirrors

NAME = "dev.lock"
SCHEMA = Path(__file__).with_name("lock.schema.json")
HINT = f"rm {NAME}; inv dev.lock"
HEAD = "# Made by dev.lock from requires: in dev.yaml. Commit it; do not edit it: inv dev.lock --upgrade NAME"


class Pin(NamedTuple):
    """One required service as locked."""

    name: str
    repo: str
    version: str
    commit: str
    asked_by: tuple[str, ...]

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.version} ({self.commit[:8]})"


class Lock(NamedTuple):
    """All pins by name, and a fingerprint of the `requires:` that they were resolved from."""

    asks: str
    pins: Mapping[str, Pin]


NOTHING = Lock("", {})  # for a service that requires nothing: it needs no file


def current(config: Config) -> Lock:
    """The lock of the repository; resolved and written again if dev.yaml asks for something else."""
    if not requirements.of(config.source):
        return NOTHING
    lock = read(config.root)
    if lock is None or lock.asks != asks_of(config):
        lock = resolve(config)
        write(config.root, lock)
    return lock


def resolve(config: Config, fresh: bool = False) -> Lock:
    """Choose versions and commits; with `fresh`, fetch all repositories first. DevError 110, 111, 113."""
    own = requirements.of(config.source)
    if not own:
        return NOTHING
    reader = _Reader(config.root, fresh)
    overrides = config.source.data.get("override", {})
    chosen = resolver.resolve(config.service, [r.ask for r in own.values()], overrides, reader.asks)
    pins = {name: _pin(choice, reader) for name, choice in chosen.items()}
    return Lock(asks_of(config), pins)


def asks_of(config: Config) -> str:
    """A fingerprint of what dev.yaml requires."""
    own = requirements.of(config.source)
    asks = sorted((r.ask.name, r.ask.repo, r.ask.version) for r in own.values())
    return fingerprint.of_text(repr(asks), repr(sorted(config.source.data.get("override", {}).items())))


def read(root: Path) -> Lock | None:
    """The content of dev.lock; None if it does not exist. DevError 111 if it is not valid."""
    path = root / NAME
    if not path.is_file():
        return None
    try:
        source = document.load(path)
        json_schema.check(source, json_schema.read(SCHEMA))
    except DevError as error:  # not YAML, for example because of conflict markers
        raise DevError(error.code, error.message, HINT) from None
    return Lock(source.data["asks"], {name: _from_data(name, data) for name, data in source.data["services"].items()})


def known(root: Path) -> Mapping[str, Pin]:
    """The pins in dev.lock, even if dev.yaml asks for something else by now; none if it is missing or not valid."""
    try:
        return (read(root) or NOTHING).pins
    except DevError:
        return {}


def write(root: Path, lock: Lock) -> None:
    """Write one block for each service, sorted by name, so that two branches merge line by line."""
    text = document.scalar
    lines = [HEAD, f"asks: {text(lock.asks)}", "services:" if lock.pins else "services: {}"]
    for pin in sorted(lock.pins.values(), key=lambda pin: pin.name):
        lines += [f"  {text(pin.name)}:", f"    repo: {text(pin.repo)}", f"    version: {text(pin.version)}"]
        lines += [f"    commit: {text(pin.commit)}", "    asked_by:", *(f"      - {text(by)}" for by in pin.asked_by)]
    (root / NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")


def refuse_moved(root: Path, old: Lock, new: Lock, meant: Sequence[str] = ()) -> None:
    """DevError 113 for a tag that moved to another commit since it was locked, unless it is in `meant`."""
    for name, pin in old.pins.items():
        now = new.pins.get(name)
        if not now or name in meant or (now.repo, now.version) != (pin.repo, pin.version):
            continue
        if now.commit != pin.commit and pin.version in mirrors.of(pin.repo, root).tags():  # a branch may move
            message = f"{name}: the tag {pin.version} moved from {pin.commit[:12]} to {now.commit[:12]}"
            raise DevError(CONFLICT, message, f"if that is intended: {HINT}")


def difference(old: Lock | None, new: Lock) -> str:
    """The changes of a new lock, in words."""
    before = old.pins if old else {}
    changed = [name for name in sorted({*before, *new.pins}) if before.get(name) != new.pins.get(name)]
    return ", ".join(f"{name} {_version(before, name)} -> {_version(new.pins, name)}" for name in changed) or "dev.yaml"


def upgrade(config: Config, name: str, version: str) -> None:
    """Write a new version into `requires:` of dev.yaml; by default the highest tag of the same major."""
    own = requirements.of(config.source)
    if name not in own:
        raise DevError(USAGE, f"dev.yaml does not require {name}", did_you_mean(name, list(own)))
    ask = own[name].ask
    mirror = mirrors.of(ask.repo, config.root)
    mirror.fetch()
    wanted = version or versions.highest(mirror.tags(), ask.version)
    mirror.commit(wanted)  # DevError 111 for an unknown version
    path = config.root / "dev.yaml"
    text = path.read_bytes().decode()  # as bytes, to keep all line endings
    keys = ("requires", name, "version")
    try:
        path.write_bytes(document.rewrite(text, keys, wanted).encode())
    except LookupError:
        message = f"requires.{name}: its version comes from elsewhere in the file (`<<`, `*` or `&`)"
        hint = f"write `version: {wanted}` there by hand, then: inv dev.lock"
        raise config.source.error(keys, message, hint) from None


def _version(pins: Mapping[str, Pin], name: str) -> str:
    return f"{pins[name].version}@{pins[name].commit[:8]}" if name in pins else "none"


class _Reader:
    """Reads the dev.yaml of each repository and version once."""

    def __init__(self, near: Path, fresh: bool) -> None:
        self.near, self.fresh = near, fresh
        self.fetched: set[str] = set()

    def commit(self, repo: str, version: str) -> str:
        mirror = mirrors.of(repo, self.near)
        if self.fresh and mirror.repo not in self.fetched:
            self.fetched.add(mirror.repo)
            mirror.fetch()
        return mirror.commit(version)

    def asks(self, name: str, repo: str, version: str) -> Sequence[resolver.Ask]:
        source = mirrors.of(repo, self.near).read(self.commit(repo, version), "dev.yaml")
        requirements.check_contract(source)
        if source.data.get("service") != name:
            raise source.error(("service",), f"{repo} is the service {source.data.get('service')}, not {name}")
        asks = [r.ask for r in requirements.of_required(source).values()]
        base = mirrors.of(repo, self.near).repo
        return [ask._replace(repo=mirrors.relative(self.near, base, ask.repo)) for ask in asks]


def _pin(choice: resolver.Choice, reader: _Reader) -> Pin:
    commit = reader.commit(choice.repo, choice.version)
    asked_by = tuple(sorted({f"{ask.by} {ask.version}" for ask in choice.asks}))
    return Pin(choice.name, choice.repo, choice.version, commit, asked_by)


def _from_data(name: str, data: Mapping[str, Any]) -> Pin:
    return Pin(name, data["repo"], data["version"], data["commit"], tuple(data["asked_by"]))

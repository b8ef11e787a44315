"""The members of this root (the services that it needs), controlled through the protocol: up, down, status, destroy.

A member is a required service as it runs here: its pin, its checkout, its port, and the services that it needs.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from devenv.base import events, output, patience, ports, records
from devenv.base.errors import CONFIG, CONFLICT, MISSING, DevError
from devenv.context import health, workspace
from devenv.context.environment import Environment, open_environment
from devenv.engines import choice
from devenv.lifecycle import plan
from devenv.lifecycle import up as operation
from devenv.model import document, requirements, resolver, units
from devenv.model.requirements import Requirement, Wiring
from devenv.required import by_record, lockfile, mirrors, protocol, sources, wiring

STEPS = {"dev.up": events.SERVICE, "dev.seed": "seed"}  # what these tasks of a member are called as steps


class Member(NamedTuple):
    """A required service as it will run here."""

    pin: lockfile.Pin
    checkout: Path
    host: str
    port: int
    edited: bool  # a source checkout with reload, instead of the pinned one
    requires: Mapping[str, requirements.Requirement]
    memory: int | None  # its budget in bytes
    release: str = ""  # the tag that runs; empty for a source checkout, a branch or a commit
    libraries: Mapping[str, str] = {}  # the checkouts of libraries that dev.edit chose for it

    @property
    def developed(self) -> bool:
        """Whether it runs with reload, from source: it is edited, or one of its libraries is."""
        return self.edited or bool(self.libraries)

    @property
    def name(self) -> str:
        """The service's name."""
        return self.pin.name

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.host}:{self.port}"

    @property
    def runs(self) -> str:
        """What runs, in words."""
        return f"source {self.checkout}" if self.edited else self.pin.words


class Stack:
    """A root and its members in the order of `in_order`."""

    def __init__(self, env: Environment, members: Sequence[Member]) -> None:
        self.env = env
        self.members = {member.name: member for member in members}
        self.answers: dict[str, dict[str, Any]] = {}  # each member's answer to dev.up

    def up(self) -> bool:
        """Start all members, in parallel unless they need each other; then update the root's environment.

        True if the root's environment changed. If one fails, the error is raised after the others have finished, and
        healthy services are not stopped.
        """
        with patience.interruptible(), ThreadPoolExecutor(max_workers=max(1, len(self.members))) as pool:
            begun: dict[str, Future[None]] = {}
            for name, member in self.members.items():
                first = [begun[needed] for needed in member.requires if needed in begun]
                begun[name] = pool.submit(events.carried(self._start), member, first)
        for future in begun.values():
            future.result()
        for member in self.members.values():  # in a cycle, one starts before a service that it needs
            if self._tell(member.name, member.url, member.requires):
                self.call(member, "dev.up", "--only", "--json")
        return self._tell(self.env.config.service, self.env.url, requirements.of(self.env.config.source))

    def status(self) -> list[dict[str, Any]]:
        """The status of each member, and what runs."""
        with patience.interruptible(), ThreadPoolExecutor(max_workers=max(1, len(self.members))) as pool:
            said = pool.map(self._status, self.members.values())
            return [{**answer, "runs": m.runs} for m, answer in zip(self.members.values(), said)]

    def describe(self) -> list[dict[str, Any]]:
        """The graph for dev.plan; memory is the budget in bytes. The keys are in CONTRACT.md."""
        return [
            {
                **{"service": m.name, "runs": m.runs, "url": m.url, "memory": m.memory},
                **{"requires": sorted(m.requires), "libraries": dict(m.libraries)},
            }
            for m in self.members.values()
        ]

    def unshared(self) -> list[str]:
        """The pinned members that ran here and that no other root uses: dev.destroy removes them too."""
        place = self.env.place
        ran = [m for m in self.members.values() if not m.edited and records.read(place.workspace, m.name).checkout]
        return [m.name for m in ran if not sources.is_used_elsewhere(place.root, place.workspace, m.name)]

    def logs(self, name: str, flags: Sequence[str]) -> int:
        """Show the logs of one member."""
        member = self.members[name]
        return protocol.attach(member.checkout, self.handed(member), "dev.logs", flags)

    def runs(self, name: str) -> bool:
        """Whether anything of a member runs."""
        return protocol.runs(self._status(self.members[name]))

    def stopped(self) -> list[str]:
        """The members of which nothing runs, by what the engine knows: their own tools are not started."""
        place, engine = self.env.place, self.env.engine.name
        asked = {name: (records.read(place.workspace, name).engine or engine) for name in self.members}
        runs = choice.running([(used, place.workspace, name) for name, used in asked.items()])
        return [name for name in self.members if runs[place.workspace, name] is False]

    def restart(self, member: Member) -> None:
        """Start one member from its current source."""
        self._start(member, [])

    def handed(self, member: Member) -> protocol.Handed:
        """What this root passes to one member."""
        place = self.env.place
        env_file = records.path(place.workspace, member.name, "env")
        lean = not member.developed
        return protocol.Handed(
            *(place.workspace, member.port, self.env.engine.name, place.network, lean, env_file, member.release)
        )

    def _start(self, member: Member, first: Sequence[Future[None]]) -> None:
        for future in first:
            future.result()  # raises the error of its start
        start = time.monotonic()
        port = sources.join(self.env.place, member.pin, member.checkout, member.port, member.edited)
        member = self.members[member.name] = member._replace(port=port)
        said = f"  {member.name}: {member.runs}, starting"
        with events.step(events.SERVICE, member.name, member.runs, said) as step:
            self._tell(member.name, member.url, member.requires)
            with health.told(lambda seconds: self._so_far(member, seconds)):
                answer = self.answers[member.name] = self.call(member, "dev.up", "--only", "--json")
            for warning in protocol.warnings(self._log(member, "dev.up")):
                events.warn(f"{member.name}: {warning}")
            image = f", runs image {answer['image']}" if answer.get("image") else ""
            step.text = f"{member.runs}  {member.url}"
            step.said = f"  {member.name}: healthy, {output.seconds(time.monotonic() - start)}, {member.url}{image}"

    def _so_far(self, member: Member, seconds: float) -> list[str]:
        words = protocol.last_words(self._log(member, "dev.up"))
        return [f"  {member.name}: not up yet ({seconds:.0f} s), its last words: {words}"]

    def _tell(self, service: str, url: str, needs: Mapping[str, Requirement]) -> bool:
        """Update a consumer's environment file; True if it changed."""
        here = {name: need for name, need in needs.items() if name in self.answers}
        if not here:
            return False
        record = records.read(self.env.place.workspace, service)
        for need in here.values():
            self._wire(record, url, need)
        values = wiring.variables(record, here, {name: self._urls(name) for name in here})
        return wiring.write(self.env.place.workspace, service, values)

    def _wire(self, record: records.Record, url: str, need: Requirement) -> None:
        provider = self.members[need.ask.name]
        generation = str(self.answers[provider.name].get("data", ""))

        def seed(wanted: Wiring) -> Mapping[str, Any]:
            flags = [word for name, value in wanted.params.items() for word in ("-p", f"{name}={value}")]
            return self.call(provider, "dev.seed", wanted.scenario, *flags)

        if wiring.wire(record, url, need, generation, seed):
            events.note(f"  {provider.name}: seeded for {record.service}")
            records.change(
                record.workspace, record.service, "dev.up", lambda kept: setattr(kept, "wired", record.wired)
            )

    def _urls(self, name: str) -> tuple[str, str]:
        """The address of a service for browsers, and the one that works for every client inside the workspace."""
        answer = self.answers[name]
        url = str(answer.get("url") or self.members[name].url)
        return url, str(answer.get("internal_url") or url)

    def _status(self, member: Member) -> dict[str, Any]:
        """The answer of a member; what its record says if its repository or its tools are gone."""
        try:
            self.check_checkout(member)
            least = {"service": member.name, "url": member.url, "healthy": False}  # what other tools may leave out
            return {**least, **self.call(member, "dev.status", "--only", "--json")}
        except DevError as error:
            if error.code not in (MISSING, CONFIG):
                raise
            reason = error.message.splitlines()[0]
        record = records.read(self.env.place.workspace, member.name)
        if record.checkout:
            events.warn(f"{member.name} cannot be queried: {reason}")
        return by_record.status(record, self.env.engine.name)._replace(url=member.url).as_dict()

    def check_checkout(self, member: Member) -> None:
        if not (member.checkout / "dev.yaml").is_file():
            raise DevError(MISSING, f"its checkout {member.checkout} is gone")

    def call(self, member: Member, task: str, *args: str) -> dict[str, Any]:
        log = self._log(member, task)
        call = functools.partial(protocol.call, member.name, member.checkout, self.handed(member), task, args, log)
        if task not in STEPS:
            return call()
        with events.step(STEPS[task], member.name):
            return call()

    def _log(self, member: Member, task: str) -> Path:
        return self.env.place.root / ".dev" / "local" / "logs" / f"{member.name}.{task}.log"


def of(env: Environment) -> Stack:
    """The stack of this root. Repositories and commits that are not on this machine are fetched."""
    return Stack(env, members_of(env))


def recorded(env: Environment) -> Stack:
    """The stack of this root by the records of this machine and by dev.lock, as it is: nothing is fetched.

    For verbs that look or end: they work without a network, and without the repositories of the members.
    """
    mine = str(env.place.root)
    pins = dict(lockfile.known(env.config.root))
    for record in records.of_workspace(env.place.workspace):
        # This checkout under an earlier name is not another service: lifecycle/ending.py.
        if mine in record.users and record.service != env.config.service and record.checkout != mine:
            words = (record.use or "unknown", record.commit or "unknown", ())
            pins.setdefault(record.service, lockfile.Pin(record.service, "", *words))
    return Stack(env, in_order({name: _recorded(env, pin) for name, pin in pins.items()}))


def _recorded(env: Environment, pin: lockfile.Pin) -> Member:
    """A member as its record describes it. Without one, it has not run here."""
    record = records.read(env.place.workspace, pin.name)
    mirror = mirrors.of(pin.repo, env.place.root) if pin.repo else None
    places = [record.edit, record.checkout, str(mirror.place(pin.commit)) if mirror else ""]
    checkout = Path(next((place for place in places if place and Path(place).is_dir()), places[1] or places[2]))
    if record.use:
        pin = pin._replace(version=record.use, commit=record.commit or pin.commit)
    edited = bool(record.edit) and str(checkout) == record.edit
    release = pin.version if mirror and not edited and mirror.has_release(pin.version, pin.commit) else ""
    needs, port = {}, record.port
    with suppress(DevError):  # its own tasks report what is wrong in it
        source = document.load(checkout / "dev.yaml")
        requirements.check_contract(source)
        needs, port = requirements.of(source), port or _port(source)
    host = choice.host(env.engine.name, pin.name)
    return Member(pin, checkout, host, port, edited, needs, None, release, record.edited_libraries)


@contextmanager
def brought_up(env: Environment) -> Iterator[Environment]:
    """Start the required services, if any; then the root goes on with the environment that they provided."""
    stack = of(env)
    if not stack.members:
        yield env
        return
    with sources.in_progress(env.place):
        events.note(f"{env.config.service} requires {', '.join(stack.members)}")
        operation.check_free(env)
        _check_memory(env, stack)
        with sources.withdrawn_if_failed(env.place, list(stack.members)):
            told = stack.up()
            asked = env.asked._replace(given_workspace=env.place.workspace)
            yield open_environment(**asked._asdict(), drawn=env.port) if told else env


def _check_memory(env: Environment, stack: Stack) -> None:
    memory = sum(member.memory or 0 for member in stack.members.values()) + (env.config.memory or 0)
    machine = plan.machine_memory()
    if memory > machine:
        wanted, there = output.mebibytes(memory), output.mebibytes(machine)
        events.warn(f"together they may need {wanted}, and this machine has {there}")


def start_one(env: Environment, name: str) -> None:
    """Start one member again after its checkout or version was changed."""
    stack = of(env)
    stack.restart(stack.members[name])


def members_of(env: Environment) -> list[Member]:
    """All services that this repository needs, in the order of `in_order`."""
    lock = lockfile.current(env.config)
    members = {name: _member(env, pin) for name, pin in lock.pins.items()}
    _check_ports(env, members)
    return in_order(members)


def _member(env: Environment, pin: lockfile.Pin) -> Member:
    record = records.read(env.place.workspace, pin.name)
    edited = record.edit if record.edit and Path(record.edit).is_dir() else ""
    mirror = mirrors.of(pin.repo, env.place.root)
    if record.use:  # what dev.use chose for this workspace
        pin = pin._replace(version=record.use, commit=mirror.commit(record.use))
    checkout = Path(edited) if edited else mirror.checkout(pin.commit)
    release = pin.version if not edited and mirror.is_release(pin.version, pin.commit) else ""
    source = document.load(checkout / "dev.yaml")
    requirements.check_contract(source)
    requires = requirements.of_required(source)
    port = record.port or (_port(source) if env.place.workspace == workspace.MAIN else ports.draw())
    host = choice.host(env.engine.name, pin.name)
    edits = record.edited_libraries
    memory = _memory(source, bool(edited or edits))
    return Member(pin, checkout, host, port, bool(edited), requires, memory, release, edits)


def _port(source: document.Document) -> int:
    """The declared port. Only that repository's own tasks check the rest of its dev.yaml."""
    port = source.data.get("port")
    if not isinstance(port, int):
        raise source.error(("port",), f"port: must be a whole number, in {source.path.parent}")
    return port


def _memory(source: document.Document, edited: bool) -> int | None:
    try:
        budget = source.data["budget"]
        return units.size(budget["memory" if edited or "lean" not in budget else "lean"])
    except (KeyError, TypeError, ValueError):
        return None  # it is only used for a sum that is shown


def _check_ports(env: Environment, members: Mapping[str, Member]) -> None:
    """DevError 113 if two services want the same port: each publishes the port that it declares."""
    taken = {env.port: env.config.service}
    for member in members.values():
        other = taken.setdefault(member.port, member.name)
        if other != member.name:
            ours = other == env.config.service  # --port only sets this service's port
            beside = workspace.another(env.place.workspace)
            hint = f"--port {ports.draw()}" if ours else f"--workspace {beside}"
            message = f"{other} and {member.name} both want port {member.port}"
            raise DevError(CONFLICT, message, f"inv dev.up {hint}", "or change a port in a dev.yaml")
    ports.keep(list(taken))


def in_order(members: Mapping[str, Member]) -> list[Member]:
    """Each member after those that it needs. A cycle starts at its first name."""
    return [members[name] for name in resolver.in_order({name: m.requires for name, m in members.items()})]

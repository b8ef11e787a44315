"""The services that this one needs, driven by this root alone through the protocol: up, down, status, destroy."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devenv.base import output, records
from devenv.context import health
from devenv.context.environment import Environment, open_environment
from devenv.lifecycle import plan
from devenv.model import requirements
from devenv.model.requirements import Requirement, Wiring
from devenv.required import members, protocol, sharing, wiring
from devenv.required.members import Member


class Stack:
    """A root and the services that it needs, whom they need first."""

    def __init__(self, env: Environment, members: Sequence[Member]) -> None:
        self.env = env
        self.members = {member.name: member for member in members}
        self.answers: dict[str, dict[str, Any]] = {}  # what dev.up of each answered

    def up(self) -> bool:
        """Start all, side by side as far as they do not need each other; then tell the root what it needs to know.

        True when that is news to the root: its environment is another one then.
        A failure is raised when the others have come to their end: nothing healthy is stopped.
        """
        with ThreadPoolExecutor(max_workers=max(1, len(self.members))) as pool:
            begun: dict[str, Future[None]] = {}
            for name, member in self.members.items():
                first = [begun[needed] for needed in member.requires if needed in begun]
                begun[name] = pool.submit(self._start, member, first)
        for future in begun.values():
            future.result()
        for member in self.members.values():  # a cycle leaves someone who started before whom it needs
            if self._tell(member.name, member.url, member.requires):
                self._call(member, "dev.up", "--only", "--json")
        return self._tell(self.env.config.service, self.env.url, requirements.of(self.env.config.source))

    def down(self) -> None:
        """Stop those that no other root uses."""
        for member in reversed(self.members.values()):
            if sharing.leave(self.env.place, member.name):
                self._call(member, "dev.down", "--only")
                output.say(f"  {member.name}: stopped")

    def destroy(self) -> None:
        """Remove those that no other root uses; a source checkout keeps its data and is only stopped."""
        for member in reversed(self.members.values()):
            if sharing.leave(self.env.place, member.name):
                self._call(member, *(("dev.down", "--only") if member.edited else ("dev.destroy", "--only", "--yes")))

    def status(self) -> list[dict[str, Any]]:
        """What each of them says of itself, and which one it is."""
        with ThreadPoolExecutor(max_workers=max(1, len(self.members))) as pool:
            said = pool.map(lambda m: self._call(m, "dev.status", "--only", "--json"), self.members.values())
            return [{**answer, "runs": m.runs} for m, answer in zip(self.members.values(), said)]

    def describe(self) -> list[dict[str, Any]]:
        """The graph for dev.plan; memory is the budget in bytes. The keys are in CONTRACT.md."""
        return [
            {"service": m.name, "runs": m.runs, "url": m.url, "memory": m.memory, "requires": sorted(m.requires)}
            for m in self.members.values()
        ]

    def unshared(self) -> list[str]:
        """The pinned ones that no other root uses: dev.destroy removes them too."""
        workspace, root = self.env.place.workspace, str(self.env.place.root)
        mine = [m for m in self.members.values() if not m.edited and records.read(workspace, m.name).users == [root]]
        return [f"{workspace}-{member.name}" for member in mine]

    def logs(self, name: str, flags: Sequence[str]) -> int:
        """Show the logs of one of them."""
        member = self.members[name]
        return protocol.attach(member.checkout, self.handed(member), "dev.logs", flags)

    def restart(self, member: Member) -> None:
        """Start one of them from what it is now."""
        self._start(member, [])

    def handed(self, member: Member) -> protocol.Handed:
        """What this root hands to one of them."""
        place = self.env.place
        env_file = records.path(place.workspace, member.name, "env")
        lean = not member.edited
        return protocol.Handed(
            *(place.workspace, member.port, self.env.engine.name, place.network, lean, env_file, member.release)
        )

    def _start(self, member: Member, first: Sequence[Future[None]]) -> None:
        for future in first:
            future.result()  # raises what kept it from starting
        start = time.monotonic()
        member = self.members[member.name] = sharing.join(self.env.place, member)
        output.say(f"  {member.name}: {member.runs}, starting")
        self._tell(member.name, member.url, member.requires)
        with health.told(lambda seconds: self._so_far(member, seconds)):
            answer = self.answers[member.name] = self._call(member, "dev.up", "--only", "--json")
        for warning in protocol.warnings(self._log(member, "dev.up")):
            output.warn(f"{member.name}: {warning}")
        image = f", runs image {answer['image']}" if answer.get("image") else ""
        output.say(f"  {member.name}: healthy, {output.seconds(time.monotonic() - start)}, {member.url}{image}")

    def _so_far(self, member: Member, seconds: float) -> list[str]:
        words = protocol.last_words(self._log(member, "dev.up"))
        return [f"  {member.name}: not up yet ({seconds:.0f} s), its last words: {words}"]

    def _tell(self, service: str, url: str, needs: Mapping[str, Requirement]) -> bool:
        """Bring a consumer's environment file up to date; True when it changed."""
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
            return self._call(provider, "dev.seed", wanted.scenario, *flags)

        if wiring.wire(record, url, need, generation, seed):
            output.say(f"  {provider.name}: told of {record.service}")
            records.change(
                record.workspace, record.service, "dev.up", lambda kept: setattr(kept, "wired", record.wired)
            )

    def _urls(self, name: str) -> tuple[str, str]:
        """The address of a service for everybody, and the one that works inside the workspace for every client."""
        answer = self.answers[name]
        url = str(answer.get("url") or self.members[name].url)
        return url, str(answer.get("internal_url") or url)

    def _call(self, member: Member, task: str, *args: str) -> dict[str, Any]:
        log = self._log(member, task)
        return protocol.call(member.name, member.checkout, self.handed(member), task, args, log)

    def _log(self, member: Member, task: str) -> Path:
        return self.env.place.root / ".dev" / "local" / "logs" / f"{member.name}.{task}.log"


def of(env: Environment) -> Stack:
    """The stack of this root."""
    return Stack(env, members.of(env))


@contextmanager
def brought_up(env: Environment) -> Iterator[Environment]:
    """Start what the root requires, if anything; then the root's turn, with what the others told it."""
    stack = of(env)
    if not stack.members:
        yield env
        return
    with sharing.in_progress(env.place):
        output.say(f"{env.config.service} requires {', '.join(stack.members)}")
        _check_memory(env, stack)
        told = stack.up()
        yield open_environment(env.place.workspace, env.port, debug=bool(env.debug_port)) if told else env


def _check_memory(env: Environment, stack: Stack) -> None:
    memory = sum(member.memory or 0 for member in stack.members.values()) + (env.config.memory or 0)
    machine = plan.machine_memory()
    if memory > machine:
        wanted, there = output.mebibytes(memory), output.mebibytes(machine)
        output.warn(f"together they may need {wanted}, and this machine has {there}")


def start_one(env: Environment, name: str) -> None:
    """Start one member again, after its checkout or version was changed."""
    stack = of(env)
    stack.restart(stack.members[name])

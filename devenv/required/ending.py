"""The end of what a root requires, as steps: `dev.plan` prints them, `dev.down` and `dev.destroy` carry them out."""

from __future__ import annotations

import functools

from devenv.base import events
from devenv.base.errors import CONFIG, MISSING, DevError
from devenv.context.environment import Environment
from devenv.datastates.steps import Step
from devenv.required import by_record, sources
from devenv.required.stack import Member, Stack


def of(stack: Stack, removed: bool) -> list[Step]:
    """Stop the members that no other root uses, or remove them.

    Source checkouts are only stopped and keep their data.
    """

    place = stack.env.place

    def step(member: Member) -> Step:
        gone = removed and not member.edited
        do = functools.partial(_left, stack, member, gone)
        if sources.is_used_elsewhere(place.root, place.workspace, member.name):
            return Step(f"leave {member.name} up", "another repository uses it", do)
        what = f"{'remove' if gone else 'stop'} {member.name}"
        return Step(what, "with all its data" if gone else "its data is kept", do)

    # Also those that did not run, as far as their records say: a record may be lost.
    return [step(member) for member in reversed(stack.members.values())]


def _left(stack: Stack, member: Member, gone: bool, env: Environment) -> Environment:
    if sources.leave(stack.env.place.root, stack.env.place.workspace, member.name):
        args = ("dev.destroy", "--only", "--yes") if gone else ("dev.down", "--only")
        with events.step("remove" if gone else "stop", member.name) as step:
            _end(stack, member, *args)
            step.said = f"  {member.name}: {'removed' if gone else 'stopped'}"
    return env


def _end(stack: Stack, member: Member, task: str, *args: str) -> None:
    """Stop or remove a member. If its repository or its tools are gone, it is found by its record."""
    try:
        stack.check_checkout(member)
        stack.call(member, task, *args)
    except DevError as error:
        if error.code not in (MISSING, CONFIG):
            raise
        events.warn(f"{member.name} is ended by its record: {error.message.splitlines()[0]}")
        by_record.end(stack.env.place.workspace, member.name, stack.env.engine.name, removed=task == "dev.destroy")

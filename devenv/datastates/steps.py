"""What a verb does with the data, as a list of steps: `dev.plan VERB` prints it, and the verb carries it out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Callable, NamedTuple

from devenv.context.environment import Environment


class Step(NamedTuple):
    """One thing that a verb does with the data. `do` returns the environment for the next one."""

    title: str
    why: str
    do: Callable[[Environment], Environment]

    def __str__(self) -> str:
        return f"{self.title} ({self.why})" if self.why else self.title


def carry_out(env: Environment, steps: Iterable[Step]) -> Environment:
    """Do the steps one after the other. Returns the environment on the data that is live afterwards."""
    for step in steps:
        env = step.do(env)
    return env

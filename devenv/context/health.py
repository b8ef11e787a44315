"""Waiting that reports what it waits for. After half a minute of silence, people assume that it hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Callable

from devenv.base import events
from devenv.base.errors import DevError
from devenv.context.environment import Environment

EVERY = 10.0  # seconds between two lines: a quick start prints none, a slow one prints a few
WIDTH = 120  # characters of a log line that are shown


def start(env: Environment, services: Sequence[str]) -> None:
    """Start services and return when all are healthy. Meanwhile report which ones are not, and their last log line."""
    with events.step("start", " ".join(services)), told(lambda seconds: describe(env, services, seconds)):
        env.engine.start(services, env.config.ready)


@contextmanager
def told(lines: Callable[[float], list[str]], every: float = EVERY) -> Iterator[None]:
    """While the block runs, print `lines(seconds since the start)` every `every` seconds."""
    begun, done = time.monotonic(), threading.Event()

    def speak() -> None:
        while not done.wait(every):
            with suppress(DevError, OSError):  # the block itself reports errors
                for line in lines(time.monotonic() - begun):
                    events.progress(text=line)

    speaker = threading.Thread(target=events.carried(speak), daemon=True)
    speaker.start()
    try:
        yield
    finally:
        done.set()
        speaker.join()


def describe(env: Environment, services: Sequence[str], seconds: float) -> list[str]:
    """A line for each service that is not healthy yet."""
    states = env.engine.look()
    waited = f"({seconds:.0f} s of {env.config.ready:g} s)"
    absent = [f"  {name}: not started yet {waited}" for name in services if name not in states]
    sick = [name for name in services if name in states and not states[name].healthy]
    return [*absent, *(f"  {name}: not healthy yet {waited}; {_last_words(env, name)}" for name in sick)]


def _last_words(env: Environment, name: str) -> str:
    lines = [line.strip() for line in env.engine.tail(name, 5)]
    last = [line for line in lines if line][-1:]
    return f"its last words: {last[0][:WIDTH]}" if last else "it logged nothing"

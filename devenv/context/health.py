"""Waiting that reports what it waits for. After half a minute of silence, people assume that it hangs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Callable

from devenv.base import events, ports
from devenv.base.errors import UNHEALTHY, DevError
from devenv.context import fingerprints, half_made
from devenv.context.environment import Environment
from devenv.databases import find
from devenv.engines.interface import LOG_LINES, State, logged, of_another_version

EVERY = 10.0  # seconds between two lines: a quick start prints none, a slow one prints a few
RELOAD = 10.0  # seconds that an app may take to restart after an edit
RECONNECT = 3.0  # seconds that an app has to connect to another database
WIDTH = 120  # characters of a log line that are shown


def start(env: Environment, services: Sequence[str]) -> None:
    """Start services and return when all are healthy. Meanwhile report which ones are not, and their last log line."""
    half_made.clear(env, services)
    _check_version(env, services)
    env.note_accounts()
    with events.step("start", " ".join(services)), told(lambda seconds: describe(env, services, seconds)):
        try:
            env.engine.start(services, env.config.ready)
        except DevError as error:
            other = other_version(env) if error.code == UNHEALTHY else None
            raise (other or error) from None


def _check_version(env: Environment, services: Sequence[str]) -> None:
    """DevError 113 before a server of another version is started. It would leave a volume that its image declares."""
    if not env.database or env.database.service not in services or not env.record.known(env.engine.name):
        return
    if env.record.up.get("compose") == fingerprints.compose(env):
        return
    name = env.database.service
    state = env.engine.look().get(name)
    other = None if state and state.image == env.place.services[name].image else other_version(env)
    if other:
        raise other


def other_version(env: Environment) -> DevError | None:
    """The error if the database's data is of another version than its server, which cannot read it."""
    found = env.database.other_version(env.engine) if env.database else None
    if not env.database or not found:
        return None
    service = env.place.services[env.database.service]
    return of_another_version(service.name, find.kind(service.program), *found)


def see(env: Environment) -> dict[str, State]:
    """Return what runs once this run has seen each service's check pass and the page answer.

    An app that fails is restarted once. DevError 112 if that does not help, or if another one fails.
    """
    found, states = _still_failing(env)
    if not found:
        return states
    ours = [name for name in found if env.place.services[name].build]
    if ours == found:
        events.note(f"{', '.join(ours)}: runs, but its healthcheck or its page does not answer: restarting it")
        env.engine.end(ours)
        start(env, ours)
        found, states = _still_failing(env)
    if found:
        raise other_version(env) or _unhealthy(env, found[0])  # a new server may be healthy next to data it cannot read
    return states


def reconnected(env: Environment) -> None:
    """Return once the checks of what runs pass, or after a moment: after the live database was replaced.

    That ends all connections. A client that keeps them open notices it at its next query, with an error that should not
    be the user's.
    """
    until = time.monotonic() + RECONNECT
    while True:
        states = env.engine.look()
        running = {name for name, state in states.items() if state.running}
        if not running & set(env.engine.failing(states)) or time.monotonic() > until:
            return
        time.sleep(ports.POLL)


def _still_failing(env: Environment) -> tuple[list[str], dict[str, State]]:
    """The services that fail, after the time that a restart upon an edit may take; and what runs."""
    until = time.monotonic() + RELOAD
    while True:
        states = env.engine.look()
        found = failing(env, states, started=True)
        if not found or time.monotonic() > until:
            return found, states
        time.sleep(ports.POLL)


def failing(env: Environment, states: Mapping[str, State], started: bool = False) -> list[str]:
    """The services that do not run in `states`, or whose healthcheck or page does not answer now.

    `started`: a healthcheck that passed since this command started the service need not run again.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        page = pool.submit(_without_page, env)
        return env.engine.failing(states, started) or page.result()


def _without_page(env: Environment) -> list[str]:
    """The app, if nothing answers on its port."""
    published = env.port in env.place.services[env.config.app].ports
    return [env.config.app] if published and not ports.answers(env.port, env.host, 0) else []


def _unhealthy(env: Environment, name: str) -> DevError:
    logs = logged(env.engine.tail(name, LOG_LINES))
    what = f"{name} fails its healthcheck, or {env.url} does not answer; {name} logged last"
    hint = "fix what the log reports, or restart it: inv dev.down && inv dev.up"
    return DevError(UNHEALTHY, f"{env.config.service}: {what}\n{logs}", hint)


@contextmanager
def told(lines: Callable[[float], list[str]], every: float = EVERY) -> Iterator[None]:
    """While the block runs, print `lines(seconds since the start)` every `every` seconds."""
    begun = time.monotonic()

    def speak() -> None:
        with suppress(DevError, OSError):  # the block itself reports errors
            for line in lines(time.monotonic() - begun):
                events.progress(text=line)

    with events.meanwhile(speak, every):
        yield


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

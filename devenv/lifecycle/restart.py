"""`dev.restart`: end services and start them again, and return when all are healthy."""

from __future__ import annotations

from collections.abc import Sequence

from devenv.base import events
from devenv.base.errors import UNHEALTHY, DevError
from devenv.context import health
from devenv.context.environment import Environment
from devenv.lifecycle import secrets
from devenv.model.secrets import RUN


def restart(env: Environment, names: Sequence[str]) -> list[str]:
    """Restart services of compose.yaml; without names, those that run this repository's code. Returns their names.

    DevError 112 if the service does not run, or is not healthy in time.
    """
    before = env.engine.look()
    chosen = list(names) or [name for name, service in env.place.services.items() if service.build]
    if not any(state.running for state in before.values()):
        raise DevError(UNHEALTHY, f"{env.config.service} is not running", "inv dev.up")
    env.place.secrets.check(RUN)
    if any(env.place.services[name].build for name in chosen if name in env.place.services):
        secrets.note_lost(env)
    with events.step("stop", " ".join(chosen)):
        env.engine.end(chosen)
    health.start(env, chosen)
    _note_ids(env, {name: state.id for name, state in before.items()})
    return chosen


def _note_ids(env: Environment, before: dict[str, str]) -> None:
    """The next dev.up has nothing to do, unless it had before: processes have other ids now."""
    if env.record.up.get("ids") == before:
        env.record.up = {**env.record.up, "ids": {name: state.id for name, state in env.engine.look().items()}}
        env.save()

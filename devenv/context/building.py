"""The app, built for a command that runs in it."""

from __future__ import annotations

from devenv.base import events
from devenv.context import fingerprints
from devenv.context.environment import Environment


def is_due(env: Environment) -> bool:
    """Whether the app is not built, or not from the checkout as it is."""
    up = env.record.up.get("build")
    return not (env.image or (env.engine.is_built() and up in (None, fingerprints.build(env))))


def ensure(env: Environment) -> None:
    """Build the app from the checkout: the key of built data includes the lock files."""
    if not is_due(env):
        return
    events.note("the checkout is not built yet: building; the next dev.up restarts the app")
    with events.step("build", env.config.app, "files changed"):
        env.engine.build([name for name, service in env.place.services.items() if service.build])

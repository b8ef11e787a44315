"""The app, built for a command that runs in it."""

from __future__ import annotations

from devenv.base import events
from devenv.context import fingerprints
from devenv.context.environment import Environment


def ensure(env: Environment) -> None:
    """Build the app from the checkout: the key of built data includes the lock files."""
    up = env.record.up.get("build")
    if env.image or (env.engine.is_built() and up in (None, fingerprints.build(env))):
        return
    events.note("the checkout is not built yet: building; the next dev.up restarts the app")
    with events.step("build", env.config.app, "files changed"):
        env.engine.build([name for name, service in env.place.services.items() if service.build])

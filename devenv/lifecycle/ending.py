"""`dev.down` and `dev.destroy` of one service, as steps: `dev.plan` prints them, and the verb carries them out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from devenv.base import events, locks, records
from devenv.base.errors import MISSING, DevError
from devenv.context import claims
from devenv.context.environment import Environment, open_environment
from devenv.datastates import live, store
from devenv.datastates.steps import Step
from devenv.engines.interface import Engine
from devenv.engines.orphans import Orphan


def down(env: Environment, only: bool = False) -> list[Step]:
    """Stop everything and keep the data. If another root uses it, it stays up, unless its root passes `only`."""
    users, service, older = others(env), env.config.service, earlier(env)
    if users and not only:
        return [Step(f"leave {service} up", f"it is used by {', '.join(users)}", _left), *older]
    return [Step(f"stop {service}", "its data is kept", _stopped), *older]


def destroy(env: Environment, only: bool = False) -> list[Step]:
    """Remove everything of this service in this workspace, data included. DevError 113 while another root uses it."""
    users = others(env)
    if users and not only:
        raise claims.used(env.config.service, users)
    return [Step(f"remove {env.config.service}", "with all its data", _removed)]


def others(env: Environment) -> list[str]:
    """The other repositories that use the service."""
    return claims.users(env.record, str(env.place.root))


def earlier(env: Environment) -> list[Step]:
    """Stop what this checkout runs under a name that dev.yaml had before: no other command finds that. Data stays."""
    here, service = str(env.place.root), env.config.service
    found = [r.service for r in records.of_workspace(env.place.workspace) if r.checkout == here]
    names = [name for name in found if name != service and _orphan(env, name).is_running()]
    return [Step(f"stop {name}", "dev.yaml names another service now", partial(_stop_earlier, name)) for name in names]


def _stop_earlier(name: str, env: Environment) -> Environment:
    with locks.held(records.path(env.place.workspace, name, "lock"), "dev.down"), events.step("stop", name):
        _orphan(env, name).stop()
    return env


def _orphan(env: Environment, name: str) -> Orphan:
    record = records.read(env.place.workspace, name)
    return Orphan.of(record, record.engine or env.engine.name)


def on_other_engine(env: Environment, name: str, act: Callable[[Engine], None]) -> None:
    """Do something with another engine that this service ran on; a warning if that does not answer."""
    try:
        other = open_environment(env.place.workspace, env.port, engine=name, any_name=env.asked.any_name)
        act(other.engine)
    except DevError as error:
        if error.code != MISSING:
            raise
        events.warn(f"{name} does not answer, so its data is not removed: {error.message}")


def _left(env: Environment) -> Environment:
    env.record.users = others(env)
    env.save()
    events.note(f"{env.config.service} stays up: it is used by {', '.join(env.record.users)}")
    return env


def _stopped(env: Environment) -> Environment:
    with events.step("stop", env.config.service):
        env.engine.stop()
    return env


def _removed(env: Environment) -> Environment:
    _check_owner(env)
    for other in sorted(set(env.record.data) - {env.engine.name}):
        on_other_engine(env, other, lambda engine: engine.remove())
    with events.step("remove", env.config.service):
        env.engine.remove()
    records.remove(env.place.workspace, env.config.service)
    return env


def _check_owner(env: Environment) -> None:
    """DevError 113 if the data is somebody else's, as far as the server runs and says so."""
    with suppress(DevError):
        env = live.glance(env, env.engine.look())
    if env.seen.survey is not None:
        store.check_owner(env)

"""Required services: their versions (lock), and which checkout of each runs (edit, use)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from invoke.exceptions import Exit
from invoke.tasks import task

from devenv.base import output
from devenv.base.errors import FOUND, DevError
from devenv.context import environment
from devenv.required import lockfile, sources, stack
from devenv.tasks.common import WORKSPACE


@task(
    iterable=["upgrade"],
    help={"upgrade": "NAME or NAME=VERSION; can be repeated", "check": "exit 1 if dev.lock is stale, without changes"},
)
def lock(c: Any, upgrade: Any = None, check: bool = False) -> None:
    """Choose the versions of required services, in dev.lock."""
    config = environment.open_config()
    for wish in upgrade or []:
        lockfile.upgrade(config, *wish.partition("=")[::2])
    config = environment.open_config()
    old, new = lockfile.read(config.root) or lockfile.NOTHING, lockfile.resolve(config, fresh=True)
    lockfile.refuse_moved(config.root, old, new, meant=[wish.partition("=")[0] for wish in upgrade or []])
    if check and old != new:
        raise DevError(FOUND, f"{lockfile.NAME} is stale: {lockfile.difference(old, new)}", "inv dev.lock")
    if not check and old != new:
        lockfile.write(config.root, new)
    for pin in new.pins.values():
        output.data(f"{pin.name} {pin.version} {pin.commit} ({', '.join(pin.asked_by)})")


@task(positional=["name"], help={**WORKSPACE, "name": "a required service", "path": "its checkout (default: ../NAME)"})
def edit(c: Any, name: str, path: str = "", workspace: str = "") -> None:
    """Run a required service from a source checkout, with reload."""
    env = environment.open_environment(workspace)
    path = str(Path(c.folder, Path(path).expanduser()).resolve()) if path else ""
    own = str(env.place.root) if name == env.config.service else ""  # this checkout itself
    if _elsewhere(env, "dev.edit", name, ["--path", path or own] if path or own else []):
        return
    checkout = sources.edit(env, name, path)
    stack.start_one(env, name)
    output.data(str(checkout))


@task(positional=["name"], help={**WORKSPACE, "name": "a required service, or NAME=VERSION"})
def use(c: Any, name: str, workspace: str = "") -> None:
    """Run a required service in its pinned or another version."""
    env = environment.open_environment(workspace)
    if _elsewhere(env, "dev.use", name, []):
        return
    service, _, version = name.partition("=")
    sources.use(env, service, version)
    stack.start_one(env, service)


def _elsewhere(env: environment.Environment, task: str, name: str, flags: list[str]) -> bool:
    """Whether another root drives this checkout and carried out the task. Its failure becomes ours."""
    root = sources.root_for(env, task, name.partition("=")[0])
    code = sources.hand_over(env, root, task, [name, *flags]) if root else 0
    if code:
        raise Exit(code=code)
    return bool(root)

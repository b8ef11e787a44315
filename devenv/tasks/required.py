"""Required services: their versions (lock), and which checkout of each runs (edit, use)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from invoke.exceptions import Exit
from invoke.tasks import task

from devenv.base import output
from devenv.base.errors import FOUND, DevError
from devenv.context import environment
from devenv.required import libraries, lockfile, sources, stack, trust
from devenv.tasks.common import JSON, WORKSPACE, YES, finish, shown

IN = {"in": "a library: only in this service, instead of all that use it"}


@task(
    iterable=["upgrade"],
    help={
        "upgrade": "NAME or NAME=VERSION: write a newer version of it into dev.yaml; can be repeated",
        "check": "exit 1 if dev.lock is stale, without changes",
        **JSON,
        **YES,
    },
)
def lock(c: Any, upgrade: Any = None, check: bool = False, json: bool = False, yes: bool = False) -> None:
    """Choose the versions of required services, in dev.lock."""
    trust.everyone = yes
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
    words = f"{lockfile.NAME} is written{shown(lockfile.NAME)}" if old != new else f"{lockfile.NAME} was up to date"
    asks = {name: ", ".join(by.replace(" ", " needs ", 1) for by in pin.asked_by) for name, pin in new.pins.items()}
    pins = [f"{pin.name} {pin.version} {pin.commit} ({asks[pin.name]})" for pin in new.pins.values()]
    locked = {pin.name: {"version": pin.version, "commit": pin.commit} for pin in new.pins.values()}
    finish(words, json, "\n".join(pins), {"service": config.service, "changed": old != new, "services": locked})


@task(
    positional=["name"],
    help={
        **{**WORKSPACE, **JSON, **IN},
        **{"name": "a required service or a library", "path": "its checkout (default: ../NAME)"},
    },
)
def edit(c: Any, name: str, path: str = "", in_: str = "", json: bool = False, workspace: str = "") -> None:
    """Run a required service or a library from a checkout."""
    env = environment.open_environment(workspace)
    path = str(Path(c.folder, Path(path).expanduser()).resolve()) if path else ""
    own = str(env.place.root) if name == env.config.service else ""  # this checkout itself
    flags = ["--path", path or own] if path or own else []
    if _elsewhere(env, "dev.edit", name, flags, in_, json):
        return
    if in_ or name not in lockfile.current(env.config).pins:
        folder, services, running = libraries.edit(env, name, path, in_)
        stopped = [service for service in services if service not in running]
        later = f"; stopped, so the next dev.up installs it: {', '.join(stopped)}" if stopped else ""
        where = f"  {env.url}" if env.config.service in running else ""
        words = f"{name} comes from {folder} in {', '.join(services)}{where}{later}; to go back: inv dev.use {name}"
        finish(words, json, str(folder), {"library": name, "checkout": str(folder), "services": services})
        return
    checkout = sources.edit(env, name, path)
    stack.start_one(env, name)
    words = f"{name} runs from {checkout}, with reload; to go back to the pinned version: inv dev.use {name}"
    finish(words, json, str(checkout), {"service": name, "checkout": str(checkout)})


@task(
    positional=["name"],
    help={**WORKSPACE, **JSON, **IN, "name": "a required service, NAME=VERSION, or an edited library"},
)
def use(c: Any, name: str, in_: str = "", json: bool = False, workspace: str = "") -> None:
    """Run a service or a library in its pinned version."""
    env = environment.open_environment(workspace)
    if _elsewhere(env, "dev.use", name, [], in_, json):
        return
    service, _, version = name.partition("=")
    if in_ or libraries.is_edited(env, name) or service not in lockfile.current(env.config).pins:
        services, words = libraries.use(env, name, in_)
        finish(words, json, known={"library": name, "services": services})
        return
    sources.use(env, service, version)
    stack.start_one(env, service)
    back = f"to go back to the pinned version: inv dev.use {service}"
    words = f"at {version}; {back}" if version else f"at its pinned version; to edit it: inv dev.edit {service}"
    finish(f"{service} runs {words}", json, known={"service": service, "version": version})


def _elsewhere(env: environment.Environment, task: str, name: str, flags: list[str], only: str, json: bool) -> bool:
    """Whether another root drives this checkout and carried out the task. Its failure becomes ours.

    A library that is edited here is edited in this service alone, unless `only` says otherwise.
    """
    service = name.partition("=")[0]
    root = sources.root_for(env, task, service)
    if root and not only and not sources.requires(env, service) and libraries.uses(env, service):
        only = env.config.service
    flags = [*flags, *(["--in", only] if only else [])]
    code = sources.hand_over(env, root, task, [name, *flags, *(["--json"] if json else [])]) if root else 0
    output.answered = output.answered or bool(root and json)  # by that root, also if it failed
    if code:
        raise Exit(code=code)
    return bool(root)

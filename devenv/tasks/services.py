"""Tasks on services that run: open, restart, list, add."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from invoke.tasks import task

from devenv.base import browser, events, output
from devenv.base.errors import UNHEALTHY, USAGE, DevError, did_you_mean
from devenv.context import environment
from devenv.datastates import live
from devenv.lifecycle import overview, packages, restart
from devenv.lifecycle.status import status as look
from devenv.required import protocol, stack
from devenv.tasks import render
from devenv.tasks.common import JSON, ONLY, WORKSPACE, finish, is_tracked


@task(
    name="open",
    help={
        **WORKSPACE,
        "service": "a required service, instead of this one",
        "as": "the page where this login of dev.yaml logs in",
        "no_browser": "only print the URL",
    },
)
def open_(c: Any, service: str = "", as_: str = "", no_browser: bool = False, workspace: str = "") -> None:
    """Open the service's page in the browser, and print its URL."""
    env = environment.open_environment(workspace, any_name=True)
    found = _status(env, service)
    name, url = found["service"], found["url"]
    if as_:
        login = _login(found.get("logins") or [], name, as_)
        url = login["url"]
        events.note(f"log in as {login['username']} / {login['password']}")
    output.data(url)
    if not found["healthy"]:
        raise DevError(UNHEALTHY, f"{name} is not healthy, so {url} may not answer", "inv dev.status", "inv dev.up")
    log = env.place.root / ".dev" / "local" / "logs" / "browser.log"
    if not no_browser and not browser.open_page(url, log):
        events.note("no browser here: open the URL on your machine")


def _status(env: environment.Environment, name: str) -> dict[str, Any]:
    """What dev.status says of this service or of a required one."""
    if name in ("", env.config.service, env.config.app):
        return look(env, env.engine.look()).as_dict()
    members = stack.of(env)
    if name not in members.members:
        if name in env.place.services:
            raise DevError(USAGE, f"{name} has no page", "inv dev.open", f"inv dev.shell -s {name}")
        raise DevError(USAGE, f"unknown service {name}", did_you_mean(name, [env.config.service, *members.members]))
    return _call(members, name, "dev.status", "--only", "--json")


def _login(logins: list[dict[str, str]], service: str, name: str) -> dict[str, str]:
    found = {login["name"]: login for login in logins}
    if name not in found:
        raise DevError(USAGE, f"{service} has no login {name}", did_you_mean(name, list(found)))
    return found[name]


@task(
    name="restart",
    iterable=["service"],
    help={
        **WORKSPACE,
        **JSON,
        **ONLY,
        "service": "only this service, of compose.yaml or a required one; can be repeated",
    },
)
def restart_(c: Any, service: Any = None, json: bool = False, only: bool = False, workspace: str = "") -> None:
    """Restart the app and its workers; wait until they are healthy.

    Databases and caches go on, unless you name them with -s.
    """
    env = environment.open_environment(workspace)
    wanted = list(dict.fromkeys(service or []))
    own = [name for name in wanted if name in env.place.services]
    others = [name for name in wanted if name not in own and name != env.config.service]
    members = _members(env, others, only)
    for name in others:
        _restart_required(env, members[name], name)
    done = others
    if own or env.config.service in wanted or not wanted:
        with env.locked("dev.restart") as there:
            there = live.glance(there, there.engine.look())  # the app needs the name of the live database
            done = [*others, *restart.restart(there, own if env.config.service not in wanted else [])]
    finish(f"restarted, and healthy: {', '.join(done)}", json, known={"service": env.config.service, "restarted": done})


def _members(env: environment.Environment, names: Sequence[str], only: bool) -> dict[str, stack.Stack]:
    """The stack by each of the required services. DevError 2 for an unknown name."""
    members = stack.of(env) if names and not only else None
    for name in names:
        if not members or name not in members.members:
            known = [*env.place.services, *(members.members if members else [])]
            raise DevError(USAGE, f"unknown service {name}", did_you_mean(name, known))
    return dict.fromkeys(names, members) if members else {}


def _restart_required(env: environment.Environment, members: stack.Stack, name: str) -> None:
    with events.step("restart", name):
        if protocol.has(members.members[name].checkout, "dev.restart"):
            _call(members, name, "dev.restart", "--only")
        else:  # a release from before there was the task
            _call(members, name, "dev.down", "--only")
            stack.start_one(env, name)


def _call(members: stack.Stack, name: str, verb: str, *flags: str) -> dict[str, Any]:
    """Call a task of a required service."""
    member, root = members.members[name], members.env.place.root
    log = root / ".dev" / "local" / "logs" / f"{name}.{verb}.log"
    return protocol.call(name, member.checkout, members.handed(member), verb, flags, log)


@task(name="list", help=JSON)
def list_(c: Any, json: bool = False) -> None:
    """List the services of all repositories on this machine."""
    found = overview.look()
    if json:
        output.answer([entry.as_dict() for entry in found])
    elif found:
        render.overview(found, output.data)
    else:
        events.note("no services on this machine; to start one: inv dev.up")


@task(
    iterable=["package"],
    help={
        **WORKSPACE,
        **JSON,
        "package": "what the package manager understands: NAME, 'NAME>=1.2'; can be repeated",
        "dev": "only tests and tools need it",
    },
)
def add(c: Any, package: Any = None, dev: bool = False, json: bool = False, workspace: str = "") -> None:
    """Add packages with the service's package manager, and install.

    It edits the manifest and the lock file. If the service runs, it is built and restarted, so that the next request
    can use the packages. The package manager is the one of your lock file; `commands.add` of dev.yaml chooses another.
    """
    if not package:
        raise DevError(USAGE, "dev.add needs a package", "inv dev.add NAME")
    env = environment.open_environment(workspace)
    with env.locked("dev.add") as there:
        running = packages.add(there, package, dev)
    done = "installed, and the service runs with it" if running else "added; inv dev.up installs it"
    undo = "; to undo: git checkout the changed files, then inv dev.up" if is_tracked("dev.yaml") else ""
    finish(f"{', '.join(package)}: {done}{undo}", json, known={"service": env.config.service, "added": list(package)})

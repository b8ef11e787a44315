"""Each thing that can be wrong with this environment: a code, what was found, and a command that mends it."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, NamedTuple

from devenv.base import launch, output, process, records, toolcache, vendored
from devenv.base.errors import DevError
from devenv.context import environment, workspace
from devenv.engines import choice, docker
from devenv.model import config

ENGINE_NEEDED = 25  # healthcheck.start_interval came with Docker Engine 25
DISK_NEEDED = 2 * 2**30  # bytes: an image with its dependencies, and a database


class Finding(NamedTuple):
    """The result of one check. `fix` is empty when all is well."""

    code: str
    ok: bool
    what: str
    fix: str = ""


def examine() -> list[Finding]:
    """Run every check. A check that needs what an earlier one found missing is left out."""
    findings = list(_engines())
    try:
        settings = config.load(environment.ROOT)
    except DevError as error:
        return [*findings, Finding("D10", False, error.message, " ".join(error.hints))]
    findings.append(Finding("D10", True, "dev.yaml is valid"))
    findings += _repository(settings) if all(f.ok for f in findings) else []
    return [*findings, *_machine(settings)]


def _engines() -> Iterator[Finding]:
    """The engine that dev.up would take here: a machine without containers lacks nothing."""
    try:
        name = choice.choose(os.environ, "")
    except DevError as error:
        yield Finding("D01", False, error.message, " ".join(error.hints))
        return
    if name == choice.NATIVE:
        yield Finding("D01", True, "the native engine: nothing but processes of this machine")
        return
    yield _docker()
    yield _compose()


def _docker() -> Finding:
    version = docker.server_version()
    major = version.split(".")[0]
    if major.isdecimal() and int(major) < ENGINE_NEEDED:  # a build of one's own may have a name instead
        fix = f"install Docker Engine {ENGINE_NEEDED} or newer: https://docs.docker.com/engine/install/"
        return Finding("D01", False, f"Docker {version} is too old for healthcheck.start_interval", fix)
    return Finding("D01", True, f"Docker {version} answers")


def _compose() -> Finding:
    version = docker.compose_version()
    if not version:
        error = docker.no_compose()
        return Finding("D02", False, error.message, " ".join(error.hints))
    return Finding("D02", True, f"Compose {version}")


def _repository(settings: config.Config) -> Iterator[Finding]:
    """What can be wrong in the files and in this workspace."""
    try:
        env = environment.open_environment()
    except DevError as error:
        return iter([Finding("D11", False, error.message, " ".join(error.hints) or f"mend {settings.compose}")])
    return (check(env) for check in REPOSITORY_CHECKS)


def _compose_file(env: environment.Environment) -> Finding:
    """The engine itself is asked: it is the judge of what it can run."""
    try:
        env.engine.look()
    except DevError as error:
        return Finding("D11", False, error.message, " ".join(error.hints) or f"mend {env.place.compose}")
    if env.engine.name == choice.NATIVE:
        return Finding("D11", True, f"{env.place.compose} can be run without containers")
    argv = ["docker", "compose", "-f", env.place.compose, "config", "--quiet"]
    done = process.capture(argv, env.place.env)
    if done.code == 0:  # what it prints then is a warning at most
        return Finding("D11", True, f"{env.place.compose} is valid")
    last = "".join(done.stderr.strip().splitlines()[-1:])
    return Finding("D11", False, last or f"{env.place.compose} is not valid", f"mend {env.place.compose}")


def _healthcheck(env: environment.Environment) -> Finding:
    missing = [s.name for s in env.place.services.values() if not s.healthcheck]
    what = f"no healthcheck: {', '.join(missing)}" if missing else "every service has a healthcheck"
    return Finding("D12", not missing, what, f"add a healthcheck in {env.place.compose}" if missing else "")


def _loopback(env: environment.Environment) -> Finding:
    ports = [(s.name, _published(p)) for s in env.place.services.values() for p in s.raw.data.get("ports", [])]
    open_ = [f"{name} {port}" for name, port in ports if not port.startswith(("127.0.0.1:", "[::1]:"))]
    what = f"published to the whole network: {', '.join(open_)}" if open_ else "ports are published on 127.0.0.1 only"
    return Finding("D13", not open_, what, 'write "127.0.0.1:PORT:PORT"' if open_ else "")


def _published(port: Any) -> str:
    """A port in the short form, whichever it was written in."""
    if not isinstance(port, dict):
        return str(port)
    address = port.get("host_ip", "")
    host = f"[{address}]" if ":" in address else address
    return ":".join(str(part) for part in (host, port.get("published", ""), port.get("target", "")) if part != "")


def _port(env: environment.Environment) -> Finding:
    app = env.engine.look().get(env.config.app)
    try:
        if not (app and app.running):
            workspace.check_port(env.port, env.config.service)
    except DevError as error:
        return Finding("D14", False, error.message, error.hints[0])
    return Finding("D14", True, f"port {env.port} is free or ours")


def _budget(env: environment.Environment) -> Finding:
    limits = sum(s.memory or 0 for s in env.place.services.values())
    budget = env.config.memory
    over = budget is not None and limits > budget
    what = f"memory limits of {output.mebibytes(limits)}, budget {output.mebibytes(budget)}"
    return Finding("D15", not over, what, "raise budget.memory in dev.yaml or lower mem_limit" if over else "")


def _left_out(env: environment.Environment) -> Finding:
    """What compose.yaml says and this engine does not do, without harm."""
    left = [f"{name}: {text}" for name, texts in choice.ignored(env.engine.name, env.place.services) for text in texts]
    return Finding(
        "D16", True, "\n".join(["not done by this engine, without harm:", *left]) if left else "all is honoured"
    )


def _fallback(env: environment.Environment) -> Finding:
    """Where no private hosts file can be had, the service is known by the name that always works."""
    if env.host == "localhost":
        return Finding("D17", True, f"no private hosts file can be mounted here, so the URL is {env.url}")
    return Finding("D17", True, f"the URL is {env.url} for browsers and for other services")


REPOSITORY_CHECKS: tuple[Callable[[environment.Environment], Finding], ...] = (
    _compose_file,
    _healthcheck,
    _loopback,
    _port,
    _budget,
    _left_out,
    _fallback,
)


def _tools() -> Iterator[Finding]:
    """The tools themselves: whole, from the commit of the launcher that started them, and not too many."""
    yield _whole()
    yield _of_one_commit()
    yield Finding("D32", True, toolcache.described())


def _whole() -> Finding:
    tools = launch.TOOLS
    if not (tools / vendored.MANIFEST).is_file():
        return Finding("D30", True, f"the tools are those of the checkout {tools}, as it is")
    wrong = [line for line in vendored.differences(tools) if not line.startswith("../")]
    if not wrong:
        return Finding("D30", True, f"the tools in {tools} are whole")
    fix = "git checkout HEAD -- .dev/tools" if tools.parent.name == ".dev" else f"rm -r {shlex.quote(str(tools))}"
    return Finding("D30", False, f"the tools in {tools} are damaged: {wrong[0]} ({len(wrong)} in all)", fix)


def _of_one_commit() -> Finding:
    """An update that was not finished leaves a launcher of one commit, and tools of another."""
    dev = environment.ROOT / ".dev"
    try:
        sums = vendored.launcher_sums(launch.TOOLS)
    except OSError as error:
        return Finding("D31", False, f"the tools say nothing of their launcher: {error}", "inv template.update")
    wrong = [name for name, wanted in sums.items() if not _as_wanted(dev / name, wanted, name in vendored.LAUNCHER)]
    pin, own = toolcache.pinned(environment.ROOT), vendored.commit_of(launch.TOOLS)
    if own and pin and pin != own:
        return Finding(
            "D31", False, f"{vendored.FOLDER} are of {own[:12]}, .cruft.json names {pin[:12]}", "inv template.vendor"
        )
    if not wrong:
        return Finding("D31", True, "the launcher and the tools are of one commit")
    what = f"not as the tools' commit has them: {', '.join(f'.dev/{name}' for name in wrong)}"
    return Finding(
        "D31", False, what, "git status .dev; find .dev -name '*.rej'; git log --oneline -- .cruft.json .dev"
    )


def _as_wanted(path: Path, digest: str, needed: bool) -> bool:
    """Whether a file is as it should be; of the fragments, a service has those that it chose."""
    return vendored.digest(path) == digest if path.is_file() else not needed


def _machine(settings: config.Config) -> list[Finding]:
    return [_disk(), _name(settings), _records(), *_tools()]


def _disk() -> Finding:
    free = shutil.disk_usage(environment.ROOT).free
    fix = "docker system prune" if free < DISK_NEEDED else ""
    return Finding("D20", free >= DISK_NEEDED, f"{output.mebibytes(free)} free on the disk", fix)


def _name(settings: config.Config) -> Finding:
    """Browsers resolve *.localhost by themselves; other programs ask the system, which may not."""
    host = f"{settings.service}.localhost"
    try:
        socket.getaddrinfo(host, settings.port)
    except OSError:
        what = f"{host} works in browsers, curl and our services, but not in every program on this machine"
        return Finding("D21", True, what)
    return Finding("D21", True, f"{host} resolves")


def _records() -> Finding:
    """Environments whose checkout is gone still hold containers or processes, and data."""
    gone = [record for record in records.of_workspace() if record.checkout and not os.path.isdir(record.checkout)]
    names = ", ".join(f"{record.workspace}/{record.service}" for record in gone)
    what = f"their checkout is gone: {names}" if gone else "no orphans"
    return Finding("D22", not gone, what, "; ".join(map(_removal, gone)))


def _removal(record: records.Record) -> str:
    """The commands that remove what is left of a service, on every engine that it ran on, and its record."""
    engines = sorted({record.engine, *record.data} - {""})
    commands = [choice.removal(engine, record.workspace, record.service) for engine in engines]
    files = shlex.quote(str(records.path(record.workspace, record.service).with_suffix("")))
    return "; ".join([*filter(None, commands), f"rm -rf {files} {files}.*"])

"""Checks of this environment. Each has a code, what was found, and a command that fixes it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable

from devenv.base import git, launch, output, process, records, seals, shapes, system, toolcache, vendored
from devenv.base.errors import DevError
from devenv.context import environment, workspace
from devenv.engines import choice, docker, podman
from devenv.engines.native import app_environment, folders
from devenv.lifecycle import emulation, gone, machine, secrets
from devenv.lifecycle.machine import Finding
from devenv.model import config, services

PODMAN_NEEDED = 4  # an earlier one has no networks in which services find each other by name
ENGINE_NEEDED = 25  # healthcheck.start_interval came with Docker Engine 25
UNSAFE = r"(?i)(fsync|full_page_writes|innodb[-_]doublewrite)=(off|0|false|no)|skip[-_]innodb[-_]doublewrite"
FILLED_IN = ("dev.yaml", "compose*.y*ml", "Dockerfile*")
POINT = r"\s*# FILL IN: (.*\S)\s*"
MIRRORS_LIMIT = 20.0  # seconds for the mirrors of all repositories
DISK_NEEDED = 2 * 2**30  # bytes: an image with its dependencies, and a database


def examine() -> list[Finding]:
    """Run every check. Checks that cannot work because an earlier one failed are left out."""
    findings, engine = list(_engines()), _engine()
    to_fill_in = _to_fill_in()
    try:
        settings = config.load(environment.ROOT)
    except DevError as error:
        return [*findings, Finding("D10", False, error.message, " ".join(error.hints)), to_fill_in]
    findings.append(Finding("D10", True, "dev.yaml is valid"))
    findings += _repository(settings) if all(f.ok for f in findings) else []
    return [*findings, to_fill_in, *_machine(settings, engine)]


def quick() -> list[Finding]:
    """What is wrong, of the checks that need no time: for a command that failed."""
    found: list[Finding] = []
    with suppress(DevError, OSError):
        found += _engines()
        settings = config.load(environment.ROOT)
        engine = _engine()
        found += machine.examine(settings, engine)
        env = environment.open_environment()
        found += [check(env) for check in (machine.language, machine.programs)]
    return [finding for finding in found if not finding.ok]


def remove_caches(findings: Sequence[Finding]) -> list[Finding]:
    """Do the fixes that only remove damaged caches, and report each command. Returns what they fixed.

    A folder from which a server runs stays: it may be another service's.
    """
    found = [each for each in findings if each.caches and not any(map(_serves, each.caches))]
    return [each for each in found if not process.run(["rm", "-rf", *map(str, each.caches)], os.environ)]


def _serves(folder: Path) -> bool:
    """Whether a server runs from a folder. Tools and packages may run from theirs: this command does."""
    return folder.parent == folders.tools() and system.runs_from(folder)


def _engine() -> str:
    """The engine that is used; empty if none answers."""
    try:
        return choice.choose(os.environ, "").name
    except DevError:
        return ""


def _engines() -> Iterator[Finding]:
    """The engine that dev.up would use here. A machine without containers is fine."""
    try:
        name = choice.choose(os.environ, "").name
    except DevError as error:
        yield Finding("D01", False, error.message, " ".join(error.hints))
        return
    if name == choice.NATIVE:
        yield Finding("D01", True, "the native engine: processes of this machine, without containers")
        yield machine.refused()
        return
    yield _docker()
    yield _compose()


def _docker() -> Finding:
    found = docker.server()
    named = docker.described(found)
    major = found.version.split(".")[0]
    if found.is_podman:
        if major.isdecimal() and int(major) < PODMAN_NEEDED:
            fix = f"install Podman {PODMAN_NEEDED} or newer, or work without containers: {docker.WITHOUT}"
            return Finding("D01", False, f"{named} is too old", fix)
        if (missing := podman.no_command()) is not None:
            return Finding("D01", False, missing.message, missing.hints[0])
        return Finding("D01", True, f"{named} answers")
    if major.isdecimal() and int(major) < ENGINE_NEEDED:  # a custom build may have a name instead
        fix = f"install Docker Engine {ENGINE_NEEDED} or newer: https://docs.docker.com/engine/install/"
        return Finding("D01", False, f"{named} is too old for healthcheck.start_interval", fix)
    return Finding("D01", True, f"{named} answers")


def _compose() -> Finding:
    version = docker.compose_version()
    if not version:
        error = docker.no_compose()
        return Finding("D02", False, error.message, " ".join(error.hints))
    return Finding("D02", True, f"Compose {version}")


def _repository(settings: config.Config) -> Iterator[Finding]:
    """The checks of the files and of this workspace."""
    try:
        env = environment.open_environment()
    except DevError as error:
        return iter([Finding("D11", False, error.message, " ".join(error.hints) or f"fix {settings.compose}")])
    except OSError:
        return iter([])  # D26 says which folder cannot be used
    return (check(env) for check in REPOSITORY_CHECKS)


def _to_fill_in() -> Finding:
    """The places that the template, or a retrofit, left to the owner."""
    paths = sorted(path for pattern in FILLED_IN for path in environment.ROOT.glob(pattern) if path.is_file())
    lines = [
        f"{path.name}:{number}: {found[1]}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if (found := re.fullmatch(POINT, line))
    ]
    if not lines:
        return Finding("D19", True, "no places are left to fill in")
    what = "\n".join([f"{len(lines)} {'place is' if len(lines) == 1 else 'places are'} left to fill in:", *lines])
    return Finding("D19", False, what, "write what belongs there, and remove the comment FILL IN")


def _compose_file(env: environment.Environment) -> Finding:
    """The engine itself checks the file, since it knows what it can run."""
    try:
        env.engine.look()
    except DevError as error:
        return Finding("D11", False, error.message, " ".join(error.hints) or f"fix {env.place.compose}")
    if env.engine.name == choice.NATIVE:
        return Finding("D11", True, f"{env.place.compose} can run without containers")
    argv = ["docker", "compose", "-f", env.place.compose, "config", "--quiet"]
    done = process.capture(argv, env.place.env)
    if done.code == 0:  # then its output is a warning at most
        return Finding("D11", True, f"{env.place.compose} is valid")
    last = "".join(done.stderr.strip().splitlines()[-1:])
    return Finding("D11", False, last or f"{env.place.compose} is not valid", f"fix {env.place.compose}")


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
    """A published port in the short form."""
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
    """The settings of compose.yaml that this engine leaves out."""
    left = [f"{name}: {text}" for name, texts in choice.ignored(env.engine.name, env.place.services) for text in texts]
    return Finding("D16", True, "\n".join(["this engine leaves out:", *left]) if left else "all is honoured")


def _address(env: environment.Environment) -> Finding:
    """If a private hosts file cannot be mounted, the service uses a name that always works."""
    if env.host == "localhost":
        return Finding("D17", True, f"no private hosts file can be mounted here, so the URL is {env.url}")
    app, wanted = env.place.services[env.config.app].raw, [env.config.service, f"{env.config.service}.localhost"]
    joined = app.data.get("networks")
    aliases = [(each or {}).get("aliases") or [] for each in (joined.values() if isinstance(joined, Mapping) else [])]
    if env.engine.name == choice.COMPOSE and {*wanted}.difference(*aliases):
        what = app.error(f"other services cannot reach {env.internal_url}", "networks").message
        return Finding("D17", False, what, f"workspace: {{aliases: [{', '.join(wanted)}]}}, in networks of {app.name}")
    return Finding("D17", True, f"the URL is {env.url} for browsers and for other services")


def _durable(env: environment.Environment) -> Finding:
    """Settings with which a power cut breaks a database. In CI they are chosen, since nothing is kept there."""
    found = [
        f"{s.name} {word}" for s in env.place.services.values() for word in s.command or () if re.search(UNSAFE, word)
    ]
    if not found:
        return Finding("D18", True, "no database skips the disk")
    what = f"a power cut breaks all data, snapshots included: {', '.join(found)}"
    if os.environ.get("DEV_DURABILITY"):
        return Finding("D18", True, f"{what} (DEV_DURABILITY={os.environ['DEV_DURABILITY']})")
    return Finding("D18", False, what, "remove it from `command:`, or take the current fragment: inv template.update")


def _environment(env: environment.Environment) -> Finding:
    """The app's own environment, file by file. In containers it is in the image, which the engine verifies."""
    found = app_environment.flaw(env.place) if env.engine.name == choice.NATIVE else ""
    if not found:
        return Finding("D34", True, "the app's packages are complete")
    return Finding.damaged("D34", found, app_environment.parts_of(env.place))


def _accounts(env: environment.Environment) -> Finding:
    """Data of earlier releases keeps its published password, and the app's account may do everything there."""
    older = [name for name, known in env.accounts.stores.items() if not known]
    if not older:
        return Finding("D37", True, "no data has the accounts of an earlier release")
    kept, back = "inv dev.snapshot kept --export ../kept.tar.gz", "inv dev.up && inv dev.restore ../kept.tar.gz"
    if where := _kept_by_person(env, env.place.services[older[0]]):
        what = f"data in {where} has a published password that other users of this machine know: {older[0]}"
        use = f"use a volume of this service in {env.place.compose}"
        return Finding("D37", False, what, f"{kept} && inv dev.destroy; {use}, then {back}")
    what = f"made by an earlier release, with a published password that other users of this machine know: {older[0]}"
    return Finding("D37", False, what, f"{kept} && inv dev.destroy && {back}")


def _kept_by_person(env: environment.Environment, store: services.Service) -> str:
    """The folder or external volume of a database, which dev.destroy leaves: such data gets no account of ours."""
    if env.engine.name == choice.NATIVE:
        return ""
    external = services.external_volumes(store, env.place.project, env.place.env)
    return next(iter([*map(str, services.folders(store)), *external]), "")


REPOSITORY_CHECKS: tuple[Callable[[environment.Environment], Finding], ...] = (
    _compose_file,
    _healthcheck,
    _loopback,
    _port,
    _budget,
    _left_out,
    _address,
    _durable,
    _environment,
    secrets.examine,
    _accounts,
    machine.distant,
    machine.logs,
    emulation.check,
    machine.language,
    machine.programs,
)


def _tools() -> Iterator[Finding]:
    """The tools: complete, and from the commit of the launcher that started them."""
    yield _whole()
    yield _of_one_commit()
    yield Finding("D32", True, toolcache.described())
    yield _installed()
    yield _mirrors()


def _whole() -> Finding:
    tools = launch.TOOLS
    if not (tools / vendored.MANIFEST).is_file():
        return Finding("D30", True, f"the tools are those of the checkout {tools}")
    wrong = vendored.differences(tools)
    if not wrong:
        return Finding("D30", True, f"the tools in {tools} are complete")
    fix = "git checkout HEAD -- .dev/tools" if tools.parent.name == ".dev" else f"rm -r {shlex.quote(str(tools))}"
    return Finding("D30", False, f"the tools in {tools} are damaged: {wrong[0]} ({len(wrong)} in all)", fix)


def _installed() -> Finding:
    """What was installed into the caches, file by file: the tools' own packages, servers, new databases."""
    wrong = [(seals.flaw(folder, seal, whole=True), folder) for folder, seal in folders.sealed()]
    damaged = [(path, folder) for path, folder in wrong if path]
    if not damaged:
        return Finding("D33", True, f"what was installed into {toolcache.home()} is complete")
    return Finding.damaged("D33", ", ".join(path for path, _ in damaged), [folder for _, folder in damaged])


def _mirrors() -> Finding:
    """The mirrors of required repositories and of the template, examined by git within a limited time."""
    found: list[Path] = []
    unseen: list[Path] = []
    end = time.monotonic() + MIRRORS_LIMIT
    mirrors = sorted(toolcache.home().glob("mirrors/*.git"))
    for mirror in mirrors:
        argv = git.argv("--git-dir", str(mirror), "fsck", "--no-dangling", "--no-progress")
        left = end - time.monotonic()
        if left <= 0 or not process.probe(argv, os.environ, launch.TOOLS, left):
            (found if time.monotonic() < end else unseen).append(mirror)
    if found:
        return Finding.damaged("D35", ", ".join(map(str, found)), found)
    seen = len(mirrors) - len(unseen)
    more = f"; not examined, for lack of time: {', '.join(each.name for each in unseen)}" if unseen else ""
    return Finding("D35", True, f"mirrors of repositories: {seen} examined, none is damaged{more}")


def _of_one_commit() -> Finding:
    """Whether launcher and tools are of one commit. They are not after an update that was not finished."""
    dev = environment.ROOT / ".dev"
    try:
        sums = vendored.launcher_sums(launch.TOOLS)
    except OSError as error:
        return Finding("D31", False, f"the launcher's checksums cannot be read: {error}", "inv template.update")
    wrong = [name for name, wanted in sums.items() if not _as_wanted(dev / name, wanted, name in vendored.LAUNCHER)]
    pin, own = toolcache.pinned(environment.ROOT), vendored.commit_of(launch.TOOLS)
    if own and pin and pin != own:
        return Finding(
            "D31", False, f"{vendored.FOLDER} are of {own[:12]}, .cruft.json names {pin[:12]}", "inv template.vendor"
        )
    if not wrong:
        return Finding("D31", True, "the launcher and the tools are of one commit")
    what = f"differs from the tools' commit: {', '.join(f'.dev/{name}' for name in wrong)}"
    return Finding(
        "D31", False, what, "git status .dev; find .dev -name '*.rej'; git log --oneline -- .cruft.json .dev"
    )


def _as_wanted(path: Path, digest: str, needed: bool) -> bool:
    """Whether a file is as it should be. A service only has the fragments that it chose."""
    return vendored.digest(path) == digest if path.is_file() else not needed


def _machine(settings: config.Config, engine: str) -> list[Finding]:
    own = machine.examine(settings, engine)
    return [_disk(engine), _name(settings), _records(), _readable(), *own, *_tools()]


def _disk(engine: str) -> Finding:
    free = shutil.disk_usage(environment.ROOT).free
    more = "; docker system df" if engine == choice.COMPOSE else ""
    fix = f"remove what you no longer need: inv dev.state list{more}" if free < DISK_NEEDED else ""
    return Finding("D20", free >= DISK_NEEDED, f"{output.mebibytes(free)} free on the disk", fix)


def _name(settings: config.Config) -> Finding:
    """Browsers resolve *.localhost. Other programs rely on the system, which may not."""
    host = f"{settings.service}.localhost"
    try:
        socket.getaddrinfo(host, settings.port)
    except OSError:
        what = f"{host} works in browsers, curl and our services; in other programs use 127.0.0.1"
        return Finding("D21", True, what)
    return Finding("D21", True, f"{host} resolves")


def _records() -> Finding:
    """Environments without a checkout still have containers or processes, and data."""
    found = gone.all_of()
    names = ", ".join(f"{record.workspace}/{record.service}" for record in found)
    what = f"checkouts that were removed: {names}" if found else "no orphans"
    return Finding("D22", not found, what, "\n".join(map(_removal, found)))


def _readable() -> Finding:
    """Records that cannot be read count as lost. The next dev.up of their service writes them again."""
    wrong = [path for path in sorted(records.home().glob("*/*.json")) if shapes.read(path, dict) is None]
    what = f"records that cannot be read: {', '.join(map(str, wrong))}" if wrong else "all records can be read"
    return Finding("D23", not wrong, what, "inv dev.up, in the repository of the service" if wrong else "")


def _removal(record: records.Record) -> str:
    """How to keep its data, and the command that removes it, with its record."""
    kept = f"# to keep its data: inv dev.up --workspace {record.workspace}, in another checkout of {record.service}"
    return f"{kept}\n# to remove it with its data:\ninv dev.destroy --gone {record.workspace}/{record.service}"

"""Checks of the machine: its folders, its network, its git. Together they take less than a second.

`dev.doctor` runs them with its others, and `dev.up` when it failed for want of something.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from devenv.base import authorities, locks, output, process, records, toolcache
from devenv.base.errors import DevError
from devenv.context import environment
from devenv.engines import choice, client, docker
from devenv.engines.native import app_environment
from devenv.engines.native.servers.server import Server
from devenv.lifecycle import plan
from devenv.model import config, outside

GIT_NEEDED = (2, 29)
TEMPORARY_NEEDED = 64 * 2**20  # bytes: answers of commands, and what is read from databases
COPIES_ALL = r"(?im)^\s*COPY\s+(?!.*--chmod)(?!.*--from)(?:--\S+\s+)*\.\s+\S+\s*$"
PEM = b"-----BEGIN CERTIFICATE-----"


class Finding(NamedTuple):
    """The result of one check. `fix` is empty when all is well.

    `caches`: folders whose removal is the fix. They hold no data, and are made again. `dev.doctor --fix` removes them.
    """

    code: str
    ok: bool
    what: str
    fix: str = ""
    caches: Sequence[Path] = ()

    @staticmethod
    def damaged(code: str, what: str, caches: Sequence[Path]) -> Finding:
        """Something in caches is damaged."""
        fix = f"{shlex.join(['rm', '-rf', *map(str, caches)])}; inv dev.up"
        return Finding(code, False, f"damaged: {what}", fix, caches)


def examine(settings: config.Config, engine: str) -> Iterator[Finding]:
    """Every check of the machine. `engine`: the one that is used; empty if none answers."""
    yield _temporary()
    yield _writable()
    yield _own_folders()
    yield _git()
    yield _memory(settings, engine)
    yield _authorities()
    yield _reachable_proxy(engine)
    yield _proxies()
    yield _readable(engine)
    yield _logins(engine)


def _logins(engine: str) -> Finding:
    """Whether Docker has the programs that its configuration names for the logins of registries."""
    missing = client.missing_helper(os.environ) if engine == choice.COMPOSE else ""
    if not missing:
        return Finding("D46", True, "Docker finds its programs for logins")
    program = client.HELPER.format(missing.split(": ")[1])
    what = f"{client.file(os.environ)} has {missing}, but {program} is missing"
    return Finding("D46", False, what, "install that program, or remove the entry: Compose pulls no image without it")


def refused() -> Finding:
    """Whether an engine runs here that this user may not use."""
    why = docker.refusal()
    wanted = os.environ.get("DEV_ENGINE") == choice.NATIVE
    if not why or wanted:
        return Finding("D03", True, "no engine refuses this user")
    return Finding("D03", False, f"Docker refuses this user: {why}", f"{docker.JOIN_GROUP}; or: {docker.WITHOUT}")


def distant(env: environment.Environment) -> Finding:
    """Whether the engine sees this checkout: one on another machine does not."""
    host = docker.distant() if env.engine.name == choice.COMPOSE else ""
    if not host:
        return Finding("D04", True, "the engine is on this machine")
    try:
        env.engine.check_reach()
    except DevError as error:
        return Finding("D04", False, error.message, "; or: ".join(error.hints))
    return Finding("D04", True, f"the engine at {host} has this checkout, as far as an image is there to look with")


def logs(env: environment.Environment) -> Finding:
    """Whether the logs of its containers end somewhere. Docker's default keeps every line."""
    states = env.engine.look() if env.engine.name == choice.COMPOSE else {}
    endless = docker.endless_logs(states)
    if not endless:
        return Finding("D45", True, "no log grows without limit")
    limit = 'logging: {driver: json-file, options: {max-size: 5m, max-file: "2"}}'
    what = f"their logs grow without limit: {', '.join(endless)}"
    return Finding("D45", False, what, f"add to each of them in {env.place.compose}, then inv dev.up: {limit}")


def language(env: environment.Environment) -> Finding:
    """The Python or Node that `native:` of dev.yaml asks for."""
    try:
        if env.engine.name == choice.NATIVE:
            app_environment.check_languages(env.place)
    except DevError as error:
        return Finding("D41", False, error.message, "; ".join(error.hints))
    return Finding("D41", True, "Python and Node are as dev.yaml wants them")


def programs(env: environment.Environment) -> Finding:
    """The programs of the servers that run without containers."""
    try:
        for unit in getattr(env.engine, "units", {}).values():
            if isinstance(unit, Server):
                unit.is_made()
    except DevError as error:
        return Finding("D42", False, error.message, "; ".join(error.hints))
    return Finding("D42", True, "the servers' programs are here, or can be fetched")


def _temporary() -> Finding:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    ok = free >= TEMPORARY_NEEDED
    what = f"{output.mebibytes(free)} free in {folder}"
    return Finding("D24", ok, what, "" if ok else f"remove what is not needed in {folder}, or set TMPDIR=FOLDER")


def _writable() -> Finding:
    root = environment.ROOT
    own = root / ".dev" / "local"
    closed = [str(path) for path in (root, own) if path.exists() and not os.access(path, os.W_OK | os.X_OK)]
    if not closed:
        return Finding("D25", True, "the checkout can be written to")
    fix = f"ls -ld {shlex.join(closed)}; work in a checkout of yours: git clone {shlex.quote(str(root))} FOLDER"
    return Finding("D25", False, f"cannot be written to: {', '.join(closed)}", fix)


def _own_folders() -> Finding:
    """The folders of state and cache: they can be written to, and files in them can be locked."""
    for folder, variable in ((records.home(), "XDG_STATE_HOME"), (toolcache.home(), "XDG_CACHE_HOME")):
        fix = f"ls -ld {shlex.quote(str(folder))}; or use another one: export {variable}=FOLDER"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file, locks.held(Path(file.name), ""):
                pass
        except (OSError, DevError) as error:
            return Finding("D26", False, f"{folder}: {getattr(error, 'strerror', None) or error}", fix)
    return Finding("D26", True, "the folders of state and cache can be written to")


def _git() -> Finding:
    said = process.capture(["git", "--version"]).stdout
    version = tuple(map(int, re.findall(r"\d+", said)[:2]))
    needed = ".".join(map(str, GIT_NEEDED))
    fix = f"install git {needed} or newer: https://git-scm.com/downloads"
    if not version:
        return Finding("D27", False, "git is not on the path", fix)
    have = ".".join(map(str, version))
    ok = version >= GIT_NEEDED
    return Finding("D27", ok, f"git {have}" if ok else f"git {have} is too old, {needed} is needed", "" if ok else fix)


def _memory(settings: config.Config, engine: str) -> Finding:
    """The memory of this machine, or of the virtual machine that the engine runs in."""
    whole = docker.memory() if engine == choice.COMPOSE else plan.machine_memory()
    budget = settings.memory
    if not whole or budget is None or budget <= whole:
        return Finding("D28", True, f"{output.mebibytes(whole)} of memory" if whole else "the memory is not known")
    what = f"budget.memory is {output.mebibytes(budget)}, and there are {output.mebibytes(whole)}"
    return Finding("D28", False, what, "give Docker's virtual machine more memory, or lower budget.memory in dev.yaml")


def _authorities() -> Finding:
    named = authorities.named(os.environ)
    if not named:
        return Finding("D29", True, "no certificate authorities are given for this network")
    variable = next(name for name in authorities.GIVEN if os.environ.get(name) == named)
    fix = f"let {variable} name a file of certificates in PEM form, or: unset {variable}"
    try:
        known = PEM in Path(named).read_bytes()
    except OSError as error:
        return Finding("D29", False, f"{variable}={named}: {error.strerror}", fix)
    if not known:
        return Finding("D29", False, f"{variable}={named}: there is no certificate in it", fix)
    return Finding("D29", True, f"builds and services trust {variable}={named}")


def _reachable_proxy(engine: str) -> Finding:
    given = outside.proxies(os.environ)
    local = [value for value in given.values() if outside.is_local(value)]
    known = outside.proxies(client.proxied(os.environ)) if local and engine == choice.COMPOSE else given
    if known or not local:
        return Finding("D38", True, "a proxy takes part" if given else "no proxy takes part")
    what = f"containers cannot reach the proxy {local[0]}, which listens on this machine's loopback"
    fix = "let it listen on Docker's bridge too, and name that address in ~/.docker/config.json:"
    return Finding("D38", False, what, f"{fix} https://docs.docker.com/engine/cli/proxy/")


def _proxies() -> Finding:
    """Proxies whose address no program can read."""
    wrong = {name: value for name, value in outside.proxies(os.environ).items() if not _is_address(value)}
    if not wrong:
        return Finding("D39", True, "the addresses of proxies can be read")
    what = ", ".join(f"{name}={value}" for name, value in wrong.items())
    return Finding("D39", False, f"not the address of a proxy: {what}", "write it as http://HOST:PORT")


def _is_address(proxy: str) -> bool:
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        return bool(parts.hostname and re.fullmatch(r"[\w.:%-]+", parts.hostname)) and parts.port != 0
    except ValueError:
        return False


def _readable(engine: str) -> Finding:
    """With a strict umask, production's image cannot read the files that its Dockerfile copies as they are."""
    root = environment.ROOT
    here = [
        path for path in sorted(root.glob("Dockerfile*")) if re.search(COPIES_ALL, path.read_text(errors="replace"))
    ]
    closed = (root / "dev.yaml").stat().st_mode & 0o044 != 0o044
    if engine != choice.COMPOSE or not here or not closed:
        return Finding("D40", True, "the images' users can read what is copied")
    what = f"{here[0].name} copies files that are for their owner alone, and production runs as another user"
    return Finding("D40", False, what, "write COPY --chmod=755 . . there, or: chmod -R go+rX .")

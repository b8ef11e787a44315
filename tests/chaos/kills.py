"""What is killed while verbs run, on each engine, and what runs at all: found without the tools under test."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from tests.data.power import Disk
from tests.verbs import machine
from tests.verbs.repo import Repo, end

from . import service

UNIT = re.compile(rb"DEVENV_UNIT=[^\0]*/([^/\0]+)/native/([^/\0]+)")


Started = list["subprocess.Popen[str]"]  # the commands


def kill_command(repo: Repo, started: Started, disk: Disk | None) -> None:
    """Alone: what it started goes on."""
    end(started[0], os.kill)


def kill_group(repo: Repo, started: Started, disk: Disk | None) -> None:
    """With its group, as a closed terminal does."""
    end(started[0], os.killpg)


def kill_unit(repo: Repo, started: Started, disk: Disk | None, of: str, unit: str) -> None:
    """The main process of a unit, or its container."""
    if is_native(repo):
        kill_all([pid for pid, name in mains(repo.token).items() if name == f"{of} {unit}"])
    else:
        kill_containers([name for name in containers_of(repo.token) if f"-{of}-" in name and f"-{unit}-" in name])


def kill_engine(repo: Repo, started: Started, disk: Disk | None) -> None:
    """Everything that runs, except commands."""
    if is_native(repo):
        kill_all([pid for pid, (name, _) in processes(repo.token).items() if name != "command"])
    else:
        kill_containers(containers_of(repo.token))


def cut_power(repo: Repo, started: Started, disk: Disk | None) -> None:
    """The power of the disk. Without such a disk, everything is killed, with the command."""
    if disk:
        disk.cut()
    else:
        kill_engine(repo, started, disk)
    for process in started:
        end(process, os.killpg)


KILLS: dict[str, Callable[..., Any]] = {
    "command": kill_command,
    "group": kill_group,
    "app": partial(kill_unit, of=service.ROOT, unit="app"),
    "server": partial(kill_unit, of=service.ROOT, unit="db"),
    "required server": partial(kill_unit, of=service.BASE, unit="db"),
    "engine": kill_engine,
    "power": cut_power,
}


def kill_all(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_containers(names: list[str]) -> None:
    for name in names:  # one that does not run is an error, which is none here
        subprocess.run(["docker", "kill", name], capture_output=True, check=False)


def containers_of(token: str) -> list[str]:
    return machine.answer("docker", "ps", "--all", "--filter", f"name=^{token}-", "--format", "{{.Names}}")


def is_native(repo: Repo) -> bool:
    return repo.env["DEV_ENGINE"] == "native"


def running(repo: Repo) -> Counter[str]:
    """What runs in the workspace, by name."""
    return Counter([*mains(repo.token).values(), *([] if is_native(repo) else containers_of(repo.token))])


def mains(token: str) -> dict[int, str]:
    """The processes that are not children of one with the same name."""
    found = processes(token)
    return {pid: name for pid, (name, parent) in found.items() if found.get(parent, ("", 0))[0] != name}


def processes(token: str) -> dict[int, tuple[str, int]]:
    """The processes of a workspace on this machine: by id, `SERVICE UNIT` or `command`, and the parent."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "environ").read_bytes()
            state, parent = (process / "stat").read_text(errors="replace").rpartition(") ")[2].split()[:2]
            if token.encode() in words and state not in "ZX":
                unit = UNIT.search(words)
                name = b" ".join(unit.groups()).decode() if unit else "command"
                found[int(process.name)] = (name, int(parent))
    return found

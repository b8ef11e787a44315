"""Finds what a repository has on the machine without its commands: processes, containers, files."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

FOLDER = "com.docker.compose.project.working_dir"
PROJECT = "com.docker.compose.project"
KINDS = {
    "container": (["container", "ls", "--all", "--format", "{{.ID}} {{.Names}}"], ["container", "rm", "-f", "-v"]),
    "volume": (["volume", "ls", "--format", "{{.Name}} {{.Name}}"], ["volume", "rm", "-f"]),
    "network": (["network", "ls", "--format", "{{.ID}} {{.Name}}"], ["network", "rm"]),
    "image": (["image", "ls", "--format", "{{.ID}} {{.Repository}}"], ["image", "rm", "-f"]),
}


# Seconds that a process must live to count: a helper that is about to end is not a service.
PASSING = 2
GONE = (psutil.Error, OSError)  # a process that has ended, or is another user's


@dataclass
class Machine:
    """`root` is the folder of the whole run, `checkout` the repository in it, `token` a part of each name."""

    root: Path
    checkout: Path
    token: str
    docker: bool
    projects: set[str] = field(default_factory=set)  # Compose projects of the checkout that were seen

    def containers(self) -> list[dict[str, Any]]:
        """The running containers of the checkout, as `docker inspect` prints them."""
        if not self.docker:
            return []
        ids = ask("docker", "ps", "--quiet", "--no-trunc", "--filter", f"label={FOLDER}={self.checkout}").split()
        found = json.loads(ask("docker", "inspect", *ids) or "[]") if ids else []
        self.projects |= {container["Config"]["Labels"].get(PROJECT, "") for container in found} - {""}
        return list(found)

    def note_projects(self) -> None:
        """Note the Compose projects of all checkouts below the folder of the run, running or not."""
        listed = ask("docker", "ps", "--all", "--format", f'{{{{.Label "{PROJECT}"}}}} {{{{.Label "{FOLDER}"}}}}')
        rows = [line.partition(" ") for line in listed.splitlines()] if self.docker else []
        self.projects |= {name for name, _, folder in rows if name and f"{folder}/".startswith(f"{self.root}/")}

    def processes(self) -> dict[int, str]:
        """Processes with the folder of the run in their path, arguments or environment, and their command lines."""
        found = {}
        for process in psutil.process_iter():
            with suppress(*GONE):
                if process.pid != os.getpid() and self._is_ours(process):
                    found[process.pid] = " ".join(process.cmdline())
        return found

    def running(self) -> set[str]:
        """What runs, in words that stay the same while it does: containers, and the processes that are not children of
        others.
        """
        containers = {f"container {c['Name'].lstrip('/')} {c['State']['StartedAt']}" for c in self.containers()}
        tops = self._tops()
        while tops and (young := PASSING - min(map(age, tops))) > 0:
            time.sleep(young)
            tops = self._tops()
        return containers | {f"process {pid} {line[:80]}" for pid, line in tops.items()}

    def _tops(self) -> dict[int, str]:
        """The processes that are not children of others, and that still live after all were looked at."""
        pids = self.processes()
        parents = {pid: parent(pid) for pid in pids}
        return {pid: line for pid, line in pids.items() if parents[pid] not in (0, *pids)}

    def memory(self) -> float:
        """Bytes that the checkout's containers and processes use; 0 if nothing runs, or if one cannot be measured."""
        ids = [container["Id"] for container in self.containers()]
        stats = ask("docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", *ids) if ids else ""
        contained = list(map(size, re.findall(r"^([\d.]+\w+) /", stats, re.MULTILINE)))
        processes = [used for used in map(pss, self.processes()) if used is not None]
        return sum(contained) + sum(processes) if len(contained) == len(ids) and all(processes) else 0

    def left(self) -> list[str]:
        """What is left of the run, in words. After dev.destroy it must be empty."""
        named = [f"{kind} {name}" for kind in ("container", "volume", "network") for _, name in self._named(kind)]
        records = [f"file {path}" for path in files(self.root / "state") if path.suffix != ".lock"]
        return [*named, *(f"process {pid} {line[:80]}" for pid, line in self.processes().items()), *records]

    def sweep(self) -> None:
        """Remove everything that is left by force, in case dev.destroy did not."""
        while pids := self.processes():
            kill_all(list(pids))
        for kind, (_, remove) in KINDS.items():
            for known, _name in self._named(kind):
                ask("docker", *remove, known)

    def _named(self, kind: str) -> list[tuple[str, str]]:
        """Things of a kind that have the token or a project of the checkout in their name."""
        if not self.docker:
            return []
        lines = (line.partition(" ") for line in ask("docker", *KINDS[kind][0]).splitlines())
        prefixes = (*(f"{project}-" for project in self.projects), *(f"{project}_" for project in self.projects))
        return [(known, name) for known, _, name in lines if self.token in name or name.startswith(prefixes)]

    def _is_ours(self, process: psutil.Process) -> bool:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        root, words = str(self.root), process.cmdline()  # first: macOS hides the variables of its own programs
        with suppress(*GONE):
            words += process.environ().values()
        return process.cwd().startswith(root) or any(root in word for word in words)


def ask(*argv: str) -> str:
    """What a command of the engine prints; empty if it fails."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def has_docker(env: dict[str, str]) -> bool:
    """Whether a container engine answers."""
    try:
        info = subprocess.run(["docker", "info"], env=env, capture_output=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return info.returncode == 0


def parent(pid: int) -> int:
    """The parent of a process; 0 if it has ended."""
    with suppress(*GONE):
        return int(psutil.Process(pid).ppid())
    return 0


def age(pid: int) -> float:
    """Seconds since a process started; infinite if it has ended."""
    with suppress(*GONE):
        return time.time() - float(psutil.Process(pid).create_time())
    return math.inf


def children(pid: int) -> list[int]:
    """All descendants of a process, whatever their session."""
    with suppress(*GONE):
        return [process.pid for process in psutil.Process(pid).children(recursive=True)]
    return []


def pss(pid: int) -> float | None:
    """The memory of a process in bytes; None if it has ended, 0 if it cannot be measured.

    On Linux, shared memory is divided by the number of its users.
    """
    try:
        process = psutil.Process(pid)
        return float(process.memory_full_info().pss if psutil.LINUX else process.memory_info().rss)
    except psutil.NoSuchProcess:
        return None
    except GONE:
        return 0


def size(text: str) -> float:
    """Bytes of `92.3MiB`, as docker stats prints it."""
    units = {"B": 1, "kB": 1e3, "KiB": 2**10, "MB": 1e6, "MiB": 2**20, "GB": 1e9, "GiB": 2**30}
    number, unit = re.fullmatch(r"([\d.]+)(\w+)", text).groups()  # type: ignore[union-attr]
    return float(number) * units[unit]


def files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if not path.is_dir()] if folder.is_dir() else []


def kill_all(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

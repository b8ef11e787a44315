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
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if self._is_ours(folder):
                    found[int(folder.name)] = (
                        (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                    )
        return {pid: line for pid, line in found.items() if pid != os.getpid()}

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
        """Bytes that the checkout's containers and processes use."""
        ids = [container["Id"] for container in self.containers()]
        stats = ask("docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", *ids) if ids else ""
        return sum(map(pss, self.processes())) + sum(map(size, re.findall(r"^([\d.]+\w+) /", stats, re.MULTILINE)))

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

    def _is_ours(self, folder: Path) -> bool:
        if (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return False
        root = os.fsencode(self.root)
        here = os.readlink(folder / "cwd").startswith(str(self.root))
        return here or root in (folder / "cmdline").read_bytes() or root in (folder / "environ").read_bytes()


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
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def age(pid: int) -> float:
    """Seconds since a process started; infinite if it has ended."""
    with suppress(OSError):
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return math.inf


def children(pid: int) -> list[int]:
    """All descendants of a process, whatever their session."""
    below = [int(f.name) for f in Path("/proc").glob("[0-9]*") if parent(int(f.name)) == pid]
    return below + [deeper for child in below for deeper in children(child)]


def pss(pid: int) -> float:
    """The memory of a process in bytes; shared memory is divided by the number of its users."""
    with suppress(OSError):
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        return int(found[1]) * 1024 if found else 0
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

"""A disk that loses power: what had not reached it is gone, as after a flat battery.

A file system in a file is shut down in the middle of its work, without its journal or any page being written, by the
call with which file systems are tested. When it is mounted again, it holds what had been written to it until then.
"""

from __future__ import annotations

import fcntl
import os
import re
import signal
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.conftest import until

SHUTDOWN, WITHOUT_LOG = 0x8004587D, 2  # EXT4_IOC_SHUTDOWN and its flag
MOUNTS = Path("/proc/self/mounts")


class Disk:
    """An ext4 file system at `folder`. `token`: part of the names of the containers that have a volume on it."""

    token = ""

    def __init__(self, folder: Path) -> None:
        self.folder, self.image = folder, folder.with_suffix(".ext4")
        folder.mkdir()
        with self.image.open("wb") as file:
            file.truncate(2 * 2**30)
        root("mkfs.ext4", "-q", str(self.image))
        self.mount()

    def mount(self) -> None:
        """Switch it on."""
        root("mount", "-o", "loop", str(self.image), str(self.folder))
        self.folder.chmod(0o755)

    def cut(self) -> None:
        """The power goes, and with it every process that works on this disk. Afterwards it is on again."""
        fd = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, SHUTDOWN, struct.pack("I", WITHOUT_LOG))
        finally:
            os.close(fd)
        self.remove_from()
        # A copy: where another process has the mount in its own namespace, the dead file system lives on.
        root("cp", "--sparse=always", str(self.image), f"{self.image}.new")
        os.replace(f"{self.image}.new", self.image)
        self.mount()

    def remove_from(self) -> None:
        """End what works on it, and switch it off."""
        named = ["docker", "ps", "--quiet", "--filter", f"name={self.token}"] if self.token else ["true"]
        containers = subprocess.run(named, check=True, capture_output=True, text=True).stdout.split()
        for container in containers:  # one that could not write has ended by itself
            subprocess.run(["docker", "kill", container], check=False, capture_output=True)
        assert until(self._is_idle), f"still on {self.folder}: {self._users()}"
        root("umount", "--lazy", str(self.folder))

    def _is_idle(self) -> bool:
        for pid in self._users():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not self._users()

    def _users(self) -> list[int]:
        """The processes that were started for a service on it."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
                ours = str(self.folder).encode() in words or os.readlink(process / "cwd").startswith(str(self.folder))
                dead = re.search(r"\) [ZX]", (process / "stat").read_text(errors="replace"))
                if ours and not dead and int(process.name) != os.getpid():
                    found.append(int(process.name))
        return found


@contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    """One that is gone afterwards."""
    made = Disk(folder)
    try:
        yield made
    finally:
        if f" {folder} " in MOUNTS.read_text():
            made.remove_from()
        made.image.unlink()


def is_possible() -> bool:
    """Whether we may mount: root of the machine, with loop devices."""
    return os.geteuid() == 0 and Path("/dev/loop-control").exists() and bool(which("mkfs.ext4"))


def which(program: str) -> str:
    return subprocess.run(["which", program], capture_output=True, text=True, check=False).stdout


def root(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)

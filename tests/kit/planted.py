"""Searches everything that a command may leave behind for a secret that was planted for it, in any usual encoding.

with planted.watched(token) as seen:
    repo.ok("dev.up")
assert planted.left(token, folders=[repo.path], containers=repo.token) + seen == []
"""

from __future__ import annotations

import base64
import gzip
import os
import subprocess
import tarfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

SIZE = 2**22
PAUSE = 0.005  # seconds between two looks at the list of processes


def forms(secret: str) -> list[bytes]:
    """The secret as it is, in a URL, and in base64, where it may begin at each of three places (basic auth)."""
    raw = secret.encode()
    shifted = [base64.b64encode(b"\0" * at + raw)[(0, 2, 3)[at] :] for at in range(3)]
    # The last group of four depends on what follows, so it does not count.
    inner = [text[: len(text) - len(text) % 4 - 4] for text in shifted]
    return list(dict.fromkeys([raw, quote(secret, safe="").encode(), *inner]))


@contextmanager
def watched(secret: str) -> Iterator[list[str]]:
    """Each command line on this machine that has the secret while the block runs: what `ps` shows to every user."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        wanted = forms(secret)
        while not over.wait(PAUSE):
            for process in os.listdir("/proc"):
                if process.isdecimal():
                    with suppress(OSError):
                        line = Path("/proc", process, "cmdline").read_bytes()
                        if any(form in line for form in wanted):
                            seen.add(f"ps: {line.replace(bytes(1), b' ').decode(errors='replace')}")

    found: list[str] = []
    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
        found += sorted(seen)


def left(secret: str, *, folders: Iterable[Path] = (), containers: str = "", text: str = "") -> list[str]:
    """Where the secret is: below folders, in a text, and in what Docker has with `containers` in its name.

    Of Docker: each layer and the history of images, what `docker inspect` says of images and containers, and logs.
    """
    wanted = forms(secret)
    found = [str(path) for folder in folders for path in files(folder) if _holds_file(path, wanted)]
    found += ["the text"] if any(form in text.encode() for form in wanted) else []
    return found + (_in_docker(containers, wanted) if containers else [])


def files(folder: Path) -> list[Path]:
    """All files below a folder; the folder itself if it is one."""
    if folder.is_file():
        return [folder]
    paths = (Path(where, name) for where, _, names in os.walk(folder) for name in names)
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def _holds_file(path: Path, wanted: list[bytes]) -> bool:
    with suppress(OSError), path.open("rb") as file:
        return _holds(file, wanted)
    return False


def _holds(file: IO[bytes], wanted: list[bytes]) -> bool:
    """Whether one form is in a file, also if it is packed with gzip."""
    begin = file.read(2)
    file.seek(0)
    if begin == b"\x1f\x8b":
        with suppress(OSError, EOFError), gzip.open(file) as unpacked:
            return _holds_plain(unpacked, wanted)
        file.seek(0)
    return _holds_plain(file, wanted)


def _holds_plain(file: IO[bytes], wanted: list[bytes]) -> bool:
    longest, rest = max(map(len, wanted)), b""
    while block := file.read(SIZE):
        if any(form in rest + block for form in wanted):
            return True
        rest = block[-longest:]
    return False


def _in_docker(name: str, wanted: list[bytes]) -> list[str]:
    images = sorted({i for i in _docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split() if name in i})
    containers = [each for each in _docker("ps", "--all", "--format", "{{.Names}}").split() if name in each]
    assert images or containers, f"Docker has nothing of {name}, so nothing was searched"
    said = {f"inspect {each}": _docker("inspect", each) for each in [*images, *containers]}
    said |= {f"history {each}": _docker("history", "--no-trunc", each) for each in images}
    said |= {f"logs {each}": _docker("logs", each) for each in containers}
    found = [what for what, text in said.items() if any(form in text.encode() for form in wanted)]
    return found + [f"{where} of {image}" for image in images for where in _in_image(image, wanted)]


def _in_image(image: str, wanted: list[bytes]) -> list[str]:
    """The parts of an image that hold it: layers, and the configuration."""
    with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saved:
        assert saved.stdout
        with tarfile.open(fileobj=saved.stdout, mode="r|") as parts:
            found = [part.name for part in parts if part.isfile() and _holds_part(parts, part, wanted)]
    assert saved.returncode == 0, f"docker save {image} failed"
    return found


def _holds_part(parts: tarfile.TarFile, part: tarfile.TarInfo, wanted: list[bytes]) -> bool:
    file = parts.extractfile(part)
    assert file
    return _holds_plain(gzip.open(file) if part.name.endswith(".gz") else file, wanted)


def _docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, errors="replace", check=True)
    return done.stdout + done.stderr

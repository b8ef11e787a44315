"""The commands that start the repository's processes: Procfile, Dockerfiles, compose, and scripts that they call."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from tools.adopt.found import Found
from tools.adopt.read.compose import WORKS, Stack
from tools.adopt.read.docker import Image
from tools.adopt.read.files import Files

PROCESS = re.compile(r"^([\w-]+):\s*(\S.*)$", re.MULTILINE)
RUNNERS = (
    ["tini", "--"],
    ["dumb-init", "--"],
    ["dumb-init"],
    ["exec"],
)
DEVELOPS = re.compile(
    r"\b(runserver|runserver_plus|flask\s.*\brun|fastapi dev|nodemon|ts-node-dev|tsx watch|debugpy|next dev|vite)\b"
    r"|--(reload|watch|debug)\b"
    r"|\b(npm|yarn|pnpm)\s(run\s)?(dev|start:dev|watch)\b"
)
PROGRAM = re.compile(
    r"^\s*(?:exec\s+)?((?:poetry run |uv run |\S*/)?(?:gunicorn|uvicorn|hypercorn|daphne|waitress-serve|uwsgi|flask"
    r"|fastapi|granian|node|npm|python3?)\s.*)$",
    re.MULTILINE,
)
SHELL = re.compile(r"[|<>`]|\$\(")
MIGRATES = re.compile(r"\b(migrate|upgrade head|db upgrade|collectstatic|createcachetable|loaddata)\b")
Line = tuple[Found, str, str]  # a command, what for, and the Dockerfile of the image that it runs in


@dataclass(frozen=True)
class Start:
    """A command as words, its place, and its purpose: web, worker, release, or another name in a Procfile."""

    words: tuple[str, ...]
    where: str
    kind: str = "web"

    @property
    def line(self) -> str:
        return shlex.join(self.words)

    @property
    def develops(self) -> bool:
        return bool(DEVELOPS.search(" ".join(self.words)))


def starts(files: Files, stack: Stack, images: list[Image]) -> list[Start]:
    """Production's commands first (Procfile, Dockerfile), then compose. Commands that need a shell are left out."""
    lines = [*_procfile(files), *_images(images), *_compose(stack)]
    return [start for line, kind, near in lines for start in _start(files, line, kind, near)]


def _procfile(files: Files) -> Iterator[Line]:
    for name in ("Procfile", "Procfile.dev"):
        for match in PROCESS.finditer(files.text(name)):
            yield Found(match[2], files.at(name, match.start())), match[1], ""


def _images(images: list[Image]) -> Iterator[Line]:
    for image in images:
        entry, command = image.runs.entrypoint, image.runs.command
        wraps = entry and re.search(r"\.sh\b|entrypoint|tini|dumb-init|--$", entry.value)
        if entry and command and not wraps:
            yield Found(f"{entry.value} {command.value}", command.where), "web", image.file
        elif command or entry:
            yield (command or entry), "web", image.file  # type: ignore[misc]
        if entry and command and wraps:
            yield entry, "entrypoint", image.file


def _compose(stack: Stack) -> Iterator[Line]:
    for service in [stack.app, *stack.services]:
        if service and service.command and not service.kind:
            kind = "web" if service is stack.app else "worker" if WORKS.search(service.name) else service.name
            yield service.command, kind, service.dockerfile


def _start(files: Files, line: Found, kind: str, near: str) -> list[Start]:
    words = split(line.value)
    script = _script(files, words, near)
    if script:
        read = [found for found in _programs(files, script) if not MIGRATES.search(found.value)]
        last = split(read[-1].value) if read else None
        return [Start(tuple(last), read[-1].where, "web" if kind == "entrypoint" else kind)] if last else []
    lost = words is None or (words[0].startswith("/") and "/bin/" not in words[0])  # a script that is only in the image
    return [Start(tuple(words), line.where, kind)] if words and not lost and kind != "entrypoint" else []


def _script(files: Files, words: list[str] | None, near: str) -> str | None:
    """The tracked shell script that a command runs, in any folder of the image; the nearest one."""
    named = next((word for word in words or () if not re.fullmatch(r"(/bin/)?(ba|da)?sh|-\w+", word)), "")
    shell = named.endswith(".sh") or (words and words[0].endswith("sh")) or named.startswith("/")
    if not named or not shell or "." in PurePosixPath(named).name.removesuffix(".sh"):
        return None
    found = files.named(PurePosixPath(named).name, depth=4)
    found.sort(key=lambda name: -len(posixpath.commonprefix([name, near])))
    return next((name for name in found if files.text(name).startswith("#!")), None)


def _programs(files: Files, script: str) -> list[Found]:
    text = files.text(script).replace("\\\n", "  ")  # the same length, so that positions do not change
    return [
        Found(match[1], files.where(script, re.escape(match[1].split("  ")[0][:60])))
        for match in PROGRAM.finditer(text)
    ]


def split(line: str) -> list[str] | None:
    """The words of the last command of a line that needs no shell, without wrappers such as `exec`."""
    words = _words(line)
    if len(words) >= 3 and re.fullmatch(r"(/bin/)?(ba|da)?sh", words[0]) and re.fullmatch(r"-\w*c", words[1]):
        return split(words[2]) if words[2] != line else None
    last = re.split(r"&&|;", line)[-1].strip()
    if SHELL.search(last):
        return None
    words = [word for word in _words(last) if word not in ("$@", "$*")]  # arguments that the image's command adds
    while words and words[0] in ("uv", "poetry", "pipenv") and "run" in words:  # `poetry run uv run …`, too
        words = words[words.index("run") + 1 :]
        words = words[next((i for i, word in enumerate(words) if not word.startswith("-")), len(words)) :]
    for runner in RUNNERS:
        if words[: len(runner)] == runner:
            words = words[len(runner) :]
    words[:1] = [re.sub(r"^(/\w+)*/bin/", "", word) for word in words[:1]]  # its path differs between images
    assigned = next((i for i, word in enumerate(words) if not re.match(r"[A-Za-z_]\w*=", word)), len(words))
    return (["env", *words] if assigned else words) or None


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # an unclosed quote
        return []

"""The commands that start the repository's processes: Procfile, Dockerfiles, compose, and scripts that they call."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from tools.adopt.found import Found
from tools.adopt.read.containers import docker
from tools.adopt.read.containers.compose import Stack
from tools.adopt.read.containers.docker import Image
from tools.adopt.read.text import shell
from tools.adopt.read.text.files import Files

PROCESS = re.compile(r"^([\w-]+):\s*(\S.*)$", re.MULTILINE)
DEVELOPS = re.compile(
    r"\b(runserver|runserver_plus|flask\s.*\brun|fastapi dev|nodemon|ts-node-dev|tsx watch|debugpy|next dev|vite)\b"
    r"|--(reload|watch|debug)\b"
    r"|\b(npm|yarn|pnpm)\s(run\s)?(dev|start:dev|watch)\b"
)
PROGRAM = re.compile(
    r"^\s*(?:exec\s+)?((?:poetry run |uv run |\S*/)?(?:gunicorn|uvicorn|hypercorn|daphne|waitress-serve|uwsgi|flask"
    r"|fastapi|granian|node|npm|python3?|celery|rq|dramatiq|arq|watchfiles|watchmedo)\s.*)$",
    re.MULTILINE,
)
MIGRATES = re.compile(r"\b(migrate|upgrade head|db upgrade|collectstatic|createcachetable|loaddata)\b")
# The programs of supervisord.conf; those that are not ours.
SUPERVISED = re.compile(r"^\[program:(?P<name>[^\]]+)\](?P<body>(?:\n(?!\[)[^\n]*)*)", re.MULTILINE)
COMMAND = re.compile(r"^[ \t]*command[ \t]*=[ \t]*(\S.*)$", re.MULTILINE)
STORES = re.compile(r"^(nginx|redis-server|postgres|mysqld|memcached|sshd|cron|crond|rsyslogd?)\b")
SERVES = re.compile(
    r"\b(gunicorn|uvicorn|hypercorn|daphne|waitress-serve|granian|runserver\w*)\b|\buwsgi\b|\bflask\b.*\brun\b"
)
WORKING = re.compile(
    r"\b(celery|rq|dramatiq|huey|arq|faktory|bull|worker|consumer?|consume_?\w*|scheduler?|beat|qcluster)\b"
)
VARIABLE = re.compile(r"\$\{?[A-Za-z_]")
QUOTES = re.compile(r"[\"\\`]|\$\(")  # with these, a variable in double quotes would not be the same word
Line = tuple[Found, str, str]  # a command, what for, and the Dockerfile of the image that it runs in


@dataclass(frozen=True)
class Start:
    """A command as words, its place, and its purpose: web, worker, release, or another name in a Procfile."""

    words: tuple[str, ...]
    where: str
    kind: str = "web"

    @property
    def line(self) -> str:
        """The command as one line, in which `$NAME` is still a variable."""
        return " ".join(
            f'"{word}"' if VARIABLE.search(word) and not QUOTES.search(word) else shlex.quote(word)
            for word in self.words
        )

    @property
    def develops(self) -> bool:
        return bool(DEVELOPS.search(" ".join(self.words)))


def starts(files: Files, stack: Stack, images: list[Image]) -> list[Start]:
    """Production's commands first (Procfile, Dockerfile), then compose. Commands that need a shell are left out."""
    lines = [*_procfile(files), *_images(files, _ours(stack, images)), *_supervised(files), *_compose(stack)]
    return [start for line, kind, near in lines for start in _start(files, line, kind, near)]


def _ours(stack: Stack, images: list[Image]) -> list[Image]:
    """The images without those of other servers of the compose files, such as a mail server with a Dockerfile."""
    ours = {one.dockerfile for one in stack.services if one is stack.app or stack.works(one)}
    others = {one.dockerfile for one in stack.services if one.own} - ours if stack.app else set()
    return [image for image in images if image.file not in others]


def _procfile(files: Files) -> Iterator[Line]:
    for name in ("Procfile", "Procfile.dev"):
        for match in PROCESS.finditer(files.text(name)):
            yield Found(match[2], files.at(name, match.start())), match[1], ""


def _images(files: Files, images: list[Image]) -> Iterator[Line]:
    for image in images:
        entry, command = image.runs.entrypoint, image.runs.command
        if entry is None:
            yield from [(command, "web", image.file)] if command else []
            continue
        script = script_of(files, entry.value.split(), image.file, entry=True)
        if script and command:
            yield from _entered(files, script, entry, command, image.file)
            continue
        wraps = re.search(r"\.sh\b|entrypoint|tini|dumb-init|--$", entry.value)
        if command and not wraps:
            yield Found(f"{entry.value} {command.value}", command.where), "web", image.file
        else:
            yield (command or entry), "web", image.file
        if command and wraps:
            yield entry, "entrypoint", image.file


def _entered(files: Files, script: str, entry: Found, command: Found, near: str) -> Iterator[Line]:
    """What an entrypoint script makes of the image's command: an arm of its `case`, the command, or both as words."""
    text = files.text(script)
    arms = shell.arms(text)
    first = command.value.split()[0]
    for name, body in arms.items():
        found = shell.program(body)
        if found is None or (name != first and not WORKING.search(" ".join(found.words))):
            continue
        line = Found(shlex.join(found.words), files.where(script, rf"\b{re.escape(found.words[0])}\b.*{_last(found)}"))
        yield line, "web" if name == first else name, near
    if first in arms and shell.split(arms[first]) is not None:
        return
    passes = re.search(r"\$[@*]", text) and first not in arms
    yield (command if passes else Found(f"{script} {command.value}", command.where)), "web", near
    if passes:
        yield entry, "entrypoint", near


def _last(found: shell.Simple) -> str:
    return re.escape(found.words[-1]) if len(found.words) > 1 else ""


def _supervised(files: Files) -> Iterator[Line]:
    """The programs that supervisord keeps running; the one that serves is the web program."""
    for name in files.named("supervisord.conf", "supervisor*.conf", "supervisord.ini", depth=4):
        for match in SUPERVISED.finditer(files.text(name)):
            command = COMMAND.search(match["body"])
            if command and not STORES.match(command[1].rpartition("/")[2]):
                kind = "web" if SERVES.search(command[1]) else match["name"].strip()
                yield Found(command[1], files.at(name, match.start("body") + command.start(1))), kind, name


def _compose(stack: Stack) -> Iterator[Line]:
    for service in [stack.app, *stack.services]:
        if service and service.command and not service.kind:
            kind = "web" if service is stack.app else service.name if stack.works(service) else "other"
            yield service.command, kind, service.dockerfile


def _start(files: Files, line: Found, kind: str, near: str) -> list[Start]:
    words = shell.split(line.value)
    script = script_of(files, words, near)
    if script:
        read = [found for found in _programs(files, script) if not MIGRATES.search(found.value)]
        last = shell.split(read[-1].value) if read else None
        return (
            [Start(_here(files, last), read[-1].where, "web" if kind == "entrypoint" else kind)]
            if read and last
            else []
        )
    if not words or kind == "entrypoint":
        return []
    here = _here(files, words)
    lost = here[0].startswith("/") and "/bin/" not in here[0]  # a script that is only in the image
    lost |= any(word.endswith("manage.py") and not files.named("manage.py") for word in here)
    return [] if lost else [Start(here, line.where, kind)]


def _here(files: Files, words: list[str]) -> tuple[str, ...]:
    """The words with this repository's paths: `/srv/shop/manage.py` of an image is `manage.py` here.

    After `cd site`, or with another working folder, `manage.py` is `site/manage.py`.
    """
    return tuple(_tracked(files, word) if word.startswith("/") else _below(files, word) for word in words)


def _below(files: Files, word: str) -> str:
    """The only tracked file that a name of Python's code can be, if there is none of that name at the top."""
    ends = [name for name in files.names if name.endswith(f"/{word}")] if word.endswith(".py") else []
    return ends[0] if len(ends) == 1 and not files.has(word) else word


def _tracked(files: Files, word: str) -> str:
    parts = word.strip("/").split("/")
    ends = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((end for end in ends if files.has(end)), word)


def script_of(files: Files, words: list[str] | None, near: str, entry: bool = False) -> str | None:
    """The tracked shell script that a command runs, in any folder of the image; the nearest one.

    `entry`: the command is an ENTRYPOINT, whose script may have any name.
    """
    named = next(
        (word for word in words or () if not re.fullmatch(r"(/bin/)?(ba|da)?sh|-\w+|tini|dumb-init|--", word)), ""
    )
    shell_runs = named.endswith(".sh") or (words and words[0].endswith("sh")) or named.startswith("/") or entry
    if not named or not shell_runs or "." in PurePosixPath(named).name.removesuffix(".sh"):
        return None
    copied = docker.image(files, near).copies.get(named, "") if files.has(near) and named.startswith("/") else ""
    if files.has(copied):
        return copied if files.text(copied).startswith("#!") else None
    found = files.named(PurePosixPath(named).name, depth=4)
    tail = named.strip("/.")
    found.sort(key=lambda name: (not tail.endswith(name), -len(posixpath.commonprefix([name, near]))))
    return next((name for name in found if files.text(name).startswith("#!")), None)


def _programs(files: Files, script: str) -> list[Found]:
    text = files.text(script).replace("\\\n", "  ")  # the same length, so that positions do not change
    return [
        Found(match[1], files.where(script, re.escape(match[1].split("  ")[0][:60])))
        for match in PROGRAM.finditer(text)
    ]

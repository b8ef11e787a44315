"""One service of a compose file: its build, command and settings."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from devenv.model.document import Text
from tools.adopt.found import Found
from tools.adopt.read.containers.docker import command_line, image
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.formats import environment_of, table

# Compose files for development. Others, such as docker-compose.prod.yml, have production's settings and keys.
DEVELOPMENT = re.compile(r"^(?!.*prod)(.*/)?((docker-)?compose([.-](override|local|dev\w*))?|local)\.ya?ml$")
FOR_DEVELOPMENT = re.compile(r"dev|debug|local|test", re.IGNORECASE)
STORES = {
    "postgres": re.compile(r"(^|/)(postgres|postgis|pgvector|timescaledb|postgresql)[\w.-]*(:|@|$)"),
    "mysql": re.compile(r"(^|/)(mysql|mariadb|percona)[\w.-]*(:|@|$)"),
    "redis": re.compile(r"(^|/)(redis|valkey|redis-stack-server|keydb|dragonfly)[\w.-]*(:|@|$)"),
}
MANAGE = re.compile(r"^(\S*/)?manage\.py\b")
# Entrypoints that start the command: scripts, wrappers, and shells.
WRAPS = re.compile(
    r"^(/usr)?(/bin/)?(ba|da|a)?sh\b|\.sh\b|entrypoint|\btini\b|dumb-init|wait-for|\bgosu\b|--$|^/(?!\S*/bin/)\S*(?<!\.py)$"
)
REFERENCE = re.compile(r"\$\{(\w+)(?::?[-?]([^{}]*))?\}|\$(\w+)")


@dataclass(frozen=True)
class Service:
    """One service of a compose file. `kind`: postgres, mysql or redis for those images. `own`: it is built here."""

    name: str
    where: str
    image: Found | None = None
    own: bool = False
    command: Found | None = None
    environment: Mapping[str, Found] = field(default_factory=dict)
    port: Found | None = None
    check: Found | None = None
    needs: tuple[str, ...] = ()
    dockerfile: str = ""
    target: str = ""
    hosts: tuple[str, ...] = ()  # container_name and hostname
    initdb: Found | None = None  # the mount of what the database's image runs at its first start: ./a.sql:/…/a.sql
    profiles: tuple[str, ...] = ()  # it only starts with one of these

    @property
    def kind(self) -> str:
        image = self.image.value if self.image else ""
        return next((kind for kind, pattern in STORES.items() if pattern.search(image)), "")


def service(files: Files, file: str, name: str, content: dict[str, Any], known: Mapping[str, str]) -> Service:
    build = content.get("build")
    context = build if isinstance(build, str) else str(table(build).get("context", "."))
    path = posixpath.join(posixpath.dirname(file), context, str(table(build).get("dockerfile", "Dockerfile")))
    dockerfile = posixpath.normpath(path) if build is not None else ""
    target = str(table(build).get("target", ""))
    return Service(
        name=str(name),
        where=_at(file, name),
        image=_base(files, dockerfile) or _found(file, content.get("image"), known),
        own="build" in content,
        command=_command(file, content, known) or _of_stage(files, dockerfile, target),
        environment=_environment(files, file, content, known) if DEVELOPMENT.match(file) else {},
        port=_port(file, content, known),
        check=_line(file, table(content.get("healthcheck")).get("test"), known),
        needs=tuple(str(key) for key in content.get("depends_on") or ()),
        dockerfile=dockerfile,
        target=target,
        hosts=tuple(text for key in ("container_name", "hostname") if isinstance(text := content.get(key), str)),
        initdb=_initdb(file, content),
        profiles=tuple(str(key) for key in content.get("profiles") or ()),
    )


def _command(file: str, content: dict[str, Any], known: Mapping[str, str]) -> Found | None:
    """The command, after an entrypoint that is the program: `entrypoint: celery -A shop`, `command: worker`.

    An entrypoint that is a script or a wrapper gets the command as its words, and is read with the image.
    """
    given, entry = (_line(file, content.get(key), known) for key in ("command", "entrypoint"))
    if not entry or (given and WRAPS.search(entry.value)):
        return given
    python = "python " if MANAGE.match(entry.value) else ""
    return Found(
        " ".join(filter(None, (f"{python}{entry.value}", given.value if given else ""))), (given or entry).where
    )


def _initdb(file: str, content: dict[str, Any]) -> Found | None:
    """The first mount at the folder of start scripts that the images of databases have, from the repository's top."""
    for path, target, where in _mounts(file, content):
        if "docker-entrypoint-initdb.d" in target:
            return Found(f"{path if path.startswith(('/', '..')) else f'./{path}'}:{target}", where)
    return None


def _mounts(file: str, content: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each mount of a path: what is mounted, from the repository's top; where in the container; its place."""
    listed = content.get("volumes")
    for entry in listed if isinstance(listed, list) else []:
        long = table(entry)
        source, _, target = (
            entry.partition(":") if isinstance(entry, str) else (long.get("source"), "", long.get("target"))
        )
        # Other words are names of volumes.
        if isinstance(source, str) and (source.startswith((".", "/")) or long.get("type") == "bind"):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(file), source))
            where = _at(file, entry if isinstance(entry, Text) else source)
            yield path, str(target).partition(":")[0].rstrip("/"), where


def _from_here(files: Files, mounts: list[tuple[str, str, str]], value: Found) -> Found:
    """A value that names a mounted file: its path in the repository, which is right without the mount, too."""
    for path, target, _ in mounts:
        if target and f"{value.value}/".startswith(f"{target}/"):
            here = posixpath.normpath(path + value.value[len(target) :])
            if files.has(here):
                return Found(here, value.where)
    return value


def _of_stage(files: Files, dockerfile: str, target: str) -> Found | None:
    """The command of a development stage; production's is that of the image."""
    stages = image(files, dockerfile).stages if FOR_DEVELOPMENT.match(target) else []
    return next((stage.command for stage in stages if stage.name == target), None)


def _base(files: Files, dockerfile: str) -> Found | None:
    """The store that a service's own image is based on; None if it is based on something else."""
    bases = image(files, dockerfile).bases if files.has(dockerfile) else []
    words = [Found(base.value.split()[0], base.where) for base in bases if base.value]
    return next((base for base in words if any(pattern.search(base.value) for pattern in STORES.values())), None)


def _at(file: str, text: object) -> str:
    return f"{file}:{text.line}" if isinstance(text, Text) else file


def _found(file: str, text: object, known: Mapping[str, str]) -> Found | None:
    return Found(expand(text, known), _at(file, text)) if isinstance(text, str) and text else None


def expand(text: str, known: Mapping[str, str]) -> str:
    """`${NAME:-default}` filled in like compose; a name without a value stays."""

    def put(match: re.Match[str]) -> str:
        name, default = match[1] or match[3], match[2] if "-" in match[0] else None
        return known.get(name) or (default if default is not None else match[0])

    return REFERENCE.sub(put, text.replace("$$", "\0")).replace("\0", "$")


def _line(file: str, value: object, known: Mapping[str, str]) -> Found | None:
    """A command, given as text or list, as one line; the first word of a healthcheck is dropped."""
    if isinstance(value, str):
        return _found(file, value, known)
    words = [word for word in value if isinstance(word, str)] if isinstance(value, list) else []
    if not words:
        return None
    bare = [expand(word, known) for word in (words[1:] if words[0] in ("CMD", "CMD-SHELL") else words)]
    text = bare[0] if words[0] == "CMD-SHELL" and bare else command_line(json.dumps(bare))
    return Found(text, _at(file, words[0]))


def _environment(files: Files, file: str, content: dict[str, Any], known: Mapping[str, str]) -> dict[str, Found]:
    """`env_file:` if that file is tracked, then `environment:` in both of its forms."""
    found: dict[str, Found] = {}
    listed = content.get("env_file")
    for entry in listed if isinstance(listed, list) else [listed]:
        path = table(entry).get("path") if isinstance(entry, dict) else entry
        if isinstance(path, str):
            found |= environment_of(files, posixpath.normpath(posixpath.join(posixpath.dirname(file), path)))
    given = content.get("environment")
    pairs = given.items() if isinstance(given, dict) else _pairs(given)
    for key, value in pairs:
        if isinstance(value, str):
            found[str(key)] = Found(expand(value, known), _at(file, key))
    mounts = list(_mounts(file, content))
    return {key: _from_here(files, mounts, value) for key, value in found.items()}


def _pairs(lines: object) -> list[tuple[Text, str]]:
    found = []
    for line in lines if isinstance(lines, list) else []:
        if isinstance(line, str) and "=" in line:
            key = Text(line.partition("=")[0].strip())
            key.line = getattr(line, "line", 0)
            found.append((key, line.partition("=")[2]))
    return found


def _port(file: str, content: dict[str, Any], known: Mapping[str, str]) -> Found | None:
    """The first port inside the container: after the last colon, or `target:`."""
    for key in ("ports", "expose"):
        entries = content.get(key)
        for entry in entries if isinstance(entries, list) else []:
            text = entry.get("target") if isinstance(entry, dict) else entry
            port = re.search(r"(?:^|:)(\d+)(?:/tcp)?$", expand(text, known)) if isinstance(text, str) else None
            if port:
                return Found(port[1], _at(file, text))
    return None

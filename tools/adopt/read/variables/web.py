"""The port, and the variables that the code reads its address from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tools.adopt.found import Found
from tools.adopt.read.containers.compose import Stack
from tools.adopt.read.containers.docker import Image
from tools.adopt.read.containers.values import Values
from tools.adopt.read.programs.addresses import port_of
from tools.adopt.read.programs.starts import Start
from tools.adopt.read.text.files import SOURCES, Files
from tools.adopt.read.text.variable import Variable

PORTS = (
    "PORT",
    "HTTP_PORT",
    "APP_PORT",
    "SERVER_PORT",
    "WEB_PORT",
    "API_PORT",
    "LISTEN_PORT",
    "BIND_PORT",
    "SERVICE_PORT",
)
HOSTS = (
    "HOST",
    "HTTP_HOST",
    "APP_HOST",
    "SERVER_HOST",
    "WEB_HOST",
    "API_HOST",
    "LISTEN_HOST",
    "BIND_HOST",
    "SERVICE_HOST",
)
ADDRESSES = ("BIND", "BIND_ADDRESS", "LISTEN_ADDRESS", "LISTEN")
LISTENS = re.compile(r"""\.listen\(\s*(?:\{[^}]*?\bport:\s*)?(?:[\w.]+\s*(?:\|\||\?\?)\s*)?["']?(\d{2,5})\b""")
RUNS = re.compile(r"""\.run\([^)]*\bport\s*=\s*(?:int\()?(?:os\.[\w.]+\([^,)]*,\s*)?["']?(\d{2,5})\b""")
RUNSERVER = re.compile(r"\brunserver\s+(?:[\d.]+:)?(\d{4,5})\b")


def reads_address(
    read: Mapping[str, Variable], given: Values, service: str, language: str
) -> tuple[Found | None, Found | None]:
    """The variables of port and host: the pair that belongs together, else the plain one."""
    own = service.upper().replace("-", "_")
    known = {**{name: Found(name, found.where) for name, found in given.run.items()}, **_named(read)}
    ports = [name for name in (*PORTS, f"{own}_PORT", f"{own}_HTTP_PORT") if name in known]
    hosts = [name for name in (*HOSTS, f"{own}_HOST", *ADDRESSES) if name in known]
    if language == "python":  # HTTP_HOST is a header there
        hosts = [name for name in hosts if name != "HTTP_HOST"]
    pair = next(((port, host) for port in ports for host in hosts if port[:-4] == host[:-4]), None)
    port = pair[0] if pair else next(iter(ports), None)
    host = pair[1] if pair else next(iter(hosts), None)
    return known.get(port or ""), known.get(host or "")


def _named(read: Mapping[str, Variable]) -> dict[str, Found]:
    return {name: Found(name, variable.where) for name, variable in read.items()}


def ports(
    files: Files,
    stack: Stack,
    images: list[Image],
    starts: list[Start],
    given: Values,
    read: Mapping[str, Variable],
    variable: str,
) -> list[Found]:
    """Every port in a file, the most important first: commands, the code, the examples."""
    found = [stack.app.port if stack.app else None, *(image.runs.port for image in images)]
    found += [
        Found(number, start.where) for start in starts if start.kind == "web" and (number := port_of(start.words))
    ]
    found += [given.run.get(variable), given.image.get(variable), given.example.get(variable)]
    default = read[variable].default if variable in read else None
    found += [Found(default, read[variable].where)] if default else []
    code = files.code(*SOURCES)
    found += [_uncommented(files, pattern, code) for pattern in (LISTENS, RUNS)]
    found += _ports_of_docs(files)
    return [one for one in found if one and re.fullmatch(r"[1-9]\d{1,4}", one.value) and int(one.value) < 65536]


def _uncommented(files: Files, pattern: re.Pattern[str], names: Iterable[str]) -> Found | None:
    for match, where in files.search(pattern, names):
        line = match.string[match.string.rfind("\n", 0, match.start()) + 1 : match.start()]
        comment = match.string.rfind("/*", 0, match.start()) > match.string.rfind("*/", 0, match.start())
        if not comment and not line.lstrip().startswith(("#", "//")):
            return Found(match[1], where)
    return None


def _ports_of_docs(files: Files) -> Iterator[Found | None]:
    yield files.first(RUNSERVER, files.named("Makefile", "justfile", "Justfile", depth=0))

"""The answers for cookiecutter.json: with them an adopted repository is a service like any other, with updates."""

from __future__ import annotations

import re
import zlib

from tools.adopt.found import Reading, Store

PORTS = (18200, 18999)  # other tools have no defaults there, and the template's examples end below


def answers(reading: Reading, port: int | None = None, service: str | None = None) -> dict[str, str]:
    """Every answer as text. `port`, `service`: the owner's choice instead of what was found."""
    name = service or reading.service.value  # it is already a host name
    cache = kind(reading.cache, "redis")
    return {
        "service": name,
        "repo_name": name,
        "stack": "bare",
        "database": kind(reading.database, "postgres", "mysql"),
        "cache": cache,
        "worker": "queue" if reading.commands.worker and cache != "none" else "none",
        "port": str(port or found_port(reading) or stable_port(name)),
    }


def kind(store: Store | None, *known: str) -> str:
    """The kind of a store if it needs a server; SQLite is a file."""
    return store.kind.value if store and store.kind.value in known else "none"


def found_port(reading: Reading) -> int | None:
    """The port that the repository names; None if there is none that an ordinary user may open."""
    text = reading.port.value if reading.port else ""
    return int(text) if re.fullmatch(r"[0-9]{4,5}", text) and 1024 <= int(text) <= 65535 else None


def stable_port(name: str) -> int:
    """A port that depends only on the name, and is rarely the same for two names."""
    first, last = PORTS
    return first + zlib.crc32(name.encode()) % (last - first + 1)

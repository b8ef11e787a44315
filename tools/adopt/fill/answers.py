"""The answers for cookiecutter.json: with them an adopted repository is a service like any other, updates included."""

from __future__ import annotations

import re
import zlib

from tools.adopt.found import Reading, Store

PORTS = (18200, 18999)  # where no other tool's defaults lie; the template's own examples end below


def answers(reading: Reading, port: int | None = None, service: str | None = None) -> dict[str, str]:
    """Every answer as text. `port`, `service`: what the owner asked for instead of what was found."""
    name = service or reading.service.value  # which is a host name already
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
    """The kind of a store where it is one that needs a server of its own; SQLite is a file."""
    return store.kind.value if store and store.kind.value in known else "none"


def found_port(reading: Reading) -> int | None:
    """The port that the repository names; None where it names none that an ordinary user may open."""
    text = reading.port.value if reading.port else ""
    return int(text) if re.fullmatch(r"[0-9]{4,5}", text) and 1024 <= int(text) <= 65535 else None


def stable_port(name: str) -> int:
    """The same for the same name on every machine, and rarely the same for two."""
    first, last = PORTS
    return first + zlib.crc32(name.encode()) % (last - first + 1)

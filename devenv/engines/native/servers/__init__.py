"""The local server for each image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from devenv.engines.native.servers import server
from devenv.engines.native.servers.mysql import MySQL
from devenv.engines.native.servers.postgres import Postgres
from devenv.engines.native.servers.redis import Redis
from devenv.model.services import POSTGRES

BY_PROGRAM: dict[str, Any] = {
    **dict.fromkeys(POSTGRES, Postgres),
    "redis": Redis,
    "valkey": Redis,
    "mysql": MySQL,
    "mariadb": MySQL,
}


def held(folder: Path, program: str) -> dict[str, str] | None:
    """See choice.held. The password is with the data, so that the two are never apart."""
    kind = BY_PROGRAM.get(program)
    home = folder / kind.kind if kind else folder
    if kind and not home.is_dir():
        return None
    password = server.facts(home).get(server.PASSWORD, "")
    return {"password": password} if kind and password else {}

"""The local server for each image."""

from __future__ import annotations

from typing import Any

from devenv.engines.native.servers.mysql import MySQL
from devenv.engines.native.servers.postgres import Postgres
from devenv.engines.native.servers.redis import Redis

BY_PROGRAM: dict[str, Any] = {
    "postgres": Postgres,
    "redis": Redis,
    "valkey": Redis,
    "mysql": MySQL,
    "mariadb": MySQL,
}

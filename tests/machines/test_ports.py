"""A port that another program has: on any address by which a browser would find it."""

from __future__ import annotations

import socket

import pytest

from tests.messages import TAKEN_BY
from tests.verbs.repo import Repo

NOBODY = 65534
LISTEN = f"""
import os, socket, sys
os.setgid({NOBODY})
os.setuid({NOBODY})
"""


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_it_is_seen_on_each_address(repo: Repo, address: str) -> None:
    with socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET) as server:
        port = server.getsockname()[1]
        done = repo.fails(113, "dev.up", "--port", str(port))
    assert f"port {port} {TAKEN_BY}" in done.error or TAKEN_BY in done.error, done.error
    assert done.hints[0].startswith("inv dev.up --port ")

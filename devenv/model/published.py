"""Which ports of this machine an entry of `ports:` in compose.yaml publishes.

Source: https://docs.docker.com/reference/compose-file/services/#ports
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from devenv.model.compose_file import Raw

SHORT = r"(?:(?P<address>\[[^]]*\]|[^:]*):(?=.*:))?(?:(?P<host>[^:]*):)?(?P<inside>[^:/]*)(?:/(?P<kind>[a-z]+))?"
LONG = {"address": "host_ip", "host": "published", "inside": "target", "kind": "protocol"}
PORTS = r"([0-9]{1,5})(?:-([0-9]{1,5}))?"
HIGHEST = 65535


def ports(raw: Raw, item: Any) -> list[int]:
    """Those of "127.0.0.1:8000:80/tcp", "3000-3001:80-81" or {target: 80, published: 8000}.

    None for UDP, and for a port that the engine chooses. DevError 111 for what is not a port or an address.
    """
    if isinstance(item, dict):
        parts = {key: str(item.get(name, "")) for key, name in LONG.items()}
    else:
        found = re.fullmatch(SHORT, str(item))
        parts = {key: value or "" for key, value in found.groupdict().items()} if found else {"inside": str(item)}
    try:
        host, inside = _range(parts.get("host", "")), _range(parts["inside"])
        if parts.get("address"):
            ipaddress.ip_address(parts["address"].strip("[]"))
        if len(host) > 1 and len(inside) > 1 and len(host) != len(inside):
            raise ValueError("the two ranges differ in length")
    except ValueError as error:
        raise raw.error(f"ports: {item if isinstance(item, (str, int)) else parts['host']}: {error}", "ports") from None
    chosen = len(host) > len(inside) == 1
    return [] if chosen or parts.get("kind") == "udp" else list(host)


def _range(text: str) -> range:
    """The ports of "8000" or "8000-8001"; empty for an empty text. ValueError in words."""
    if not text:
        return range(0)
    found = re.fullmatch(PORTS, text)
    ends = range(int(found[1]), int(found[2] or found[1]) + 1) if found else range(0)
    if not ends or ends[-1] > HIGHEST:
        raise ValueError(f"{text} is not a valid port")
    return ends

"""The way to the outside: the proxies of a network, and what is reached without one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Callable
from urllib.parse import urlsplit

PROXIES = ("http_proxy", "https_proxy", "all_proxy")
DIRECT = "no_proxy"
LOCAL = ("localhost", "127.0.0.1", "::1", ".localhost")


def variables(given: Mapping[str, str], direct: Callable[[], Iterable[str]] = tuple) -> dict[str, str]:
    """The proxies that an environment names, and what is reached without them, each in both spellings.

    `direct`: gives names of services, which take time to find; asked only if there is a proxy. Empty if there is none.
    Programs differ in the spelling that they read.
    """
    found = proxies(given)
    if not found:
        return {}
    found[DIRECT] = joined(_either(given, DIRECT), direct())
    return {**found, **{name.upper(): value for name, value in found.items()}}


def proxies(given: Mapping[str, str]) -> dict[str, str]:
    """The proxies that an environment names. The lower spelling wins, as in curl and Python."""
    found = {name: _either(given, name) for name in PROXIES}
    return {name: value for name, value in found.items() if value}


def joined(own: str, direct: Iterable[str]) -> str:
    """A list of hosts that are reached without a proxy, with those of this machine and the names of services."""
    if own.strip() == "*":  # programs only know it alone
        return "*"
    return ",".join(dict.fromkeys([*re.findall(r"[^,\s]+", own), *LOCAL, *direct]))


def is_local(proxy: str) -> bool:
    """Whether a proxy listens on the loopback of this machine, which containers cannot reach."""
    try:
        host = urlsplit(proxy if "://" in proxy else f"http://{proxy}").hostname or ""
    except ValueError:
        return False
    return host in ("localhost", "::1") or host.startswith("127.") or host.endswith(".localhost")


def _either(given: Mapping[str, str], name: str) -> str:
    return given.get(name) or given.get(name.upper(), "")

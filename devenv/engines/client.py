"""The configuration of Docker's client, in ~/.docker/config.json: proxies, the engine, and programs for logins."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devenv.base import shapes
from devenv.model import outside

PROXY_KEYS = {"httpProxy": "http_proxy", "httpsProxy": "https_proxy", "allProxy": "all_proxy", "noProxy": "no_proxy"}
HELPER = "docker-credential-{}"  # the program that has the logins of a registry
SHAPE = {
    "proxies": {shapes.ANY: {shapes.ANY: str}},
    "currentContext": str,
    "credsStore": str,
    "credHelpers": {shapes.ANY: str},
}


def file(environment: Mapping[str, str]) -> Path:
    """Where the configuration is, if there is one."""
    return Path(environment.get("DOCKER_CONFIG") or os.path.join(os.path.expanduser("~"), ".docker"), "config.json")


def configuration(environment: Mapping[str, str]) -> dict[str, Any]:
    """What is read of it; empty if there is none."""
    return shapes.read(file(environment), SHAPE) or {}


def proxied(environment: Mapping[str, str]) -> dict[str, str]:
    """The proxies for containers, as variables: those of the configuration, else the person's, if reachable.

    https://docs.docker.com/engine/cli/proxy/
    """
    entries = configuration(environment).get("proxies", {})
    entry = entries.get(environment.get("DOCKER_HOST", "")) or entries.get("default")
    own = {PROXY_KEYS[key]: value for key, value in (entry or {}).items() if key in PROXY_KEYS and value}
    reachable = {name: value for name, value in outside.proxies(environment).items() if not outside.is_local(value)}
    lists = (own.get(outside.DIRECT), environment.get("no_proxy") or environment.get("NO_PROXY"))
    return {**reachable, **own, outside.DIRECT: ",".join(filter(None, lists))}


def missing_helper(environment: Mapping[str, str]) -> str:
    """The entry for a program that is not on the path, as after Docker Desktop was removed; empty if there is none.

    Then Compose cannot pull any image, public ones neither.
    """
    found = configuration(environment)
    entries = {"credsStore": found.get("credsStore", "")}
    entries.update({f"credHelpers.{host}": name for host, name in found.get("credHelpers", {}).items()})
    path = environment.get("PATH")
    missing = (
        f"{key}: {name}" for key, name in entries.items() if name and not shutil.which(HELPER.format(name), path=path)
    )
    return next(missing, "")

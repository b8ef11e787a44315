"""A compose file of ours over the service's: proxies, and the certificate authorities of a network that has its own.

It exists only where there are any. `docker compose` merges it with the service's files, so that these need not know of
it. What a service sets itself stays.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from devenv.base import authorities
from devenv.engines.interface import Place
from devenv.model.services import Service

AUTHORITIES = "/run/devenv-authorities.pem"  # in containers of the service's own images


def path(place: Place) -> Path:
    """The file, from the root."""
    return Path(".dev", "local", f"{place.workspace}.network.yaml")


def write(place: Place) -> None:
    """Write it, or remove it if there is nothing to say."""
    target = place.root / path(place)
    said = {name: part for name, service in place.services.items() if (part := _part(place, service))}
    if not said:
        target.unlink(missing_ok=True)
        return
    text = json.dumps({"services": said}, indent=1).replace("$", "$$")  # JSON is YAML; Compose fills in variables
    target.write_text(f"# Written by the dev.* tasks: the way to the outside.\n{text}\n", encoding="utf-8")


def _part(place: Place, service: Service) -> dict[str, Any]:
    bundle = place.variables.get("CA_BUNDLE", os.devnull)
    trusted = authorities.variables(AUTHORITIES if bundle != os.devnull and service.build else "")
    environment = {**place.outside, **trusted}
    part: dict[str, Any] = {
        "environment": {name: value for name, value in environment.items() if name not in service.environment}
    }
    if trusted:
        mount = {"type": "bind", "source": bundle, "target": AUTHORITIES, "read_only": True}
        part["volumes"] = [mount]
    if service.build and place.outside:
        args = {name: value for name, value in place.outside.items() if name not in service.build.args}
        part["build"] = {"args": args}
    return part if environment else {}

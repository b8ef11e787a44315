"""Where an engine works: the compose file, what is laid over it, and the variables that it finds."""

from __future__ import annotations

import os
from collections.abc import Mapping

from devenv.base import launch, state
from devenv.engines import choice
from devenv.engines.protocol import Place
from devenv.model import config, services

# Laid over compose.yaml, one of them at most:
LEAN = "compose.lean.yaml"  # when another repository requires this one
DEBUG = "compose.debug.yaml"  # by `dev.up --debug`: the app under a debugger
ROOT = launch.ROOT


def make(
    settings: config.Config,
    name: str,
    engine: str,
    url: str,
    port: int,
    debug_port: int,
    chosen: Mapping[str, str] | None = None,
) -> Place:
    """Where the service works. `name`: the workspace. `chosen`: variables that hold for this once."""
    network = os.environ.get("DEV_NETWORK") or f"devenv-{name}"
    compose = ROOT / settings.compose
    overlay = _overlay(debug_port)
    own = choice.variables(engine, name, settings.service, compose)
    variables = {
        **_variables(url, port, network),
        **own,
        "DEV_ENV_FILE": _env_file(name, settings.service),
        **(chosen or {}),
    }
    if debug_port:
        variables["DEBUG_PORT"] = str(debug_port)
    env = {
        **os.environ,
        **variables,
        "BUILDX_BAKE_ENTITLEMENTS_FS": "0",
    }  # the CA bundle lies outside the repository
    found = choice.supported(engine, services.load(compose, env, ROOT / overlay if overlay else None))
    if settings.app not in found:
        raise settings.source.error(("app",), f"app: {settings.compose} has no service {settings.app}")
    return Place(
        *(ROOT, name, settings.service, settings.app, settings.compose, overlay, found, variables, env, network),
        native=settings.native,
    )


def _overlay(debug_port: int) -> str:
    if debug_port:
        return DEBUG
    return LEAN if os.environ.get("DEV_LEAN") and (ROOT / LEAN).is_file() else ""


def _env_file(name: str, service: str) -> str:
    """What other services told this one, see operations/wiring.py."""
    told = os.environ.get("DEV_ENV_FILE") or str(state.path(name, service, "env"))
    return told if os.path.isfile(told) else "/dev/null"


def _variables(url: str, port: int, network: str) -> dict[str, str]:
    """What compose.yaml may use. Whoever owns the checkout owns the files that the app writes into it."""
    owner = ROOT.stat()
    bundle = os.environ.get("CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or "/dev/null"
    return {
        "PORT": str(port),
        "PUBLIC_URL": url,
        "DEV_UID": str(owner.st_uid),
        "DEV_GID": str(owner.st_gid),
        "DEV_NETWORK": network,
        "CA_BUNDLE": bundle if os.path.isfile(bundle) else "/dev/null",
    }

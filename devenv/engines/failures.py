"""Why a `docker compose` command failed: causes that can be named, instead of the command's exit code."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import Callable

from devenv.base import events, process
from devenv.base.errors import CONFIG, MISSING, UNHEALTHY, DevError
from devenv.engines import docker
from devenv.engines.interface import LOG_LINES, Place, State, advice, logged
from devenv.model import libraries
from devenv.model.lockfiles import PYTHON


def invalid(place: Place, config: Sequence[str]) -> DevError | None:
    """Whether Compose refuses the files. `config`: the command that checks them."""
    done = process.capture(config, place.env)
    if not done.code:
        return None
    last = done.stderr.strip().splitlines()[-1:]
    return DevError(CONFIG, f"{place.compose}: {''.join(last)}", "docker compose config")


def unresolved(place: Place, build: Sequence[str], env: Mapping[str, str]) -> DevError | None:
    """Whether an edited library contradicts the lock file.

    The failed build runs again for what it prints: the steps before the failed one are in the cache.
    """
    edited = [each for each in place.libraries.values() if each.language == PYTHON]
    if not edited or docker.server().is_podman:
        return None
    events.note("looking for the cause: the failed step runs again, without its output")
    done = process.capture(build, env)
    printed = "\n".join(re.findall(r"(?m)^#\d+ \d+\.\d+ (.*)", done.stdout + done.stderr))
    return libraries.unresolved(place.service, edited, printed)


def not_pulled(place: Place) -> DevError | None:
    """The first image that is not on this machine and that nothing builds."""
    wanted = [s for s in place.services.values() if s.image and not s.build]
    lacking = next((s for s in wanted if not docker.has_images([s.image])), None)
    if not lacking:
        return None
    message = f"{place.service}: {lacking.name}: the image {lacking.image} could not be pulled"
    return DevError(MISSING, message, f"docker pull {shlex.quote(lacking.image)}")


def no_volume(place: Place, external: Collection[str]) -> DevError | None:
    """The first of the external volumes that does not exist: Compose does not make those."""
    lacking = next((name for name in sorted(external) if not docker.has_volume([name])), "")
    message = f"{place.service}: no volume is named {lacking}, which {place.compose} calls external"
    return DevError(MISSING, message, f"docker volume create {shlex.quote(lacking)}") if lacking else None


def unhealthy(
    place: Place, states: Mapping[str, State], tail: Callable[[str, int], Sequence[str]], timeout: float
) -> DevError:
    """The service that did not become healthy within `timeout` seconds, with the end of its log."""
    failed = [name for name, state in states.items() if not state.healthy and state.words != "Created"]
    name = failed[0] if failed else place.app
    words = states[name].words if name in states else "not created"
    message = f"{place.service}: {name} is not healthy within {timeout:g} s: {words}\n{logged(tail(name, LOG_LINES))}"
    return DevError(UNHEALTHY, message, *advice(name, "Exited (0)" in words))

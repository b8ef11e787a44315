"""Whether what runs in containers is translated for another kind of processor, which is many times slower."""

from __future__ import annotations

import os

from devenv.base import process
from devenv.context.environment import Environment
from devenv.engines import choice
from devenv.lifecycle.machine import Finding

PLATFORM = "DOCKER_DEFAULT_PLATFORM"
# The names that people and kernels use, as images have them.
NAMES = {"x86_64": "amd64", "aarch64": "arm64"}


def check(env: Environment) -> Finding:
    """The images that are here, and the platform that is set for the next ones, against the engine's processor."""
    if env.engine.name != choice.COMPOSE:
        return Finding("D50", True, "nothing is emulated without containers")
    own = _architecture(process.capture(["docker", "version", "--format", "{{.Server.Arch}}"]).stdout)
    if not own:
        return Finding("D50", True, "the engine does not report its processor")
    wanted = _architecture(os.environ.get(PLATFORM, "").removeprefix("linux/").partition("/")[0])
    if wanted not in ("", own):
        what = f"{PLATFORM}={os.environ[PLATFORM]}, and the engine's processor is {own}: images are emulated"
        return Finding("D50", False, what, f"unset {PLATFORM}; inv dev.doctor")
    images = sorted({service.image for service in env.place.services.values() if service.image and not service.build})
    found = [image for image in images if _of_image(image) not in ("", own)]
    if not found:
        return Finding("D50", True, f"all images that are here are for this processor ({own})")
    what = f"for another processor than {own}, so it is emulated: {', '.join(found)}"
    pulls = (f"docker pull --platform linux/{own} {image}" for image in found)
    return Finding("D50", False, what, "; ".join([*pulls, "inv dev.up"]))


def _of_image(image: str) -> str:
    """The architecture of an image; empty if it is not here."""
    done = process.capture(["docker", "image", "inspect", "--format", "{{.Architecture}}", image])
    return _architecture(done.stdout) if done.code == 0 else ""


def _architecture(word: str) -> str:
    return NAMES.get(word.strip(), word.strip())

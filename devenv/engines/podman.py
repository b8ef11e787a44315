"""Podman behind Docker's socket: what it does differently from Docker, with the podman command.

It has no BuildKit, so images are built with `podman build`, from what Compose read. Its health checks run by timers of
systemd, the first one after a whole `interval`, and without systemd never, so `dev.up` runs them while it waits.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devenv.base import process
from devenv.base.errors import MISSING, DevError
from devenv.model.dockerfile import instructions

COMMAND = "podman"
AGENT = r"--mount=\S*\btype=ssh\b"
HEALTH = "{{.Id}} {{if .State.Health}}{{.State.Health.Status}}{{end}}"
MADE_OF = '{{.Id}} {{.Image}} {{index .Config.Labels "com.docker.compose.config-hash"}}'


def command(endpoint: str, *words: str) -> list[str]:
    """A command of Podman for the engine at this address: another Podman may be on this machine, too."""
    return [COMMAND, "--url", endpoint, *words]


def no_command() -> DevError | None:
    """The error if the podman command is not installed; None if it is."""
    if shutil.which(COMMAND):
        return None
    message = "Podman answers in place of Docker, and the podman command, which builds images, is not on the path"
    return DevError(MISSING, message, "install Podman's client: https://podman.io/docs/installation")


def is_rootless(endpoint: str) -> bool:
    """Whether Podman runs as an ordinary user. Through Docker's API, not every version says so.

    False without the podman command, which is another error: see `no_command`.
    """
    if no_command():
        return False
    argv = command(endpoint, "info", "--format", "{{.Host.Security.Rootless}}")
    return process.capture(argv).stdout.strip() == "true"


def health(ids: Sequence[str]) -> dict[str, str]:
    """By container, what Docker writes after its time: "(healthy)". Podman leaves it out."""
    said = process.capture(["docker", "inspect", "--format", HEALTH, *ids]).stdout if ids else ""
    rows = [line.split() for line in said.splitlines()]
    return {row[0]: "(health: starting)" if row[1] == "starting" else f"({row[1]})" for row in rows if row[1:]}


def unchanged(ids: Mapping[str, str], images: Mapping[str, str], hashes: str) -> set[str]:
    """The services whose containers are as Compose would make them now.

    Compose itself would recreate all that run: it compares the ids of networks, and Podman's containers have names.
    `ids`: of the containers; `images`: the names of their images; `hashes`: of `docker compose config --hash`.
    """
    inspect = ["docker", "image", "inspect", "--format", "{{.Id}}"]
    found = {name: process.capture([*inspect, images[name]]).stdout.strip() for name in ids}
    wanted = dict(line.split() for line in hashes.splitlines())
    made = process.capture(["docker", "inspect", "--format", MADE_OF, *ids.values()]).stdout if ids else ""
    return {name for name, id in ids.items() if f"{id} {found[name]} {wanted.get(name)}" in made.splitlines()}


def check(endpoint: str, ids: Sequence[str]) -> None:
    """Run the health checks of containers now. Podman notes what they find."""
    for each in ids:
        process.capture(command(endpoint, "healthcheck", "run", each))


def check_agent(service: str, dockerfile: Path) -> None:
    """DevError 110 if a build asks for the ssh agent: Podman's client hands none to the engine that builds."""
    text = dockerfile.read_text(encoding="utf-8", errors="replace") if dockerfile.is_file() else ""
    if any(step.word == "RUN" and re.search(AGENT, step.text) for step in instructions(text)):
        raise DevError(
            MISSING,
            f"{service}: {dockerfile.name} asks for your ssh agent, which Podman does not hand to builds",
            "install from an https address, with a token in `secrets:` of dev.yaml",
            "or work without containers: DEV_ENGINE=native inv dev.up",
        )


def builds(endpoint: str, project: Mapping[str, Any], services: Sequence[str], label: str) -> list[list[str]]:
    """The commands that build the images of services. `project`: what `docker compose config` prints."""
    alike: dict[str, list[str]] = {}
    for name in services:
        alike.setdefault(json.dumps(project["services"][name]["build"], sort_keys=True), []).append(name)
    return [_build(endpoint, project, names, label) for names in alike.values()]


def _build(endpoint: str, project: Mapping[str, Any], names: Sequence[str], label: str) -> list[str]:
    """The command for services with the same build.

    Without the cache of layers: it does not notice a change of a file that a step mounts, such as a lock file.
    """
    build = project["services"][names[0]]["build"]
    images = [project["services"][name].get("image") or f"{project['name']}-{name}" for name in names]
    words = ["--no-cache", *(word for image in images for word in ("--tag", _whole(image))), "--label", label]
    words += ["--file", os.path.join(build["context"], build.get("dockerfile") or "Dockerfile")]
    words += ["--target", build["target"]] if build.get("target") else []
    words += [
        word
        for pair in (build.get("args") or {}).items()
        if pair[1] is not None
        for word in ("--build-arg", "=".join(pair))
    ]
    for name, folder in (build.get("additional_contexts") or {}).items():
        words += ["--build-context", f"{name}={folder}"]
    for secret in build.get("secrets") or []:
        given = project["secrets"][secret["source"]]
        if given.get("file") == os.devnull:
            continue  # the Dockerfile finds no file, as it does with Docker
        words += ["--secret", f"id={secret.get('target', secret['source'])},src={given['file']}"]
    return command(endpoint, "build", *words, build["context"])


@contextmanager
def resolved(text: str, env: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """What `docker compose config --format json` printed, with its secrets in files while the block runs.

    Podman's client hands over no secret of a variable: the build would see an empty one. Only this user can read the
    files, which are in memory if the system has a folder for that: a killed command leaves them.
    """
    found: dict[str, Any] = json.loads(text)
    with tempfile.TemporaryDirectory(prefix="devenv-", dir=os.environ.get("XDG_RUNTIME_DIR") or None) as folder:
        for name, secret in found.get("secrets", {}).items():
            if "environment" in secret:
                secret["file"] = os.path.join(folder, name)
                descriptor = os.open(secret["file"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(env.get(secret["environment"], ""))
        yield found


def _whole(image: str) -> str:
    """Docker's name in full. Podman would take a short name for one of `localhost`."""
    host, slash, _ = image.partition("/")
    if not slash:
        return f"docker.io/library/{image}"
    return image if "." in host or ":" in host or host == "localhost" else f"docker.io/{image}"

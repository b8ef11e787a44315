"""What a repo left on the machine, found without the tool under test."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests import processes

NAMED = {
    "container": ["docker", "ps", "--all", "--format", "{{.Names}}"],
    "volume": ["docker", "volume", "ls", "--format", "{{.Name}}"],
    "network": ["docker", "network", "ls", "--format", "{{.Name}}"],
    # Images that a later build took the name from still carry the project's label.
    "image": ["docker", "image", "ls", "--all", "--format", "{{.Repository}}"],
}
REMOVE = {
    "container": ["rm", "--force", "--volumes"],
    "volume": ["volume", "rm", "--force"],
    "network": ["network", "rm"],
    "image": ["image", "rm", "--force"],
}
PROJECT = "com.docker.compose.project"


def left_by(token: str, path: Path, engine: str) -> list[str]:
    """Everything with the token in its name, and processes that run below the repo."""
    records = [file for file in below(state_home()) if token in Path(file).name and not file.endswith(".lock")]
    found = [*records, *processes_below(path)]
    return found + (docker_things(token) if engine == "compose" else [])


def below(folder: Path) -> list[str]:
    """All files and folders; not by Path.glob, which stumbles over what another test removes at that moment."""
    return [os.path.join(where, name) for where, folders, files in os.walk(folder) for name in folders + files]


def state_home() -> Path:
    return Path(os.environ["XDG_STATE_HOME"], "devenv")


def docker_things(token: str) -> list[str]:
    found = [f"{kind} {name}" for kind, listing in NAMED.items() for name in answer(*listing) if token in name]
    return found + [f"image {name}" for name in unnamed_images(token)]


def unnamed_images(token: str) -> list[str]:
    """Images of the project that a newer one took the name from."""
    dangling = answer("docker", "image", "ls", "--quiet", "--filter", "dangling=true", "--filter", f"label={PROJECT}")
    labels = '{{.Id}} {{index .Config.Labels "' + PROJECT + '"}}'
    return [i for i in dangling if token in "".join(answer("docker", "image", "inspect", "--format", labels, i))]


def processes_below(path: Path) -> list[str]:
    """Processes whose current folder or command line lies in the folder."""
    return [f"process {pid} {command}" for pid, command in processes.of(path, environment=False).items()]


def remove_by_force(token: str) -> None:
    """For a test that failed: nothing of it may be in the way of the next one."""
    for kind, command in REMOVE.items():
        for name in answer(*NAMED[kind]):
            if token in name:
                answer("docker", *command, name)
    for image in unnamed_images(token):
        answer("docker", "image", "rm", "--force", image)


def answer(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split("\n")[:-1]

"""What every engine can do. Operations know engines by this alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from devenv.base.process import Result
from devenv.model.services import Service

LOG_LINES = 20  # of a service that failed, shown with the error


def logged(lines: Sequence[str]) -> str:
    """What a service that failed logged last, as the end of the error."""
    return "\n".join(lines) or "(it logged nothing)"


class State(NamedTuple):
    """What is there of one service at this moment."""

    id: str  # another id, another container or process
    running: bool
    healthy: bool  # running, and its healthcheck (where it has one) passes
    words: str  # for people: "running (healthy)", "exited (1)"
    checkout: str = ""  # the folder that it was started from, where the engine knows


class Place(NamedTuple):
    """Where an engine works: everything that differs between two environments of one service."""

    root: Path  # the repository; also the current folder of every command
    workspace: str
    service: str
    app: str  # the service of compose.yaml that is the repository's own code
    compose: str  # the compose file, from the root
    overlay: str  # a compose file over it (lean, debug), from the root; empty where there is none
    services: Mapping[str, Service]
    variables: Mapping[str, str]  # ours, for the interpolation of compose.yaml
    env: Mapping[str, str]  # the user's environment with our variables in it
    network: str  # the network that the workspace's services share
    native: Mapping[str, str]  # `native:` of dev.yaml: python, node, install

    @property
    def project(self) -> str:
        """The name that marks what belongs to this service in this workspace."""
        return f"{self.workspace}-{self.service}"


class Engine(Protocol):
    """Runs what compose.yaml defines. Failures are DevError; exit codes of the service's commands are returned."""

    name: str

    def version(self) -> str:
        """The engine in words, for the first line of dev.up."""

    def look(self) -> dict[str, State]:
        """What is there now, by service. Changes nothing, costs little."""

    def is_built(self) -> bool:
        """Whether there is an image (or an environment) for every service with a build."""

    def build(self, services: Sequence[str]) -> None:
        """Make the images (or environments) of services with a build. DevError 112 when it fails."""

    def take(self, image: str, services: Sequence[str]) -> bool:
        """Let services with a build run this image, pulled where it is not here; False where it cannot be had."""

    def start(self, services: Sequence[str], timeout: float) -> None:
        """Start services with what they depend on, and return when all are healthy; DevError 112 after `timeout` s."""

    def stop(self) -> None:
        """Stop everything, keep all data."""

    def step(self, name: str, argv: Sequence[str]) -> int:
        """Run a step of ours (migrate, seed) as the app, printed and timed. Ends what a killed step left running."""

    def collect(self, name: str, argv: Sequence[str]) -> Result:
        """The same, with what the command printed on stdout returned."""

    def attach(self, service: str, argv: Sequence[str]) -> int:
        """Give the terminal to a command in a service: inside the running one, else in a fresh one."""

    def ask(self, service: str, argv: Sequence[str], stdin: str = "") -> Result:
        """Run a command inside a running service, unseen, and return what it printed."""

    def pipe(self, service: str, argv: Sequence[str], source: Path | None = None, target: Path | None = None) -> Result:
        """The same in the open, with its input from a file of this machine or its output to one."""

    def logs(self, services: Sequence[str], follow: bool, tail: int | None) -> int:
        """Print logs on stdout."""

    def tail(self, service: str, lines: int) -> list[str]:
        """The last lines that a service logged, without escape codes."""

    def memory(self, states: Mapping[str, State]) -> dict[str, int]:
        """Bytes that each running service uses now."""

    def data_id(self) -> str:
        """Which stored data there is: another id after the data was removed, empty when there is none."""

    def remove(self) -> None:
        """Remove everything, data included."""

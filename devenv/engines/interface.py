"""The interface of all engines. Operations only use this."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Callable, NamedTuple, Protocol

from devenv.base.errors import CONFLICT, DevError
from devenv.base.process import Result
from devenv.engines.secrets import Secrets
from devenv.model.libraries import Library
from devenv.model.services import COMPLETED, Service

# npm waits ten seconds and a minute, without a word, for an index that it does not trust.
IMPATIENT = {"npm_config_fetch_retry_mintimeout": "1000", "npm_config_fetch_retry_maxtimeout": "5000"}
# A person's own settings of this checkout, which git ignores:
PERSONAL = ".dev/local/env"  # variables
OVERRIDE = ".dev/local/compose.override.yaml"  # merged over the other compose files
LOG_LINES = 20  # log lines of a failed service that are shown with the error


def advice(name: str, ended_well: bool) -> tuple[str, str]:
    """The hints about a service that is not healthy. `ended_well`: its command ended with 0."""
    job = f"if it has to end, let another service wait for that: depends_on: {{{name}: {{condition: {COMPLETED}}}}}"
    slow = "if it starts slowly, raise budget.ready in dev.yaml"
    return f"inv dev.logs -s {name}", job if ended_well else slow


def logged(lines: Sequence[str]) -> str:
    """The last log lines of a failed service, as the end of the error."""
    return "\n".join(lines) or "(it logged nothing)"


def of_another_version(service: str, kind: str, made: str, wanted: str) -> DevError:
    """The error for data that a server cannot read: it was made by another major version of its `kind`."""
    return DevError(
        CONFLICT,
        f"{service}: its data is of {kind} {made}, not {wanted}",
        f"use the image of {kind} {made} again: the data was not changed",
        f"to keep the rows, with {kind} {made}: inv dev.up; inv dev.snapshot NAME --export FILE; inv dev.destroy",
        f"then with {kind} {wanted}: inv dev.up; inv dev.restore FILE",
    )


class State(NamedTuple):
    """The current state of one service."""

    id: str  # changes if the container or process is another one
    running: bool
    healthy: bool  # running, and its healthcheck (if it has one) passes
    words: str  # for people: "running (healthy)", "exited (1)"
    checkout: str = ""  # the folder that it was started from, if the engine knows it
    networks: tuple[str, ...] = ()  # of containers: the networks that it is on
    checked: bool = False  # its healthcheck ran for this look, so it need not run again
    image: str = ""  # of containers: what it was made of, as it was written


def unhealthy(states: Mapping[str, State], names: Iterable[str]) -> list[str]:
    """Those of the services that do not run, or whose healthcheck does not pass."""
    return [name for name in names if name not in states or not states[name].healthy]


class Place(NamedTuple):
    """Where an engine runs a service: everything that differs between two environments of one service."""

    root: Path  # the repository; also the current folder of every command
    workspace: str
    service: str
    app: str  # the service of compose.yaml that is the repository's own code
    compose: str  # the compose file, from the root
    overlay: str  # a compose file over it (lean, debug), from the root; empty if none
    services: Mapping[str, Service]
    variables: Mapping[str, str]  # ours, for the interpolation of compose.yaml
    env: Mapping[str, str]  # the user's environment with our variables in it
    network: str  # the network that the workspace's services share
    native: Mapping[str, str]  # `native:` of dev.yaml: python, node, install

    project: str = ""  # the name of the Compose project, and the mark of everything of this service in this workspace
    outside: Mapping[str, str] = {}  # the proxies, for the variables of what runs, and what is reached without them
    libraries: Mapping[str, Library] = {}  # checkouts that replace released packages, by name
    personal: Mapping[str, str] = {}  # the person's variables for the app
    override: str = ""  # the person's compose file over the others, from the root; empty if there is none
    secrets: Secrets = Secrets()  # those of dev.yaml; a value is read when something needs it
    environment: Path | None = None  # where an app's environment is made that is not in use yet, without containers

    @property
    def servers(self) -> list[str]:
        """The services that are not built here: the database, the cache and the like."""
        return [name for name, service in self.services.items() if not service.build]

    def watching(self, folders: Sequence[str]) -> dict[str, str]:
        """The variables by which a reloader of the app also watches edited libraries, in `folders`.

        DEV_LIBRARIES is ours; uvicorn's --reload has a variable, too.
        """
        return {
            "DEV_LIBRARIES": os.pathsep.join(folders),
            "UVICORN_RELOAD_DIRS": os.pathsep.join([os.curdir, *folders]),
        }


class Logs(NamedTuple):
    """Which lines of logs are wanted."""

    follow: bool = False  # also those that come later, until Ctrl-C
    tail: int | None = None  # at most so many of each service, before the later ones
    since: float = 0.0  # seconds ago; 0: from the start


class Engine(Protocol):
    """Runs the services of compose.yaml. Failures are DevError; exit codes of the service's commands are returned."""

    name: str
    starts_servers: bool  # a command in a service that does not run starts the servers that the service waits for

    def version(self) -> str:
        """The engine in words, for the first line of dev.up."""

    def look(self) -> dict[str, State]:
        """The current state by service. Changes nothing, and is fast."""

    def is_built(self) -> bool:
        """Whether there is an image (or an environment) for every service with a build."""

    def build(self, services: Sequence[str]) -> None:
        """Build the images (or environments) of services with a build. DevError 112 if it fails."""

    def remove_older(self) -> None:
        """Remove what earlier builds made, except what still runs."""

    def take(self, image: str, services: Sequence[str]) -> bool:
        """Let services with a build run this image, pulled if needed; False if it is not available."""

    def start(self, services: Sequence[str], timeout: float) -> None:
        """Start services and their dependencies, and return when all are healthy; DevError 112 after `timeout` s."""

    def tidy(self) -> None:
        """End and remove the steps of a killed command, and start again what a kill ended next to the services.

        That is what the last look saw. Services are not started.
        """

    def end(self, services: Sequence[str]) -> None:
        """End some services, so that `start` begins them again. DevError 112 if they cannot be ended."""

    def failing(self, states: Mapping[str, State], started: bool = False) -> list[str]:
        """The services that are not healthy in `states`, a look of just now, or whose healthcheck fails when it is run.

        All healthchecks run at once. `started`: one that passed since this command started its service counts, too.
        """

    def stop(self) -> None:
        """Stop everything and keep all data."""

    def prepared(self) -> AbstractContextManager[None]:
        """During the block, steps begin sooner: what they need is made while its first `start` waits."""

    def step(self, name: str, argv: Sequence[str]) -> int:
        """Run a step (migrate, seed) as the app, printed and timed. First end what a killed step left running."""

    def manage(self, name: str, argv: Sequence[str]) -> int:
        """Like `step`, for a package manager, which gives up soon if an index does not answer."""

    def collect(self, name: str, argv: Sequence[str]) -> Result:
        """Like `step`, but return what the command printed on stdout."""

    def begin(self, name: str, argv: Sequence[str]) -> Callable[[], Result]:
        """Like `collect`, next to the step that follows. The returned function waits for it."""

    def attach(self, service: str, argv: Sequence[str]) -> int:
        """Give the terminal to a command in a service: in the running container, else in a new one."""

    def ask(self, service: str, argv: Sequence[str], stdin: str = "") -> Result:
        """Run a command inside a running service without printing it, and return its output."""

    def pipe(
        self, service: str, argv: Sequence[str], source: Path | str | None = None, target: Path | None = None
    ) -> Result:
        """Like `ask` but visibly, with its input from a file of this machine or a text, or its output to a file."""

    def alone(self, service: str, script: str) -> Result:
        """Run a shell script with the image and the data of a service, next to it. Natively, it fails."""

    def flush(self, service: str) -> None:
        """Wait until what a database server's image has just made is on the disk."""

    def detach(self, service: str, argv: Sequence[str]) -> None:
        """Begin a command inside a running service, printed, and do not wait for it."""

    def logs(self, services: Sequence[str], wanted: Logs, take: Callable[[str, str], None]) -> int:
        """Hand over lines of logs, each with its service, as they come. Returns an exit code."""

    def tail(self, service: str, lines: int) -> list[str]:
        """The last lines that a service logged, without escape codes."""

    def memory(self, states: Mapping[str, State]) -> dict[str, int]:
        """Bytes that each running service uses now."""

    def may_hold(self, service: str) -> bool:
        """Whether there is a volume or folder in which a service may have data. Starting it would create that."""

    def data_id(self) -> str:
        """An id of all stored data: it changes when data is removed; empty if there is none."""

    def holds(self, noted: str, service: str = "") -> bool:
        """Whether the data that had this id is still there: that of one service, else that of any.

        Data of other services may have been added or removed since, and times may be written in another way.
        """

    def check_reach(self) -> None:
        """DevError 110 if what runs would not see the checkout."""

    def spare(self) -> None:
        """Remove what is not needed or can be made again, since the disk is full: logs, templates, unused images."""

    def remove(self) -> None:
        """Remove everything, data included."""

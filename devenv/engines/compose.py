"""The engine that is Docker: every change is a `docker compose` command that is printed and that one could type."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from devenv.base import output, process
from devenv.base.errors import CONFIG, MISSING, UNHEALTHY, DevError
from devenv.base.process import Result
from devenv.engines import cgroup, docker
from devenv.engines.interface import LOG_LINES, Place, State, logged

STEP = "devenv.step"  # the label of our own one-off containers
# Seconds for a released image: Docker itself waits for ever on a registry that says nothing. In this time a slow line
# (8 Mbit/s) brings 300 MB; whoever has a slower one is not worse off with a build.
PULL_LIMIT = 300


class ComposeEngine:
    """Docker Engine through Compose v2. See interface.Engine for what each method promises."""

    name = "compose"

    def __init__(self, place: Place) -> None:
        self.place = place
        self._data_id = ""

    @functools.cached_property
    def _version(self) -> str:
        return docker.server_version()  # once: the first line of dev.up and the status at its end both say it

    def version(self) -> str:
        return f"Docker {self._version}"

    def look(self) -> dict[str, State]:
        return docker.containers(self.place.project)

    def is_built(self) -> bool:
        return docker.has_images([self._image(name) for name, s in self.place.services.items() if s.build])

    def build(self, services: Sequence[str]) -> None:
        if self._run("build", *services):
            hint = "the failing step stands above; a registry behind a company's CA needs CA_BUNDLE=/path/to/ca.pem"
            raise self._explain(DevError(UNHEALTHY, f"{self.place.service}: the image could not be built", hint))

    def take(self, image: str, services: Sequence[str]) -> bool:
        # Under the name that Compose looks for, so that no compose file has to know whether it was pulled or built.
        pull = ["docker", "pull", image]
        here = docker.has_images([image]) or process.run(pull, self.place.env, limit=PULL_LIMIT) == 0
        tags = [["docker", "tag", image, self._image(name)] for name in services]
        return here and not any(process.run(argv, self.place.env) for argv in tags)

    def start(self, services: Sequence[str], timeout: float) -> None:
        docker.ensure_network(self.place.network)
        self._stop_stuck(services)
        wait = ["--wait", "--wait-timeout", str(math.ceil(timeout))]
        # On a terminal Compose would draw over what is said meanwhile (context/health.py).
        if self._run("up", "--detach", "--no-build", "--remove-orphans", *wait, *services, COMPOSE_ANSI="never"):
            raise self._explain(self._not_pulled() or self._unhealthy(timeout))

    def stop(self) -> None:
        # Containers stay: starting them again is a second faster than making new ones.
        self._end_steps()
        if self._run("stop"):
            raise self._explain(DevError(UNHEALTHY, f"{self.place.service}: could not be stopped"))

    def step(self, name: str, argv: Sequence[str]) -> int:
        self._end_steps()
        return docker.checked(process.run(self._one_off(name, argv), self.place.env))

    def collect(self, name: str, argv: Sequence[str]) -> Result:
        self._end_steps()
        return docker.answered(process.collect(self._one_off(name, argv), self.place.env))

    def attach(self, service: str, argv: Sequence[str]) -> int:
        state = self.look().get(service)
        if not state:
            docker.ensure_network(self.place.network)
        verb = ["exec"] if state and state.running else ["run", "--rm"]
        tty = [] if sys.stdin.isatty() and sys.stdout.isatty() else ["-T"]
        return docker.checked(process.attach(self._compose(*verb, *tty, service, *argv), self.place.env))

    def ask(self, service: str, argv: Sequence[str], stdin: str = "") -> Result:
        return docker.answered(process.capture(docker.inside(self.place, service, argv), self.place.env, stdin))

    def pipe(self, service: str, argv: Sequence[str], source: Path | None = None, target: Path | None = None) -> Result:
        return docker.answered(process.pipe(docker.inside(self.place, service, argv), self.place.env, source, target))

    def logs(self, services: Sequence[str], follow: bool, tail: int | None) -> int:
        flags = [*(["--follow"] if follow else []), *(["--tail", str(tail)] if tail is not None else [])]
        return docker.checked(process.attach(self._compose("logs", *flags, *services), self.place.env))

    def tail(self, service: str, lines: int) -> list[str]:
        argv = self._compose("logs", "--no-color", "--no-log-prefix", "--tail", str(lines), service)
        return output.plain(process.capture(argv, self.place.env).stdout).splitlines()

    def memory(self, states: Mapping[str, State]) -> dict[str, int]:
        found = {name: cgroup.memory(state.id) for name, state in states.items() if state.running}
        seen = {name: used for name, used in found.items() if used is not None}
        return seen if len(seen) == len(found) else docker.stats(states)

    def data_id(self) -> str:
        self._data_id = self._data_id or docker.volumes_born(self.place)  # once there, it stays what it is
        return self._data_id

    def remove(self) -> None:
        self._end_steps()
        if self._run("down", "--volumes", "--rmi", "local", "--remove-orphans"):
            raise self._explain(DevError(UNHEALTHY, f"{self.place.service}: could not be removed"))
        # What was taken and not built carries no label of Compose's, so it leaves the name there.
        docker.untag([self._image(name) for name, s in self.place.services.items() if s.build and not s.image])
        # What a later build took the name from, Compose no longer knows.
        docker.remove_unnamed_images(self.place.project)
        process.capture(["docker", "network", "rm", self.place.network])  # refused while another service is on it

    def _image(self, name: str) -> str:
        """The name of a service's image: the one that Compose gives to an image without `image:`."""
        return self.place.services[name].image or f"{self.place.project}-{name}"

    def _compose(self, *words: str) -> list[str]:
        """A whole command. The variables stand in a file, so that the printed line works when it is typed."""
        known = [f for f in (".env", str(variables_file(self.place))) if (self.place.root / f).is_file()]
        env_files = [word for file in known for word in ("--env-file", file)]
        files = [word for file in (self.place.compose, self.place.overlay) if file for word in ("-f", file)]
        return ["docker", "compose", "-p", self.place.project, *files, *env_files, *words]

    def _run(self, *words: str, **unless_set: str) -> int:
        _write_variables(self.place)
        return process.run(self._compose(*words), {**unless_set, **self.place.env})

    def _one_off(self, name: str, argv: Sequence[str]) -> list[str]:
        # A container of its own: it works before the app can start, and is found again when we are killed.
        docker.ensure_network(self.place.network)
        _write_variables(self.place)
        return self._compose("run", "--rm", "--no-deps", "-T", "--label", f"{STEP}={name}", self.place.app, *argv)

    def _stop_stuck(self, services: Sequence[str]) -> None:
        """Stop our own code where it runs but does not work: Compose would leave it alone and wait in vain.

        Not the databases: one that is still making its first files must not be interrupted.
        """
        states = self.look()
        ours = [name for name in services if self.place.services[name].build and name in states]
        stuck = [name for name in ours if states[name].running and not states[name].healthy]
        if stuck:
            self._run("stop", *stuck)

    def _end_steps(self) -> None:
        """Remove the containers of steps whose command was killed. The lock says that nobody waits for them."""
        left = docker.with_label(self.place.project, STEP)
        if left:
            process.run(["docker", "rm", "--force", *left], self.place.env)

    def _explain(self, error: DevError) -> DevError:
        """The cause behind a failed command, where it is another one than the command's own."""
        missing = docker.missing()
        if missing:
            return missing
        config = process.capture(self._compose("config", "--quiet"), self.place.env)
        if config.code:
            last = config.stderr.strip().splitlines()[-1:]
            return DevError(CONFIG, f"{self.place.compose}: {''.join(last)}", "look at `docker compose config`")
        return error

    def _not_pulled(self) -> DevError | None:
        wanted = [s for s in self.place.services.values() if s.image and not s.build]
        lacking = next((s for s in wanted if not docker.has_images([s.image])), None)
        if not lacking:
            return None
        message = f"{self.place.service}: {lacking.name}: the image {lacking.image} could not be pulled"
        return DevError(MISSING, message, f"try `docker pull {lacking.image}`")

    def _unhealthy(self, timeout: float) -> DevError:
        states = self.look()
        failed = [name for name, state in states.items() if not state.healthy and state.words != "Created"]
        name = failed[0] if failed else self.place.app
        words = states[name].words if name in states else "not created"
        logs = logged(self.tail(name, LOG_LINES))
        message = f"{self.place.service}: {name} is not healthy within {timeout:g} s: {words}\n{logs}"
        slow = "a slow start needs a larger budget.ready in dev.yaml"
        return DevError(UNHEALTHY, message, f"inv dev.logs -s {name}", slow)


def variables_file(place: Place) -> Path:
    """The file that holds our variables for the printed commands, from the root."""
    return Path(".dev", "local", f"{place.workspace}.env")


def _write_variables(place: Place) -> None:
    target = place.root / variables_file(place)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("".join(f"{name}={value}\n" for name, value in sorted(place.variables.items())))

"""The Docker engine: every change is a `docker compose` command, which is printed and can be typed by hand."""

from __future__ import annotations

import functools
import math
import os
import re
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Callable

from devenv.base import events, foreign, process, system
from devenv.base.errors import UNHEALTHY, DevError
from devenv.base.process import Result
from devenv.engines import additions, docker, failures, names, stats
from devenv.engines.held import WAITING, Held
from devenv.engines.interface import IMPATIENT, PERSONAL, Logs, Place, State, unhealthy
from devenv.engines.progress import Progress
from devenv.model import services, system_packages
from devenv.model.secrets import BUILD, RUN
from devenv.model.services import Healthcheck

# The file system of the data alone. Images with a small `sync` flush all of them.
FLUSH = 'sync -f "${PGDATA:-/var/lib/mysql}" 2>/dev/null || sync'
CUT = "cut from the network"
# Seconds for pulling a released image: Docker waits for ever for a registry that does not respond. In this time a slow
# connection (8 Mbit/s) loads 300 MB. If it is slower, a build is as fast.
PULL_LIMIT = 300
SOON = 0.2  # seconds between two looks at whether the database's container runs


class ComposeEngine:
    """Docker Engine through Compose v2. See interface.Engine for the methods."""

    name = "compose"
    starts_servers = True  # those of depends_on
    is_podman = False

    def __init__(self, place: Place, version: str = "") -> None:
        self.place = place
        self._known_version = version
        self._data_id = ""
        self._prepared = False  # for one-off containers
        self._strangers: list[str] = []  # the containers that the last look saw and that belong to no service of ours
        self._seen_images: set[str] = set()  # those that containers were made of at the last look, and that are here
        self._before: set[str] | None = None  # the containers that ran at the first look
        self._held: Held | None = None  # the container for this command's steps
        self._begun: list[Callable[[], Result]] = []  # what runs in it next to us

    def version(self) -> str:
        return self._known_version or docker.described(docker.server())

    def look(self) -> dict[str, State]:
        jobs, found = services.jobs(self.place.services), docker.containers(self.place.project)
        self._strangers = found.strangers(self.place.services)
        if self._before is None:
            self._before = {state.id for state in found.services.values() if state.running}
        # Docker lists an image that lost its name by its id, Podman by the name that it had.
        self._seen_images = set() if self.is_podman else {state.image for state in found.services.values()}
        here = {name: state for name, state in found.services.items() if name in self.place.services}
        return {name: self._judged(name, state, name in jobs) for name, state in here.items()}

    def tidy(self) -> None:
        if self._strangers:
            self._end_strangers()

    def is_built(self) -> bool:
        wanted = [self._image(name) for name, s in self.place.services.items() if s.build]
        return docker.has_images([image for image in wanted if image not in self._seen_images])

    def build(self, services: Sequence[str]) -> None:
        if self._build(services):
            hint = "see the failing step above; a registry behind a company's CA needs CA_BUNDLE=/path/to/ca.pem"
            origins = self.place.secrets.origins(BUILD)
            back = [f"without the edited library: inv dev.use {name}" for name in self.place.libraries]
            back += system_packages.for_image(self.place.root, self.place.services[self.place.app].build)
            message = f"{self.place.service}: the image could not be built"
            failure = DevError(UNHEALTHY, message, hint, *origins, *back)
            raise self._explain(self._unresolved(services) or failure)

    def remove_older(self) -> None:
        # The last one before is still used by the containers that run: it goes after the next build. The layers stay
        # in the cache of builds, so going back to an older lock file is as fast as before.
        docker.remove_unnamed_images(self.place.project)

    def take(self, image: str, services: Sequence[str]) -> bool:
        # Tagged with the name that Compose looks for, so that compose files are the same for pulled and built images.
        here = docker.has_images([image]) or self._pull(image)
        tags = [["docker", "tag", image, self._image(name)] for name in services]
        return here and not any(process.run(argv, self.place.env) for argv in tags)

    def start(self, names: Sequence[str], timeout: float) -> None:
        self.check_reach()
        if self._held and self._held.begun:
            self._held.release()
        with ThreadPoolExecutor(max_workers=1) as pool:  # each look takes a twentieth of a second
            looking = pool.submit(docker.ensure_network, self.place.network)
            states = self.look()
        self._stop_stuck(names, states)
        flags = ["--force-recreate"] if self._is_cut(states, looking.result()) else []
        begun = time.monotonic()
        with events.meanwhile(self._hold, SOON) if self._held and not self._held.begun else nullcontext():
            if self._up(names, flags, timeout) or self._late(names, begun, timeout):
                raise self._explain(self._unhealthy(timeout))

    def _late(self, names: Sequence[str], begun: float, timeout: float) -> bool:
        """Whether the time ran out, and a service is not healthy: Compose may end with 0 then."""
        return time.monotonic() - begun >= timeout and bool(unhealthy(self.look(), names))

    def end(self, services: Sequence[str]) -> None:
        if self._run("stop", *services):
            raise self._explain(DevError(UNHEALTHY, f"{self.place.service}: could not be stopped"))

    def failing(self, states: Mapping[str, State], started: bool = False) -> list[str]:
        # Docker runs a healthcheck twice a minute, so what it says may have been true half a minute ago.
        wanted = self.place.services
        sick = unhealthy(states, wanted)
        passed = docker.passed([s.id for s in states.values() if started and s.id not in (self._before or ())])
        left = [name for name in wanted if name not in sick and states[name].running and states[name].id not in passed]
        checks = {name: wanted[name].healthcheck for name in left}
        with ThreadPoolExecutor(max_workers=8) as threads:
            found = threads.map(lambda name: self._passes(states[name].id, checks[name]), checks)
        return [*sick, *(name for name, well in zip(checks, found) if not well)]

    def stop(self) -> None:
        # The containers stay: starting them again is a second faster than creating new ones.
        self._end_strangers()
        if self._run("stop"):
            raise self._explain(DevError(UNHEALTHY, f"{self.place.service}: could not be stopped"))

    @contextmanager
    def prepared(self) -> Iterator[None]:
        service = self.place.services[self.place.app]
        if docker.entrypoint(self._image(self.place.app)) if service.entrypoint is None else service.entrypoint:
            yield  # `docker exec` would run a step without it
            return
        name = f"{self.place.project}-steps"
        given = self._secrets(RUN)
        self._held = Held(self._one_off("steps", [WAITING], "--name", name), name, {**self.place.env, **given})
        try:
            yield
        finally:
            self._held.end()

    def _hold(self) -> None:
        """Begin the container for the steps once one of ours runs: by then, the network of both is there."""
        if self._held and not self._held.begun and self.place.project in (docker.running_projects() or ()):
            self._held.begin()

    def step(self, name: str, argv: Sequence[str]) -> int:
        given = self._secrets(RUN)
        return docker.checked(process.run(self._step(name, argv), {**self.place.env, **given}))

    def manage(self, name: str, argv: Sequence[str]) -> int:
        soon = [word for name, value in IMPATIENT.items() for word in ("--env", f"{name}={value}")]
        given = self._secrets(BUILD, RUN)
        argv = self._one_off(name, argv, *soon, install=True)
        return docker.checked(process.run(argv, {**self.place.env, **given}))

    def collect(self, name: str, argv: Sequence[str]) -> Result:
        given = self._secrets(RUN)
        return docker.answered(process.collect(self._step(name, argv), {**self.place.env, **given}))

    def begin(self, name: str, argv: Sequence[str]) -> Callable[[], Result]:
        given = self._secrets(RUN)  # first: the file for Compose has the variables of those that are known to be set
        held = self._held.inside(argv) if self._held else []
        result = functools.cache(process.begin(held or self._one_off(name, argv), {**self.place.env, **given}))
        self._begun += [result] if held else []
        return result

    def attach(self, service: str, argv: Sequence[str]) -> int:
        state = self.look().get(service)
        verb = ["exec"] if state and state.running else ["run", "--rm"]
        if not state:
            docker.ensure_network(self.place.network)
        given = self._secrets(RUN) if verb[0] == "run" else {}
        if given:
            additions.write_variables(self.place)
        tty = [] if sys.stdin.isatty() and sys.stdout.isatty() else ["-T"]
        once = service if verb[0] == "run" else ""
        command = self._compose(*verb, *tty, service, *argv, once=once)
        return docker.checked(process.attach(command, {**self.place.env, **given}))

    def ask(self, service: str, argv: Sequence[str], stdin: str = "") -> Result:
        return docker.answered(process.capture(docker.inside(self.place, service, argv), self.place.env, stdin))

    def pipe(
        self, service: str, argv: Sequence[str], source: Path | str | None = None, target: Path | None = None
    ) -> Result:
        return docker.answered(process.pipe(docker.inside(self.place, service, argv), self.place.env, source, target))

    def alone(self, service: str, script: str) -> Result:
        found, image = self.place.services[service], self._image(service)
        # A container would create a volume that is not there, and dev.plan changes nothing.
        if not self.may_hold(service) or not (docker.has_images([image]) or self._pull(image)):
            return Result(1, "", "")
        if found.volumes or services.folders(found):
            argv = self._one_off("alone", ["-c", script], "--entrypoint", "sh", service=service)
        else:  # Compose would make a new volume without a name
            seen = ["--volumes-from", docker.container(self.place.project, found), "--entrypoint", "sh"]
            argv = ["docker", "run", "--rm", *seen, image, "-c", script]
        return process.capture(argv, self.place.env)

    def flush(self, service: str) -> None:
        # The image writes its settings last, and does not wait for the disk: after a power cut, nobody could log in.
        self.ask(service, ["sh", "-c", FLUSH])

    def detach(self, service: str, argv: Sequence[str]) -> None:
        command = docker.inside(self.place, service, argv, "--detach")
        process.echo(command)
        process.spawn(command, self.place.env, Path(os.devnull), self.place.root)

    def logs(self, services: Sequence[str], wanted: Logs, take: Callable[[str, str], None]) -> int:
        flags = ["--follow"] if wanted.follow else []
        flags += ["--tail", str(wanted.tail)] if wanted.tail is not None else []
        flags += ["--since", f"{math.ceil(wanted.since)}s"] if wanted.since else []

        def read(_: int, line: str) -> None:
            container, bar, text = line.partition("|")
            name = container.strip()
            known = re.sub(r"-\d+$", "", name)  # app-1
            take(known if known in self.place.services else name, text.removeprefix(" ") if bar else line)

        argv = self._compose("logs", "--no-color", *flags, *services)
        return docker.checked(process.read([argv], self.place.env, read))

    def tail(self, service: str, lines: int) -> list[str]:
        argv = self._compose("logs", "--no-color", "--no-log-prefix", "--tail", str(lines), service)
        return foreign.plain(process.capture(argv, self.place.env).stdout).splitlines()

    def memory(self, states: Mapping[str, State]) -> dict[str, int]:
        found = {name: system.container_memory(state.id) for name, state in states.items() if state.running}
        seen = {name: used for name, used in found.items() if used is not None}
        return seen if len(seen) == len(found) else stats.memory(states)

    def may_hold(self, service: str) -> bool:
        found = self.place.services[service]
        if folders := services.folders(found):
            return any(folder.exists() for folder in folders)
        if names := self._volumes(service):
            return bool(self._data_id) or docker.has_volume(names)  # all of them were seen, so there is nothing to ask
        return bool(docker.environment(self.place.project, found))  # a volume without a name goes with the container

    def data_id(self) -> str:
        self._data_id = self._data_id or docker.volumes_born(self._volumes())  # it does not change
        return self._data_id

    def holds(self, noted: str, service: str = "") -> bool:
        if noted == self.data_id():
            return True
        names = self._volumes(service)
        before = {name: at for name, at in docker.births(noted).items() if name in names}
        return bool(before) and before == docker.births(docker.volumes_born(before))

    def check_reach(self) -> None:
        mounted = services.mounts(self.place.services[self.place.app])
        image = self._image(self.place.app)
        if any(source.startswith(".") for source, _ in mounted) and docker.distant() and docker.has_images([image]):
            docker.check_reach(self.place.root, image)

    def spare(self) -> None:
        self._end_strangers()
        docker.remove_unnamed_images(self.place.project)

    def remove(self) -> None:
        self._end_strangers()
        if self._run("down", "--volumes", "--rmi", "local", "--remove-orphans"):
            raise self._explain(DevError(UNHEALTHY, f"{self.place.service}: could not be removed"))
        # A pulled image has no label of Compose, so Compose leaves its tag.
        docker.untag([self._image(name) for name, s in self.place.services.items() if s.build and not s.image])
        # Compose does not remove images that lost their tag to a later build.
        docker.remove_unnamed_images(self.place.project)
        docker.remove_left(self.place.project, self._external())
        process.capture(["docker", "network", "rm", self.place.network])  # refused while another service is on it

    def _build(self, services: Sequence[str]) -> int:
        return self._run("build", *services, secrets=self._secrets(BUILD))

    def _up(self, names: Sequence[str], flags: Sequence[str], timeout: float) -> int:
        """Start services and what they depend on, and wait until they are healthy. Returns an exit code."""
        wait = ["--wait", "--wait-timeout", str(math.ceil(timeout))]
        # On a terminal, Compose would overwrite our progress lines (context/health.py).
        words = ["--detach", "--no-build", "--remove-orphans", *flags, *wait, *names]
        return self._run("up", *words, secrets=self._secrets(RUN), COMPOSE_ANSI="never")

    def _volumes(self, service: str = "") -> set[str]:
        """The full names of the volumes of a service, else of all."""
        found = [s for s in self.place.services.values() if service in ("", s.name)]
        return {name for s in found for name in services.volume_names(s, self.place.project, self.place.env)}

    def _external(self) -> set[str]:
        """The full names of the volumes that compose.yaml calls external. One may have been ours before."""
        found = self.place.services.values()
        return {name for s in found for name in services.external_volumes(s, self.place.project, self.place.env)}

    def _image(self, name: str) -> str:
        """The name of a service's image: `image:`, else the name that Compose gives it."""
        return self.place.services[name].image or f"{self.place.project}-{name}"

    def _compose(self, *words: str, install: bool = False, once: str = "") -> list[str]:
        """A whole command. The variables are in a file, so that the printed line works when it is typed.

        `install`: the app's container gets the secrets of builds, too. `once`: the service of a one-off container.
        """
        own_variables = (".env", PERSONAL, str(names.variables_file(self.place.workspace)))
        known = [file for file in own_variables if (self.place.root / file).is_file()]
        env_files = [word for file in known for word in ("--env-file", file)]
        ours = additions.file(self.place, install, podman=self.is_podman, once=once)
        own = (self.place.compose, self.place.overlay, self.place.override, ours)
        files = [word for file in own if file for word in ("-f", file)]
        return ["docker", "compose", "-p", self.place.project, *files, *env_files, *words]

    def _run(self, *words: str, secrets: Mapping[str, str] | None = None, **unless_set: str) -> int:
        additions.write_variables(self.place)
        env = {**unless_set, **self.place.env, **(secrets or {})}
        return process.run(self._compose(*words), env, measure=Progress())

    def _secrets(self, *uses: str) -> Mapping[str, str]:
        """The variables that hand secrets to Compose. They are in no file and no argument."""
        return self.place.secrets.carriers(*uses)

    def _pull(self, image: str) -> bool:
        return process.run(["docker", "pull", image], self.place.env, limit=PULL_LIMIT, measure=Progress()) == 0

    def _step(self, name: str, argv: Sequence[str]) -> list[str]:
        for result in self._begun:
            result()  # two in one container could need more memory than it may have
        held = self._held.inside(argv) if self._held else []
        return held or self._one_off(name, argv)

    def _one_off(
        self, name: str, argv: Sequence[str], *flags: str, service: str = "", install: bool = False
    ) -> list[str]:
        # In a separate container: it works before the app can start, and is found again if this process is killed.
        if not self._prepared:  # once: each query takes a twentieth of a second, and we hold the lock
            self._end_strangers()
            self.check_reach()
            docker.ensure_network(self.place.network)
            self._prepared = True
        additions.write_variables(self.place)
        label = ["--label", f"{docker.STEP}={name}"]
        service = service or self.place.app
        words = ["--rm", "--no-deps", "-T", *label, *flags, service, *argv]
        return self._compose("run", *words, install=install, once=service)

    def _judged(self, name: str, state: State, is_job: bool) -> State:
        """What Docker says of a container, and what we know of it."""
        if is_job and state.words.startswith("Exited (0)"):
            return state._replace(healthy=True)
        network, service = self.place.network, self.place.services.get(name)
        wanted = service and state.running and services.is_on(service, network, self.place.env)
        if wanted and network not in state.networks:
            return state._replace(healthy=False, words=f"{state.words}, {CUT} {network}")
        return state

    def _is_cut(self, states: Mapping[str, State], networks: Collection[str]) -> bool:
        """Whether a container has lost a network. Only a new container gets it back. `networks`: those there are."""
        stopped = [state.id for state in states.values() if not state.running]
        return any(CUT in state.words for state in states.values()) or docker.has_lost_network(stopped, networks)

    def _passes(self, container: str, check: Healthcheck | None) -> bool:
        if not check:
            return True
        return process.probe(["docker", "exec", container, *check.argv], self.place.env, self.place.root, check.timeout)

    def _stop_stuck(self, names: Sequence[str], states: Mapping[str, State]) -> None:
        """Stop the app's services that run but are not healthy: Compose would not restart them, and wait in vain.

        Databases are not stopped: one that is still creating its first files must not be interrupted. A paused one has
        them, and its healthchecks failed meanwhile, for which Compose would not wait.
        """
        paused = [name for name, state in states.items() if docker.PAUSED in state.words]
        ours = [name for name in names if self.place.services[name].build and name in states and name not in paused]
        stuck = [name for name in ours if states[name].running and not states[name].healthy]
        if paused:
            self._run("unpause", *paused)
        if stuck or paused:
            self._run("stop", *stuck, *paused)

    def _end_strangers(self) -> None:
        """Steps of killed commands (we hold the lock), and services that compose.yaml does not start any more."""
        left = docker.containers(self.place.project).strangers(self.place.services)
        if left:
            process.run(["docker", "rm", "--force", *left], self.place.env)

    def _unresolved(self, services: Sequence[str]) -> DevError | None:
        env = {**self.place.env, **self._secrets(BUILD), "BUILDKIT_PROGRESS": "plain"}
        return failures.unresolved(self.place, self._compose("build", *services), env)

    def _explain(self, error: DevError) -> DevError:
        return docker.missing() or failures.invalid(self.place, self._compose("config", "--quiet")) or error

    def _unhealthy(self, timeout: float) -> DevError:
        lacking = failures.not_pulled(self.place) or failures.no_volume(self.place, self._external())
        return lacking or failures.unhealthy(self.place, self.look(), self.tail, timeout)

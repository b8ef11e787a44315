"""Podman behind Docker's socket. Compose starts its containers; podman.py says what it needs instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from devenv.base import events, process
from devenv.base.errors import DevError
from devenv.engines import additions, docker, podman
from devenv.engines.compose import ComposeEngine
from devenv.model.secrets import BUILD, RUN

CHECK_EVERY = 0.5  # seconds between two health checks of what starts, as in the template's services


class PodmanEngine(ComposeEngine):
    """See interface.Engine for the methods."""

    is_podman = True

    def _build(self, services: Sequence[str]) -> int:
        """Podman has no BuildKit, and Compose needs it for the secrets of a build."""
        if missing := podman.no_command():
            raise missing
        additions.write_variables(self.place)
        env = {**self.place.env, **self._secrets(BUILD)}
        read = process.capture(self._compose("config", "--format", "json"), env)
        if read.code:
            return process.run(self._compose("config", "--quiet"), env)  # again, since it prints what is wrong
        wanted = services or [name for name, s in self.place.services.items() if s.build]
        for build in filter(None, (self.place.services[name].build for name in wanted)):
            podman.check_agent(self.place.service, build.dockerfile)
        label = f"{docker.PROJECT}={self.place.project}"
        with podman.resolved(read.stdout, env) as project:
            argvs = podman.builds(docker.endpoint(), project, wanted, label)
            return next((code for argv in argvs if (code := process.run(argv, env))), 0)

    def _up(self, names: Sequence[str], flags: Sequence[str], timeout: float) -> int:
        if not flags:
            names, flags = self._to_start(names), ["--no-deps"]
        with self._checking():
            return super()._up(names, flags, timeout) if names else 0

    def _to_start(self, names: Sequence[str]) -> list[str]:
        """Services and what they depend on, without those that run as they should: see podman.unchanged."""
        wanted, states = list(names), self.look()
        for name in wanted:
            needs = [other for other in self.place.services[name].depends_on if other in self.place.services]
            wanted += [other for other in needs if other not in wanted]
        found = {name: states[name] for name in wanted if name in states}
        ids = {name: state.id for name, state in found.items() if state.running and state.healthy}
        additions.write_variables(self.place)
        argv = self._compose("config", "--hash", "*")
        hashes = process.capture(argv, {**self.place.env, **self._secrets(RUN)}).stdout
        unchanged = podman.unchanged(ids, {name: self._image(name) for name in ids}, hashes)
        return [name for name in wanted if name not in unchanged]

    @contextmanager
    def _checking(self) -> Iterator[None]:
        """During the block, the health checks run that Podman does not run by itself."""
        endpoint = docker.endpoint()

        def look() -> None:
            with suppress(DevError):  # the block itself reports it
                found = docker.containers(self.place.project).services.values()
                podman.check(endpoint, [state.id for state in found if state.running and not state.healthy])

        with events.meanwhile(look, CHECK_EVERY):
            yield

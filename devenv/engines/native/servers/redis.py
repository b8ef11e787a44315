"""Redis or Valkey on this machine. Each can replace the other, and dev.up reports it."""

from __future__ import annotations

import functools

from devenv.engines.native import programs
from devenv.engines.native.servers import server, wire
from devenv.engines.native.servers.server import Server
from devenv.engines.native.unit import Command


class Redis(Server):
    """See unit.Unit for what each method promises."""

    kind = "redis"

    @functools.cached_property
    def programs(self) -> programs.Programs:
        name = self.service.program
        here = programs.on_path(name, f"{name}-server")
        exact = [p for p in here if p.major == self.wanted]
        return (exact or [programs.Programs("valkey", 9, wheel=programs.VALKEY)])[0]

    @property
    def program(self) -> str:
        """The server's name."""
        return f"{self.programs.name}-server"

    def differs(self) -> str:
        same = self.programs.name == self.service.program
        return super().differs() if same else f"valkey {self.programs.major} instead of {self.service.image}"

    def initialise(self) -> None:
        if not server.facts(self.home):
            with server.made(self.home, wanted=str(self.wanted)):
                pass  # it makes its files itself

    def command(self) -> Command:
        # A process title would overwrite the environment, by which it is found if its record is lost.
        own = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.home), "--set-proc-title", "no")
        return self.inside(str(self.programs.bin / self.program), *self.arguments(), *own)

    def is_ready(self) -> bool:
        return wire.redis(self.port)

    def login(self) -> dict[str, str]:
        return {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(self.port)}

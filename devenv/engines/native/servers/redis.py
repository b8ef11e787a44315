"""Redis or Valkey on this machine. Each can replace the other, and dev.up reports it.

The password is in a file of the data folder. The fragment gives it to the server in the same way, in the entry point of
its container.
"""

from __future__ import annotations

import functools

from devenv.base import records
from devenv.engines.native import programs
from devenv.engines.native.servers import account, server, wire
from devenv.engines.native.servers.server import Server
from devenv.engines.native.unit import Command

PASSWORD = "REDISCLI_AUTH"  # the client reads it from this variable, and the fragment's entry point too
FILE = "password.conf"


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

    def check_data(self) -> None:
        """Any version fits: a cache keeps nothing on the disk."""

    def initialise(self) -> None:
        if not server.facts(self.home):
            with server.made(self.home, wanted=str(self.wanted)):
                pass  # it makes its files itself
        if self.password:
            records.replace_file(self.home / FILE, f'requirepass "{self.password}"\n')
            account.hand_over(self.home)

    def command(self) -> Command:
        # A process title would overwrite the environment, by which it is found if its record is lost.
        own = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.home), "--set-proc-title", "no")
        secret = ("--include", FILE) if self.password else ()  # in its folder
        return self.inside(str(self.programs.bin / self.program), *self.arguments(), *own, *secret)

    def is_ready(self) -> bool:
        return wire.redis(self.port)

    def login(self) -> dict[str, str]:
        found = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(self.port)}
        return {**found, PASSWORD: self.password} if self.password else found

    @property
    def password(self) -> str:
        """The password of compose.yaml; empty if none is needed."""
        return self.service.environment.get(PASSWORD, "")

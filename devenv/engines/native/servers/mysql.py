"""MariaDB or MySQL on this machine. It must be installed there: neither is available as a wheel."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from devenv.base import process
from devenv.base.errors import MISSING, UNHEALTHY, DevError
from devenv.engines.native import programs
from devenv.engines.native.servers import account, wire
from devenv.engines.native.servers.server import Server
from devenv.engines.native.unit import Command

FOLDERS = "/usr/sbin:/usr/local/sbin"  # not on an ordinary user's PATH
CLIENTS = {"mariadb": ("mariadb", "mariadb-dump"), "mysql": ("mysql", "mysqldump")}
INSTALL = "apt-get install mariadb-server-core mariadb-client, or: brew install mariadb"


class MySQL(Server):
    """See unit.Unit for what each method promises."""

    kind = "mysql"

    @functools.cached_property
    def programs(self) -> programs.Programs:
        found = _found(self.service.program)
        if not found:
            raise DevError(MISSING, f"{self.service.name}: no server for {self.service.image} is installed", INSTALL)
        path = os.pathsep.join([str(found.bin), os.environ.get("PATH", "")])
        missing = next((name for name in CLIENTS[self.service.program] if not shutil.which(name, path=path)), None)
        if missing:
            raise DevError(MISSING, f"{self.service.name}: {missing} is not installed, which copies its data", INSTALL)
        return found

    @property
    def defaults(self) -> tuple[str, ...]:
        """The character set of the images. MariaDB has latin1 elsewhere until 11.6, and refuses other letters."""
        if self.programs.name != "mariadb":
            return ()
        order = ("--collation-server=utf8mb4_uca1400_ai_ci",) if self.programs.major >= 11 else ()
        return ("--character-set-server=utf8mb4", *order)

    @property
    def program(self) -> str:
        """The server's name. It is known without the server too, since leftovers must still be found and removed."""
        found = _found(self.service.program)
        return f"{found.name if found else self.service.program}d"

    def differs(self) -> str:
        same = self.programs.name == self.service.program
        found = f"{self.programs.name} {self.programs.major}"
        return super().differs() if same else f"{found} instead of {self.service.image}"

    def initialise(self) -> None:
        self.initialise_data(self._make_database, self._admit)
        self.files.mkdir(mode=0o500, exist_ok=True)
        account.hand_over(self.files)

    def command(self) -> Command:
        first: tuple[str, ...] = (
            str(self.programs.bin / self.program),
            "--no-defaults",
            f"--datadir={self.home}",
            "--skip-log-bin",
        )
        first += self.defaults  # before those of compose.yaml
        # Without name resolution, as in the image: else 127.0.0.1 becomes localhost, which has separate accounts.
        network = ("--bind-address=127.0.0.1", f"--port={self.port}", "--skip-name-resolve")
        # Relative to the data folder, whose path may be too long for a socket. At its start, a server empties its
        # folder for temporary tables, so two servers must not share one.
        files = ("--socket=socket", "--pid-file=pid", f"--tmpdir={self.home}")
        outside = (f"--secure-file-priv={self.files}",) if self.secret else ()
        return self.inside(*first, *self.arguments(), *network, *files, *outside)

    @property
    def files(self) -> Path:
        """An empty folder, the only one in which the server reads and writes files for its clients."""
        return self.folder / "files"

    def is_ready(self) -> bool:
        return wire.mysql(self.port)

    def client(self, argv: tuple[str, ...]) -> Command:
        return super().client(tuple(with_host(argv)))

    def login(self) -> dict[str, str]:
        password = self.in_force or self._given("ROOT_PASSWORD") or self._given("PASSWORD")
        # Clients of MySQL read ~/.mylogin.cnf also with --no-defaults.
        own = {"MYSQL_PWD": password, "MYSQL_TEST_LOGIN_FILE": os.devnull}
        return {"MYSQL_HOST": "127.0.0.1", "MYSQL_TCP_PORT": str(self.port), **own}

    def _given(self, what: str) -> str:
        """A setting of the image, which has two names."""
        env = self.service.environment
        return env.get(f"MARIADB_{what}", env.get(f"MYSQL_{what}", ""))

    def _make_database(self, draft: Path) -> None:
        if self.programs.name == "mariadb":
            self._run(draft, "mariadb-install-db", "--auth-root-authentication-method=normal")
        else:
            self._run(draft, self.program, "--initialize-insecure")

    def _admit(self, data: Path) -> None:
        self._run(data, self.program, "--bootstrap", stdin=self._statements())

    def _statements(self) -> str:
        """The statements that the image's entry point runs for its settings."""
        user, password, name = self._given("USER"), _quoted(self._given("PASSWORD")), self._given("DATABASE")
        lines = ["FLUSH PRIVILEGES;", "USE mysql;"]
        lines += [f"CREATE DATABASE IF NOT EXISTS `{name}`;"] if name else []
        if user:
            lines += [f"CREATE USER IF NOT EXISTS '{user}'@'%';", f"ALTER USER '{user}'@'%' IDENTIFIED BY {password};"]
            lines += [f"GRANT ALL ON `{name or '%'}`.* TO '{user}'@'%';"]
        for host in ("localhost", "127.0.0.1"):
            root = f"'root'@'{host}'"
            lines += [f"CREATE USER IF NOT EXISTS {root};", f"GRANT ALL ON *.* TO {root} WITH GRANT OPTION;"]
            lines += [f"ALTER USER {root} IDENTIFIED BY {_quoted(self._given('ROOT_PASSWORD'))};"]
        return "\n".join(lines) + "\n"

    def _run(self, draft: Path, program: str, *words: str, stdin: str = "") -> None:
        defaults = self.defaults if program == self.program else ()
        command = self.inside(program, "--no-defaults", f"--datadir={draft}", f"--tmpdir={draft}", *defaults, *words)
        path = f"{self.programs.bin}:{self.programs.bin.parent / 'bin'}:{command.env['PATH']}"
        done = process.capture(command.whole, {**command.env, "PATH": path}, stdin, shown=command.argv)
        if done.code:
            why = f"{program} failed\n{_errors(done.stderr)}"
            raise DevError(UNHEALTHY, f"{self.service.name}: {why}", "inv dev.doctor")


@functools.cache
def _found(wanted: str) -> programs.Programs | None:
    """The wanted one of the two, else the other. Debian's mysqld is a link to mariadbd."""
    for name in (wanted, "mariadb", "mysql"):
        path = shutil.which(f"{name}d", path=os.pathsep.join([os.environ.get("PATH", ""), FOLDERS]))
        here = programs.on_path(Path(path).resolve().name.removesuffix("d"), path) if path else []
        if here:
            return here[0]
    return None


def with_host(argv: Sequence[str]) -> list[str]:
    """The dump programs read MYSQL_TCP_PORT, but not MYSQL_HOST: without a host they would look for a socket."""
    at = next((at for at, word in enumerate(argv) if word in ("mariadb-dump", "mysqldump")), None)
    if at is None:
        return [*argv]
    at += 2 if [*argv[at + 1 : at + 2]] == ["--no-defaults"] else 1  # the option has to be the first one
    return [*argv[:at], "--host=127.0.0.1", *argv[at:]]


def _quoted(text: str) -> str:
    """A text in a statement."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _errors(text: str) -> str:
    """The error lines, without the notes."""
    lines = text.strip().splitlines()
    return "\n".join([line for line in lines if "ERROR" in line] or lines[-20:])

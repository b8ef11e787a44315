"""PostgreSQL on this machine: TCP on 127.0.0.1 only, with the password and settings of compose.yaml."""

from __future__ import annotations

import contextlib
import functools
import locale
import secrets
import shutil
import signal
from collections.abc import Mapping
from glob import glob
from pathlib import Path

from devenv.base import disk, locks, process, seals
from devenv.base.errors import UNHEALTHY, DevError
from devenv.engines.native import folders, programs
from devenv.engines.native.servers import account, server, wire
from devenv.engines.native.servers.server import Server
from devenv.engines.native.unit import Command
from devenv.model import fingerprint

FOLDERS = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin")


class Postgres(Server):
    """See unit.Unit for what each method promises."""

    kind = "postgres"
    stop_signal = signal.SIGINT  # fast: sessions are ended, nothing is lost

    @functools.cached_property
    def programs(self) -> programs.Programs:
        # Data stays with the version that created it, even if a better match was installed since.
        major = programs.major(server.facts(self.home).get("major", "")) or self.wanted
        found = programs.best(_found(major), major)
        assert found  # the wheels are always candidates
        return found

    def initialise(self) -> None:
        self.initialise_data(self._copy_cluster, self._admit)
        # Left by a server that was killed. After a reboot, another process may have its number, and a new server would
        # refuse to start.
        (self.home / "postmaster.pid").unlink(missing_ok=True)

    def noted(self) -> dict[str, str]:
        return {**super().noted(), "major": str(self.programs.major)}

    def command(self) -> Command:
        settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", f"port={self.port}")
        own = [word for setting in settings for word in ("-c", setting)]
        return self.inside(str(self.programs.bin / "postgres"), "-D", str(self.home), *self.arguments(), *own)

    def is_ready(self) -> bool:
        return wire.postgres(self.port, self.user)

    def login(self) -> dict[str, str]:
        password = self.in_force or self.password
        return {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": self.user, "PGPASSWORD": password}

    @property
    def user(self) -> str:
        """The superuser, as in the image."""
        return self.service.environment.get("POSTGRES_USER", "postgres")

    @property
    def password(self) -> str:
        """The superuser's password."""
        return self.service.environment.get("POSTGRES_PASSWORD", "")

    @property
    def database(self) -> str:
        """The database that the image creates."""
        return self.service.environment.get("POSTGRES_DB", self.user)

    def _copy_cluster(self, draft: Path) -> None:
        """Copy a new database instead of running initdb: it takes a fifth of the time."""
        source = folders.clusters() / f"postgres-{self.programs.major}-{self._fingerprint()}"
        seal = source.with_name(f"{source.name}{seals.NAME}")
        with locks.held(source.with_name(f"{source.name}.lock"), "initdb"):
            if not source.is_dir() or (seal.exists() and seals.flaw(source, seal, whole=True)):
                self._make_source(source, seal)
        self._run(("cp", "-Rp", f"{source}/.", str(draft)))
        account.hand_over(draft)  # the source may have been made by another account

    def _admit(self, data: Path) -> None:
        """Give our account its password. It is not an argument, and single-user mode needs none."""
        if self.secret:
            name, password = self.user.replace('"', '""'), self.password.replace("'", "''")
            change = f"ALTER ROLE \"{name}\" PASSWORD '{password}';\n"
            self._run_inside("postgres", "--single", "-D", str(data), "postgres", stdin=change)

    def _fingerprint(self) -> str:
        """A fingerprint of everything that a new database is made from: the machine's programs may be upgraded."""
        made = (self.programs.bin / "initdb").stat().st_mtime_ns
        password = "" if self.secret else self.password  # a copy gets the one that we chose
        parts = (self.programs.bin, made, self.user, password, self.database, _locale(), account.wrapper())
        return fingerprint.of_text(*map(str, parts))

    def _make_source(self, source: Path, seal: Path) -> None:
        draft = source.with_name(f"{source.name}.new")
        seal.unlink(missing_ok=True)
        for left in (draft, source):  # left by a killed command; damaged
            shutil.rmtree(left, ignore_errors=True)
        draft.mkdir(mode=0o700)
        account.hand_over(draft)
        self._make_cluster(draft)
        seals.write(draft, seal)
        disk.sync_tree(draft)
        draft.rename(source)

    def _make_cluster(self, draft: Path) -> None:
        secret = draft.with_suffix(".password")  # a fixed name: what a killed command leaves, the next one removes
        try:
            with open(secret, "w", opener=process.private) as file:
                file.write(f"{secrets.token_hex(16) if self.secret else self.password}\n")
            account.hand_over(secret)
            login = ("-U", self.user, "-A", "scram-sha-256", f"--pwfile={secret}")
            options = ("--encoding=UTF8", f"--locale={_locale()}", "--no-sync", "--no-instructions")
            self._run_inside("initdb", "-D", str(draft), *login, *options)
        finally:
            secret.unlink(missing_ok=True)
        if self.database != "postgres":
            # Single-user mode: it needs no port, and no server is left if this is killed.
            create = f'CREATE DATABASE "{self.database}";\n'
            self._run_inside("postgres", "--single", "-D", str(draft), "postgres", stdin=create)

    def _run_inside(self, program: str, *words: str, stdin: str = "") -> None:
        command = self.inside(str(self.programs.bin / program), *words)
        self._run(command.argv, command.wrapper, command.env, stdin)

    def _run(
        self,
        argv: tuple[str, ...],
        wrapper: tuple[str, ...] = (),
        env: Mapping[str, str] | None = None,
        stdin: str = "",
    ) -> None:
        done = process.capture([*wrapper, *argv], env, stdin, shown=argv)
        if done.code:
            said = "\n".join(done.stderr.strip().splitlines()[-20:])  # on a full disk, cp prints a line for each file
            raise DevError(UNHEALTHY, f"{self.service.name}: {argv[0]} failed\n{said}", "inv dev.doctor")


def _found(wanted: int) -> list[programs.Programs]:
    """All candidates, the machine's before wheels."""
    installed = [Path(path) for pattern in FOLDERS for path in sorted(glob(pattern))]
    here = [_machine(path) for path in installed if (path / "initdb").exists()]
    if not any(p.major == wanted for p in here):
        more = programs.on_path("PostgreSQL", "postgres", but=[p.bin for p in here])
        here += [p for p in more if (p.bin / "initdb").exists()]
    wheels = [programs.Programs("PostgreSQL", major, wheel=wheel) for major, wheel in programs.POSTGRES.items()]
    return [*here, *wheels]


def _machine(folder: Path) -> programs.Programs:
    name = folder.parent.name  # 17, or postgresql@17
    return programs.Programs("PostgreSQL", programs.major(name), folder)


def _locale() -> str:
    """The image's locale if the machine has it: it decides how text is sorted."""
    before = locale.setlocale(locale.LC_COLLATE)
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_COLLATE, "en_US.UTF-8")
        locale.setlocale(locale.LC_COLLATE, before)
        return "en_US.UTF-8"
    return "C.UTF-8"

"""The base of all local servers, and their data: a folder that is created completely or not at all, with an id."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable

from devenv.base import disk, events, records, shapes
from devenv.engines.interface import Place, of_another_version
from devenv.engines.native import app_environment, folders
from devenv.engines.native.programs import Programs, major
from devenv.engines.native.servers import account
from devenv.engines.native.unit import Command
from devenv.model import fingerprint
from devenv.model.services import Service, variable

PASSWORD = "password"  # the fact about data with a password that we chose, which the data has: see context/accounts.py
FILE = "data.json"  # next to the folder, since servers expect an empty one


class Server:
    """A backing service; see unit.Unit. Subclasses add programs, data, command and probe."""

    kind = ""
    stop_signal = signal.SIGTERM

    def __init__(self, place: Place, service: Service) -> None:
        self.place = place
        self.service = service
        self.folder = folders.unit(place, service.name)
        self.data: Path | None = self.folder / self.kind
        self.wanted = major(service.tag)
        self.port = int(place.variables[variable(service.name, "PORT")])

    @property
    def programs(self) -> Programs:
        """The programs to run."""
        raise NotImplementedError

    @property
    def secret(self) -> str:
        """The password that we chose; empty if the data has the one of compose.yaml. See context/accounts.py."""
        return self.place.variables.get(variable(self.service.name, "PASSWORD"), "")

    @property
    def in_force(self) -> str:
        """The password that the data has. It differs from `secret` until the server is started again."""
        return facts(self.home).get(PASSWORD, "") or self.secret

    @property
    def program(self) -> str:
        """The name of the server's main process."""
        return self.kind

    @property
    def home(self) -> Path:
        """The data folder."""
        assert self.data
        return self.data

    def is_made(self) -> bool:
        return self.programs.is_there()

    def make(self) -> None:
        self.programs.fetch()
        account.check_reach(self.programs.bin, "XDG_CACHE_HOME")

    def is_ready(self) -> bool:
        """Whether it answers."""
        raise NotImplementedError

    def was_ready(self) -> bool:
        return False  # its check is fast

    def differs(self) -> str:
        return self.programs.differs(self.wanted)

    def arguments(self) -> tuple[str, ...]:
        """The arguments in compose.yaml's command, without the server's name."""
        words = self.service.command or ()
        return words[1:] if words and not words[0].startswith("-") else words

    def client(self, argv: tuple[str, ...]) -> Command:
        """A client's command, with the server's clients first on the PATH."""
        env = {**app_environment.variables(self.place), **self.login()}
        env["PATH"] = os.pathsep.join([str(self.programs.bin), env["PATH"]])
        return Command(tuple(argv), env, self.place.root)

    def login(self) -> dict[str, str]:
        """The variables with which clients find the server and log in."""
        return {}

    def marked(self) -> dict[str, str]:
        """A variable that changes with the password, so that the server is started again, and gets it."""
        return {"DEVENV_ACCOUNTS": fingerprint.of_text(self.secret)} if self.secret else {}

    def inside(self, *argv: str, env: dict[str, str] | None = None) -> Command:
        """A command of the server, run as its account and in its folder.

        It gets nothing of the app's environment: if that changes, the server goes on.
        """
        base = {name: value for name, value in app_environment.passed(self.place).items() if name != "LD_LIBRARY_PATH"}
        return Command(argv, {**base, **self.marked(), **(env or {})}, self.home, account.wrapper())

    def initialise_data(self, fill: Callable[[Path], None], admit: Callable[[Path], None]) -> None:
        """Make the data if there is none. `fill` makes it; `admit` gives the accounts their password."""
        self.check_data()
        known, secret = facts(self.home), {PASSWORD: self.secret} if self.secret else {}
        if not known:
            with made(self.home, **self.noted(), **secret) as draft:
                fill(draft)
                admit(draft)
        elif secret and known.get(PASSWORD, self.secret) != self.secret:  # a person chose another one
            admit(self.home)
            for file in (self.home / FILE, self.home.parent / FILE):
                records.replace_file(file, json.dumps({**known, **secret}))

    def noted(self) -> dict[str, str]:
        """The facts to record about new data."""
        return {"wanted": str(self.wanted)}

    def check_data(self) -> None:
        """DevError 113 if the data was made by another version than the image's."""
        noted = facts(self.home) or adopted(self.home, self.wanted)
        if noted and noted.get("wanted", "") != str(self.wanted):
            raise of_another_version(self.service.name, self.kind, noted.get("wanted", ""), str(self.wanted))


def facts(folder: Path) -> dict[str, str]:
    """The facts that were recorded when the data was made; empty if there is none, or the record was lost."""
    places = (folder.parent / FILE, folder / FILE) if folder.is_dir() else ()
    found = (shapes.read(place, {shapes.ANY: str}) or {} for place in places)
    return next((known for known in found if "id" in known and known.get("wanted", "").isdecimal()), {})


def adopted(folder: Path, wanted: int) -> dict[str, str]:
    """The facts about data whose record was lost, written again; empty without data."""
    if not folder.is_dir() or not os.listdir(folder):
        return {}
    known = {"id": secrets.token_hex(16), "wanted": str(wanted)}
    with contextlib.suppress(OSError):  # PostgreSQL notes its major version
        known["major"] = (folder / "PG_VERSION").read_text(errors="replace").strip()
    events.warn(f"the record of the data in {folder} was lost: the data is taken over")
    records.replace_file(folder.parent / FILE, json.dumps(known))
    return known


@contextmanager
def made(folder: Path, **noted: str) -> Iterator[Path]:
    """A new folder to fill, which is then moved into place. Leftovers of a killed command are removed."""
    draft = folder.with_name(folder.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    account.hand_over(draft)
    yield draft
    known = json.dumps({"id": secrets.token_hex(16), **noted})
    records.replace_file(draft / FILE, known)  # the data keeps its id if the record is lost
    disk.sync_tree(draft)
    records.replace_file(folder.parent / FILE, known)
    os.replace(draft, folder)
    disk.sync(folder.parent)

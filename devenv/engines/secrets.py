"""The values of a service's secrets: read from where dev.yaml says, when a build or the app needs them.

A value is never written, except into the 0600 files that an app or a step without containers reads (`placed`). It goes
to other programs in their environment, which only this user and root can read, and in no argument.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from devenv.base.errors import CONFIG, MISSING, DevError
from devenv.base.records import replace_file
from devenv.engines import secret_places
from devenv.engines.secret_places import SLOW, advice, line, logins, named
from devenv.model import secrets
from devenv.model.secrets import BUILD, Secret, Source

LIMIT = 100_000  # characters: Linux takes 128 KiB for one variable
NETRC = r"\s*(#.*\n\s*)*(machine|default)\s"
NO_NETRC = "not a line of netrc"


class Report(NamedTuple):
    """What may be said of a secret."""

    name: str
    uses: tuple[str, ...]
    required: bool
    place: str  # where it comes from; empty if it is not set
    missing: str  # if it is not set: each place, and why the secret is not there
    wrong: str  # what is wrong with the value; empty if it can be used
    advice: str  # how to set it


class Secrets:
    """The secrets of one service, for one command. Each is read once."""

    def __init__(
        self,
        declared: Sequence[Secret] = (),
        service: str = "",
        root: Path = Path(),
        env: Mapping[str, str] | None = None,
        ssh: bool = False,
    ) -> None:
        """`env`: the person's variables. `ssh`: builds use the agent, so there must be one."""
        self.declared = tuple(declared)
        self.ssh = ssh
        self._service, self._root, self._env = service, root, env or {}
        self._found: dict[str, str] = {}

    @property
    def used(self) -> bool:
        """Whether dev.yaml declares any, or the agent."""
        return bool(self.declared or self.ssh)

    def overlay(self, services: Sequence[str], install: bool) -> Mapping[str, Any]:
        """See model/secrets.py."""
        absent = [secret.name for secret in self.declared if not secret.required and self._is_absent(secret)]
        return secrets.overlay(self.declared, services, ssh=self.ssh, install=install, absent=absent)

    def of(self, use: str) -> list[Secret]:
        """The secrets for a use: BUILD or RUN."""
        return [secret for secret in self.declared if use in secret.uses]

    def variables(self) -> set[str]:
        """The variables that hold a secret: the person's, and those that it is handed over in."""
        named = {source.name for secret in self.declared for source in secret.sources if source.kind == "env"}
        return named | {secret.variable for secret in self.declared if secret.variable}

    def check(self, *uses: str) -> None:
        """DevError 110 if a required one is not set: all of them in one message, and how to set each.

        DevError 111 if the value of one cannot be used.
        """
        wanted = [secret for secret in self.declared if {*uses} & {*secret.uses}]
        lacking = [secret for secret in wanted if not self._value(secret) and secret.required]
        if lacking:
            names = ", ".join(f"{secret.name} ({self._missing(secret)})" for secret in lacking)
            message = f"{self._service}: {'secrets are' if lacking[1:] else 'a secret is'} not set: {names}"
            raise DevError(MISSING, message, *(f"{secret.name}: {advice(secret)}" for secret in lacking))
        if BUILD in uses and self.ssh and not os.path.exists(self._env.get("SSH_AUTH_SOCK", "")):
            socket = self._env.get("SSH_AUTH_SOCK")
            why = f"SSH_AUTH_SOCK is {socket}, which does not exist" if socket else "SSH_AUTH_SOCK is not set"
            message = f"{self._service}: its build needs your ssh agent, and none runs: {why}"
            raise DevError(MISSING, message, 'eval "$(ssh-agent)" && ssh-add')

    def values(self, *uses: str) -> dict[str, str]:
        """By name, those that are set. DevError 110 and 111 like `check`."""
        self.check(*uses)
        found = {secret.name: self._value(secret) for secret in self.declared if {*uses} & {*secret.uses}}
        return {name: value for name, value in found.items() if value}

    def carriers(self, *uses: str) -> dict[str, str]:
        """The variables that hand the values to Compose; an optional one that is not set is empty."""
        values = self.values(*uses)
        return {s.carrier: values.get(s.name, "") for s in self.declared if {*uses} & {*s.uses}}

    def report(self, run: bool = False) -> list[Report]:
        """All secrets, with the place that each comes from. Without `run`, no program is started."""
        return [self._reported(secret, run) for secret in self.declared]

    def origins(self, use: str) -> list[str]:
        """Where those that are set come from, as hints for a step that failed with them."""
        found = [(s.name, self._first(s)[0]) for s in self.of(use)]
        return [f"the secret {name} came from {place}: is it still valid?" for name, place in found if place]

    def _reported(self, secret: Secret, run: bool) -> Report:
        place, value = self._first(secret, run)
        wrong = self._wrong(secret, value)
        how = _right(wrong, place) if wrong else advice(secret)
        missing = "" if place else self._missing(secret)
        return Report(secret.name, secret.uses, secret.required, place, missing, wrong, how)

    def _first(self, secret: Secret, run: bool = True) -> tuple[str, str]:
        """The place that has a secret, in words, and the value; both are empty if no place has it.

        Without `run`, no program is started: then the place may be said not to be known, with no value.
        """
        for source in secret.sources:
            if source.kind in SLOW and not run:
                return f"not known until it is needed: {named(source)}", ""
            if value := self._from(source):
                return named(source), value
        return "", ""

    def _missing(self, secret: Secret) -> str:
        found = [(source, secret_places.read(source, self._root, self._env)) for source in secret.sources]
        return "; ".join(f"{named(source)}: {each.why}" for source, each in found)

    @contextlib.contextmanager
    def lent(self, use: str, folder: Path) -> Iterator[dict[str, str]]:
        """Like `placed`, for a step: afterwards the folder is gone."""
        try:
            yield self.placed(use, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def placed(self, use: str, folder: Path) -> dict[str, str]:
        """Variables that give the secrets to a process without containers. Files are in the folder (0700, 0600).

        An optional one that is not set is an empty file, as in containers, or no variable.
        """
        values = self.values(use)
        wanted = self.of(use)
        if wanted:
            self._write({s.name: values.get(s.name, "") for s in wanted if not s.variable}, folder)
        variables = {s.variable: line(values[s.name]) for s in wanted if s.variable and s.name in values}
        return {**self.paths(use, folder), **variables, **(self._for_git(folder) if use == BUILD else {})}

    @staticmethod
    def _write(files: Mapping[str, str], folder: Path) -> None:
        """Let the folder have these files and no others. A file that has the text already is not touched."""
        for old in folder.glob("*"):
            if old.name not in files:
                old.unlink(missing_ok=True)
        if files:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        for name, value in files.items():
            if _text(folder / name) != value:
                replace_file(folder / name, value)

    def _for_git(self, folder: Path) -> dict[str, str]:
        """Variables with which git takes the logins of these hosts from our files, and asks no helper of the person.

        git reads only the netrc of the home, so each file has the format of git's helper `store`. The empty value
        before it leaves out the person's helpers, which would store the login: https://git-scm.com/docs/gitcredentials
        """
        settings: list[tuple[str, str]] = []
        for secret in self.of(BUILD):
            for host in [source.name for source in secret.sources if source.kind == "git" and not secret.variable]:
                login = _login(folder / secret.name, host.partition(":")[0])
                if login:
                    file = folder / f"{secret.name}.{host}"
                    replace_file(file, f"https://{quote(login[0], safe='')}:{quote(login[1], safe='')}@{host}\n")
                    key = f"credential.https://{host}.helper"
                    settings += [(key, ""), (key, f"store --file={shlex.quote(str(file))}")]
        given = {"GIT_CONFIG_COUNT": str(len(settings))} if settings else {}
        for at, (key, value) in enumerate(settings):
            given.update({f"GIT_CONFIG_KEY_{at}": key, f"GIT_CONFIG_VALUE_{at}": value})
        return given

    def paths(self, use: str, folder: Path) -> dict[str, str]:
        """The variables with paths, whether or not the files are there."""
        return {s.path: str(folder / s.name) for s in self.of(use) if not s.variable}

    def quick(self, use: str) -> dict[str, str]:
        """The variables with values that can be had without starting a program, for healthchecks."""
        wanted = [s for s in self.of(use) if s.variable]
        found = {s.variable: self._found.get(s.name) or self._quick(s) for s in wanted}
        return {name: value for name, value in found.items() if value}

    def _value(self, secret: Secret) -> str:
        if secret.name not in self._found:
            place, found = self._first(secret)
            if wrong := self._wrong(secret, found):
                message = f"{self._service}: the secret {secret.name} from {place} is {wrong}"
                raise DevError(CONFIG, message, _right(wrong, place))
            self._found[secret.name] = found
        return self._found[secret.name]

    @staticmethod
    def _wrong(secret: Secret, value: str) -> str:
        """Why a value cannot be used; empty if it can."""
        if len(value) > LIMIT or "\0" in value:
            return f"not text of at most {LIMIT} characters"
        return NO_NETRC if value and secret.is_netrc and not re.match(NETRC, value) else ""

    def _is_absent(self, secret: Secret) -> bool:
        """Whether no place has it, as far as that is known without starting a program."""
        return all(secret_places.was_asked(s, self._root) and not self._from(s) for s in secret.sources)

    def _quick(self, secret: Secret) -> str:
        return line(next(filter(None, (self._from(s) for s in secret.sources if s.kind not in SLOW)), ""))

    def _from(self, source: Source) -> str:
        """The secret from one place; empty if it is not there."""
        return secret_places.read(source, self._root, self._env).value


def _login(file: Path, host: str) -> tuple[str, str] | None:
    try:
        found = logins(file)
    except (OSError, ValueError):  # git, pip and uv stay without it, and say so
        return None
    return found.get(host) or found.get("default")


def _right(wrong: str, place: str) -> str:
    return "expected: machine HOST login NAME password PASSWORD" if wrong == NO_NETRC else f"look into {place}"


def _text(path: Path) -> str | None:
    """The text of a file; None if there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None

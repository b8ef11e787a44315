"""The values of a service's secrets: read from where dev.yaml says, when a build or the app needs them.

A value is never written, except into the 0600 files that an app without containers reads (`given`). It goes to other
programs in their environment, which only this user and root can read, and in no argument.
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

from devenv.base import process
from devenv.base.errors import CONFIG, MISSING, DevError
from devenv.base.records import replace_file
from devenv.model import secrets
from devenv.model.secrets import BUILD, Secret, Source

LIMIT = 100_000  # characters: Linux takes 128 KiB for one variable
SLOW = ("command", "git")  # these start a program, which may ask the person something
_asked: dict[tuple[Path, Source], str] = {}  # what they answered: a command opens the environment several times
SILENT = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "GCM_INTERACTIVE": "never"}
FILES = {
    "npm": ("npm_config_userconfig", "NPM_CONFIG_USERCONFIG", "~/.npmrc"),
    "pip": ("PIP_CONFIG_FILE", "XDG_CONFIG_HOME/pip/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf"),
    "uv": ("UV_CONFIG_FILE", "XDG_CONFIG_HOME/uv/uv.toml", "~/.config/uv/uv.toml"),
}
# How to set a secret in each kind of place. A value typed after `read -rs` is not in the shell's history.
HOW = {
    "env": "read -rs {name} && export {name}",
    "file": "write it into the file {name}",
    "command": "try it by hand: {name}",
    "git": "log in once with git, so that a credential helper stores it: git clone https://{name}/...",
    "netrc": "add a line to ~/.netrc: machine {name} login NAME password PASSWORD",
    "config": "write your settings into {name}",
}


class Report(NamedTuple):
    """What may be said of a secret."""

    name: str
    uses: tuple[str, ...]
    required: bool
    place: str  # where it comes from; empty if it is not set
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
        return secrets.overlay(self.declared, services, ssh=self.ssh, install=install)

    def of(self, use: str) -> list[Secret]:
        """The secrets for a use: BUILD or RUN."""
        return [secret for secret in self.declared if use in secret.uses]

    def variables(self) -> set[str]:
        """The variables that hold a secret: the person's, and those that it is handed over in."""
        named = {source.name for secret in self.declared for source in secret.sources if source.kind == "env"}
        return named | {secret.variable for secret in self.declared if secret.variable}

    def check(self, *uses: str) -> None:
        """DevError 110 if a required one is not set: all of them in one message, and how to set each."""
        wanted = [secret for secret in self.declared if {*uses} & {*secret.uses}]
        lacking = [secret for secret in wanted if secret.required and not self._value(secret)]
        if lacking:
            names = ", ".join(secret.name for secret in lacking)
            message = f"{self._service}: {'secrets are' if lacking[1:] else 'a secret is'} not set: {names}"
            raise DevError(MISSING, message, *(f"{secret.name}: {_advice(secret)}" for secret in lacking))
        if BUILD in uses and self.ssh and not os.path.exists(self._env.get("SSH_AUTH_SOCK", "")):
            socket = self._env.get("SSH_AUTH_SOCK")
            why = f"SSH_AUTH_SOCK is {socket}, which does not exist" if socket else "SSH_AUTH_SOCK is not set"
            message = f"{self._service}: its build needs your ssh agent, and none runs: {why}"
            raise DevError(MISSING, message, 'eval "$(ssh-agent)" && ssh-add')

    def values(self, *uses: str) -> dict[str, str]:
        """By name, those that are set. DevError 110 like `check`."""
        self.check(*uses)
        found = {secret.name: self._value(secret) for secret in self.declared if {*uses} & {*secret.uses}}
        return {name: value for name, value in found.items() if value}

    def carriers(self, *uses: str) -> dict[str, str]:
        """The variables that hand the values to Compose; an optional one that is not set is empty."""
        values = self.values(*uses)
        return {s.carrier: values.get(s.name, "") for s in self.declared if {*uses} & {*s.uses}}

    def report(self, run: bool = False) -> list[Report]:
        """All secrets, with the place that each comes from. Without `run`, no program is started."""
        return [Report(s.name, s.uses, s.required, self._place(s, run), _advice(s)) for s in self.declared]

    def _place(self, secret: Secret, run: bool) -> str:
        """The place that a secret comes from, in words; empty if no place has it."""
        for source in secret.sources:
            words = f"{source.kind} {shlex.join(source.argv) or source.name}"
            if source.kind in SLOW and not run:
                return f"{words} (not run)"
            if self._from(source):
                return words
        return ""

    @contextlib.contextmanager
    def lent(self, use: str, folder: Path) -> Iterator[dict[str, str]]:
        """Like `placed`, for a step: afterwards the folder is gone."""
        try:
            yield self.placed(use, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def placed(self, use: str, folder: Path) -> dict[str, str]:
        """Variables that give the secrets to a process without containers. Files are in the folder (0700, 0600)."""
        values = self.values(use)
        wanted = [secret for secret in self.of(use) if secret.name in values]
        files = {secret.name: values[secret.name] for secret in wanted if not secret.variable}
        if self.of(use):
            self._write(files, folder)
        return {**self.paths(use, folder), **{s.variable: _line(values[s.name]) for s in wanted if s.variable}}

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
            if _read(folder / name) != value:
                replace_file(folder / name, value)

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
            found = next(filter(None, map(self._from, secret.sources)), "")
            if len(found) > LIMIT or "\0" in found:
                message = f"{self._service}: the secret {secret.name} must be text of at most {LIMIT} characters"
                raise DevError(CONFIG, message, "check the place that dev.yaml names for it")
            self._found[secret.name] = found
        return self._found[secret.name]

    def _quick(self, secret: Secret) -> str:
        return _line(next(filter(None, (self._from(s) for s in secret.sources if s.kind not in SLOW)), ""))

    def _from(self, source: Source) -> str:
        """The secret from one place; empty if it is not there."""
        if source.kind in SLOW:
            key = (self._root, source)
            if key not in _asked:
                _asked[key] = self._git(source.name) if source.kind == "git" else self._printed(source)
            return _asked[key]
        if source.kind == "env":
            return self._env.get(source.name, "")
        if source.kind == "file":
            return _content(secrets.expanded(source.name, self._root))
        if source.kind == "config":
            return self._configured(source.name)
        return self._netrc(source.name)

    def _printed(self, source: Source) -> str:
        done = process.capture(source.argv, self._env)
        return _line(done.stdout) if done.code == 0 else ""

    def _configured(self, manager: str) -> str:
        """The person's configuration of npm, pip or uv, as a whole."""
        for place in FILES[manager]:
            variable, _, rest = place.partition("/")
            known = self._env.get(variable, "") if variable != "~" else os.path.expanduser(variable)
            found = _content(Path(known, rest)) if known else ""
            if found:
                return found
        return ""

    def _netrc(self, host: str) -> str:
        import netrc  # here, since few secrets come from it

        try:
            found = netrc.netrc(self._env.get("NETRC") or os.path.expanduser("~/.netrc")).hosts.get(host)
        except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
            return ""
        return _entry(host, found[0], found[2] or "") if found else ""

    def _git(self, host: str) -> str:
        """What git's credential helpers know, without asking the person."""
        argv = ["git", "-C", str(self._root), "-c", "core.askPass=", "credential", "fill"]
        done = process.capture(argv, {**self._env, **SILENT}, f"protocol=https\nhost={host}\n\n")
        found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
        if done.code or "password" not in found:
            return ""
        return _entry(host.partition(":")[0], found.get("username", ""), found["password"])


def _entry(host: str, login: str, password: str) -> str:
    """A line of netrc, which git, curl, pip and uv read. https://everything.curl.dev/usingcurl/netrc"""
    return f"machine {host} login {_quoted(login)} password {_quoted(password)}\n"


def _quoted(word: str) -> str:
    if re.fullmatch(r"[^\s\"\\#]+", word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _content(path: Path) -> str:
    return _line(_read(path))


def _read(path: Path) -> str:
    """The text of a file; empty if there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _line(text: str) -> str:
    """A token without the newline at its end. In a text of several lines the last one keeps it: keys need it."""
    one = text[:-1] if text.endswith("\n") else text
    return text if "\n" in one else one.rstrip("\r")


def _advice(secret: Secret) -> str:
    """How to set a secret: what dev.yaml says, else a command for its first place."""
    source = secret.sources[0]
    name = FILES[source.name][-1] if source.kind == "config" else shlex.join(source.argv) or source.name
    return secret.help or HOW[source.kind].format(name=name)

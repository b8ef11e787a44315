"""What one place of `secrets:` has, or why it has nothing. Reasons have no values and no output of programs."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from devenv.base import git, process
from devenv.model import secrets
from devenv.model.secrets import Secret, Source

SLOW = ("command", "git")  # these start a program, which may ask the person something
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


class Found(NamedTuple):
    """A value, or why there is none."""

    value: str
    why: str = ""


_asked: dict[tuple[Path, Source], Found] = {}  # what programs answered: a command opens the environment several times


def named(source: Source) -> str:
    """A place in words."""
    return f"{source.kind} {shlex.join(source.argv) or source.name}"


def advice(secret: Secret) -> str:
    """How to set a secret: what dev.yaml says, else a command for its first place."""
    source = secret.sources[0]
    name = FILES[source.name][-1] if source.kind == "config" else shlex.join(source.argv) or source.name
    return secret.help or HOW[source.kind].format(name=name)


def was_asked(source: Source, root: Path) -> bool:
    """Whether reading a place starts no program now."""
    return source.kind not in SLOW or (root, source) in _asked


def read(source: Source, root: Path, env: Mapping[str, str]) -> Found:
    """What a place has. `root`: the repository. `env`: the person's variables."""
    if source.kind in SLOW:
        key = (root, source)
        if key not in _asked:
            _asked[key] = _git(source.name, root, env) if source.kind == "git" else _printed(source, env)
        return _asked[key]
    if source.kind == "env":
        value = env.get(source.name)
        return Found(value) if value else Found("", "not set" if value is None else "empty")
    if source.kind == "file":
        return _content(secrets.expanded(source.name, root))
    if source.kind == "config":
        return _configured(source.name, env)
    return _netrc(source.name, env)


def logins(path: Path) -> Mapping[str, tuple[str, str]]:
    """The logins and passwords of a netrc file by host. OSError or ValueError if it cannot be read."""
    import netrc  # here, since few secrets come from it

    try:
        found = netrc.netrc(str(path)).hosts
    except netrc.NetrcParseError as error:  # its own words may have a part of a password
        raise ValueError(f"{path}:{error.lineno} is not a line of netrc") from None
    return {host: (login, password or "") for host, (login, _, password) in found.items()}


def _printed(source: Source, env: Mapping[str, str]) -> Found:
    try:
        done = process.capture(source.argv, env)
    except OSError as error:
        return Found("", error.strerror or "cannot be started")
    if done.code:
        return Found("", "not found" if done.code == 127 else f"exit code {done.code}")
    return _or_empty(line(done.stdout), "printed nothing")


def _configured(manager: str, env: Mapping[str, str]) -> Found:
    """The person's configuration of npm, pip or uv, as a whole."""
    moved = bool(env.get("XDG_CONFIG_HOME"))  # then no manager reads ~/.config
    looked: list[str] = []
    for place in FILES[manager]:
        variable, _, rest = place.partition("/")
        known = env.get(variable, "") if variable != "~" else os.path.expanduser(variable)
        if not known or (moved and place.startswith("~/.config/")):
            continue
        found = _content(Path(known, rest))
        if found.value:
            return found
        looked.append(f"no file {place}" if found.why == "no file" else f"{place}: {found.why}")
    return Found("", " or ".join(looked))


def _netrc(host: str, env: Mapping[str, str]) -> Found:
    name = env.get("NETRC") or "~/.netrc"
    try:
        found = logins(Path(name).expanduser())
    except FileNotFoundError:
        return Found("", f"no file {name}")
    except OSError as error:
        return Found("", f"{name}: {error.strerror}")
    except UnicodeDecodeError:
        return Found("", f"{name} is not text")
    except ValueError as error:
        return Found("", str(error))
    return Found(_entry(host, *found[host])) if host in found else Found("", f"not in {name}")


def _git(host: str, root: Path, env: Mapping[str, str]) -> Found:
    """What git's credential helpers know, without asking the person."""
    argv = git.argv("-c", "core.askPass=", "credential", "fill", at=root)
    done = process.capture(argv, {**env, **SILENT}, f"protocol=https\nhost={host}\n\n")
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    if done.code or "password" not in found:
        return Found("", "no credential helper has a login")
    return Found(_entry(host.partition(":")[0], found.get("username", ""), found["password"]))


def _entry(host: str, login: str, password: str) -> str:
    """A line of netrc, which git, curl, pip and uv read. https://everything.curl.dev/usingcurl/netrc"""
    return f"machine {host} login {_quoted(login)} password {_quoted(password)}\n"


def _quoted(word: str) -> str:
    if re.fullmatch(r"[^\s\"\\#]+", word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _content(path: Path) -> Found:
    try:
        return _or_empty(line(path.read_text(encoding="utf-8")), "empty")
    except FileNotFoundError:
        return Found("", "no file")
    except OSError as error:
        return Found("", error.strerror or "cannot be read")
    except ValueError:
        return Found("", "not text")


def _or_empty(value: str, why: str) -> Found:
    return Found(value) if value else Found("", why)


def line(text: str) -> str:
    """A token without the newline at its end. In a text of several lines the last one keeps it: keys need it."""
    one = text[:-1] if text.endswith("\n") else text
    return text if "\n" in one else one.rstrip("\r")

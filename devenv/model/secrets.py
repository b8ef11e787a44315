"""`secrets:` of dev.yaml as values: where each secret may come from, and what gets it. Holds no secret itself."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from devenv.model import document

BUILD, RUN = "build", "run"
FOLDER = "/run/secrets"  # of files with secrets, in containers and in builds
ABOUT = "Written by the dev.* tasks from secrets: in dev.yaml. It has names and no values."
TAKEN = ("ca",)  # CA_BUNDLE has this name in the compose file of every service


class Source(NamedTuple):
    """One place that a secret may come from: env, file, command, git, netrc or config, and its name there."""

    kind: str
    name: str
    argv: tuple[str, ...] = ()


class Secret(NamedTuple):
    """One secret. `variable`: how the app or the install step gets the value; empty if it gets a file.

    `path`: the variable that has the path of that file.
    """

    name: str
    sources: tuple[Source, ...]
    uses: tuple[str, ...]  # BUILD, RUN or both
    required: bool
    variable: str
    path: str
    help: str

    @property
    def is_netrc(self) -> bool:
        """Whether its value is in the format of netrc, from whichever place it comes."""
        return self.path == "NETRC" or any(source.kind in ("netrc", "git") for source in self.sources)

    @property
    def given(self) -> str:
        """The variable that the app or the install step gets for it."""
        return self.variable or self.path

    @property
    def carrier(self) -> str:
        """The variable that hands its value to Compose."""
        return f"DEVENV_SECRET_{self.name.upper()}"


def read(source: document.Document) -> tuple[Secret, ...]:
    """The secrets of dev.yaml, which fits its schema. DevError 111 for an entry that means nothing."""
    found = tuple(_secret(source, name, data) for name, data in source.data.get("secrets", {}).items())
    for at, one in enumerate(found):
        for other in found[:at]:
            if one.given == other.given and {*one.uses} & {*other.uses}:
                line = source.line("secrets", other.name)
                message = f"secrets.{one.name}: gives the variable {one.given}, as secrets.{other.name} in line {line}"
                raise source.error(("secrets", one.name), message, f"path: {one.name.upper()}_FILE")
    return found


def _secret(source: document.Document, name: str, data: Mapping[str, Any]) -> Secret:
    keys = ("secrets", name)
    if name in TAKEN:
        raise source.error(keys, f"secrets.{name}: this name belongs to CA_BUNDLE", "use another name")
    if not data["from"]:
        raise source.error((*keys, "from"), f"secrets.{name}.from names no place", "from: [{env: TOKEN}]")
    if "variable" in data and "path" in data:
        message = f"secrets.{name}: `variable` gives the value, `path` gives a file"
        raise source.error((*keys, "path"), message, "keep one of them; `path` is the safer one")
    return Secret(
        name=name,
        sources=tuple(_source(source, (*keys, "from", at), each) for at, each in enumerate(data["from"])),
        uses=tuple(data.get("for", [BUILD])),
        required=not data.get("optional", False),
        variable=data.get("variable", ""),
        path=data.get("path", f"{name.upper()}_FILE"),
        help=data.get("help", ""),
    )


def _source(source: document.Document, keys: tuple[Any, ...], data: Mapping[str, Any]) -> Source:
    if len(data) != 1:
        raise source.error(keys, f"{'.'.join(map(str, keys))}: expected one place", "- env: TOKEN")
    [(kind, value)] = data.items()
    if kind == "command" and not value:
        raise source.error((*keys, kind), "command: is empty", "command: [pass, show, acme/token]")
    return Source(kind, value[0], tuple(value)) if kind == "command" else Source(kind, value)


def overlay(
    secrets: Sequence[Secret], services: Sequence[str], *, ssh: bool, install: bool, absent: Sequence[str] = ()
) -> dict[str, Any]:
    """A compose file that gives the secrets to these services and to the builds of their images. It has no values.

    `install`: the services get those of builds, too, for a package manager in a container. `absent`: the names of
    optional ones that are not set: the service gets an empty file, or no variable. Compose makes no file of an empty
    value, and leaves an older one in the container.
    """
    inside = [secret for secret in secrets if RUN in secret.uses or install]
    build = {"secrets": [s.name for s in secrets if BUILD in s.uses], "ssh": ["default"] if ssh else []}
    files = [secret.name for secret in inside if not secret.variable]
    service: dict[str, Any] = {
        "build": build,
        "secrets": [name for name in files if name not in absent],
        "environment": dict(_in_container(s) for s in inside if not s.variable or s.name not in absent),
    }
    empty = [
        {"type": "bind", "source": os.devnull, "target": f"{FOLDER}/{name}", "read_only": True}
        for name in files
        if name in absent
    ]
    if empty:
        service["volumes"] = empty
    values = {secret.name: {"environment": secret.carrier} for secret in secrets}
    return {"x-about": ABOUT, "services": dict.fromkeys(services, service), "secrets": values}


def _in_container(secret: Secret) -> tuple[str, str]:
    """The variable that the app gets for a secret."""
    if secret.variable:
        return secret.variable, f"${{{secret.carrier}-}}"
    return secret.path, f"{FOLDER}/{secret.name}"


def expanded(name: str, root: Path) -> Path:
    """The path of a `file` source: ~ is the person's home, and a relative path begins at the repository."""
    return root / Path(name).expanduser()

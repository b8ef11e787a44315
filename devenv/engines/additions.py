"""What we and a person add to a service's containers, as one more file for Compose, after the service's own.

- The way to the outside: proxies, and the certificate authorities of a network that has its own.
- The secrets of dev.yaml, without their values.
- The person's variables, and edited libraries. A library is a step after those of the service's Dockerfile, so it is
  installed on top of what the lock file gives, and the image without it is in the build cache. Its checkout is mounted
  where it was installed from, so an edit is live.

The file exists only if there is something to add. It is in `.dev/local`, which git ignores.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

from devenv.base import authorities, disk, records
from devenv.engines import docker, names
from devenv.engines.interface import Place
from devenv.model import dockerfile, libraries, lockfiles
from devenv.model.libraries import Library
from devenv.model.secrets import BUILD
from devenv.model.services import Build, Service

HERE = Path(__file__).with_name("build")  # the build context with our script
LIBRARIES = "/libraries"  # in containers; each checkout is in a folder with the library's name
STAGE = "devenv-libraries"
AGENT = "/run/devenv-ssh-agent"  # in the container of a package manager
RESET = "devenv: reset"  # becomes Compose's tag, which JSON does not have
AUTHORITIES = "/run/devenv-authorities.pem"  # in containers of the service's own images


def file(place: Place, install: bool = False, podman: bool = False, once: str = "") -> str:
    """The path of the file for Compose, from the root, as it should be now; empty if nothing is added.

    `install`: the app's container gets the secrets of builds and the ssh agent, too. `podman`: it leaves out
    what Podman refuses. `once`: the service that `docker compose run` makes a container of. Docker would run the
    healthcheck in that container, too.
    """
    built = [name for name, service in place.services.items() if service.build]
    said: dict[str, Any] = {"services": {}}
    for name, service in place.services.items():
        parts = [_outside(place, service), _personal(place, service), *([_for_podman(service)] if podman else [])]
        parts += [{"healthcheck": {"disable": True}}] if name == once else []
        said["services"][name] = functools.reduce(_merged, map(_escaped, parts))
    if place.secrets.used:
        said = _merged(said, place.secrets.overlay(built, install))
    if install and place.secrets.ssh:
        said = _merged(said, {"services": {place.app: _escaped(_agent(place))}})
    said["services"] = {name: part for name, part in said["services"].items() if part}
    kind = ".install" if install else ".once" if once else ""
    name = f".dev/local/{place.workspace}{kind}.compose.json"
    if not said["services"]:
        (place.root / name).unlink(missing_ok=True)
        return ""
    text = json.dumps(said, indent=2).replace(json.dumps(RESET), "!reset null")
    _write(place.root / name, text + "\n")
    return name


def write_variables(place: Place) -> None:
    """Write our variables into the file that each printed command of Compose names. It has passwords."""
    target = place.root / names.variables_file(place.workspace)
    target.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{name}={value}\n" for name, value in sorted(place.variables.items()))
    disk.replace(target, text, 0o600, lasting=False)


def _for_podman(service: Service) -> dict[str, Any]:
    """What Podman cannot do with a health check.

    Compose stops at `start_interval` if the engine has a version of Docker's API before 1.44. Podman 4 joins the words
    of a command and splits them at each space.
    """
    found = service.raw.data.get("healthcheck") or {}
    changed: dict[str, Any] = {"start_interval": RESET} if "start_interval" in found else {}
    words = service.healthcheck.argv if service.healthcheck and "CMD" in found.get("test", []) else ()
    if any(re.search(r"\s", word) for word in words):
        changed["test"] = ["CMD-SHELL", shlex.join(words)]
    return {"healthcheck": changed} if changed else {}


def _merged(one: Any, other: Any) -> Any:
    """Both: mappings key by key, lists one after the other; of two plain values the other."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: _merged(one.get(key), other[key]) if key in other else one[key] for key in {**one, **other}}
    return [*one, *other] if isinstance(one, list) and isinstance(other, list) else other


def _escaped(part: Any) -> Any:
    """The same for Compose, which fills in variables."""
    if isinstance(part, dict):
        return {key: _escaped(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_escaped(value) for value in part]
    return part.replace("$", "$$") if isinstance(part, str) else part


def _outside(place: Place, service: Service) -> dict[str, Any]:
    """Proxies and certificate authorities. What the service sets itself stays."""
    bundle = place.variables.get("CA_BUNDLE", os.devnull)
    trusted = authorities.variables(AUTHORITIES if bundle != os.devnull and service.build else "")
    environment = {**place.outside, **trusted}
    part: dict[str, Any] = {
        "environment": {name: value for name, value in environment.items() if name not in service.environment}
    }
    if trusted:
        mount = {"type": "bind", "source": bundle, "target": AUTHORITIES, "read_only": True}
        part["volumes"] = [mount]
    if service.build and place.outside:
        args = {name: value for name, value in place.outside.items() if name not in service.build.args}
        part["build"] = {"args": args}
    return part if environment else {}


def _personal(place: Place, service: Service) -> dict[str, Any]:
    """The person's variables and libraries."""
    if not service.build:
        return {}
    variables = dict(place.personal)
    more: dict[str, Any] = {}
    if place.libraries:
        edited = place.libraries.values()
        variables.update(place.watching([_mounted(library) for library in edited]))
        more["volumes"] = [mount for each in edited for mount in _mounts(each)]
        contexts = {_context(index): str(library.checkout) for index, library in enumerate(edited)}
        if service.build.dockerfile.is_file():  # else Docker reports it
            more["build"] = {
                **{"dockerfile": str(_dockerfile(place, service.name, service.build)), "target": STAGE},
                "additional_contexts": {"devenv-tools": str(HERE), **contexts},
            }
    if variables:
        more["environment"] = variables
    return more


def _agent(place: Place) -> dict[str, Any]:
    """The person's ssh agent, for a package manager in the app's container.

    ssh refuses a user that has no name, so the container also gets a list of users with this one.
    """
    user, group = (place.variables.get(name, "0") for name in ("DEV_UID", "DEV_GID"))
    known = "root:x:0:0::/root:/bin/sh\n" + (f"dev:x:{user}:{group}::/tmp:/bin/sh\n" if user != "0" else "")
    users = place.root / ".dev" / "local" / "passwd"
    _write(users, known)
    socket = docker.agent()
    part = {
        "environment": {"SSH_AUTH_SOCK": AGENT},
        "volumes": [
            {"type": "bind", "source": socket, "target": AGENT},
            {"type": "bind", "source": str(users), "target": "/etc/passwd", "read_only": True},
        ],
    }
    # In a virtual machine, root alone may use the agent, and the files that root writes belong to the person outside.
    return {**part, "user": "0:0"} if socket == docker.IN_MACHINE else part


def _dockerfile(place: Place, name: str, build: Build) -> Path:
    """Write the service's Dockerfile with the steps for the libraries at its end."""
    path = place.root / ".dev" / "local" / f"{place.workspace}.{name}.Dockerfile"
    text, stage = dockerfile.named(build)
    user = dockerfile.user(build)
    steps = [
        f"FROM {stage} AS {STAGE}",
        *(["USER root"] if user else []),
        *(_step(place, index, library) for index, library in enumerate(place.libraries.values())),
        *([f"USER {user}"] if user else []),
    ]
    _write(path, text.rstrip("\n") + "\n\n# Added by dev.edit: checkouts of libraries.\n" + "\n".join(steps) + "\n")
    ignore, own = dockerfile.ignore_file(build), path.with_name(f"{path.name}.dockerignore")
    if ignore.name == ".dockerignore" or not ignore.is_file():
        own.unlink(missing_ok=True)
    elif not own.is_file() or own.read_bytes() != ignore.read_bytes():  # a build may be reading it
        shutil.copyfile(ignore, own)
    return path


def _step(place: Place, index: int, library: Library) -> str:
    mounts = (
        f"type=bind,from={_context(index)},target={_mounted(library)},rw",
        "type=bind,from=devenv-tools,target=/devenv/tools",
        "type=bind,target=/devenv/service",
        "type=secret,id=ca",
        "type=cache,target=/root/.cache/uv,id=uv",
        "type=cache,target=/root/.npm,id=npm",
        *(f"type=secret,id={secret.name}" for secret in place.secrets.of(BUILD)),
        *(["type=ssh"] if place.secrets.ssh else []),
    )
    held = [
        f"{s.variable}=value:{s.name}" if s.variable else f"{s.path}=path:{s.name}" for s in place.secrets.of(BUILD)
    ]
    kind = library.language or "command"
    words = ["sh", "/devenv/tools/install.sh", _folder(library), " ".join(held), kind, *_words(place, library)]
    return "RUN " + "".join(f"--mount={mount} \\\n    " for mount in mounts) + json.dumps(words)


def _words(place: Place, library: Library) -> list[str]:
    if library.language == lockfiles.PYTHON:
        others = [name for name in place.libraries if name != library.name]
        return [library.name, *others]
    if library.language == lockfiles.NODE:
        return [library.name, " ".join(libraries.peers(library)), *libraries.dependencies(library)]
    return list(library.install)


def _mounts(library: Library) -> list[dict[str, Any]]:
    """The checkout. Its node_modules are hidden: they were made for this machine, and may have shared packages."""
    found = [{"type": "bind", "source": str(library.checkout), "target": _mounted(library)}]
    if library.language == lockfiles.NODE and (library.folder / "node_modules").is_dir():
        found.append({"type": "tmpfs", "target": f"{_folder(library)}/node_modules"})
    return found


def _folder(library: Library) -> str:
    return "/".join([_mounted(library), *library.folder.relative_to(library.checkout).parts])


def _mounted(library: Library) -> str:
    return f"{LIBRARIES}/{library.name}/checkout"


def _context(index: int) -> str:
    return f"devenv-library-{index}"


def _write(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        records.replace_file(path, text)

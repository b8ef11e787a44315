"""What a person adds to the containers of a checkout: variables and edited libraries, as one more file for Compose.

A library is a step after those of the service's Dockerfile, so it is installed on top of what the lock file gives, and
the image without it is in the build cache. Its checkout is mounted where it was installed from, so an edit is live. The
files are in `.dev/local`, and git ignores them.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from devenv.base import records
from devenv.engines.interface import Place
from devenv.model import dockerfile, libraries
from devenv.model.libraries import Library
from devenv.model.services import Build

HERE = Path(__file__).with_name("build")  # the build context with our script
LIBRARIES = "/libraries"  # in containers; each checkout is in a folder with the library's name
STAGE = "devenv-libraries"


def file(place: Place) -> str:
    """The path of the file for Compose, from the root, as it should be now; empty if nothing is added."""
    added = {name: _service(place, name, s.build) for name, s in place.services.items() if s.build}
    if not any(added.values()):
        return ""
    name = f".dev/local/{place.workspace}.compose.yaml"
    _write(place.root / name, json.dumps({"services": added}, indent=2) + "\n")
    return name


def _service(place: Place, name: str, build: Build) -> dict[str, Any]:
    variables = dict(place.personal)
    more: dict[str, Any] = {}
    if place.libraries:
        edited = place.libraries.values()
        variables.update(place.watching([_mounted(library) for library in edited]))
        more["volumes"] = [{"type": "bind", "source": str(e.checkout), "target": _mounted(e)} for e in edited]
        contexts = {_context(index): str(library.checkout) for index, library in enumerate(edited)}
        if build.dockerfile.is_file():  # else Docker reports it
            more["build"] = {
                **{"dockerfile": str(_dockerfile(place, name, build)), "target": STAGE},
                "additional_contexts": {"devenv-tools": str(HERE), **contexts},
            }
    if variables:
        more["environment"] = {key: value.replace("$", "$$") for key, value in variables.items()}
    return more


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
    own.unlink(missing_ok=True)
    if ignore.name != ".dockerignore" and ignore.is_file():
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
    )
    folder = "/".join([_mounted(library), *library.folder.relative_to(library.checkout).parts])
    words = ["sh", "/devenv/tools/install.sh", folder, library.language or "command", *_words(place, library)]
    return "RUN " + "".join(f"--mount={mount} \\\n    " for mount in mounts) + json.dumps(words)


def _words(place: Place, library: Library) -> list[str]:
    if library.language == libraries.PYTHON:
        others = [name for name in place.libraries if name != library.name]
        return [library.name, *others]
    if library.language == libraries.NODE:
        return [library.name, *libraries.dependencies(library)]
    return list(library.install)


def _mounted(library: Library) -> str:
    return f"{LIBRARIES}/{library.name}/checkout"


def _context(index: int) -> str:
    return f"devenv-library-{index}"


def _write(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        records.replace_file(path, text)

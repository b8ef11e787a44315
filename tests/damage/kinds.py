"""What is on a machine after dev.up of a root and one required service without containers, and ways to damage a file.

Every file belongs to a kind. A test compares this table with what is really there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.damage.conftest import CACHE, HOME, ROOT, STATE

MEMBER = "checkouts/lms-*"
VENV = ".dev/local/native/venv"
SERVER = "tools/*/lib/python*/site-packages/*postgres*/pginstall"
TOOLS = "environments/*"


class Kind(NamedTuple):
    """Files with one writer and one reader. `pattern` is relative to the folder `base`; the first one is damaged."""

    base: str
    pattern: str
    others: tuple[str, ...] = ()  # files of the same kind


KINDS = {
    "record of the root": Kind(STATE, "shop.json"),
    "record of the member": Kind(STATE, "lms.json"),
    "id of the state folder": Kind(HOME, "id"),
    "addresses": Kind(STATE, "shop.env", ("lms.env",)),
    "lock": Kind(STATE, "lms.lock", ("shop.lock",)),
    "ports": Kind(STATE, "lms/native/ports.json", ("shop/native/ports.json",)),
    "hosts": Kind(STATE, "lms/native/hosts", ("*/native/hosts", "*/native/*/hosts")),
    "process of a server": Kind(STATE, "lms/native/db/process.json"),
    "process of an app": Kind(STATE, "lms/native/app/process.json", ("shop/native/app/process.json",)),
    "health": Kind(STATE, "lms/native/app/healthy", ("shop/native/app/healthy",)),
    "log": Kind(STATE, "lms/native/app/log", ("*/native/*/log",)),
    "times of a log": Kind(STATE, "lms/native/app/log.times", ("*/native/*/log.times",)),
    "looks of the keeper": Kind(STATE, "lms/native/looked.0", ("*/native/looked.*",)),
    "facts about data": Kind(STATE, "lms/native/db/data.json"),
    "note of a state": Kind(STATE, "lms/states/*/*/state.json", ("lms/states/*/*/manifest.json",)),
    "dump": Kind(STATE, "lms/states/*/*/dump"),
    "server program": Kind(CACHE, f"{SERVER}/bin/postgres", (f"{SERVER}/**",)),
    "server client": Kind(CACHE, f"{SERVER}/bin/psql"),
    # With the authorities of this network: there are some if they were added to the system.
    "server package": Kind(CACHE, "tools/*/pyvenv.cfg", ("tools/**", "authorities/*.pem")),
    "new cluster": Kind(CACHE, "clusters/*/global/pg_control", ("clusters/**",)),
    "mirror": Kind(CACHE, "mirrors/*.git/HEAD", ("mirrors/*.git/**", "mirrors/*.lock")),
    "object of a mirror": Kind(CACHE, "mirrors/*.git/objects/??/*", ("mirrors/*.git/objects/**",)),
    "file of a checkout": Kind(CACHE, f"{MEMBER}/dev.yaml", (f"{MEMBER}/*", f"{MEMBER}/.dev/*", f"{MEMBER}/.*/**")),
    "code of a checkout": Kind(CACHE, f"{MEMBER}/lms.py"),
    "repository of a checkout": Kind(CACHE, f"{MEMBER}/.git/HEAD", (f"{MEMBER}/.git/**",)),
    "environment of an app": Kind(CACHE, f"{MEMBER}/.dev/local/native/made"),
    "settings of an environment": Kind(CACHE, f"{MEMBER}/{VENV}/pyvenv.cfg", (f"{MEMBER}/{VENV}/*",)),
    "Python of an environment": Kind(CACHE, f"{MEMBER}/{VENV}/bin/python", (f"{MEMBER}/{VENV}/bin/*",)),
    "package of an app": Kind(
        CACHE, f"{MEMBER}/{VENV}/lib/python*/site-packages/psycopg/__init__.py", (f"{MEMBER}/{VENV}/**",)
    ),
    "use of the tools": Kind(CACHE, "users/*.json", ("users/*", "users/.*")),
    "tools": Kind(CACHE, "tools/*/devenv/main.py", ("tools/*/**", "tools/.*")),
    "list of the tools": Kind(CACHE, "tools/*/MANIFEST"),
    "package of the tools": Kind(CACHE, f"{TOOLS}/lib/python*/site-packages/yaml/__init__.py", (f"{TOOLS}/**",)),
    "environment of the tools": Kind(CACHE, f"{TOOLS}/requirements.txt", ("environments/*.lock",)),
    "logs of the member": Kind(ROOT, ".dev/local/logs/lms.dev.up.log", (".dev/local/**",)),
    "environment of the root": Kind(ROOT, ".dev/local/native/made"),
    "lock file": Kind(ROOT, "dev.lock"),
    "pin of the tools": Kind(ROOT, ".cruft.json"),
    "ports that were drawn": Kind(HOME, "ports.json", ("ports.lock",)),
}
# Only a person can decide: the repository's own files, which git can bring back.
DECIDED = {"lock file": 111, "pin of the tools": 111}


def wrong_types(value: Any) -> Any:
    """A JSON value in which every text is a list, and everything else is a text or an object."""
    if not isinstance(value, dict):
        return {"x": value}
    return {
        key: ["x"] if isinstance(v, str) else "x" if isinstance(v, (list, dict)) else {"x": 1}
        for key, v in value.items()
    }


def _types(content: bytes) -> bytes:
    try:
        return json.dumps(wrong_types(json.loads(content))).encode()
    except ValueError:
        return b"\xff\x00[]{1: x\n" * 4


def _version(content: bytes) -> bytes:
    try:
        return json.dumps({**json.loads(content), "version": 99, "new": {"key": [1]}}).encode()
    except (ValueError, TypeError):
        return b"version: 99\n"


WAYS: dict[str, Callable[[bytes], bytes] | None] = {
    "missing": None,
    "empty": lambda content: b"",
    "torn": lambda content: content[: len(content) // 2],
    "wrong types": _types,
    "another version": _version,
}


def damage(path: Path, way: str) -> None:
    """Damage a file, and no other one that shares its content by a hard link."""
    content, mode, change = path.read_bytes(), path.stat().st_mode, WAYS[way]
    path.unlink()
    if change:
        path.write_bytes(change(content))
        path.chmod(mode)


def files(base: Path) -> list[Path]:
    return [path for path in base.rglob("*") if path.is_file() and path.suffix != ".pyc"]

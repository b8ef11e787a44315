"""Dumps of states: files of this machine, from which a new server can be filled.

Each has a folder in the machine's state, `WORKSPACE/SERVICE/states/ENGINE/ID/`, with `dump` and, once that is complete,
a `manifest.json` that says what it is.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devenv.base import disk, records
from devenv.context.environment import Environment
from devenv.databases import states
from devenv.databases.states import State

MANIFEST = "manifest.json"
NEW = ".new"  # the end of the name of a folder that is removed when its command ends


def home(env: Environment) -> Path:
    """The folder of all dumps of this service on this engine."""
    return records.path(env.place.workspace, env.config.service).with_suffix("") / "states" / env.engine.name


def of(env: Environment, stored: State) -> Path:
    """The path of a state's dump, whether there is one or not."""
    return home(env) / stored.id / "dump"


def size(env: Environment, stored: State) -> int:
    """The size of a state's dump in bytes; 0 without one."""
    path = of(env, stored)
    return path.stat().st_size if path.is_file() else 0


def every(env: Environment) -> list[State]:
    """What there are dumps of, as states without a database."""
    found = [_read(path) for path in home(env).glob(f"*/{MANIFEST}")]
    return [made for made in found if made and of(env, made).is_file()]


def _read(path: Path) -> State | None:
    try:
        known = json.loads(path.read_text())
        return states.read(path.parent.name, known["kind"], "", known["facts"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def describe(env: Environment, stored: State) -> None:
    """Write what the dump of a state is, once it is complete."""
    known = {"kind": stored.kind, "facts": json.loads(stored.facts)}
    records.replace_file(of(env, stored).with_name(MANIFEST), json.dumps(known, indent=2, sort_keys=True) + "\n")


def remove(env: Environment, gone: State) -> None:
    """Remove a state's dump if it has one."""
    manifest = of(env, gone).with_name(MANIFEST)
    if manifest.is_file():  # first: without it, the dump is not used
        manifest.unlink(missing_ok=True)
        disk.sync(manifest.parent)  # so that a power cut does not bring the state back
    shutil.rmtree(home(env) / gone.id, ignore_errors=True)


@contextmanager
def folder(env: Environment) -> Iterator[Path]:
    """A folder for a dump on its way elsewhere. It is removed afterwards, or by the next command if this is killed."""
    made = home(env) / f"{secrets.token_hex(6)}{NEW}"
    made.mkdir(parents=True, mode=0o700)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def left(env: Environment) -> list[Path]:
    """What killed commands left: folders without a manifest, of this release or (state.json) an earlier one."""
    notes = (MANIFEST, "state.json")
    return [folder for folder in home(env).glob("*") if not any((folder / name).is_file() for name in notes)]


def clean(env: Environment) -> None:
    """Remove what killed commands left."""
    for folder in left(env):
        shutil.rmtree(folder, ignore_errors=True)

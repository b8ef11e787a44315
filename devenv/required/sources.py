"""Which checkout of a required service runs: its pinned one, or a source checkout that someone edits."""

from __future__ import annotations

from pathlib import Path

from devenv.base import output, records
from devenv.base.errors import CONFLICT, USAGE, DevError
from devenv.context.environment import Environment
from devenv.model import document, requirements
from devenv.model.schema import did_you_mean
from devenv.required import lockfile, mirrors, sharing


def edit(env: Environment, name: str, given: str) -> Path:
    """Let a source checkout of a required service run from now on; cloned beside this repository when it is not there.

    An existing one is used as it is, uncommitted changes and all.
    """
    pin = _pin(env, name)
    path = Path(given).expanduser().resolve() if given else env.place.root.parent / name
    if not path.exists():
        output.say(f"cloning {pin.repo} into {path}")
        # A branch at the pinned commit: what was tested together stays together until someone changes it.
        mirrors.of(pin.repo, env.place.root).clone(pin.commit, path, "--create", f"from-{pin.version}")
    _check_service(path, name)

    def change(record: records.Record) -> None:
        record.edit, record.use = str(path), ""

    records.change(env.place.workspace, name, "dev.edit", change)
    return path


def use(env: Environment, name: str, version: str) -> None:
    """Go back to the pinned version, or to another one in this workspace alone. DevError 113: see sharing."""
    pin = _pin(env, name)
    mirror = mirrors.of(pin.repo, env.place.root)
    checkout = mirror.checkout(mirror.commit(version or pin.commit))  # DevError 111 where there is no such version

    def change(record: records.Record) -> None:
        record.users = [user for user in record.users if user != record.edit]  # it is left to itself from now on
        record.edit, record.use = "", version
        sharing.refuse_switch(env.place, pin, checkout, record)

    records.change(env.place.workspace, name, "dev.use", change)


def _pin(env: Environment, name: str) -> lockfile.Pin:
    pins = lockfile.current(env.config).pins
    if name not in pins:
        raise DevError(USAGE, f"{env.config.service} requires no {name}", did_you_mean(name, list(pins)))
    return pins[name]


def _check_service(path: Path, name: str) -> None:
    source = document.load(path / "dev.yaml")
    requirements.check_contract(source)
    service = source.data.get("service")
    if service != name:
        raise DevError(CONFLICT, f"{path} is the service {service}, not {name}", f"inv dev.edit {name} PATH")

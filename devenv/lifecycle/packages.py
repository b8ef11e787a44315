"""`dev.add`: add packages with the service's own package manager, and install them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from devenv.base import events, records
from devenv.base.errors import USAGE, DevError
from devenv.context import building
from devenv.context.environment import Environment
from devenv.lifecycle import up
from devenv.model import packages as model
from devenv.model.packages import Recipe


def add(env: Environment, packages: Sequence[str], dev: bool) -> bool:
    """Add packages to the manifest and the lock file; if the service runs, install them and restart it.

    Returns whether it runs. If the package manager fails, the files are as before, and its exit code is the error's.
    DevError 111 if it is not clear which package manager to use.
    """
    wrong = [package for package in packages if package.startswith("-") or not package.split()]
    if wrong:
        raise DevError(USAGE, f"{wrong[0]!r} is not the name of a package", "inv dev.add NAME 'NAME>=1.2'")
    recipe = _recipe(env, packages, dev)
    building.ensure(env)
    _carry_out(env, recipe, packages)
    running = any(state.running for state in env.engine.look().values())
    if running:
        up.up(env, only=True)
    return running


def _recipe(env: Environment, packages: Sequence[str], dev: bool) -> Recipe:
    declared = env.config.commands.get("add")
    if declared:
        if dev:
            raise DevError(
                USAGE, "commands.add of dev.yaml takes no --dev", "add the package with your package manager"
            )
        return Recipe("commands.add", (*declared, *packages))
    found = model.recipes(env.place.root, env.config.native, packages, dev)
    if len(found) == 1:
        return found[0]
    names = " or ".join(recipe.manager for recipe in found)
    kind = (
        "requirements file for development" if dev and not found else "lock file or requirements.txt of a known manager"
    )
    message = (
        f"commands.add is missing, and there are several managers: {names}"
        if found
        else f"commands.add is missing, and there is no {kind}"
    )
    raise env.config.source.error(("commands",), message, "add a line: `add: uv add --no-sync`; packages are appended")


def _carry_out(env: Environment, recipe: Recipe, packages: Sequence[str]) -> None:
    path = env.place.root / recipe.file if recipe.file else None
    before = path.read_text() if path else ""
    if path:
        _append(path, before, packages)
    with events.step("add", " ".join(packages)):
        code = env.engine.manage("add", recipe.argv) if recipe.argv else 0
        if not code:
            return
        if path:
            records.replace_file(path, before, path.stat().st_mode & 0o777)
        message = f"{env.config.service}: {recipe.manager} ended with exit code {code}, so nothing was added"
        trust = "if it is a certificate: CA_BUNDLE=/path/to/ca.pem in the environment, with your network's authorities"
        raise DevError(code, message, "see its output above", trust)


def _append(path: Path, before: str, packages: Sequence[str]) -> None:
    """Write each package at the end of a file, unless it is there."""
    lines = {line.strip() for line in before.splitlines()}
    new = [package for package in packages if package not in lines]
    text = before if not before or before.endswith("\n") else f"{before}\n"
    records.replace_file(path, text + "".join(f"{package}\n" for package in new), path.stat().st_mode & 0o777)
    events.note(f"added to {path.name}: {', '.join(new) or 'nothing, it was there'}")

"""Data states: kept under a name, brought back, sent as a file, listed and removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from invoke.tasks import task

from devenv.base import output
from devenv.base.errors import USAGE, DevError
from devenv.context import environment
from devenv.datastates import live, snapshots, store
from devenv.tasks import render
from devenv.tasks.common import JSON, WORKSPACE, confirm

FILE = "export"
ACTIONS = ("list", "prune")


@task(
    positional=["name"],
    help={
        **WORKSPACE,
        "name": "what to call it",
        "replace": "take the place of a snapshot of that name",
        "export": "write it to this file, too, for another machine or engine",
        "scrub": "in the file, without what identifies people: commands.scrub of dev.yaml runs on a copy",
    },
)
def snapshot(
    c: Any, name: str, replace: bool = False, export: str = "", scrub: bool = False, workspace: str = ""
) -> None:
    """Keep the data as it is now under a name."""
    env = environment.open_environment(workspace)
    snapshots.check_possible(env)
    snapshots.check_name(name)
    if scrub and not export:
        raise DevError(USAGE, "--scrub is for a file that leaves this machine", f"add --export {name}.tar.gz")
    if scrub:
        env.config.command("scrub")  # where there is none, that is said before a snapshot is made
    target = Path(c.folder, Path(export).expanduser()) if export else None
    with env.locked("dev.snapshot"):
        live.ready(env)
        kept = snapshots.snapshot(env, name, replace)
        if target:
            from devenv.datastates import exports  # here: all other verbs start without it

            exports.export(env, kept, target, scrub)
    output.data(str(target) if target else name)


@task(
    positional=["name"],
    help={
        **WORKSPACE,
        "name": "a name of dev.state list, or a file",
        "force": "although migrations that it was made with are missing here, or were changed",
    },
)
def restore(c: Any, name: str, force: bool = False, workspace: str = "") -> None:
    """Bring back the data of a snapshot, or of a file; what was there is kept as `previous`."""
    env = environment.open_environment(workspace)
    snapshots.check_possible(env)
    file = Path(c.folder, Path(name).expanduser())
    with env.locked("dev.restore"):
        live.built(env)
        live.ready(env)
        if file.is_file():
            from devenv.datastates import exports

            exports.restore(env, file, force)
        elif "/" in name or name.endswith(".gz"):
            raise DevError(USAGE, f"there is no file {file}", "inv dev.state list")
        else:
            snapshots.restore(env, snapshots.find(env, name), force)


@task(
    positional=["action"],
    iterable=["name"],
    help={
        **WORKSPACE,
        **JSON,
        "action": "list or prune",
        "all": "prune: snapshots and what stepped aside, too",
        "name": "prune: this state alone; may be repeated",
        "yes": "prune without asking",
    },
)
def state(
    c: Any,
    action: str,
    all: bool = False,
    name: Any = None,
    yes: bool = False,
    json: bool = False,
    workspace: str = "",
) -> None:
    """List the stored states of the data, or remove those that can be made again."""
    if action not in ACTIONS:
        raise DevError(USAGE, f"there is no dev.state {action}", f"allowed: {', '.join(ACTIONS)}")
    env = environment.open_environment(workspace)
    snapshots.check_possible(env)
    with env.locked("dev.state"):
        live.ready(env)
        if action == "list":
            found = store.rows(env)
            output.answer(found) if json else render.states(found, output.data)
            return
        gone = [snapshots.find(env, each) for each in name or []] or store.prunable(env, all)
        _prune(env, gone, yes)


def _prune(env: environment.Environment, gone: list[store.State], yes: bool) -> None:
    if not gone:
        output.say("nothing to remove: all is the newest of its branch, or may hold rows made by hand (--all)")
        return
    rows = [row for row in store.rows(env) if row["id"] in {each.id for each in gone}]
    render.states(rows, output.say)
    confirm(f"Remove these {len(gone)}, {output.mebibytes(sum(row['size'] for row in rows))}?", yes)
    store.prune(env, gone)

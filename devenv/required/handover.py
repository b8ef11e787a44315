"""dev.edit and dev.use, typed in a checkout that another root drives: that root carries them out, in its stack."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from devenv.base import output, process
from devenv.base.errors import CONFLICT, DevError
from devenv.context.environment import Environment
from devenv.model import requirements
from devenv.required import lockfile, protocol, sharing


def root_for(env: Environment, task: str, name: str) -> str:
    """The root whose stack `name` is switched in; empty: this repository's own.

    DevError 113 where several are up: which checkout is beside them, and which version is pinned, is theirs to say.
    """
    others = [user for user in env.record.users if Path(user).is_dir()]
    if str(env.place.root) in others:
        return ""
    roots = [other for other in others if name in _pins(other)]
    if not roots and name in requirements.of(env.config.source):
        return ""
    roots = roots or others  # one of them knows best what the name is not
    if len(roots) > 1:
        roots = [root for root in roots if sharing.is_up(env.place, root)] or roots
    if len(roots) > 1:
        words = f"{task} {name} --workspace {env.place.workspace}"
        hints = [f"{shlex.quote(_run(root))} {words}" for root in roots]
        raise DevError(CONFLICT, f"{name} runs for several: {', '.join(roots)}", *hints)
    return "".join(roots)


def run(env: Environment, root: str, task: str, words: Sequence[str]) -> int:
    """Let another root carry out a task, for this workspace; returns its exit code. Paths in `words` are absolute."""
    output.say(f"{env.config.service} runs in the stack of {root}, which does it:")
    argv = [_run(root), task, *words, "--workspace", env.place.workspace]
    return process.attach(argv, protocol.users_environment())


def _run(root: str) -> str:
    return str(Path(root, ".dev", "run"))


def _pins(root: str) -> Sequence[str]:
    try:
        return list((lockfile.read(Path(root)) or lockfile.NOTHING).pins)
    except DevError:
        return []  # it says so itself, as soon as it has to do something

"""What people learn of a service's secrets: the check of `dev.doctor`, and which ones are no longer set."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from devenv.base import events, git, process
from devenv.context.environment import Environment
from devenv.engines.secrets import Report
from devenv.lifecycle.machine import Finding
from devenv.model import dockerfile, secrets
from devenv.model.secrets import RUN


def examine(env: Environment) -> Finding:
    """Which secrets are set, and where each comes from; never what it is. Programs that have one are started."""
    found = env.place.secrets.report(run=True)
    wrong = [(f"{s.name}: {s.place} is {s.wrong}", f"{s.name}: {s.advice}") for s in found if s.wrong]
    wrong += [*_open_files(env), *_same_target(env)]
    lacking = [f"{s.name}: {s.advice}" for s in found if s.required and not s.place]
    head = "secrets of dev.yaml:" if found else "no secrets are declared"
    lines = [head, *map(_line, found), *(what for what, _ in wrong)]
    return Finding("D36", not (lacking or wrong), "\n".join(lines), "\n".join([*lacking, *(fix for _, fix in wrong)]))


def note_lost(env: Environment) -> None:
    """Before the app starts: say which secrets it had when it started last, and will not have now."""
    given = sorted(env.place.secrets.values(RUN))
    declared = {secret.name for secret in env.place.secrets.of(RUN)}
    lost = sorted(({*env.record.up.get("secrets", [])} & declared) - {*given})
    if lost:
        events.warn(f"{env.config.service} starts without what is no longer set: {', '.join(lost)}")
    if given or lost:
        env.record.up = {**env.record.up, "secrets": given}
        env.save()


def _line(found: Report) -> str:
    kind = ", ".join(found.uses) + ("" if found.required else "; optional")
    return f"{found.name} ({kind}): {found.place or f'not set ({found.missing})'}"


def _open_files(env: Environment) -> Iterator[tuple[str, str]]:
    """Files with secrets in the repository that git or a build would take, and the command against it."""
    root = env.place.root.resolve()
    for secret in env.place.secrets.declared:
        for name in [source.name for source in secret.sources if source.kind == "file"]:
            path = secrets.expanded(name, root)
            inside = path.parent.resolve() / path.name
            if not inside.is_relative_to(root):
                continue
            local = inside.relative_to(root).as_posix()
            ignored = f"echo {shlex.quote(f'/{local}')} >>.gitignore"
            if _git(root, "ls-files", "--error-unmatch", local):
                fix = f"git rm --cached {shlex.quote(local)} && {ignored}"
                yield f"{secret.name}: git tracks {local}", f"{fix} # then change the secret: the history has it"
            elif not _git(root, "check-ignore", "--quiet", local) and _git(root, "rev-parse", "--git-dir"):
                yield f"{secret.name}: git does not ignore {local}", ignored
            for build in [service.build for service in env.place.services.values() if service.build]:
                if dockerfile.takes(build, inside):
                    ignore = dockerfile.ignore_file(build)
                    entry = inside.relative_to(build.context.resolve()).as_posix()
                    what = f"{secret.name}: {local} is in the build context"
                    yield what, f"echo {shlex.quote(entry)} >>{shlex.quote(os.path.relpath(ignore, root))}"
                    break


def _same_target(env: Environment) -> Iterator[tuple[str, str]]:
    """Secrets of one RUN with the same target: the last one hides the others."""
    for path in sorted({service.build.dockerfile for service in env.place.services.values() if service.build}):
        for line, target, ids in dockerfile.hidden_secrets(path):
            where = f"{path.name}:{line}"
            what = f"{where}: {' and '.join(ids)} have the target {target}, so the build has only one of them"
            yield what, f"{where}: use another target for one of them; see docs/private-dependencies.md"


def _git(root: Path, *words: str) -> bool:
    return process.capture(git.argv(*words, at=root)).code == 0

"""The daily commands. The repository's own commands are preferred to our defaults."""

from __future__ import annotations

import re

from tools.adopt.found import Application, Commands, Found
from tools.adopt.read.packages.project import Project, host_name
from tools.adopt.read.programs.checks import node_test, python_test
from tools.adopt.read.programs.migrations import Migrations
from tools.adopt.read.programs.seeds import node_seed, node_seed_files, python_seed
from tools.adopt.read.programs.servers import develop, node_build, node_develop, node_serve, reloading, run, serve
from tools.adopt.read.programs.starts import Start
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import module

NOT_WORKERS = ("web", "release", "entrypoint")
WORKS = re.compile(r"\b(celery|rq|dramatiq)\b.*\bworker\b|\b(huey|arq|qcluster)\b")
SCHEDULES = re.compile(r"\bbeat\b|schedul|cron")
CELERY = re.compile(r"^(\w+)\s*=\s*(?:\w+\.)?Celery\(", re.MULTILINE)


def commands(
    files: Files, project: Project, application: Application | None, migrated: Migrations | None, starts: list[Start]
) -> Commands:
    python = project.language.value == "python"
    others = workers(files, project, starts)
    first = next(iter(others), None)
    seed = python_seed(files, project, application) if python else node_seed(files, project, migrated)
    built = None if python else node_build(files, project, application)
    plain = develop(project, application) if python else node_develop(project, application, built)
    served = run(starts, develops=False) or (
        serve(project, application) if python else node_serve(project, application)
    )
    return Commands(
        develop=run(starts, develops=True) or plain or reloading(served),
        serve=served,
        test=python_test(files, project, application) if python else node_test(files, project),
        migrate=migrated.migrate if migrated else None,
        pending=migrated.pending if migrated else None,
        seed=seed,
        seed_files=() if python else node_seed_files(files, project, seed),
        build=built,
        worker=others.get(first or ""),
        workers={name: found for name, found in others.items() if name != first},
    )


def workers(files: Files, project: Project, starts: list[Start]) -> dict[str, Found]:
    """The repository's other processes by name, each once; else Celery's worker, if the code creates an application."""
    found: dict[str, Found] = {}
    seen = set()
    for start in starts:
        if start.kind in NOT_WORKERS or re.search(r"\bflower\b", start.line) or start.develops:
            continue
        if start.kind == "other" and not WORKS.search(start.line):
            continue
        key = _key(start)
        name = "worker" if start.kind == "other" else host_name(start.kind)
        if key not in seen and name not in found:
            found[name] = Found(start.line, start.where)
            seen.add(key)
    if found or not project.uses("celery") or project.language.value != "python":
        return dict(sorted(found.items(), key=lambda item: bool(SCHEDULES.search(item[1].value))))
    for match, where in files.search(CELERY, files.code(".py")):
        name = module(files, where.rpartition(":")[0])
        app = name.removesuffix(".celery") if name.endswith(".celery") else f"{name}:{match[1]}"
        return {"worker": Found(f"celery -A {app} worker", where)}
    return {}


def _key(start: Start) -> tuple[str, ...]:
    """What distinguishes two processes: of Celery's workers their queues, of others the command."""
    queues = re.search(r"(?:-Q|--queues)[ =]?(\S+)", start.line)
    if re.search(r"\bcelery\b", start.line):
        return "celery", "beat" if re.search(r"\bbeat\b", start.line) else "worker", queues[1] if queues else ""
    return start.words[:3]

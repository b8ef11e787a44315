"""The daily commands. The repository's own commands are preferred to our defaults."""

from __future__ import annotations

import re

from tools.adopt.found import Application, Commands, Found
from tools.adopt.read.checks import node_test, python_test
from tools.adopt.read.files import Files
from tools.adopt.read.framework import module
from tools.adopt.read.migrations import Migrations
from tools.adopt.read.project import Project
from tools.adopt.read.seeds import node_seed, python_seed
from tools.adopt.read.servers import develop, node_develop, node_serve, run, serve
from tools.adopt.read.starts import Start

CELERY = re.compile(r"^(\w+)\s*=\s*(?:\w+\.)?Celery\(", re.MULTILINE)


def commands(
    files: Files, project: Project, application: Application | None, migrated: Migrations | None, starts: list[Start]
) -> Commands:
    python = project.language.value == "python"
    return Commands(
        develop=run(starts, develops=True)
        or (develop(project, application) if python else node_develop(project, application)),
        serve=run(starts, develops=False)
        or (serve(project, application) if python else node_serve(project, application)),
        test=python_test(files, project, application) if python else node_test(files, project),
        migrate=migrated.migrate if migrated else None,
        pending=migrated.pending if migrated else None,
        seed=python_seed(files, application) if python else node_seed(files, project, migrated),
        worker=worker(files, project, starts),
    )


def worker(files: Files, project: Project, starts: list[Start]) -> Found | None:
    """The repository's worker command; else Celery's, if the code creates a Celery application."""
    named = [start for start in starts if start.kind == "worker" and not re.search(r"\bbeat\b|flower", start.line)]
    named += [
        start
        for start in starts
        if start.kind != "web" and re.search(r"\b(celery|rq|dramatiq)\b.*\bworker\b", start.line)
    ]
    if named:
        return Found(named[0].line, named[0].where)
    if not project.uses("celery") or project.language.value != "python":
        return None
    for match, where in files.search(CELERY, files.code(".py")):
        name = module(files, where.rpartition(":")[0])
        app = name.removesuffix(".celery") if name.endswith(".celery") else f"{name}:{match[1]}"
        return Found(f"celery -A {app} worker", where)
    return None

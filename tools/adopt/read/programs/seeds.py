"""The command that fills a database with data for development."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from tools.adopt.found import Application, Found
from tools.adopt.read.packages.node import npm_run
from tools.adopt.read.packages.project import Project
from tools.adopt.read.programs import flask, makefile
from tools.adopt.read.programs.migrations import Migrations
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.formats import json_of, table

SEED = re.compile(
    r"(^|/)management/commands/((?:db_)?seed\w*|populate(?:_(?:db|database|data|demo|sample\w*|test\w*|dev\w*))?|(?:load|create|init|generate|install|import)_?(?:demo|sample|initial|example|dev|test|fake|dummy|base|default|seed)_?\w*|initial_data|init_(?:data|db)|bootstrap_(?:data|dev\w*)|\w+_seed)\.py$"
)
FIXTURE = re.compile(r"(^|/)fixtures/([\w-]*(?:initial|demo|dev|sample|seed|example)[\w-]*)\.(json|ya?ml|xml)$")
CLICK = re.compile(r"""\.cli\.command\(\s*(?:name\s*=\s*)?["'](seed[\w-]*)["']""")
LOADS = re.compile(r"^\t[^\n#]*\bloaddata((?:[ \t]+[\w./-]+)+)[ \t]*$", re.MULTILINE)
SCRIPT = re.compile(
    r"(?:(?:scripts?|bin|tools|src|app|backend|db)/)?(?:seed|seeds|seed_(?:db|data|database)|populate(?:_db|_database)?|initial_data"
    r"|load_(?:demo|sample|example)_data|sample_data|demo_data)\.py"
)
MAIN = re.compile(r"""^if __name__ == ["']__main__["']""", re.MULTILINE)
SEED_SCRIPTS = ("seed", "db:seed", "seed:run", "seed:dev", "prisma:seed", "knex:seed")


def python_seed(files: Files, project: Project, application: Application | None) -> Found | None:
    if application and application.framework.value == "flask" and application.target:
        named = files.first(CLICK, files.code(".py"))
        target = application.target.value
        return Found(flask.command(project, target, named.value), named.where) if named else _script(files)
    return django_seed(files, application) or _loaded(files, application) or _script(files)


def _loaded(files: Files, application: Application | None) -> Found | None:
    """The fixtures that a target of the Makefile loads: `loaddata items`."""
    name = makefile.name_of(files)
    match = LOADS.search(files.text(name)) if application and application.manage else None
    fixtures = match[1].split() if match else []
    known = {PurePosixPath(each).name.partition(".")[0] for each in files.names if "/fixtures/" in f"/{each}"}
    there = fixtures and all(PurePosixPath(each).name.partition(".")[0] in known for each in fixtures)
    if not (match and there and application and application.manage):
        return None
    return Found(" ".join([application.manage.value, "loaddata", *fixtures]), files.at(name, match.start()))


def _script(files: Files) -> Found | None:
    """A script for it, which does something when it is run."""
    for name in files.names:
        if SCRIPT.fullmatch(name) and MAIN.search(files.text(name)):
            return Found(f"python {name}", name)
    return None


def django_seed(files: Files, application: Application | None) -> Found | None:
    """A management command, or fixtures, with a typical name for development data."""
    manage = application.manage if application else None
    if manage is None:
        return None
    for name in files.names:
        match = SEED.search(name)
        if match:
            return Found(f"{manage.value} {match[2]}", name)
    fixtures = [name for name in files.names if FIXTURE.search(name) and not re.search(r"(^|/)tests?/", name)]
    return (
        Found(" ".join([manage.value, "loaddata", *(PurePosixPath(name).stem for name in fixtures)]), fixtures[0])
        if fixtures
        else None
    )


def node_seed(files: Files, project: Project, migrated: Migrations | None) -> Found | None:
    if table(json_of(files, "package.json"), "prisma").get("seed"):
        return Found("npx prisma db seed", files.where("package.json", r'"seed"\s*:'))
    script = npm_run(project, *SEED_SCRIPTS)
    seeds = next((name for name in files.names if re.match(r"(src/|db/)?seeds/[^/]+\.[cm]?[jt]s$", name)), None)
    knex = migrated and migrated.tool.value == "knex" and seeds
    return script or (Found("npx knex seed:run", seeds) if knex and seeds else None)


def node_seed_files(files: Files, project: Project, seed: Found | None) -> tuple[str, ...]:
    """The tracked files that a seed's script names, also by way of other scripts."""
    if seed is None:
        return ()
    texts = [str(table(json_of(files, "package.json"), "prisma").get("seed") or "")] if "prisma" in seed.value else []
    todo = re.findall(r"npm run ([\w:.-]+)", seed.value)
    for name in todo:  # grows
        script = project.scripts[name].value if name in project.scripts else ""
        texts.append(script)
        todo += [each for each in re.findall(r"(?:npm|yarn|pnpm)(?: run)? ([\w:.-]+)", script) if each not in todo]
        if "prisma db seed" in script:
            texts.append(str(table(json_of(files, "package.json"), "prisma").get("seed") or ""))
    words = [word.strip("\"'").removeprefix("./") for text in texts for word in text.split()]
    ends = ("", ".ts", ".js", ".mjs", ".cjs", "/index.ts", "/index.js")
    found = [f"{word}{end}" for word in words for end in ends if files.has(f"{word}{end}")]
    return tuple(dict.fromkeys(found))

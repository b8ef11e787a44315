"""The commands of every day: develop, serve, test, seed, work. What the repository runs itself comes first."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath

from tools.adopt.found import Application, Commands, Found
from tools.adopt.read.addresses import placed
from tools.adopt.read.files import Files
from tools.adopt.read.formats import ini_of, json_of, table, toml_of
from tools.adopt.read.framework import module
from tools.adopt.read.migrations import Migrations
from tools.adopt.read.project import Project
from tools.adopt.read.starts import Start, split

DEVELOP = {
    "django": "{manage} runserver {{bind}}:{{port}}",
    "flask": "flask --app {target} run --debug --host {{bind}} --port {{port}}",
    "fastapi": "uvicorn {target} --reload --host {{bind}} --port {{port}}",
    "starlette": "uvicorn {target} --reload --host {{bind}} --port {{port}}",
}
ASYNCHRONOUS = ("fastapi", "starlette", "litestar", "quart")
PYTEST = ("pytest", "pytest-django", "pytest-cov", "pytest-asyncio")
STUB = re.compile(r"no test specified|^\s*(exit 1|true|:)\s*$")
OTHER_TOOLS = re.compile(r"\b(yarn|pnpm|bun)\b")
SEED = re.compile(
    r"(^|/)management/commands/((?:db_)?seed\w*|populate(?:_(?:db|database|data|demo|sample\w*|test\w*|dev\w*))?|load_?(?:demo|sample)\w*|create_?(?:demo|sample)\w*|\w+_seed)\.py$"
)
FIXTURE = re.compile(r"(^|/)fixtures/([\w-]*(?:initial|demo|dev|sample|seed|example)[\w-]*)\.(json|ya?ml|xml)$")
SEED_SCRIPTS = ("seed", "db:seed", "seed:run", "seed:dev", "prisma:seed", "knex:seed")
CELERY = re.compile(r"^(\w+)\s*=\s*(?:\w+\.)?Celery\(", re.MULTILINE)


def commands(
    files: Files, project: Project, application: Application | None, migrated: Migrations | None, starts: list[Start]
) -> Commands:
    python = project.language.value == "python"
    return Commands(
        develop=_run(starts, develops=True)
        or (develop(project, application) if python else _npm(project, "dev", "start:dev", "develop")),
        serve=_run(starts, develops=False)
        or (serve(project, application) if python else node_serve(project, application)),
        test=python_test(files, project, application) if python else node_test(project),
        migrate=migrated.migrate if migrated else None,
        pending=migrated.pending if migrated else None,
        seed=django_seed(files, application) if python else node_seed(files, project, migrated),
        worker=worker(files, project, starts),
    )


def _run(starts: list[Start], develops: bool) -> Found | None:
    """A command of the repository's own, its address made ours."""
    found = next((start for start in starts if start.kind == "web" and start.develops is develops), None)
    return Found(placed(found.words), found.where) if found else None


def develop(project: Project, application: Application | None) -> Found | None:
    """With reload, as the framework has it; None for frameworks that have no such command of their own."""
    framework = application.framework.value if application else ""
    value = _filled(DEVELOP.get(framework, ""), application)
    needs = project.uses("uvicorn", "fastapi") if framework in ASYNCHRONOUS else True
    where = (application.manage or application.target or application.framework).where if application else ""
    return Found(value, where) if value and needs else None


def _filled(template: str, application: Application | None) -> str | None:
    if not template or not application:
        return None
    parts = {"manage": application.manage, "target": application.target}
    if any("{" + key + "}" in template.replace("{{", "") and part is None for key, part in parts.items()):
        return None
    return template.format(**{key: _word(part.value, key) if part else "" for key, part in parts.items()})


def _word(value: str, key: str) -> str:
    return shlex.quote(value) if key == "target" else value


def serve(project: Project, application: Application | None) -> Found | None:
    """A production server that is among the dependencies, with the target."""
    if not application or not application.target:
        return None
    target, asgi = (
        application.target.value,
        application.framework.value in ASYNCHRONOUS or "asgi" in application.target.value,
    )
    gunicorn, uvicorn, waitress = (project.uses(name) for name in ("gunicorn", "uvicorn", "waitress"))
    if asgi:
        factory = ["--factory", target.removesuffix("()")] if target.endswith("()") else [target]
        return Found(placed(["uvicorn", *factory]), uvicorn.where) if uvicorn else None
    if gunicorn:
        return Found(placed(["gunicorn", *_folder(application), target]), gunicorn.where)
    return Found(placed(["waitress-serve", *_waitress(target)]), waitress.where) if waitress else None


def _folder(application: Application) -> list[str]:
    """Where imports start, when manage.py does not stand in the folder itself."""
    script = application.manage.value.removeprefix("python ") if application.manage else ""
    return ["--chdir", script.rpartition("/")[0]] if script.endswith("/manage.py") else []


def _waitress(target: str) -> list[str]:
    if target.endswith("()"):
        return ["--call", target.removesuffix("()")]
    return [target if ":" in target else f"{target}:application"]


def node_serve(project: Project, application: Application | None) -> Found | None:
    """`npm start`, without npm where it is one plain command; else what `main` names."""
    script = project.scripts.get("start")
    script = None if script and OTHER_TOOLS.search(script.value) else script
    words = split(script.value) if script else None
    if script and words and (words[0] == "node" or (words[0] == "env" and "node" in words)):
        return Found(" ".join(words), script.where)
    if script:
        return Found("npm start", script.where)
    target = application.target if application else None
    return Found(f"node {target.value}", target.where) if target else None


def _npm(project: Project, *names: str) -> Found | None:
    """The first of these scripts that calls no package manager other than npm."""
    for name in names:
        script = project.scripts.get(name)
        if script and not OTHER_TOOLS.search(script.value):
            return Found(f"npm run {name}", script.where)
    return None


def python_test(files: Files, project: Project, application: Application | None) -> Found | None:
    """pytest where a file configures or asks for it; else Django's own; else tox."""
    tool = table(toml_of(files, "pyproject.toml"), "tool", "pytest")
    places = [("pyproject.toml", bool(tool), r"^\[tool\.pytest"), ("pytest.ini", files.has("pytest.ini"), "^")]
    places += [("tox.ini", "pytest" in ini_of(files, "tox.ini"), r"^\[pytest\]")]
    places += [("setup.cfg", "tool:pytest" in ini_of(files, "setup.cfg"), r"^\[tool:pytest\]")]
    configured = next((Found("pytest", files.where(name, pattern)) for name, there, pattern in places if there), None)
    package = project.uses(*PYTEST)
    found = configured or (Found("pytest", package.where) if package else None) or _conftest(files)
    if found:
        return found
    manage = application.manage if application else None
    if manage:
        return Found(f"{manage.value} test --noinput", manage.where)
    return Found("tox", "tox.ini") if files.has("tox.ini") else None


def _conftest(files: Files) -> Found | None:
    return next((Found("pytest", name) for name in files.named("conftest.py", depth=1)), None)


def node_test(project: Project) -> Found | None:
    script = project.scripts.get("test")
    return Found("npm test", script.where) if script and not STUB.search(script.value) else None


def django_seed(files: Files, application: Application | None) -> Found | None:
    """A management command, or fixtures, that are called like data for development."""
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
    script = _npm(project, *SEED_SCRIPTS)
    seeds = next((name for name in files.names if re.match(r"(src/|db/)?seeds/[^/]+\.[cm]?[jt]s$", name)), None)
    knex = migrated and migrated.tool.value == "knex" and seeds
    return script or (Found("npx knex seed:run", seeds) if knex and seeds else None)


def worker(files: Files, project: Project, starts: list[Start]) -> Found | None:
    """What the repository runs as a worker; else Celery's, where the code makes an application of it."""
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

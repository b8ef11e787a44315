"""The servers of development and production: the repository's commands, else the framework's."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from tools.adopt.found import Application, Found
from tools.adopt.read.packages.node import foreign, npm_run
from tools.adopt.read.packages.project import Package, Project
from tools.adopt.read.programs import flask
from tools.adopt.read.programs.addresses import placed
from tools.adopt.read.programs.starts import Start
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.shell import split

DEVELOP = {
    "django": "{manage} runserver {{bind}}:{{port}}",
    "express": "node --watch {target}",
}
FLASK = "run --debug --host {bind} --port {port}"
DEFAULTED = re.compile(r"\$\{\w+:?-([^}]*)\}")
# The service's URL is http: a server with a certificate would not answer it.
TLS = re.compile(r"(?<=\s)--(?:cert-file|key-file|certfile|keyfile|ssl-certfile|ssl-keyfile|cert|key)[= ]\S+\s*")
BUILT = re.compile(r"\bnext start\b|\bnuxt start\b|(^|[\s/])(\.next|\.output|dist|build)/|\bnest start\b")
PRODUCTION = re.compile(r"\bNODE_ENV=['\"]?prod|\bpm2\b")
JAVASCRIPT = (".js", ".cjs", ".mjs")
# What a server that reloads cannot have: its code loaded once for all workers, and several of them.
ONCE = re.compile(r"\s(?:--preload(?:-app)?\b|(?:-w|--workers)[= ]?\d+)")
RELOADS = re.compile(r"^(?:python3? -m )?(?:gunicorn|uvicorn|hypercorn)\s")
USUAL = "gunicorn"
ADDS = ("pip", "pipenv")  # they install a package that no file lists next to those that are
ASYNCHRONOUS = ("fastapi", "starlette", "litestar", "quart")
# Servers that are run in a way that their package does not show: by a file of theirs, or by another program.
OTHERS = (
    *("uwsgi", "pyuwsgi", "mod-wsgi", "daphne", "channels", "uvicorn", "hypercorn", "granian", "tornado", "gevent"),
    *("eventlet", "cheroot", "cherrypy", "twisted", "bjoern", "meinheld"),
)


def run(starts: list[Start], develops: bool) -> Found | None:
    """The repository's command with our address, unless it needs a shell to fill it in."""
    for start in starts:
        if start.words[0] in ("yarn", "pnpm", "bun"):  # not in our image; the script that they run is read instead
            continue
        line = TLS.sub("", DEFAULTED.sub(r"\1", placed(start.words))).rstrip()
        if start.kind == "web" and start.develops is develops and "$" not in line:
            return Found(line, start.where)
    return None


def develop(project: Project, application: Application | None) -> Found | None:
    """The framework's server with reload; None if the framework has none."""
    framework = application.framework.value if application else ""
    if application and application.target and framework in ASYNCHRONOUS:
        words = _asgi(project, application.target.value, "--reload")
        return Found(words, application.target.where) if words else None
    if application and application.target and framework == "flask":
        return Found(flask.command(project, application.target.value, FLASK), application.target.where)
    value = _filled(DEVELOP.get(framework, ""), application)
    where = (application.manage or application.target or application.framework).where if application else ""
    return Found(value, where) if value else None


def reloading(serve: Found | None) -> Found | None:
    """Production's server with reload, if it can; for a service whose framework has no server of its own."""
    if not serve or not RELOADS.match(serve.value):
        return None
    return Found(f"{ONCE.sub('', serve.value)} --reload", serve.where)


def _asgi(project: Project, target: str, *options: str) -> str:
    """The command of an ASGI server that is among the dependencies; empty if none is."""
    if _uvicorn(project):
        words = [*(["--factory"] if target.endswith("()") else []), target.removesuffix("()")]
        return placed(["uvicorn", *words, *options])
    return placed(["hypercorn", target, *options]) if project.uses("hypercorn") else ""


def _uvicorn(project: Project) -> Package | None:
    """uvicorn, or a package that includes it: FastAPI with its extras."""
    fastapi = project.uses("fastapi")
    return project.uses("uvicorn") or (fastapi if fastapi and {"standard", "all"} & {*fastapi.wants} else None)


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
    """A production server that is among the dependencies, with the target; gunicorn if there is none for WSGI."""
    if not application or not application.target:
        return None
    target, asgi = (
        application.target.value,
        application.framework.value in ASYNCHRONOUS or "asgi" in application.target.value,
    )
    gunicorn, waitress = (project.uses(name) for name in ("gunicorn", "waitress"))
    if asgi:
        server = _uvicorn(project) or project.uses("hypercorn")
        return Found(_asgi(project, target), server.where) if server else None
    if gunicorn:
        return Found(placed(["gunicorn", *_folder(application), target]), gunicorn.where)
    if waitress:
        return Found(placed(["waitress-serve", *_waitress(target)]), waitress.where)
    return _usual(project, application, target)


def _usual(project: Project, application: Application, target: str) -> Found | None:
    """gunicorn for the WSGI application of a project without a server, if it can be installed next to a list."""
    framework, made = application.framework.value, project.dependencies
    if framework not in ("django", "flask") or not application.target or project.uses(*OTHERS):
        return None
    known = made is not None and made.manager.value in ADDS
    return Found(placed([USUAL, *_folder(application), target]), application.target.where) if known else None


def _folder(application: Application) -> list[str]:
    """The folder where imports start, if manage.py is in a subfolder."""
    script = application.manage.value.removeprefix("python ") if application.manage else ""
    return ["--chdir", script.rpartition("/")[0]] if script.endswith("/manage.py") else []


def _waitress(target: str) -> list[str]:
    if target.endswith("()"):
        return ["--call", target.removesuffix("()")]
    return [target if ":" in target else f"{target}:application"]


def node_build(files: Files, project: Project, application: Application | None) -> Found | None:
    """The script that makes what production runs, if that is not in the repository."""
    script = npm_run(project, "build", "compile", "build:server")
    if script is None:
        return None
    target = application.target if application else None
    starts = project.scripts["start"].value if "start" in project.scripts else ""
    missing = target is not None and not files.has(target.value) and not re.search(r"\.[cm]?tsx?$", target.value)
    return script if missing or BUILT.search(starts) else None


def node_develop(project: Project, application: Application | None, built: Found | None) -> Found | None:
    """A script for it; else node itself, which reloads Express's code; else `npm start`, if it needs no build.

    `built`: what makes the code that runs.
    """
    script = npm_run(project, "dev", "start:dev", "develop")
    target = application.target if application else None
    plain = target and application and application.framework.value == "express" and target.value.endswith(JAVASCRIPT)
    found = script or (develop(project, application) if plain else None) or _start(project)
    return replace(found, value=f"{built.value} && {found.value}") if found and built and not script else found


def _start(project: Project) -> Found | None:
    """`npm start`, which may not reload, if it runs the source."""
    script = project.scripts.get("start")
    runs = script and not (
        BUILT.search(script.value) or PRODUCTION.search(script.value) or foreign(project, script.value)
    )
    return Found("npm start", script.where) if script and runs else None


def node_serve(project: Project, application: Application | None) -> Found | None:
    """`npm start`, without npm if it is a single command; else the file in `main`."""
    for key in ("start:prod", "start"):
        script = project.scripts.get(key)
        if not script or foreign(project, script.value):
            continue
        words = split(script.value)
        if words and (words[0] == "node" or (words[0] == "env" and "node" in words)):
            return Found(" ".join(words), script.where)
        return Found("npm start" if key == "start" else f"npm run {key}", script.where)
    target = application.target if application else None
    return Found(f"node {target.value}", target.where) if target else None

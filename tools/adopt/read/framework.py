"""The framework, and the target that a server loads: from dependencies, commands and code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from tools.adopt.found import Application, Found
from tools.adopt.read.containers.values import Values
from tools.adopt.read.django import django
from tools.adopt.read.packages.project import Project
from tools.adopt.read.programs import flask
from tools.adopt.read.programs.starts import Start
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.formats import json_of, table
from tools.adopt.read.text.syntax import dotted, module, path_of

# If there are several, the first counts: a framework comes before the one that it is built on.
FRAMEWORKS = {
    "python": {
        **{name: name for name in ("django", "fastapi", "flask", "litestar", "quart", "starlette", "sanic", "falcon")},
        **{"pyramid": "pyramid", "aiohttp": "aiohttp", "tornado": "tornado", "bottle": "bottle"},
    },
    "node": {
        **{"@nestjs/core": "nestjs", "next": "next", "express": "express", "fastify": "fastify", "koa": "koa"},
        **{"@hapi/hapi": "hapi", "hono": "hono", "restify": "restify"},
    },
}
MANAGES = re.compile(r"\b(execute_from_command_line|\w*ManagementUtility)\(")
WSGI = re.compile(r"""^\s*WSGI_APPLICATION\s*=\s*["']([\w.]+)\.\w+["']""", re.MULTILINE)
# The classes and functions that make an application.
MADE = {
    "flask": re.compile(r"Flask|APIFlask|OpenAPI"),
    "fastapi": re.compile(r"FastAPI"),
    "starlette": re.compile(r"Starlette"),
    "quart": re.compile(r"Quart"),
}
# Not what takes an application: get_url_from_app.
CALLED = re.compile(r"(?:create|make|get|build|start|init)_(?!\w*(?:from|for|of|with)_)\w*app\w*")
FACTORY = re.compile(r"^def ((?:create|make|get|build)_(?:app|application))\(([^)]*)\)", re.MULTILINE)
USUAL = ("wsgi", "asgi", "app", "main", "application", "server", "api", "run", "__init__", "core", "factory")
TARGET = re.compile(r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*(\(.*\))?$")
DOTTED = re.compile(r"^[A-Za-z_]\w*(\.\w+)*$")
RUNS = re.compile(r"(?:^|\s)(?:node|nodemon|ts-node|tsx)\s+(?:-\S+\s+)*(\S+\.[cm]?[jt]s)\b")


def framework_of(project: Project) -> Found | None:
    for name, framework in FRAMEWORKS[project.language.value].items():
        package = project.packages.get(name)
        if package and not package.group:
            return Found(framework, package.where)
    package = project.uses(*FRAMEWORKS[project.language.value])
    return Found(FRAMEWORKS[project.language.value][package.name], package.where) if package else None


def application(files: Files, project: Project, starts: list[Start]) -> Application | None:
    """None: no known framework is among the dependencies, and Django's files are missing."""
    framework = framework_of(project)
    if project.language.value == "node":
        return Application(framework, node_target(files, project, starts)) if framework else None
    manage = manage_of(files, project) if framework is None or framework.value == "django" else None
    framework = framework or (Found("django", manage.where) if manage else None)
    if framework is None:
        return None
    if framework.value == "django":
        return Application(framework, django_target(files, starts), manage)
    return Application(framework, python_target(files, framework.value, starts))


def manage_of(files: Files, project: Project) -> Found | None:
    """manage.py of the folder, else a package that acts as one (`python -m pretalx`), else manage.py further down.

    Else Django's own, if a module sets the settings: `python -m django` needs DJANGO_SETTINGS_MODULE.
    """
    scripts = [name for name in files.named("manage.py", depth=2) if MANAGES.search(files.text(name))]
    if "manage.py" in scripts:
        return Found("python manage.py", files.where("manage.py", MANAGES.pattern))
    built = project.dependencies and project.dependencies.build
    for name in files.named("__main__.py") if built else ():
        package = module(files, name).removesuffix(".__main__")
        if MANAGES.search(files.text(name)) and package in (package.split(".")[0], *_called(project)):
            return Found(f"python -m {package}", files.where(name, MANAGES.pattern))
    entry = next(
        (Found(key, call.where) for key, call in project.scripts.items() if built and _manages(files, call.value)), None
    )
    below = [Found(f"python {name}", files.where(name, MANAGES.pattern)) for name in scripts]
    own = django.running(files, Values(), [])
    there = own and (
        path_of(files, own.value) or (django.is_gone(files, own.value) and django.complete(files) is not None)
    )
    return entry or next(iter(below), None) or (Found(django.PLAIN, own.where) if own and there else None)


def _called(project: Project) -> set[str]:
    return {call.value.split(":")[0].removesuffix(".__main__") for call in project.scripts.values()}


def _manages(files: Files, call: str) -> bool:
    """Whether an entry point's module calls Django's commands."""
    path = call.split(":")[0].replace(".", "/")
    return any(
        MANAGES.search(files.text(f"{base}{path}{end}")) for base in ("", "src/") for end in (".py", "/__init__.py")
    )


def django_target(files: Files, starts: list[Start]) -> Found | None:
    """What runs; else WSGI_APPLICATION; else a wsgi.py; else an asgi.py."""
    said = files.first(WSGI, files.code(".py"))
    bases = (
        (name, "get_wsgi_application" if name == "wsgi.py" else "get_asgi_application")
        for name in ("wsgi.py", "asgi.py")
    )
    there = (
        Found(module(files, n), n)
        for base, call in bases
        for n in files.named(base)
        if n in own(files) and call in files.text(n)
    )
    return started(files, starts) or said or next(there, None)


def own(files: Files) -> frozenset[str]:
    return frozenset(files.code(".py"))


def started(files: Files, starts: list[Start]) -> Found | None:
    """The target that the repository's commands load, if that module exists."""
    for start in starts:
        for word in start.words:
            fits = TARGET.match(word) or (DOTTED.match(word) and "wsgi" in word)
            if fits and _exists(files, word.split(":")[0]):
                return Found(word, start.where)
    return None


def _exists(files: Files, name: str) -> bool:
    path = name.replace(".", "/")
    return any(files.has(f"{base}{path}{end}") for base in ("", "src/") for end in (".py", "/__init__.py"))


def python_target(files: Files, framework: str, starts: list[Start]) -> Found | None:
    """What runs; else an application in a module; else a factory function without required arguments."""
    names = sorted(files.code(".py"), key=_usual)
    made = MADE.get(framework)
    if made is None:
        return started(files, starts)
    if framework == "flask" and (factory := flask.factory_of_group(files, names)):
        return started(files, starts) or factory
    found = [*_assigned(files, made, names), *_named_by_wsgi(files, names), *_assigned(files, CALLED, names)]
    return started(files, starts) or next(iter([*found, *_factories(files, names)]), None)


def _usual(name: str) -> tuple[int, int]:
    stem = PurePosixPath(name).stem
    return name.count("/") - name.startswith("src/"), USUAL.index(stem) if stem in USUAL else len(USUAL)


def _assigned(files: Files, made: re.Pattern[str], names: list[str]) -> Iterator[Found]:
    """The variables of modules that a call of such a function gives a value, also in a branch of an `if`."""
    for name in names:
        tree = files.tree(name) if made.search(files.text(name)) else None
        for node in _statements(tree.body if tree else []):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            called = dotted(_first_call(getattr(node, "value", None))).rpartition(".")[2]
            if isinstance(targets[0], ast.Name) and made.fullmatch(called):
                yield Found(f"{module(files, name)}:{targets[0].id}", f"{name}:{node.lineno}")


def _named_by_wsgi(files: Files, names: list[str]) -> Iterator[Found]:
    """What wsgi.py or asgi.py calls its application, whichever function makes it: servers look for these names."""
    for name in names:
        tree = files.tree(name) if PurePosixPath(name).stem in ("wsgi", "asgi") else None
        for node in _statements(tree.body if tree else []):
            target = getattr(node.targets[0], "id", "") if isinstance(node, ast.Assign) else ""
            if target in ("application", "app") and isinstance(getattr(node, "value", None), ast.Call):
                yield Found(f"{module(files, name)}:{target}", f"{name}:{node.lineno}")


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, with those in its branches, not those in its functions and classes."""
    for node in body:
        yield node
        for part in ("body", "orelse", "handlers", "finalbody"):
            inner = getattr(node, part, []) if isinstance(node, (ast.If, ast.Try, ast.With, ast.ExceptHandler)) else []
            yield from _statements(inner)


def _first_call(node: ast.AST | None) -> ast.AST:
    """What the first call of a chain calls: `create_app` of `create_app().wsgi`."""
    called: ast.AST = ast.Pass()
    while isinstance(node, (ast.Call, ast.Attribute)):
        called = node.func if isinstance(node, ast.Call) else called
        node = node.func if isinstance(node, ast.Call) else node.value
    return called


def _factories(files: Files, names: list[str]) -> Iterator[Found]:
    for name in names:
        for match in FACTORY.finditer(files.text(name)):
            needed = [part for part in match[2].split(",") if part.strip() and "=" not in part and "*" not in part]
            if not needed:
                yield Found(f"{module(files, name)}:{match[1]}()", files.at(name, match.start()))


def _followed(project: Project, key: str) -> Found:
    """A script, or the one that it calls."""
    for _ in project.scripts:
        other = re.fullmatch(r"(?:npm|yarn|pnpm)(?: run)? ([\w:.-]+)", project.scripts[key].value.strip())
        if not other or other[1] not in project.scripts:
            break
        key = other[1]
    return project.scripts[key]


def node_target(files: Files, project: Project, starts: list[Start]) -> Found | None:
    """The file that the running command gives to node; else that of `npm start`; `bin`; `main`; the usual names."""
    lines = [Found(" ".join(start.words), start.where) for start in starts if start.kind == "web"]
    lines += [_followed(project, key) for key in ("start", "serve", "start:prod", "dev") if key in project.scripts]
    for line in lines:
        match = RUNS.search(line.value)
        if match:
            return Found(match[1].removeprefix("./"), line.where)
    manifest = json_of(files, "package.json")
    binary = manifest.get("bin")
    for key, value in (("bin", next(iter(table(binary).values()), binary)), ("main", manifest.get("main"))):
        if isinstance(value, str) and (key == "main" or files.has(value.removeprefix("./"))):
            return Found(value.removeprefix("./"), files.where("package.json", rf'^\s*"{key}"\s*:'))
    usual = [f"{folder}{stem}.js" for folder in ("", "src/") for stem in ("server", "app", "index", "main")]
    return next((Found(name, name) for name in usual if files.has(name)), None)

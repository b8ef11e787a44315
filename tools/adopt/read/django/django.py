"""Django's settings: the module that runs, those that it imports, and the one that reads the database's address."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from tools.adopt.found import Found, Open, Store
from tools.adopt.read.containers.compose import Stack
from tools.adopt.read.containers.values import Values
from tools.adopt.read.django import absent, debugging, logs
from tools.adopt.read.text import paths
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import callee, nodes, path_of, sets, source
from tools.adopt.read.text.variable import Variable
from tools.adopt.read.variables import databases

NAME = "DJANGO_SETTINGS_MODULE"
PLAIN = "python -m django"  # manage.py, if a repository has none
DEFAULT = re.compile(rf"""environ(?:\.setdefault\(\s*|\[)["']{NAME}["'](?:\s*,|\]\s*=)\s*["']([\w.]+)["']""")
# Places that name a module: `--settings=`, an assignment in a Makefile, a workflow, a shell.
NAMED = re.compile(rf"""(?:{NAME}\s*[:=]+\s*|--settings[= ])["']?([A-Za-z_][\w.]*\w)""")
ELSEWHERE = re.compile(
    r"(^|[._])(prod|production|live|staging|stage|test|tests|testing|ci|pytest|heroku|deploy)($|[._\d])"
)
KEY = "SECRET_KEY"
COMPLETE = ("DATABASES", KEY)  # without them Django does not start
CONFIGURES = re.compile(r"_(CONFIG|CONF|SETTINGS)(_FILE|_PATH)?$")
RUNS = re.compile(r"\bexecute_from_command_line\(|ManagementUtility\(")
ASKS = re.compile(rf"""(?:getenv|environ\.get)\(\s*["']{NAME}""")
COMPUTES = re.compile(r"\bglobals\(\)|\blocals\(\)|\bvars\(|\bexec\(|\binclude\(|Configuration\b|__dict__|\bsetattr\(")
LOADED = ("INSTALLED_APPS", "MIDDLEWARE", "MIDDLEWARE_CLASSES")
HOSTS = re.compile(r"^ALLOWED_HOSTS\s*=\s*([^\n]*?[\[(][^\])]*[\])])", re.MULTILINE)
LITERAL = re.compile(r"""["'][\w.:-]+["']\s*[,\])]""")
VALUE = re.compile(rf"{paths.COMPUTED.pattern}|config\.get|dj_database_url|secret\w*\(")
DEVELOPS = re.compile(r"(^|[._])(dev|devel|develop|development|devstack|local|docker|compose)($|[._\d])")


class Settings(NamedTuple):
    """What the settings say of a service; empty if it is not one of Django."""

    module: Found | None = None  # to be set for all commands
    open: tuple[Open, ...] = ()
    notes: tuple[Found, ...] = ()
    loaded: frozenset[str] = frozenset()  # the modules of applications and middleware, by their first part


def examined(files: Files, given: Values, database: Store | None, said: Iterable[Variable]) -> Settings:
    """The settings that run, with the service's database. `said`: the variables that the code reads."""
    module, uncertain, notes = chosen(files, given, database)
    runs = files_that_run(files, given)
    away = outside(files, runs) if database and database.kind.value == "sqlite" else None
    asked = [each(files, runs) for each in (secret, debugging.off, hosts, log)]
    asked += [absent.file(files, [*chain(files, module.value), *runs] if module else runs)]
    points = (uncertain, None if module else elsewhere(files, given, said), lacking(files, given), *asked, away)
    return Settings(module, tuple(one for one in points if one), tuple(notes), named(files, runs))


def running(files: Files, given: Values, scripts: list[str]) -> Found | None:
    """The settings module that commands get: the one in the environment, else the default of manage.py."""
    usual = files.first(DEFAULT, [*scripts, *files.named("manage.py", "wsgi.py", "asgi.py")])
    return given.get(NAME) or usual or files.first(DEFAULT, files.code(".py"))


def module_of(files: Files, name: str) -> str:
    """The module of a file, from the folder of manage.py; from the one around it if that folder is a package."""
    scripts = files.named("manage.py", depth=2)
    base = scripts[0].rpartition("/")[0] if scripts else ""
    while base and files.has(f"{base}/__init__.py"):
        base = base.rpartition("/")[0]
    path = name.removeprefix(f"{base}/" if base else "").removesuffix(".py").removesuffix("/__init__")
    return path.replace("/", ".")


def chain(files: Files, module: str, whole: bool = False) -> list[str]:
    """The files that a settings module is made of, in this repository: itself, what it imports, what it executes.

    `whole`: only those of which it gets all names. What it executes comes before it: that replaces what it set.
    """
    return [*_chain(files, module, whole)]


@lru_cache(maxsize=32)  # ten readers ask for the same
def _chain(files: Files, module: str, whole: bool) -> tuple[str, ...]:
    found: list[str] = []
    todo = [path_of(files, module)]
    while todo and len(found) < 50:
        name = todo.pop()
        if name and name not in found:
            texts = [path for path in _executed(files, name) if path not in found]
            found += [*texts, name]
            imported = [each for file in (*texts, name) for each in _imported(files, file, whole)]
            todo += [path for each in imported if (path := path_of(files, each))]
    return (*found,)


def files_that_run(files: Files, given: Values) -> list[str]:
    """The settings module that commands get, and the files that it is made of; none without one."""
    module = running(files, given, [])
    return chain(files, module.value) if module else []


def _imported(files: Files, name: str, whole: bool) -> Iterator[str]:
    tree = files.tree(name)
    path = module_of(files, name).split(".")
    package = path if name.endswith("/__init__.py") else path[:-1]
    for node in nodes(tree) if tree else ():
        if isinstance(node, ast.ImportFrom) and (not whole or node.names[0].name == "*"):
            stem = source(node, package)
            yield stem
            yield from (f"{stem}.{each.name}" for each in node.names)
        elif isinstance(node, ast.Import) and not whole:
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.Call) and callee(node) == "include":
            # django-split-settings
            words = [word.value for word in node.args if isinstance(word, ast.Constant)]
            yield from (
                ".".join([*package, *str(w).removesuffix(".py").split("/")]) for w in words if str(w).endswith(".py")
            )


def _executed(files: Files, name: str) -> list[str]:
    """The tracked files whose text a settings file executes; it may look for them in several folders."""
    every = nodes(files.tree(name) or ast.Module([], [])) if "exec(" in files.text(name) else ()
    if not any(isinstance(node, ast.Call) and getattr(node.func, "id", "") == "exec" for node in every):
        return []
    words = [node.value for node in every if isinstance(node, ast.Constant) and str(node.value).endswith(".py")]
    paths = [path_of(files, str(word).removesuffix(".py").strip("./")) for word in words]
    return [path for path in dict.fromkeys(paths) if path and path != name]


def settings(files: Files) -> list[str]:
    """The files that are settings modules: they set DATABASES or INSTALLED_APPS, or import all of one that does."""
    own = [
        name for name in files.code(".py") if re.search(r"^(DATABASES|INSTALLED_APPS)\s*[:=+]", files.text(name), re.M)
    ]
    folders = {name.rpartition("/")[0] for name in own if "settings" in name or "config" in name}
    stars = [
        name
        for name in files.code(".py")
        if name.rpartition("/")[0] in folders and re.search(r"^from [\w.]+ import \*", files.text(name), re.M)
    ]
    return list(dict.fromkeys([*own, *stars]))


def aside(files: Files, given: Values) -> set[str]:
    """The settings files that do not run, if those that do read the database's address: theirs do not count."""
    runs = files_that_run(files, given)
    reads = any(_reads(files, name) for name in runs)
    return set(settings(files)) - set(runs) if runs and reads else set()


def named(files: Files, runs: list[str]) -> frozenset[str]:
    """The modules, by their first part, that the settings which run name as applications and middleware."""
    found: set[str] = set()
    for name in runs:
        tree = files.tree(name)
        for node in nodes(tree) if tree else ():
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if any(getattr(target, "id", "") in LOADED for target in targets):
                words = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
                found |= {word.partition(".")[0] for word in words if isinstance(word, str)}
    return frozenset(found)


def _reads(files: Files, name: str) -> bool:
    """Whether DATABASES gets a value that code reads: an address can be given."""
    return any(VALUE.search(value) for value in databases.set_in(files, name))


def corrected(files: Files, given: Values) -> tuple[Values, list[Found]]:
    """The values with which the settings have the service's database, and a note for each that changed."""
    given, about = completed(files, given)
    given, more = switched(files, given)
    return given, [*about, *more]


def completed(files: Files, given: Values) -> tuple[Values, list[Found]]:
    """The values with another settings module, and a note, if the one that runs has no database and another has."""
    module = running(files, given, [])
    gone = module is not None and is_gone(files, module.value)
    if module is None or not (gone or _lacks_database(files, module.value)):
        return given, []
    best = complete(files)
    if best is None:
        return given, []
    found = Found(module_of(files, best), best)
    why = "is not in the repository" if gone else "has no DATABASES"
    note = f"{module.value}, which runs ({module.where}), {why}; {found.value} is set for all commands"
    return replace(given, run={**given.run, NAME: found}), [Found(note, best)]


def is_gone(files: Files, module: str) -> bool:
    """Whether git ignores a settings module of a package that is here, and there is no example of it."""
    folder, _, last = module.rpartition(".")
    package = path_of(files, folder) if folder else ""
    near = [name.rpartition("/")[2] for name in files.names if package.rpartition("/")[0] == name.rpartition("/")[0]]
    example = any(re.match(rf"{re.escape(last)}\W.*|.*(example|sample|template|dist)", name) for name in near)
    return package.endswith("/__init__.py") and not path_of(files, module) and not example


def complete(files: Files) -> str | None:
    """The settings file, best one for development, that has all that Django needs to start."""
    made = {name: chain(files, module_of(files, name), whole=True) for name in settings(files)}
    able = [n for n, parts in made.items() if all(any(w in files.text(p) for p in parts) for w in COMPLETE)]
    fit = [name for name in able if not ELSEWHERE.search(module_of(files, name))]
    return next(iter(sorted(fit, key=lambda name: not DEVELOPS.search(module_of(files, name)))), None)


def _lacks_database(files: Files, module: str) -> bool:
    """Whether a settings module has no DATABASES, which it does not compute, and another module has."""
    parts = chain(files, module, whole=True)
    if not parts or any("DATABASES" in files.text(name) or COMPUTES.search(files.text(name)) for name in parts):
        return False
    return any(databases.set_in(files, name) for name in settings(files))


def lacking(files: Files, given: Values) -> Open | None:
    """An open point if the settings that run have no DATABASES."""
    module = running(files, given, [])
    if module is None or not _lacks_database(files, module.value):
        return None
    what = Found(f"the settings module for development: {module.value}, which runs, has no DATABASES", module.where)
    return Open(what, f"{NAME}: {module.value}")


def secret(files: Files, runs: list[str]) -> Open | None:
    """An open point if SECRET_KEY is only set to an empty text, or made of it: Django refuses to start."""
    found = [(name, *one) for name in runs for one in sets(files, name, KEY)]
    empty = [(name, line) for name, line, value in found if isinstance(value, ast.Constant) and not value.value]
    derived = [line for _, line, value in found if any(getattr(each, "id", "") == KEY for each in ast.walk(value))]
    if not empty or len(empty) + len(derived) < len(found):
        return None
    name, line = empty[0]
    return Open(Found("SECRET_KEY is empty", f"{name}:{line}"), f'in {name}: {KEY} = "development-only"')


def switched(files: Files, given: Values) -> tuple[Values, list[Found]]:
    """The values without those that make the settings use another database than ours, and a note for each."""
    runs = files_that_run(files, given)
    off = {name: where for file in runs for name, where in databases.switches(files, file) if given.get(name)}
    kept = [{key: one for key, one in each.items() if key not in off} for each in given.sources]
    notes = [Found(f"{name} is not set: with it the database has a fixed host", where) for name, where in off.items()]
    return replace(given, run=kept[0], image=kept[1], example=kept[2], production=kept[3]), notes


def hosts(files: Files, runs: list[str]) -> Open | None:
    """An open point if the settings that run have a list of hosts, in which the one of our URL is not."""
    for name in runs:
        text = files.text(name)
        match = HOSTS.search(text)
        computed = match and (VALUE.search(match[1]) or re.search(r"env|\*|\.localhost\b", match[1]))
        again = len(sets(files, name, "ALLOWED_HOSTS")) > (1 if match else 0)
        if again or (match and (computed or not LITERAL.search(match[1]))):
            return None  # computed, changed further down, or empty, with which Django allows .localhost
        if match:
            where = files.at(name, match.start())
            what = Found("ALLOWED_HOSTS has no .localhost, so the pages of the service's URL are 400", where)
            return Open(what, f'in {name}: ALLOWED_HOSTS = [..., ".localhost"]')
    return None


def outside(files: Files, runs: list[str]) -> Open | None:
    """An open point if SQLite's file has a folder that only production's machine has."""
    for name in runs:
        if databases.set_in(files, name):  # the module that runs is the first one, and replaces what it imports
            found = databases.outside(files, name)
            what = f"nothing makes the folder of SQLite's file {found.value}" if found else ""
            return Open(Found(what, found.where), f'in {name}: "NAME": BASE_DIR / "db.sqlite3"') if found else None
    return None


def elsewhere(files: Files, given: Values, said: Iterable[Variable]) -> Open | None:
    """An open point if a variable names the settings file to take, and there is none in the repository.

    Or if the program that runs Django's commands reads it, and not the settings module of the environment.
    """
    module, there = running(files, given, []), settings(files)
    lost = not (module and path_of(files, module.value))
    for one in said if there else ():
        text = files.text(one.where.rpartition(":")[0])
        names_one = CONFIGURES.search(one.name) and (".py" in one.near or not lost)
        if names_one and not given.get(one.name) and (lost or (RUNS.search(text) and not ASKS.search(text))):
            what = f"the settings file for development, which {one.name} names"
            return Open(Found(what, one.where), f"{one.name}: {there[0]}")
    return None


def log(files: Files, runs: list[str]) -> Open | None:
    """An open point if a log file has a folder that only production's machine has."""
    for name in runs:
        found = logs.without_folder(files, name)
        if found:
            what = Found(f"nothing makes the folder of the log {found.value}", found.where)
            return Open(what, f'in {name}: "filename": "/dev/null"')
    return _log_folder(files, runs)


def _log_folder(files: Files, runs: list[str]) -> Open | None:
    """An open point if a setting names a folder for logs, which nothing makes."""
    found = logs.folder_of_a_setting(files, runs)
    if not found:
        return None
    setting, folder = found
    what = Found(f"nothing makes the folder {folder.value} of {setting}, into which logs are written", folder.where)
    return Open(what, f'in {folder.where.rpartition(":")[0]}: {setting} = "/tmp"')


def file_that_runs(files: Files, given: Values, database: Store | None, stack: Stack) -> Store | None:
    """SQLite, if the module that runs has it, and neither a variable nor a compose file leads to a server."""
    module = running(files, given, [])
    if database is None or database.variables or module is None or stack.stores(database.kind.value):
        return None
    own = next((name for name in chain(files, module.value) if databases.set_in(files, name)), "")
    values = databases.set_in(files, own) if own else []
    if not values or not all("sqlite3" in value and not VALUE.search(value) for value in values):
        return None
    return Store(Found("sqlite", files.where(own, r"sqlite3")))


def chosen(files: Files, given: Values, database: Store | None) -> tuple[Found | None, Open | None, list[Found]]:
    """The settings module to set, an open point if it is not certain, and a note about it.

    Both are None if the module that runs reads the database's address, or if there is no server to reach.
    """
    module = running(files, given, [])
    if database is None or database.kind.value == "sqlite":
        return None, None, []
    places = _places(database.variables)
    runs = chain(files, module.value) if module else []
    if not places or any(place in runs for place in places):
        return None, None, []
    read = re.compile(rf"[\"']{re.escape(next(iter(database.variables.values())).value)}[\"']")
    made_of = {name: chain(files, module_of(files, name)) for name in settings(files)}
    reads = {part for parts in made_of.values() for part in parts if part in places or read.search(files.text(part))}
    every = [name for name, parts in made_of.items() if reads & set(parts)]
    names = [module_of(files, name) for name in every]
    said = {match[1] for match, _ in files.search(NAMED, _texts(files))}
    fit = [name for name in names if not ELSEWHERE.search(name)]
    best = next(iter(sorted(fit, key=lambda n: (n not in said, not DEVELOPS.search(n), names.index(n)))), None)
    if module and not runs and not (best and DEVELOPS.search(best)):
        return None, None, []  # a file that its owner makes
    variable = next(iter(database.variables.values()))
    why = "no settings module is set"
    if module:
        why = f"{module.value}, which runs ({module.where}), does not read {variable.value}"
    if best:
        where = path_of(files, best)
        return Found(best, variable.where), None, [Found(f"{why}; {best} reads it, and is set for all commands", where)]
    example = names[0] if names else module.value if module else "config.settings"
    what = Found(
        f"the settings module for development: {why}; {', '.join(names) or 'another one'} reads it", variable.where
    )
    return None, Open(what, f"{NAME}: {example}"), []


def _places(variables: Mapping[str, Found]) -> set[str]:
    return {
        found.where.rpartition(":")[0] for found in variables.values() if found.where.partition(":")[0].endswith(".py")
    }


def _texts(files: Files) -> list[str]:
    """The files in which people and machines name a settings module."""
    names = files.named("Makefile", "justfile", "*.sh", "Procfile*", "*.yml", "*.yaml", "*.toml", "tox.ini", depth=3)
    return [*names, *files.named("Dockerfile*", depth=2)]

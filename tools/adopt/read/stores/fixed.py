"""The address of the database as a constant in code or in a file that it reads: no variable can lead to our server."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from tools.adopt.found import Found, Open, Store
from tools.adopt.read.packages.project import Project
from tools.adopt.read.stores.kinds import KINDS, Facts, scheme
from tools.adopt.read.text import filed
from tools.adopt.read.text.files import ASIDE, Files
from tools.adopt.read.text.syntax import settings, text
from tools.adopt.read.variables import databases
from tools.adopt.read.variables.candidates import SCHEMES
from tools.adopt.read.variables.roles import role_of

ADDRESS = re.compile(r"(sqlite|postgres(ql)?|mysql|mariadb)(\+\w+)?://")
DRIVERS = {"postgres": "psycopg2-binary", "mysql": "mysqlclient"}
SAID = {"sqlite": "sqlite", "postgres": "postgres", "postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}
PREFIXED = re.compile(r"""\bfrom_prefixed_env\(\s*(?:prefix\s*=\s*)?(?:["'](\w+)["'])?""")
VARIABLE = "DATABASE_URL"


def with_variable(facts: Facts, database: Store | None) -> tuple[Store | None, list[Open]]:
    """The database with a variable, and an open point to read it where code has a constant.

    With Flask's `from_prefixed_env`, a variable replaces the constant anyway. Without a database, it is the one of the
    constant. Both stay as they are if a variable is known, or if there is no such constant.
    """
    if database and (database.kind.value == "sqlite" or database.variables):
        return database, []
    options = filed.options(facts.files)
    for name in of_settings(facts):
        found = list(_constants(facts.files, name, options))
        kind = next((SAID[value.partition("://")[0].partition("+")[0]] for _, value, _ in found), "sqlite")
        if not found or (database is None and kind == "sqlite"):
            continue
        where = f"{name}:{found[0][2]}"
        store = database or Store(Found(kind, where))
        prefixed = next(facts.files.search(PREFIXED, facts.code), None)
        variable = f"{prefix(prefixed[0])}_{found[0][0]}" if prefixed else VARIABLE
        lines = "\n".join(f'in {name}: {key} = os.environ["{VARIABLE}"]' for key, *_ in found)
        store = replace(
            store,
            variables={"url": Found(variable, prefixed[1] if prefixed else where)},
            scheme=scheme(facts, store.kind.value, SCHEMES["sqlite"], ""),  # the constant's may be another database's
        )
        place = next((f"in {one.where}" for one in options.values() if one.value == found[0][1]), "a constant")
        point = Open(Found(f"the database's address is {place}, and has to be {VARIABLE}'s", where), lines)
        return store, [] if prefixed else [point]
    return database, []


def prefix(called: re.Match[str] | None) -> str:
    """What the names of variables begin with that `from_prefixed_env` reads. `called`: a match of PREFIXED."""
    return (called[1] if called else None) or "FLASK"


def with_port(files: Files, runs: list[str], database: Store | None) -> tuple[Store | None, list[Open]]:
    """The database with a variable for its port, and an open point to read it where Django's settings have a constant.

    Without containers, each service's server has another port.
    """
    host = database.variables.get("host") if database else None
    found = databases.fixed_port(files, runs) if host and database and "port" not in database.variables else None
    if not (found and host and database):
        return database, []
    name = re.sub(r"(HOSTNAME|HOST|SERVER|ADDRESS|ADDR)$", "PORT", host.value)
    name = name if name.endswith("PORT") else "DB_PORT"
    store = replace(database, variables={**database.variables, "port": Found(name, found.where)})
    what = f"the database's port is the constant {found.value}, and has to be {name}'s"
    return store, [Open(Found(what, found.where), f'in {found.where.rpartition(":")[0]}: "PORT": os.environ["{name}"]')]


def driver(project: Project, database: Store) -> Found | None:
    """The package that SQLAlchemy takes for a URL without a driver's name, if no driver is listed.

    One in a group of developers is not installed for the service; one in an extra is, where the project is built.
    """
    alchemy = project.uses("sqlalchemy", "flask-sqlalchemy")
    usual = DRIVERS.get(database.kind.value)
    listed = [project.packages[name] for name in KINDS[database.kind.value] if name in project.packages]
    if not alchemy or not usual or any(one.extra or not one.group for one in listed):
        return None
    return Found(usual, alchemy.where)


def of_settings(facts: Facts) -> list[str]:
    """The files of Python's code; Flask's configuration files are Python, too, whatever their names."""
    if facts.project is None or facts.project.language.value != "python":
        return []
    files = facts.files.named("*.conf", "*.cfg") if facts.framework == "flask" else []
    return [*facts.code, *(name for name in files if not ASIDE.search(f"/{name}"))]


def _constants(files: Files, name: str, options: Mapping[str, Found]) -> Iterator[tuple[str, str, int]]:
    """The names, values and lines of settings with an address. `options`: those that files have, by name."""
    content = files.text(name)
    tree = files.tree(name) if ADDRESS.search(content) or any(key in content for key in options) else None
    for key, value in settings(tree) if tree else ():
        role = role_of(key, "database")
        if role and role.role == "url":
            words = filed.words(value)
            if not key.isupper() and any(word.isupper() and role_of(word, "database") for word in words):
                continue  # it reads a setting, and is none
            known = (options[word].value for word in words if word in options)
            address = text(value) or next(known, "")
            if ADDRESS.match(address):
                yield key, address, value.lineno

"""The kind of a database and the scheme of its URL, from images, addresses, engine names and drivers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tools.adopt.found import Found
from tools.adopt.read.containers.compose import Stack
from tools.adopt.read.packages.project import Project
from tools.adopt.read.text.files import Files
from tools.adopt.read.variables.candidates import BOTH, READ, Candidate, choose
from tools.adopt.read.variables.roles import role_of

NO_DRIVER = "no driver for"  # how the note about that begins
# Drivers; if there are several, the first decides the scheme of a URL.
KINDS = {
    "postgres": (
        *("psycopg2", "psycopg2-binary", "psycopg", "psycopg-binary", "asyncpg", "pg8000", "aiopg", "psycopg2cffi"),
        *("pg", "postgres", "pg-promise", "slonik", "@prisma/adapter-pg", "db-migrate-pg"),
    ),
    "mysql": ("mysqlclient", "pymysql", "aiomysql", "asyncmy", "mysql-connector-python", "mysql2", "mysql", "mariadb"),
    "sqlite": ("aiosqlite", "sqlite3", "better-sqlite3"),
    "redis": (
        "redis",
        "ioredis",
        "django-redis",
        "aioredis",
        "hiredis",
        "redis-py",
        "@redis/client",
        "connect-redis",
        "bullmq",
    ),
}
# What a variable that chooses the kind may be set to.
WORDS = {
    "postgres": r"postgresql(?:_psycopg2)?|postgres|postgis|pg",
    "mysql": r"mysql2?|mariadb",
    "sqlite": r"sqlite3?",
}
CHOOSES = re.compile(r"(?:\w+_)?(?:DB|DATABASE)(?:_(?:TYPE|KIND|ENGINE|BACKEND|DRIVER|DIALECT|CLIENT|VENDOR))?")
ENGINES = {
    "postgres": re.compile(
        r"""(?:django\.(?:contrib\.gis\.)?db\.backends\.post(?:gresql|gis)|\bpostgres(?:ql)?(?:\+\w+)?://"""
        r"""|(?:client|dialect|provider|type)["']?\s*[:=]\s*["'](?:pg|postgres(?:ql)?)["'])"""
    ),
    "mysql": re.compile(
        r"""(?:django\.(?:contrib\.gis\.)?db\.backends\.mysql|\b(?:mysql|mariadb)(?:\+\w+)?://"""
        r"""|(?:client|dialect|provider|type)["']?\s*[:=]\s*["'](?:mysql2?|mariadb)["'])"""
    ),
    "sqlite": re.compile(r"""(?:django\.db\.backends\.sqlite3|\bsqlite(?:\+\w+)?:///?|["']sqlite3?["'])"""),
}
SQLITE = re.compile(r"sqlite\d?(\+\w+)?:///")
CONNECTS = re.compile(r"^[^#\n]*\bsqlite3\.connect\(", re.MULTILINE)
SECOND = re.compile(r"""DATABASES\[["'](?!default\b)\w+["']\]\s*=\s*\{[^}]*$""")
SERVERS = ("postgres", "mysql")
CONFIGURED = re.compile(
    r"(^|/)([^/]*(settings?|config|database|db|knexfile|data-?source|ormconfig|schema)[^/]*|alembic)(/|\.)", re.I
)
# SQLAlchemy's scheme for each driver.
DIALECTS = {
    "psycopg2": "postgresql+psycopg2",
    "psycopg2-binary": "postgresql+psycopg2",
    "psycopg": "postgresql+psycopg",
    "psycopg-binary": "postgresql+psycopg",
    "asyncpg": "postgresql+asyncpg",
    "pg8000": "postgresql+pg8000",
    "mysqlclient": "mysql+mysqldb",
    "pymysql": "mysql+pymysql",
    "aiomysql": "mysql+aiomysql",
    "asyncmy": "mysql+asyncmy",
    "mysql-connector-python": "mysql+mysqlconnector",
}
ASYNCHRONOUS = ("asyncpg", "aiomysql", "asyncmy", "psycopg", "psycopg-binary")
# A scheme without which code refuses a URL; two of them are two ways.
ASKED = re.compile(r"""\bnot\s+[\w.]+\.startswith\(\s*["'](\w+)://""")
SAID = {"postgres": ("postgres", "postgresql"), "mysql": ("mysql", "mariadb"), "redis": ("redis",), "sqlite": ()}
PLAIN = {"postgres": "postgresql", "mysql": "mysql", "redis": "redis", "sqlite": "sqlite"}


@dataclass(frozen=True)
class Facts:
    """The findings that the reading of stores needs."""

    files: Files
    project: Project | None
    framework: str
    code: tuple[str, ...]

    def driver(self, kind: str) -> Found | None:
        package = self.project.uses(*KINDS[kind]) if self.project else None
        return Found(kind, package.where) if package else None

    def engine(self, kind: str) -> Found | None:
        """An engine's name in files that configure: settings, knexfile, alembic.ini, schema.prisma."""
        names = [name for name in self.code if CONFIGURED.search(name)]
        names += self.files.named("alembic.ini", "schema.prisma", "ormconfig.json", depth=3)
        found = self.files.search(ENGINES[kind], names)
        return next((Found(kind, where) for match, where in found if not (_commented(match) or _second(match))), None)

    def connects(self) -> Found | None:
        """Where code opens a file of SQLite with Python's own module."""
        return next((Found("sqlite", where) for _, where in self.files.search(CONNECTS, self.code)), None)


def _second(match: re.Match[str]) -> bool:
    """Whether it is in Django's settings of a database that is not the default one."""
    return bool(SECOND.search(match.string, 0, match.start()))


def _commented(match: re.Match[str]) -> bool:
    line = match.string[match.string.rfind("\n", 0, match.start()) + 1 : match.start()]
    return line.lstrip().startswith(("#", "//", ";", "*"))


def kind_of_database(facts: Facts, stack: Stack, every: list[Candidate]) -> tuple[Found | None, list[Found]]:
    """The one that a variable of the service chooses; else the database in compose, an address's scheme, a driver, an
    engine's name; SQLite if none is found.
    """
    chosen = _chosen(every, BOTH)
    if chosen is None and not any(_driver(facts, kind, grouped=False) or _image(stack, kind) for kind in SERVERS):
        # No server was meant to be installed: a default counts, and the address of a file.
        chosen = _chosen(every, READ) or _file(every)
    if chosen:
        return chosen, _missing_driver(facts, chosen.value) if chosen.value in SERVERS else []
    says = [_image(stack, kind) for kind in SERVERS]
    says += [_address(every, kind) for kind in SERVERS]
    drivers = [_driver(facts, kind, grouped=False) for kind in SERVERS]
    engines = [one for kind in SERVERS if facts.framework == "django" and (one := facts.engine(kind))]
    if len(engines) == 1 and engines[0].value not in [one.value for one in drivers if one][:1]:
        says += engines  # settings say which one; drivers of others may be installed, too
    says += drivers
    says += [facts.engine(kind) for kind in SERVERS]
    optional = [_driver(facts, kind, grouped=True) for kind in SERVERS]
    found = [one for one in says if one]
    # A driver in an extra is optional: it only counts if a variable can select it.
    found += [one for one in optional if one and (found or choose(every, "database", one.value))]
    if not found:
        small = facts.driver("sqlite") or facts.engine("sqlite") or facts.connects()
        return small, [
            Found(f"there is a driver for {one.value}, but no variable for it", one.where) for one in optional if one
        ]
    return found[0], [*_other(found), *_missing_driver(facts, found[0].value)]


def _chosen(every: list[Candidate], rank: int) -> Found | None:
    """The kind that the code is given by name, as the service runs (`DB: SQLITE`), or by default."""
    for one in every:
        for kind, words in WORDS.items() if one.rank == rank and CHOOSES.fullmatch(one.name) else ():
            if re.fullmatch(rf"(?:[\w.]*\.)?(?:{words})", one.value, re.IGNORECASE):
                return Found(kind, one.where)
    return None


def _file(every: list[Candidate]) -> Found | None:
    """SQLite, if that is what the first known address of the database says."""
    urls = [one for one in every if one.value and (role := role_of(one.name, "database")) and role.role == "url"]
    first = min(urls, key=lambda one: one.rank, default=None)
    return Found("sqlite", first.where) if first and SQLITE.match(first.value) else None


def _image(stack: Stack, kind: str) -> Found | None:
    images = [service.image for service in stack.stores(kind) if service.image]
    return Found(kind, images[0].where) if images else None


def _address(every: list[Candidate], kind: str) -> Found | None:
    for one in sorted(every, key=lambda one: one.rank):
        if ENGINES[kind].match(one.value) and "://" in one.value:
            return Found(kind, one.where)
    return None


def _driver(facts: Facts, kind: str, grouped: bool) -> Found | None:
    package = facts.project.uses(*KINDS[kind]) if facts.project else None
    return Found(kind, package.where) if package and bool(package.group) is grouped else None


def _other(found: list[Found]) -> list[Found]:
    second = next((one for one in found if one.value != found[0].value), None)
    return (
        [Found(f"{second.value} is possible too; {found[0].value} is used, see {found[0].where}", second.where)]
        if second
        else []
    )


def _missing_driver(facts: Facts, kind: str) -> list[Found]:
    """A driver that a plain installation does not include: it is in an extra, or missing."""
    package = facts.project.uses(*KINDS[kind]) if facts.project else None
    if package is None:
        where = facts.project.language.where if facts.project else ""
        return [Found(f"{NO_DRIVER} {kind} is among the dependencies", where)] if where else []
    return (
        [Found(f"the driver {package.name} is in the extra or group `{package.group}`", package.where)]
        if package.group
        else []
    )


def scheme(facts: Facts, kind: str, pattern: re.Pattern[str], value: str) -> str:
    """The URL's scheme: from an example of this variable; the one that code asks for; SQLAlchemy's; the plain one."""
    match = pattern.match(value)
    if match:
        return match[1]
    asked = {match[1] for match, _ in facts.files.search(ASKED, facts.code)} & {*SAID[kind]}
    if len(asked) == 1:
        return asked.pop()
    alchemy = facts.project and facts.project.uses(
        "sqlalchemy", "flask-sqlalchemy", "sqlmodel", "flask-sqlalchemy-lite"
    )
    drivers = [name for name in KINDS[kind] if facts.project and name in facts.project.packages and name in DIALECTS]
    if not (alchemy and drivers):
        return PLAIN[kind]
    waits = any(True for _ in facts.files.search(re.compile("create_async_engine"), facts.code))
    fit = [name for name in drivers if (name in ASYNCHRONOUS) == waits]
    return DIALECTS[(fit or drivers)[0]]

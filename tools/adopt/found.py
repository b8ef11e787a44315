"""What a repository says of itself, and where: the only thing that reading and filling in share.

Nothing in here is a guess. What no file says is None (or empty) and becomes an open point for the owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Found:
    """One value, and the file (with its line, where it has one) that says so: `pyproject.toml:12`."""

    value: str
    where: str


@dataclass(frozen=True)
class Dependencies:
    """How the dependencies are installed.

    `manager`: uv, poetry, pip or npm. `files`: those that the installation needs and nothing else, lock files among
    them. `locked`: whether one of them is a lock. `build`: the project itself is installed too (an sdist with a
    build system), which takes its whole source. `extras`: those of its own extras that the driver of the database,
    the framework or the test runner is in: `.[postgres,dev]`.
    """

    manager: Found
    files: tuple[str, ...]
    locked: bool
    build: bool = False
    extras: tuple[str, ...] = ()


@dataclass(frozen=True)
class Application:
    """The code that serves HTTP.

    `framework`: django, flask, fastapi, express, or another name that a dependency gave it. `target`: what a server
    loads: `config.wsgi` or `shop.app:create_app()` in Python, `dist/server.js` in Node. `manage`: in Django, how its
    commands are called: `python manage.py`, `python -m pretalx`.
    """

    framework: Found
    target: Found | None = None
    manage: Found | None = None


@dataclass(frozen=True)
class Commands:
    """Commands as words of one line, split like a shell would; None: no file says it.

    `develop` and `serve` hold `{bind}` and `{port}` where the address goes; `reads_port` is the variable that the code
    reads its port from, where it takes it from the environment.
    """

    develop: Found | None = None
    serve: Found | None = None
    test: Found | None = None
    migrate: Found | None = None
    pending: Found | None = None
    seed: Found | None = None
    worker: Found | None = None


@dataclass(frozen=True)
class Store:
    """A database or cache: `kind` postgres, mysql, sqlite or redis; `image` where a compose file names one.

    `variables`: by role (host, port, name, user, password, url; password_file is not one) the variable that the code
    reads. `scheme`: for a url, what stands before `://`, with its driver: `postgresql+psycopg2`, `redis`.
    `constants`: other variables that choose this kind, such as `PRETALX_DB_TYPE=postgresql`. `others`: of a cache,
    further variables that take an address of it, with what the repository gives them: a worker's broker.
    """

    kind: Found
    image: Found | None = None
    variables: Mapping[str, Found] = field(default_factory=dict)
    scheme: str = ""
    constants: Mapping[str, Found] = field(default_factory=dict)
    others: Mapping[str, Found] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """All that was found. `service` alone is always there: it is the folder's name where nothing better is."""

    service: Found
    language: Found | None = None  # python or node
    version: Found | None = None  # of the language: 3.12, 20
    dependencies: Dependencies | None = None
    application: Application | None = None
    migrations: Found | None = None  # django, alembic, flask-migrate, knex, prisma, …: the tool
    migration_files: tuple[str, ...] = ()  # patterns for state:
    commands: Commands = Commands()
    database: Store | None = None
    cache: Store | None = None
    port: Found | None = None
    reads_port: Found | None = None  # the variable that the code takes its port from
    reads_host: Found | None = None  # and its address
    health: Found | None = None  # a path: /health
    environment: Mapping[str, Found] = field(default_factory=dict)  # other variables with their development values
    packages: tuple[Found, ...] = ()  # of the operating system, from an existing Dockerfile: libpq5
    notes: tuple[Found, ...] = ()  # what the owner should know: "makefile target `test`", "compose service worker"

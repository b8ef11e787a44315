"""The findings in a repository, with their places: the only interface between reading and filling in.

Nothing in here is a guess. A value that no file contains is None (or empty) and becomes an open point for the owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Found:
    """One value, and the file (and line, if known) that contains it: `pyproject.toml:12`."""

    value: str
    where: str


@dataclass(frozen=True)
class Open:
    """A finding that no file of ours can have without its owner: it becomes an open point.

    `file`: environment, health or services (of the compose file), or image; `example`: the line to write; for
    health, the page to ask for.
    """

    what: Found
    example: str
    file: str = "environment"


@dataclass(frozen=True)
class Dependencies:
    """How the dependencies are installed.

    `manager`: uv, poetry, pipenv, pip, npm, pnpm or yarn; `release`: for the last two, their package of npm,
    `pnpm@9.15.9`. `files`: exactly the files (and folders) that the installation needs, including lock files.
    `locked`: whether one of them is a lock. `build`: the project itself is installed too (an sdist with a build
    system), which needs its whole source. `extras`: the project's extras with the database driver, the framework or
    the test runner: `.[postgres,dev]`. `package`: the member of a uv workspace to install; `shared`: it is
    the workspace of npm, pnpm or Yarn that is installed. `more`: what the code needs and no file lists. `hooks`: the
    manifests with scripts that npm runs in an installation; `patched`: one of them calls patch-package.
    """

    manager: Found
    files: tuple[str, ...]
    locked: bool
    build: bool = False
    extras: tuple[str, ...] = ()
    package: str = ""
    release: str = ""
    shared: bool = False
    more: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    patched: bool = False

    @property
    def is_berry(self) -> bool:
        """Whether the manager is Yarn 2 or later, which is another package than Yarn 1."""
        return self.release.startswith("@yarnpkg/")


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
    """Commands as words of one line, split like in a shell; None: no file contains it.

    `develop` and `serve` have `{bind}` and `{port}` for the address; `reads_port` is the variable that the code reads
    its port from, if there is one.
    """

    develop: Found | None = None
    serve: Found | None = None
    test: Found | None = None
    migrate: Found | None = None
    pending: Found | None = None
    seed: Found | None = None
    seed_files: tuple[str, ...] = ()  # what a script of package.json seeds from
    build: Found | None = None  # makes what production runs from the source: npm run build
    worker: Found | None = None
    workers: Mapping[str, Found] = field(default_factory=dict)  # further ones by name: beat, consumers


@dataclass(frozen=True)
class Store:
    """A database or cache: `kind` postgres, mysql, sqlite or redis; `image` if a compose file names one.

    `variables`: by role (host, port, name, user, password, url; password_file is not one) the variable that the code
    reads. `scheme`: for a url, the part before `://`, with its driver: `postgresql+psycopg2`, `redis`;
    `options`: the part after `?`.
    `constants`: other variables that choose this kind, such as `PRETALX_DB_TYPE=postgresql`. `others`: of a cache,
    further variables that take an address of it, with what the repository gives them: a worker's broker.
    `copies`: of a database, the variables of a read replica, with their role: in development it is the same server.
    """

    kind: Found
    image: Found | None = None
    variables: Mapping[str, Found] = field(default_factory=dict)
    scheme: str = ""
    options: str = ""
    constants: Mapping[str, Found] = field(default_factory=dict)
    others: Mapping[str, Found] = field(default_factory=dict)
    copies: Mapping[str, Found] = field(default_factory=dict)


@dataclass(frozen=True)
class Backing:
    """A server that only containers can run: `variables` take its address, with the value for our service `kind`."""

    kind: str
    title: Found
    image: Found | None
    usual: str
    port: int
    variables: Mapping[str, Found] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    memory: str = "128m"
    sure: bool = True  # it runs in a compose file, or there is a driver for it
    hosts: tuple[str, ...] = ()  # its names in the repository's compose file, which code may have


@dataclass(frozen=True)
class Reading:
    """Everything that was found. Only `service` is always set: by default it is the folder's name."""

    service: Found
    language: Found | None = None  # python, node, or one of read/others.py
    version: Found | None = None  # of the language: 3.12, 20
    newest: Found | None = None  # the newest version that works with the pinned packages, if they have a limit
    oldest: Found | None = None  # the lowest version of it that works, if a file says so
    dependencies: Dependencies | None = None
    application: Application | None = None
    migrations: Found | None = None  # django, alembic, flask-migrate, knex, prisma, …: the tool
    migration_files: tuple[str, ...] = ()  # patterns for state:
    commands: Commands = Commands()
    database: Store | None = None
    extensions: tuple[Found, ...] = ()  # of PostgreSQL, which only a superuser creates: postgis
    cache: Store | None = None
    backing: tuple[Backing, ...] = ()
    port: Found | None = None
    reads_port: Found | None = None  # the variable that the code takes its port from
    reads_host: Found | None = None  # and its address
    health: Found | None = None  # a path: /health
    renders: bool = False  # the health page has a template, and is open to all
    own_urls: Mapping[str, Found] = field(default_factory=dict)  # variables with the service's own URL
    environment: Mapping[str, Found] = field(default_factory=dict)  # other variables with their development values
    packages: tuple[Found, ...] = ()  # of the operating system: libpq5
    build_packages: tuple[Found, ...] = ()  # only to install the dependencies: libpq-dev
    variant: Found | None = None  # of the language's image, as a Dockerfile has it: slim-bullseye, alpine, or empty
    own_image: Found | None = None  # of a language without a stack: the text of its Dockerfile
    own_ignore: str = ""  # and of its .dockerignore
    open: tuple[Open, ...] = ()  # found, and not written
    notes: tuple[Found, ...] = ()  # what the owner should know: "makefile target `test`", "compose service worker"

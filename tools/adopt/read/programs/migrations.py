"""The migration tool: its files, the command that applies them, the command that checks for pending ones."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

from tools.adopt.found import Application, Found
from tools.adopt.read.packages.project import Project, allows
from tools.adopt.read.programs import flask
from tools.adopt.read.programs.starts import Start
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.formats import ini_of, table, toml_of

CHECK_HEADS = "1.17.1"  # the first Alembic with `current --check-heads`
CHECK = "3.1"  # the first Django with `migrate --check`
STATUS = "4.3"  # the first Prisma whose `migrate status` ends with exit code 1
SCRIPTS = (
    "migrate",
    "db:migrate",
    "migrate:latest",
    "migrate:up",
    "migration:run",
    "migrations:run",
    "db:migrate:deploy",
)
REVISION = r"^[[:alnum:]_]+( \([a-z ]+\))*$"  # a line of `alembic current`; code may print others
FIRST = re.compile(r"^down_revision\b[^=\n]*=\s*None\b", re.MULTILINE)
# Alembic's own recipe for an empty database: all tables as they are now, then the newest revision is noted.
STAMPS = re.compile(r"""\bstamp\([^()]*["']heads?["']""")
MIGRATE = re.compile(r"\bMigrate\(|\bflask_migrate\b")
OWN = re.compile(r"(^|/)migrations/\d[^/]*\.(py|js|cjs|mjs|ts|sql)$")
DIRECTORY = re.compile(r"""\bdirectory\s*:\s*["']([^"']+)["']""")


@dataclass(frozen=True)
class Migrations:
    tool: Found
    files: tuple[str, ...] = ()
    migrate: Found | None = None
    pending: Found | None = None
    notes: tuple[Found, ...] = ()


def migrations(
    files: Files, project: Project, application: Application | None, starts: list[Start]
) -> Migrations | None:
    """The first tool that is found. The repository's own release command is preferred to our default."""
    for reader in READERS:
        found = reader(files, project, application)
        if found:
            release = next((s for s in starts if s.kind == "release" and re.search(r"migrat|upgrade", s.line)), None)
            script = next((key for key in SCRIPTS if project.language.value == "node" and key in project.scripts), None)
            own = _script(project, script) if script else None
            migrate = (Found(release.line, release.where) if release else None) or own or found.migrate
            return Migrations(found.tool, found.files, migrate, found.pending, found.notes)
    return None


def _script(project: Project, key: str) -> Found:
    """A script that migrates, with the word that its program waits for: people type `npm run migrate up`."""
    script = project.scripts[key]
    unsaid = re.fullmatch(
        r"(?:npx )?(?:node-pg-migrate|db-migrate)(?P<options>(?:\s+-\S+(?:[ =][^\s-]\S*)?)*)", script.value
    )
    return Found(f"npm run {key}{' -- up' if unsaid else ''}", script.where)


def _django(files: Files, project: Project, application: Application | None) -> Migrations | None:
    if not application or application.framework.value != "django":
        return None
    spec = project.packages["django"].spec if "django" in project.packages else ""
    manage, where = application.manage, application.framework.where
    own = any(OWN.search(name) and name.endswith(".py") for name in files.names)
    return Migrations(
        tool=Found("django", where),
        files=("**/migrations/*.py",) if own else (),
        migrate=Found(f"{manage.value} migrate --noinput", manage.where) if manage else None,
        pending=Found(f"{manage.value} migrate --check", manage.where) if manage and allows(spec, CHECK) else None,
        notes=() if own else (Found("no own migrations, only those of packages", where),),
    )


def _flask(files: Files, project: Project, application: Application | None) -> Migrations | None:
    package = project.uses("flask-migrate")
    ini = next(iter(files.named("alembic.ini", depth=4)), None)
    if not package or not (ini or any(MIGRATE.search(files.text(name)) for name in files.code(".py"))):
        return None  # listed, and not used
    folder = posixpath.dirname(ini) if ini else "migrations"
    where = ini or package.where
    target = application.target if application else None
    if target is None:
        return Migrations(Found("flask-migrate", where), (f"{folder}/versions/*.py",))
    elsewhere = f" --directory {folder}" if folder != "migrations" else ""
    return Migrations(
        tool=Found("flask-migrate", where),
        files=(f"{folder}/versions/*.py",),
        migrate=Found(flask.command(project, target.value, f"db upgrade{elsewhere}"), where),
    )


def _alembic(files: Files, project: Project, _: Application | None) -> Migrations | None:
    ini = next((name for name in files.named("alembic.ini", depth=3)), None)
    location = ini_of(files, ini).get("alembic", {}).get("script_location") if ini else None
    location = location or table(toml_of(files, "pyproject.toml"), "tool", "alembic").get("script_location")
    if not isinstance(location, str):
        return None
    folder = posixpath.normpath(location.replace("%(here)s", posixpath.dirname(ini or "") or "."))
    if ":" in folder:  # package:folder
        folder = folder.partition(":")[0].replace(".", "/") + "/" + folder.partition(":")[2]
    where = files.where(ini or "pyproject.toml", r"^\s*script_location")
    option = f" -c {ini}" if ini and "/" in ini else ""
    package = project.uses("alembic")
    known = package is not None and allows(package.spec, CHECK_HEADS)
    first = _first_tables(files, folder)
    fresh = f"(alembic{option} current | grep -E '{REVISION}' || python {first}) && " if first else ""
    return Migrations(
        tool=Found("alembic", where),
        files=(f"{folder}/versions/**/*.py" if _nested(files, folder) else f"{folder}/versions/*.py",),
        migrate=Found(f"{fresh}alembic{option} upgrade head", where),
        pending=Found(f"alembic{option} current --check-heads", where) if known else None,
        notes=()
        if known or not package
        else (Found(f"`alembic current --check-heads` needs Alembic {CHECK_HEADS}", package.where),),
    )


def _first_tables(files: Files, folder: str) -> str:
    """The script that makes the first tables, if no revision does: it marks them as the newest revision's."""
    roots = [name for name in files.names if name.startswith(f"{folder}/versions/") and FIRST.search(files.text(name))]
    if not roots or any("create_table(" in files.text(name) or "execute(" in files.text(name) for name in roots):
        return ""
    return next((name for name in files.code(".py") if _runs_a_stamp(files, name)), "")


def _runs_a_stamp(files: Files, name: str) -> bool:
    """Whether a file does so when it is run, not only when a function of it is called."""
    tree = files.tree(name) if STAMPS.search(files.text(name)) else None
    return tree is not None and any(
        STAMPS.search(ast.unparse(node))
        for node in tree.body
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    )


def _nested(files: Files, folder: str) -> bool:
    start = f"{folder}/versions/"
    return any(name.startswith(start) and "/" in name.removeprefix(start) for name in files.names)


def _prisma(files: Files, project: Project, _: Application | None) -> Migrations | None:
    schema = next(iter(files.named("schema.prisma", depth=3)), None)
    if not schema or project.language.value != "node":
        return None
    option = "" if schema in ("prisma/schema.prisma", "schema.prisma") else f" --schema {schema}"
    package = project.uses("prisma", "@prisma/client")
    pending = Found(f"npx prisma migrate status{option}", schema) if package and allows(package.spec, STATUS) else None
    folder = f"{posixpath.dirname(schema)}/migrations".lstrip("/")
    return Migrations(
        Found("prisma", schema), (f"{folder}/**", schema), Found(f"npx prisma migrate deploy{option}", schema), pending
    )


def _knex(files: Files, project: Project, _: Application | None) -> Migrations | None:
    file = next(iter(files.named("knexfile.*", depth=2)), None)
    if not project.uses("knex") or not file:
        return None
    directory = files.first(DIRECTORY, [file])
    folder = posixpath.normpath(posixpath.join(posixpath.dirname(file), directory.value if directory else "migrations"))
    option = f" --knexfile {file}" if "/" in file else ""
    return Migrations(Found("knex", file), (f"{folder}/*",), Found(f"npx knex migrate:latest{option}", file))


def _sequelize(files: Files, project: Project, _: Application | None) -> Migrations | None:
    package = project.uses("sequelize-cli")
    if not package:
        return None
    where = ".sequelizerc" if files.has(".sequelizerc") else package.where
    return Migrations(Found("sequelize", where), _folders(files), Found("npx sequelize-cli db:migrate", where))


def _db_migrate(files: Files, project: Project, _: Application | None) -> Migrations | None:
    package = project.uses("db-migrate")
    if not package:
        return None
    config = "database.json" if files.has("database.json") else None
    migrate = Found("npx db-migrate up", config) if config else None
    notes = (
        ()
        if config
        else (Found("db-migrate has no database.json: perhaps the code migrates when it starts", package.where),)
    )
    return Migrations(Found("db-migrate", package.where), _folders(files), migrate, notes=notes)


def _other(files: Files, project: Project, _: Application | None) -> Migrations | None:
    """Tools that only the repository's own script knows how to call."""
    package = project.uses("typeorm", "drizzle-kit", "node-pg-migrate", "umzug", "@mikro-orm/migrations", "postgrator")
    scripted = any(key in project.scripts for key in SCRIPTS) and project.language.value == "node"
    if not package and not (scripted and _folders(files)):
        return None
    name = package.name if package else "npm"
    return Migrations(Found(name, package.where if package else "package.json"), _folders(files))


def _folders(files: Files) -> tuple[str, ...]:
    """The folders with numbered files that are named migrations."""
    return tuple(
        dict.fromkeys(
            f"{posixpath.dirname(name)}/*" for name in files.names if OWN.search(name) and "node_modules" not in name
        )
    )


Reader = Callable[[Files, Project, "Application | None"], "Migrations | None"]
READERS: tuple[Reader, ...] = (_django, _flask, _alembic, _prisma, _knex, _sequelize, _db_migrate, _other)

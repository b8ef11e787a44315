"""The service that the driver works on: small/service.py with a database. It requires a second one of the same kind.

Its data is made from `migrations/` and `seeds.txt`. The branches `main` and `other` each have a migration that the
other one lacks.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from tests.examples import services
from tests.faults.small import APP, CONFIG, SHARED
from tests.gitrepo import commit, git
from tests.verbs.repo import Repo

from .ledger import Here

ROOT, BASE = "chaos", "base"
CODE = Path(__file__).parent / "small/service.py"
CLIENTS = {"postgres": "psycopg[binary]==3.3.9\n", "mysql": "PyMySQL==1.2.4\n"}
IMAGES = {"postgres": "postgres:17", "mysql": "mariadb:11"}
ACCOUNTS = {"postgres": ("service", 5432), "mysql": ("root", 3306)}
DATABASE = """\
      WORD: one
      DB_HOST: ${{DB_HOST:-db}}
      DB_PORT: ${{DB_PORT:-{port}}}
      DB_NAME: ${{DB_NAME:-service}}
      DB_USER: {user}
      DB_PASSWORD: ${{DB_PASSWORD:-development-only}}
    depends_on:
      db: {{condition: service_healthy}}
  db:
    extends: {{file: .dev/compose/{kind}.yaml, service: {kind}}}
    image: {image}
volumes:
  db-data: {{}}
"""
SETTINGS = """\
commands: {migrate: python service.py migrate}
state: ["migrations/*.sql", seeds.txt]
scenarios:
  default: {run: python service.py seed default}
  big: {run: "python service.py seed big {rows}", params: {rows: 1}, after: [default]}
native: {python: ">=3.9", install: uv pip install -r requirements.txt}
database: {superuser: true}  # it shows what is in the tools' own database, too
"""
REQUIRES = "requires: {base: {repo: ../base, version: v1.0.0}}\n"
MIGRATIONS = {
    "0001_entry": "CREATE TABLE IF NOT EXISTS entry (name varchar(60) PRIMARY KEY)",
    "0002_main": "CREATE TABLE IF NOT EXISTS of_main (id int)",
    "0002_other": "CREATE TABLE IF NOT EXISTS of_other (id int)",
    "0003_more": "CREATE TABLE IF NOT EXISTS more (id int)",
}
BRANCHES = {"main": "0002_main", "other": "0002_other"}


def make(bake: Callable[..., Path], folder: Path, engine: str, database: str) -> Repo:
    """The root, not started, in a workspace and on a machine of its own."""
    token = f"c{uuid.uuid4().hex[:8]}"
    base = _write(bake, folder, BASE, database)
    services.release(base, "v1.0.0")
    path = _write(bake, folder, ROOT, database)
    with (path / "dev.yaml").open("a") as file:
        file.write(REQUIRES)
    services.release(path, "v1.0.0")
    git(path, "switch", "--quiet", "--create", "other")
    put_migrations(path, {"0001_entry", BRANCHES["other"]})
    commit(path)
    git(path, "switch", "--quiet", "main")
    (folder / "tmp").mkdir()
    variables = {"XDG_STATE_HOME": str(folder / "state"), "TMPDIR": str(folder / "tmp")}
    return Repo(path, token, {"DEV_ENGINE": engine, "DEV_WORKSPACE": token, **variables})


def put_migrations(path: Path, names: set[str]) -> None:
    """Let the checkout have exactly these."""
    folder = path / "migrations"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in names:
        (folder / f"{name}.sql").write_text(MIGRATIONS[name])


def here(path: Path) -> Here:
    """What the checkout has."""
    names = frozenset(file.stem for file in (path / "migrations").glob("*.sql"))
    return Here(git(path, "branch", "--show-current"), names, int((path / "seeds.txt").read_text()))


def _write(bake: Callable[..., Path], folder: Path, service: str, database: str) -> Path:
    path = bake("bare", into=folder, service=service, port=18300, database=database)
    user, port = ACCOUNTS[database]
    backing = DATABASE.format(kind=database, image=IMAGES[database], user=user, port=port)
    files = {
        "dev.yaml": CONFIG.format(service=service, port=18300) + SETTINGS,
        "compose.yaml": APP.format(command="python service.py serve", service=service) + backing + SHARED,
        "requirements.txt": CLIENTS[database],
        "service.py": CODE.read_text(),
        "seeds.txt": "1\n",
    }
    for name, text in files.items():
        (path / name).write_text(text)
    put_migrations(path, {"0001_entry", BRANCHES["main"]})
    return path

"""What a person has set for other programs, in the home folder and in the shell, does not change what runs here."""

from __future__ import annotations

import shutil
import socket
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from . import stacks
from .conftest import Make
from .test_servers import SERVER

DATABASE = "    depends_on: [db]\n  db: {{image: '{0}', environment: {{{1}: '${{DB_NAME:-shop}}', {2}: root}}}}\n"
MARIADB = DATABASE.format("mariadb:11", "MARIADB_DATABASE", "MARIADB_ROOT_PASSWORD")
POSTGRES = DATABASE.format("postgres:17", "POSTGRES_DB", "POSTGRES_PASSWORD")

pytestmark = pytest.mark.xdist_group("native-small")


@dataclass
class Elsewhere:
    """A port on which the person's own server would be: it ends each connection, and notes it."""

    port: int
    seen: list[bytes] = field(default_factory=list)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = Elsewhere(server.getsockname()[1])

        def note() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                found.seen.append(b"connected")
                connection.close()

        thread = threading.Thread(target=note, daemon=True)
        thread.start()
        yield found
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


@pytest.mark.parametrize(
    ("others", "client"),
    [
        pytest.param(MARIADB, "mariadb", marks=pytest.mark.skipif(not SERVER, reason="needs a mariadbd")),
        pytest.param(POSTGRES, "psql"),
    ],
    ids=["mariadb", "postgres"],
)
def test_the_clients_of_a_database_talk_to_the_service(
    small: Make, elsewhere: Elsewhere, tmp_path: Path, others: str, client: str
) -> None:
    """Files of options come before variables in MariaDB, and a verb may drop databases."""
    home = tmp_path / "home"
    home.mkdir()
    theirs = f"host=127.0.0.1\nport={elsewhere.port}\nuser=prod\npassword=theirs\n"
    (home / ".my.cnf").write_text(
        "".join(f"[{program}]\n{theirs}" for program in ("client", "mariadb", "mariadb-dump"))
    )
    (home / ".psqlrc").write_text("\\set ON_ERROR_STOP on\nSELECT theirs;\n")
    (home / ".pg_service.conf").write_text(f"[theirs]\nhost=127.0.0.1\nport={elsewhere.port}\n")
    port = str(elsewhere.port)
    settings = {
        **{"HOME": str(home), "PGHOSTADDR": "127.0.0.1", "PGPORT": port, "PGSERVICE": "theirs", "PGSSLMODE": "require"},
        **{"PGOPTIONS": "-c search_path=theirs", "PGDATABASE": "theirs", "MYSQL_HOST": "127.0.0.1"},
        **{"MYSQL_TCP_PORT": port, "MYSQL_UNIX_PORT": "/nonexistent", "MYSQL_PWD": "theirs"},
    }
    repo = small(stacks.compose(app="      DB_NAME: ${DB_NAME:-shop}\n", others=others), stacks.PYTHON, stacks.files())
    file = str(tmp_path / "one.tar.gz")
    for verb in (["dev.up"], ["dev.snapshot", "one", "--export", file], ["dev.restore", file], ["dev.reset"]):
        repo.ok(*verb, **settings)
    words = ["-qAtX", "-c"] if client == "psql" else ["-N", "-B", "-e"]
    assert repo.ok("dev.dbshell", "--", *words, "SELECT 6 * 7", **settings).stdout.strip() == "42"
    assert elsewhere.seen == []


# Installs one package with each of the installers that there are, as `native.install` of a service may.
INSTALL = """
import importlib.util, shutil, subprocess, sys
for argv in (
    [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "./by_pip-1-py3-none-any.whl"],
    ["uv", "pip", "install", "--quiet", "--no-index", "./by_uv-1-py3-none-any.whl"],
    ["npm", "install", "--silent", "--no-audit", "--no-fund", "./by-npm"],
):
    if shutil.which(argv[0]):
        subprocess.run(argv, check=True)
"""
INSTALLED = """
import by_pip, by_uv

def answer():
    return f"{by_pip.__file__} {by_uv.__file__}"
"""


def test_an_installation_goes_into_the_environment_of_the_service(small: Make, tmp_path: Path) -> None:
    other = tmp_path / "other"
    home = tmp_path / "home"
    (home / ".config/pip").mkdir(parents=True)
    (home / ".config/pip/pip.conf").write_text("[install]\nuser = true\n")
    (home / ".npmrc").write_text("global=true\nlocation=global\ndry-run=true\npackage-lock-only=true\n")
    (home / ".config/uv").mkdir()
    (home / ".config/uv/uv.toml").write_text('python-preference = "only-managed"\n')
    settings = {
        **{"HOME": str(home), "PIP_TARGET": str(other), "PIP_PREFIX": str(other), "PIP_USER": "1", "PIP_DRY_RUN": "1"},
        **{"UV_SYSTEM_PYTHON": "1", "UV_PYTHON": "2.7", "UV_TARGET": str(other), "UV_DRY_RUN": "1"},
        **{"UV_MANAGED_PYTHON": "1", "UV_ISOLATED": "1", "UV_NO_VERIFY_HASHES": "1", "UV_REQUIRE_HASHES": "1"},
        "XDG_CONFIG_HOME": str(home / ".config"),
        **{"UV_PROJECT_ENVIRONMENT": str(other), "VIRTUAL_ENV": str(other), "PYTHONPATH": str(other)},
        **{"npm_config_global": "true", "npm_config_prefix": str(other), "NPM_CONFIG_GLOBAL": "true"},
        **{"NPM_CONFIG_PREFIX": str(other), "npm_config_dry_run": "true", "npm_config_omit": "dev"},
    }
    texts = {**stacks.files(INSTALLED), "install.py": INSTALL, "package.json": stacks.PACKAGE}
    repo = small(stacks.compose(), "{python: '>=3.9', install: python install.py}", texts)
    for name in ("by_pip", "by_uv"):
        with zipfile.ZipFile(repo.root / f"{name}-1-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}.py", "")
            wheel.writestr(f"{name}-1.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
            wheel.writestr(
                f"{name}-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"{name}-1.dist-info/RECORD", "")
    (repo.root / "by-npm").mkdir()
    (repo.root / "by-npm/package.json").write_text('{"name": "by-npm", "version": "1.0.0"}\n')
    repo.ok("dev.up", **settings)
    places = repo.page("/")[1].split()
    assert all(place.startswith(f"{repo.root}/.dev/local/") for place in places), places
    assert (repo.root / "node_modules/by-npm").exists() == bool(shutil.which("npm"))
    assert not other.exists()

"""Extensions of PostgreSQL that the usual image lacks: the image and the line of dev.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.base.errors import MISSING
from devenv.databases import postgres_accounts
from tests.adopt.read_trees import Tree, reading
from tests.adopt.test_fill_files import fill

POSTGIS, VECTOR = "postgis/postgis:", "pgvector/pgvector:"
BASE: Tree = {
    "requirements.txt": "flask\npsycopg2-binary\n",
    "config.py": "import os\nURL = os.environ['DATABASE_URL']  # postgresql://\n",
}


@pytest.mark.parametrize(
    ("tree", "name", "where", "image"),
    [
        ({"requirements.txt": "flask\npsycopg2-binary\ngeoalchemy2\n"}, "postgis", "requirements.txt:3", POSTGIS),
        ({"migrations/one.sql": "\nCREATE EXTENSION postgis;\n"}, "postgis", "migrations/one.sql:2", POSTGIS),
        ({"migrations/1.py": "op.execute('create extension vector')\n"}, "vector", "migrations/1.py:1", VECTOR),
        ({"shop/a.py": "CreateExtension(name='postgis')\n"}, "postgis", "shop/a.py:1", POSTGIS),
        ({"shop/a.py": "E = 'django.contrib.gis.db.backends.postgis'\n"}, "postgis", "shop/a.py:1", POSTGIS),
        ({"migrations/one.sql": "CREATE EXTENSION hstore;\n"}, "", "", "postgres:17"),  # the app's account may
        (
            {"requirements.txt": "flask\npymysql\ngeoalchemy2\n", "config.py": "URL = os.environ['DATABASE_URL']\n"},
            "",
            "",
            "",
        ),
    ],
)  # fmt: skip
def test_an_extension_that_code_needs_is_created_and_in_the_image(
    tmp_path: Path, tree: Tree, name: str, where: str, image: str
) -> None:
    found = reading(tmp_path, {**BASE, **tree})
    assert [(one.value, one.where) for one in found.extensions] == ([(name, where)] if name else [])
    made = fill(found)
    assert f"image: {image}" in made["compose.yaml"]
    assert (f"database: {{extensions: [{name}]}} # {where}\n" in made["dev.yaml"]) == bool(name)


@pytest.mark.parametrize(
    "image", ["postgis/postgis:15-3.4", "pgvector/pgvector:pg16", "timescale/timescaledb:latest-pg16"]
)
def test_an_image_with_extensions_is_kept(tmp_path: Path, image: str) -> None:
    stack = f"services:\n  app: {{build: ., depends_on: [db]}}\n  db: {{image: '{image}'}}\n"
    made = fill(reading(tmp_path, {**BASE, "docker-compose.yml": stack}))
    assert f"image: {image} # docker-compose.yml:3" in made["compose.yaml"]


def test_a_server_without_the_extension_is_an_error_with_what_to_do() -> None:
    said = 'ERROR:  extension "postgis" is not available\nDETAIL:  Could not open extension control file "/x"'
    error = postgres_accounts.absent("shop", said)
    assert error
    assert error.code == MISSING
    assert "no extension postgis" in error.message
    assert any("postgis/postgis:17" in hint for hint in error.hints)
    assert postgres_accounts.hints(said) == [*error.hints], "a migration that creates it fails with the same hints"
    assert postgres_accounts.absent("shop", "ERROR:  another") is None

"""A service in a folder of a larger repository, whose compose file is at the top."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adopt.read_trees import Facts, Tree, facts, write
from tools.adopt.read.containers.above import Above
from tools.adopt.read.repository import read
from tools.adopt.read.text.files import Files

COMPOSE = """\
services:
  api:
    build: {build}
    command: gunicorn shop:app --reload --bind 0.0.0.0:8123
    environment:
      MODE: local
    depends_on: [db]
  jobs-worker:
    build: {build}
    command: celery -A shop worker
  ui:
    build: ./frontend
    command: npm run dev
  db:
    image: postgres:15
  redis:
    image: redis:7
"""
TREE: Tree = {
    "docker-compose.yml": COMPOSE.format(build="./backend"),
    ".env.example": "TOKEN=a\nMODE=other\n",
    "backend/Dockerfile": "FROM python:3.13\nCMD python -m shop\n",
    "backend/requirements.txt": "flask\ngunicorn\ncelery\n",
    "backend/shop.py": "app = Flask('a')\nos.environ['DATABASE_URL'], os.environ['TOKEN']\n",
    "frontend/package.json": "{}",
}


def of_folder(root: Path, tree: Tree) -> Facts:
    names = write(root, tree)
    inside = [name.removeprefix("backend/") for name in names if name.startswith("backend/")]
    return facts(read(root / "backend", inside, Above(Files(root, names), "backend")))


@pytest.mark.parametrize("build", ["./backend", "{context: ., dockerfile: backend/Dockerfile}"])
def test_the_compose_file_at_the_top_counts_if_it_builds_the_folder(tmp_path: Path, build: str) -> None:
    found = of_folder(tmp_path, {**TREE, "docker-compose.yml": COMPOSE.format(build=build)})
    assert found["database.image"] == ("postgres:15", "../docker-compose.yml:15")
    assert found["cache.image"] == ("redis:7", "../docker-compose.yml:17")
    assert found["commands.worker"] == ("celery -A shop worker", "../docker-compose.yml:10")
    assert found["commands.develop"] == ("gunicorn shop:app --reload --bind {bind}:{port}", "../docker-compose.yml:4")
    assert found["port"] == ("8123", "../docker-compose.yml:4")
    assert found["environment.MODE"] == ("local", "../docker-compose.yml:6")
    assert found["environment.TOKEN"] == ("a", "../.env.example:1")
    assert "npm" not in str(found)


@pytest.mark.parametrize(
    "more",
    [
        {"docker-compose.yml": COMPOSE.format(build="./other")},
        {"backend/compose.yaml": "services:\n  web:\n    build: .\n"},  # its own is enough
    ],
)
def test_another_compose_file_at_the_top_does_not_count(tmp_path: Path, more: Tree) -> None:
    found = of_folder(tmp_path, {**TREE, **more})
    assert "database.image" not in found
    assert "../" not in str(found)

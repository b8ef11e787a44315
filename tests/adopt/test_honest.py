"""Whatever was read is either written or an open point, and each value names the file that it is from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.adopt import test_fill_files, test_read_containers, test_read_others, test_read_programs, test_read_settings
from tests.adopt.read_trees import Tree, facts, reading
from tools.adopt.fill.points import open_points
from tools.adopt.found import Reading
from tools.adopt.names import choose
from tools.adopt.read.text.files import Files
from tools.adopt.read.variables.variables import variables

FLASK = test_read_programs.FLASK
STEPS = """\
FROM node:22 AS assets
RUN npm ci && npm run build
FROM python:3.12-slim
RUN apt-get update && apt-get install -y gettext && rm -rf /var/lib/apt/lists/*
RUN useradd app && mkdir /data && chown app /data
RUN --mount=type=cache,target=/x pip install -r requirements.txt
RUN SECRET_KEY=x python manage.py collectstatic --noinput
RUN curl -sSL https://example.org/tool.tgz | tar xz
CMD gunicorn shop.wsgi
"""
STORES = "import os\n" + "".join(
    f"os.environ['{name}']\n"
    for name in (
        "DATABASE_URL",
        "REDIS_URL",
        "MEMCACHE_URL",
        "MONGO_HOST",
        "SEARCH",
        "LEGACY_DB_URL",
        "READ_REPLICA_HOST",
    )
)
TREES: dict[str, Tree] = {
    "composed": test_read_containers.COMPOSED,
    "many processes": {**FLASK, **test_read_programs.MANY},
    "no broker": {**FLASK, "Procfile": "web: gunicorn app:app\njobs: celery -A app worker\nbeat: celery -A app beat\n"},
    "entrypoint": {
        **FLASK,
        "bin/entrypoint": test_read_programs.ENTRY,
        "Dockerfile": 'FROM python:3.12\nENTRYPOINT ["/app/bin/entrypoint"]\nCMD ["server"]\n',
    },
    "steps of an image": {**test_read_settings.BASE, "Dockerfile": STEPS},
    "stores": {
        "requirements.txt": "flask\npsycopg\nredis\npymemcache\npymongo\nelasticsearch\n",
        "settings.py": STORES,
        "docker-compose.yml": "services:\n  web:\n    build: .\n    command: flask run\n    environment:\n"
        "      DATABASE_URL: postgres://a@b/c\n      SEARCH: http://es:9200\n      LEGACY_DB_URL: oracle://a@b/c\n"
        "  db:\n    image: postgres:16\n    volumes: ['./sql/1.sql:/docker-entrypoint-initdb.d/1.sql']\n",
    },
    "settings of production": {
        **test_read_settings.BASE,
        "shop/settings/production.py": test_read_settings.SERVER + "}}\n",
    },
    "workspace": test_read_others.UV,
    **{f"{name}": tree for name, (tree, _) in test_read_others.TREES.items()},
}


@pytest.fixture(params=TREES, ids=str)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def text_of(found: Reading, tree: Tree) -> tuple[dict[str, str], str]:
    """The files, and all of them as one text, without line breaks in commands."""
    text = test_fill_files.fill(found, choose({name.split("/", 1)[0] for name in tree}))
    return text, "\n".join(text.values())


def test_every_process_is_written_or_an_open_point(tmp_path: Path, name: str) -> None:
    found = reading(tmp_path, TREES[name])
    _, whole = text_of(found, TREES[name])
    others = [found.commands.worker, *found.commands.workers.values()]
    for process in (one for one in others if one):
        assert process.value.split("{")[0].strip() in whole, process


def test_every_variable_of_a_store_is_written_or_an_open_point(tmp_path: Path, name: str) -> None:
    found = reading(tmp_path, TREES[name])
    if not found.language or found.language.value not in ("python", "node"):
        return
    _, whole = text_of(found, TREES[name])
    read = variables(Files(tmp_path, TREES[name]), found.language.value)
    addressed = [one for one in read if re.search(r"(URL|HOST|SEARCH|ADDR)$", one)]
    assert [one for one in addressed if not re.search(rf"\b{one}: ", whole)] == []


def test_every_step_of_a_dockerfile_is_done_or_an_open_point(tmp_path: Path) -> None:
    found = reading(tmp_path, TREES["steps of an image"])
    text, _ = text_of(found, TREES["steps of an image"])
    points = [point for point in open_points(text) if "steps that production needs" in point.what]
    assert len(points) == 1
    where = re.findall(r"Dockerfile:\d+", points[0].what)
    assert where == ["Dockerfile:2", "Dockerfile:7", "Dockerfile:8"]
    made = text["Dockerfile.devenv"] if "Dockerfile.devenv" in text else text["Dockerfile"]
    assert "# RUN SECRET_KEY=x python manage.py collectstatic --noinput\n" in made
    assert made.index("collectstatic") < made.index("USER 10001")


def test_the_start_script_of_a_database_is_an_open_point(tmp_path: Path) -> None:
    found = reading(tmp_path, TREES["stores"])
    text, _ = text_of(found, TREES["stores"])
    points = [point for point in open_points(text) if "the start script ./sql/1.sql" in point.what]
    assert [point.example for point in points] == [
        'db: {volumes: ["./sql/1.sql:/docker-entrypoint-initdb.d/1.sql:ro"]}'
    ]


def test_copies_of_examples_that_git_ignores_are_one_open_point(tmp_path: Path) -> None:
    tree = {
        **FLASK,
        ".gitignore": "# mine\n/config.js\nmedia/*\nprivate*.py\n.env\n*.log\n",
        "web/.gitignore": "/config.ts\n",
        "web/config.js.example": "",
        "web/config.ts.example": "",
        "private.example.py": "",
        ".env.example": "A=1\n",
        "other.py.sample": "",
        "docs/private.py.dist": "",
    }
    points = [one for one in reading(tmp_path, tree).open if "copies" in one.what.value]
    assert [one.example.splitlines() for one in points] == [
        ["cp private.example.py private.py", "cp web/config.ts.example web/config.ts"]
    ]
    assert "# cp web/config.ts.example web/config.ts\n" in text_of(reading(tmp_path, tree), tree)[1]


def test_the_folder_of_start_scripts_is_named_from_the_top(tmp_path: Path) -> None:
    text = (
        "services:\n  web: {build: ..}\n  db: {image: postgres, volumes: ['./sql/:/docker-entrypoint-initdb.d/:ro']}\n"
    )
    found = reading(tmp_path, {"requirements.txt": "flask\n", "docker/compose.yaml": text})
    assert [one.example for one in found.open] == ['db: {volumes: ["./docker/sql:/docker-entrypoint-initdb.d:ro"]}']


def test_every_value_names_a_tracked_file(tmp_path: Path, name: str) -> None:
    found = facts(reading(tmp_path, TREES[name]))
    places = {where.partition(":")[0] for key, (_, where) in found.items() if key != "service"}
    assert places <= {*TREES[name]}


def test_every_file_is_yaml_and_has_few_points(tmp_path: Path, name: str) -> None:
    text, _ = text_of(reading(tmp_path, TREES[name]), TREES[name])
    for file in text:
        if file.endswith(".yaml"):
            yaml.load(text[file], test_fill_files.Loader)
    assert len(open_points(text)) <= 6


@pytest.mark.parametrize(
    ("step", "lost"),
    [
        ("curl -sSL https://install.python-poetry.org | POETRY_HOME=/opt/poetry python -", False),
        ("curl -fsSL https://deb.nodesource.com/setup_20.x | bash - && apt-get install -y nodejs", False),
        ("curl -LsSf https://astral.sh/uv/install.sh | sh && python manage.py compilemessages", True),
        ("curl -o model.bin https://models.example.org/a", True),
    ],
)
def test_what_installs_a_package_manager_is_no_step_of_theirs(tmp_path: Path, step: str, lost: bool) -> None:
    found = reading(tmp_path, {"requirements.txt": "flask\n", "Dockerfile": f"FROM python:3.13\nRUN {step}\n"})
    assert any("steps that production needs" in one.what.value for one in found.open) is lost

"""Languages without a stack, builds of Node, and workspaces."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
import yaml

from devenv.model import dockerfile
from tests.adopt.read_trees import Tree, facts, notes, reading
from tests.adopt.test_fill_files import Loader, fill
from tools.adopt.fill import others
from tools.adopt.fill.points import open_points
from tools.adopt.read.others import LANGUAGES

# By language: its manifest, a version, and the file that a test or a server is known by.
TREES: dict[str, tuple[Tree, str]] = {
    "php": ({"composer.json": '{"require": {"php": "^8.2"}}', "artisan": ""}, "php:8.2-cli"),
    "ruby": ({"Gemfile": "source 'x'\nruby '3.2.1'\n", "bin/rails": ""}, "ruby:3.2-slim"),
    "go": ({"go.mod": "module x\n\ngo 1.22\n", "main.go": "", "a/b_test.go": ""}, "golang:1.22"),
    "java": ({"pom.xml": "<java.version>17</java.version>", "mvnw": ""}, "eclipse-temurin:17"),
    "rust": ({"Cargo.toml": "[package]\nrust-version = '1.75'\n", "src/main.rs": ""}, "rust:1.75"),
    "elixir": ({"mix.exs": 'elixir: "~> 1.15"'}, "elixir:1.15"),
    "dotnet": ({"src/Shop.csproj": "<TargetFramework>net8.0</TargetFramework>"}, "mcr.microsoft.com/dotnet/sdk:8.0"),
}
ASSETS = {"package.json": '{"name": "shop-assets", "scripts": {"dev": "vite"}, "devDependencies": {"vite": "^5"}}'}
OWN = """\
# syntax=docker/dockerfile:1
FROM golang:1.22 AS build
RUN go build -o /server
FROM debian:12
COPY --from=build /server /server
EXPOSE 8080
CMD /server
"""


def test_every_language_has_a_row_here() -> None:
    assert {*TREES} == {*LANGUAGES}


@pytest.mark.parametrize("name", TREES)
def test_a_language_is_known_by_its_manifest_next_to_a_frontends(tmp_path: Path, name: str) -> None:
    tree, image = TREES[name]
    found = reading(tmp_path, {**tree, **ASSETS})
    title = LANGUAGES[name].title
    assert facts(found)["language"][0] == name
    assert f"{title} (" in notes(found)[0]
    assert "is not known here: no Dockerfile" in notes(found)[0]
    text = fill(found)
    assert f"FROM {image} AS base\n" in text["Dockerfile"]
    whole = "".join(text.values())
    assert not [word for word in ("pytest", "uv pip", "gunicorn", "- python", "npm ") if word in whole]


@pytest.mark.parametrize(
    ("tree", "kind", "url"),
    [
        ({"Gemfile": "gem 'rails'\ngem 'pg'\n"}, "postgres", "postgres://"),
        ({"Gemfile": 'gem "rails"\ngem "mysql2"\n'}, "mysql", "mysql2://"),
        ({"Gemfile": "gem 'sinatra'\ngem 'pg'\n"}, "postgres", ""),
        ({"go.mod": "module x\nrequire github.com/jackc/pgx/v5 v5.1.0\n"}, "postgres", ""),
        ({"mix.exs": "{:myxql, '~> 0.6'}\n"}, "mysql", ""),
        ({"composer.json": '{"require": {"ext-pdo_pgsql": "*"}}'}, "postgres", ""),
    ],
)
def test_a_driver_in_the_manifest_is_a_database_and_without_a_variable_an_open_point(
    tmp_path: Path, tree: Tree, kind: str, url: str
) -> None:
    found = reading(tmp_path, tree)
    assert facts(found)["database.kind"][0] == kind
    text = fill(found)
    written = yaml.safe_load(text["compose.yaml"])["services"]["app"]["environment"].get("DATABASE_URL", "")
    assert written.startswith(url)
    assert bool(url) != any("own names for the values" in point.what for point in open_points(text))


def test_an_entrypoint_does_not_get_the_commands_of_the_service(tmp_path: Path) -> None:
    tree = {"go.mod": "module x\n", "Dockerfile": 'FROM debian\nENTRYPOINT ["/bin/shop", "--x"]\nCMD ["serve"]\n'}
    app = yaml.safe_load(fill(reading(tmp_path, tree))["compose.yaml"])["services"]["app"]
    assert (app["entrypoint"], app["command"]) == ([], "/bin/shop --x serve")
    tree["Dockerfile"] = 'FROM debian\nCMD ["/bin/shop"]\n'
    app = yaml.safe_load(fill(reading(tmp_path / "b", tree))["compose.yaml"])["services"]["app"]
    assert not {"entrypoint", "command"} & app.keys()


def test_rails_as_production_has_a_key_and_its_redirect_to_https_is_an_open_point(tmp_path: Path) -> None:
    tree = {
        "Gemfile": "gem 'rails'\n",
        "Dockerfile": 'FROM ruby:3.3 AS base\nENV RAILS_ENV="production"\nFROM base\nCMD ["bin/rails", "server"]\n',
        "config/environments/production.rb": "  # config.force_ssl = false\n  config.force_ssl = true\n",
        "db/migrate/1.rb": "",
    }
    found = reading(tmp_path, tree)
    assert facts(found)["environment.SECRET_KEY_BASE"] == ("development-only", "Dockerfile:2")
    assert [one.what.where for one in found.open] == ["config/environments/production.rb:2"]
    assert found.migration_files == ("db/migrate/**",)
    found = reading(tmp_path / "b", {**tree, "Dockerfile": "FROM ruby:3.3\nENV RAILS_ENV=development\n"})
    assert (list(found.environment), found.open) == (["RAILS_ENV"], ())


def test_a_service_of_python_or_node_stays_one(tmp_path: Path) -> None:
    tree = {"go.mod": "module x\n", "requirements.txt": "flask\n"}
    assert facts(reading(tmp_path, tree))["language"][0] == "python"


def test_their_dockerfile_is_kept_with_our_stages(tmp_path: Path) -> None:
    tree = {**TREES["go"][0], "Dockerfile": OWN, ".dockerignore": "tmp\n"}
    found = reading(tmp_path, tree)
    text = fill(found)
    lines = text["Dockerfile"].splitlines()
    assert lines[0] == "# syntax=docker/dockerfile:1"
    steps = [(step.word, step.text) for step in dockerfile.instructions(text["Dockerfile"])]
    theirs = [(step.word, step.text) for step in dockerfile.instructions(OWN)]
    assert [step for step in steps if step not in theirs] == [("FROM", "debian:12 AS prod"), ("FROM", "prod AS dev")]
    assert "tmp\n" in text[".dockerignore"]
    app = yaml.load(text["compose.yaml"], Loader)["services"]["app"]
    assert {"command", "volumes", "user"} & {*app} == set()
    assert app["healthcheck"]["test"][1] == listens()
    assert len(open_points(text)) <= 3


def listens() -> str:
    """The health check of an app of another language, as Compose reads it."""
    [line] = [line for line in others.health() if line.startswith("test:")]
    return str(yaml.safe_load(line)["test"][1])


@pytest.mark.parametrize("hidden", [False, True], ids=["proc", "no proc"])
def test_something_listens_on_the_port_also_where_there_is_no_proc(hidden: bool) -> None:
    """As on a Mac."""
    if hidden and not (shutil.which("nc") and os.geteuid() == 0):
        pytest.skip("only root hides /proc, and without it the check needs nc")
    check = listens().replace("$$", "$")
    hide = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"] if hidden else []

    def passes(port: int) -> bool:
        argv = [*hide, "sh", "-c", check]
        return subprocess.run(argv, env={**os.environ, "PORT": str(port)}, capture_output=True).returncode == 0

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert passes(port)
    assert not passes(port)


def test_a_language_has_its_stores(tmp_path: Path) -> None:
    tree = {
        **TREES["go"][0],
        "Dockerfile": OWN,
        "docker-compose.yml": "services:\n  app: {build: ., environment: {DATABASE_URL: 'postgres://a:b@db/c'}}\n"
        "  db: {image: 'postgres:16'}\n",
    }
    found = facts(reading(tmp_path, tree))
    assert found["database.image"] == ("postgres:16", "docker-compose.yml:3")
    assert found["database.variables.url"][0] == "DATABASE_URL"


NODE = """\
{
  "name": "shop",
  "scripts": {"start": "node dist/main.js", "build": "tsc", "seed": "tsx scripts/seed.ts"},
  "prisma": {"schema": "src/db/schema.prisma"},
  "dependencies": {"express": "4", "@prisma/client": "5"}, "devDependencies": {"prisma": "5", "typescript": "5"}
}
"""


def test_what_production_runs_is_built_and_its_parts_are_where_they_are(tmp_path: Path) -> None:
    tree = {
        "package.json": NODE,
        "package-lock.json": "{}",
        "src/main.ts": "",
        "scripts/seed.ts": "",
        "src/db/schema.prisma": "",
    }
    found = reading(tmp_path, tree)
    assert facts(found)["commands.build"][0] == "npm run build"
    text = fill(found)
    made = text["Dockerfile"]
    assert "source=src/db,target=src/db" in made
    assert "npx prisma generate --schema src/db/schema.prisma" in made
    build, prod = made.index("FROM dev AS build"), made.index("FROM base AS prod")
    assert build < made.index("RUN npm run build") < prod < made.index("COPY --from=build --chmod=755 /app /app")
    assert "sh -c 'npm run build && node --watch dist/main.js'" in text["compose.yaml"]
    assert "scripts/seed.ts" in text["dev.yaml"].partition("state: ")[2].partition("\n")[0]


def test_a_tracked_target_needs_no_build(tmp_path: Path) -> None:
    manifest = '{"scripts": {"start": "node server.js", "build": "vite build"}, "dependencies": {"express": "4"}}'
    found = reading(tmp_path, {"package.json": manifest, "server.js": ""})
    assert "commands.build" not in facts(found)
    assert "COPY --chmod=755 . .\n" in fill(found)["Dockerfile"]


UV = {
    "pyproject.toml": "[tool.uv.workspace]\nmembers = ['services/*', 'backend']\n",
    "uv.lock": "version = 1\n",
    "backend/pyproject.toml": "[project]\nname = 'Shop_Api'\nrequires-python = '>=3.12'\n"
    "dependencies = ['fastapi[standard]', 'alembic', 'psycopg[binary]', 'pytest']\n",
    "backend/alembic.ini": "[alembic]\nscript_location = app/alembic\n",
    "backend/app/alembic/versions/1_a.py": "",
    "backend/app/main.py": "import os\nfrom fastapi import FastAPI\napp = FastAPI()\nos.environ['DATABASE_URL']\n",
}


def test_the_member_of_a_workspace_is_read_and_runs_in_its_folder(tmp_path: Path) -> None:
    found = reading(tmp_path, UV)
    known = facts(found)
    assert known["commands.migrate"] == ("cd backend && alembic upgrade head", "backend/alembic.ini:2")
    assert known["database.variables.url"] == ("DATABASE_URL", "backend/app/main.py:4")
    assert known["dependencies.manager"] == ("uv", "uv.lock")
    assert found.migration_files == ("backend/app/alembic/versions/*.py",)
    text = fill(found)
    assert "install: uv sync --locked --package shop-api #" in text["dev.yaml"]
    assert "--mount=type=bind,source=backend/pyproject.toml,target=backend/pyproject.toml" in text["Dockerfile"]
    assert open_points(text) == []


@pytest.mark.parametrize("member", ["packages/api", "backend"])
def test_the_member_of_an_npm_workspace_too(tmp_path: Path, member: str) -> None:
    tree = {
        "package.json": '{"private": true, "workspaces": ["packages/*", "backend"]}',
        "package-lock.json": "{}",
        f"{member}/package.json": '{"scripts": {"dev": "node --watch a.js"}, "dependencies": {"express": "4"}}',
        "packages/web/package.json": '{"name": "web", "dependencies": {"vite": "5"}}',
    }
    found = reading(tmp_path, tree)
    assert facts(found)["commands.develop"] == (f"cd {member} && npm run dev", f"{member}/package.json")
    assert found.dependencies
    assert {"package.json", "package-lock.json", f"{member}/package.json"} <= {*found.dependencies.files}

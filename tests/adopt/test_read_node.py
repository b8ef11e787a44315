"""Node services: version, installation, framework, migrations, commands, variables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.adopt.read_trees import Tree, facts, notes, reading
from tests.messages import NOT_SUPPORTED


def package(**content: object) -> str:
    return json.dumps({"name": "@acme/cart", **content}, indent=2) + "\n"


EXPRESS: Tree = {
    "package.json": package(
        engines={"node": ">=20 <23"},
        scripts={"start": "node src/server.js", "dev": "nodemon src/server.js", "test": "mocha"},
        dependencies={"express": "^4", "knex": "^3", "pg": "^8", "ioredis": "^5"},
    ),
    "package-lock.json": "{}",
    "knexfile.js": "module.exports = {\n  client: 'pg',\n  migrations: {directory: './db/migrations'},\n};\n",
    "db/migrations/001_first.js": "",
    "seeds/users.js": "",
    "src/config.js": """\
        module.exports = {
          host: process.env.DATABASE_HOST,
          port: number(process.env.DATABASE_PORT, 5432),
          name: process.env['DATABASE_NAME'] || 'cart',
          user: process.env.DATABASE_USERNAME,
          password: process.env.DATABASE_PASSWORD,
          redis: process.env.REDIS_URL ?? 'redis://localhost:6379',
        };
        """,
    "src/server.js": """\
        const { HTTP_HOST, DEBUG = 'no' } = process.env;
        app.get('/health', ok);
        app.listen(number(process.env.HTTP_PORT || process.env.PORT, 4242), HTTP_HOST);
        """,
}

EXPECTED = {
    "service": ("cart", "package.json:2"),
    "language": ("node", "package.json"),
    "version": ("20", "package.json:4"),
    "dependencies.manager": ("npm", "package-lock.json"),
    "application.framework": ("express", "package.json:12"),
    "application.target": ("src/server.js", "package.json:7"),
    "migrations": ("knex", "knexfile.js"),
    "commands.develop": ("npm run dev", "package.json:8"),
    "commands.serve": ("node src/server.js", "package.json:7"),
    "commands.test": ("npm test", "package.json:9"),
    "commands.migrate": ("npx knex migrate:latest", "knexfile.js"),
    "commands.seed": ("npx knex seed:run", "seeds/users.js"),
    "database.kind": ("postgres", "package.json:14"),
    "database.variables.host": ("DATABASE_HOST", "src/config.js:2"),
    "database.variables.port": ("DATABASE_PORT", "src/config.js:3"),
    "database.variables.name": ("DATABASE_NAME", "src/config.js:4"),
    "database.variables.user": ("DATABASE_USERNAME", "src/config.js:5"),
    "database.variables.password": ("DATABASE_PASSWORD", "src/config.js:6"),
    "cache.kind": ("redis", "package.json:15"),
    "cache.variables.url": ("REDIS_URL", "src/config.js:7"),
    "port": ("4242", "src/server.js:3"),
    "reads_port": ("HTTP_PORT", "src/server.js:3"),
    "reads_host": ("HTTP_HOST", "src/server.js:1"),
    "health": ("/health", "src/server.js:2"),
}


def test_of_an_express_service_all_is_found_with_its_place_and_nothing_else(tmp_path: Path) -> None:
    found = reading(tmp_path, EXPRESS)
    assert facts(found) == EXPECTED
    assert found.migration_files == ("db/migrations/*",)
    assert found.dependencies
    assert found.dependencies.files == ("package.json", "package-lock.json")


def test_prisma(tmp_path: Path) -> None:
    tree = {
        "package.json": package(
            dependencies={"@nestjs/core": "^11", "@prisma/client": "^6"},
            devDependencies={"prisma": "^6"},
            prisma={"seed": "node seed.js"},
        ),
        "prisma/schema.prisma": 'datasource db {\n  provider = "mysql"\n  url = env("DATABASE_URL")\n}\n',
    }
    found = facts(reading(tmp_path, tree))
    assert found["application.framework"] == ("nestjs", "package.json:4")
    assert found["migrations"] == ("prisma", "prisma/schema.prisma")
    assert found["commands.migrate"] == ("npx prisma migrate deploy", "prisma/schema.prisma")
    assert found["commands.pending"] == ("npx prisma migrate status", "prisma/schema.prisma")
    assert found["commands.seed"] == ("npx prisma db seed", "package.json:11")
    assert found["database.kind"] == ("mysql", "prisma/schema.prisma:2")
    assert found["database.variables.url"] == ("DATABASE_URL", "prisma/schema.prisma:3")


@pytest.mark.parametrize("stub", ['echo "Error: no test specified" && exit 1', "exit 1"])
def test_npms_stub_is_not_a_test(tmp_path: Path, stub: str) -> None:
    assert reading(tmp_path, {"package.json": package(scripts={"test": stub})}).commands.test is None


@pytest.mark.parametrize(
    ("start", "develop"),
    [
        ("nx serve", "npm start"),
        ("node dist/a.js", None),
        ("next start", None),
        ("yarn x", None),
        ("pm2 start a.js", None),
    ],
)
def test_without_a_script_for_development_start_is_one_if_it_runs_the_source(
    tmp_path: Path, start: str, develop: str | None
) -> None:
    found = reading(tmp_path, {"package.json": package(scripts={"start": start}), "a.js": "require('express')()\n"})
    assert (found.commands.develop.value if found.commands.develop else None) == develop


def test_yarn_is_named_and_its_scripts_are_not_taken(tmp_path: Path) -> None:
    scripts = {"start": "yarn babel-node src", "dev": "pnpm dev:api"}
    found = reading(tmp_path, {"package.json": package(scripts=scripts), "yarn.lock": ""})
    assert (found.commands.serve, found.commands.develop) == (None, None)
    assert f"yarn.lock: Yarn {NOT_SUPPORTED}, only npm is" in notes(found)


@pytest.mark.parametrize(
    ("tree", "version"),
    [
        ({"Dockerfile": "FROM node:22-alpine\n", ".nvmrc": "v20.1\n"}, ("22", "Dockerfile:1")),
        ({".nvmrc": "v20.1\n"}, ("20", ".nvmrc:1")),
        ({".nvmrc": "lts/*\n"}, ("18", "package.json:4")),
    ],
)
def test_the_version_that_runs_comes_first(tmp_path: Path, tree: Tree, version: tuple[str, str]) -> None:
    tree = {"package.json": package(engines={"node": "^18.17 || >=20"}), **tree}
    assert facts(reading(tmp_path, tree))["version"] == version


def test_a_frontend_beside_django_does_not_make_it_a_node_service(tmp_path: Path) -> None:
    tree = {
        "package.json": package(dependencies={"react": "^19"}),
        "requirements.txt": "django\n",
        "manage.py": "execute_from_command_line(sys.argv)\n",
    }
    assert facts(reading(tmp_path, tree))["language"] == ("python", "requirements.txt")


def test_a_start_script_that_sets_variables_keeps_them(tmp_path: Path) -> None:
    scripts = {"start": "TZ=UTC node ./dist/server.js", "build": "tsc"}
    found = reading(tmp_path, {"package.json": package(scripts=scripts, dependencies={"express": "^4"})})
    assert facts(found)["commands.serve"] == ("env TZ=UTC node ./dist/server.js", "package.json:4")
    assert facts(found)["commands.build"] == ("npm run build", "package.json:5")


def test_a_target_that_nothing_builds_is_told(tmp_path: Path) -> None:
    scripts = {"start": "node ./dist/server.js"}
    found = reading(tmp_path, {"package.json": package(scripts=scripts, dependencies={"express": "^4"})})
    assert "package.json:4: dist/server.js is not a tracked file: a build makes it" in notes(found)


def test_express_without_a_script_for_it_reloads_by_node_itself(tmp_path: Path) -> None:
    package_json = package(main="app.js", dependencies={"express": "^4"})
    found = facts(reading(tmp_path, {"package.json": package_json, "app.js": ""}))
    assert found["commands.develop"] == ("node --watch app.js", "package.json:3")
    assert found["commands.serve"] == ("node app.js", "package.json:3")

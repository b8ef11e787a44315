"""Node services: version, installation, framework, migrations, commands, variables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.adopt.read_trees import Tree, facts, notes, reading
from tests.adopt.test_fill_files import fill
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


BERRY = "__metadata:\n  version: 8\n  cacheKey: 10\n"
PNPM_9 = "lockfileVersion: '9.0'\n"
MANAGERS: dict[str, tuple[Tree, tuple[str, str], str, tuple[str, ...]]] = {
    "npm": ({"package-lock.json": "{}"}, ("npm", "package-lock.json"), "", ("package-lock.json",)),
    "npm, by its field": (
        {"package.json": package(packageManager="npm@10.1.0"), "yarn.lock": "", "package-lock.json": "{}"},
        ("npm", "package-lock.json"),
        "",
        ("package-lock.json",),
    ),
    "pnpm 6": ({"pnpm-lock.yaml": "lockfileVersion: 5.4\n"}, ("pnpm", "pnpm-lock.yaml"), "pnpm@7.33.7", ()),
    "pnpm 8": ({"pnpm-lock.yaml": "lockfileVersion: '6.0'\n"}, ("pnpm", "pnpm-lock.yaml"), "pnpm@8.15.9", ()),
    "pnpm 9": ({"pnpm-lock.yaml": PNPM_9}, ("pnpm", "pnpm-lock.yaml"), "pnpm@9.15.9", ("pnpm-lock.yaml",)),
    "pnpm 10, by its settings": (
        {"pnpm-lock.yaml": PNPM_9, "pnpm-workspace.yaml": "onlyBuiltDependencies: [esbuild]\n", "patches/a.patch": ""},
        ("pnpm", "pnpm-lock.yaml"),
        "pnpm@10.34.6",
        ("pnpm-lock.yaml", "pnpm-workspace.yaml", "patches"),
    ),
    "pnpm, by its field": (
        {"package.json": package(packageManager="pnpm@9.1.2+sha512.abc"), "pnpm-lock.yaml": PNPM_9, "yarn.lock": ""},
        ("pnpm", "package.json:3"),
        "pnpm@9.1.2",
        ("pnpm-lock.yaml",),
    ),
    "Yarn 1": ({"yarn.lock": "# yarn lockfile v1\n"}, ("yarn", "yarn.lock"), "yarn@1.22.22", ("yarn.lock",)),
    "Yarn 3": (
        {"yarn.lock": BERRY.replace("8", "6")},
        ("yarn", "yarn.lock"),
        "@yarnpkg/cli-dist@3.8.7",
        ("yarn.lock",),
    ),
    "Yarn 4": ({"yarn.lock": BERRY}, ("yarn", "yarn.lock"), "@yarnpkg/cli-dist@4.12.0", ("yarn.lock",)),
    "Yarn 4, by its release": (
        {
            "yarn.lock": BERRY,
            ".yarnrc.yml": "yarnPath: .yarn/releases/yarn-4.1.0.cjs\n",
            ".yarn/releases/yarn-4.1.0.cjs": "",
        },
        ("yarn", "yarn.lock"),
        "@yarnpkg/cli-dist@4.1.0",
        ("yarn.lock", ".yarnrc.yml", ".yarn/releases"),
    ),
    "a field without its lock": (
        {"package.json": package(packageManager="pnpm@9.1.2"), "yarn.lock": ""},
        ("yarn", "yarn.lock"),
        "yarn@1.22.22",
        ("yarn.lock",),
    ),
}


@pytest.mark.parametrize("name", MANAGERS)
def test_the_package_manager_is_that_of_the_lock_with_the_release_that_wrote_it(tmp_path: Path, name: str) -> None:
    tree, manager, release, files = MANAGERS[name]
    found = reading(tmp_path, {"package.json": package(), **tree})
    assert facts(found)["dependencies.manager"] == manager
    assert found.dependencies
    assert (found.dependencies.release, found.dependencies.locked) == (release, True)
    assert {*files} <= {*found.dependencies.files}


@pytest.mark.parametrize(
    ("lock", "native", "production"),
    [
        ("pnpm-lock.yaml", "npx --yes pnpm@9.15.9 install --frozen-lockfile", "pnpm install --frozen-lockfile --prod"),
        (
            "yarn.lock",
            "npx --yes yarn@1.22.22 install --frozen-lockfile",
            "yarn install --frozen-lockfile --production",
        ),
        ("package-lock.json", "npm ci", "npm ci --omit=dev"),
    ],
)
def test_each_manager_installs_from_its_lock_in_the_image_too(
    tmp_path: Path, lock: str, native: str, production: str
) -> None:
    files = fill(reading(tmp_path, {"package.json": package(dependencies={"express": "4"}), lock: ""}))
    assert yaml.safe_load(files["dev.yaml"])["native"]["install"].startswith(native)
    image = files["Dockerfile"]
    assert f"export HOME=/root; {production} " in image
    assert f"--mount=type=bind,source={lock},target={lock}" in image
    assert ("npm install --global --force" in image.partition("FROM base AS deps")[0]) == (lock != "package-lock.json")


def test_yarn_4_gets_node_modules_and_a_workspace_of_pnpm_a_flat_folder(tmp_path: Path) -> None:
    files = fill(reading(tmp_path, {"package.json": package(dependencies={"express": "4"}), "yarn.lock": BERRY}))
    assert "env YARN_NODE_LINKER=node-modules yarn workspaces focus --all --production" in files["Dockerfile"]
    tree = {
        "package.json": package(packageManager="pnpm@9.1.0", private=True),
        "pnpm-lock.yaml": PNPM_9,
        "pnpm-workspace.yaml": "packages: ['apps/*']\n",
        "apps/api/package.json": package(scripts={"start": "node a.js"}, dependencies={"express": "4"}),
        "apps/api/a.js": "",
    }
    found = reading(tmp_path / "workspace", tree)
    assert found.dependencies
    assert (found.dependencies.release, found.dependencies.shared) == ("pnpm@9.1.0", True)
    assert {"pnpm-workspace.yaml", "apps/api/package.json"} <= {*found.dependencies.files}
    assert "--config.node-linker=hoisted" in fill(found)["Dockerfile"]


def test_a_second_lock_and_an_unknown_manager_are_notes(tmp_path: Path) -> None:
    found = notes(reading(tmp_path, {"package.json": package(), "yarn.lock": "", "pnpm-lock.yaml": PNPM_9}))
    assert "yarn.lock: a lock of yarn; pnpm is used, see pnpm-lock.yaml" in found
    found = notes(reading(tmp_path / "bun", {"package.json": package(), "bun.lock": ""}))
    assert f"bun.lock: Bun {NOT_SUPPORTED}; npm is used" in found


@pytest.mark.parametrize(
    ("lock", "serve", "develop"),
    [
        ("", None, None),
        ("yarn.lock", "npm start", "npm start"),
        ("pnpm-lock.yaml", None, "npm run dev"),
        ("berry", None, None),  # it runs nothing in a folder without node_modules, such as the mounted source
    ],
)
def test_a_script_that_calls_a_manager_needs_it_in_the_image(
    tmp_path: Path, lock: str, serve: str | None, develop: str | None
) -> None:
    scripts = {"start": "yarn babel-node src", "dev": "pnpm dev:api"}
    locks = {"yarn.lock": BERRY} if lock == "berry" else {lock: ""} if lock else {}
    ways = reading(tmp_path, {"package.json": package(scripts=scripts), **locks}).commands
    assert (ways.serve and ways.serve.value, ways.develop and ways.develop.value) == (serve, develop)


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
    found = facts(reading(tmp_path, tree))
    assert found["version"] == version
    older = ("18", "package.json:4") if version[0] > "18" else None
    assert found.get("oldest") == older  # without containers, the older one will do


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


@pytest.mark.parametrize(
    ("script", "asked"),
    [
        ("husky install || true", False),
        ("if command -v husky; then husky; fi", False),
        ("test -f dist/server.js || npm run build", False),
        ("patch-package", False),
        ("husky && node scripts/setup.js", True),
        ("node scripts/fetch-fonts.js", True),
    ],
)
@pytest.mark.parametrize("name", ["prepare", "postinstall"])
def test_a_script_that_an_installation_runs_is_not_run_in_the_image(
    tmp_path: Path, name: str, script: str, asked: bool
) -> None:
    scripts = {"start": "node dist/server.js", "build": "tsc", name: script}
    manifest = json.dumps({"scripts": scripts, "dependencies": {"express": "4"}}, indent=1)
    found = reading(tmp_path, {"package.json": manifest, "src/server.ts": "", "patches/a.patch": ""})
    assert found.dependencies
    assert found.dependencies.hooks == ("package.json",)
    assert found.dependencies.patched is ("patch-package" in script)
    assert ("patches" in found.dependencies.files) is found.dependencies.patched
    assert [one.example for one in found.open if one.file == "image"] == [f"RUN npm run {name}"] * asked


def test_a_build_is_asked_for_once(tmp_path: Path) -> None:
    manifest = json.dumps({"scripts": {"prepare": "bun run build"}, "dependencies": {"express": "4"}}, indent=1)
    dockerfile = 'FROM node:22\nCOPY . .\nRUN bun run build\nCMD ["node", "dist/server.js"]\n'
    found = reading(tmp_path, {"package.json": manifest, "Dockerfile": dockerfile})
    assert [one.example for one in found.open if one.file == "image"] == ["RUN bun run build"]


@pytest.mark.parametrize(
    ("scripts", "name", "value"),
    [
        ({"start": "nest start", "start:prod": "node dist/main"}, "serve", "node dist/main"),
        ({"migrate": "node-pg-migrate -m migrations"}, "migrate", "npm run migrate -- up"),
        ({"migrate": "node-pg-migrate up"}, "migrate", "npm run migrate"),
        ({"migrate": "db-migrate --config a.json"}, "migrate", "npm run migrate -- up"),
        ({"migrate": "knex migrate:latest"}, "migrate", "npm run migrate"),
    ],
)
def test_a_script_is_called_as_people_type_it(tmp_path: Path, scripts: dict[str, str], name: str, value: str) -> None:
    content = json.dumps({"dependencies": {"express": "4", "node-pg-migrate": "7", "pg": "8"}, "scripts": scripts})
    assert facts(reading(tmp_path, {"package.json": content}))[f"commands.{name}"][0] == value

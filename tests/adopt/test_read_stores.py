"""Databases and caches: of which kind, told by which variables, with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adopt import test_fill_files
from tests.adopt.read_trees import Tree, facts, notes, reading
from tests.messages import NOT_SUPPORTED

MANAGE = "execute_from_command_line(sys.argv)\n"


def django(settings: str, requirements: str = "django\npsycopg\n", **more: str) -> Tree:
    return {"manage.py": MANAGE, "requirements.txt": requirements, "shop/settings.py": settings, **more}


def database(root: Path, tree: Tree) -> dict[str, str]:
    return {
        name.removeprefix("database."): value
        for name, (value, _) in facts(reading(root, tree)).items()
        if name.startswith("database.")
    }


def test_a_variable_that_chooses_the_kind_of_database(tmp_path: Path) -> None:
    settings = """\
        CONFIG = {
            "backend": {"default": "sqlite3", "env": os.getenv("SHOP_DB_TYPE")},
            "name": {"env": os.getenv("SHOP_DB_NAME")},
            "host": {"env": os.getenv("SHOP_DB_HOST")},
            "password": {"env": os.getenv("SHOP_DB_PASS")},
            "redis": {
                "default": "redis://127.0.0.1:6379/1",
                "env": os.getenv("SHOP_REDIS"),
            },
        }
        """
    tree = django(settings, "django\nredis\npsycopg2\n")
    found = reading(tmp_path, tree)
    assert found.database
    assert dict(found.database.constants)["SHOP_DB_TYPE"].value == "postgresql"
    assert {role: each.value for role, each in found.database.variables.items()} == {
        "name": "SHOP_DB_NAME",
        "host": "SHOP_DB_HOST",
        "password": "SHOP_DB_PASS",
    }
    assert facts(found)["cache.variables.url"] == ("SHOP_REDIS", "shop/settings.py:8")


@pytest.mark.parametrize(
    ("settings", "constants"),
    [
        ('os.environ.get("SQL_ENGINE", "django.db.backends.sqlite3")', {"SQL_ENGINE": "django.db.backends.postgresql"}),
        ('env("DB_ENGINE", default="postgresql")', {"DB_ENGINE": "postgresql"}),
        ('if os.environ.get("DB_DRIVER") == "pg": pass', {"DB_DRIVER": "pg"}),
        ('os.environ.get("DB_TYPE")', {}),
        ('if os.getenv("DB") == "postgres": pass', {"DB": "postgres"}),
        ('if os.getenv("STORE", "sqlite").lower() in ["pg", "postgresql"]: pass', {"STORE": "postgresql"}),
        ('if os.getenv("DB") == "sqlite": pass', {}),
        ('if os.getenv("DB") != "postgres": pass', {}),
    ],
)
def test_the_word_for_a_kind_is_the_codes_own(tmp_path: Path, settings: str, constants: dict[str, str]) -> None:
    found = reading(tmp_path, django(f"import os\nX = 1\n\n{settings}\n\n"))
    assert found.database
    assert {name: each.value for name, each in found.database.constants.items()} == constants


@pytest.mark.parametrize(
    ("code", "variables"),
    [
        ('os.environ["POSTGRES_HOST"], os.environ["POSTGRES_DB"]', {"host": "POSTGRES_HOST", "name": "POSTGRES_DB"}),
        ("DATABASES = {'default': dj_database_url.config(conn_max_age=600)}", {"url": "DATABASE_URL"}),
        ("DATABASES = {'default': env.db()}", {"url": "DATABASE_URL"}),
        ("env.db('MAIN_DATABASE_DSN', default='sqlite:///x')", {"url": "MAIN_DATABASE_DSN"}),
        ("config('PGHOST'), config('PGDATABASE', default='x')", {"host": "PGHOST", "name": "PGDATABASE"}),
        ("get_env_str('DB_HOST', 'x'); get_env_str('DB_NAME')", {"host": "DB_HOST", "name": "DB_NAME"}),
        (
            "DATABASES = {'default': {'HOST': secret('DB_HOST', 'x'), 'NAME': a(b('DB_NAME')), 'X': c('DB_USER')}}",
            {"host": "DB_HOST", "name": "DB_NAME"},
        ),
        ("envhost('DB_HOST', 'x'); envsecret('DB_PASSWORD')", {"host": "DB_HOST", "password": "DB_PASSWORD"}),
        ("os.getenv('MYSQL_HOST'); os.getenv('PG_HOST'); os.getenv('PG_NAME')", {"host": "PG_HOST", "name": "PG_NAME"}),
        ("os.getenv('DATABASE_REPLICA_URL'), os.getenv('TEST_DATABASE_URL'), os.getenv('DB_POOL_SIZE')", {}),
        ("os.environ['DB_HOST'] = 'x'; environ['DB_NAME']", {}),
    ],
)
def test_the_ways_in_which_code_reads_its_variables(tmp_path: Path, code: str, variables: dict[str, str]) -> None:
    found = reading(tmp_path, django(code + "\n"))
    assert found.database
    assert {role: each.value for role, each in found.database.variables.items()} == variables


def test_of_a_url_and_its_parts_what_runs_is_taken_and_the_other_named(tmp_path: Path) -> None:
    code = "os.environ.get('DATABASE_URL'); os.environ.get('DB_HOST'); os.environ.get('DB_NAME')\n"
    assert database(tmp_path / "parts", django(code)) == {
        "kind": "postgres",
        "variables.host": "DB_HOST",
        "variables.name": "DB_NAME",
    }
    compose = "services:\n  web:\n    build: .\n    environment: {DATABASE_URL: 'postgres://a:b@db/c'}\n"
    found = reading(tmp_path / "url", django(code, **{"compose.yaml": compose}))
    assert facts(found)["database.variables.url"] == ("DATABASE_URL", "shop/settings.py:1")
    assert found.database
    assert found.database.scheme == "postgres"
    assert "shop/settings.py:1: DATABASE_URL takes an address of postgres, too" in notes(
        reading(tmp_path / "x", django(code))
    )


@pytest.mark.parametrize(
    ("requirements", "example", "scheme"),
    [
        ("flask\nsqlalchemy\npsycopg2\n", "", "postgresql+psycopg2"),
        ("flask\nsqlalchemy\nasyncpg\npsycopg\n", "", "postgresql+psycopg"),
        ("flask\nsqlalchemy\npsycopg2\n", "DATABASE_URL=postgresql://u:p@h/n\n", "postgresql"),
        ("flask\nsqlalchemy\nPyMySQL\n", "", "mysql+pymysql"),
        ("flask\npsycopg2\n", "", "postgresql"),
    ],
)
def test_how_a_url_begins(tmp_path: Path, requirements: str, example: str, scheme: str) -> None:
    tree = {"requirements.txt": requirements, "app.py": "os.environ['DATABASE_URL']\n", ".env.example": example}
    found = reading(tmp_path, tree)
    assert found.database
    assert found.database.scheme == scheme


def test_sqlite_only_if_nothing_else_is_found(tmp_path: Path) -> None:
    engine = "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\n"
    assert database(tmp_path / "small", django(engine, "django\n")) == {"kind": "sqlite"}
    assert database(tmp_path / "big", django(engine)) == {"kind": "postgres"}


def test_a_driver_in_an_extra_counts_where_a_variable_leads_to_it(tmp_path: Path) -> None:
    project = "[project]\nname='a'\ndependencies=['django']\n[project.optional-dependencies]\npg=['psycopg2']\n"
    engine = "ENGINE = 'django.db.backends.sqlite3'\n"
    tree = {"pyproject.toml": project, "manage.py": MANAGE, "a/settings.py": engine}
    assert database(tmp_path / "none", tree) == {"kind": "sqlite"}
    tree["a/settings.py"] += "os.getenv('DB_HOST'), os.getenv('DB_NAME')\n"
    found = reading(tmp_path / "some", tree)
    assert facts(found)["database.kind"] == ("postgres", "pyproject.toml:5")
    assert "pyproject.toml:5: the driver psycopg2 is in the extra or group `pg`" in notes(found)


def test_the_extras_that_an_installation_needs(tmp_path: Path) -> None:
    project = """\
        [build-system]
        requires = ["setuptools"]
        [project]
        name = "a"
        dependencies = ["django"]
        [project.optional-dependencies]
        docs = ["sphinx"]
        pg = ["psycopg2"]
        dev = ["pytest"]
        [dependency-groups]
        lint = ["ruff"]
        """
    found = reading(
        tmp_path, {"pyproject.toml": project, "a/settings.py": "os.getenv('DB_HOST'), os.getenv('DB_NAME')\n"}
    )
    assert found.dependencies
    assert found.dependencies.extras == ("pg", "dev")


def test_two_kinds_are_reported(tmp_path: Path) -> None:
    found = reading(tmp_path, django("", "django\npsycopg\nmysqlclient\n"))
    assert facts(found)["database.kind"] == ("postgres", "requirements.txt:2")
    assert "requirements.txt:3: mysql is possible too; postgres is used, see requirements.txt:2" in notes(found)


def test_what_we_have_nothing_for_is_named_and_no_url_of_it_taken(tmp_path: Path) -> None:
    tree = django("os.getenv('DATABASE_URI', 'mongodb://localhost/x')\n", "django\nkafka-python\npymongo\npsycopg\n")
    found = reading(tmp_path, tree)
    assert f"requirements.txt:2: Kafka {NOT_SUPPORTED}, see kafka-python" in notes(found)
    assert [one.variables["DATABASE_URI"].value for one in found.backing] == ["mongodb://mongodb:27017/x"]
    assert "database.variables.url" not in facts(found)


def test_a_broker_is_the_cache_and_so_is_a_second_address(tmp_path: Path) -> None:
    code = "os.getenv('CELERY_BROKER_URL', 'redis://x/0')\nos.getenv('REDIS_URL')\n"
    found = reading(tmp_path, django(code, "django\nredis\n"))
    assert found.cache
    named = {found.cache.variables["url"].value, *found.cache.others}
    assert (named, len(found.cache.others)) == ({"CELERY_BROKER_URL", "REDIS_URL"}, 1)


def test_a_library_alone_is_not_a_cache(tmp_path: Path) -> None:
    found = reading(tmp_path, django("", "django\nredis\n"))
    assert found.cache is None
    assert "requirements.txt:2: redis is a dependency, but no variable has its address" in notes(found)


def test_a_package_that_only_another_one_needs_is_not_a_server(tmp_path: Path) -> None:
    compiled = "# This file is autogenerated by pip-compile with Python 3.12\ndjango==5.2\n    # via -r base.in\n"
    others = "pymongo==4.1\n    # via opaque-keys\n"
    others += "meilisearch==0.3 \\\n    --hash=sha256:a \\\n    --hash=sha256:b\n    # via\n    #   a\n    #   b\n"
    own = "opensearch-py==2\n    # via\n    #   -r base.in\n    #   c\n"
    found = reading(tmp_path, {"manage.py": MANAGE, "requirements.txt": compiled + others + own})
    assert [one.kind for one in found.backing] == ["opensearch"]


def test_the_password_next_to_an_address_that_only_its_value_shows(tmp_path: Path) -> None:
    compose = (
        "services:\n  app:\n    build: .\n    environment: {QUEUE_HOSTNAME: 'redis:6379', QUEUE_PASSWORD: secret}\n"
    )
    code = "import os\nos.environ['QUEUE_HOSTNAME'], os.environ['QUEUE_PASSWORD']\n"
    found = facts(reading(tmp_path, django(code, **{"compose.yaml": f"{compose}  redis: {{image: redis}}\n"})))
    assert found["cache.variables.address"][0] == "QUEUE_HOSTNAME"
    assert found["cache.variables.password"][0] == "QUEUE_PASSWORD"
    assert "environment.QUEUE_PASSWORD" not in found


def test_the_default_of_a_port_says_which_store_it_is(tmp_path: Path) -> None:
    code = "import os\n" + "".join(
        f"os.getenv('KV_{name}', '{value}')\n" for name, value in (("HOST", "localhost"), ("PORT", "6379"))
    )
    found = facts(reading(tmp_path / "a", {"requirements.txt": "flask\nredis\n", "config.py": code}))
    assert found["cache.variables.host"] == ("KV_HOST", "config.py:2")
    assert found["cache.variables.port"] == ("KV_PORT", "config.py:3")
    other = facts(
        reading(tmp_path / "b", {"requirements.txt": "flask\nredis\n", "config.py": code.replace("6379", "80")})
    )
    assert "cache.kind" not in other


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("?schema=public&connection_limit=5", "?schema=public&connection_limit=5"),
        ("?sslmode=disable", "?sslmode=disable"),
        ("?sslmode=require&charset=utf8mb4", "?charset=utf8mb4"),
        ("?host=/cloudsql/x&ssl=true&sslrootcert=a.pem", ""),
        ("", ""),
    ],
)
def test_the_options_of_an_address_are_kept_unless_they_are_for_another_server(
    tmp_path: Path, query: str, kept: str
) -> None:
    tree = {
        "requirements.txt": "flask\npsycopg\n",
        "app.py": "os.environ['DATABASE_URL']\n",
        ".env.example": f"DATABASE_URL=postgres://a:b@c/d{query}\n",
    }
    text = test_fill_files.fill(reading(tmp_path, tree))["compose.yaml"]
    assert f"/${{DB_NAME:-service}}{kept} # app.py:1" in text


@pytest.mark.parametrize(("listed", "kind"), [("django", "sqlite"), ("django\npsycopg2", "postgres")])
def test_without_a_driver_the_default_of_the_variable_counts(tmp_path: Path, listed: str, kind: str) -> None:
    code = "import os\nif os.getenv('DB', 'sqlite') == 'postgres':\n"
    code += "    DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql'}}\n"
    code += "else:\n    DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\n"
    tree = {"requirements.txt": f"{listed}\n", "manage.py": "execute_from_command_line([])\n", "settings.py": code}
    assert facts(reading(tmp_path, tree))["database.kind"][0] == kind


@pytest.mark.parametrize(("value", "kind"), [("SQLITE", "sqlite"), ("postgres", "postgres"), ("other", "mysql")])
def test_the_database_that_a_variable_names_is_the_one_that_runs(tmp_path: Path, value: str, kind: str) -> None:
    code = "import os\nDB = os.environ.get('DB', 'mysql').lower()\nDATABASES = TABLE[DB]\nINSTALLED_APPS = []\n"
    tree = {
        "requirements.txt": "django\nmysqlclient\npsycopg2\n",
        "manage.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'settings')\nexecute_from_command_line([])\n",
        "settings.py": code,
        "compose.yaml": f"services: {{app: {{build: ., environment: {{DB: {value}}}}}, db: {{image: mysql:8}}}}\n",
    }
    assert facts(reading(tmp_path, tree))["database.kind"][0] == kind


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("SQLALCHEMY_DATABASE_URI = 'postgresql://shop:shop@localhost/shop'\n", ["SQLALCHEMY_DATABASE_URI"]),
        ("BASE = dict(\n    DB_URL='sqlite:///shop.db', DB_URI='sqlite:///shop.db')\n", ["DB_URL", "DB_URI"]),
        ("class Config:\n    DATABASE_URI: str = 'sqlite://'\n", ["DATABASE_URI"]),
        ("app.config['DATABASE_URI'] = 'postgresql+psycopg2://db/shop'\n", ["DATABASE_URI"]),
        ("class TestConfig:\n    DATABASE_URI = 'sqlite://'\n", []),
        ("DOCS_URL = 'https://example.org'\n", []),
    ],
)
def test_an_address_that_code_has_as_a_constant_is_an_open_point(tmp_path: Path, code: str, names: list[str]) -> None:
    tree = {"requirements.txt": "flask\nsqlalchemy\npsycopg2\n", "shop/config.py": code}
    found = reading(tmp_path, tree)
    lines = [f'in shop/config.py: {name} = os.environ["DATABASE_URL"]' for name in names]
    assert [one.example for one in found.open] == (["\n".join(lines)] if names else [])
    compose = test_fill_files.fill(found)["compose.yaml"]
    assert ("\n      DATABASE_URL: postgresql+psycopg2://" in compose) is bool(names)
    assert ("the code's own names" in compose) is not bool(names)


@pytest.mark.parametrize(
    ("file", "text", "code", "asked"),
    [
        (
            "shop/default.cfg",
            "[core]\ndatabase_uri = postgresql://a:b@localhost/c\n",
            "DB_URI = config.get('core', 'database_uri')",
            1,
        ),
        ("etc/shop.yml", "db:\n  dsn: 'postgresql://a:b@localhost/c'\n", "DB_URI = conf['db']['dsn']", 1),
        ("config.toml", 'url = "postgresql+psycopg2://db/c"\n', "app.config['DB_URI'] = made['url']", 1),
        ("config.json", '{\n"uri": "postgresql://db/c"\n}\n', "DB_URI = os.environ.get(made['uri'])", 0),
        ("docs/shop.cfg", "uri = postgresql://db/c\n", "DB_URI = made['uri']", 0),
        ("shop/default.cfg", "uri = https://example.org\n", "DB_URI = made['uri']", 0),
        ("shop/default.cfg", "uri = postgresql://db/c\n", "ADDRESS_OF_DOCS = made['uri']", 0),
    ],
)
def test_an_address_in_a_file_that_code_reads_is_an_open_point(
    tmp_path: Path, file: str, text: str, code: str, asked: int
) -> None:
    tree = {"requirements.txt": "flask\nsqlalchemy\npsycopg2\n", "shop/config.py": f"{code}\n", file: text}
    found = reading(tmp_path, tree)
    assert [one.example for one in found.open] == ['in shop/config.py: DB_URI = os.environ["DATABASE_URL"]'] * asked
    assert all(f"the database's address is in {file}:" in one.what.value for one in found.open)


@pytest.mark.parametrize(
    ("flask", "code", "asked"),
    [
        ("flask==2.3.3", "SERVER_NAME = '127.0.0.1:8000'", True),
        ("flask==1.1", "SERVER_NAME = config.get('core', 'server_name')", True),
        ("flask==2.3.3", "SERVER_NAME = config.get('core', 'name')", False),
        ("flask==2.3.3", "SERVER_NAME = os.environ.get('SERVER_NAME')", False),
        ("flask==2.3.3", "SERVER_NAME = None", False),
        ("flask==2.3.3", "class TestConfig:\n    SERVER_NAME = 'localhost:5000'", False),
        ("flask>=3", "SERVER_NAME = '127.0.0.1:8000'", False),
    ],
)
def test_a_fixed_server_name_of_flask_is_an_open_point(tmp_path: Path, flask: str, code: str, asked: bool) -> None:
    tree = {"requirements.txt": f"{flask}\n", "shop/config.py": f"{code}\n", "shop.cfg": "server_name = 127.0.0.1:80\n"}
    found = reading(tmp_path, tree)
    assert [one.example for one in found.open] == ["in shop/config.py: SERVER_NAME = None"] * asked


def test_a_constant_does_not_count_if_a_variable_leads_to_the_database(tmp_path: Path) -> None:
    code = "import os\nURI = os.environ['DATABASE_URL']\nDB_URL = 'sqlite:///shop.db'\n"
    found = reading(tmp_path, {"requirements.txt": "flask\npsycopg2\n", "shop/config.py": code})
    assert found.database
    assert found.database.variables["url"].value == "DATABASE_URL"
    assert not found.open


def test_a_configuration_file_that_flask_executes_says_the_database_and_its_driver_is_installed(tmp_path: Path) -> None:
    conf = "DEBUG = True\nSQLALCHEMY_DATABASE_URI = 'postgresql://<NAME>@localhost/shop'\n"
    tree = {"requirements.txt": "flask\nflask-sqlalchemy\n", "shop.py": "", "data/shop.conf": conf}
    found = reading(tmp_path, tree)
    assert facts(found)["database.kind"] == ("postgres", "data/shop.conf:2")
    assert [one.what.where for one in found.open] == ["data/shop.conf:2"]
    assert found.dependencies
    assert found.dependencies.more == ("psycopg2-binary",)
    assert any("psycopg2-binary is installed, too" in note for note in notes(found))


@pytest.mark.parametrize("more", ["psycopg[binary]", "asyncpg", "pg8000"])
def test_a_driver_that_is_listed_is_enough(tmp_path: Path, more: str) -> None:
    code = "import os\nSQLALCHEMY_DATABASE_URI = os.environ['DATABASE_URL']\n"
    found = reading(tmp_path, {"requirements.txt": f"flask\nsqlalchemy\n{more}\n", "shop.py": code})
    assert found.dependencies
    assert found.dependencies.more == ()


def test_a_driver_that_only_developers_get_is_installed(tmp_path: Path) -> None:
    text = """\
        [tool.poetry]
        name = "shop"
        [tool.poetry.dependencies]
        flask = "*"
        sqlalchemy = "*"
        [tool.poetry.group.dev.dependencies]
        psycopg2-binary = "*"
        """
    code = "import os\nSQLALCHEMY_DATABASE_URI = os.environ['POSTGRES_URL']\n"
    found = reading(tmp_path, {"pyproject.toml": text, "shop.py": code})
    assert found.dependencies
    assert found.dependencies.more == ("psycopg2-binary",)


@pytest.mark.parametrize(("given", "prefix"), [("", "FLASK"), ("'SHOP'", "SHOP"), ("prefix='SHOP'", "SHOP")])
def test_with_prefixed_variables_of_flask_a_constant_needs_no_edit(tmp_path: Path, given: str, prefix: str) -> None:
    conf = "SQLALCHEMY_DATABASE_URI = 'postgresql://localhost/shop'\n"
    code = f"app.config.from_pyfile('shop.cfg')\napp.config.from_prefixed_env({given})\n"
    found = reading(tmp_path, {"requirements.txt": "flask\nsqlalchemy\n", "shop.py": code, "shop.cfg": conf})
    assert facts(found)["database.variables.url"] == (f"{prefix}_SQLALCHEMY_DATABASE_URI", "shop.py:2")
    assert not found.open


def test_with_prefixed_variables_of_flask_the_constants_of_redis_need_no_edit(tmp_path: Path) -> None:
    conf = "CELERY_BROKER_URL = 'redis://127.0.0.1:6379'\nCELERY_RESULT_BACKEND = 'redis://127.0.0.1:6379/1'\n"
    code = "app.config.from_pyfile('shop.cfg')\napp.config.from_prefixed_env()\n"
    tree = {"requirements.txt": "flask\nredis\ncelery\n", "shop.py": code, "shop.cfg": conf}
    made = test_fill_files.fill(reading(tmp_path, tree))["compose.yaml"]
    url = "redis://:${CACHE_PASSWORD:-}@${CACHE_HOST:-cache}:${CACHE_PORT:-6379}"
    assert f"FLASK_CELERY_BROKER_URL: {url}/0 " in made
    assert f"FLASK_CELERY_RESULT_BACKEND: {url}/1 " in made


def test_a_read_of_the_configuration_is_not_a_place_that_sets_the_address(tmp_path: Path) -> None:
    conf = "SQLALCHEMY_DATABASE_URI = 'postgresql://localhost/shop'\n"
    code = (
        "app.config.from_pyfile('shop.cfg')\ndef info():\n    db_uri = app.config.get('SQLALCHEMY_DATABASE_URI', '')\n"
    )
    found = reading(tmp_path, {"requirements.txt": "flask\nsqlalchemy\n", "shop.py": code, "shop.cfg": conf})
    assert [one.example for one in found.open] == ['in shop.cfg: SQLALCHEMY_DATABASE_URI = os.environ["DATABASE_URL"]']


def test_a_file_that_code_opens_with_pythons_own_module_is_a_database(tmp_path: Path) -> None:
    tree = {"requirements.txt": "werkzeug\n", "shop/db.py": "# sqlite3.connect()\nwith sqlite3.connect(path) as db:\n"}
    assert facts(reading(tmp_path, tree))["database.kind"] == ("sqlite", "shop/db.py:2")


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("const ssl = process.env.DB_SSL != null ? JSON.parse(process.env.DB_SSL) : {}", "false"),
        ("const ssl = process.env.DB_SSL !== 'false'", "false"),
        ("const ssl = process.env.DB_USE_SSL || 'true'", "false"),
        ("const mode = process.env.DB_SSLMODE || 'require'", "disable"),
        ("const ssl = process.env.DB_SSL ? {} : undefined", None),
        ("const ssl = process.env.DB_SSL === 'true'", None),
        ("const ssl = process.env.MAIL_SSL || 'true'", None),
        ("const file = process.env.DB_SSL_CA || 'true'", None),
    ],
)
def test_tls_that_the_code_asks_for_without_a_variable_is_turned_off(
    tmp_path: Path, code: str, value: str | None
) -> None:
    parts = "".join(f"const {key} = process.env.DB_{key};\n" for key in ("HOST", "NAME", "USER", "PASSWORD"))
    manifest = '{"dependencies": {"express": "4", "pg": "8"}, "scripts": {"start": "node index.js"}}'
    found = reading(tmp_path, {"package.json": manifest, "index.js": f"{parts}\n\n{code}\n"})
    assert found.database
    assert [one.value for one in found.database.constants.values()] == ([value] if value else [])


@pytest.mark.parametrize(
    ("code", "chosen"),
    [
        ("DATABASES = {'default': TABLE[os.environ.get('SHOP_DB', 'small')]}", "SHOP_DB"),
        ("DATABASES = {'default': TABLE.get(get_env('SHOP_DB', SMALL))}", "SHOP_DB"),
        ("DB = get_env('SHOP_DB', SMALL)\nDATABASES = {'default': TABLE[DB]}", "SHOP_DB"),
        ("DATABASES = {'default': TABLE[SMALL]}", ""),
        ("DATABASES = {'default': OTHER[os.environ['SHOP_DB']]}", ""),
    ],
)
def test_a_variable_that_chooses_from_a_table_of_databases_gets_the_key(tmp_path: Path, code: str, chosen: str) -> None:
    parts = "".join(f"'{key}': os.environ.get('DB_{key}'), " for key in ("HOST", "NAME", "USER", "PASSWORD"))
    table = (
        "import os\nLARGE = 'large'\nSMALL = 'small'\nTABLE = {\n"
        f"    LARGE: {{'ENGINE': 'django.db.backends.postgresql', {parts}}},\n"
        "    SMALL: {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'shop.db'},\n}\n"
        "DATABASES = {'default': TABLE[LARGE]}\n"
    )
    tree = {
        "requirements.txt": "django\npsycopg\n",
        "manage.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
        "shop/base.py": table,
        "shop/settings.py": f"from .base import *\nINSTALLED_APPS = []\n{code}\n",
    }
    found = reading(tmp_path, tree)
    assert found.database
    assert {key: one.value for key, one in found.database.constants.items()} == ({chosen: "large"} if chosen else {})


@pytest.mark.parametrize(
    ("package", "value", "taken"),
    [("celery[redis]", "", True), ("celery[redis]", "redis://r:6379/1", True), ("celery", "", False)],
)
def test_the_broker_of_celery_with_redis_is_one(tmp_path: Path, package: str, value: str, taken: bool) -> None:
    tree = {
        "requirements.txt": f"flask\n{package}\n",
        "app.py": f"app = Celery('a', broker=os.environ.get('CELERY_BROKER_URL', {value!r}))\n"
        "results = os.environ.get('CELERY_RESULT_BACKEND')\n",
    }
    cache = reading(tmp_path, tree).cache
    assert (cache is not None) is taken
    if cache and not value:
        assert {role: one.value for role, one in cache.variables.items()} == {"url": "CELERY_BROKER_URL"}
        assert set(cache.others) == {"CELERY_RESULT_BACKEND"}


def test_a_compose_file_of_the_first_format_is_read(tmp_path: Path) -> None:
    old = "web:\n  build: .\n  ports: ['5000:5000']\ndb:\n  image: postgres:9.4\n"
    tree = {"requirements.txt": "flask\n", "app.py": "os.environ['DATABASE_URL']\n", "docker-compose.yml": old}
    found = facts(reading(tmp_path, tree))
    assert found["database.kind"] == ("postgres", "docker-compose.yml:5")
    assert found["port"] == ("5000", "docker-compose.yml:3")
    extension = {**tree, "docker-compose.yml": "version: '3'\nx-db:\n  image: postgres:9.4\n"}
    assert "database.image" not in facts(reading(tmp_path, extension))


@pytest.mark.parametrize(
    ("listed", "compose", "kind"),
    [
        ("", "", "sqlite"),
        ("psycopg2\n", "", "postgres"),
        ("", "services:\n  db:\n    image: postgres:16\n", "postgres"),
    ],
)
def test_the_address_of_a_file_counts_if_no_server_is_installed(
    tmp_path: Path, listed: str, compose: str, kind: str
) -> None:
    tree = {
        "requirements.txt": f"flask\nsqlalchemy\n{listed}",
        "setup.cfg": "[metadata]\nname = a\n[options.extras_require]\nproduction =\n    psycopg2\n",
        "Dockerfile": "FROM python:3.13\nENV DATABASE_URL=sqlite:////data/a.db\n",
        "config.py": "url = os.environ.get('DATABASE_URL')\n",
        **({"compose.yaml": compose} if compose else {}),
    }
    database = reading(tmp_path, tree).database
    assert database
    assert database.kind.value == kind

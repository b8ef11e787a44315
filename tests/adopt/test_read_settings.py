"""Django's settings that run, and examples that are production's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adopt.read_trees import Tree, facts, notes, reading
from tests.adopt.test_fill_files import fill
from tools.adopt.fill.points import open_points

MANAGE = (
    "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings.local')\nexecute_from_command_line([])\n"
)
SERVER = "from .base import *\nimport os\nDATABASES = {'default': {'ENGINE': 'django.db.backends.mysql',\n" + "".join(
    f"    '{key}': os.environ['DB_{key}'],\n" for key in ("HOST", "NAME", "USER", "PASSWORD")
)
FILE = "from .base import *\nDATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\n"
BASE: Tree = {
    "requirements.txt": "django\nmysqlclient\n",
    "manage.py": MANAGE,
    "shop/settings/__init__.py": "",
    "shop/settings/base.py": "INSTALLED_APPS = []\n",
    "shop/settings/local.py": FILE,
}
NAME = "environment.DJANGO_SETTINGS_MODULE"
CLOSED = "DEBUG = False\nALLOWED_HOSTS = ['*']\n"


def test_the_module_that_reads_the_variables_is_set(tmp_path: Path) -> None:
    found = reading(tmp_path, {**BASE, "shop/settings/docker.py": SERVER + "}}\n"})
    assert facts(found)[NAME] == ("shop.settings.docker", "shop/settings/docker.py:4")
    assert any("shop.settings.local, which runs (manage.py:2)" in note for note in notes(found))
    assert "DJANGO_SETTINGS_MODULE: shop.settings.docker" in fill(found)["compose.yaml"]


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param({"shop/settings/local.py": SERVER + "}}\n"}, id="it runs"),
        pytest.param(
            {"shop/settings/local.py": "from .db import *\n", "shop/settings/db.py": SERVER + "}}\n"}, id="chain"
        ),
        pytest.param(
            {
                "shop/settings/local.py": "from split_settings.tools import include\ninclude('parts/db.py')\n",
                "shop/settings/parts/db.py": SERVER.replace(".base", "..base") + "}}\n",
            },
            id="included",
        ),
    ],
)  # fmt: skip
def test_the_module_that_runs_is_left_if_it_reads_them(tmp_path: Path, tree: Tree) -> None:
    found = reading(tmp_path, {**BASE, **tree})
    assert NAME not in facts(found)
    assert facts(found)["database.variables.host"][0] == "DB_HOST"


def test_of_two_modules_the_one_that_runs_gives_the_names(tmp_path: Path) -> None:
    other = SERVER.replace("DB_", "MYSQL_") + "}}\n"
    tree = {**BASE, "shop/settings/local.py": SERVER + "}}\n", "shop/settings/aws.py": other}
    assert facts(reading(tmp_path, tree))["database.variables.host"][0] == "DB_HOST"


def test_a_variable_below_the_database_is_not_the_databases(tmp_path: Path) -> None:
    """Otherwise the settings that read the address would be thought of as not in use."""
    tree = {"shop/settings/local.py": FILE + "import os\nTOOLS = os.environ.get('TOOLS')\n"}
    found = reading(tmp_path, {**BASE, **tree, "shop/settings/devstack.py": SERVER + "}}\n"})
    assert facts(found)[NAME][0] == "shop.settings.devstack"


def test_a_file_that_runs_is_the_database_if_nothing_leads_to_a_server(tmp_path: Path) -> None:
    found = reading(tmp_path / "file", BASE)
    assert facts(found)["database.kind"] == ("sqlite", "shop/settings/local.py:2")
    assert "requirements.txt:2: mysql is possible too" in "\n".join(notes(found))
    assert not [point for point in open_points(fill(found)) if "mysql" in point.what]
    runs = {"compose.yaml": "services: {app: {build: .}, db: {image: mysql:8}}\n"}
    assert facts(reading(tmp_path / "server", {**BASE, **runs}))["database.kind"][0] == "mysql"


def test_if_only_production_reads_them_the_owner_is_asked(tmp_path: Path) -> None:
    found = reading(tmp_path, {**BASE, "shop/settings/production.py": SERVER + "}}\n"})
    assert NAME not in facts(found)
    points = [point for point in open_points(fill(found)) if "the settings module" in point.what]
    assert [point.example for point in points] == ["DJANGO_SETTINGS_MODULE: shop.settings.production"]


def test_the_settings_engine_decides_between_two_drivers(tmp_path: Path) -> None:
    tree = {**BASE, "requirements.txt": "django\npsycopg2\nmysqlclient\n", "shop/settings/local.py": SERVER + "}}\n"}
    assert facts(reading(tmp_path, tree))["database.kind"] == ("mysql", "shop/settings/local.py:3")


def test_tests_keep_the_settings_of_their_own_configuration(tmp_path: Path) -> None:
    tree = {
        **BASE,
        "shop/settings/docker.py": SERVER + "}}\n",
        "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = shop.settings.test\n",
    }
    assert facts(reading(tmp_path, tree))["commands.test"] == ("pytest --ds=shop.settings.test", "pytest.ini:1")


def test_the_makefiles_test_program_comes_first(tmp_path: Path) -> None:
    tree = {**BASE, "pytest.ini": "[pytest]\n", "Makefile": "test:\n\tpytest --ds=shop.settings.ci\n"}
    assert facts(reading(tmp_path, tree))["commands.test"] == ("pytest --ds=shop.settings.ci", "Makefile:2")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("docker/.env.example", "DEBUG=False\nWANTED=1\nHOSTS=x\n"),
        (".env.example", "DJANGO_DEBUG=0\nWANTED=1\nHOSTS=x\n"),
        (".env.example", "NODE_ENV=production\nWANTED=1\nHOSTS=x\n"),
    ],
)
def test_of_an_example_of_production_only_what_must_be_there_is_taken(tmp_path: Path, file: str, text: str) -> None:
    code = "import os\nos.environ['WANTED']\nos.environ.get('HOSTS', '*')\nos.environ.get('DEBUG', 'True')\n"
    found = reading(tmp_path, {**BASE, file: text, "shop/settings/local.py": FILE + code})
    given = {name for name in facts(found) if name.startswith("environment.")}
    assert given == {"environment.WANTED"}
    assert found.open == ()
    assert any(note.startswith(f"{file}:1: ") and "an example of production" in note for note in notes(found))


def test_an_example_of_development_is_taken(tmp_path: Path) -> None:
    found = reading(tmp_path, {**BASE, ".env.example": "DEBUG=True\nHOSTS=x\n"})
    assert facts(found)["environment.HOSTS"] == ("x", ".env.example:2")


@pytest.mark.parametrize(
    "name", ["load_initial_data", "create_demo_users", "seed", "generate_test_data", "initial_data", "import_sample"]
)
def test_a_command_that_fills_the_database_is_a_seed(tmp_path: Path, name: str) -> None:
    tree = {**BASE, f"shop/management/commands/{name}.py": ""}
    assert facts(reading(tmp_path, tree))["commands.seed"][0] == f"python manage.py {name}"


def test_without_a_module_that_is_set_the_one_that_reads_the_variables_is(tmp_path: Path) -> None:
    tree = {**BASE, "manage.py": "execute_from_command_line([])\n", "shop/settings/devstack.py": SERVER + "}}\n"}
    found = reading(tmp_path, {**tree, "shop/settings/aws.py": SERVER + "}}\n"})
    assert facts(found)[NAME][0] == "shop.settings.devstack"


@pytest.mark.parametrize(
    ("hosts", "refuses"),
    [
        ("['127.0.0.1', 'localhost']", True),
        ("settings.get('HOSTS', ['localhost'])", True),
        ("[]", False),
        ("['*']", False),
        ("[urlparse(SITE_URL).hostname]", False),
        ("['.localhost']", False),
        ("env.list('HOSTS', ['localhost'])", False),
        ("config('HOSTS', cast=Csv())", False),
        ("['a.org']\nif DEBUG:\n    ALLOWED_HOSTS = ['*']", False),
        ("['a.org']\nALLOWED_HOSTS += extra", False),
    ],
)
def test_a_list_of_hosts_without_that_of_our_url_is_an_open_point(tmp_path: Path, hosts: str, refuses: bool) -> None:
    found = reading(tmp_path, {**BASE, "shop/settings/local.py": FILE + f"ALLOWED_HOSTS = {hosts}\n"})
    points = [point.what for point in open_points(fill(found)) if "ALLOWED_HOSTS" in point.what]
    assert points == (
        ["ALLOWED_HOSTS has no .localhost, so the pages of the service's URL are 400 (shop/settings/local.py:3)"]
        if refuses
        else []
    )


@pytest.mark.parametrize(
    "settings",
    [
        "from .base import *\nDATABASES = {'default': env.db()}\n",
        "from typing import Any\nDATABASES: dict[str, Any] = {'default': {'HOST': secret('DB_HOST')}}\n",
        "DATABASES = {'default': {}}\nDATABASES['default'].update(dj_database_url.config())\n",
    ],
    ids=["a helper that names no variable", "with a type", "updated"],
)
def test_a_module_that_reads_an_address_in_another_form_is_set(tmp_path: Path, settings: str) -> None:
    found = reading(tmp_path, {**BASE, "shop/settings/devstack.py": settings})
    assert facts(found)[NAME][0] == "shop.settings.devstack"


def test_a_second_database_that_the_code_needs_is_an_open_point(tmp_path: Path) -> None:
    second = "DATABASES['legacy'] = {'HOST': os.environ['LEGACY_HOST']}\n"
    found = reading(tmp_path, {**BASE, "shop/settings/local.py": SERVER + "}}\n" + second})
    assert [point.what for point in open_points(fill(found)) if "LEGACY_HOST" in point.what + point.example]


def test_django_without_manage_py_is_run_with_the_settings_that_a_module_sets(tmp_path: Path) -> None:
    tree = {
        "requirements.txt": "django==5.2\n",
        "shop/__init__.py": "",
        "shop/wsgi.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
        "shop/settings.py": "INSTALLED_APPS = []\n",
    }
    found = facts(reading(tmp_path / "module", tree))
    assert found["commands.migrate"] == ("python -m django migrate --noinput", "shop/wsgi.py:2")
    assert found["commands.develop"][0] == "python -m django runserver {bind}:{port}"
    assert found[NAME] == ("shop.settings", "shop/wsgi.py:2")
    del tree["shop/settings.py"]
    assert "commands.migrate" not in facts(reading(tmp_path / "no such settings", tree))


@pytest.mark.parametrize("package", ["django-debug-toolbar", "debug_toolbar"])
def test_an_extra_that_the_settings_load_is_installed(tmp_path: Path, package: str) -> None:
    extras = f"dependencies = ['django']\noptional-dependencies = {{dev = ['{package}'], docs = ['sphinx']}}\n"
    tree = {
        **BASE,
        "pyproject.toml": f"[build-system]\nrequires = ['hatchling']\n[project]\nname = 'shop'\n{extras}",
        "shop/settings/local.py": FILE + "INSTALLED_APPS = ['shop']\nINSTALLED_APPS += ['debug_toolbar.apps.Panel']\n",
    }
    del tree["requirements.txt"]
    found = reading(tmp_path, tree).dependencies
    assert found is not None
    assert found.extras == ("dev",)


def test_an_entry_point_of_the_package_gets_the_settings_that_its_modules_set(tmp_path: Path) -> None:
    """Production's server does not run it, and some do not set them."""
    tree = {
        "setup.py": "from setuptools import setup\nsetup(name='shop', install_requires=['django'],\n"
        "    entry_points={'console_scripts': ['shop = shop.manage:main']})\n",
        "shop/__init__.py": "",
        "shop/manage.py": MANAGE.replace("shop.settings.local", "shop.settings"),
        "shop/settings.py": "INSTALLED_APPS = []\n",
    }
    found = facts(reading(tmp_path, tree))
    assert found["commands.migrate"][0] == "shop migrate --noinput"
    assert found[NAME][0] == "shop.settings"


def test_a_switch_with_which_the_database_has_a_fixed_host_is_left_out(tmp_path: Path) -> None:
    switch = "if os.environ.get('DEVELOPMENT'):\n    DATABASES['default']['HOST'] = 'db'\n"
    runs = "services: {app: {build: ., environment: {DEVELOPMENT: 1, COLOUR: red}}, db: {image: mysql:8}}\n"
    found = reading(tmp_path, {**BASE, "shop/settings/local.py": SERVER + "}}\n" + switch, "compose.yaml": runs})
    assert "environment.COLOUR" in facts(found)
    assert "environment.DEVELOPMENT" not in facts(found)
    assert "shop/settings/local.py:9: DEVELOPMENT is not set: with it the database has a fixed host" in notes(found)


@pytest.mark.parametrize("test", ["os.environ.get('MODE') == 'production'", "not os.environ.get('MODE')"])
def test_a_variable_whose_value_may_avoid_the_fixed_host_is_kept(tmp_path: Path, test: str) -> None:
    switch = f"if {test}:\n    DATABASES['default']['HOST'] = 'db'\n"
    runs = "services: {app: {build: ., environment: {MODE: local}}, db: {image: mysql:8}}\n"
    found = reading(tmp_path, {**BASE, "shop/settings/local.py": SERVER + "}}\n" + switch, "compose.yaml": runs})
    assert facts(found)["environment.MODE"] == ("local", "compose.yaml:1")


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("ALLOWED_HOSTS = split(os.environ.get('SHOP_ALLOWED_HOSTS', 'localhost,[::1]'))", True),
        ("ALLOWED_HOSTS = split(os.environ.get('SHOP_ALLOWED_HOSTS', ''))", False),
    ],
)
def test_our_host_is_added_to_the_default_of_a_variable(tmp_path: Path, line: str, written: bool) -> None:
    found = reading(tmp_path, {**BASE, "shop/settings/local.py": f"import os\n{line}\nINSTALLED_APPS = []\n"})
    assert ("SHOP_ALLOWED_HOSTS: localhost,[::1],.localhost" in fill(found)["compose.yaml"]) is written


def test_hosts_that_a_settings_library_reads_are_an_open_point(tmp_path: Path) -> None:
    text = "ALLOWED_HOSTS = conf.get('ALLOWED_HOSTS', ['localhost'])\nINSTALLED_APPS = []\n"
    text += "print(dict(\n    ALLOWED_HOSTS=ALLOWED_HOSTS,\n))\n"
    found = reading(tmp_path, {**BASE, "shop/settings/local.py": text})
    assert [one.example for one in found.open] == ['in shop/settings/local.py: ALLOWED_HOSTS = [..., ".localhost"]']


def test_a_second_database_does_not_say_what_the_default_one_is(tmp_path: Path) -> None:
    text = "DATABASES = {'default': dj_database_url.config()}\n"
    second = "DATABASES['mail'] = {\n    'ENGINE': 'django.db.backends.mysql',\n}\n"
    tree = {**BASE, "requirements.txt": "django\npsycopg2\nmysqlclient\n", "shop/settings/local.py": second + text}
    assert facts(reading(tmp_path, tree))["database.kind"] == ("postgres", "requirements.txt:2")


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("'/var/lib/shop.db'", True),
        ("VAR / 'shop' / 'shop.db'", True),
        ("os.path.join(VAR, 'shop.db')", True),
        ("BASE / 'data' / 'shop.db'", True),
        ("os.environ.get('NAME', BASE / 'data' / 'shop.db')", False),
        ("BASE / 'kept' / 'shop.db'", False),
        ("BASE / 'shop.db'", False),
        ("os.path.join('', 'shop.db')", False),
        ("'/tmp/shop.db'", False),
    ],
)
def test_a_file_that_only_production_has_is_an_open_point(tmp_path: Path, name: str, asked: bool) -> None:
    text = f"DATABASES = {{'default': {{'ENGINE': 'django.db.backends.sqlite3',\n    'NAME': {name}}}}}\n"
    tree = {**BASE, "kept/.gitignore": "*", "shop/settings/local.py": f"{text}VAR = Path('/var/lib')\n"}
    points = reading(tmp_path, tree).open
    examples = ['in shop/settings/local.py: "NAME": BASE_DIR / "db.sqlite3"'] if asked else []
    assert [one.example for one in points] == examples
    assert [one.what.where for one in points] == ["shop/settings/local.py:2"] * asked


@pytest.mark.parametrize(
    ("code", "folder"),
    [
        ("os.environ.get('SHOP_DIR', os.path.expanduser('~/.shop/data'))", ".dev/local/home/.shop/data"),
        ("os.getenv('SHOP_DIR', str(Path.home() / '.shop'))", ".dev/local/home/.shop"),
        ("os.environ.get('SHOP_DIR', '/srv/shop')", ".dev/local/home/shop"),
        ("os.getenv('SHOP_DIR', os.path.join(os.path.expanduser('~/.shop'), 'settings.py'))", None),
        ("options.get('SHOP_DIR', os.path.expanduser('~/.shop'))", None),
        ("get_env_str('SHOP_DIR', '/app/data')", ".dev/local/home/data"),
        ("os.environ.get('SHOP_DIR', '/usr/share/shop')", None),
    ],
)
def test_a_folder_of_another_machine_becomes_one_of_the_checkout(tmp_path: Path, code: str, folder: str | None) -> None:
    found = reading(tmp_path, {"requirements.txt": "flask\n", "app.py": f"import os\nDIR = {code}\n"})
    assert facts(found).get("environment.SHOP_DIR") == ((folder, "app.py:2") if folder else None)


@pytest.mark.parametrize(
    ("lines", "example"),
    [
        ("KEY = Path('/srv/shop/key').read_text()", 'in shop/settings/local.py: KEY = "development-only"'),
        (
            "with open('/srv/shop/key') as page:\n    SECRET_KEY = page.read()",
            'in shop/settings/local.py: SECRET_KEY = "development-only"',
        ),
        ("if live():\n    KEY = Path('/srv/shop/key').read_text()", None),
        ("KEY = Path('shop/key').read_text()", None),
    ],
)
def test_a_file_that_settings_read_and_nothing_makes_is_an_open_point(
    tmp_path: Path, lines: str, example: str | None
) -> None:
    points = reading(tmp_path, {**BASE, "shop/settings/local.py": f"{SQLITE}{lines}\n"}).open
    assert [one.example for one in points] == ([example] if example else [])
    assert all(one.what.value == "nothing makes the file /srv/shop/key, which is read here" for one in points)


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("truthy(os.getenv('SHOP_DEBUG', 'False'))", "True"),
        ("get_env_bool('SHOP_DEBUG', False)", "True"),
        ("os.environ.get('SHOP_DEBUG') == 'yes'", "yes"),
        ("os.environ.get('SHOP_DEBUG', '') in ('on', 'true')", "on"),
        ("bool(int(os.environ.get('SHOP_DEBUG', 0)))", "1"),
        ("os.environ.get('SHOP_DEBUG', 'True') == 'True'", None),
        ("False", None),
    ],
)
def test_the_variable_that_turns_debug_on_is_set(tmp_path: Path, code: str, word: str | None) -> None:
    settings = f"import os\n{SQLITE}DEBUG = {code}\nALLOWED_HOSTS = ['*']\n"
    tree = {**BASE, "shop/settings/local.py": settings}
    expected = (word, "shop/settings/local.py:3") if word else None
    assert facts(reading(tmp_path, tree)).get("environment.SHOP_DEBUG") == expected
    told = {**tree, "docker-compose.yml": "services: {app: {build: ., environment: {SHOP_DEBUG: 'off'}}}\n"}
    given = facts(reading(tmp_path / "told", told)).get("environment.SHOP_DEBUG")
    assert given == (("off", "docker-compose.yml:1"))


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("QUEUE_URL = 'redis://127.0.0.1:6379/0'", True),
        ("CACHES = {'default': {'BACKEND': 'a', 'LOCATION': ['redis://localhost:6379']}}", True),
        ("QUEUE_URL = read('queue', fallback='redis://127.0.0.1:6379/0')", False),
        ("QUEUE_URL = 'redis://cache.example.org/0'", False),
        ("# QUEUE_URL = 'redis://127.0.0.1:6379/0'", False),
    ],
)
def test_a_fixed_address_of_redis_gets_a_variable_and_is_an_open_point(tmp_path: Path, line: str, asked: bool) -> None:
    found = reading(tmp_path, {**BASE, "shop/settings/local.py": f"{SQLITE}{line}\n"})
    points = [(one.what.where, one.example) for one in found.open]
    assert points == [("shop/settings/local.py:2", 'in shop/settings/local.py: os.environ["REDIS_URL"]')] * asked
    variables = {role: one.value for role, one in found.cache.variables.items()} if found.cache else None
    assert variables == ({"url": "REDIS_URL"} if asked else None)


SQLITE = "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE / 'db.sqlite3'}}\n"
INSIDE = {
    "pyproject.toml": "[build-system]\nrequires = ['hatchling']\n[project]\nname = 'shop'\ndependencies = ['django']\n"
    "[project.scripts]\nshop = 'shop.manage:main'\n",
    "shop/__init__.py": "",
    "shop/manage.py": MANAGE.replace("shop.settings.local", "shop.settings"),
    "shop/settings/__init__.py": "",
    "shop/settings/base.py": SQLITE,
}


def test_a_module_without_a_database_is_replaced_by_one_that_django_starts_with(tmp_path: Path) -> None:
    tree = {**INSIDE, "shop/settings/live.py": "from .base import *\nSECRET_KEY = read()\n"}
    found = reading(tmp_path, {**tree, "shop/settings/dev.py": "from .base import *\nSECRET_KEY = draw()\n"})
    assert facts(found)["environment.DJANGO_SETTINGS_MODULE"] == ("shop.settings.dev", "shop/settings/dev.py")
    assert any("shop.settings, which runs (shop/manage.py:2), has no DATABASES" in note for note in notes(found))
    assert found.open == ()


def test_without_another_module_the_owner_is_asked_for_one_with_a_database(tmp_path: Path) -> None:
    points = [one.what.value for one in reading(tmp_path, INSIDE).open]
    assert points == ["the settings module for development: shop.settings, which runs, has no DATABASES"]


@pytest.mark.parametrize(
    "text",
    [
        "from .base import *\n",
        "from .base import DATABASES\n",
        "for key, value in load('x.yaml'):\n    globals()[key] = value\n",
        "for name in parts():\n    include(name)\n",
    ],
)
def test_a_module_that_may_have_a_database_is_kept(tmp_path: Path, text: str) -> None:
    dev = "from .base import *\nSECRET_KEY = draw()\n"
    found = reading(tmp_path, {**INSIDE, "shop/settings/__init__.py": text, "shop/settings/dev.py": dev})
    assert facts(found)["environment.DJANGO_SETTINGS_MODULE"][0] == "shop.settings"
    assert found.open == ()


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        ("SECRET_KEY = ''\n", True),
        ("SECRET_KEY = None\nSECRET_KEY = load(SECRET_KEY)\n", True),
        ("SECRET_KEY = ''\nif not SECRET_KEY:\n    SECRET_KEY = draw()\n", False),
        ("SECRET_KEY = 'development'\n", False),
    ],
)
def test_an_empty_secret_key_is_an_open_point(tmp_path: Path, lines: str, asked: bool) -> None:
    found = reading(tmp_path, {**BASE, "shop/settings/local.py": FILE + lines})
    examples = ['in shop/settings/local.py: SECRET_KEY = "development-only"'] if asked else []
    assert [one.example for one in found.open] == examples


def test_a_settings_file_that_is_executed_replaces_what_was_set_before(tmp_path: Path) -> None:
    text = "ALLOWED_HOSTS = ['127.0.0.1']\nwith open(find('local_settings.py')) as text:\n    exec(text.read())\n"
    local = "ALLOWED_HOSTS = ['*']\nDATABASES = {'default': {'ENGINE': 'shop.sqlite3', 'NAME': '/var/lib/shop.db'}}\n"
    found = reading(tmp_path, {**BASE, "shop/settings/local.py": text, "etc/local_settings.py": local})
    assert [one.what.where for one in found.open] == ["etc/local_settings.py:2"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("'/var/log/shop.log'", "/var/log/shop.log"),
        ("os.path.join(BASE, 'logs', 'shop.log')", "logs/shop.log"),
        ("BASE / 'logs' / 'shop.log'", "logs/shop.log"),
        ("BASE / 'kept' / 'shop.log'", None),
        ("BASE / 'shop.log'", None),
        ("os.environ.get('LOG', '/var/log/shop.log')", None),
        ("'/dev/null'", None),
    ],
)
def test_a_log_whose_folder_nothing_makes_is_an_open_point(tmp_path: Path, path: str, asked: str | None) -> None:
    logging = f"LOGGING = {{'handlers': {{'file': {{'class': 'logging.FileHandler',\n    'filename': {path}}}}}}}\n"
    tree = {**BASE, "kept/.gitignore": "*", "shop/settings/local.py": FILE + logging}
    points = [one.what for one in reading(tmp_path / "logs", tree).open]
    assert [one.where for one in points] == (["shop/settings/local.py:4"] if asked else [])
    assert [one.value for one in points] == ([f"nothing makes the folder of the log {asked}"] if asked else [])
    tree["shop/settings/local.py"] += "os.makedirs(BASE / 'logs', exist_ok=True)\n"
    assert len(reading(tmp_path / "made", tree).open) == (1 if path.startswith("'/var") else 0)


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("FileHandler(os.path.join(settings.LOGS, 'shop.log'))", True),
        ("RotatingFileHandler(settings.LOGS / name)", True),
        ("settings.LOGS.mkdir()\nFileHandler(settings.LOGS / name)", False),
        ("open(settings.LOGS / name)", False),
    ],
)
def test_a_folder_for_logs_that_nothing_makes_is_an_open_point(tmp_path: Path, code: str, asked: bool) -> None:
    parts = "LOGS = ''\nSTORE = ''\nif not STORE:\n    STORE = os.environ.get('STORE', join(BASE, 'store'))\n"
    folder = "if not LOGS:\n    LOGS = join(STORE, 'logs')\n"
    tree = {**BASE, "shop/settings/local.py": FILE + parts + folder, "shop/log.py": code + "\n"}
    points = [(one.what.where, one.example) for one in reading(tmp_path, tree).open]
    assert points == ([("shop/settings/local.py:8", 'in shop/settings/local.py: LOGS = "/tmp"')] if asked else [])
    found = reading(tmp_path / "kept", {**tree, "store/logs/.gitignore": "*"})
    assert not found.open


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        ("DEBUG = False\nALLOWED_HOSTS: list[str] = []\n", True),
        ("DEBUG = False\nif HOST:\n    ALLOWED_HOSTS = [HOST]\n", True),
        ("DEBUG = False\nALLOWED_HOSTS = ['*']\n", False),
        ("DEBUG = False\nALLOWED_HOSTS = read()\n", False),
        ("DEBUG = env('DEBUG')\n", False),
        ("DEBUG = False\nif DEVELOPS:\n    DEBUG = True\n", False),
        (f"{CLOSED}STATICFILES_STORAGE = 'whitenoise.storage.CompressedManifestStaticFilesStorage'\n", True),
        (f"{CLOSED}if SERVES:\n    STATICFILES_STORAGE = 'shop.ManifestStaticFilesStorage'\n", True),
        (f"{CLOSED}STORAGES = {{'staticfiles': {{'BACKEND': 'x.ManifestStaticFilesStorage'}}}}\n", True),
        (f"{CLOSED}STORAGES['staticfiles']['BACKEND'] = 'x.ManifestStaticFilesStorage'\n", True),
        (f"{CLOSED}STATICFILES_STORAGE = 'whitenoise.storage.CompressedStaticFilesStorage'\n", False),
        (f"{CLOSED}COMPRESS_OFFLINE = True\n", True),
        (f"{CLOSED}COMPRESS_OFFLINE = env('OFFLINE')\n", False),
        ("DEBUG = True\nALLOWED_HOSTS = ['*']\nCOMPRESS_OFFLINE = True\n", False),
    ],
)
def test_debug_that_is_off_is_an_open_point_if_pages_need_it(tmp_path: Path, lines: str, asked: bool) -> None:
    found = reading(tmp_path, {**BASE, "shop/settings/local.py": FILE + lines})
    assert [one.example for one in found.open] == ["in shop/settings/local.py: DEBUG = True"] * asked


@pytest.mark.parametrize(
    ("asks", "asked"), [("path = None", True), ("os.environ.get('DJANGO_SETTINGS_MODULE')", False)]
)
def test_a_program_that_reads_its_own_variable_for_the_settings_gets_it(tmp_path: Path, asks: str, asked: bool) -> None:
    start = f"import os\n{asks}\npath = os.getenv('SHOP_CONFIG', '/etc/shop.py')\n"
    found = reading(tmp_path, {**BASE, "manage.py": start + MANAGE})
    assert [one.example for one in found.open] == ["SHOP_CONFIG: shop/settings/base.py"] * asked


@pytest.mark.parametrize("tracked", [True, False])
def test_a_settings_file_that_a_variable_names_is_an_open_point(tmp_path: Path, tracked: bool) -> None:
    start = "import os\npath = os.getenv('SHOP_CONFIG', os.path.expanduser('~/.shop/config.py'))\n"
    module = "shop.core" if tracked else "shop_config"
    tree = {
        "requirements.txt": "django\n",
        "manage.py": MANAGE.replace("shop.settings.local", module),
        "shop/start.py": start,
        "shop/core.py": "INSTALLED_APPS = []\n" + FILE,
    }
    found = reading(tmp_path, tree)
    assert [one.example for one in found.open] == ([] if tracked else ["SHOP_CONFIG: shop/core.py"])
    assert ("# SHOP_CONFIG: shop/core.py" in fill(found)["compose.yaml"]) is not tracked


@pytest.mark.parametrize(("name", "taken"), [("settings_docker", True), ("settings_live", False)])
def test_instead_of_a_module_that_is_not_there_one_for_development_is_set(
    tmp_path: Path, name: str, taken: bool
) -> None:
    tree = {
        "requirements.txt": "django\nmysqlclient\n",
        "manage.py": MANAGE.replace("shop.settings.local", "shop.settings"),
        f"shop/{name}.py": SERVER.replace("from .base import *\n", "INSTALLED_APPS = []\n") + "}}\n",
    }
    found = reading(tmp_path, tree)
    assert facts(found).get(NAME, ("", ""))[0] == (f"shop.{name}" if taken else "")
    assert found.open == ()


@pytest.mark.parametrize(
    ("more", "installed"),
    [({}, True), ({"requirements.txt": "django\nwhitenoise\n"}, False), ({"whitenoise/__init__.py": ""}, False)],
)
def test_a_package_that_only_the_settings_name_is_installed(tmp_path: Path, more: Tree, installed: bool) -> None:
    text = FILE + "if SERVES:\n    MIDDLEWARE = ['whitenoise.middleware.WhiteNoiseMiddleware']\n"
    found = reading(tmp_path, {**BASE, "shop/settings/local.py": text, **more})
    assert found.dependencies is not None
    assert found.dependencies.more == (("whitenoise",) if installed else ())
    assert (
        any(note.startswith("shop/settings/local.py:4: the code uses whitenoise") for note in notes(found)) is installed
    )


@pytest.mark.parametrize("example", ["data/shop.conf", "shop.conf.example", "etc/shop.sample.conf", "other.conf"])
@pytest.mark.parametrize(
    "code",
    [
        "import os\npath = os.environ.get('SHOP_SETTINGS', '/etc/shop/shop.conf')\n",
        "import os\ntry:\n    path = os.environ['SHOP_SETTINGS']\nexcept KeyError:\n    path = '/etc/shop/shop.conf'\n",
    ],
    ids=["default", "else"],
)
def test_a_configuration_file_of_another_machine_is_an_open_point(tmp_path: Path, code: str, example: str) -> None:
    tree = {"requirements.txt": "flask\n", "app.py": f"{code}app = Flask('a')\n", example: "KEY = 1\n"}
    points = [point for point in open_points(fill(reading(tmp_path, tree))) if "SHOP_SETTINGS" in point.what]
    assert [point.example for point in points] == ([f"SHOP_SETTINGS: {example}"] if example != "other.conf" else [])
    assert all("without it code reads /etc/shop/shop.conf (app.py:" in point.what for point in points)
    given = {**tree, ".env.example": "SHOP_SETTINGS=dev.conf\n"}
    assert not [p for p in open_points(fill(reading(tmp_path / "b", given))) if "SHOP_SETTINGS" in p.what]


@pytest.mark.parametrize(
    ("lines", "more", "packages", "asked"),
    [
        (
            "COMPRESS_PRECOMPILERS = (('text/x-scss', 'sassc -t compressed {infile} {outfile}'),)",
            "libsass<0.21",
            "",
            "",
        ),
        ("COMPRESS_PRECOMPILERS = (('text/less', '/usr/bin/lessc {infile}'),)", "", "node-less", ""),
        ("COMPRESS_PRECOMPILERS += [('text/stylus', 'stylus < {infile}')]", "", "", "stylus"),
        ("PIPELINE = {'COMPILERS': ['a', 'b'], 'SASS_BINARY': 'sassc'}", "libsass<0.21", "", ""),
        ("PIPELINE['LESS_BINARY'] = 'node_modules/.bin/lessc'", "", "", ""),
        ("COMPRESS_PRECOMPILERS = (('text/x-scss', 'shop.filters.Sass'),)", "", "", ""),
    ],
)
def test_a_program_that_settings_name_is_installed_or_an_open_point(
    tmp_path: Path, lines: str, more: str, packages: str, asked: str
) -> None:
    found = reading(tmp_path, {**BASE, "shop/settings/local.py": f"{FILE}{lines}\n"})
    assert found.dependencies is not None
    assert found.dependencies.more == (() if not more else (more,))
    assert packages in [*(one.value for one in found.packages), ""]
    assert [one.what.value.partition(",")[0] for one in found.open] == (
        [f"settings name the program {asked}; without containers"] * bool(asked)
    )
    programs = [note for note in notes(found) if note.startswith("shop/settings/local.py:3: settings name the program")]
    assert len(programs) == bool(more or packages)


@pytest.mark.parametrize(
    ("more", "module"),
    [
        ({}, "shop.settings.base"),
        ({"shop/settings/local.py.example": ""}, None),  # an open point asks for its copy
        ({"shop/settings/local_example.py": ""}, None),
    ],
)
def test_a_settings_module_that_git_ignores_is_replaced_by_a_complete_one(
    tmp_path: Path, more: Tree, module: str | None
) -> None:
    tree: Tree = {
        "setup.py": "setup(name='shop', install_requires=['django'])\n",
        "shop/__init__.py": "",
        "shop/settings/__init__.py": "",
        "shop/settings/base.py": "SECRET_KEY = 'a'\nDATABASES = {'default': dj_database_url.config()}\n",
        "shop/settings/tests.py": "from .base import *\n",
        "shop/wsgi.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings.local')\n",
    }
    found = facts(reading(tmp_path, {**tree, **more}))
    assert found.get("environment.DJANGO_SETTINGS_MODULE", (None,))[0] == module
    assert found.get("commands.migrate", (None,))[0] == (module and "python -m django migrate --noinput")


@pytest.mark.parametrize(("port", "asked"), [("'3306'", True), ("os.getenv('DB_PORT')", False), ("''", False)])
def test_a_fixed_port_of_a_database_is_an_open_point(tmp_path: Path, port: str, asked: bool) -> None:
    tree: Tree = {
        "manage.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\nexecute_from_command_line(a)\n",
        "requirements.txt": "django\nmysqlclient\n",
        "shop/settings.py": "DATABASES = {'default': {'ENGINE': 'django.db.backends.mysql',\n"
        f"    'HOST': os.environ['DB_HOST'], 'NAME': os.environ['DB_NAME'],\n    'PORT': {port}}}}}\n",
    }
    found = reading(tmp_path, tree)
    assert found.database
    assert ("port" in found.database.variables) is (port != "''")
    points = [(one.what.value, one.what.where, one.example) for one in found.open if "port" in one.what.value]
    assert points == asked * [
        (
            "the database's port is the constant 3306, and has to be DB_PORT's",
            "shop/settings.py:3",
            'in shop/settings.py: "PORT": os.environ["DB_PORT"]',
        )
    ]


BELOW = "import os\nSECRET_KEY = 'x'\nDATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'a'}}\n"


@pytest.mark.parametrize(
    ("module", "tree", "path"),
    [
        ("settings", {"extras/dev/settings.py": BELOW}, "extras/dev"),
        ("config.dev", {"deploy/config/__init__.py": "", "deploy/config/dev.py": BELOW}, "deploy"),
        ("settings", {"settings.py": BELOW}, None),
        ("shop.settings", {"shop/settings.py": BELOW}, None),
        ("shop.settings", {"src/shop/settings.py": BELOW}, None),
        ("settings", {"shop/settings.py": BELOW}, None),  # a module of the package: it cannot be meant
        ("shop.settings", {"web/manage.py": "", "web/shop/settings.py": BELOW}, None),
        (
            "settings",
            {"extras/dev/settings.py": BELOW, "Dockerfile": "FROM python\nENV PYTHONPATH=wiki\n"},
            "wiki:extras/dev",
        ),
    ],
)
def test_settings_in_a_folder_that_python_does_not_import_from(
    tmp_path: Path, module: str, tree: Tree, path: str | None
) -> None:
    tree = {
        "requirements.txt": "django\n",
        "shop/__init__.py": "",
        "wiki/a.py": "",
        "shop/wsgi.py": f"os.environ.setdefault('DJANGO_SETTINGS_MODULE', '{module}')\n"
        "application = get_wsgi_application()\n",
        **tree,
    }
    found = reading(tmp_path, tree).environment.get("PYTHONPATH")
    assert (found.value if found else None) == path


@pytest.mark.parametrize(
    ("call", "package", "line"),
    [
        ("subprocess.Popen(['npm', 'run', 'watch'], cwd=HERE)", "npm", ""),
        ("Popen(['node', 'watch.js'])", "nodejs", ""),
        ("subprocess.run(['/usr/bin/watcher'])", "", "watcher"),
        ("subprocess.run([sys.executable, 'x.py'])", "", ""),
        ("subprocess.run(command)", "", ""),
    ],
)
def test_a_program_that_runserver_starts_is_installed(tmp_path: Path, call: str, package: str, line: str) -> None:
    command = f"class Command(Parent):\n    def handle(self):\n        {call}\n"
    tree = {**BASE, "shop/management/commands/runserver.py": command}
    found = reading(tmp_path, tree)
    assert [one.value for one in found.packages if "runserver" in one.where] == ([package] if package else [])
    points = [one.example for one in found.open if "runserver starts the program" in one.what.value]
    assert points == ([f"RUN apt-get update && apt-get install --yes {line}"] if line else [])


@pytest.mark.parametrize(
    ("call", "prefix"),
    [
        ('DjangoDynaconf(\n    __name__,\n    ENVVAR_PREFIX_FOR_DYNACONF="SHOP",\n)', "SHOP"),
        ('Dynaconf(envvar_prefix="SHOP")', "SHOP"),
        ("DjangoDynaconf(__name__)", "DJANGO"),
    ],
)
def test_with_dynaconf_a_constant_database_needs_no_edit(tmp_path: Path, call: str, prefix: str) -> None:
    code = "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': 'shop'}}\n"
    tree = {**BASE, "requirements.txt": "django\npsycopg2-binary\n", "shop/settings/local.py": f"{code}s = {call}\n"}
    found = reading(tmp_path, tree)
    assert facts(found)["database.variables.host"] == (f"{prefix}_DATABASES__default__HOST", "shop/settings/local.py:2")
    made = fill(found)["compose.yaml"]
    assert f"{prefix}_DATABASES__default__PASSWORD: ${{DB_PASSWORD:-development-only}} #" in made


@pytest.mark.parametrize(
    ("read", "asked"),
    [
        ("with open(settings.FIELD_KEY, 'rb') as key: pass\n", True),
        ("with open(other) as key: pass\n", False),
    ],
)
def test_a_key_that_settings_name_and_code_opens_is_an_open_point(tmp_path: Path, read: str, asked: bool) -> None:
    lines = "FIELD_KEY = '/etc/shop/fields.key'\nLOGO = '/etc/shop/logo.png'\n"
    tree = {**BASE, "shop/settings/local.py": f"{FILE}{lines}", "shop/fields.py": read}
    points = [one for one in reading(tmp_path, tree).open if "nothing makes the file" in one.what.value]
    assert [(one.what.where, one.example) for one in points] == (
        [("shop/settings/local.py:3", 'in shop/settings/local.py: FIELD_KEY = "devenv.key"')] if asked else []
    )
    assert all("shop/fields.py:1" in one.what.value for one in points)


@pytest.mark.parametrize(
    ("code", "more", "example"),
    [
        (
            "app.config.from_envvar('SHOP_SETTINGS')\n",
            {"config/dev.cfg": "A = 1\n"},
            "SHOP_SETTINGS: ../config/dev.cfg",
        ),
        ("app.config.from_envvar('SHOP_SETTINGS')\n", {"shop/config.py.example": ""}, "SHOP_SETTINGS: ../settings.cfg"),
        (
            "try:\n    app.config.from_envvar('SHOP_SETTINGS')\nexcept RuntimeError:\n    pass\n",
            {"a.cfg": "A = 1\n"},
            "",
        ),
        ("app.config.from_envvar('SHOP_SETTINGS', silent=True)\n", {"config/dev.cfg": "A = 1\n"}, ""),
        ("app.config.from_envvar('SHOP_SETTINGS')\n", {".env.example": "SHOP_SETTINGS=../a.cfg\n"}, ""),
    ],
)
def test_a_configuration_that_flask_needs_at_its_start_is_an_open_point(
    tmp_path: Path, code: str, more: Tree, example: str
) -> None:
    tree = {"requirements.txt": "flask\n", "setup.cfg": "", "shop/app.py": f"app = Flask(__name__)\n{code}", **more}
    points = [one for one in reading(tmp_path, tree).open if "without which Flask does not start" in one.what.value]
    assert [(one.example, one.what.where) for one in points] == ([(example, "shop/app.py:2")] if example else [])

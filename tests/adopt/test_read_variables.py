"""Variables that code reads: what is code, what is a comment or a text, and which default each has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adopt.read_trees import notes, reading, write
from tools.adopt.read.text.files import Files
from tools.adopt.read.variables.variables import variables

SETTINGS = "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    key: {}\nSettings()\n"
PYTHON = [
    ("import os\nA = os.environ['KEY']\n", (None, True)),
    ("import os as system\nA = system.environ['KEY']\n", (None, True)),
    ("from os import environ as e\nA = e.get('KEY', 'one')\n", ("one", False)),
    ("from os import getenv\nA = getenv(\n    'KEY',\n    'one',\n)\n", ("one", False)),
    ("import os\nenviron = os.environ\nA = environ['KEY']\n", (None, True)),
    ("import os\nenv = os.environ.get\nA = env('KEY') == '1'\n", (None, False)),
    ("from os import getenv\nenv = getenv\nA = env('KEY', 'one')\n", ("one", False)),
    ("import os\nA = os.environ.get('KEY') or 'one'\n", ("one", False)),
    ("import os\nA = os.environ.get('KEY', str(1 + f(2, g(3))))\n", (None, False)),
    ("import os\nA = int(os.getenv('KEY', default=3))\n", ("3", False)),
    ("import os\ntry:\n    A = os.environ['KEY']\nexcept KeyError:\n    A = 'one'\n", (None, False)),
    ("import os\ntry:\n    A = os.environ['KEY']\nexcept KeyError as e:\n    raise Exit from e\n", (None, True)),
    ("import os\nA = os.environ['KEY'] if 'KEY' in os.environ else 1\n", (None, False)),
    ("import os\nA = os.getenv('KEY', 'no')\nif A == 'no' and B:\n    raise Exit\n", (None, True)),
    ("import os\nA = os.getenv('KEY', 'no')\nif A in ('', 'no'):\n    raise Exit\n", (None, True)),
    ("import os\nA = os.getenv('KEY', 'no')\nif A != 'no':\n    raise Exit\n", ("no", False)),
    ("import os\nA = os.getenv('KEY', 'no')\nif A == 'no':\n    print(A)\n", ("no", False)),
    ("import os\nSECRET_KEY = os.getenv('KEY', '')\n", (None, True)),
    ("A = _secret_from_environment('KEY')\n", (None, False)),
    ("import os\nSECRET_KEY = os.getenv('KEY')\n", (None, True)),
    ("import os\nSECRET_KEY = os.getenv('KEY') or draw()\n", (None, False)),
    ("import os\nSECRET_KEY = os.getenv('KEY', '')\nSECRET_KEY = SECRET_KEY or draw()\n", ("", False)),
    ("A = env.bool('KEY', default=True)\n", ("True", False)),
    ("A = env.list('KEY', default=['*'])\n", (None, False)),
    ("A = self.env('KEY')\n", (None, True)),
    ("A = config('KEY', cast=int, default=5)\n", ("5", False)),
    ("A = config('KEY', cast=Csv())\n", (None, True)),
    ("A = get_env_bool('KEY', False)\n", ("False", False)),
    ("A = get_env_str('KEY', required=True)\n", (None, True)),
    ("if 'MORE' in os.environ:\n    A = get_env_str('KEY', required=True)\n", (None, False)),
    (SETTINGS.format("int = 5"), ("5", False)),
    (SETTINGS.format("int"), (None, True)),
]
NONE = [
    "import os\n# os.environ['KEY']\n",
    'import os\n"""Set os.environ["KEY"] first."""\nprint("os.environ[\'KEY\'] is missing")\n',
    "import os\nos.environ['KEY'] = 'one'\ndel os.environ['KEY']\n",
    "def app(environ):\n    return environ['KEY']\n",
    "set_env_value('KEY', 1)\n",
    "A = config('key')\n",
    "print os.environ['KEY']\n",  # Python 2
    "A = " + "a." * 3000 + "environ['KEY']\n",
]
SCRIPTS = [
    ("const a = process.env.KEY;\n", None),
    ("const a = process.env?.KEY ?? 'one';\n", "one"),
    ("const a = process.env['KEY'] || 'one';\n", "one"),
    ("const a = `http://${process.env.KEY}/`;\n", None),
    ("const { KEY = 'one', OTHER } = process.env;\n", "one"),
    ("const a = b / 2; // half\nconst c = process.env.KEY || 3;\n", "3"),
    ('const a = /[/*"]/; const c = process.env.KEY || 3; /* */\n', "3"),
    ("const a = <p>Don't</p>;\nconst b = process.env.KEY || 'one';\nconst c = <p>can't</p>;\n", "one"),
    ("const a = { env: 'KEY', /* why */ default: 'one' };\n", "one"),
]
TEXTS = [
    "// process.env.KEY\n",
    "/*\n * const a = process.env.KEY || 'one';\n */\n",
    "throw new Error('process.env.KEY is missing');\n",
    "const a = `set process.env.KEY`;\n",
]


def read(folder: Path, name: str, code: str) -> dict[str, tuple[str | None, bool, str]]:
    (folder / name).write_text(code)
    found = variables(Files(folder, [name]), "python" if name.endswith(".py") else "node")
    return {key: (each.default, each.required, each.where) for key, each in found.items()}


@pytest.mark.parametrize(("code", "expected"), PYTHON)
def test_what_python_reads_has_its_default(tmp_path: Path, code: str, expected: tuple[str | None, bool]) -> None:
    assert {key: found[:2] for key, found in read(tmp_path, "app.py", code).items()} == {"KEY": expected}


@pytest.mark.parametrize("code", NONE)
def test_what_python_does_not_read_is_not_a_variable(tmp_path: Path, code: str) -> None:
    assert read(tmp_path, "app.py", code) == {}


@pytest.mark.parametrize("name", ["app.js", "app.ts"])
@pytest.mark.parametrize(("code", "default"), SCRIPTS)
def test_what_a_script_reads_has_its_default(tmp_path: Path, name: str, code: str, default: str | None) -> None:
    default_of, _, where = read(tmp_path, name, code)["KEY"]
    line = next(number for number, text in enumerate(code.splitlines(), 1) if "KEY" in text)
    assert (default_of, where) == (default, f"{name}:{line}")


@pytest.mark.parametrize("name", ["app.js", "app.ts"])
@pytest.mark.parametrize("code", TEXTS)
def test_comments_and_texts_of_a_script_read_nothing(tmp_path: Path, name: str, code: str) -> None:
    assert read(tmp_path, name, code) == {}


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        ("app.use(session({ secret: process.env.{} }));\n", True),
        ("const { {} } = process.env;\n", True),
        ("if (!process.env.{}) throw new Error();\n", True),
        ("const a = process.env.{} || random();\n", False),
        ("if (process.env.{}) use();\n", False),
    ],
)
def test_a_key_of_the_service_itself_is_needed(tmp_path: Path, code: str, needed: bool) -> None:
    for name in ("SESSION_SECRET", "JWT_SECRET", "SECRET_KEY"):
        assert read(tmp_path, "app.js", code.replace("{}", name))[name][1] is needed
    assert read(tmp_path, "app.js", code.replace("{}", "STRIPE_SECRET"))["STRIPE_SECRET"][1] is False


ZOD = "const a = z.object({{\n  OTHER: z.string().optional(),\n  KEY: {},\n}}).parse(process.env);\n"
JOI = "ConfigModule.forRoot({{ validationSchema: Joi.object({{ KEY: {} }}) }}); process.env.NODE_ENV;\n"
ENVALID = "const a = cleanEnv(process.env, {{ KEY: {}, OTHER: bool({{ default: false }}) }});\n"


@pytest.mark.parametrize(
    ("code", "default", "needed"),
    [
        (ZOD.format("z.string().min(8)"), None, True),
        (ZOD.format("z.string().optional()"), None, False),
        (ZOD.format("z.coerce.number().default(3333)"), "3333", False),
        (ZOD.format("z.enum(['a', 'b']).default('b')"), "b", False),
        (ZOD.format("z.string().default(() => random())"), None, False),
        (JOI.format("Joi.string().required()"), None, True),
        (JOI.format("Joi.string()"), None, False),
        (JOI.format("Joi.number().default(5)"), "5", False),
        (ENVALID.format("str()"), None, True),
        (ENVALID.format("port({ default: 80 })"), "80", False),
    ],
)
def test_a_schema_says_what_is_needed(tmp_path: Path, code: str, default: str | None, needed: bool) -> None:
    assert read(tmp_path, "app.ts", code)["KEY"][:2] == (default, needed)


def test_a_schema_of_something_else_reads_no_variable(tmp_path: Path) -> None:
    assert read(tmp_path, "app.ts", "const body = z.object({ KEY: z.string() });\n") == {}


def test_the_fields_of_models_in_settings_have_the_names_of_both(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text("class Db(BaseModel):\n    host: str = 'localhost'\n    name: str\n")
    (tmp_path / "app.py").write_text(
        "from models import Db\nclass Settings(BaseSettings):\n    db: Db\n    cache: Cache = None\n"
        "    model_config = SettingsConfigDict(env_prefix='shop_', env_nested_delimiter='__')\nSettings()\n"
    )
    found = variables(Files(tmp_path, ["app.py", "models.py"]), "python")
    assert {(name, one.default, one.required, one.where) for name, one in found.items() if "__" in name} == {
        ("SHOP_DB__HOST", "localhost", False, "models.py:2"),
        ("SHOP_DB__NAME", None, True, "models.py:3"),
    }


def test_a_call_of_several_lines_is_at_its_first_line_with_the_lines_around(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import os\nBEFORE = 1\nA = os.getenv(\n    'KEY',\n)\nAFTER = 2\nLATER = 3\n")
    found = variables(Files(tmp_path, ["app.py"]), "python")["KEY"]
    assert found.where == "app.py:3"
    assert found.near == "BEFORE = 1\nA = os.getenv(\n    'KEY',\n)\nAFTER = 2"


MADE = """\
import os
{made}
config = Config(parser)
DATABASES = {{"default": {{
    "ENGINE": "django.db.backends." + config.get("database", "backend", fallback="sqlite3"),
    "NAME": config.get("database", "name", fallback="shop.db"),
    "HOST": config.get("database", "host", fallback=""),
    "PORT": config.getint("database", "port", fallback=""),
    "PASSWORD": other.get("database", "password"),
}}}}
CACHE = config.get("redis", "location")
BROKER = config.get("celery", "broker")
"""


@pytest.mark.parametrize(
    "name",
    [
        'f"SHOP_{section.upper()}_{option.upper()}"',
        'f"SHOP_{re.sub(WORD, "_", section.upper())}_{option.upper()}"'.replace('WORD, "_"', "WORD, '_'"),
        '"SHOP_{}_{}".format(section, option).upper()',
        '"SHOP_" + section.upper() + "_" + option.upper()',
        'f"{PREFIX}_{section}_{option}".upper()',
        'f"{self.NAME}_{section}_{option}".upper()',
    ],
)
def test_variables_made_of_a_section_and_an_option_are_read(tmp_path: Path, name: str) -> None:
    made = (
        "PREFIX = 'SHOP'\nclass Config:\n    NAME = 'SHOP'\n"
        "    def get(self, section, option, fallback=None):\n"
        f"        return os.environ.get({name}, fallback)\n"
    )
    tree = {
        "requirements.txt": "django\npsycopg\nredis\n",
        "manage.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
        "shop/settings.py": MADE.format(made=made),
    }
    found = reading(tmp_path, tree)
    assert found.database
    assert found.cache
    variables = {role: (one.value, one.where) for role, one in found.database.variables.items()}
    assert variables == {
        "host": ("SHOP_DATABASE_HOST", "shop/settings.py:12"),
        "name": ("SHOP_DATABASE_NAME", "shop/settings.py:11"),
        "port": ("SHOP_DATABASE_PORT", "shop/settings.py:13"),
    }
    assert found.database.constants["SHOP_DATABASE_BACKEND"].value == "postgresql"
    assert found.cache.variables["url"].value == "SHOP_REDIS_LOCATION"
    assert [*found.cache.others] == ["SHOP_CELERY_BROKER"]


def test_a_function_without_the_environment_makes_no_variable(tmp_path: Path) -> None:
    code = 'def get(section, option):\n    return f"SHOP_{section}_{option}"\nget("database", "host")\n'
    found = reading(tmp_path, {"requirements.txt": "flask\npsycopg\n", "app.py": code})
    assert found.database
    assert not found.database.variables


@pytest.mark.parametrize(
    ("tree", "read"),
    [
        ({"app.py": "import os\nKEY = 'DB_HOST'\nos.environ[KEY]\n"}, "app.py:3"),
        ({"app.py": "import os\nclass Keys:\n    HOST = 'DB_HOST'\nos.getenv(Keys.HOST)\n"}, "app.py:4"),
        ({"app.py": "import os\nfrom shop.keys import Keys as K\nos.getenv(K.HOST, '')\n"}, "app.py:3"),
        ({"shop/app.py": "import os\nfrom .keys import HOST\nos.environ.get(HOST)\n"}, "shop/app.py:3"),
        ({"app.py": "import os\ndef get(key):\n    return os.environ[key]\n"}, ""),
    ],
)
def test_a_constant_may_have_the_name_of_a_variable(tmp_path: Path, tree: dict[str, str], read: str) -> None:
    keys = "HOST = 'DB_HOST'\nclass Keys:\n    HOST = 'DB_HOST'\n"
    every = {"shop/__init__.py": "", "shop/keys.py": keys, **tree}
    found = variables(Files(tmp_path, write(tmp_path, every)), "python")
    assert {name: one.where for name, one in found.items()} == ({"DB_HOST": read} if read else {})


@pytest.mark.parametrize(
    ("test", "example", "missing"),
    [
        ('os.environ.get("SMTP")', "", False),
        ('env.bool("SMTP", False)', "", False),
        ('env.bool("SMTP", default=False)', "", False),
        ('env.bool("SMTP", True)', "", True),
        ('os.environ["SMTP"]', "", True),
        ('os.environ.get("SMTP")', "SMTP=1\n", True),
    ],
)
def test_what_is_read_only_with_another_variable_is_needed_only_then(
    tmp_path: Path, test: str, example: str, missing: bool
) -> None:
    code = f"import os\nif {test}:\n    HOST = env.str('EMAIL_HOST')\n    PORT = os.environ['EMAIL_PORT']\n"
    found = reading(tmp_path, {"requirements.txt": "flask\n", "config.py": code, ".env.example": example})
    asked = [note.split()[1] for note in notes(found) if "has no default" in note]
    assert ("EMAIL_HOST" in asked, "EMAIL_PORT" in asked) == (missing, missing)

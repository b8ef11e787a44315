"""Ports, addresses and health paths in code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adopt.read_trees import Tree, facts, notes, reading

FLASK = {"requirements.txt": "flask\n"}
NODE = {"package.json": '{"dependencies": {"express": "4"}}'}


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        ({**FLASK, "a.py": "@app.route('/healthz')\n"}, "/healthz"),
        ({**FLASK, "a.py": "@app.get('/api/v2/health')\n"}, "/api/v2/health"),
        ({**FLASK, "a.py": "app.add_url_rule('/_health', 'x', view)\n"}, "/_health"),
        ({**FLASK, "a.py": "router = APIRouter(prefix='/v1')\n@router.get('/ready')\ndef a(): ...\n"}, "/v1/ready"),
        ({**FLASK, "a/urls.py": "url(r'^healthcheck/$', view)\n"}, "/healthcheck/"),
        ({**FLASK, "a/urls.py": "path('ht/', include('health_check.urls'))\n"}, "/ht/"),
        ({**FLASK, "a/urls.py": "path('up', a)\npath('health/', b)\n"}, "/health/"),
        ({**NODE, "src/a.ts": "router.get('/ping', (request, response) => response.send())\n"}, "/ping"),
        ({**NODE, "src/a.js": "this.use('/health', new Controller().router)\n"}, "/health"),
        ({**FLASK, "a.py": "if data.get('status'): pass\nclient.get('/elsewhere')\n"}, None),
        ({**FLASK, "a.py": "requests.get('/health')\nself.client.get('/health', timeout=1)\n"}, None),
        ({**NODE, "a.js": "axios.get('/health', {})\nhttp.get('/health', done)\napp.get('/health')\n"}, None),
        ({**NODE, "a.js": "app.route('/health').get(a)\n"}, "/health"),
        ({**FLASK, "a.py": "app.router.add_get('/livez', a)\nweb.get('/health', a)\n"}, "/health"),
        ({**FLASK, "tests/a.py": "client.get('/health')\n", "test_b.py": "client.get('/health')\n"}, None),
        ({**FLASK, "Dockerfile": "FROM x\nHEALTHCHECK CMD curl -f http://localhost:80/alive || exit 1\n"}, "/alive"),
        ({**FLASK, "Dockerfile": "FROM x\nHEALTHCHECK CMD curl -o $TMP/a http://localhost/alive\n"}, "/alive"),
        ({**FLASK, "Dockerfile": "FROM x\nHEALTHCHECK CMD wget -q --spider $URL/info || exit 1\n"}, "/info"),
        ({**FLASK, "Dockerfile": 'FROM x\nHEALTHCHECK CMD curl -f "${HOST}:${PORT}/info"\n'}, "/info"),
        ({**FLASK, "Dockerfile": "FROM x\nHEALTHCHECK CMD $HOME/bin/check\n"}, None),
    ],
)
def test_health(tmp_path: Path, tree: Tree, path: str | None) -> None:
    found = reading(tmp_path, tree)
    assert (found.health.value if found.health else None) == path


def test_a_path_that_another_file_may_lengthen_is_reported(tmp_path: Path) -> None:
    tree = {
        **FLASK,
        "a/settings.py": "ROOT_URLCONF = 'a.urls'\n",
        "a/urls.py": "path('x/', include('b.urls'))\n",
        "b/urls.py": "path('health/', view)\n",
    }
    found = reading(tmp_path, tree)
    assert found.health is None  # a wrong one would never be healthy
    assert [note for note in notes(found) if note.startswith("b/urls.py:1: ") and "/health/" in note]


@pytest.mark.parametrize(
    "tree",
    [
        {"a/urls.py": "path('status/', views.order_status)\n"},
        {"a.js": "router.get('/status', orders.show)\n"},
    ],
)
def test_a_word_that_may_mean_another_thing_is_reported(tmp_path: Path, tree: Tree) -> None:
    found = reading(tmp_path, {**FLASK, **tree})
    assert found.health is None
    assert [note for note in notes(found) if "/status" in note and "may be a health page" in note]


@pytest.mark.parametrize(
    ("tree", "port", "variable", "host"),
    [
        ({**NODE, "a.js": "app.listen(3000)\n"}, ("3000", "a.js:1"), None, None),
        ({**NODE, "a.js": "app.listen({port: 3000})\n"}, ("3000", "a.js:1"), None, None),
        ({**NODE, "a.js": "const port = process.env.PORT || 3001\n"}, ("3001", "a.js:1"), "PORT", None),
        ({**NODE, "a.js": "// app.listen(3000)\n/*\n app.listen(4000) */\n"}, None, None, None),
        ({**FLASK, "a.py": "app.run(host='0.0.0.0', port=5001)\n"}, ("5001", "a.py:1"), None, None),
        (
            {**FLASK, "a.py": "p = int(os.environ.get('APP_PORT', 5002)), os.getenv('APP_HOST')\n"},
            ("5002", "a.py:1"),
            "APP_PORT",
            "APP_HOST",
        ),
        ({**FLASK, "a.py": "os.getenv('HTTP_HOST'), os.getenv('SMTP_PORT', '25')\n"}, None, None, None),
        ({**FLASK, "Dockerfile": "FROM x\nENV PORT=7000\nEXPOSE $PORT\n"}, ("7000", "Dockerfile:3"), None, None),
        ({**FLASK, ".env.example": "PORT=7001\n"}, ("7001", ".env.example:1"), None, None),
        (
            {**FLASK, "Makefile": "run:\n\tpython manage.py runserver 0.0.0.0:7002\n"},
            ("7002", "Makefile:2"),
            None,
            None,
        ),
    ],
)
def test_port(tmp_path: Path, tree: Tree, port: tuple[str, str] | None, variable: str | None, host: str | None) -> None:
    found = facts(reading(tmp_path, tree))
    assert found.get("port") == port
    assert found.get("reads_port", (None,))[0] == variable
    assert found.get("reads_host", (None,))[0] == host


@pytest.mark.parametrize(
    ("code", "urls"),
    [
        ("os.getenv('SITE_ROOT', 'http://localhost:8000')", {"SITE_ROOT": "http://localhost:8000"}),
        ("{'default': 'http://localhost', 'env': os.getenv('SHOP_SITE_URL')}", {"SHOP_SITE_URL": "http://localhost"}),
        ("os.getenv('BASE_URL', 'https://shop.example.org')", {}),
        ("os.getenv('LMS_ROOT_URL', 'http://lms:8000')", {}),
        ("os.getenv('LMS_BASE_URL', 'http://localhost:18000')", {}),
        ("os.getenv('OLLAMA_BASE_URL', 'http://localhost:11434')", {}),
        ("os.getenv('SITE_NAME', 'http://localhost')", {}),
    ],
)
def test_the_variables_with_the_services_own_url(tmp_path: Path, code: str, urls: dict[str, str]) -> None:
    found = reading(tmp_path, {**FLASK, "settings.py": f"import os\nX = 1\n\n{code}\n"})
    assert {name: each.value for name, each in found.own_urls.items()} == urls
    assert not urls.keys() & found.environment.keys()


@pytest.mark.parametrize(
    ("main", "port", "command"),
    [
        ("def main():\n    app.register_blueprint(pages)\n", "SHOP_PORT", "env SHOP_PORT={port} shopd"),
        ("def main():\n    app.register_blueprint(pages)\n", "MAIL_PORT", None),
        ("app.register_blueprint(pages)\ndef main(): ...\n", "SHOP_PORT", "flask --app shop:app run"),
        ("def other():\n    app.register_blueprint(pages)\ndef main(): ...\n", "SHOP_PORT", "flask --app shop:app run"),
    ],
)
def test_a_command_that_adds_the_routes_is_the_server(
    tmp_path: Path, main: str, port: str, command: str | None
) -> None:
    scripts = "[project]\nname = 'shop'\ndependencies = ['flask']\n[project.scripts]\nshopd = 'shop.__main__:main'\n"
    tree = {
        "pyproject.toml": scripts,
        "shop/__init__.py": f"import os\napp = Flask(__name__)\nport = os.environ.get('{port}', '8000')\n",
        "shop/__main__.py": "from shop.main import main\nmain()\n",
        "shop/main.py": f"from shop import app\n{main}",
    }
    found = facts(reading(tmp_path, tree)).get("commands.develop", ("", ""))[0]
    assert found.startswith(command) if command else not found

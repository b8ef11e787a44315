"""What runs: loops, entrypoint scripts, supervisord, Procfiles; each process becomes a service or an open point."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.adopt.read_trees import Tree, facts, reading
from tests.adopt.test_fill_files import Loader, fill
from tools.adopt.fill.points import open_points
from tools.adopt.found import Reading
from tools.adopt.read.text import shell

FLASK: Tree = {"requirements.txt": "flask\ngunicorn\n", "app.py": "from flask import Flask\napp = Flask('a')\n"}


def services(found: Reading) -> dict[str, str]:
    """The commands of the services in the compose file."""
    made = yaml.load(fill(found)["compose.yaml"], Loader)["services"]
    return {name: str(each.get("command", "")) for name, each in made.items()}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("while true; do python serve.py; sleep 2; done", "python serve.py"),
        ("bash -c 'until nc -z db 1; do sleep 1; done; gunicorn app:app'", "gunicorn app:app"),
        ("sh -c 'if [ -n x ]; then python a.py; fi'", "python a.py"),
        ("wait-for-it db:5432 -- gunicorn app:app", "gunicorn app:app"),
        ("tini -- gosu app gunicorn app:app", "gunicorn app:app"),
        ("cd /srv && exec poetry run celery -A a worker", "celery -A a worker"),
        ("watchmedo auto-restart -d . -p '*.py' -- celery -A a worker", "celery -A a worker"),
        ("watchfiles --filter python 'celery -A a worker' src", "celery -A a worker"),
        ("watchfiles celery.__main__.main --args '-A a worker'", "celery -A a worker"),
        ("/app/.venv/bin/rq worker", "rq worker"),
        ("./venv/bin/rq worker", "rq worker"),
        ("sleep 5; true", None),
        ("while true; do sleep 1; done", None),
        ("gunicorn app:app | tee log", None),
        ("python a.py $(nproc)", None),
        ("python 'a", None),
        ("python -c 'a; b > c'", "python -c 'a; b > c'"),
    ],
)
def test_the_program_of_a_line(line: str, words: str | None) -> None:
    found = shell.split(line)
    assert found == (shell.simple(words)[0].words and list(shell.simple(words)[0].words) if words else None)


def test_a_loop_is_what_it_repeats_and_an_images_path_is_ours(tmp_path: Path) -> None:
    command = "bash -c 'while true; do python /srv/x/manage.py runserver 0.0.0.0:8123; sleep 2; done'"
    tree = {
        "manage.py": "execute_from_command_line(sys.argv)\n",
        "requirements.txt": "django\n",
        "docker-compose.yml": f"services:\n  app:\n    image: x/dev\n    command: {command}\n",
    }
    found = facts(reading(tmp_path, tree))
    assert found["commands.develop"] == ("python manage.py runserver {bind}:{port}", "docker-compose.yml:4")
    assert "commands.serve" not in found


ENTRY = """\
#!/bin/bash
serve() {
  exec gunicorn -b 0.0.0.0:5000 app:app
}
case "$1" in
  fixtures) exec flask command fixtures ;;
  server)
    shift
    serve
    ;;
  worker|jobs) exec rq worker default ;;
esac
"""


@pytest.mark.parametrize(("script", "serve"), [
    pytest.param(ENTRY, "gunicorn app:app --bind {bind}:{port}", id="an arm, by way of a function"),
    pytest.param("#!/bin/sh\n[ \"$1\" = server ] || exit 2\n./hidden\n", "bin/entrypoint server", id="no arm"),
    pytest.param('#!/bin/sh\nflask db upgrade\nexec "$@"\n', "server", id="passed on"),
])  # fmt: skip
def test_an_entrypoint_script_says_what_the_images_command_is(tmp_path: Path, script: str, serve: str) -> None:
    tree = {
        **FLASK,
        "bin/entrypoint": script,
        "Dockerfile": 'FROM python:3.12\nENTRYPOINT ["/app/bin/entrypoint"]\nCMD ["server"]\n',
    }
    assert facts(reading(tmp_path, tree))["commands.serve"][0] == serve


MANY = {
    "Procfile": "web: gunicorn app:app\nurgent: rq worker urgent\nclock: python clock.py\nrelease: flask db upgrade\n",
    "supervisord.conf": "[program:web]\ncommand=gunicorn app:app\n[program:mails]\ncommand = python -m mails.worker\n"
    "[program:nginx]\ncommand=/usr/sbin/nginx\n",
    "docker-compose.yml": "services:\n  app: {build: ., command: gunicorn app:app}\n  redis: {image: 'redis:7'}\n"
    "  consumer: {build: ., command: python -m consume}\n  docs: {image: nginx, command: serve}\n",
}


def test_every_process_becomes_a_service(tmp_path: Path) -> None:
    found = reading(tmp_path, {**FLASK, **MANY, "settings.py": "os.environ['REDIS_URL']\n"})
    made = services(found)
    assert made["worker"] == "rq worker urgent"  # the template's own service
    assert made["clock"] == "python clock.py"
    assert made["mails"] == "python -m mails.worker"
    assert made["consumer"] == "python -m consume"
    assert {"nginx", "docs", "web", "release"} & {*made} == set()
    lean = yaml.load(fill(found)["compose.lean.yaml"], Loader)["services"]
    assert {"app", "worker", "clock", "mails", "consumer"} == {*lean}


@pytest.mark.parametrize(
    ("lines", "command"),
    [
        ("entrypoint: venv/bin/rq\n    command: worker -q mail", "rq worker -q mail"),
        ("entrypoint: celery -A shop worker", "celery -A shop worker"),
        ("entrypoint: [sh, -c]\n    command: celery -A shop worker", "celery -A shop worker"),
        ("entrypoint: /entrypoint.sh\n    command: celery -A shop worker", "celery -A shop worker"),
        ("command: /start-jobs", "celery -A shop worker"),
        ("entrypoint: ./scripts/jobs.sh", "celery -A shop worker"),
    ],
)
def test_the_entrypoint_of_a_worker_is_a_part_of_its_command(tmp_path: Path, lines: str, command: str) -> None:
    script = "#!/bin/sh\nset -e\nexec celery -A shop worker\n"
    tree = {
        **FLASK,
        "Dockerfile": "FROM python:3.13\nCOPY --chown=1 ./docker/jobs/start /start-jobs\n",
        "docker/jobs/start": script,
        "docker/web/start": "#!/bin/sh\nexec flask run\n",
        "scripts/jobs.sh": script,
        "compose.yaml": f"services:\n  app:\n    build: .\n  jobs-worker:\n    build: .\n    {lines}\n",
    }
    assert facts(reading(tmp_path, tree))["commands.worker"][0] == command


def test_a_variable_in_a_command_stays_one(tmp_path: Path) -> None:
    jobs = "jobs: rq worker -u $REDIS_URL 'a b' 'c$(d)'\n"
    tree = {**FLASK, "Procfile": f"web: gunicorn app:app\n{jobs}", "requirements.txt": "flask\ngunicorn\nrq\n"}
    found = reading(tmp_path, tree)
    assert found.commands.worker is None  # it needs a shell
    found = reading(tmp_path, {**tree, "Procfile": tree["Procfile"].replace(" 'c$(d)'", "")})
    assert facts(found)["commands.worker"][0] == "rq worker -u \"$REDIS_URL\" 'a b'"


def test_a_process_without_its_broker_is_an_open_point(tmp_path: Path) -> None:
    found = reading(tmp_path, {**FLASK, "Procfile": "web: gunicorn app:app\njobs: celery -A app worker\n"})
    assert "jobs" not in services(found)
    points = [point for point in open_points(fill(found)) if "the broker of" in point.what]
    assert [(point.file, "Procfile:2" in point.what) for point in points] == [("compose.yaml", True)]
    assert "celery -A app worker" in points[0].example


def test_two_workers_of_celery_have_names_and_queues(tmp_path: Path) -> None:
    tree = {
        **FLASK,
        "Procfile": "web: gunicorn app:app\nfast: celery -A a worker -Q fast\nslow: celery -A a worker -Q slow\n"
        "fast2: celery -A a worker -Q fast\nbeat: celery -A a beat\n",
        "settings.py": "os.environ['REDIS_URL']\n",
    }
    made = services(reading(tmp_path, {**tree, "requirements.txt": "flask\ncelery\nredis\n"}))
    assert made["worker"] == "celery -A a worker -Q fast"
    assert made["slow"] == "celery -A a worker -Q slow -n slow@%h"
    assert made["beat"] == "celery -A a beat"
    assert "fast2" not in made


@pytest.mark.parametrize("page", ["compose.yaml", "compose.lean.yaml"])
def test_a_worker_may_use_as_much_memory_as_the_app_whose_code_it_loads(tmp_path: Path, page: str) -> None:
    tree = {
        **FLASK,
        "requirements.txt": "flask\ncelery\nredis\n",
        "Procfile": "web: gunicorn app:app\nworker: celery -A a worker\nbeat: celery -A a beat\n",
        "settings.py": "os.environ['REDIS_URL']\n",
    }
    made = fill(reading(tmp_path, tree))
    limits = {name: each.get("mem_limit") for name, each in yaml.load(made[page], Loader)["services"].items()}
    assert limits["worker"] == limits["beat"] == limits["app"]
    assert "memory: 1856M" in made["dev.yaml"], "512 MB for each of the three, the database and the cache"


def test_a_variable_that_only_a_worker_has_is_read(tmp_path: Path) -> None:
    tree = {
        **FLASK,
        "requirements.txt": "flask\nredis\ncelery\n",
        "docker-compose.yml": "services:\n  app: {build: ., command: flask run}\n"
        "  worker: {build: ., command: celery -A a worker, environment: {BROKER_HOSTNAME: 'cache.x:6379'}}\n",
    }
    found = reading(tmp_path, tree)
    assert facts(found)["cache.variables.address"] == ("BROKER_HOSTNAME", "docker-compose.yml:3")
    text = fill(found)["compose.yaml"]
    assert "BROKER_HOSTNAME: ${CACHE_HOST:-cache}:${CACHE_PORT:-6379} #" in text


@pytest.mark.parametrize(
    ("tree", "develop", "serve"),
    [
        ({"Makefile": "run:\n\tpython -m shop.main\n"}, "python -m shop.main", "shop"),
        ({"Makefile": "run:\n\tdocker-compose up --build\n"}, "shop", "shop"),
        ({"Makefile": "run:\n\tcd a && python -m shop.main\n"}, "shop", "shop"),
        ({"Makefile": "run:\n\tpython tools/other.py\n", "tools/other.py": "print()\n"}, "shop", "shop"),
        (
            {"setup.py": "", "Makefile": "serve:\n\t@python shop/main.py\n"},
            "python shop/main.py",
            "python shop/main.py",
        ),
        ({"shop/main.py": "web.run_app(app, port=8080)\n", "Makefile": "run:\n\tpython -m shop.main\n"}, None, None),
    ],
)
def test_a_server_of_the_project_itself_runs_if_it_reads_its_port(
    tmp_path: Path, tree: Tree, develop: str | None, serve: str | None
) -> None:
    own: Tree = {
        "setup.py": "setup(name='shop', entry_points={'console_scripts': ['shop = shop.main:main']})\n",
        "requirements.txt": "aiohttp\n",
        "shop/main.py": "import os\ndef main():\n    web.run_app(app, port=os.environ['PORT'])\n",
    }
    found = facts(reading(tmp_path, {**own, **tree}))
    assert found.get("commands.develop", (None,))[0] == develop
    assert found.get("commands.serve", (None,))[0] == serve

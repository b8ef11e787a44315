"""Another user of the machine, with a real uid, tries what listens and what lies around: docs/security.md."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devenv.databases.states import LIVE
from tests.conftest import REPO
from tests.faults.small import APP, CONFIG, SHARED
from tests.gitrepo import git
from tests.verbs.fixtures import COMPOSE, removed_after
from tests.verbs.repo import Repo

NEIGHBOUR = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
ANOTHER_USER = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
PUBLISHED = "development-only"  # the password of plain `docker compose up`, and of releases up to 0.6.0
EARLIER = "c58da071da3622e2efe4dbcb298a1f9b6d0c1775"  # release 0.6.0
CODE = """
import http.server, os, socket, sys
try:
    import psycopg as client
    NAME, WHO = "dbname", "SELECT current_user || ':' || rolsuper FROM pg_roles WHERE rolname = current_user"
except ImportError:
    import pymysql as client
    FILE = "(SELECT count(*) FROM information_schema.user_privileges WHERE privilege_type = 'FILE') > 0"
    NAME, WHO = "database", f"SELECT concat(substring_index(current_user(), '@', 1), ':', if({FILE}, 'true', 'false'))"
LOGIN = {word: os.environ["DB_" + word.upper()] for word in ("host", "user", "password")}

def ask(query):
    with client.connect(**LOGIN, **{NAME: os.environ["DB_NAME"]}, port=int(os.environ["DB_PORT"])) as session:
        cursor = session.cursor()
        cursor.execute(query)
        found = cursor.fetchall() if cursor.description else ()
        session.commit()
        return found

def cache():
    with socket.create_connection((os.environ["CACHE_HOST"], int(os.environ["CACHE_PORT"]))) as wire:
        password = os.environ.get("CACHE_PASSWORD", "")
        wire.sendall((f"AUTH {password}\\r\\n" if password else "").encode() + b"SET of me\\r\\nPING\\r\\n")
        said = b""
        while b"PONG" not in said and b"ERR" not in said:
            said += wire.recv(100)
        return said.decode().split()[-1]

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{ask(WHO)[0][0]} {cache()}".encode())

if sys.argv[1] == "migrate":
    ask(open("migration.sql").read())
else:
    http.server.ThreadingHTTPServer((os.environ["BIND"], int(os.environ["PORT"])), Page).serve_forever()
"""
STORES = """\
      DB_HOST: ${{DB_HOST:-db}}
      DB_PORT: ${{DB_PORT:-{port}}}
      DB_NAME: ${{DB_NAME:-service}}
      DB_USER: ${{DB_USER:-{user}}}
      DB_PASSWORD: ${{DB_PASSWORD:-development-only}}
      CACHE_HOST: ${{CACHE_HOST:-cache}}
      CACHE_PORT: ${{CACHE_PORT:-6379}}
      CACHE_PASSWORD: ${{CACHE_PASSWORD:-}}
    depends_on:
      db: {{condition: service_healthy}}
      cache: {{condition: service_healthy}}
  db:
    extends: {{file: .dev/compose/{kind}.yaml, service: {kind}}}
    image: {image}
  cache:
    extends: {{file: .dev/compose/redis.yaml, service: redis}}
    image: valkey/valkey:8
volumes:
  db-data: {{}}
"""
SETTINGS = """\
commands: {migrate: python app.py migrate}
state: [migration.sql]
native: {python: ">=3.9", install: uv pip install -r requirements.txt}
"""
KINDS = {
    "postgres": ("service", 5432, "postgres:17", "psycopg[binary]==3.3.9\n"),
    "mysql": ("root", 3306, "mariadb:11", "PyMySQL==1.2.4\n"),
}
TABLE = "CREATE TABLE IF NOT EXISTS mine (word varchar(60))"
# What the app is in the database, and what it may do there: nothing beyond its databases.
LIMITED = {"postgres": "service:false +PONG", "mysql": "service:false +PONG"}
UNLIMITED = {"postgres": "service:true +PONG", "mysql": "root:true +PONG"}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def service(kind: str, bake: Callable[..., Path], engine: str, tmp_path: Path, free_port: int) -> Iterator[Repo]:
    """A service with a database and a cache, not started, with a state folder of its own."""
    token = f"n{free_port}"
    path = bake("bare", into=tmp_path, service=token, port=free_port, database=kind, cache="redis")
    user, port, image, packages = KINDS[kind]
    stores = STORES.format(kind=kind, user=user, port=port, image=image)
    files = {
        "dev.yaml": CONFIG.format(service=token, port=free_port) + SETTINGS,
        "compose.yaml": APP.format(command="python app.py serve", service=token) + stores + SHARED,
        "requirements.txt": packages,
        "app.py": CODE,
        "migration.sql": TABLE,
    }
    for name, text in files.items():
        (path / name).write_text(text)
    state = {"XDG_STATE_HOME": str(tmp_path / "state"), "DEV_NETWORK": f"devenv-{token}"}
    with removed_after(Repo(path, token, {"DEV_ENGINE": engine, **state})) as repo:
        yield repo


def neighbour(*argv: str, **env: str) -> str:
    """What a command of another user prints."""
    given = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **env}
    done = subprocess.run([*NEIGHBOUR, *argv], capture_output=True, text=True, check=False, env=given, cwd="/")
    return done.stdout + done.stderr


def address(repo: Repo, service: str, port: int) -> tuple[str, str]:
    """Where a server of the repo listens, as every user of the machine can find out."""
    if repo.env["DEV_ENGINE"] == "native":
        noted = Path(repo.env["XDG_STATE_HOME"], f"devenv/v1/main/{repo.token}/native/ports.json")
        return "127.0.0.1", str(json.loads(noted.read_text())[service])
    template = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
    argv = ["docker", "inspect", "--format", template, f"{repo.project()}-{service}-1"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()[0], str(port)


def knocks(repo: Repo, kind: str, user: str, password: str) -> str:
    """What a neighbour reads from the database with this account."""
    host, port = address(repo, "db", KINDS[kind][1])
    if kind == "postgres":
        login = ["--host", host, "--port", port, "--username", user, "--dbname", "postgres"]
        return neighbour("psql", *login, "-XAtqc", "SELECT 'in'", PGPASSWORD=password, PGCONNECT_TIMEOUT="10")
    login = ["--loose-skip-ssl", "--protocol=tcp", f"--host={host}", f"--port={port}", f"--user={user}"]
    return neighbour("mariadb", "--no-defaults", *login, "-Ne", "SELECT 'in'", MYSQL_PWD=password)


def secrets(repo: Repo) -> dict[str, str]:
    """The passwords of the stores, as the record has them."""
    record = json.loads(Path(repo.env["XDG_STATE_HOME"], f"devenv/v1/main/{repo.token}.json").read_text())
    return {store: known["password"] for store, known in record["stores"][repo.env["DEV_ENGINE"]].items()}


def sql(repo: Repo, kind: str, statement: str) -> str:
    """What the database answers to the account of the app."""
    return repo.ok("dev.dbshell", "--", *(["-XAtc"] if kind == "postgres" else ["-Ne"]), statement).stdout.strip()


def states(repo: Repo) -> list[dict[str, object]]:
    """What dev.state list shows, without ages."""
    return [{**state, "age": 0} for state in repo.ok("dev.state", "list", "--json").json()]


def earlier_fragments(repo: Repo) -> None:
    """Let the repo have the fragments of the last release in which everybody knew the passwords."""
    for file in (repo.path / ".dev/compose").glob("*.yaml"):
        [folder] = REPO.glob(f"{{{{cookiecutter.repo_name}}}}/.stacks/*/.dev/compose/{file.name}")
        file.write_text(git(REPO, "show", f"{EARLIER}:{folder.relative_to(REPO)}"))


def current_fragments(repo: Repo) -> None:
    for file in (repo.path / ".dev/compose").glob("*.yaml"):
        [folder] = REPO.glob(f"{{{{cookiecutter.repo_name}}}}/.stacks/*/.dev/compose/{file.name}")
        shutil.copyfile(folder, file)


@ANOTHER_USER
def test_a_neighbour_gets_nothing(service: Repo, kind: str) -> None:
    said = service.ok("dev.up")
    assert service.fetch("/") == (200, LIMITED[kind])
    known = secrets(service)
    assert known.keys() == {"db", "cache"}
    for user in ("service", "devenv", "postgres", "root", ""):
        for password in (PUBLISHED, "", user):
            assert "in\n" not in knocks(service, kind, user, password), (user, password)
    assert "in\n" in knocks(service, kind, "service", known["db"])  # so it is the password that keeps them out
    host, port = address(service, "cache", 6379)
    talk = f"exec 3<>/dev/tcp/{host}/{port}; printf 'GET of\\r\\nPING\\r\\n' >&3; head -n 2 <&3"
    assert neighbour("bash", "-c", talk).count("NOAUTH") == 2
    for secret in known.values():
        assert secret not in neighbour("grep", "-r", "-s", secret, str(service.path), service.env["XDG_STATE_HOME"])
        assert secret not in neighbour("ps", "-eo", "args", "ww")
        assert secret not in said.stdout + said.stderr + service.ok("dev.logs").stdout


def test_the_verbs_of_data_work_with_an_account_that_is_no_superuser(service: Repo, kind: str) -> None:
    service.ok("dev.up")
    sql(service, kind, "INSERT INTO mine VALUES ('one')")
    service.ok("dev.snapshot", "one")
    service.ok("dev.reset")
    assert sql(service, kind, "SELECT * FROM mine") == ""
    service.ok("dev.restore", "one")
    assert sql(service, kind, "SELECT * FROM mine") == "one"
    tests = "CREATE DATABASE test_service; DROP DATABASE test_service"
    for statement in tests.split("; "):
        sql(service, kind, statement)
    words = ["--dbname", "devenv"] if kind == "postgres" else ["-e", "USE devenv"]
    assert "denied" in service.run("dev.dbshell", "--", *words).stderr
    service.ok("dev.down")
    service.ok("dev.up")
    assert service.fetch("/") == (200, LIMITED[kind])


def test_data_of_an_earlier_release_keeps_its_accounts(service: Repo, kind: str, engine: str) -> None:
    earlier_fragments(service)
    service.ok("dev.up")
    assert service.fetch("/")[1].startswith(UNLIMITED[kind].split()[0])
    sql(service, kind, "INSERT INTO mine VALUES ('old')")
    current_fragments(service)
    service.ok("dev.up")
    assert service.fetch("/") == (200, UNLIMITED[kind])
    assert sql(service, kind, "SELECT * FROM mine") == "old"
    [finding] = [f for f in service.run("dev.doctor", "--json").json() if f["code"] == "D37"]
    assert not finding["ok"]
    earlier_fragments(service)  # back to that release
    service.ok("dev.up")
    assert sql(service, kind, "SELECT * FROM mine") == "old"


def test_a_lost_record_loses_no_data(service: Repo, kind: str, engine: str) -> None:
    service.ok("dev.up")
    sql(service, kind, "INSERT INTO mine VALUES ('kept')")
    project = service.project()
    record = Path(service.env["XDG_STATE_HOME"], f"devenv/v1/main/{service.token}.json")
    record.write_text(json.dumps({"project": project}))
    service.ok("dev.up")
    assert service.fetch("/") == (200, LIMITED[kind])
    if engine == "compose":  # and without its container
        subprocess.run(["docker", "rm", "--force", f"{project}-db-1"], check=True, capture_output=True)
        record.write_text(json.dumps({"project": project}))
        service.ok("dev.up")
        assert service.fetch("/") == (200, LIMITED[kind])
        renamed = {"  db:\n": "  database:\n", "      db: {": "      database: {", "DB_HOST:-db}": "DB_HOST:-database}"}
        for old, new in renamed.items():
            service.edit("compose.yaml", old, new)
        service.ok("dev.up")
        assert service.fetch("/") == (200, LIMITED[kind])
    assert sql(service, kind, "SELECT * FROM mine") == "kept"


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
def test_data_in_a_volume_without_a_name_is_ours_and_in_a_folder_a_persons(service: Repo, kind: str) -> None:
    """Such a volume goes with its container. dev.destroy leaves a folder, and with it the accounts."""
    service.edit(".dev/compose/postgres.yaml", "    tmpfs: /var/lib/postgresql\n", "")
    service.edit(".dev/compose/postgres.yaml", "    volumes:\n      - db-data:/var/lib/postgresql/data\n", "")
    service.ok("dev.up")
    sql(service, kind, "INSERT INTO mine VALUES ('kept')")
    [finding] = [f for f in service.run("dev.doctor", "--json").json() if f["code"] == "D37"]
    assert finding["ok"]
    service.ok("dev.down")
    assert LIVE in {row["kind"] for row in service.ok("dev.state", "list", "--json").json()}
    Path(service.env["XDG_STATE_HOME"], f"devenv/v1/main/{service.token}.json").write_text("")
    service.ok("dev.up")
    assert service.fetch("/") == (200, LIMITED[kind])
    assert sql(service, kind, "SELECT * FROM mine") == "kept"
    service.edit(
        "compose.yaml", "image: postgres:17", "image: postgres:17\n    volumes: [./rows:/var/lib/postgresql/data]"
    )
    service.ok("dev.destroy", "--yes")
    (service.path / ".dev/local/main.env").unlink()
    (service.path / "rows").mkdir()
    service.ok("dev.up")
    [finding] = [f for f in service.run("dev.doctor", "--json").json() if f["code"] == "D37"]
    assert finding["what"].startswith(f"data in {service.path / 'rows'} has a published password")
    assert service.fetch("/") == (200, UNLIMITED[kind])
    service.ok("dev.down")
    assert LIVE in {row["kind"] for row in service.ok("dev.state", "list", "--json").json()}


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
def test_what_needs_a_superuser_is_named_and_allowed_in_dev_yaml(service: Repo) -> None:
    (service.path / "migration.sql").write_text(f"{TABLE}; CREATE EXTENSION IF NOT EXISTS dblink")
    failed = service.run("dev.up")
    assert [hint for hint in failed.hints if "database: {extensions: [dblink]}" in hint], failed.stderr
    with (service.path / "dev.yaml").open("a") as file:
        file.write("database: {extensions: [dblink]}\n")
    service.ok("dev.up")
    sql(service, "postgres", "CREATE DATABASE test_service")
    found = service.ok("dev.dbshell", "--", "-d", "test_service", "-XAtc", "SELECT extname FROM pg_extension").stdout
    assert "dblink" in found.split()
    service.ok("dev.snapshot", "one", "--export", str(service.path / "one.tar.gz"))
    service.ok("dev.restore", str(service.path / "one.tar.gz"))
    service.edit("dev.yaml", "extensions: [dblink]", "superuser: true")
    service.ok("dev.up")
    assert service.fetch("/") == (200, "service:true +PONG")


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
def test_an_extension_that_the_server_lacks_is_110_before_it_migrates(service: Repo) -> None:
    with (service.path / "dev.yaml").open("a") as file:
        file.write("database: {extensions: [nowhere]}\n")
    failed = service.fails(110, "dev.up")
    assert "this PostgreSQL server has no extension nowhere" in failed.stderr
    assert any("an image of PostgreSQL with nowhere" in hint for hint in failed.hints)
    assert "migrate" not in failed.stdout


def repacked(file: Path, change: Callable[[bytes], bytes]) -> Path:
    """An exported state with another dump, and a manifest that fits."""
    with tarfile.open(file, "r:gz") as tar:
        manifest, dump = (tar.extractfile(name).read() for name in ("manifest.json", "dump"))  # type: ignore[union-attr]
    dump = change(dump)
    manifest = json.dumps({**json.loads(manifest), "sha256": hashlib.sha256(dump).hexdigest()}).encode()
    target = file.with_name("evil.tar.gz")
    with gzip.open(target, "wb") as stream, tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in (("manifest.json", manifest), ("dump", dump)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return target


RUNS = """
CREATE FUNCTION pwn() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN
  EXECUTE $q$COPY (SELECT 1) TO PROGRAM 'touch {canary}'$q$; RETURN 1; END $f$;
CREATE MATERIALIZED VIEW pwned AS SELECT pwn() WITH NO DATA;
CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN PERFORM pwn(); RETURN NEW; END $f$;
"""


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
def test_a_dump_runs_no_program_on_postgres(service: Repo, engine: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary" if engine == "native" else Path("/tmp/canary")
    service.ok("dev.up")
    sql(service, "postgres", RUNS.format(canary=canary))
    service.ok("dev.snapshot", "plain", "--export", str(tmp_path / "plain.tar.gz"))
    # The rows of the view are in the dump as a REFRESH if it was filled. So it is filled here, by a superuser.
    sql(service, "postgres", "CREATE OR REPLACE FUNCTION pwn() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    sql(service, "postgres", "REFRESH MATERIALIZED VIEW pwned")
    body = f"""$f$ BEGIN EXECUTE $q$COPY (SELECT 1) TO PROGRAM 'touch {canary}'$q$; RETURN 1; END $f$"""
    sql(service, "postgres", f"CREATE OR REPLACE FUNCTION pwn() RETURNS int LANGUAGE plpgsql AS {body}")
    evil = tmp_path / "evil.tar.gz"
    service.ok("dev.snapshot", "evil", "--export", str(evil))
    before = states(service)
    failed = service.run("dev.restore", str(evil))
    assert "superuser" in failed.stderr or "pg_execute_server_program" in failed.stderr, failed
    assert failed.code == 112
    assert states(service) == before  # nothing is left
    service.ok("dev.restore", str(tmp_path / "plain.tar.gz"))
    refused = service.run("dev.dbshell", "--", "-c", "SELECT pwn()")  # and the app, later
    assert refused.code
    assert service.run("dev.run", "-s", "db", "--", "ls", str(canary)).code
    assert not canary.exists()


# What the lines of a dump try, before those of our own dump.
TRICKS = [
    "\\! touch {canary}\n",
    "SELECT 1; \\! touch {canary}\n",
    "system touch {canary}\n",
    "SELECT 'x' INTO DUMPFILE '{canary}';\n",
    "SELECT LOAD_FILE('/etc/passwd') INTO OUTFILE '{canary}';\n",
    "CREATE DATABASE theirs;\n",
    "SELECT * FROM mysql.user;\n",
]


@pytest.mark.parametrize("kind", ["mysql"], indirect=True)
def test_a_dump_runs_no_program_on_mysql(service: Repo, engine: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary" if engine == "native" else Path("/tmp/canary")
    service.ok("dev.up")
    service.ok("dev.snapshot", "plain", "--export", str(tmp_path / "plain.tar.gz"))
    before = states(service)
    for trick in TRICKS:
        evil = repacked(tmp_path / "plain.tar.gz", lambda dump, line=trick: line.format(canary=canary).encode() + dump)
        failed = service.fails(112, "dev.restore", str(evil))
        assert "ERROR" in failed.stderr, trick
        assert states(service) == before, trick
        assert service.run("dev.run", "-s", "db", "--", "ls", str(canary)).code, trick
        assert not canary.exists(), trick
    service.ok("dev.restore", str(tmp_path / "plain.tar.gz"))

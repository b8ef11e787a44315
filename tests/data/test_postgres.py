"""A copy of a database of PostgreSQL keeps what people put there, and only our account gets at our own database."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.conftest import until
from tests.verbs.fixtures import COMPOSE, NATIVE_FIRST
from tests.verbs.repo import Done, Repo, end

SETTINGS = """
SELECT coalesce(setrole::regrole::text, ''), unnest(setconfig) FROM pg_db_role_setting
JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database() ORDER BY 1, 2
"""
KEPT = """
SELECT pg_get_userbyid(datdba), datconnlimit, shobj_description(oid, 'pg_database') FROM pg_database
WHERE datname = current_database()
"""
GRANTS = """
SELECT grantee::regrole::text, privilege_type, is_grantable FROM pg_database, aclexplode(datacl)
WHERE datname = current_database() ORDER BY 1, 2
"""
GIVEN = """
CREATE ROLE "the reader" LOGIN PASSWORD 'secret';
ALTER DATABASE service SET search_path TO "$user", public, 'an odd, name';
ALTER DATABASE service SET work_mem = '5MB';
ALTER ROLE "the reader" IN DATABASE service SET statement_timeout = '7s';
REVOKE ALL ON DATABASE service FROM PUBLIC;
GRANT CONNECT ON DATABASE service TO "the reader" WITH GRANT OPTION;
CREATE ROLE "the owner";
ALTER DATABASE service OWNER TO "the owner";
ALTER DATABASE service CONNECTION LIMIT 20;
COMMENT ON DATABASE service IS 'it''s "ours"'
"""


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_a_copy_keeps_what_people_gave_the_database(up_repo: Repo) -> None:
    for statement in GIVEN.split(";\n"):
        up_repo.rows(statement, "devenv")
    given = [up_repo.rows(query, "devenv") for query in (SETTINGS, GRANTS, KEPT)]
    assert [len(rows) for rows in given] == [3, 4, 1]
    up_repo.ok("dev.snapshot", "kept")
    up_repo.ok("dev.restore", "kept")
    assert [up_repo.rows(query, "devenv") for query in (SETTINGS, GRANTS, KEPT)] == given
    assert up_repo.ok("dev.reset").code == 0
    up_repo.ok("dev.restore", "previous")
    assert [up_repo.rows(query, "devenv") for query in (SETTINGS, GRANTS, KEPT)] == given
    up_repo.rows("ALTER DATABASE service IS_TEMPLATE true", "devenv")  # what a person may do with data for tests
    for _ in range(2):
        assert "not on its server" not in up_repo.ok("dev.reset").stderr
        assert [row["kind"] for row in up_repo.ok("dev.state", "list", "--json").json()].count("previous") == 1
    query = "SELECT datname FROM pg_database WHERE datistemplate AND datname NOT LIKE 'template_'"
    assert until(lambda: up_repo.rows(query, "devenv") == []), "it is dropped in the background"
    refused = up_repo.run("dev.dbshell", "--", "--username", "the reader", "--dbname", "devenv", "-c", "SELECT 1")
    assert refused.code != 0
    assert 'permission denied for database "devenv"' in refused.stderr or "authentication failed" in refused.stderr


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_nothing_is_asked_for_that_is_not_there(up_repo: Repo) -> None:
    """A server logs that as an error, and people look for the reason. The first dev.up was on a new server."""
    for words in (["dev.status"], ["dev.snapshot", "kept"], ["dev.reset"], ["dev.restore", "kept"], ["dev.up"]):
        up_repo.ok(*words)
    log = up_repo.ok("dev.logs", "-s", "db").stdout
    assert "ready to accept connections" in log
    assert not re.search(r"(ERROR|FATAL): .* not exist", log)


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_a_client_that_is_cut_off_in_the_middle_of_a_swap_changes_nothing(up_repo: Repo) -> None:
    """The text of the whole change is sent at once; here it ends at each of its lines."""
    up_repo.rows("INSERT INTO courses_course (code, title) VALUES ('hand', 'By hand')")
    up_repo.ok("dev.snapshot", "kept")
    names = "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database"
    table = ("-U", "devenv", "--dbname", "devenv", "-qAtc", "SELECT id, kind, database FROM states ORDER BY 1")
    before = up_repo.rows(names), up_repo.ok("dev.dbshell", "--", *table).stdout
    [snapshot] = [line.split("|")[2] for line in before[1].splitlines() if "|snapshot|" in line]
    change = [
        "BEGIN;",
        "LOCK TABLE pg_catalog.pg_database IN ACCESS EXCLUSIVE MODE;",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'service';",
        "ALTER DATABASE service RENAME TO service_aside;",
        f"ALTER DATABASE {snapshot} RENAME TO service;",
        "UPDATE public.states SET kind = 'aside' WHERE kind = 'live';",
    ]
    for length in range(1, len(change) + 1):
        text = "\n".join(change[:length]) + "\nUPDATE public.sta"
        done = up_repo.run(
            "dev.dbshell", "--", "-U", "devenv", "--dbname", "devenv", "-q", "-v", "ON_ERROR_STOP=1", stdin=text
        )
        assert done.code != 0
        assert (up_repo.rows(names), up_repo.ok("dev.dbshell", "--", *table).stdout) == before
    assert up_repo.ok("dev.up").code == 0


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
@pytest.mark.parametrize("left", ["CREATE DATABASE devenv", "CREATE DATABASE devenv; DROP TABLE states"])
def test_a_database_of_ours_that_is_half_made_is_finished(up_repo: Repo, left: str) -> None:
    up_repo.rows("INSERT INTO courses_course (code, title) VALUES ('hand', 'By hand')")
    if "DROP" in left:
        up_repo.ok("dev.dbshell", "--", "-U", "devenv", "--dbname", "devenv", "-c", "DROP TABLE states")
    else:
        up_repo.rows("DROP DATABASE devenv WITH (FORCE)", "devenv")
        up_repo.rows("CREATE DATABASE devenv", "devenv")
    up_repo.ok("dev.plan")
    up_repo.ok("dev.up")
    assert up_repo.rows("SELECT title FROM courses_course WHERE code = 'hand'") == ["By hand"]
    up_repo.ok("dev.snapshot", "kept")
    assert up_repo.ok("dev.up").commands == []


# ---- what keeps the server from copying or renaming a database

REPLICATES = """    image: postgres:17
    command: [postgres, -cwal_level=logical, -cmax_prepared_transactions=2, -cmax_replication_slots=4, -cfsync=on]
"""
READS = """
import os, time, psycopg
words = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
login = " ".join(f"{word}={os.environ['DB_' + name]}" for word, name in words.items())
client = psycopg.pq.PGconn.connect(f"{login} replication=database".encode())
print(client.exec_(b"START_REPLICATION SLOT changes LOGICAL 0/0").status, flush=True)
time.sleep(600)
"""
ENTERED = "SELECT title FROM courses_course WHERE code = 'hand'"


@pytest.fixture
def replicating(up_repo: Repo) -> Repo:
    """A service whose server replicates, and has a row by hand."""
    up_repo.edit("compose.yaml", "    image: postgres:17\n", REPLICATES)
    up_repo.ok("dev.up")
    up_repo.rows("INSERT INTO courses_course (code, title) VALUES ('hand', 'By hand')")
    return up_repo


def refused(repo: Repo, verb: str, thing: str) -> Done:
    """The verb is refused, says what is in its way, and changes nothing."""
    states = repo.ok("dev.state", "list", "--json").stdout
    done = repo.fails(114, *verb.split())
    assert thing in done.error
    assert json.loads(repo.ok("dev.state", "list", "--json").stdout)[0] == json.loads(states)[0]
    assert repo.rows(ENTERED) == ["By hand"]
    return done


def typed(repo: Repo, done: Done) -> None:
    """Type the hint."""
    [hint] = done.hints
    repo.ok(*shlex.split(hint.removeprefix("inv ")))


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_a_transaction_that_is_prepared(replicating: Repo) -> None:
    prepared = "BEGIN; INSERT INTO courses_course (code, title) VALUES ('two', 'Two'); PREPARE TRANSACTION 'a \"b\"'"
    replicating.ok("dev.dbshell", "--", "-qc", prepared)
    for verb in ("dev.snapshot kept", "dev.reset"):
        done = refused(replicating, verb, "the prepared transaction")
    typed(replicating, done)
    replicating.ok("dev.snapshot", "kept")
    replicating.ok("dev.reset")


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_a_replication_slot_that_a_client_reads(replicating: Repo) -> None:
    replicating.ok("dev.snapshot", "kept")
    replicating.rows("ALTER ROLE service REPLICATION", "devenv")
    replicating.rows("SELECT FROM pg_create_logical_replication_slot('changes', 'test_decoding')")
    reader = replicating.start("dev.run", "--", "python", "-c", READS)
    active = "SELECT active FROM pg_replication_slots"
    assert until(lambda: replicating.rows(active) == ["t"])
    for verb in ("dev.reset", "dev.restore kept"):
        assert refused(replicating, verb, "the replication slot changes").hints == ["stop the client that reads it"]
    replicating.rows("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots")
    end(reader, os.killpg)
    assert until(lambda: replicating.rows(active) == ["f"])
    replicating.ok("dev.reset")
    kept = "SELECT slot_name FROM pg_replication_slots WHERE database <> current_database()"
    assert replicating.rows(kept) == ["changes"]  # it stays with its rows, which are `previous`


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_a_subscription(replicating: Repo) -> None:
    nowhere = "CONNECTION 'host=127.0.0.1 port=1' PUBLICATION news"
    replicating.rows(f"CREATE SUBSCRIPTION news {nowhere} WITH (connect = false, slot_name = NONE)", "devenv")
    done = refused(replicating, "dev.reset", "the subscription news")
    replicating.ok("dev.snapshot", "kept")
    typed(replicating, done)
    replicating.ok("dev.reset")


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_a_draft_that_the_server_cannot_drop_yet(replicating: Repo) -> None:
    """The database that was `previous`, which somebody uses in another way than as the live one."""
    replicating.ok("dev.reset")
    [gone] = [s for s in json.loads(replicating.ok("dev.state", "list", "--json").stdout) if s["kind"] == "previous"]
    names = "SELECT datname FROM pg_database WHERE datname LIKE 'service%' ORDER BY 1"
    database = f"SELECT database FROM states WHERE id = '{gone['id']}'"
    [database] = replicating.ok(
        "dev.dbshell", "--", "-U", "devenv", "--dbname", "devenv", "-qAtc", database
    ).stdout.splitlines()
    nowhere = "CONNECTION 'host=127.0.0.1 port=1' PUBLICATION news WITH (connect = false, slot_name = NONE)"
    replicating.ok(
        "dev.dbshell", "--", "-U", "devenv", "--dbname", database, "-qc", f"CREATE SUBSCRIPTION news {nowhere}"
    )
    replicating.ok("dev.reset")
    left = "UPDATE states SET facts = replace(facts::text, '\"going\"', '\"left\"')::json WHERE kind = 'draft'"
    replicating.ok("dev.dbshell", "--", "-U", "devenv", "--dbname", "devenv", "-qc", left)  # as a minute later
    assert "cannot be dropped yet" in replicating.ok("dev.up").stderr
    assert "subscription" in replicating.ok("dev.snapshot", "kept").stderr
    replicating.ok("dev.dbshell", "--", "-U", "devenv", "--dbname", database, "-qc", "DROP SUBSCRIPTION news")
    replicating.ok("dev.up")
    assert database not in replicating.rows(names)


RECONNECTS = """
import os, threading, psycopg
words = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
login = {word: os.environ["DB_" + name] for word, name in words.items()}
def worker():
    while True:
        try:
            with psycopg.connect(**login) as session:
                os.write(1, b"in\\n")  # in one piece: ten threads write
                session.execute("SELECT pg_sleep(600)")
        except psycopg.Error:
            pass
for _ in range(10):
    threading.Thread(target=worker).start()
"""


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_workers_that_connect_again_at_once(up_repo: Repo) -> None:
    up_repo.rows("INSERT INTO courses_course (code, title) VALUES ('hand', 'By hand')")
    workers = up_repo.start("dev.run", "--", "python", "-c", RECONNECTS)
    assert workers.stdout
    assert workers.stdout.readline() == "in\n"
    for verb in ("dev.snapshot kept", "dev.reset", "dev.restore kept", "dev.reset", "dev.restore previous"):
        up_repo.ok(*verb.split())
    assert up_repo.rows(ENTERED) == ["By hand"]
    end(workers, os.killpg)


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
@pytest.mark.slow
def test_an_image_that_sorts_text_in_another_way(repo: Repo) -> None:
    """As after a pull of the same tag: the server compares the versions that it has noted."""
    arguments = "POSTGRES_INITDB_ARGS: --locale-provider=icu --icu-locale=en"
    repo.edit("compose.yaml", "    image: postgres:17\n", f"    image: postgres:17\n    environment: {{{arguments}}}\n")
    repo.ok("dev.up")
    repo.rows("INSERT INTO courses_course (code, title) VALUES ('hand', 'By hand')")
    repo.ok("dev.snapshot", "kept")
    repo.rows("UPDATE pg_database SET datcollversion = '1.0' WHERE datcollversion IS NOT NULL", "devenv")
    refused = repo.run("dev.dbshell", "--", "-c", "CREATE DATABASE other")
    assert "collation version mismatch" in refused.stderr
    assert refused.code != 0
    assert "building all indexes again" in repo.ok("dev.reset").stderr
    repo.ok("dev.restore", "kept")
    assert repo.rows(ENTERED) == ["By hand"]
    assert repo.rows("SELECT datname FROM pg_database WHERE datcollversion = '1.0' AND datallowconn") == []
    assert repo.ok("dev.up").commands == []


@pytest.mark.parametrize("engine", ["native"], indirect=True)
def test_a_database_that_is_being_dropped_is_listed(up_repo: Repo) -> None:
    """Its row is there when its files are gone already, and stays if the server is killed at that moment."""
    up_repo.rows("CREATE DATABASE half STRATEGY file_copy")  # nothing of it is in memory, to be written later
    [folder] = up_repo.rows("SHOW data_directory", "devenv")
    [oid] = up_repo.rows("SELECT oid FROM pg_database WHERE datname = 'half'")
    shutil.rmtree(Path(folder, "base", oid))
    listed = {state["name"]: state["size"] for state in up_repo.ok("dev.state", "list", "--json").json()}
    assert listed["half"] == 0 < listed["live"]
    up_repo.ok("dev.snapshot", "kept")

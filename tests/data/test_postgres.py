"""A copy of a database of PostgreSQL keeps what people put there, and only our account gets at our own database."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.verbs.fixtures import NATIVE_FIRST
from tests.verbs.repo import Repo

SETTINGS = """
SELECT coalesce(setrole::regrole::text, ''), unnest(setconfig) FROM pg_db_role_setting
JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database() ORDER BY 1, 2
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
GRANT CONNECT ON DATABASE service TO "the reader" WITH GRANT OPTION
"""


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_a_copy_keeps_settings_and_grants_of_the_database(up_repo: Repo) -> None:
    for statement in GIVEN.split(";\n"):
        up_repo.rows(statement)
    settings, grants = up_repo.rows(SETTINGS), up_repo.rows(GRANTS)
    assert (len(settings), len(grants)) == (3, 4)
    up_repo.ok("dev.snapshot", "kept")
    up_repo.ok("dev.restore", "kept")
    assert (up_repo.rows(SETTINGS), up_repo.rows(GRANTS)) == (settings, grants)
    assert up_repo.ok("dev.reset").code == 0
    up_repo.ok("dev.restore", "previous")
    assert (up_repo.rows(SETTINGS), up_repo.rows(GRANTS)) == (settings, grants)
    refused = up_repo.run("dev.dbshell", "--", "--username", "the reader", "--dbname", "devenv", "-c", "SELECT 1")
    assert refused.code != 0
    assert 'permission denied for database "devenv"' in refused.stderr or "authentication failed" in refused.stderr


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_a_client_that_is_cut_off_in_the_middle_of_a_swap_changes_nothing(up_repo: Repo) -> None:
    """The text of the whole change is sent at once; here it ends at each of its lines."""
    up_repo.rows("INSERT INTO courses_course (code, title) VALUES ('hand', 'By hand')")
    up_repo.ok("dev.snapshot", "kept")
    names = "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database"
    table = ("--dbname", "devenv", "-qAtc", "SELECT id, kind, database FROM states ORDER BY 1")
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
        done = up_repo.run("dev.dbshell", "--", "--dbname", "devenv", "-q", "-v", "ON_ERROR_STOP=1", stdin=text)
        assert done.code != 0
        assert (up_repo.rows(names), up_repo.ok("dev.dbshell", "--", *table).stdout) == before
    assert up_repo.ok("dev.up").code == 0


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
@pytest.mark.parametrize("left", ["CREATE DATABASE devenv", "CREATE DATABASE devenv; DROP TABLE states"])
def test_a_database_of_ours_that_is_half_made_is_finished(up_repo: Repo, left: str) -> None:
    up_repo.rows("INSERT INTO courses_course (code, title) VALUES ('hand', 'By hand')")
    if "DROP" in left:
        up_repo.ok("dev.dbshell", "--", "--dbname", "devenv", "-c", "DROP TABLE states")
    else:
        up_repo.rows("DROP DATABASE devenv WITH (FORCE)")
        up_repo.rows("CREATE DATABASE devenv")
    up_repo.ok("dev.plan")
    up_repo.ok("dev.up")
    assert up_repo.rows("SELECT title FROM courses_course WHERE code = 'hand'") == ["By hand"]
    up_repo.ok("dev.snapshot", "kept")
    assert up_repo.ok("dev.up").commands == []


@pytest.mark.parametrize("engine", ["native"], indirect=True)
def test_a_database_that_is_being_dropped_is_listed(up_repo: Repo) -> None:
    """Its row is there when its files are gone already, and stays if the server is killed at that moment."""
    up_repo.rows("CREATE DATABASE half STRATEGY file_copy")  # nothing of it is in memory, to be written later
    [folder] = up_repo.rows("SHOW data_directory")
    [oid] = up_repo.rows("SELECT oid FROM pg_database WHERE datname = 'half'")
    shutil.rmtree(Path(folder, "base", oid))
    listed = {state["name"]: state["size"] for state in up_repo.ok("dev.state", "list", "--json").json()}
    assert listed["half"] == 0 < listed["live"]
    up_repo.ok("dev.snapshot", "kept")

"""What is made of texts: addresses, pg_dump's output, tables of records."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.base.errors import DevError
from devenv.base.process import Result
from devenv.databases import migration_tools, postgres_schema, readers
from devenv.databases.postgres import Postgres
from devenv.model import dsn


def test_an_address_without_its_password() -> None:
    found = dsn.parse("postgresql://reader:s%40crt:x@db.example.org/shop%2F1?sslmode=require&password=no", "postgres")
    assert (found.user, found.password, found.host, found.port) == ("reader", "s@crt:x", "db.example.org", 5432)
    assert (found.database, found.options) == ("shop/1", (("sslmode", "require"),))
    assert str(found) == "postgresql://reader@db.example.org:5432/shop%2F1?sslmode=require"
    assert "crt" not in repr(found)


@pytest.mark.parametrize("text", ["postgresql://u@h/d", "postgres://u@h:5432/d", "postgresql+psycopg://u@h/d"])
def test_a_password_that_the_address_lacks(text: str) -> None:
    assert dsn.parse(text, "postgres", "secret").password == "secret"


@pytest.mark.parametrize(
    "text",
    [
        "mysql://u:secret@h/d",
        "postgresql://:secret@h/d",
        "postgresql://u:secret@h",
        "postgresql://u:secret@h:port/d",
        "postgresql://[u:secret@h/d",
        "secret",
        "postgresql://u:secret%0A@h/d",
        "postgresql://u:secret@h/d?--x=1&a b=1",
        "postgresql://u@h/d?sslpassword=secret",
        "",
    ],
)
def test_a_wrong_address_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(DevError) as error:
        dsn.parse(text, "postgres")
    assert error.value.code == 2
    assert "secret" not in error.value.message
    assert error.value.hints == ("inv dev.schema dump --from postgresql://user:password@host/name",)


class OlderClient:
    """An engine whose pg_dump is of version 15; what it says was said by a real one to a server of version 17."""

    def ask(self, service: str, argv: object, stdin: str = "") -> Result:
        said = "pg_dump: error: aborting because of server version mismatch\n"
        return Result(1, "", f"{said}pg_dump: detail: server version: 17.12; pg_dump version: 15.18\n")


def test_a_server_that_is_newer_than_the_client() -> None:
    elsewhere = dsn.parse("postgresql://u:secret@h/d", "postgres")
    schema = readers.schema(Postgres("db", "postgres", "service", "service", "x"), OlderClient(), elsewhere)
    with pytest.raises(DevError, match=r"its server is newer than db\n.*mismatch\n.*server version: 17\.12") as error:
        schema.dump()
    assert error.value.code == 113
    assert error.value.hints == ("give db in compose.yaml the image of production's version, then: inv dev.up",)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1)


@given(TEXTS, st.text(st.characters(codec="utf-8", exclude_categories=["C"])), TEXTS)
def test_an_address_is_read_as_it_was_written(user: str, password: str, name: str) -> None:
    from urllib.parse import quote

    parts = [quote(text, safe="") for text in (user, password, name)]
    found = dsn.parse("mysql://{}:{}@h:1/{}".format(*parts), "mysql")
    assert (found.user, found.password, found.database) == (user, password, name)
    assert dsn.parse(str(found), "mysql").database == name


DUMPED = """\
--
-- PostgreSQL database dump
--

\\restrict 3fKz

-- Dumped from database version 17.5 (Debian 17.5-1)
-- Dumped by pg_dump version 17.6

SET statement_timeout = 0;
SET transaction_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);

--
-- Name: f(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.f() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  SET LOCAL statement_timeout = 0;


  RETURN; -- two empty lines are its own
END
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: USER MAPPING service SERVER other; Type: USER MAPPING; Schema: -; Owner: -
--

CREATE USER MAPPING FOR service SERVER other OPTIONS (
    password 'secret'
);


--
-- Name: course; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.course (
    id integer
);


--
-- PostgreSQL database dump complete
--

\\unrestrict 3fKz

"""
TIDY = """\
CREATE FUNCTION public.f() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  SET LOCAL statement_timeout = 0;


  RETURN; -- two empty lines are its own
END
$$;

CREATE TABLE public.course (
    id integer
);
"""


def test_what_pg_dump_says_of_itself_is_left_out() -> None:
    assert postgres_schema.tidy(DUMPED) == TIDY
    assert postgres_schema.tidy(TIDY) == TIDY


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("django_migrations", "id app name applied"),
        ("alembic_version", "version_num"),
        ("knex_migrations", "id name batch migration_time"),
        ("knex_migrations_lock", "index is_locked"),
        ("schema_migrations", "version"),
        ("schema_migrations", "version dirty"),
        ("other.flyway_schema_history", "installed_rank version description type script checksum success"),
        ("migrations", "id name run_on"),
        ("migrations", "id timestamp name"),
        ("migrations", "id migration batch"),
        ("_prisma_migrations", "id checksum finished_at migration_name logs"),
        ("SequelizeMeta", "name"),
        ("__EFMigrationsHistory", "MigrationId ProductVersion"),
        ("drizzle.__drizzle_migrations", "id hash created_at"),
    ],
)
def test_records_of_migrations(table: str, columns: str) -> None:
    assert migration_tools.tables({table: columns.split()}) == [table]


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("migrations", "id name bird_id"),
        ("migrations", "id name run_on email"),
        ("alembic_version", "id name"),
        ("sequelizemeta", "name email"),
        ("courses_course", "id title"),
        ("my_django_migrations", "id app name applied"),
    ],
)
def test_tables_of_rows_are_not_records(table: str, columns: str) -> None:
    assert migration_tools.tables({table: columns.split()}) == []


@pytest.mark.parametrize(
    ("made", "loaded"),
    [
        (
            "((state)::text = ANY ((ARRAY['it''s'::character varying, 'b, c'::character varying])::text[]))",
            "((state)::text = ANY (ARRAY[('it''s'::character varying)::text, ('b, c'::character varying)::text]))",
        ),
        ("(n = ANY (ARRAY[1, 2]))", "(n = ANY (ARRAY[1, 2]))"),
    ],
)
def test_an_expression_is_written_as_after_a_dump_and_a_load(made: str, loaded: str) -> None:
    assert postgres_schema.settled(made) == loaded
    assert postgres_schema.settled(loaded) == loaded

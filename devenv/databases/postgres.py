"""PostgreSQL: the database that a service's compose file declares, and operations in its server."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from devenv.base import disk, events
from devenv.base.process import Result
from devenv.databases import postgres_accounts, postgres_copies, states
from devenv.databases.database import Database, literal
from devenv.databases.postgres_accounts import SIGN
from devenv.databases.postgres_copies import identifier
from devenv.databases.states import Copy, Create, Drop, Note, State, Step, Survey
from devenv.engines.interface import Engine
from devenv.model.services import Service

ATTEMPTS = 4  # to copy or rename: a session may connect after all others were ended and before the lock is taken
TABLE = "public.states"
COLUMNS = f"CREATE TABLE IF NOT EXISTS {TABLE} (id text PRIMARY KEY, kind text, database text, facts json)"
SHOWN = ("CREATE", "ALTER", "DROP")  # statements that are printed: the others are about rows and sessions
# The warning of a server since version 15 about a database whose text was sorted by another version of the C library.
MISMATCH = "collation version mismatch"
# The log does not have it: an older server stops at a setting that it does not know, before it looks at its data. And
# from 18 on, the image has its data elsewhere, so an older one finds none, and makes new data there.
VERSIONS = """\
for folder in "${PGDATA:-}" /var/lib/postgresql /var/lib/postgresql/data /var/lib/postgresql/*/docker; do
  [ ! -f "$folder/PG_VERSION" ] || { cat "$folder/PG_VERSION" && exec postgres --version; }
done
"""
# Files of tables that the server did not make itself have a number from 16384 on.
CLEARING = """\
cd "${PGDATA:?}" && [ -d pg_wal ] || exit 9
for file in base/*/* pg_tblspc/*; do
  number=${file##*/} number=${number%%[!0-9]*}
  case $file in pg_tblspc/[!*]*) exit 9 ;; esac
  [ "${number:-0}" -lt 16384 ] || exit 9
done
find . -mindepth 1 -delete
"""
SETTLING = 100  # checks, a tenth of a second apart, until terminated sessions have ended


class Postgres(Database):
    """See database.Database for what each method promises."""

    def client(self, *args: str) -> list[str]:
        return ["psql", "--username", self.login, "--dbname", self.name, *args]

    def version(self, engine: Engine) -> str:
        return self._admin(engine, "SHOW server_version").partition(" ")[0]

    def other_version(self, engine: Engine) -> tuple[str, str] | None:
        found = re.fullmatch(r"(\d+)\s+\S+ \(PostgreSQL\) (\d+).*\s*", engine.alone(self.service, VERSIONS).stdout)
        return (found[1], found[2]) if found and found[1] != found[2] else None

    def survey(self, engine: Engine) -> Survey:
        # One call of the client, which asks for our database before it connects: the server logs a failed login.
        done = self.checked(engine.ask(self.service, self._quiet("postgres"), _look(self)))
        found = json.loads(done.stdout)
        rows = [states.read(*row) for row in found.get("states", [])]
        stale = MISMATCH in done.stderr and "states" in found
        names, admitted = frozenset(found["databases"]), (found.get("mark") or "").removeprefix(SIGN)
        return Survey(names, tuple(filter(None, rows)), kept="states" in found, admitted=admitted, stale=stale)

    def establish(self, engine: Engine, ensure: bool, admit: bool) -> None:
        lines = [*(self._ensuring() if ensure else []), *(["\\connect postgres"] if ensure and admit else [])]
        accounts = postgres_accounts.script(self) if admit else ""
        self.ask(engine, self._quiet("postgres"), "\n".join([*lines, accounts]))

    def _ensuring(self) -> list[str]:
        # The app's account is kept out. In data of an earlier release it is a superuser, who may do everything.
        name = identifier(self.ledger)
        missing = f"NOT EXISTS (SELECT FROM pg_database WHERE datname = {literal(self.ledger)})"
        return [
            f"SELECT {literal(f'CREATE DATABASE {name}')} WHERE {missing} \\gexec",
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;",
            f"\\connect {name}",
            f"SET client_min_messages = warning; {COLUMNS};",
        ]

    def checked(self, done: Result) -> Result:
        absent = postgres_accounts.absent(self.service, done.stderr) if done.code else None
        if absent:
            raise absent
        return super().checked(done)

    def denied(self, _said: str) -> list[str]:
        return postgres_accounts.hints(_said) if self.account else []

    def create(self, engine: Engine) -> None:
        self.carry_out(engine, [Create(self.name)])

    def drop(self, engine: Engine) -> None:
        self.carry_out(engine, [Drop(self.name)])

    def copy(self, engine: Engine, source: str) -> None:
        self.carry_out(engine, [Copy(source, self.name)])

    def note(self, engine: Engine, note: Note) -> None:
        self.carry_out(engine, [note])

    def carry_out(self, engine: Engine, steps: Sequence[Step]) -> None:
        # All in one call of the client: each one costs a tenth of a second in a container. The transactions end with
        # the text, so a client that is killed half-way leaves none of it.
        copies = any(isinstance(step, Copy) for step in steps)
        with events.step("copy", "the database") if copies else nullcontext():
            clones = True
            done = self._script(engine, steps, clones)
            for _ in range(ATTEMPTS - 1):
                if not any(reason in done.stderr for reason in ("accessed by other users", postgres_copies.NOT_CLONED)):
                    break
                clones = clones and postgres_copies.NOT_CLONED not in done.stderr
                again = [*(Drop(step.name) for step in steps if isinstance(step, Copy)), *steps]
                done = self._script(engine, again, clones)
            self._checked(done)

    def discard(self, engine: Engine, steps: Sequence[Step]) -> bool:
        # To drop a database, the server first writes all that has changed to the disk, which takes seconds.
        lines = [line for step in steps for line in self._sql(step)]
        if lines:
            words = [word for line in lines for word in ("--command", line)]
            engine.detach(self.service, [*self._quiet(self.ledger), *words])
        return False

    def _checked(self, done: Result) -> None:
        error = postgres_copies.refused(self.service, done.stderr, self.user if self.account else "")
        if error:
            raise error
        self.checked(done)

    def _script(self, engine: Engine, steps: Sequence[Step], clones: bool) -> Result:
        lines = [line for step in steps for line in self._sql(step, clones)]
        copied = [step.source for step in steps if isinstance(step, Copy)]
        moved = [old for step in steps if isinstance(step, Note) for old, _ in step.renames]
        first = [postgres_copies.check(copied, moved)] if copied or moved else []
        text = "\n".join(["SET standard_conforming_strings = on;", *first, *lines, ""])
        rows_only = all(isinstance(step, Note) and not step.renames for step in steps)
        # Without rows there may be no database of ours yet.
        login = self._quiet(self.ledger if any(isinstance(step, Note) for step in steps) else "postgres")
        if rows_only:
            return engine.ask(self.service, login, text)
        for line in lines:
            if line.startswith(SHOWN):
                events.note(f"-- {line.replace(postgres_copies.STRATEGY, '')}")
        return engine.pipe(self.service, login, source=text)

    def _sql(self, step: Step, clones: bool = False) -> list[str]:
        if isinstance(step, Note):
            return ["BEGIN;", *_renames(step), *_rows(step), "COMMIT;"]
        owner = f"OWNER {identifier(self.login)}"
        if isinstance(step, Create):
            return [f"CREATE DATABASE {identifier(step.name)} {owner};"]
        if isinstance(step, Copy):
            *first, made = postgres_copies.made(step.source, step.name, self.user, clones)
            # Right before the copy: a session may connect again meanwhile.
            return [*first, _end_sessions(step.source), made, *postgres_copies.settings(step.source, step.name)]
        ordinary = f"UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = {literal(step.name)};"
        return [ordinary, f"DROP DATABASE IF EXISTS {identifier(step.name)} WITH (FORCE);"]  # it drops no template

    @property
    def clearing(self) -> str:
        return CLEARING

    def settle(self, engine: Engine, names: Sequence[str]) -> None:
        if not names:
            return
        # CREATE DATABASE and the like run in another database, and have the name in the query.
        listed = ", ".join(map(literal, names))
        theirs = f"unnest(ARRAY[{listed}]) AS name WHERE datname = name OR position(name IN query) > 0"
        sessions = f"FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND EXISTS (SELECT FROM {theirs})"
        for _ in range(SETTLING):
            if self._admin(engine, f"SELECT count(pg_terminate_backend(pid)) {sessions}") == "0":
                return
            time.sleep(0.1)

    def renew(self, engine: Engine) -> None:
        # Ours is the last: its warning calls for this again if it is killed half-way.
        names = "SELECT json_agg(datname ORDER BY datname = {0}, datname) FROM pg_database WHERE datallowconn"
        collations = "FROM pg_collation WHERE collversion <> pg_collation_actual_version(oid)"
        for name in json.loads(self._admin(engine, names.format(literal(self.ledger)))):
            lines = [
                "SET search_path = pg_catalog;",  # what is in the database must not run as our account
                f"REINDEX DATABASE {identifier(name)};",
                f"SELECT format('ALTER COLLATION %s REFRESH VERSION', oid::regcollation) {collations} \\gexec",
                f"ALTER DATABASE {identifier(name)} REFRESH COLLATION VERSION;",
            ]
            self.ask(engine, self._quiet(name), "\n".join(["SET client_min_messages = error;", *lines, ""]))

    @property
    def renames(self) -> bool:
        return True

    def is_empty(self, engine: Engine) -> bool:
        query = "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        return self.ask(engine, [*self._quiet(self.name, self.login), "--command", query]) == "0"

    def sizes(self, engine: Engine) -> dict[str, int]:
        names = f"datname NOT IN ('postgres', {literal(self.ledger)})"
        size = "coalesce(pg_database_size(oid), 0)"  # NULL while one is dropped, or if its DROP was interrupted
        query = f"SELECT {size}, datname FROM pg_database WHERE {names}"
        lines = [line.split("|", 1) for line in self._admin(engine, query).splitlines()]
        return {name: int(size) for size, name in lines}

    @events.stepped("dump", "the database to a file")
    def dump(self, engine: Engine, file: Path) -> None:
        # Level 1 takes a quarter of the time of the default, and the file is half as large again.
        argv = ["pg_dump", "--username", self.login, "--format=custom", "--compress=1", "--no-owner", "--no-acl"]
        self.checked(engine.pipe(self.service, [*argv, self.name], target=file))
        disk.sync(file)

    @events.stepped("load", "the database from a file")
    def load(self, engine: Engine, file: Path) -> None:
        argv = ["pg_restore", "--username", self.login, "--exit-on-error", "--no-owner", "--no-acl"]
        # Only the owner of an extension may change its comment.
        argv += ["--no-comments"] if self.account and self.extensions else []
        self.checked(engine.pipe(self.service, [*argv, "--dbname", self.name], source=file))

    def _admin(self, engine: Engine, query: str) -> str:
        return self.ask(engine, [*self._quiet("postgres"), "--command", query])

    def _quiet(self, database: str, user: str = "") -> list[str]:
        login = ["--username", user or self.user, "--dbname", database]
        return ["psql", *login, "-v", "ON_ERROR_STOP=1", "-qAtX"]


def declared(service: Service) -> Postgres:
    """The database, with the login that the container's environment declares."""
    env = service.environment
    user = env.get("POSTGRES_USER", "postgres")
    return Postgres(service.name, service.program, user, env.get("POSTGRES_DB", user), env.get("POSTGRES_PASSWORD", ""))


def _look(database: Postgres) -> str:
    """A script for psql: the names of all databases, and of those that are neither the server's nor ours.

    If there is a table of ours, its rows as `states`, with the app's mark.
    """
    ledger, account = database.ledger, database.account
    # `facts` is of type json, which keeps its text: plain ASCII, whatever the client's encoding is.
    rows = f"SELECT coalesce(json_agg(json_build_array(id, kind, database, facts)), '[]') FROM {TABLE}"
    mark = f"SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = {literal(account)}"
    named = _listed(database, f"SELECT database FROM {TABLE}")
    lines = [
        f"SELECT EXISTS (SELECT FROM pg_database WHERE datname = {literal(ledger)}) AS kept \\gset",
        "\\if :kept",
        f"\\connect {identifier(ledger)}",
        f"SELECT to_regclass({literal(TABLE)}) IS NOT NULL AS kept \\gset",
        "\\endif",
        "\\if :kept",
        f"SELECT json_build_object({named}, 'states', ({rows}), 'mark', ({mark}));",
        "\\else",
        f"SELECT json_build_object({_listed(database)});",
        "\\endif",
    ]
    return "\n".join([*lines, ""])


def _listed(database: Postgres, noted: str = "NULL") -> str:
    """`noted`: a query for the databases that have a row. A person may have made one of them a template."""
    shown = f"NOT datistemplate OR datname = {literal(database.name)} OR datname IN ({noted})"
    own = f"({shown}) AND datname <> {literal(database.ledger)}"
    every = "(SELECT json_agg(datname) FROM pg_database)"
    return f"'all', {every}, 'databases', (SELECT coalesce(json_agg(datname), '[]') FROM pg_database WHERE {own})"


def _renames(note: Note) -> list[str]:
    # The lock keeps new sessions out, and always ends with the transaction.
    names = [name for pair in note.renames for name in pair]
    lock = ["LOCK TABLE pg_catalog.pg_database IN ACCESS EXCLUSIVE MODE;", _end_sessions(*dict.fromkeys(names))]
    pairs = [f"ALTER DATABASE {identifier(old)} RENAME TO {identifier(new)};" for old, new in note.renames]
    return [*lock, *pairs] if pairs else []


def _rows(note: Note) -> list[str]:
    gone = [f"DELETE FROM {TABLE} WHERE id IN ({', '.join(map(literal, note.gone))});"] if note.gone else []
    return [*gone, *map(_put, note.put)]


def _put(state: State) -> str:
    row = ", ".join(map(literal, (state.id, state.kind, state.database, state.facts)))
    new = "kind = excluded.kind, database = excluded.database, facts = excluded.facts"
    return f"INSERT INTO {TABLE} (id, kind, database, facts) VALUES ({row}) ON CONFLICT (id) DO UPDATE SET {new};"


def _end_sessions(*names: str) -> str:
    listed = ", ".join(map(literal, names))
    return f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ({listed});"

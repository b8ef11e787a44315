"""MariaDB and MySQL: which database a service's compose file declares, and what we do in its server.

A copy and a dump are made in two parts. The client's dump program writes the structure, since it knows all kinds of
objects of its server. The rows are copied from table to table inside the server.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from devenv.base import disk, events, process
from devenv.base.errors import REFUSED, UNHEALTHY, DevError
from devenv.base.process import Result
from devenv.databases import states
from devenv.databases.database import Database, literal
from devenv.databases.states import Note, State, Survey
from devenv.engines.interface import Engine
from devenv.model.services import Service

# MySQL can have all tables in one file, in which a script cannot see them.
CLEARING = """\
cd /var/lib/mysql && [ -n "$(ls -A)" ] || exit 9
found=$(find . -mindepth 2 ! -type d ! -path './mysql/*' ! -path './performance_schema/*' ! -path './sys/*' \
  ! -name db.opt) || exit 9
[ -z "$found" ] || exit 9
find . -mindepth 1 -delete
"""
OWN = ("mysql", "information_schema", "performance_schema", "sys")  # the server's databases
TESTS = ("`test\\_%`", "`%\\_test`")  # the names of databases that tests make
# The server's container has the password in a variable, and a client on this machine gets it in MYSQL_PWD. As an
# argument, every user of the machine could read it.
LOGGED_IN = 'export MYSQL_PWD="${{MYSQL_PWD-${}}}"; exec "$@"'
# No commands of the client: they run programs and read files. The dump may be of others.
RESTRICTED = ("--binary-mode", "--local-infile=0", "--loose-sandbox")
BATCH = ("--batch", "--skip-column-names")
NO_TABLE = ("ERROR 1049 ", "ERROR 1146 ")  # how it reports a missing database and a missing table
WAITED = "ERROR 1205 "  # how it reports that this time is over
ESCAPED = r"\\_"
# An account as GRANT wants it. The server writes it as 'user'@'host', and leaves quotes inside as they are. A role has
# no host.
HOST = """left(substring_index(grantee, "'@'", -1), char_length(substring_index(grantee, "'@'", -1)) - 1)"""
USER = f"substring(grantee, 2, char_length(grantee) - char_length({HOST}) - 5)"
GRANTEE = f"quote({USER}), if({HOST} = '', '', concat('@', quote({HOST})))"
# Seconds to wait for sessions with open tables (the default is a day), and for rows that they changed.
PATIENCE = "SET SESSION lock_wait_timeout = 30, innodb_lock_wait_timeout = 30"
# Without `unique_checks`, MariaDB fills an empty table in bulk, which takes a fifth of the time. On a full disk, 10.11
# then loses rows and reports no error. So the rows are counted while the tables are locked, and the indexes checked
# afterwards. The mode keeps a 0 in an AUTO_INCREMENT column, and invalid dates.
FILLING = f"""
SET NAMES utf8mb4;
{PATIENCE};
SET /*M!101100 SESSION system_versioning_insert_history = 1, */ SESSION unique_checks = 0, foreign_key_checks = 0;
SET SESSION autocommit = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO';
"""
# In SQL, an error if the tables differ in their number of rows: a row that has two values.
COUNTED = "SELECT IF((SELECT COUNT(*) FROM {0}{2}) = (SELECT COUNT(*) FROM {1}{2}), 1, (SELECT 1 UNION SELECT 2));"
# Rows that were changed or deleted, which a table with system versioning keeps. A server before 10.11 reads a comment:
# there is no way to copy them.
HISTORY = "/*M!101100 FOR SYSTEM_TIME ALL */"
PERIOD = "/*M!101100 , {} */"  # the columns that say when a row was there
IS_PERIOD = "c.generation_expression IN ('ROW START', 'ROW END')"
BY_TRANSACTION = f"{IS_PERIOD} AND c.data_type <> 'timestamp'"  # such history cannot be copied at all
DIFFERENT = "ERROR 1242 "  # how that is reported
FILLED = "UNLOCK TABLES;\nSET SESSION autocommit = 1;\n"
# The server writes its log to the disk once a second, and at each change of a table's structure. FLUSH ENGINE LOGS does
# not wait for the disk.
FLUSHED = "devenv_flushed"  # a table that is made and removed to that end
QUOTED = r"`(?:[^`]|``)*`"
# The owner of a view, a routine, a trigger or an event in a dump. That account does not exist on every server.
OWNER = rf"^(CREATE |/\*!\d+ CREATE\*/ /\*!\d+ |/\*!\d+ )DEFINER={QUOTED}@{QUOTED} ?".encode()
# The places where a dump has the name of its database: when it sets the collation for a routine, and before a sequence
# that is the default of a column.
ALTERED = rf"^ALTER DATABASE {QUOTED}"
SEQUENCE = rf"^(  `.* DEFAULT nextval\(){QUOTED}\."
BULK = (b"/*!40014 SET @OLD_UNIQUE_CHECKS", b"/*!40014 SET UNIQUE_CHECKS")  # turns unique_checks off, see FILLING
SEQUENCE_IN_BYTES = SEQUENCE.encode()


@dataclass(frozen=True)
class MySQL(Database):
    """See database.Database for the methods."""

    variable: str = "MYSQL_ROOT_PASSWORD"  # that has the password in the server's container
    guest: str = ""  # the app's account, if we log in as root: it needs a grant for each database

    def client(self, *args: str) -> list[str]:
        return [*self._login(user=self.login), *args, self.name]

    def version(self, engine: Engine) -> str:
        return self._admin(engine, "SELECT version()")

    @property
    def keeps(self) -> bool:
        return self.user == "root"

    def survey(self, engine: Engine) -> Survey:
        own = ", ".join(map(literal, (*OWN, self.ledger)))
        names = f"SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN ({own})"
        rows = f"SELECT id, kind, `database`, facts FROM {self._table}"
        done = engine.ask(self.service, [*self._login(), *BATCH, "--raw", "--execute", f"{names}; SELECT ''; {rows}"])
        missing = done.code and any(number in done.stderr for number in NO_TABLE)
        if done.code and not missing:
            self.checked(done)
        before, _, after = f"\n{done.stdout}".partition("\n\n")
        found = [states.read(*line.split("\t", 3)) for line in after.splitlines()]
        admitted = "" if missing else self.mark  # `settle` makes the table and then admits
        known = frozenset(before.split("\n")[1:])
        return Survey(known, tuple(filter(None, found)), kept=not missing, admitted=admitted)

    def establish(self, engine: Engine, ensure: bool, admit: bool) -> None:
        columns = "id VARCHAR(64) PRIMARY KEY, kind VARCHAR(16), `database` VARCHAR(64), facts LONGTEXT"
        made = f"CREATE TABLE IF NOT EXISTS {self._table} ({columns}) ENGINE = InnoDB CHARACTER SET utf8mb4"
        ours = [f"CREATE DATABASE IF NOT EXISTS {identifier(self.ledger)};", f"{made};"]
        # The image made the account. It gets a grant for each database that we make; its tests make others.
        grants = [f"GRANT ALL ON {pattern}.* TO {literal(self.account)}@'%';" for pattern in TESTS]
        self._admin(engine, " ".join([*(ours if ensure else []), *(grants if admit else [])]))

    def note(self, engine: Engine, note: Note) -> None:
        assert not note.renames
        gone = f"DELETE FROM {self._table} WHERE id IN ({', '.join(map(literal, note.gone))});" if note.gone else ""
        put = "\n".join(f"REPLACE INTO {self._table} (id, kind, `database`, facts) VALUES {_row(s)};" for s in note.put)
        self.ask(engine, self._login(), f"START TRANSACTION;\n{gone}\n{put}\nCOMMIT;\n")

    @property
    def _table(self) -> str:
        return f"{identifier(self.ledger)}.states"

    def sizes(self, engine: Engine) -> dict[str, int]:
        own = ", ".join(map(literal, (*OWN, self.ledger)))
        query = (
            "SELECT coalesce(sum(data_length + index_length), 0), schema_name"
            " FROM information_schema.schemata LEFT JOIN information_schema.tables ON table_schema = schema_name"
            f" WHERE schema_name NOT IN ({own}) GROUP BY schema_name"
        )
        lines = [line.split("\t", 1) for line in self._admin(engine, query).splitlines()]
        return {name: int(size) for size, name in lines}

    @property
    def clearing(self) -> str:
        return CLEARING if self.program == "mariadb" else ""

    def is_empty(self, engine: Engine) -> bool:
        query = f"SELECT count(*) FROM information_schema.tables WHERE table_schema = {literal(self.name)}"
        return self._admin(engine, query) == "0"

    def create(self, engine: Engine) -> None:
        self._admin(engine, f"CREATE DATABASE {identifier(self.name)};{self._admit()}")

    def drop(self, engine: Engine) -> None:
        self._end_sessions(engine)
        dropped = f"{PATIENCE}; DROP DATABASE IF EXISTS {identifier(self.name)}"
        self._checked(engine, engine.ask(self.service, [*self._login(), "--execute", dropped]))

    @events.stepped("copy", "the database")
    def copy(self, engine: Engine, source: str) -> None:
        origin = replace(self, name=source)
        options, columns, grants = _parsed(self._admin(engine, _facts(source, self.name)), source)
        tables = origin._structure(engine, "--skip-triggers", "--routines")
        rest = origin._structure(engine, "--no-create-info", "--triggers", "--events")
        origin._end_sessions(engine)
        made = _copy_script(source, self.name, options, tables, columns, rest)
        script = f"{made}{self._admit()}{self._flush()}"
        done = engine.pipe(self.service, self._login(), source=script)
        if DIFFERENT in done.stderr or (done.code == 0 and self._is_damaged(engine, columns)):
            message = f"{self.service}: the copy of {source} is not complete: the disk is probably full"
            raise DevError(UNHEALTHY, message, "inv dev.state prune")
        self._checked(engine, done)
        if grants:  # not in the script: an account that is gone must not keep the copy from being made
            engine.ask(self.service, [*self._login(), "--force"], "\n".join(grants))

    @events.stepped("dump", "the database to a file")
    def dump(self, engine: Engine, file: Path) -> None:
        raw = file.with_name(f"{file.name}.raw")
        # Without locks: one transaction reads all tables as they are at its start. While a dump is loaded, a lock on a
        # table would block the sequence that its column uses.
        rows = ("--single-transaction", "--skip-add-locks", "--no-autocommit", "--hex-blob")
        flags = (*rows, "--routines", "--triggers", "--events", *self._history(engine))
        try:
            self.checked(engine.pipe(self.service, self._dumper(*flags), target=raw))
            with raw.open("rb") as lines, open(file, "wb", opener=process.private) as into:
                into.writelines(_portable(lines))
            disk.sync(file)
        finally:
            raw.unlink(missing_ok=True)

    @events.stepped("load", "the database from a file")
    def load(self, engine: Engine, file: Path) -> None:
        login = [*self._login(user=self.login), *RESTRICTED, self.name]
        self.checked(engine.pipe(self.service, login, source=file))
        self.flush(engine)

    def flush(self, engine: Engine) -> None:
        self._admin(engine, self._flush())

    def _flush(self) -> str:
        name = identifier(self.name)
        return f"CREATE TABLE {name}.{FLUSHED} (n int); DROP TABLE {name}.{FLUSHED};"

    def _checked(self, engine: Engine, done: Result) -> None:
        """`checked`, after statements that wait for others: only a transaction that was prepared outlives its session.

        DevError 114 if there is one: a person has to end it.
        """
        prepared = self._admin(engine, "XA RECOVER").splitlines() if WAITED in done.stderr else []
        if prepared:
            named = [line.split("\t", 3)[3] for line in prepared]
            message = f"{self.service}: {self.name} waits for a prepared transaction: {', '.join(named)}"
            login = f"--user={self.user} " if self.account else ""
            hints = [f'inv dev.dbshell -- {login}-e "XA ROLLBACK {literal(name)}"' for name in named]
            raise DevError(REFUSED, message, *hints)
        self.checked(done)

    def _history(self, engine: Engine) -> tuple[str, ...]:
        """The option for rows that were changed or deleted, if the server keeps any that the dump program can read."""
        columns = f"information_schema.columns c WHERE c.table_schema = {literal(self.name)}"
        numbered = self._admin(engine, f"SELECT table_name FROM {columns} AND {BY_TRANSACTION}")
        return () if numbered else ("--loose-dump-history",)  # loose: MySQL, and MariaDB before 10.11, do not know it

    def _is_damaged(self, engine: Engine, columns: Mapping[str, Columns]) -> bool:
        """Whether an index of a copy lacks rows. `columns`: those of each table."""
        tables = ", ".join(_within(self.name, table) for table in columns if columns[table].plain)
        found = self._admin(engine, f"CHECK TABLE {tables} QUICK") if tables else ""
        return any(line.split("\t")[2:3] not in (["status"], ["note"]) for line in found.splitlines())

    def _admit(self) -> str:
        return f"GRANT ALL ON {identifier(self.name)}.* TO {literal(self.guest)}@'%';" if self.guest else ""

    def _structure(self, engine: Engine, *which: str) -> str:
        flags = ("--no-data", "--skip-lock-tables", "--skip-add-drop-table")
        return self.ask(engine, self._dumper(*flags, *which))

    def _dumper(self, *flags: str) -> list[str]:
        """The dump program's command."""
        program = "mariadb-dump" if self.program == "mariadb" else f"{self.program}dump"
        return [*self._login(program), "--no-tablespaces", *flags, self.name]

    def _end_sessions(self, engine: Engine) -> None:
        """An open transaction would block a copy and DROP DATABASE."""
        query = f"SELECT id FROM information_schema.processlist WHERE db = {literal(self.name)}"
        kills = "".join(f"KILL {session};\n" for session in self._admin(engine, query).split())
        if kills:
            engine.ask(self.service, [*self._login(), "--force"], kills)  # some may have ended meanwhile

    def _admin(self, engine: Engine, statement: str) -> str:
        return self.ask(engine, [*self._login(), *BATCH, "--execute", statement])

    def _login(self, program: str = "", user: str = "") -> list[str]:
        """The client is named like its image. It reads no file of options: in its own, a person may have set a host, a
        port and a password, which come before ours, and then a verb would change another server.
        """
        # Clients of MariaDB 11.4 or newer require TLS, which the fragment turns off; MySQL's lacks that option. The
        # character set is explicit because the default follows the locale, and containers have none.
        flags = ["--no-defaults", "--loose-skip-ssl", "--default-character-set=utf8mb4", f"--user={user or self.user}"]
        return ["sh", "-c", LOGGED_IN.format(self.variable), "sh", program or self.program, *flags]


def declared(service: Service) -> MySQL:
    """The database, as root if the container's environment has root's password: other accounts cannot create any."""

    env = service.environment

    def name(what: str) -> str:
        return f"MARIADB_{what}" if f"MARIADB_{what}" in env else f"MYSQL_{what}"

    is_root = bool(env.get(name("ROOT_PASSWORD"))) or not env.get(name("USER"))
    user = "root" if is_root else env[name("USER")]
    variable = name("ROOT_PASSWORD" if is_root else "PASSWORD")
    guest = env.get(name("USER"), "") if is_root else ""
    login = (user, env.get(name("DATABASE"), ""), env.get(variable, ""))
    return MySQL(service.name, service.program, *login, variable=variable, guest=guest)


def _facts(source: str, target: str) -> str:
    """The queries for what `_parsed` reads: the options, a line for each column that can be inserted, the grants.

    Generated columns are left out: only they have an expression (others '' in MySQL, NULL in MariaDB). Of a table with
    system versioning, the two columns of its period can be inserted, too. If nobody named them, they are not listed.
    """
    columns = (
        f"SELECT t.table_name, if(t.table_type = 'SEQUENCE', '', c.column_name), {IS_PERIOD}"
        " FROM information_schema.tables t JOIN information_schema.columns c"
        " ON c.table_schema = t.table_schema AND c.table_name = t.table_name"
        f" WHERE t.table_schema = {literal(source)} AND t.table_type <> 'VIEW'"
        f" AND (coalesce(c.generation_expression, '') = '' OR {IS_PERIOD} AND NOT ({BY_TRANSACTION}))"
        " ORDER BY t.table_name, c.ordinal_position"
    )
    unnamed = (
        "SELECT t.table_name, p.name, 1 FROM information_schema.tables t"
        " JOIN (SELECT 'row_start' AS name UNION SELECT 'row_end') AS p"
        f" WHERE t.table_schema = {literal(source)} AND t.table_type = 'SYSTEM VERSIONED' AND NOT EXISTS"
        " (SELECT 1 FROM information_schema.columns c WHERE c.table_schema = t.table_schema"
        f" AND c.table_name = t.table_name AND {IS_PERIOD})"
    )
    return "; ".join([f"SHOW CREATE DATABASE {identifier(source)}", columns, unnamed, *_grants(source, target)])


def _grants(source: str, target: str) -> list[str]:
    """Queries that write the grants on a database again, for its copy, each as a row without a table."""
    new, name = literal(identifier(target)), "concat('`', replace({}, '`', '``'), '`')"
    # In the name of a database, _ stands for any character unless it is escaped.
    mine = f"table_schema IN ({literal(source)}, replace({literal(source)}, '_', {literal(ESCAPED)}))"
    to = f"' TO ', {GRANTEE}, if(is_grantable = 'YES', ' WITH GRANT OPTION;', ';')"
    row, table = "SELECT '', concat('GRANT '", name.format("table_name")
    column = f"privilege_type, ' (', {name.format('column_name')}, ')'"
    routine = f"routine_type, ' ', {new}, '.', {name.format('routine_name')}, ' TO ', quote(user), '@', quote(host)"
    all, by = "group_concat(privilege_type)", "GROUP BY grantee, is_grantable"
    run = f"db = {literal(source)} AND find_in_set('Execute', proc_priv)"
    on = f"' ON ', {new}, '.'"
    return [
        f"{row}, {all}, {on}, '*', {to}) FROM information_schema.schema_privileges WHERE {mine} {by}",
        f"{row}, {all}, {on}, {table}, {to}) FROM information_schema.table_privileges WHERE {mine} {by}, table_name",
        f"{row}, {column}, {on}, {table}, {to}) FROM information_schema.column_privileges WHERE {mine}",
        f"{row}, 'EXECUTE ON ', {routine}, ';') FROM mysql.procs_priv WHERE {run}",
    ]


class Columns(NamedTuple):
    """The columns of a table that can be inserted: a sequence has none. `period`: those of its versions."""

    plain: list[str]
    period: list[str]


def _parsed(answer: str, source: str) -> tuple[str, dict[str, Columns], list[str]]:
    """The options of the database, the columns of each table, and the grants."""
    shown, *lines = answer.splitlines() or [""]
    options = shown.partition(f"CREATE DATABASE {identifier(source)}")[2]
    columns: dict[str, Columns] = {}
    grants = []
    for table, _, rest in (_unescaped(line).partition("\t") for line in lines):
        if table:
            name, _, is_period = rest.rpartition("\t")
            of = columns.setdefault(table, Columns([], []))
            (of.period if is_period == "1" else of.plain).extend([name] if name else [])
        else:
            grants.append(rest)
    return _unescaped(options), columns, grants


def _unescaped(text: str) -> str:
    """A value as the client prints it in its batch mode."""
    return text.replace("\\\\", "\\")


def _copy_script(source: str, target: str, options: str, tables: str, columns: Mapping[str, Columns], rest: str) -> str:
    """All statements of a copy. `tables`: the structure. `rest`: triggers and such, which must not act on the rows."""
    create = f"CREATE DATABASE {identifier(target)}{options};\nUSE {identifier(target)};"
    rows = [FILLING, *_rows(source, target, columns), FILLED]
    return "\n".join([create, _renamed(tables, target), *rows, _renamed(rest, target), ""])


def _rows(source: str, target: str, columns: Mapping[str, Columns]) -> Iterator[str]:
    """One lock over all tables, so that the rows are consistent. Sequences already have their value."""
    pairs = {table: (_within(source, table), _within(target, table)) for table in columns}
    if pairs:
        yield f"LOCK TABLES {', '.join(f'{old} READ, {new} WRITE' for old, new in pairs.values())};"
    for table, (old, new) in pairs.items():
        plain, period = (", ".join(map(identifier, names)) for names in columns[table])
        listed = plain + (PERIOD.format(period) if period else "")
        if plain:
            yield f"INSERT INTO {new} ({listed}) SELECT {listed} FROM {old}{HISTORY if period else ''};"
    yield "COMMIT;"
    for table, pair in pairs.items():
        if columns[table].plain:
            yield COUNTED.format(*pair, HISTORY if columns[table].period else "")


def _renamed(structure: str, target: str) -> str:
    """The structure, changed so that it only touches the target database."""
    sequences = re.sub(SEQUENCE, r"\1", structure, flags=re.MULTILINE)
    return re.sub(ALTERED, lambda _: f"ALTER DATABASE {identifier(target)}", sequences, flags=re.MULTILINE)


def _portable(lines: Iterable[bytes]) -> Iterator[bytes]:
    """A dump without owners and without the name of its database. Rows stay: no row begins like these lines."""
    for line in lines:
        if not line.startswith((b"ALTER DATABASE ", *BULK)):
            yield re.sub(SEQUENCE_IN_BYTES, rb"\1", re.sub(OWNER, rb"\1", line))


def _row(state: State) -> str:
    # In hexadecimal digits: whether a backslash in quotes is special depends on the server's mode.
    values = ("X'" + text.encode().hex() + "'" for text in (state.id, state.kind, state.database, state.facts))
    return f"({', '.join(values)})"


def identifier(name: str) -> str:
    """A name in SQL."""
    return "`" + name.replace("`", "``") + "`"


def _within(database: str, table: str) -> str:
    return f"{identifier(database)}.{identifier(table)}"

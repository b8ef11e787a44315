"""What a copy and a dump are made of in MariaDB and MySQL: texts alone, nothing is run here.

The client's dump program writes the structure, as it knows the kinds of objects of its server best. The rows go from
table to table inside the server.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from devenv.databases.database import literal

PATIENCE = "SET SESSION lock_wait_timeout = 30"  # s, for a session that has a table open; the servers wait a day
# Not with `unique_checks` off, though it fills an empty table faster: on a full disk MariaDB 10.11 loses rows that are
# filled in bulk, and reports no error. The mode keeps a 0 in a numbered column, and dates that no calendar has.
FILLING = f"""
SET NAMES utf8mb4;
{PATIENCE};
SET SESSION foreign_key_checks = 0, autocommit = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO';
"""
FILLED = "COMMIT;\nUNLOCK TABLES;\nSET SESSION autocommit = 1;\n"

QUOTED = r"`(?:[^`]|``)*`"
# Where a dump says who a view, a routine, a trigger or an event belongs to: that account is not on every server.
OWNER = re.compile(rf"^(CREATE |/\*!\d+ CREATE\*/ /\*!\d+ |/\*!\d+ )DEFINER={QUOTED}@{QUOTED} ?".encode())
# Where a dump has the name of its database: to set the collation that a routine was made under, and before a sequence
# that numbers a column.
ALTERED = rf"^ALTER DATABASE {QUOTED}"
SEQUENCE = rf"^(  `.* DEFAULT nextval\(){QUOTED}\."
BULK = (b"/*!40014 SET @OLD_UNIQUE_CHECKS", b"/*!40014 SET UNIQUE_CHECKS")  # what would load it so, see FILLING
SEQUENCE_IN_BYTES = re.compile(SEQUENCE.encode())


def facts(source: str) -> str:
    """The queries for what `parsed` reads: the collation, then a line for each column of a table that takes a value.

    A generated column makes its own; what is none has no expression, '' in MySQL, NULL in MariaDB. A sequence has none.
    """
    return (
        f"SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = {literal(source)};"
        " SELECT t.table_name, if(t.table_type = 'SEQUENCE', '', c.column_name)"
        " FROM information_schema.tables t JOIN information_schema.columns c"
        " ON c.table_schema = t.table_schema AND c.table_name = t.table_name"
        f" WHERE t.table_schema = {literal(source)} AND t.table_type <> 'VIEW'"
        " AND coalesce(c.generation_expression, '') = '' ORDER BY t.table_name, c.ordinal_position"
    )


def parsed(answer: str) -> tuple[str, dict[str, list[str]]]:
    """The collation, and the columns of each table, none of a sequence. What is not there has no collation."""
    collation, *lines = answer.splitlines() or [""]
    columns: dict[str, list[str]] = {}
    for line in lines:
        table, _, column = line.partition("\t")
        columns.setdefault(table, []).extend([column] if column else [])
    return collation, columns


def script(
    source: str, target: str, collation: str, tables: str, columns: Mapping[str, Sequence[str]], rest: str
) -> str:
    """All statements of a copy. `tables`: the structure. `rest`: what would act on the rows on their way."""
    create = f"CREATE DATABASE {identifier(target)} COLLATE {collation};\nUSE {identifier(target)};"
    rows = [FILLING, *_rows(source, target, columns), FILLED]
    return "\n".join([create, renamed(tables, target), *rows, renamed(rest, target), ""])


def _rows(source: str, target: str, columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """One lock over all, so that the rows are of one moment. A sequence was made with its number in it."""
    pairs = {table: (_within(source, table), _within(target, table)) for table in columns}
    if pairs:
        yield f"LOCK TABLES {', '.join(f'{old} READ, {new} WRITE' for old, new in pairs.values())};"
    for table, (old, new) in pairs.items():
        listed = ", ".join(map(identifier, columns[table]))
        if listed:
            yield f"INSERT INTO {new} ({listed}) SELECT {listed} FROM {old};"


def renamed(structure: str, target: str) -> str:
    """A structure that touches no other database than the target."""
    sequences = re.sub(SEQUENCE, r"\1", structure, flags=re.MULTILINE)
    return re.sub(ALTERED, lambda _: f"ALTER DATABASE {identifier(target)}", sequences, flags=re.MULTILINE)


def portable(lines: Iterable[bytes]) -> Iterator[bytes]:
    """A dump without owners and without the name of its database. Rows stay: no line of theirs begins like these."""
    for line in lines:
        if not line.startswith((b"ALTER DATABASE ", *BULK)):
            yield SEQUENCE_IN_BYTES.sub(rb"\1", OWNER.sub(rb"\1", line))


def identifier(name: str) -> str:
    """A name in SQL."""
    return "`" + name.replace("`", "``") + "`"


def _within(database: str, table: str) -> str:
    return f"{identifier(database)}.{identifier(table)}"

"""The schema of MariaDB and MySQL, from the server's own statements (SHOW CREATE).

mariadb-dump is not used: it is in another package than the client, and it needs more than read access.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from devenv.databases import migration_tools, mysql_catalogue
from devenv.databases.database import literal
from devenv.databases.mysql import SEQUENCE, identifier
from devenv.databases.schemas import Schema
from devenv.model.catalogue import Thing

HEAD = """\
SET NAMES utf8mb4;
SET foreign_key_checks = 0;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';
"""
SESSION = "SET SESSION TRANSACTION READ ONLY;\nSET SESSION sql_mode = '';\n"
TABLES = {"BASE TABLE": "TABLE", "SYSTEM VERSIONED": "TABLE", "SEQUENCE": "SEQUENCE"}
ROUTINES = ("FUNCTION", "PROCEDURE", "TRIGGER", "EVENT")  # their statements contain semicolons and have a mode
COUNTER = r"(?m)^(\) ENGINE=.*?) AUTO_INCREMENT=\d+"  # the next key is data, not schema
NUMBERED = r" (start with|minvalue|maxvalue|increment by|cache) (-?\d+)"  # the properties of a sequence
DEFINER = r" DEFINER=`[^`]*`@`[^`]*`"
ESCAPE = r"\\(.)"
ESCAPED = {"n": "\n", "t": "\t", "0": "\0"}
LINE = r"ERROR \d+ \(\w+\) at line (\d+)\w*: ((?:.|\n)*)"
QUIET = ("--batch", "--skip-column-names", "--default-character-set=utf8mb4")

Row = list[str]


class MySQLSchema(Schema):
    """See schemas.Schema for what each method promises."""

    kind = "mysql"
    password = "MYSQL_PWD"

    def server(self) -> str:
        version = self._rows("SELECT version();")[0][0]
        found = re.match(r"[\d.]+", version)
        return f"{'mariadb' if 'MariaDB' in version else 'mysql'} {found[0] if found else version}"

    def dump(self) -> str:
        objects = self._arrays(mysql_catalogue.OBJECTS)
        tables = sorted((TABLES[kind], name) for kind, name in objects if kind in TABLES)  # sequences first
        views = [(kind, name) for kind, name in objects if kind == "VIEW"]
        others = [(kind, name) for kind, name in objects if kind in ROUTINES]
        functions = [each for each in others if each[0] in ROUTINES[:2]]
        made = [_table(row) for row in self._created(tables)]
        made += [_routine(row) for row in self._created(functions)]  # a view may call one
        made += _views(self._created(views))
        made += [_routine(row) for row in self._created([each for each in others if each not in functions])]
        return "\n".join(filter(None, [HEAD, *made, self._records()]))

    def load(self, text: str, name: str) -> None:
        self._load(self._client(), text, name, LINE)

    def catalogue(self) -> list[Thing]:
        found = [Thing(*row) for row in self._arrays(mysql_catalogue.script(self.server().startswith("mariadb")))]
        sequences = [("SEQUENCE", name) for kind, name in self._arrays(mysql_catalogue.OBJECTS) if kind == "SEQUENCE"]
        return [*map(_lines, found), *map(_sequence, self._created(sequences))]

    def _created(self, objects: Sequence[tuple[str, str]]) -> list[Row]:
        """The result of SHOW CREATE, a row for each object."""
        return self._rows("".join(f"SHOW CREATE {kind} {identifier(name)};\n" for kind, name in objects))

    def _records(self) -> str:
        """The rows of the migration tools' tables as statements."""
        columns: dict[str, list[str]] = {}
        for table, column in self._arrays(mysql_catalogue.RECORD_COLUMNS):
            columns.setdefault(table, []).append(column)
        queries = [_insert(table, columns[table]) for table in migration_tools.tables(columns)]
        return "".join(f"{row[0]}\n" for row in self._rows("".join(queries)))

    def _arrays(self, script: str) -> list[Any]:
        return [json.loads(row[0]) for row in self._rows(script)]

    def _rows(self, script: str) -> list[Row]:
        """The rows that the client prints: --batch escapes tabs and line ends within a value."""
        if not script:
            return []
        lines = self._ask(self._client(), SESSION + script).split("\n")
        return [[re.sub(ESCAPE, _unescaped, value) for value in line.split("\t")] for line in lines if line]

    def _client(self) -> list[str]:
        if not self.dsn:
            return self.database.client(*QUIET)
        options = [f"--{name}={value}" if value else f"--{name}" for name, value in self.dsn.options]
        where = [
            f"--host={self.dsn.host}",
            f"--port={self.dsn.port}",
            f"--user={self.dsn.user}",
            f"--database={self.dsn.database}",
        ]
        # By TCP, also where the host is called localhost.
        return [self.database.program, *where, "--protocol=tcp", *options, *QUIET]


def _unescaped(found: re.Match[str]) -> str:
    return ESCAPED.get(found[1], found[1])


def _table(row: Row) -> str:
    return re.sub(SEQUENCE, r"\1", re.sub(COUNTER, r"\1", row[1]), flags=re.MULTILINE) + ";\n"


def _routine(row: Row) -> str:
    """A routine, a trigger or an event, with the SQL mode that it was created in."""
    statement = next(value for value in row[2:] if value.startswith("CREATE"))
    made = re.sub(DEFINER, "", statement, count=1)
    return f"SET sql_mode = '{row[1]}';\nDELIMITER ;;\n{made} ;;\nDELIMITER ;\nSET sql_mode = '';\n"


def _views(rows: Iterable[Row]) -> list[str]:
    """Views in the order in which they depend on each other."""
    left = {row[0]: re.sub(DEFINER, "", row[1], count=1) for row in rows}
    made: list[str] = []
    while left:
        free = [name for name in left if not any(identifier(other) in left[name] for other in left if other != name)]
        made += [left.pop(name) + ";\n" for name in free or list(left)]
    return made


def _insert(table: str, columns: Sequence[str]) -> str:
    """A query that returns INSERT statements for a table's rows, in the order of its first column."""
    names = ", ".join(map(identifier, columns))
    values = ", ".join(f"quote({identifier(column)})" for column in columns)
    head = literal(f"INSERT INTO {identifier(table)} ({names}) VALUES (")
    source = f"FROM {identifier(table)} ORDER BY {identifier(columns[0])}"
    return f"SELECT concat({head}, concat_ws(', ', {values}), ');') {source};\n"


def _sequence(row: Row) -> Thing:
    return Thing("sequence", "", row[0], {**dict(re.findall(NUMBERED, row[1])), "cycle": " cycle" in row[1]})


def _lines(thing: Thing) -> Thing:
    """A view with a line for each part: the server keeps it on one line."""
    if thing.kind != "view":
        return thing
    text = re.sub(r" (from|where|join|left join|group by|having|order by|union) ", r"\n\1 ", thing.facts["definition"])
    return thing._replace(facts={**thing.facts, "definition": text})

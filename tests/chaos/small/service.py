"""A small service: rows that people enter. The installed client says whether they are in PostgreSQL or in MariaDB."""

import http.server
import json
import os
import sys
from contextlib import closing
from pathlib import Path

try:
    import psycopg as client

    NAME, INSERT = "dbname", "INSERT INTO {} VALUES (%s) ON CONFLICT DO NOTHING"
    # One of which a DROP was interrupted cannot be read; PostgreSQL marks it with -2.
    DATABASES = "SELECT datname, datconnlimit <> -2 FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
except ImportError:
    import pymysql as client

    NAME, INSERT = "database", "INSERT IGNORE INTO {} VALUES (%s)"
    DATABASES = (
        "SELECT schema_name, true FROM information_schema.schemata"
        " WHERE schema_name NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys', 'test')"
    )
LIVE = os.environ["DB_NAME"]
LOGIN = {word: os.environ[f"DB_{word.upper()}"] for word in ("host", "user", "password")}


def connect(database=LIVE):
    return closing(client.connect(**{NAME: database}, port=int(os.environ["DB_PORT"]), **LOGIN))


def ask(session, query, *values):
    cursor = session.cursor()
    cursor.execute(query, values)
    return [list(row) for row in cursor.fetchall()] if cursor.description else []


def migrate():
    with connect() as session:
        ask(session, "CREATE TABLE IF NOT EXISTS migration (name varchar(60) PRIMARY KEY)")
        done = [name for [name] in ask(session, "SELECT name FROM migration")]
        for file in sorted(Path("migrations").glob("*.sql")):
            if file.stem not in done:
                ask(session, file.read_text())
                ask(session, INSERT.format("migration"), file.stem)
            session.commit()


def seed(name, size="0"):
    rows = [f"default-{Path('seeds.txt').read_text().strip()}"] if name == "default" else []
    with connect() as session:
        for row in [*rows, *(f"big-{number}" for number in range(int(size)))]:
            ask(session, INSERT.format("entry"), row)
        session.commit()
    print("{}")


def look():
    """Everything on the server: which database is live here, and the rows and migrations of each."""
    with connect() as session:
        found = {name: content(name) if valid else {} for name, valid in ask(session, DATABASES)}
    return {"live": LIVE, "word": os.environ["WORD"], "databases": found}


def content(name):
    tables = {"devenv": ["states"]}.get(name, ["entry", "migration"])
    found = {}
    with connect(name) as session:
        query = (
            "SELECT table_name FROM information_schema.tables WHERE table_name = %s AND table_schema IN (%s, 'public')"
        )
        for table in tables:
            there = ask(session, query, table, name)
            found[table] = [
                row if table == "states" else row[0] for row in there and ask(session, f"SELECT * FROM {table}")
            ]
    return found


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(look() if self.path == "/look" else {})

    def do_POST(self):
        with connect() as session:
            ask(session, INSERT.format("entry"), self.path[1:])
            session.commit()
        self.answer({})

    def answer(self, value):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(value, default=str).encode())


def serve():
    http.server.ThreadingHTTPServer((os.environ["BIND"], int(os.environ["PORT"])), Page).serve_forever()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])

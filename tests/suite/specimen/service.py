"""python service.py serve | migrate | pending | seed: a page that shows the notes of a database."""

import http.server
import json
import os
import sys

import psycopg

MIGRATIONS = [
    "CREATE TABLE notes (id integer PRIMARY KEY, text text NOT NULL)",
    "ALTER TABLE notes ADD COLUMN pinned boolean NOT NULL DEFAULT false",
    "CREATE TABLE visits (id serial PRIMARY KEY, path text NOT NULL)",
]
NOTES = {1: "Buy milk", 2: "Call Ada"}


def database():
    names = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER", "password": "PASSWORD"}
    return psycopg.connect(**{key: os.environ[f"DB_{name}"] for key, name in names.items()})


def applied(db):
    db.execute(
        "CREATE TABLE IF NOT EXISTS migrations"
        " (id integer PRIMARY KEY, name text, statement text, applied timestamp DEFAULT now())"
    )
    return {row[0] for row in db.execute("SELECT id FROM migrations")}


def migrate():
    with database() as db:
        for number, statement in enumerate(MIGRATIONS):
            if number not in applied(db):
                db.execute(statement)
                db.execute("INSERT INTO migrations VALUES (%s, %s, %s)", (number, f"step {number}", statement))


def pending():
    with database() as db:
        sys.exit(len(applied(db)) < len(MIGRATIONS))


def seed():
    with database() as db:
        for number, text in NOTES.items():
            db.execute("INSERT INTO notes VALUES (%s, %s) ON CONFLICT (id) DO NOTHING", (number, text))
    print(json.dumps({"notes": len(NOTES)}))


HOSTS = ("specimen", "specimen.localhost", "localhost", "127.0.0.1")


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.headers["Host"].partition(":")[0] not in HOSTS:
            self.send_error(400)
            return
        with database() as db:
            notes = db.execute("SELECT text FROM notes ORDER BY id").fetchall()
        status = 200
        self.send_response(status)
        self.end_headers()
        self.wfile.write("\n".join(text for (text,) in notes).encode())


def serve():
    address = (os.environ.get("BIND", "0.0.0.0"), int(os.environ["PORT"]))
    http.server.ThreadingHTTPServer(address, Page).serve_forever()


if __name__ == "__main__":
    {"serve": serve, "migrate": migrate, "pending": pending, "seed": seed}[sys.argv[1]]()

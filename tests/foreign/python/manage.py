"""Schema and data: migrate, pending, prepare (migrate, and seed `default` into a database that never had it), seed."""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import psycopg

MIGRATIONS = sorted(Path(__file__).parent.glob("migrations/*.sql"))


def pending(db):
    """The files that were not applied yet; writes nothing."""
    known = db.execute("SELECT to_regclass('migration')").fetchone()[0]
    done = {row[0] for row in db.execute("SELECT name FROM migration")} if known else set()
    return [path for path in MIGRATIONS if path.name not in done]


def migrate(db):
    db.execute("SELECT pg_advisory_xact_lock(1)")  # two at a time would both apply the same file
    db.execute("CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY)")
    for path in pending(db):
        print("applying", path.name)
        db.execute(path.read_text())
        db.execute("INSERT INTO migration VALUES (%s)", (path.name,))


def seed_default(db):
    """Fixed rows, so that everybody sees the same. It is noted, since `dev.up` must not bring back what someone removed."""
    for name, height, degrees in [("Bergen", 12, 7.5), ("Davos", 1560, -3.0), ("Lisbon", 2, 18.2)]:
        db.execute("INSERT INTO place VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET height = EXCLUDED.height", (name, height))
        db.execute(
            "INSERT INTO reading (place, day, degrees) VALUES (%s, '2024-03-01', %s)"
            " ON CONFLICT (place, day) DO UPDATE SET degrees = EXCLUDED.degrees",
            (name, degrees),
        )
    db.execute("INSERT INTO seeded VALUES ('default') ON CONFLICT DO NOTHING")
    return {"places": 3}


def seed_reader(db, name):
    """A token that anybody can work out: it is for development alone, and the same on every machine."""
    token = hashlib.sha256(f"reader {name}".encode()).hexdigest()[:32]
    db.execute("INSERT INTO reader VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET token = EXCLUDED.token", (name, token))
    return {"token": token}


SCENARIOS = {"default": (seed_default, {}), "reader": (seed_reader, {"name": "guest"})}


def main():
    parser = argparse.ArgumentParser(prog="manage.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("migrate", "pending", "prepare"):
        commands.add_parser(name)
    seed = commands.add_parser("seed")
    seed.add_argument("scenario", nargs="?", default="default", choices=SCENARIOS)
    seed.add_argument("-p", dest="parameters", action="append", default=[], metavar="NAME=VALUE")
    args = parser.parse_args()

    with psycopg.connect(options="-c client_min_messages=warning") as db:  # one transaction: all of it or nothing
        if args.command == "pending":
            sys.exit(" ".join(path.name for path in pending(db)) or 0)  # with a text, it ends with 1
        if args.command in ("migrate", "prepare"):
            migrate(db)
        if args.command == "prepare" and not db.execute("SELECT 1 FROM seeded WHERE scenario = 'default'").fetchone():
            seed_default(db)
        if args.command == "seed":
            run, defaults = SCENARIOS[args.scenario]
            given = dict(word.partition("=")[::2] for word in args.parameters)
            if unknown := given.keys() - defaults.keys():
                parser.error(f"{args.scenario} has no parameter {', '.join(sorted(unknown))}")
            print(json.dumps(run(db, **defaults | given)))


if __name__ == "__main__":
    main()

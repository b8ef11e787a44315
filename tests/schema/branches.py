"""Legitimate branches after the migration 0003_lesson of the app courses: none is reported as drift.

Each is files by name; a text is a whole file, a list is operations of Django. None removes a migration.
"""

from __future__ import annotations

Files = dict[str, "str | list[str]"]

MERGE = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("courses", "0004_left"), ("courses", "0004_right")]
    operations = []
"""
SQUASHED = """
from importlib import import_module
from django.db import migrations, models

MADE_OF = [import_module(f"courses.migrations.{name}").Migration for name in ("0001_initial", "0002_enrolment")]

class Migration(migrations.Migration):
    initial = True
    replaces = [("courses", "0001_initial"), ("courses", "0002_enrolment")]
    dependencies = []
    operations = [operation for each in MADE_OF for operation in each.operations]
"""
CONCURRENT = """
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

class Migration(migrations.Migration):
    atomic = False
    dependencies = [("courses", "0003_lesson")]
    operations = [AddIndexConcurrently("course", models.Index(fields=["title"], name="at_leisure"))]
"""
ROOM = 'migrations.CreateModel("Room", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())])'


def operations(*lines: str) -> Files:
    return {"0004_branch": list(lines)}


def sql(*statements: str) -> str:
    return f"migrations.RunSQL({list(statements)!r}, migrations.RunSQL.noop)"


BRANCHES: dict[str, Files] = {
    "a new table": operations(ROOM),
    "a new table and its key": operations(
        ROOM, 'migrations.AddField("course", "room", models.ForeignKey("courses.room", models.CASCADE, null=True))'
    ),
    "a column with a default": operations('migrations.AddField("course", "seats", models.IntegerField(default=1))'),
    "a column with a default in the database": operations(
        'migrations.AddField("course", "seats", models.IntegerField(db_default=1))'
    ),
    "a column that may be null": operations('migrations.AddField("course", "note", models.TextField(null=True))'),
    "a removed column": operations('migrations.RemoveField("learner", "name")'),
    "a renamed column": operations('migrations.RenameField("course", "title", "heading")'),
    "a longer column": operations('migrations.AlterField("course", "title", models.CharField(max_length=300))'),
    "a column of another type": operations('migrations.AlterField("course", "title", models.TextField())'),
    "a column that becomes null": operations(
        'migrations.AlterField("course", "title", models.CharField(max_length=200, null=True))'
    ),
    "a unique column": operations(
        'migrations.AlterField("course", "title", models.CharField(max_length=200, unique=True))'
    ),
    "an index": operations('migrations.AddIndex("course", models.Index(fields=["title"], name="by_title"))'),
    "an index of a column": operations(
        'migrations.AlterField("course", "title", models.CharField(max_length=200, db_index=True))'
    ),
    "an index made while others write": {"0004_branch": CONCURRENT},
    "an index that is renamed": {
        "0004_index": ['migrations.AddIndex("course", models.Index(fields=["title"], name="by_title"))'],
        "0005_name": ['migrations.RenameIndex("course", new_name="titles", old_name="by_title")'],
    },
    "a constraint": operations(
        'migrations.AddConstraint("course", models.CheckConstraint(condition=models.Q(title__gt=""), name="titled"))'
    ),
    "a removed constraint": operations('migrations.RemoveConstraint("enrolment", "enrolled_once")'),
    "several columns together unique": operations('migrations.AlterUniqueTogether("course", {("code", "title")})'),
    "a renamed table": operations('migrations.RenameModel("Learner", "Student")'),
    "a table of another name": operations('migrations.AlterModelTable("course", "catalogue")'),
    "a removed table": operations(
        'migrations.RemoveField("learner", "courses")', 'migrations.DeleteModel("Enrolment")'
    ),
    "a many-to-many relation": operations(
        'migrations.AddField("course", "after", models.ManyToManyField("courses.course"))'
    ),
    "a data migration": operations("migrations.RunPython(lambda apps, editor: None)"),
    "a data migration that writes": operations(
        'migrations.RunPython(lambda apps, _: apps.get_model("courses", "Course").objects.create(code="x", title="y"))'
    ),
    "a view": operations(sql("CREATE VIEW titles AS SELECT title FROM courses_course")),
    "a value of an enum": {"0004_branch": [sql("ALTER TYPE level ADD VALUE 'odd' BEFORE 'hard'")]},
    "a function and a trigger": operations(
        sql(
            "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n\n\n  RETURN NEW;\nEND\n$$",
            "CREATE TRIGGER noted BEFORE UPDATE ON courses_course FOR EACH ROW EXECUTE FUNCTION noted()",
        )
    ),
    "a partitioned table": operations(
        sql(
            "CREATE TABLE visit (at date NOT NULL, who bigint) PARTITION BY RANGE (at)",
            "CREATE TABLE visit_2025 PARTITION OF visit FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
            "CREATE INDEX visit_who ON visit (who)",
        )
    ),
    "two branches merged": {
        "0004_left": ['migrations.AddField("course", "a", models.IntegerField(null=True))'],
        "0004_right": ['migrations.AddField("learner", "b", models.IntegerField(null=True))'],
        "0005_merge": MERGE,
    },
    "old migrations squashed": {"0001_squashed": SQUASHED},
    "several migrations": {
        "0004_room": [ROOM],
        "0005_floor": ['migrations.AddField("room", "floor", models.IntegerField(default=0))'],
        "0006_data": ["migrations.RunPython(lambda apps, editor: None)"],
    },
}

# What the other kind cannot do, or says in other words.
POSTGRES_ONLY = {
    "an index made while others write",
    "a value of an enum",
    "a function and a trigger",
    "a partitioned table",
}


def of(kind: str) -> dict[str, Files]:
    """Those that are possible on a kind of database."""
    return {name: files for name, files in BRANCHES.items() if kind == "postgres" or name not in POSTGRES_ONLY}


# Migrates both databases of each branch, in the service's own environment: a process each, since Django is loaded once.
MIGRATE = """
import os, sys, django
sys.path.insert(0, os.getcwd())
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.db import connection

failed = []
for name in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        settings.MIGRATION_MODULES = {"courses": f"branches.{name}"}
        for side in ("production", "fresh"):
            connection.close()
            connection.settings_dict["NAME"] = f"{name}_{side}"
            call_command("migrate", verbosity=0, interactive=False)
        connection.close()
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        failed.append(name)
sys.exit(f"failed: {failed}" if failed else 0)
"""
# Compares both databases of each branch, as dev.schema check does, with the repository's own code.
COMPARE = """
import json, sys
sys.path.insert(0, sys.argv.pop(1))
from devenv.databases import readers
from devenv.model import catalogue
from devenv.context import environment

env = environment.open_environment()
def read(name):
    return readers.schema(env.database.at(name), env.engine).catalogue()
def lines(name):
    found = catalogue.compare(read(f"{name}_production"), read(f"{name}_fresh"))
    return [line for difference in found for line in catalogue.in_words(difference, "")]
print(json.dumps({name: lines(name) for name in sys.argv[1:]}))
"""

"""`manage.py package_migrations`: the migrations of installed packages, one a line. Needs no database."""

import inspect

from django.core.management.base import BaseCommand
from django.db.migrations.loader import MigrationLoader


class Command(BaseCommand):
    help = "Prints the migrations of installed packages, those that a squashed one replaces included."
    requires_system_checks: list[str] = []

    def handle(self, *args: object, **options: object) -> None:
        found = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
        for (app, name), migration in sorted(found.items()):
            if "site-packages" in inspect.getfile(type(migration)):
                self.stdout.write(f"{app}.{name}")

# Owner: this service. The template wrote it once and leaves it to you.
import inspect
from typing import Any

from django.core.management.base import BaseCommand
from django.db.migrations.loader import MigrationLoader


class Command(BaseCommand):
    help = "Prints the migrations of installed packages, replaced ones included. Needs no database."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        found = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
        for (app, name), migration in sorted(found.items()):
            if "site-packages" in inspect.getfile(type(migration)):
                self.stdout.write(f"{app}.{name}")

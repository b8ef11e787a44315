"""Usage: python -m seeds.packages. The migrations of installed packages, one a line; needs no database."""

import inspect

import django
from django.db.migrations.loader import MigrationLoader

django.setup()

found = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
for (app, name), migration in sorted(found.items()):
    if "site-packages" in inspect.getfile(type(migration)):
        print(f"{app}.{name}")

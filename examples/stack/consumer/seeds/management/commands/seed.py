"""`manage.py seed SCENARIO`: the last line on stdout is one JSON object."""

import json

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from products.models import Product

PRODUCTS = {
    "abacus": ("Abacus", 1900),
    "globe": ("Globe, with light", 4900),
    "slate": ("Slate and sponge", 700),
}


class Command(BaseCommand):
    help = "Fill the database with a named set of data. Running it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("scenario", choices=["default"])

    @transaction.atomic
    def handle(self, *args: object, **options: object) -> None:
        for code, (title, cents) in PRODUCTS.items():
            Product.objects.update_or_create(code=code, defaults={"title": title, "cents": cents})
        self.stdout.write(json.dumps({"products": Product.objects.count()}))

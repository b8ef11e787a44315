# Owner: this service. The template wrote it once and leaves it to you.
import json
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from seeds import scenarios
from seeds.guard import refuse_outside_development


class Command(BaseCommand):
    help = "Puts a scenario of seeds/ into the database. Run twice, it leaves the same rows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        choice = parser.add_subparsers(dest="scenario", required=True)
        choice.add_parser("default")
        big = choice.add_parser("big-tenant")
        big.add_argument("--learners", type=size, default=1000)
        big.add_argument("--courses", type=size, default=1)

    def handle(self, *args: Any, scenario: str, **options: Any) -> None:
        refuse_outside_development()
        with transaction.atomic():
            if scenario == "default":
                rows = scenarios.default()
            else:
                rows = scenarios.big_tenant(options["learners"], options["courses"])
        # The last line of stdout is the answer, for dev.seed and for services that require this one.
        self.stdout.write(json.dumps(rows))


def size(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r}; allowed: a whole number from 1")
    return int(text)

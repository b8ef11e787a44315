# Owner: this service. The template wrote it once and leaves it to you.
import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from seeds import scenarios


class Command(BaseCommand):
    help = "Puts a scenario of seeds/ into the database. Run twice, it leaves the same rows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        choice = parser.add_subparsers(dest="scenario", required=True)
        choice.add_parser("default")
        choice.add_parser("big-tenant").add_argument("--learners", type=int, default=1000)

    def handle(self, *args: Any, scenario: str, **options: Any) -> None:
        refuse_outside_development()
        with transaction.atomic():
            rows = scenarios.default() if scenario == "default" else scenarios.big_tenant(options["learners"])
        # The last line of stdout is the answer, for dev.seed and for services that require this one.
        self.stdout.write(json.dumps(rows))


def refuse_outside_development() -> None:
    """The seed makes an administrator whose password everybody knows."""
    host = settings.ENV.public_host
    if host != "localhost" and not host.endswith(".localhost"):
        raise CommandError(f"seeds are for development; PUBLIC_URL says that this is {host}")

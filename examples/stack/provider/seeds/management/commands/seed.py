"""`manage.py seed SCENARIO`: the last line on stdout is one JSON object."""

import json
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from seeds.clients import ensure_client
from seeds.people import ensure_people


class Command(BaseCommand):
    help = "Fill the database with a named set of data. Running it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        scenarios = parser.add_subparsers(dest="scenario", required=True)
        scenarios.add_parser("default", help="people who can log in")
        client = scenarios.add_parser("oauth-client", help="an OpenID Connect client, whose secret is printed")
        client.add_argument("--client-id", required=True)
        client.add_argument("--redirect-uri", required=True)

    def handle(self, *args: object, scenario: str, **options: str) -> None:
        refuse_outside_development()
        with transaction.atomic():
            answer = default() if scenario == "default" else oauth_client(options)
        self.stdout.write(json.dumps(answer))


def default() -> dict[str, int]:
    ensure_people()
    return {"users": User.objects.count()}


def oauth_client(options: dict[str, str]) -> dict[str, str]:
    return ensure_client(options["client_id"], options["redirect_uri"])


def refuse_outside_development() -> None:
    """The seed makes people whose passwords everybody knows, and prints secrets."""
    host = str(urlsplit(settings.PUBLIC_URL).hostname)
    if host.split(".")[-1] != "localhost":
        raise CommandError(f"seeds are for development; PUBLIC_URL says that this is {host}")

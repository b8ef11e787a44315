"""`manage.py scrub`: people are replaced by invented ones. Run twice, it leaves the same rows."""

import json

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat

from seeds.guard import refuse_outside_development
from seeds.people import GROUPS


class Command(BaseCommand):
    help = "Replaces what identifies people, but those of the seed, and ends their sessions."

    def handle(self, *args: object, **options: object) -> None:
        refuse_outside_development()
        with transaction.atomic():
            sessions, _ = Session.objects.all().delete()
            self.stdout.write(json.dumps({"users": scrub_users(), "sessions": sessions}))


def scrub_users() -> int:
    """How many were not like that already."""
    invented = {
        "username": Concat(Value("scrubbed-"), Cast("pk", CharField())),
        "email": Concat(Value("scrubbed-"), Cast("pk", CharField()), Value("@scrubbed.example.org")),
        "first_name": "",
        "last_name": "",
        "password": "!",  # what Django calls unusable
    }
    return User.objects.exclude(username__in=GROUPS).exclude(**invented).update(**invented)

"""Usage: python -m seeds.demo SLUG STAGE. pretalx's demo event, after the administrator whom it needs."""

import random
import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from pretalx.person.models import User  # noqa: E402

SEED = 7
slug, stage = sys.argv[1:]

if not User.objects.filter(is_administrator=True).exists():
    call_command("init", interactive=False)  # it fails where there is one
# The command's own --seed is for Faker alone. Without this, each fresh database has another number of mails.
random.seed(SEED)
call_command("create_test_event", slug=slug, stage=stage, seed=str(SEED))

"""Usage: python -m seeds.check SLUG. Whether the event is there with talks; what there is of it, as JSON."""

import json
import sys

import django

django.setup()

from django_scopes import scopes_disabled  # noqa: E402
from pretalx.person.models import User  # noqa: E402
from pretalx.submission.models import Submission  # noqa: E402

with scopes_disabled():
    talks = Submission.objects.filter(event__slug=sys.argv[1]).count()
    users = User.objects.count()
if not talks:
    sys.exit(f"the event {sys.argv[1]} has no talks")
print(json.dumps({"talks": talks, "users": users}))

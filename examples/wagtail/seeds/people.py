"""One user of each role that Wagtail's own migrations define."""

from datetime import UTC, datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User

JOINED = datetime(2024, 1, 1, tzinfo=UTC)
GROUPS = {"admin": None, "moderator": "Moderators", "editor": "Editors"}


def ensure_people() -> None:
    for username, group in GROUPS.items():
        ensure_person(username, group)


def ensure_person(username: str, group: str | None) -> None:
    person, created = User.objects.get_or_create(username=username, defaults=person_fields(username, group))
    if created and group:
        person.groups.add(Group.objects.get(name=group))


def person_fields(username: str, group: str | None) -> dict[str, object]:
    # Password = user name. The salt is fixed so that two machines hold the same row, and long
    # enough (22 characters) that Django does not replace the hash at the first login.
    return {
        "password": make_password(username, salt=f"{username}-on-a-development-machine"),
        "email": f"{username}@example.org",
        "is_staff": group is None,
        "is_superuser": group is None,
        "date_joined": JOINED,
    }

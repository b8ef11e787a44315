"""Two people, each with the own name as password."""

from datetime import UTC, datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User

NAMES = ("alice", "bob")
JOINED = datetime(2025, 1, 6, 9, 0, tzinfo=UTC)


def ensure_people() -> None:
    for name in NAMES:
        User.objects.get_or_create(username=name, defaults=person(name))


def person(name: str) -> dict[str, object]:
    # The salt is fixed so that two machines hold the same row, and long enough (22 characters) that Django
    # does not replace the hash at the first login. The lambda hashes for a new row only.
    salt = f"{name}-on-a-development-machine"
    return {
        "email": f"{name}@example.org",
        "date_joined": JOINED,
        "password": lambda: make_password(name, salt=salt),
    }

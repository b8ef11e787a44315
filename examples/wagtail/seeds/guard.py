"""What is for development does not run elsewhere."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandError


def refuse_outside_development() -> None:
    """The seed makes an administrator whose password all know; scrubbing takes people's names for good."""
    host = str(urlsplit(settings.PUBLIC_URL).hostname)
    if host.split(".")[-1] != "localhost":
        raise CommandError(f"seeds and scrub are for development; PUBLIC_URL says that this is {host}")

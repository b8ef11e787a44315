# Owner: this service. The template wrote it once and leaves it to you.
from django.conf import settings
from django.core.management.base import CommandError


def refuse_outside_development() -> None:
    """The seed creates an administrator with a public password; scrubbing deletes people's names for good."""
    host = settings.ENV.public_host
    if host != "localhost" and not host.endswith(".localhost"):
        raise CommandError(f"seed and scrub are for development; PUBLIC_URL says that this is {host}")

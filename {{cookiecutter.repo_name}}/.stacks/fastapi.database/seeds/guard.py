# Owner: this service. The template wrote it once and leaves it to you.
import sys


def refuse_outside_development(host: str) -> None:
    """Invented people have no business in production, and real ones lose their names by scrubbing."""
    if host != "localhost" and not host.endswith(".localhost"):
        sys.exit(f"seeds and scrub are for development; PUBLIC_URL says that this is {host}")

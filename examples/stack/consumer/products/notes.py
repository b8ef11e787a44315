"""A note of the service `notes`, fetched from server to server."""

import requests
from django.conf import settings

SECONDS = 3


def note(slug: str) -> str:
    """Its text, or why there is none: a page must not fail because of a note."""
    if not settings.NOTES_INTERNAL_URL:
        return "(no notes: NOTES_INTERNAL_URL is not set)"
    try:
        answer = requests.get(f"{settings.NOTES_INTERNAL_URL}/notes/{slug}", timeout=SECONDS)
        answer.raise_for_status()
    except requests.RequestException as error:
        return f"(no note: {type(error).__name__})"
    return str(answer.json()["text"])

# Owner: this service. The template wrote it once and leaves it to you.
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Django's hash is slow on purpose, and most of these tests make the administrator."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

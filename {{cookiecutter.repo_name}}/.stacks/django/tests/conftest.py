# Owner: this service. The template wrote it once and leaves it to you.
{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}
from typing import Any

import pytest
{% endif %}
{% if cookiecutter.database != "none" %}


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Use a fast hash: Django's is slow on purpose, and most of these tests create the administrator."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
{% endif %}
{% if cookiecutter.cache != "none" %}


@pytest.fixture(autouse=True)
def own_cache(settings: Any, request: pytest.FixtureRequest) -> None:
    """An empty one for each test; development's is not touched."""
    memory = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": memory, "LOCATION": request.node.nodeid}}
{% endif %}

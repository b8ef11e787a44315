# Owner: this service. The template wrote it once and leaves it to you.
{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}
from typing import Any

import pytest
{% endif %}
{% if cookiecutter.database != "none" %}


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Django's hash is slow on purpose, and most of these tests make the administrator."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
{% endif %}
{% if cookiecutter.cache != "none" %}


@pytest.fixture(autouse=True)
def own_cache(settings: Any, request: pytest.FixtureRequest) -> None:
    """An empty one for each test; development's own is left alone."""
    memory = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": memory, "LOCATION": request.node.nodeid}}
{% endif %}

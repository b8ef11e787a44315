# Owner: this service. The template wrote it once and leaves it to you.
{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}
{% if cookiecutter.database != "none" %}
import hashlib
from collections.abc import Iterator
from pathlib import Path
{% endif %}
from typing import Any

import pytest
{% if cookiecutter.database != "none" %}
from django.apps import apps
from django.conf import settings as configured
{% endif %}
{% endif %}
{% if cookiecutter.database != "none" %}


@pytest.fixture(scope="session")
def django_db_createdb(request: pytest.FixtureRequest, django_db_createdb: bool) -> Iterator[bool]:
    """Whether to create the test database again: only after a migration or the server has changed.

    It is kept between runs by --reuse-db in pyproject.toml. With --create-db it is always created.
    """
    database = configured.DATABASES["default"]
    known = hashlib.sha256(repr([database[key] for key in ("HOST", "PORT", "NAME")]).encode())
    for app in apps.get_app_configs():
        for file in sorted(Path(app.path, "migrations").glob("*.py")):
            known.update(file.read_bytes())
    cache, key = request.config.cache, known.hexdigest()
    assert cache
    changed = cache.get("migrations", "") != key
    cache.set("migrations", "")  # while it is created: it is incomplete if this run is killed
    yield django_db_createdb or changed
    cache.set("migrations", key)


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

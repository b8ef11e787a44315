# Owner: this service. The template wrote it once and leaves it to you.
{% if cookiecutter.database == "none" and cookiecutter.cache == "none" %}
from django.http import HttpRequest, JsonResponse


def health(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})
{% else %}
import logging

{% if cookiecutter.cache != "none" %}
from django.core.cache import cache
{% endif %}
{% if cookiecutter.database != "none" %}
from django.db import Error, connection
{% endif %}
from django.http import HttpRequest, JsonResponse
{% if cookiecutter.cache != "none" %}
from redis import RedisError
{% endif %}

logger = logging.getLogger(__name__)


def health(request: HttpRequest) -> JsonResponse:
    """200 if everything that the service needs answers, else 503. Reasons go to the log, since the page is public."""
    found = {
{% if cookiecutter.database != "none" %}
        "database": database(),
{% endif %}
{% if cookiecutter.cache != "none" %}
        "cache": cached(),
{% endif %}
    }
    ok = set(found.values()) == {"ok"}
    return JsonResponse({"status": "ok" if ok else "error", **found}, status=200 if ok else 503)


{% if cookiecutter.database != "none" %}
def database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        logger.error("the database does not answer: %s", error)
        return "unreachable"
    return "ok"
{% endif %}
{% if cookiecutter.cache != "none" %}
{% if cookiecutter.database != "none" %}


{% endif %}
def cached() -> str:
    try:
        cache.get("health")
    except RedisError as error:
        logger.error("the cache does not answer: %s", error)
        return "unreachable"
    return "ok"
{% endif %}
{% endif %}

# Owner: this service. The template wrote it once and leaves it to you.
import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment

COMPLETE = {
    "SECRET_KEY": "secret",
    "PUBLIC_URL": "https://courses.example.org/",
{% if cookiecutter.database != "none" %}
    "DB_HOST": "db",
    "DB_PORT": "5432",
    "DB_NAME": "service",
    "DB_USER": "service",
    "DB_PASSWORD": "secret",
{% endif %}
{% if cookiecutter.cache != "none" %}
    "CACHE_HOST": "cache",
    "CACHE_PORT": "6379",
{% endif %}
}


def test_debug_is_off_unless_asked_for() -> None:
    assert environment.read(COMPLETE).debug is False
    assert environment.read(COMPLETE | {"DEBUG": "true"}).debug is True


def test_public_url_gives_host_and_scheme() -> None:
    env = environment.read(COMPLETE)
    assert (env.public_url, env.public_host, env.is_https) == (
        "https://courses.example.org",
        "courses.example.org",
        True,
    )


@pytest.mark.parametrize(
    ("url", "port"),
    [("http://courses.localhost:18201", 18201), ("https://courses.example.org", 443), ("http://courses", 80)],
)
def test_public_url_gives_the_port(url: str, port: int) -> None:
    assert environment.read(COMPLETE | {"PUBLIC_URL": url}).public_port == port


@pytest.mark.parametrize("name", COMPLETE)
def test_missing_variable_is_named(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=name):
        environment.read(COMPLETE | {name: ""})


@pytest.mark.parametrize(("name", "value"), [{{ '("DB_PORT", "many"), ' if cookiecutter.database != "none" }}("DEBUG", "1")])
def test_wrong_value_says_what_is_allowed(name: str, value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="allowed"):
        environment.read(COMPLETE | {name: value})

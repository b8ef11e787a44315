# Owner: this service. The template wrote it once and leaves it to you.
"""The settings that differ between development and production, typed. No other module reads the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import {{ "quote, " if cookiecutter.cache != "none" }}urlsplit

from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class Environment:
    secret_key: str
    public_url: str  # the public address, such as https://courses.example.org
{% if cookiecutter.database != "none" %}
    db_host: str
    db_port: int
    db_name: str
    db_user: str
    db_password: str
{% endif %}
{% if cookiecutter.cache != "none" %}
    cache_host: str
    cache_port: int
    cache_password: str  # "" if the cache needs none
{% endif %}
{% if cookiecutter.worker != "none" %}
    heartbeat: str  # the worker touches this file; "" if nobody looks at it
{% endif %}
    debug: bool

{% if cookiecutter.cache != "none" %}
    @property
    def cache_url(self) -> str:
        return f"redis://:{quote(self.cache_password, safe='')}@{self.cache_host}:{self.cache_port}"

{% endif %}
    @property
    def public_host(self) -> str:
        return urlsplit(self.public_url).hostname or ""

    @property
    def public_port(self) -> int:
        return urlsplit(self.public_url).port or (443 if self.is_https else 80)

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")


def read(variables: Mapping[str, str]) -> Environment:
    """What has no default must be set: one that is wrong in production is noticed too late."""

    def required(name: str) -> str:
        if not variables.get(name):
            raise ImproperlyConfigured(f"the environment variable {name} is not set")
        return variables[name]

    return Environment(
        secret_key=required("SECRET_KEY"),
        public_url=required("PUBLIC_URL").rstrip("/"),
{% if cookiecutter.database != "none" %}
        db_host=required("DB_HOST"),
        db_port=integer("DB_PORT", required("DB_PORT")),
        db_name=required("DB_NAME"),
        db_user=required("DB_USER"),
        db_password=required("DB_PASSWORD"),
{% endif %}
{% if cookiecutter.cache != "none" %}
        cache_host=required("CACHE_HOST"),
        cache_port=integer("CACHE_PORT", required("CACHE_PORT")),
        cache_password=variables.get("CACHE_PASSWORD", ""),
{% endif %}
{% if cookiecutter.worker != "none" %}
        heartbeat=variables.get("HEARTBEAT", ""),
{% endif %}
        debug=boolean("DEBUG", variables.get("DEBUG", "false")),
    )

{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}

def integer(name: str, value: str) -> int:
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} is {value!r}; allowed: a whole number")
    return int(value)

{% endif %}

def boolean(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise ImproperlyConfigured(f"{name} is {value!r}; allowed: true, false")
    return value == "true"

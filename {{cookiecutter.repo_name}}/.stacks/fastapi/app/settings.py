# Owner: this service. The template wrote it once and leaves it to you.
"""The settings that differ between development and production, typed. No other module reads the environment."""

{% if cookiecutter.worker != "none" %}
from pathlib import Path
{% endif %}
{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}
from typing import Annotated

{% endif %}
{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}
from pydantic import Field, HttpUrl, SecretStr, ValidationError
{% else %}
from pydantic import HttpUrl, ValidationError
{% endif %}
from pydantic_settings import BaseSettings, SettingsConfigDict
{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}

Port = Annotated[int, Field(ge=1, le=65535)]
{% endif %}

SERVICE = "{{ cookiecutter.service }}"


class SettingsError(Exception):
    """A variable is missing or not valid."""


class Settings(BaseSettings):
    """Each is the environment variable of that name, in capitals. A default would hide a missing one in production."""

    # An empty variable counts as missing.
    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True)

    public_url: HttpUrl  # the public address, such as https://courses.example.org
{% if cookiecutter.database != "none" %}
    db_host: str
    db_port: Port
    db_name: str
    db_user: str
    db_password: SecretStr  # shown as stars if settings are printed
{% endif %}
{% if cookiecutter.cache != "none" %}
    cache_host: str
    cache_port: Port
    cache_password: SecretStr = SecretStr("")  # not every cache needs one
    cache_number: int = 0  # one server holds several numbered caches; the tests use another one
{% endif %}
{% if cookiecutter.worker != "none" %}
    heartbeat: Path | None = None  # the worker touches this file; none if nobody looks at it
{% endif %}

    @property
    def public_host(self) -> str:
        return self.public_url.host or ""

    @property
    def allowed_hosts(self) -> list[str]:
        """The public name, the name for other services, and the name for health checks."""
        return [self.public_host, f"{SERVICE}.localhost", SERVICE, "localhost", "127.0.0.1"]


def read() -> Settings:
    """Read the environment. SettingsError names the variables that are wrong, without values, which may be secrets."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"{str(found['loc'][0]).upper()}: {found['msg']}" for found in error.errors()]
    raise SettingsError("; ".join(wrong))


settings = read()

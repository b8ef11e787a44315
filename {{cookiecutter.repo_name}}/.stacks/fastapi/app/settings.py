# Owner: this service. The template wrote it once and leaves it to you.
"""What differs between development and production, typed. Nothing else here reads the environment."""

{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}
from typing import Annotated

{% endif %}
{% if cookiecutter.database != "none" %}
from pydantic import Field, HttpUrl, SecretStr, ValidationError
{% elif cookiecutter.cache != "none" %}
from pydantic import Field, HttpUrl, ValidationError
{% else %}
from pydantic import HttpUrl, ValidationError
{% endif %}
from pydantic_settings import BaseSettings, SettingsConfigDict
{% if cookiecutter.database != "none" or cookiecutter.cache != "none" %}

Port = Annotated[int, Field(ge=1, le=65535)]
{% endif %}


class SettingsError(Exception):
    """A variable is missing or makes no sense."""


class Settings(BaseSettings):
    """Each is the environment variable of that name, in capitals. No defaults that production would notice too late."""

    # What is set to nothing counts as missing.
    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True)

    public_url: HttpUrl  # what people type, e.g. https://courses.example.org
{% if cookiecutter.database != "none" %}
    db_host: str
    db_port: Port
    db_name: str
    db_user: str
    db_password: SecretStr  # shown as stars where settings are printed
{% endif %}
{% if cookiecutter.cache != "none" %}
    cache_host: str
    cache_port: Port
    cache_number: int = 0  # one server holds several numbered caches; the tests take another one
{% endif %}

    @property
    def public_host(self) -> str:
        return self.public_url.host or ""


def read() -> Settings:
    """From the environment. SettingsError names what is wrong, but not its value, which may be a secret."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"{str(found['loc'][0]).upper()}: {found['msg']}" for found in error.errors()]
    raise SettingsError("; ".join(wrong))


settings = read()

# Owner: this service. The template wrote it once and leaves it to you.
import pytest

from app.settings import SettingsError, read

COMPLETE = {
    "PUBLIC_URL": "https://courses.example.org",
{% if cookiecutter.database != "none" %}
    "DB_HOST": "db",
    "DB_PORT": "1234",
    "DB_NAME": "service",
    "DB_USER": "service",
    "DB_PASSWORD": "secret",
{% endif %}
{% if cookiecutter.cache != "none" %}
    "CACHE_HOST": "cache",
    "CACHE_PORT": "6379",
{% endif %}
}


@pytest.fixture(autouse=True)
def complete(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)


def test_public_url_gives_the_host() -> None:
    assert read().public_host == "courses.example.org"
    assert "courses.example.org" in read().allowed_hosts


@pytest.mark.parametrize("name", COMPLETE)
def test_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(SettingsError, match=f"^{name}: Field required$"):
        read()


@pytest.mark.parametrize("name", COMPLETE)
def test_empty_variable_is_missing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "")
    with pytest.raises(SettingsError, match=name):
        read()


@pytest.mark.parametrize("name", [name for name in COMPLETE if name.endswith(("_URL", "_PORT"))])
def test_wrong_value_is_named_but_not_shown(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "nonsense")
    with pytest.raises(SettingsError, match=f"^{name}: (?!.*nonsense)"):
        read()
{% if cookiecutter.database != "none" %}


def test_password_is_not_printed() -> None:
    assert "secret" not in repr(read())
{% endif %}

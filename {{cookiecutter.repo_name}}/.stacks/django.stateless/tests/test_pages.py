# Owner: this service. The template wrote it once and leaves it to you.
from django.test import Client


def test_index_lists_the_courses(client: Client) -> None:
    assert b"Astronomy for everybody" in client.get("/").content


def test_api_lists_the_courses(client: Client) -> None:
    courses = client.get("/api/courses").json()["courses"]
    assert [course["code"] for course in courses] == ["astronomy", "statistics", "welding"]


def test_health(client: Client) -> None:
    assert client.get("/health").json() == {"status": "ok"{{ ', "cache": "ok"' if cookiecutter.cache != "none" }}}

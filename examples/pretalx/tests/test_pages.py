"""The pages as visitors meet them, on the data of the seed. What is up is asked, and not changed."""

import json
from os import environ
from urllib.request import urlopen

import pytest

URL = environ["PRETALX_SITE_URL"]


def page(path: str) -> str:
    with urlopen(URL + path, timeout=30) as answer:
        return answer.read().decode()


@pytest.mark.parametrize("path", ["/democon/", "/democon/schedule/", "/democon/talk/", "/democon/speaker/"])
def test_the_pages_of_the_event(path: str) -> None:
    assert "DemoCon" in page(path)


def test_the_api_knows_the_event() -> None:
    assert "democon" in [event["slug"] for event in json.loads(page("/api/events/"))]


def test_organisers_can_log_in() -> None:
    assert "name=login_password" in page("/orga/login/")

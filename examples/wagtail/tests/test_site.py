"""The site as its readers and editors meet it, on the data of the seed."""

import json

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings
from wagtail.models import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def seeded() -> None:
    call_command("seed", "default")


def test_the_home_page_shows_the_latest_posts(seeded: None, client: Client) -> None:
    page = client.get("/").content.decode()
    assert "The Daily Wagtail" in page
    assert 'href="/blog/post-5/"' in page


def test_a_post_can_be_read(seeded: None, client: Client) -> None:
    assert "This is post 3." in client.get("/blog/post-3/").content.decode()


@pytest.mark.parametrize("username", ["admin", "moderator", "editor"])
def test_each_role_may_log_in_to_the_admin(seeded: None, client: Client, username: str) -> None:
    answer = client.post("/admin/login/", {"username": username, "password": username, "next": "/admin/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200


def test_health_asks_the_database(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        assert client.get("/health").json() == {"status": "ok", "database": "ok"}


def test_seeding_again_changes_nothing_and_keeps_an_edit(seeded: None) -> None:
    Page.objects.filter(slug="post-1").update(title="Edited by hand")
    before = rows()
    call_command("seed", "default")
    assert rows() == before


def test_seeds_stay_out_of_production(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://www.example.org"
    with pytest.raises(CommandError, match="for development"):
        call_command("seed", "default")


def test_a_scenario_says_how_much_it_made(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seed", "blog", "--posts", "12")
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"users": 3, "posts": 12}


def rows() -> list[list[dict[str, object]]]:
    return [list(model.objects.order_by("pk").values()) for model in (Page, User)]

"""What a buyer meets. The login itself takes two services: see login.py beside them."""

import json
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from products.models import Product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def wired(settings: Settings) -> None:
    settings.LMS_URL = "http://lms.localhost:18180"
    settings.OIDC_OP_AUTHORIZATION_ENDPOINT = "http://lms.localhost:18180/o/authorize/"
    settings.OIDC_RP_CLIENT_ID = "shop"
    settings.NOTES_INTERNAL_URL = ""


def page(client: Client, **headers: str) -> str:
    return client.get("/", headers=headers).content.decode()


def test_the_login_link_has_the_public_name_whatever_name_was_asked(client: Client, settings: Settings) -> None:
    assert f'href="{settings.PUBLIC_URL}/oidc/authenticate/"' in page(client, host="shop:18181")


def test_login_sends_the_browser_to_the_public_name_of_lms(client: Client) -> None:
    target = urlsplit(client.get("/oidc/authenticate/").headers["Location"])
    assert (target.hostname, parse_qs(target.query)["code_challenge_method"]) == ("lms.localhost", ["S256"])


def test_without_lms_the_page_says_so(client: Client, settings: Settings) -> None:
    settings.LMS_URL = ""
    assert "LMS_URL or OIDC_RP_CLIENT_ID is not set" in page(client)


def test_who_is_logged_in_reads_the_own_name(client: Client) -> None:
    client.force_login(User.objects.create(username="alice"), "mozilla_django_oidc.auth.OIDCAuthenticationBackend")
    assert "logged in as alice" in page(client)


def test_a_note_that_cannot_be_had_breaks_nothing(client: Client, settings: Settings) -> None:
    settings.NOTES_INTERNAL_URL = "http://notes:18182"
    with mock.patch("requests.get", side_effect=requests.ConnectionError):
        assert "(no note: ConnectionError)" in page(client)


def test_seeding_again_changes_nothing(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seed", "default")
    before = list(Product.objects.values())
    call_command("seed", "default")
    assert list(Product.objects.values()) == before
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"products": 3}
    assert "Abacus" in page(client)


def test_health_asks_the_database(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        assert client.get("/health").json() == {"status": "ok", "database": "ok"}

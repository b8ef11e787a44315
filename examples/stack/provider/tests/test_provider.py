"""What a client and a person meet."""

import json

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from oauth2_provider.models import Application
from pytest_django import DjangoAssertNumQueries, Settings

from identity.keys import signing_key

pytestmark = pytest.mark.django_db

CALLBACK = "http://shop.localhost:18181/oidc/callback/"


def rows() -> list[list[dict[str, object]]]:
    return [list(model.objects.order_by("pk").values()) for model in (Application, User)]


def make_client(redirect_uri: str = CALLBACK) -> None:
    call_command("seed", "oauth-client", "--client-id", "shop", "--redirect-uri", redirect_uri)


def test_the_signing_key_is_made_once() -> None:
    assert signing_key() == signing_key()
    assert signing_key().startswith("-----BEGIN")


def test_the_public_half_of_the_key_can_be_fetched_by_the_internal_name(client: Client) -> None:
    [key] = client.get("/o/.well-known/jwks.json", headers={"host": "lms:18180"}).json()["keys"]
    assert (key["kty"], key["alg"]) == ("RSA", "RS256")
    assert "d" not in key


def test_the_issuer_is_public_whatever_name_was_asked(client: Client, settings: Settings) -> None:
    answer = client.get("/o/.well-known/openid-configuration", headers={"host": "lms:18180"})
    assert answer.json()["issuer"] == f"{settings.PUBLIC_URL}/o"


def test_a_client_is_made_once_and_its_secret_told_again(capsys: pytest.CaptureFixture[str]) -> None:
    make_client()
    before, first = rows(), capsys.readouterr().out
    make_client()
    assert (rows(), capsys.readouterr().out) == (before, first)
    assert json.loads(first)["client_id"] == "shop"


def test_a_client_that_moved_is_mended() -> None:
    make_client()
    make_client("http://shop.localhost:20001/oidc/callback/")
    assert Application.objects.get().redirect_uris == "http://shop.localhost:20001/oidc/callback/"


def test_seeding_again_changes_nothing_and_alice_can_log_in(client: Client) -> None:
    call_command("seed", "default")
    before = rows()
    call_command("seed", "default")
    assert rows() == before
    assert client.post("/login/", {"username": "alice", "password": "alice"}).headers["Location"] == "/"


def test_clients_cannot_be_managed_from_outside(client: Client) -> None:
    assert client.get("/o/applications/").status_code == 404


def test_health_asks_the_database(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        assert client.get("/health").json() == {"status": "ok", "database": "ok"}


def test_seeds_stay_out_of_production(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://www.example.org"
    with pytest.raises(CommandError, match="for development"):
        call_command("seed", "default")

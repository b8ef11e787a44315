"""The tests, run in the app's container against its database; what they write is rolled back."""

import psycopg
import pytest

import app
import manage


@pytest.fixture
def db():
    with psycopg.connect() as connection:
        yield connection
        connection.rollback()


def test_pages_answer():
    assert app.app.test_client().get("/health").json == {"healthy": True}
    assert "<h1>Weather</h1>" in app.app.test_client().get("/").text


def test_readings_need_a_token():
    assert app.app.test_client().get("/readings").status_code == 401


def test_reader_is_made_once_and_always_with_the_same_token(db):
    first, second = manage.seed_reader(db, "O'Hara of tests"), manage.seed_reader(db, "O'Hara of tests")
    assert first == second
    assert db.execute("SELECT count(*) FROM reader WHERE token = %s", (first["token"],)).fetchone() == (1,)


def test_nothing_is_pending(db):
    assert manage.pending(db) == []

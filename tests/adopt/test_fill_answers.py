"""The answers for cookiecutter.json, from what was found."""

from __future__ import annotations

from dataclasses import replace

from tests.adopt.fill_readings import COMMON, DJANGO, EXPRESS, FASTAPI, FLASK, NOTHING, found
from tools.adopt.fill.answers import answers, stable_port


def test_every_answer_but_the_folder_follows_from_what_was_found() -> None:
    assert answers(DJANGO) == {
        "service": "shop",
        "repo_name": "shop",
        "stack": "bare",
        "database": "postgres",
        "cache": "none",
        "worker": "none",
        "port": "8000",
    }


def test_sqlite_needs_no_server() -> None:
    assert answers(FLASK)["database"] == "none"


def test_a_worker_needs_a_cache() -> None:
    with_both, without_cache = FASTAPI, replace(FASTAPI, cache=None)
    assert answers(with_both)["worker"] == "queue"
    assert answers(without_cache)["worker"] == "none"


def test_a_port_that_only_root_may_open_becomes_one_of_ours() -> None:
    assert answers(EXPRESS)["port"] == str(stable_port("cart"))
    assert 18200 <= stable_port("cart") <= 18999


def test_what_the_owner_asks_for_wins() -> None:
    asked = answers(DJANGO, port=20123, service="store")
    assert (asked["service"], asked["port"]) == ("store", "20123")


def test_the_same_name_has_the_same_port_everywhere() -> None:
    assert answers(NOTHING)["port"] == answers(replace(NOTHING, port=found("http", "Procfile:1")))["port"] == "18587"


def test_all_answers_are_allowed() -> None:
    for reading in COMMON.values():
        given = answers(reading)
        assert given["database"] in ("postgres", "mysql", "none")
        assert given["cache"] in ("redis", "none")

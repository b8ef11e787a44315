"""Every way of mutations.py in which production differs is told, and nothing else."""

from __future__ import annotations

import re

import pytest

from tests.schema import mutations
from tests.schema.conftest import CONTAINERS, NATIVE, PROGRAM, Drifted

pytestmark = pytest.mark.parametrize(("engine", "kind"), [*NATIVE, *CONTAINERS], indirect=True)


def expected(kind: str) -> list[str]:
    return [line for each in mutations.of(kind) for line in each.words[kind]]


def test_each_mutation_is_reported_in_words_and_nothing_else(drifted: Drifted, kind: str) -> None:
    told = drifted.words.stdout.splitlines()
    assert re.fullmatch(rf"server is {PROGRAM[kind]} 9\S+ in production, {PROGRAM[kind]} \d+ in compose.yaml", told[0])
    assert sorted(told[1:]) == sorted(expected(kind))
    assert len(mutations.of(kind)) >= 15
    hard = [line for line in told if not line.startswith(("soft: ", "  "))]
    assert drifted.words.code == 1
    assert drifted.words.error == f"error[1]: {len(hard)} differences between production and a fresh migration"
    assert drifted.words.hints[-1] == "if schema.sql is old: inv dev.schema dump --from DSN"


def test_the_same_for_programs(drifted: Drifted, kind: str) -> None:
    answer = drifted.json.json()
    assert drifted.json.code == 1
    assert answer["equal"] is False
    assert answer["server"]["production"].startswith(f"{PROGRAM[kind]} 9")
    assert len(answer["differences"]) == 1 + sum(not line.startswith("  ") for line in expected(kind))
    by_object = {(each["object"], each["aspect"]): each for each in answer["differences"]}
    assert by_object["column lesson.seats", "default"] == {
        "object": "column lesson.seats",
        "aspect": "default",
        "production": "20",
        "fresh": "10",
        "migration": "0003_lesson",
        "soft": False,
    }
    assert by_object["column lesson.by_hand", "existence"]["production"] is True
    assert by_object["table room", "column order"]["soft"] is True


def test_no_password_is_printed_or_kept(drifted: Drifted) -> None:
    assert "postgresql://reader@" in drifted.dump.stderr or "mysql://reader@" in drifted.dump.stderr
    for text in (drifted.dump.stderr, drifted.schema):
        assert not re.search("pass(%20| )word", text)


def test_the_only_rows_are_the_records_of_migrations(drifted: Drifted) -> None:
    rows = re.findall(r"^INSERT INTO (\S+)", drifted.schema, re.MULTILINE)
    assert {row.strip("`").rpartition(".")[2] for row in rows} == {"django_migrations"}

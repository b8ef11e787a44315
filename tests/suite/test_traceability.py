"""Every MUST has a reason, tests and breaches, every test names MUSTs, and every breach breaks one."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.suite import breaches
from tests.suite.conftest import CHECK

PAGE = CHECK.parents[2] / "CONTRACT.md"
ID = re.compile(r"\b(?:CFG|CMD|OUT|IMG|CMP|DATA|RES|STK|DEP|TPL)-\d+\b")
MUSTS = re.findall(r"^\| ([A-Z]+-\d+) \| (?:core|full) \| ", PAGE.read_text(), re.MULTILINE)
MARKED = re.compile(r'((?:@pytest\.mark\.contract\([^)]*\)\n)*)def (test_\w+)\(.*?\) -> None:\n    (""")?', re.DOTALL)
TESTS = {path.name: path.read_text() for path in sorted(CHECK.parent.glob("test_*.py"))}


def test_no_id_is_used_twice() -> None:
    assert not [must for must, count in Counter(MUSTS).items() if count > 1]


def test_every_row_is_one_sentence_with_a_version() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ") and ID.match(line[2:])]
    assert len(rows) == len(MUSTS)
    for row in rows:
        _, _must, _level, since, sentence, _ = (cell.strip() for cell in row.split("|"))
        assert "MUST" in sentence
        assert sentence.endswith(".")
        assert sentence.count(". ") == 0, sentence
        assert re.fullmatch(r"\d+\.\d+", since)


def test_every_must_has_one_reason_in_the_order_of_the_table() -> None:
    reasons = [line for line in PAGE.read_text().splitlines() if line.startswith("- ") and ID.match(line[2:])]
    assert [line[2:].partition(":")[0] for line in reasons] == MUSTS
    assert [line for line in reasons if not line.endswith(".")] == []


def test_every_must_has_a_test_in_the_file_of_its_area() -> None:
    for must in MUSTS:
        assert f'"{must}"' in TESTS[f"test_{must.partition('-')[0].lower()}.py"], must


@pytest.mark.parametrize("name", TESTS)
def test_every_test_names_musts_and_says_how_to_fix_them(name: str) -> None:
    marked = re.findall(
        r'((?:@pytest\.mark\.contract\([^)]*\)\n)*)def (test_\w+)\(.*?\) -> None:\n    (""")?', TESTS[name], re.S
    )
    assert marked
    for marks, test, docstring in marked:
        assert marks, f"{test} names no MUST"
        assert docstring, f"{test} does not say how to fix it"
        assert set(ID.findall(marks)) <= set(MUSTS), test


def test_every_must_has_a_breach() -> None:
    live = [breach for group in breaches.LIVE for breach in group]
    dependencies = [breach for group in breaches.DEPENDENCIES for breach in group]
    tried = breaches.ids([*breaches.STATIC, *live, *breaches.CONTAINERS, *dependencies])
    assert tried == set(MUSTS)

"""Which row comes first, and what people see."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from tests.messages import NO_FOLDER
from tools.fleet import page, rows, table
from tools.fleet.facts import Facts
from tools.fleet.listing import Repo
from tools.fleet.releases import Standing
from tools.fleet.rows import Row

MUST = {
    "id": "CMP-1",
    "status": "broken",
    "must": "Ports MUST be `private`.",
    "evidence": "app: 80",
    "fix": "Fix it.",
}


def row(name: str, standing: Standing | None = None, **facts: Any) -> Row:
    return Row(Repo(name, f"/{name}", False), Facts(service=name, **facts), standing or Standing("0.2.0"))


ORDERED = [
    row("lost", error="the folder does not exist"),
    row("two", broken=[MUST, MUST]),
    row("one", Standing("0.1.0", ("0.2.0",), 40), broken=[MUST], contract="1.2", level="core"),
    row("early", note="contract 1.0 has no numbered MUSTs"),
    row("stuck", Standing("0.1.0", ("0.2.0",), 3), conflicts=["Dockerfile"]),
    row("foreign", Standing("unknown commit 1234567", None)),
    row("older", Standing("0.1.0", ("0.2.0",), 41)),
    row("old", Standing("0.1.0", ("0.2.0",), 40), conflicts=[]),
    row("admits", deviations={"CMP-4": "see #1"}, unjudged=["CMD-2", "CMD-3"]),
    row("good"),
]


def test_the_worst_comes_first() -> None:
    shuffled = random.Random(1).sample(ORDERED, len(ORDERED))
    assert sorted(shuffled, key=rows.order) == ORDERED


def test_states_are_counted() -> None:
    assert rows.counts(ORDERED) == {
        "error": 1, "broken": 2, "not judged": 1, "conflicts": 1, "release unknown": 1, "behind": 2, "fine": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing("0.2.0"), ""),
        (Standing("0.1.0", ("0.2.0",), 0), "1 release, 0 d"),
        (Standing("0.1.0", ("0.2.0", "0.3.0"), None), "2 releases"),
        (Standing("unknown commit 1234567", None), "?"),
    ],
)
def test_behind_in_words(standing: Standing, said: str) -> None:
    assert rows.behind(standing) == said


def test_the_table() -> None:
    text = table.terminal([ORDERED[0], ORDERED[2]], "0.2.0")
    assert text == (
        "STATE   REPOSITORY  SERVICE  RELEASE  BEHIND           CONTRACT  BROKEN  WHY\n"
        f"error   lost        lost     0.2.0                                       {NO_FOLDER}\n"
        "broken  one         one      0.1.0    1 release, 40 d  1.2 core  CMP-1\n"
        "\n"
        "2 repositories: 1 error, 1 broken; newest release 0.2.0"
    )


def test_a_terminal_obeys_no_repository() -> None:
    text = table.terminal([row("bad\x1b[2Jname\nnext", error="a\tb\rc")], "")
    assert "\x1b" not in text
    assert "bad?[2Jname next" in text
    assert text.endswith("1 repository: 1 error; no release is out")


def test_the_page_escapes_everything() -> None:
    evil = '<script>alert("1")</script>'
    told = dict.fromkeys(("id", "status", "must", "evidence", "fix"), evil)
    standing = Standing(evil, (evil,), 1)
    facts = {"template": evil, "contract": evil, "level": evil, "note": evil, "unjudged": [evil], "broken": [told]}
    html = page.html([row(evil, standing, conflicts=[evil], deviations={evil: evil}, **facts)], evil, evil)
    assert "<script" not in html
    assert 'alert("1")' not in re.sub(r">[^<]*<", "><", html), "no attribute ends early"


def test_the_page_needs_nothing_beside_it_and_is_in_order() -> None:
    html = page.html(ORDERED, "0.2.0", "2026-11-25")
    assert not re.search(r"https?:|src=|url\(|<link|<script|@import", html)
    names = re.findall(r"<b>(\w+)</b><br>", html)
    assert names == [one.repo.name for one in ORDERED]
    assert "<code>private</code>" in html
    assert "conflicts: 1<" in html
    assert "left to a live run: 2<" in html

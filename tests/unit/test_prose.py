"""The check of the pages: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest

from maintain import prose


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# A page\n\nIt is fixed.\n", []),
        ("# A page\n\nMend it\nanew.\n", ["3: “Mend”: write fix, repair", "4: “anew”: write again, rebuilt"]),
        ("This is no port.\n", ["1: “is no port”: write is not a"]),
        ("There is no port.\n", []),
        ("It is no longer here.\n", []),
        ("This adds a stack more.\n", ["1: “a stack more”: write another"]),
        ("It takes a bit more time.\n", []),
        ("`anew` and [it](anew.md)\n\n```\nanew\n```\n", []),
        ("| a | anew |\n", ["1: “anew”: write again, rebuilt"]),
        ("x" * 121 + "\n", ["1: 121 characters; at most 120: wrap prose at 100"]),
        ("| " + "x " * 40 + "|" + " y" * 40 + " |\n", []),
        ("| " + "x" * 121 + " |\n", ["1: 123 characters; at most 120: write a list"]),
        (
            "word " * 41 + "end.\n",
            ["1: 209 characters; at most 120: wrap prose at 100", "1: a sentence of 42 words; at most 40"],
        ),
    ],
)
def test_findings(text: str, found: list[str]) -> None:
    assert list(prose.check("page", text)) == [f"page:{each}" for each in found]

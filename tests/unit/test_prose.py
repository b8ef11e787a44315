"""The check of the pages: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest

from maintain import prose


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# A page\n\nIt is fixed.\n", []),
        (
            "# A page\n\nBeside it\nso far.\n",
            ["3: “Beside”: write next to, compared with", "4: “so far”: write until now"],
        ),
        ("This is no port.\n", ["1: “is no port”: write is not a"]),
        ("There is no port.\n", []),
        ("It is no longer here.\n", []),
        ("This adds a stack more.\n", ["1: “a stack more”: write another"]),
        ("It takes a bit more time.\n", []),
        ("`beside` and [it](beside.md)\n\n```\nbeside\n```\n", []),
        ("| a | beside |\n", ["1: “beside”: write next to, compared with"]),
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

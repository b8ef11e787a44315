"""One JSON object, of which every text may become an environment variable."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.model import answers
from tests.messages import NOT_FOR_AN_ENVIRONMENT

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner),
    max_leaves=8,
)


@given(st.dictionaries(TEXT, JSON))
def test_an_object_comes_back_as_it_was_printed(value: dict[str, object]) -> None:
    assert answers.parse(json.dumps(value)) == answers.parse(json.dumps(value, ensure_ascii=False)) == value


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("all done", "'all done'"),
        ("", "''"),
        ("[1]", "'[1]'"),
        ('{"a": NaN}', "'{\"a\": NaN}'"),
        ('{"a": ' + "[" * 100_000, '\'{"a": [[[['),
        (r'{"secret": "a\u0000b"}', rf"one with 'a\x00b', {NOT_FOR_AN_ENVIRONMENT}"),
        (r'{"secret": "\ud800"}', rf"one with '\ud800', {NOT_FOR_AN_ENVIRONMENT}"),
        (r'{"a": [{"\udc00": 1}]}', rf"one with '\udc00', {NOT_FOR_AN_ENVIRONMENT}"),
    ],
)
def test_everything_else_is_reported_in_words(text: str, instead: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(instead)}"):
        answers.parse(text)


@given(TEXT)
def test_no_other_text_is_unfit(text: str) -> None:
    assert not re.search(answers.UNFIT, text)


@pytest.mark.parametrize("unfit", ["\0", "\ud800"])
def test_no_process_takes_what_is_unfit(unfit: str) -> None:
    assert re.search(answers.UNFIT, unfit)
    with pytest.raises(ValueError, match=r"null byte|surrogates not allowed"):
        subprocess.run([sys.executable, "-c", ""], env={"SECRET": unfit}, check=True)

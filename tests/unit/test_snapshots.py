"""What differs between a stored state and the checkout, in words."""

from __future__ import annotations

import pytest

from devenv.datastates.snapshots import difference

BEFORE = {"seeds/a.py": "1", "shop/migrations/0001.py": "1"}


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({**BEFORE, "seeds/a.py": "2"}, "other content of seeds/a.py"),
        ({**BEFORE, "shop/migrations/0002.py": "1"}, "other content of shop/migrations/0002.py"),
        ({}, "other content of seeds/a.py and 1 more file"),
        ({"seeds/a.py": "2", "uv.lock": "1"}, "other content of seeds/a.py and 2 more files"),
        (BEFORE, "another version of this checkout"),
    ],
)
def test_the_files_that_differ_are_named(now: dict[str, str], words: str) -> None:
    assert difference(BEFORE, now) == words

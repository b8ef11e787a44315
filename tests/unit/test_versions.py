"""Which versions have an order, and which of two is the higher one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.model import versions

numbers = st.lists(st.integers(0, 30), min_size=1, max_size=4)


def written(parts: list[int], prefix: str = "v") -> str:
    return prefix + ".".join(map(str, parts))


@pytest.mark.parametrize("version", ["main", "", "v", "1.", "v1.x", "v1.0-rc1", "release/1.0", "0a1b2c3", " 1", "1\n"])
def test_what_has_no_order(version: str) -> None:
    assert versions.order(version) is None
    assert versions.major(version) is None


@given(numbers, st.integers(0, 3), st.sampled_from(["", "v"]))
def test_a_prefix_and_trailing_zeros_make_no_other_version(parts: list[int], zeros: int, prefix: str) -> None:
    same = written(parts + [0] * zeros, prefix)
    assert versions.order(same) == versions.order(written(parts))
    assert versions.major(same) == parts[0]


@given(numbers, numbers)
def test_the_order_is_that_of_the_numbers(one: list[int], two: list[int]) -> None:
    width = max(len(one), len(two))
    padded = [parts + [0] * (width - len(parts)) for parts in (one, two)]
    first, second = versions.order(written(one)), versions.order(written(two))
    assert first is not None
    assert second is not None
    assert (first < second, first == second) == (padded[0] < padded[1], padded[0] == padded[1])


@pytest.mark.parametrize(
    ("tags", "current", "expected"),
    [
        ([], "v1.0", "v1.0"),
        (["v1.9", "v1.10", "v2.0"], "v1.0", "v1.10"),
        (["v1.1-rc1", "nightly"], "v1.0", "v1.0"),
        (["v0.9"], "v1.0", "v1.0"),
        (["v1.0.0"], "v1.0", "v1.0"),
        (["v1.0", "v2.0"], "main", "main"),
    ],
)
def test_an_upgrade_stays_within_the_major(tags: list[str], current: str, expected: str) -> None:
    assert versions.highest(tags, current) == expected

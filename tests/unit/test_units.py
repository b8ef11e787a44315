"""Sizes and durations as people write them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.model import units


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (1024, 1024), ("0", 0), ("512b", 512), ("1k", 1024), ("1KB", 1024), ("512M", 512 * 2**20), ("256mb", 2**28),
        ("1.5g", 3 * 2**29), ("1 g", 2**30), (" 2G ", 2**31), ("96.5MB", 101187584),
    ],
)  # fmt: skip
def test_sizes(text: str | int, size: int) -> None:
    assert units.size(text) == size


@pytest.mark.parametrize("text", ["", "b", "m", "x", "1x", "1.2.3m", "-1m", "inf", "nan", "1_0m", "0x10", "1e3"])
def test_invalid_sizes(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the callers word it
        units.size(text)


@given(st.integers(0, 2**40), st.sampled_from(["", "k", "m", "g", "K", "M", "G", "kb", "MB"]))
def test_a_size_written_out_is_read_back(number: int, unit: str) -> None:
    factor = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}[unit[:1].lower()]
    assert units.size(f"{number}{unit}") == number * factor


@pytest.mark.parametrize(
    ("text", "seconds"), [("200ms", 0.2), ("60s", 60), ("1m30s", 90), ("1.5h", 5400), ("50us", 5e-5), ("0s", 0)]
)
def test_durations(text: str, seconds: float) -> None:
    assert units.duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "60", "s", ".s", "1..5s", "1d", "-1s", "1 s", "60s\n", "1sx"])
def test_invalid_durations(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the callers word it
        units.duration(text)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_a_duration_written_out_is_read_back(hours: int, minutes: int, seconds: int, millis: int) -> None:
    expected = hours * 3600 + minutes * 60 + seconds + millis / 1000
    assert units.duration(f"{hours}h{minutes}m{seconds}s{millis}ms") == pytest.approx(expected)


@given(st.text(max_size=8))
def test_any_text_is_a_number_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert units.size(text) >= 0
    with suppress(ValueError):
        assert units.duration(text) >= 0

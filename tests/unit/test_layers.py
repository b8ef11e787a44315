"""Layers of fresh data: what of storing them waits until the app starts."""

from __future__ import annotations

import pytest

from devenv.base.errors import UNHEALTHY, DevError
from devenv.datastates import layers


def test_what_waits_is_done_once() -> None:
    done: list[str] = []
    with layers.storing() as later:
        later.append(lambda: done.append("schema"))
        layers.finish(later)
        later.append(lambda: done.append("default"))
        assert done == ["schema"]
    assert done == ["schema", "default"]


def stored(then: BaseException) -> list[str]:
    """What is done of two things that wait, of which the second one fails, if a later step raises `then`."""
    done: list[str] = []

    def full() -> None:
        raise DevError(UNHEALTHY, "the disk is full")

    def build() -> None:
        with layers.storing() as later:
            later += [lambda: done.append("schema"), full]
            raise then

    with pytest.raises(type(then), match=str(then)):
        build()
    return done


def test_what_waits_is_done_if_a_later_step_fails() -> None:
    """The schema is stored, although the seed after it failed. The seed's error is the one that is shown."""
    assert stored(DevError(UNHEALTHY, "the seed")) == ["schema"]


def test_what_waits_is_left_if_the_command_is_interrupted() -> None:
    assert stored(KeyboardInterrupt("by hand")) == []

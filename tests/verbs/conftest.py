"""The verbs on a real engine, through the real commands."""

from __future__ import annotations

from tests.verbs.fixtures import (  # noqa: F401
    built_repo,
    engine,
    first_up,
    first_ups,
    kept,
    listener,
    make_repo,
    repo,
    running,
    up_repo,
)

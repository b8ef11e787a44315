"""Libraries that are edited where services use them."""

from __future__ import annotations

from tests.verbs.fixtures import engine, make_repo  # noqa: F401

"""Services of every stack, as their engineers use them."""

from __future__ import annotations

from tests.verbs.fixtures import make_repo  # noqa: F401

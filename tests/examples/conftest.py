"""Applications that nobody here wrote, made into services as their owners would."""

from __future__ import annotations

from tests.verbs.fixtures import engine, kept  # noqa: F401

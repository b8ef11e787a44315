"""Machines that people have: hardened, behind a proxy, with their own certificates, with settings of git."""

from __future__ import annotations

from tests.verbs.fixtures import engine, make_repo, repo  # noqa: F401

"""Libraries that are edited where services use them."""

from __future__ import annotations

from tests.secrets.conftest import private, secret  # noqa: F401
from tests.verbs.fixtures import engine, make_repo  # noqa: F401

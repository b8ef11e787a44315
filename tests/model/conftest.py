"""The vendored tool as a package."""

from __future__ import annotations

"""The report as one page that needs nothing beside it."""

from __future__ import annotations

from conformance.report import Report


def html(report: Report) -> str:
    return ""

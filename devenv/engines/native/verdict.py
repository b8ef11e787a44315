"""A healthcheck that passed counts for its interval, as in Compose, where nobody asks more often either."""

from __future__ import annotations

import time
from pathlib import Path

from devenv.engines.native import processes

FILE = "healthy"


def note(unit: Path, passed: bool) -> None:
    """Write down what the healthcheck of the process that the record names has just said."""
    record = processes.read_record(unit)
    if passed and record:
        (unit / FILE).write_text(f"{record.pid}-{record.birth}")
    else:
        (unit / FILE).unlink(missing_ok=True)


def is_fresh(unit: Path, interval: float) -> bool:
    """Whether that process passed its healthcheck less than `interval` seconds ago."""
    record, file = processes.read_record(unit), unit / FILE
    try:
        young = 0 <= time.time() - file.stat().st_mtime < interval
        return young and record is not None and file.read_text() == f"{record.pid}-{record.birth}"
    except OSError:
        return False

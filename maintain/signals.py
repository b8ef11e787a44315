"""How a long run ends early: what it started is removed."""

from __future__ import annotations

import signal
import sys


def clean_up_at_sigterm() -> None:
    """Let SIGTERM end this process as Ctrl-C does, with its `finally` blocks."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))

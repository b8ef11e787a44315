"""The static part of the contract's suite, run many times in children of one process.

`python tests/contract/check.py --static` takes most of a second. Half of it is starting Python and importing pytest and
the tests. Here they are imported once, by `warm`; then each repository gets a fork of that process. The suite is called
like on the command line (arguments in, JSON and an exit code out): its tests stay the only definition of the MUSTs.
"""

from __future__ import annotations

import gc
import io
import json
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "tests" / "contract"
if str(HOME) not in sys.path:
    sys.path.append(str(HOME))


class Failed(Exception):
    """The suite could not judge; the message says why."""


def warm() -> None:
    """Import everything that a check needs, by one check of an empty folder. Call it before any fork."""
    with tempfile.TemporaryDirectory() as empty:
        static(Path(empty))
    gc.collect()
    gc.disable()  # a child lives for less than a second, and a collection would copy inherited pages


def static(folder: Path) -> dict[str, Any]:
    """The suite's JSON report on a folder, files only. Raises Failed."""
    import check

    out, err = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err):
            check.main([str(folder), "--static", "--json"])
    except SystemExit:
        raise Failed(reason(err.getvalue())) from None
    except Exception as error:  # one repository must not stop the check of others
        raise Failed(f"the suite itself failed: {type(error).__name__}: {error}") from error
    return dict(json.loads(out.getvalue()))


def reason(said: str) -> str:
    """The suite's error line. If the suite itself failed, the line before it, too, which names the place."""
    lines = [line for line in said.splitlines() if line.strip()]
    at = next((number for number, line in enumerate(lines) if line.startswith("error[")), None)
    if at is None:
        return lines[-1].strip() if lines else "the suite printed nothing"
    message = lines[at].partition(": ")[2]
    return f"{message}: {lines[at - 1].strip()}" if "suite itself" in message and at else message

"""Errors that a user can cause, with the codes of CONTRACT.md."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import NoReturn

AS_JSON = "ADOPT_ERRORS_AS_JSON"  # set by a caller that reports the error itself
FOUND, USAGE, MISSING, CONFIG, CONFLICT, LOSS = 1, 2, 110, 111, 113, 114


class Refusal(Exception):
    """The command ends without having changed any of the user's files. Caught in one place, `end`."""

    def __init__(self, code: int, message: str, *hints: str) -> None:
        super().__init__(message)
        self.code, self.hints = code, hints


def end(refusal: Refusal) -> NoReturn:
    """One error line on stderr, the hints after it, and the exit code. For programs, one line of JSON on stdout."""
    if os.environ.get(AS_JSON):
        print(json.dumps({"code": refusal.code, "message": str(refusal), "hints": refusal.hints}), flush=True)
        raise SystemExit(refusal.code)
    print(f"error[{refusal.code}]: {refusal}", *(f"hint: {hint}" for hint in refusal.hints), sep="\n", file=sys.stderr)
    raise SystemExit(refusal.code)


class Parser(argparse.ArgumentParser):
    """An argument parser with errors like ours."""

    def error(self, message: str) -> NoReturn:
        raise Refusal(USAGE, message, f"python {sys.argv[0]} --help")

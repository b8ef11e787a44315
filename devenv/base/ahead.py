"""The question which engine there is, begun while Python still imports what needs the answer."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

QUESTION = ("docker", "version", "--format", "{{.Server.Version}}{{range .Server.Components}}|{{.Name}}{{end}}")
MADE = ".dev/local/*.compose.json"  # what the engine on Docker leaves in a checkout
WITHOUT = ("dev.completion", "dev.explain")  # they need no engine
_begun: list[subprocess.Popen[str]] = []


def ask(words: Sequence[str], root: Path, environment: Mapping[str, str]) -> None:
    """Begin the query if this command line probably needs its answer: it takes a twentieth of a second."""
    needed = words and words[0].startswith("dev.") and words[0] not in WITHOUT
    if needed and environment.get("DEV_ENGINE", "") != "native" and any(root.glob(MADE)):
        quiet = subprocess.DEVNULL
        with suppress(OSError):  # without docker, the one that needs the answer finds out why
            _begun.append(
                subprocess.Popen(QUESTION, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, text=True, env=environment)
            )


def answer() -> str:
    """What the query printed, once; empty if it was not begun, or failed."""
    if not _begun:
        return ""
    begun = _begun.pop()
    out = begun.communicate()[0]
    return "" if begun.returncode else out

"""The question which engine there is, begun while Python still imports what needs the answer."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

QUESTION = ("docker", "version", "--format", "{{.Server.Version}}{{range .Server.Components}}|{{.Name}}{{end}}")
# What each engine leaves in a checkout.
IN_CONTAINERS, NATIVE = ".dev/local/*.compose.json", ".dev/local/native"
WITHOUT = ("dev.completion", "dev.explain")  # they need no engine
_begun: list[subprocess.Popen[str]] = []


def ask(words: Sequence[str], root: Path, environment: Mapping[str, str]) -> None:
    """Begin the query if this command line probably needs its answer: it takes a twentieth of a second."""
    if not words or not words[0].startswith("dev.") or words[0] in WITHOUT or environment.get("DEV_ENGINE") == "native":
        return
    if (root / NATIVE).exists() or not any(root.glob(IN_CONTAINERS)):
        return
    quiet, kept = subprocess.DEVNULL, subprocess.PIPE
    with suppress(OSError):  # without docker, the one that needs the answer finds out why
        begun = subprocess.Popen(QUESTION, stdin=quiet, stdout=kept, stderr=quiet, text=True, env=environment)
        _begun.append(begun)


def answer() -> str:
    """What the query printed, once; empty if it was not begun, or failed."""
    if not _begun:
        return ""
    begun = _begun.pop()
    out = begun.communicate()[0]
    return "" if begun.returncode else out

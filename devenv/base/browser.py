"""Opens a page in the user's browser, if this machine has one that the user sees."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from devenv.base import process


def command(url: str, env: Mapping[str, str]) -> list[str]:
    """The command that opens a page; empty over ssh and without a display.

    BROWSER wins, as editors set it to a program that opens pages on the user's side. `%s` in it is the URL.
    """
    chosen = env.get("BROWSER", "").partition(":")[0]
    if chosen:
        words = shlex.split(chosen)
        return [word.replace("%s", url) for word in words] if "%s" in chosen else [*words, url]
    if "SSH_CONNECTION" in env or "SSH_TTY" in env:
        return []
    if sys.platform == "darwin":
        return ["open", url]
    shown = env.get("DISPLAY") or env.get("WAYLAND_DISPLAY")
    programs = ["wslview", *(["xdg-open"] if shown else [])]  # wslview opens Windows' browser
    found = next((name for name in programs if shutil.which(name, path=env.get("PATH"))), "")
    return [found, url] if found else []


def open_page(url: str, log: Path) -> bool:
    """Open a page, and return at once; False without a browser. What the browser prints goes to `log`."""
    argv = command(url, os.environ)
    if not argv or not shutil.which(argv[0]):
        return False
    log.parent.mkdir(parents=True, exist_ok=True)
    process.echo(argv)
    process.spawn(argv, os.environ, log, log.parent)
    return True

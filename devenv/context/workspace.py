"""Chooses the workspace and the port, as functions of what is known (docs/decisions/, 5 and 3)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from devenv.base import disk, ports, process, records, system
from devenv.base.errors import CONFLICT, USAGE, DevError
from devenv.model import document, fingerprint

FOLDER_ID = Path(".dev", "local", "folder")
MAIN = "main"  # the workspace that uses the declared ports
LONGEST = 40  # characters of a workspace's name
NAME = r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?"


def choose(root: Path, service: str, given: str, environment: Mapping[str, str]) -> str:
    """The workspace: the flag, DEV_WORKSPACE, the one this checkout runs in, the worktree's name, `main`."""
    wanted = given or environment.get("DEV_WORKSPACE", "")
    if wanted:
        if not re.fullmatch(NAME, wanted):
            raise DevError(USAGE, f"{wanted} is not a valid workspace name", "lower case letters, digits and hyphens")
        return wanted
    running = records.workspaces_of(root, service) or _of_moved(root, service)
    return running[0] if len(running) == 1 else worktree_name(root) or MAIN


def worktree_name(root: Path) -> str:
    """A linked git worktree, and a service in one, gets a workspace named after the worktree; else empty."""
    pointer = next((path for path in (folder / ".git" for folder in (root, *root.parents)) if path.exists()), None)
    if not pointer or not pointer.is_file() or "/worktrees/" not in pointer.read_text():
        return ""
    name = pointer.parent.name
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if name.isascii() and plain and len(plain) <= LONGEST:
        return plain
    # What is left out is what it may differ by from another worktree.
    return f"{plain[: LONGEST - 7].strip('-') or 'worktree'}-{fingerprint.of_text(name)[:6]}"


def is_gone(checkout: str) -> bool:
    """Whether a checkout on record was moved or removed: it cannot object any more."""
    return not Path(checkout, "dev.yaml").is_file()


def service_name(checkout: str) -> str:
    """The service that a checkout's dev.yaml names; empty if that cannot be read."""
    try:
        found = document.load(Path(checkout, "dev.yaml")).data
    except DevError:
        return ""
    return str(found.get("service", "")) if isinstance(found, dict) else ""


def folder_id(root: Path) -> str:
    """An id of a checkout's folder; empty until `name_folder`. It stays when the folder is moved.

    No tracked file can tell: git writes those again when it switches branches. The folder's own inode may be reused.
    """
    try:
        return (root / FOLDER_ID).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def name_folder(root: Path) -> str:
    """`folder_id`, after giving the folder one if it has none."""
    if not folder_id(root):
        (root / FOLDER_ID).parent.mkdir(parents=True, exist_ok=True)
        disk.replace(root / FOLDER_ID, secrets.token_hex(8) + "\n", 0o644, lasting=False)
    return folder_id(root)


def _of_moved(root: Path, service: str) -> list[str]:
    """The workspaces in which this checkout ran at another path."""
    here = folder_id(root)
    known = [record for record in records.of_workspace() if record.service == service and record.checkout]
    return [r.workspace for r in known if here and r.up.get("folder") == here and is_gone(r.checkout)]


def another(name: str) -> str:
    """The name of another workspace, for a hint."""
    return f"{name[:38].rstrip('-')}-2"


def choose_port(
    declared: int, workspace: str, recorded: int, given: int, environment: Mapping[str, str], variable: str = "DEV_PORT"
) -> int:
    """The port: the flag, the variable, the one in the record, the declared one in `main`, else 0: a free one."""
    wanted = given or _number(variable, environment.get(variable, ""))
    if not 0 <= wanted <= 65535:
        raise DevError(USAGE, f"{wanted} is not a valid port", "use a whole number up to 65535, such as 18160")
    return wanted or recorded or (declared if workspace == MAIN else 0)


def _number(variable: str, text: str) -> int:
    if text and not re.fullmatch(r"[0-9]{1,5}", text):
        raise DevError(USAGE, f"{variable}={text} is not a valid port", f"use a whole number, such as {variable}=18160")
    return int(text or 0)


def check_port(port: int, service: str, hint: str = "") -> None:
    """DevError 113 if something listens on the port: what it is, and a command that takes another port."""
    if not ports.is_free(port):
        message = f"{service}: port {port} is taken by {_listener(port)}"
        raise DevError(CONFLICT, message, hint or f"inv dev.up --port {ports.draw()}")


def _listener(port: int) -> str:
    """Who listens on a port, in words. The engine is queried first: on ports of containers, its proxy listens."""
    publish = ["docker", "ps", "--filter", f"publish={port}", "--format", "{{.Names}}"]
    containers = process.capture(publish).stdout.split()
    return f"the container {containers[0]}" if containers else system.listener(port) or "a process of another user"

"""The costs of keeping the tools outside the service: the first command on a machine or in a service, an update."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

from maintain.bench.service import BIN, REPO, Service, bake
from tools.adopt import change, origin, releases
from tools.adopt.render import render
from tools.adopt.repository import find

COLD = "nothing cached but uv's packages; by hand: a shallow clone, `uv venv`, `uv pip sync`"
ANSWERS = {"service": "catalog", "stack": "django"}


def table(scratch: Path, rounds: int) -> list[str]:
    """Seconds of the first commands, compared with the same steps by hand; files of the last update."""
    template = scratch / "template.git"
    git("clone", "--quiet", "--bare", str(REPO), str(template))
    git("--git-dir", str(template), "update-ref", "refs/heads/bench", git("-C", str(REPO), "rev-parse", "HEAD"))
    first, second = (pinned(bake(scratch, name, rounds), template) for name in ("bench-first", "bench-second"))
    by_hand = timed(rounds, lambda: clear(scratch / "hand"), lambda: install_by_hand(first, template, scratch / "hand"))
    cold = timed(rounds, lambda: clear(scratch / "cache"), lambda: first.dev("--list"))
    another = timed(rounds, lambda: clear(second.root / ".dev" / "local"), lambda: second.dev("--list"))
    again = timed(3 * rounds, lambda: None, lambda: second.dev("--list"))
    old, new, files = last_update(scratch)
    return [
        "| the tools, until the first output | by hand, s | ours, s | ratio | at most |",
        "|---|---|---|---|---|",
        f"| {COLD} | {by_hand:.2f} | {cold:.2f} | {cold / by_hand:.2f} | 1.3 |",
        f"| the first command of a second service at the same commit | | {another:.2f} | | 1 s |",
        f"| each later command | | {again:.2f} | | |",
        f"| the update from {old} to {new} of an untouched Django service: files | | {files} | | 12 |",
    ]


def pinned(service: Service, template: Path) -> Service:
    """The service with the bare template as its own, so that no network takes part."""
    page = service.root / ".cruft.json"
    page.write_text(json.dumps({**json.loads(page.read_text()), "template": str(template)}, indent=2))
    return replace(service, env={**service.env, "XDG_CACHE_HOME": str(template.parent / "cache")})


def install_by_hand(service: Service, template: Path, folder: Path) -> None:
    """The same steps with git and uv alone, up to the same output."""
    tools, venv = folder / "tools", folder / "venv"
    git("clone", "--quiet", "--depth=1", "--branch=bench", f"file://{template}", str(tools))
    uv = shutil.which("uv", path=service.env["PATH"]) or str(BIN / "uv")
    service.call(uv, "venv", "--quiet", "--python", sys.executable, str(venv))
    requirements = str(tools / "devenv" / "requirements.txt")
    service.call(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(venv / "bin/python"), requirements)
    service.call(str(venv / "bin/python"), "-I", str(tools / "devenv"), "1", str(service.root), "--list")


def last_update(scratch: Path) -> tuple[str, str, int]:
    """The two highest releases, and how many files the update from one to the other changes."""
    old, new = releases.read(REPO)[-2:]
    service = scratch / "updated"
    made = render(REPO, old.commit, ANSWERS)
    for name, entry in made.files.items():
        (service / name).parent.mkdir(parents=True, exist_ok=True)
        (service / name).write_bytes(entry.content)
    state = {"template": str(REPO), "commit": old.commit, "context": {"cookiecutter": made.answers}}
    (service / ".cruft.json").write_bytes(origin.written(state).content)
    who = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
    git("-C", str(service), "init", "--quiet")
    git("-C", str(service), "add", "--all")
    git("-C", str(service), *who, "commit", "--quiet", "--message", "first")
    return old.version, new.version, len(change.compute(find(service), REPO, new.version).files)


def timed(rounds: int, before: Callable[[], object], step: Callable[[], object]) -> float:
    """The median of seconds."""
    found = []
    for _ in range(rounds):
        before()
        start = time.monotonic()
        step()
        found.append(time.monotonic() - start)
    return median(found)


def clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def git(*words: str) -> str:
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout.strip()

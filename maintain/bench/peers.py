"""Other tools doing the same work, if they can; installed from PyPI for the measurement, at these versions."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from maintain.bench.service import BIN, Service, bake, has_docker, supports

DEVSERVICES, HONCHO = "devservices==1.5.4", "honcho==2.0.0"
HEAD = ["| the same work, s until healthy | the other | ours | ratio |", "|---|---|---|---|"]


def table(scratch: Path, rounds: int) -> list[str]:
    """A row for each peer that can do the work here."""
    rows = list(HEAD)
    if has_docker():
        rows.append(beside_devservices(scratch, bake(scratch, "bench-peer", rounds).on("compose")))
    alone = bake(scratch, "bench-alone", rounds, database="none").on("native")
    if supports(alone, "native"):
        rows.append(beside_honcho(scratch, alone))
    return rows


def installed(scratch: Path, requirement: str) -> Path:
    """The programs of a package in a separate environment."""
    folder = scratch / requirement.partition("=")[0]
    subprocess.run([str(BIN / "uv"), "venv", "--quiet", str(folder)], check=True)
    install = [str(BIN / "uv"), "pip", "install", "--quiet", "--python", str(folder), requirement]
    subprocess.run(install, check=True)
    return folder / "bin"


def line(words: str, other: float, ours: float) -> str:
    """A row of the table."""
    return f"| {words} | {other:.1f} | {ours:.1f} | {ours / other:.2f} |"


def beside_devservices(scratch: Path, service: Service) -> str:
    """Both stopped before, with images and data; devservices does not query a registry."""
    service.dev("dev.up")
    ours = service.median(partial(service.dev, "dev.down"), partial(service.dev, "dev.up"))
    config = composed(service)
    service.dev("dev.down")
    programs = installed(scratch, DEVSERVICES)
    peer = prepared(scratch, service, config)
    up, down = [str(programs / "devservices"), "up", "--offline"], [str(programs / "devservices"), "down"]
    peer.call(*up)
    other = peer.median(partial(peer.call, *down), partial(peer.call, *up))
    peer.call(*down)
    service.destroy()
    return line(f"warm, app and database in containers: {DEVSERVICES}", other, ours)


def prepared(scratch: Path, service: Service, config: dict[str, Any]) -> Service:
    """A repository for devservices in a separate home, which it uses if it detects CI."""
    own = {"HOME": str(scratch), "CI": "true", "DEVSERVICES_DISABLE_SENTRY": "1"}
    peer = replace(service, root=scratch / "code" / service.name, env={**service.env, **own})
    (peer.root / "devservices").mkdir(parents=True)
    (peer.root / "devservices" / "config.yml").write_text(json.dumps(config))
    settings = scratch / ".config" / "sentry-devenv" / "config.ini"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"[devenv]\ncoderoot = {scratch / 'code'}\n")
    subprocess.run(["git", "init", "-q", str(peer.root)], check=True)
    return peer


def composed(service: Service) -> dict[str, Any]:
    """Our compose.yaml as devservices wants it: the image that is built, its label, no network of others."""
    found: dict[str, Any] = json.loads(service.compose("config", "--format", "json"))
    for name, container in found["services"].items():
        if container.pop("build", None):
            container["image"] = f"{service.project}-{name}"
        container.update(labels=["orchestrator=devservices"], restart="unless-stopped", networks={"default": None})
        container.pop("secrets", None)
    names = list(found["services"])
    needed = {name: {"description": name} for name in names}
    about = {"version": 0.1, "service_name": service.name, "dependencies": needed}
    volumes: dict[str, Any] = {name: {} for name in found.get("volumes", {})}
    own = {**about, "modes": {"default": names}}
    return {"x-sentry-service-config": own, "services": found["services"], "volumes": volumes}


def beside_honcho(scratch: Path, service: Service) -> str:
    """One process without a database, since a Procfile does not wait for one."""
    service.dev("dev.up")
    url = service.status()["url"]
    ours = service.median(partial(service.dev, "dev.down"), partial(service.dev, "dev.up"))
    lines = service.dev("dev.run", "--", "env", "-0").split("\0")
    given = dict(entry.split("=", 1) for entry in lines if "=" in entry)
    service.dev("dev.down")
    port = url.rpartition(":")[2]
    (service.root / "Procfile").write_text(f"web: python manage.py runserver 127.0.0.1:{port}\n")
    honcho = [str(installed(scratch, HONCHO) / "honcho"), "start"]
    start = partial(started, honcho, replace(service, env={**service.env, **given}), f"http://127.0.0.1:{port}/health")
    other = median(start() for _ in range(service.rounds))
    service.destroy()
    return line(f"warm, an app alone and natively: {HONCHO}", other, ours)


def started(argv: list[str], service: Service, url: str) -> float:
    """Seconds until the page answers; stopped again."""
    begin = time.monotonic()
    how: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    process = subprocess.Popen(argv, cwd=service.root, env=service.env, **how)
    try:
        until(lambda: answers(url) or process.poll() is not None)
        if process.poll() is not None:
            sys.exit(f"{' '.join(argv)} ended with {process.returncode}")
        return time.monotonic() - begin
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.02)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False

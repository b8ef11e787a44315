"""What is added to a service's compose files, where the machine decides it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from devenv.engines import additions
from devenv.engines.interface import Place
from devenv.engines.secrets import Secrets
from devenv.model import services

COMPOSE = "services: {app: {build: .}}\n"


def added(root: Path, monkeypatch: pytest.MonkeyPatch, system: str, install: bool = True) -> dict[str, Any]:
    """The part of the app, while an engine says that it runs on this system."""
    (root / "docker").write_text(f"#!/bin/sh\n[ $1 = info ] && echo {system}\n")
    (root / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{root}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/tmp/agent")
    monkeypatch.setattr("sys.platform", "linux")
    (root / "compose.yaml").write_text(COMPOSE)
    found = services.load(root / "compose.yaml", {})
    variables = {"DEV_UID": "1000", "DEV_GID": "1001"}
    place = Place(
        *(root, "main", "service", "app", "compose.yaml", "", found, variables, {}, "devenv-main", {}),
        secrets=Secrets(ssh=True),
    )
    part: dict[str, Any] = json.loads((root / additions.file(place, install)).read_text())["services"]["app"]
    return part


def test_a_package_manager_gets_the_ssh_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = added(tmp_path, monkeypatch, "Debian")
    sources = {mount["target"]: mount["source"] for mount in part["volumes"]}
    assert sources[part["environment"]["SSH_AUTH_SOCK"]] == "/tmp/agent"
    assert "dev:x:1000:1001:" in Path(sources["/etc/passwd"]).read_text()
    assert "user" not in part
    part = added(tmp_path, monkeypatch, "Debian", install=False)
    assert part["build"]["ssh"] == ["default"]
    assert "SSH_AUTH_SOCK" not in part.get("environment", {})


def test_in_a_virtual_machine_it_is_the_agent_that_the_engine_forwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = added(tmp_path, monkeypatch, "Docker Desktop")
    assert part["volumes"][0]["source"] == "/run/host-services/ssh-auth.sock"
    assert part["user"] == "0:0", "root alone may use it"

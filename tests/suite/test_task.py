"""`contract.check` in a generated repository: it fetches the suite of the repository's template version once."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]


def run(repo: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    argv = [str(repo / ".dev/run"), "contract.check", *words]
    return subprocess.run(argv, cwd=repo, env={**os.environ, **env}, capture_output=True, text=True, check=False)


@pytest.fixture
def catalog(bake: Callable[..., Path]) -> Path:
    repo = bake("django", service="catalog")
    subprocess.run(["git", "-C", str(repo), "init", "-q"], check=True)
    return repo


def test_it_is_fetched_once_and_then_works_offline(catalog: Path, tmp_path: Path) -> None:
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    first = run(catalog, "--static", "--json", **cache)
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["kept"] is True
    path = catalog / ".cruft.json"
    known = json.loads(path.read_text())
    offline = {"UV_OFFLINE": "1", "PIP_NO_INDEX": "1", "GIT_ALLOW_PROTOCOL": "none"}
    second = run(catalog, "--static", "--json", **cache, **offline)
    assert second.returncode == 0, second.stderr
    path.write_text(json.dumps({**known, "commit": "0" * 40}))
    third = run(catalog, "--static", **cache)
    assert third.returncode == 110
    assert third.stderr.count("error[") == 1


def test_a_broken_must_is_exit_1_and_one_error_line(catalog: Path) -> None:
    path = catalog / "compose.yaml"
    path.write_text(path.read_text().replace('"127.0.0.1:', '"'))
    done = run(catalog, "--static", "--only", "CMP-1")
    assert done.returncode == 1
    assert "✗ CMP-1" in done.stdout
    assert [line for line in done.stderr.splitlines() if line.startswith("error[")] == [
        "error[1]: the contract is not kept"
    ]


def test_a_repository_without_a_template_gets_a_hint(catalog: Path) -> None:
    (catalog / ".cruft.json").unlink()
    done = run(catalog, "--static")
    assert done.returncode == 111
    assert "hint: " in done.stderr


def test_an_error_of_usage_is_printed_once(catalog: Path) -> None:
    done = run(catalog, "--only", "XYZ-1")
    assert done.returncode == 2
    assert done.stderr.count("error[") == 1


def test_from_a_checkout_of_the_template_it_takes_any_path(catalog: Path) -> None:
    done = subprocess.run(
        ["inv", "contract.check", str(catalog), "--static", "--only", "CMP-1"],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "✓ CMP-1" in done.stdout

"""action.yml, run as the runner of a workflow does."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def run(repo: Path, temporary: Path, flags: str) -> subprocess.CompletedProcess[str]:
    (step,) = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    env = {"GITHUB_ACTION_PATH": str(ROOT), "RUNNER_TEMP": str(temporary), "CHECKED": str(repo), "FLAGS": flags}
    assert set(step["env"]) <= set(env)
    argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(argv, env={**os.environ, **env}, cwd=repo, capture_output=True, text=True, check=False)


def test_it_reports_in_three_ways_and_fails_when_something_is_broken(specimen: Path, tmp_path: Path) -> None:
    done = run(specimen, tmp_path, "--static")
    assert done.returncode == 0, done.stderr
    assert "✓ CMP-1" in done.stdout
    path = specimen / "compose.yaml"
    path.write_text(path.read_text().replace('"127.0.0.1:', '"'))
    assert run(specimen, tmp_path, "--static --only CMP-1").returncode == 1
    assert (tmp_path / "contract.xml").stat().st_size
    assert (tmp_path / "contract.html").stat().st_size

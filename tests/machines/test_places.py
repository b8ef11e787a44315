"""Where people keep their work, and with which Python and language: real verbs there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import python_of, run_quietly
from tests.machines.conditions import full_temporary, read_only
from tests.machines.test_doctor import native, no_settings  # noqa: F401
from tests.messages import OR_NEWER
from tests.verbs.fixtures import MakeRepo, removed_after
from tests.verbs.repo import Repo

VERBS = [
    ["dev.up"],
    ["dev.status"],
    ["dev.run", "--", "python", "manage.py", "check"],
    ["dev.logs", "--tail", "1"],
    ["dev.snapshot", "one"],
    ["dev.reset"],
    ["dev.restore", "one"],
    ["dev.down"],
]


def with_python(repo: Repo, version: str, folder: Path) -> Repo:
    """A machine whose python3 is of this version, and on which nothing of ours was installed yet."""
    (folder / "bin").mkdir()
    (folder / "bin/python3").symlink_to(python_of(version))
    repo.env.update(PATH=f"{folder / 'bin'}:/usr/bin:/bin:/usr/sbin", XDG_CACHE_HOME=str(folder / "cache"))
    return repo


BETWEEN = [pytest.param(version, marks=pytest.mark.slow) for version in ("3.10", "3.11", "3.12", "3.13")]


@pytest.mark.parametrize("version", ["3.9", *BETWEEN, "3.14"])
def test_the_launcher_runs_on_it(native: Repo, tmp_path: Path, version: str) -> None:  # noqa: F811
    repo = with_python(native, version, tmp_path)
    repo.ok("dev.plan")
    assert repo.ok("dev.run", "--help").code == 0


def test_an_older_python_is_refused(native: Repo, tmp_path: Path) -> None:  # noqa: F811
    done = with_python(native, "3.8", tmp_path).fails(110, "dev.plan")
    assert f"Python 3.9 {OR_NEWER}" in done.error


@pytest.mark.parametrize(
    ("folder", "locale"),
    [
        pytest.param("a 'quoted' \"folder\" of mine", "C", id="quotes"),
        pytest.param("Büro & Söhne", "tr_TR.UTF-8", id="umlauts"),
        pytest.param("plain", "C", id="plain", marks=pytest.mark.slow),
    ],
)
def test_verbs_in_a_folder_with_a_language(make_repo: MakeRepo, tmp_path: Path, folder: str, locale: str) -> None:
    (tmp_path / folder).mkdir()
    with removed_after(make_repo(into=tmp_path / folder)) as repo:
        repo.env.update(LC_ALL=locale, LANG=locale)
        for words in VERBS:
            repo.ok(*words)


def test_a_checkout_that_cannot_be_written_to(native: Repo, tmp_path: Path) -> None:  # noqa: F811
    done = read_only(native, tmp_path).fails(110, "dev.up")
    assert "Read-only file system" in done.error
    assert [hint for hint in done.hints if hint.startswith("D25 cannot be written to")], done


def test_no_room_for_temporary_files(native: Repo, tmp_path: Path) -> None:  # noqa: F811
    repo = full_temporary(native, tmp_path)
    repo.how += f" && {{ dd if=/dev/zero of='{tmp_path}/tmp/full' bs=64k 2>/dev/null; true; }}"  # type: ignore[attr-defined]
    done = repo.run("dev.up")
    repo.run("dev.destroy", "--yes")
    assert done.code in (0, 110, 112), done
    assert done.code == 0 or [hint for hint in done.hints if hint.startswith("D24")], done


@pytest.mark.parametrize("version", ["1.7.3", "2.1.1"])
def test_an_older_cookiecutter_is_refused_at_once(template: Path, tmp_path: Path, version: str) -> None:
    """Debian 12 has 2.1.1, and older systems 1.7."""
    venv, made = tmp_path / "venv", tmp_path / "made"
    made.mkdir()
    install = ["uv", "pip", "install", "--quiet", "--python", str(venv / "bin/python"), f"cookiecutter=={version}"]
    run_quietly("uv", "venv", "--quiet", "--python", sys.executable, venv)
    run_quietly(*install)
    argv = [str(venv / "bin/cookiecutter"), "--no-input", "--output-dir", str(made), str(template), "stack=django"]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode != 0
    assert f"error[110]: cookiecutter {version} is too old" in done.stderr + done.stdout
    assert list(made.iterdir()) == []

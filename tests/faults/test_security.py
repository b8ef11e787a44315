"""docs/security.md: the first example, as typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.verbs.repo import Repo

PAGE = (Path(__file__).resolve().parents[2] / "docs/security.md").read_text()
TYPED, ERROR, *HINTS = PAGE.split("```console\n")[1].split("\n```")[0].splitlines()
REQUIRES = "requires: {lms: {repo: 'https://github.com/other/lms', version: v1.0.0}}\n"


@pytest.fixture
def stranger(files: Repo, tmp_path: Path) -> Repo:
    """A service that requires a repository of an owner who is new on this machine."""
    files.env.update(DEV_ENGINE="native", XDG_CONFIG_HOME=str(tmp_path / "home/.config"))
    with (files.path / "dev.yaml").open("a") as stream:
        stream.write(REQUIRES)
    return files


def test_the_code_of_a_new_owner_waits_for_an_answer(stranger: Repo, tmp_path: Path) -> None:
    assert TYPED == "$ inv dev.up"
    done = stranger.fails(110, "dev.up")
    assert done.error == ERROR
    assert [f"hint: {hint}".replace(f"{tmp_path}/home", "~") for hint in done.hints] == HINTS
    assert done.commands == []


@pytest.mark.parametrize("words", [["dev.plan"], ["dev.lock"], ["dev.lock", "--upgrade", "lms"]])
def test_the_other_verbs_wait_too(stranger: Repo, words: list[str]) -> None:
    assert stranger.fails(110, *words).error == ERROR

"""Which release a commit is, what it lacks, and since when."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.conftest import once, run_quietly
from tests.gitrepo import commit, git
from tools.adopt.errors import CONFIG, Refusal
from tools.adopt.releases import named, order, parse, read, version_of
from tools.fleet import releases
from tools.fleet.releases import Standing

TODAY = date(2026, 11, 25)
TEXT = """\
# VERSION COMMIT
0.1.0 {a}
0.9.0 {b}
0.10.0 {c}
0.11.0 unreleased
"""
LETTERS = "0adbce"


def make_line(folder: Path) -> None:
    """A history without branches, ten days between two commits, `e` made today; its list is one commit later."""
    run_quietly("git", "init", "--quiet", "--initial-branch=main", folder)
    made = {}
    for age, letter in zip(range(50, -1, -10), LETTERS):
        made[letter] = commit(folder, letter, GIT_COMMITTER_DATE=f"{TODAY - timedelta(days=age)}T12:00:00+0000")
    (folder / "releases.txt").write_text(TEXT.format(**made))
    commit(folder, "list")


@pytest.fixture(scope="session")
def line(shared: Path, nobodys_home: Path) -> Path:
    return once(shared / "line", make_line)


def full(line: Path, letter: str) -> str:
    """The commit of a letter; of one that is not in the history, something that might be one."""
    return git(line, "log", "-1", "--format=%H", f"--grep=^{letter}$") or letter * 40


def standing(line: Path, commit: str, today: date = TODAY) -> Standing:
    return releases.standing(commit, read(line), line, today)


def test_versions_have_their_order_and_what_is_not_out_is_none(line: Path) -> None:
    assert [release.version for release in read(line)] == ["0.1.0", "0.9.0", "0.10.0"]
    assert sorted(["0.10.0", "0.9.0+3", "before 0.1.0", "0.1.0"], key=order) == [
        "before 0.1.0", "0.1.0", "0.9.0+3", "0.10.0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("letter", "expected"),
    [
        ("a", Standing("0.1.0", ("0.9.0", "0.10.0"), 20)),
        ("d", Standing("0.1.0+1", ("0.9.0", "0.10.0"), 20)),
        ("b", Standing("0.9.0", ("0.10.0",), 10)),
        ("c", Standing("0.10.0")),
        ("e", Standing("0.10.0+1")),
        ("0", Standing("before 0.1.0", ("0.1.0", "0.9.0", "0.10.0"), 40)),
        ("f", Standing("unknown commit fffffff", None)),
    ],
)
def test_the_standing_of_a_commit_among_the_releases(line: Path, letter: str, expected: Standing) -> None:
    commit = full(line, letter)
    assert standing(line, commit) == expected
    assert releases.standings([commit, commit], read(line), line, TODAY) == {commit: expected}


def test_days_are_never_negative(line: Path) -> None:
    assert standing(line, full(line, "b"), TODAY - timedelta(days=1)).days == 9
    assert standing(line, full(line, "b"), TODAY - timedelta(days=99)).days == 0


def test_a_shallow_clone_knows_releases_and_no_days(line: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{line}", "shallow")
    shallow = tmp_path / "shallow"
    assert standing(shallow, full(line, "a")) == Standing("0.1.0", ("0.9.0", "0.10.0"), None)
    for one in (full(line, "d"), git(shallow, "rev-parse", "HEAD")):
        assert standing(shallow, one) == Standing(f"unknown commit {one[:7]}", None)


def test_no_template_and_no_release(line: Path) -> None:
    assert standing(line, "") == Standing("none")
    assert releases.standing(full(line, "a"), [], line, TODAY) == Standing("unreleased")


@pytest.mark.parametrize("name", ["HEAD", "main", "--output=x", "?", "f" * 64, "F" * 40])
def test_a_name_is_not_a_commit(line: Path, name: str) -> None:
    assert standing(line, name).missing is None
    with pytest.raises(Refusal) as refused:
        version_of(line, name, read(line))
    assert refused.value.code == CONFIG
    assert not (line / "x").exists()


def test_what_no_release_is_in_has_a_name_that_a_branch_can_have(line: Path) -> None:
    first = full(line, "0")
    found = named(line, first)
    assert (found.version, found.order) == (f"unreleased-{first[:7]}", ())
    assert named(line, "main").version == "0.10.0+2"
    assert parse("") == []


def test_inside_a_hook_of_another_repository(line: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = standing(line, full(line, "d")), releases.identity(line)
    commit = full(line, "d")
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert (standing(line, commit), releases.identity(line)) == expected

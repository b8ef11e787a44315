"""Which release a commit is, what it lacks, and since when."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from tools.adopt.releases import parse
from tools.fleet import releases
from tools.fleet.releases import Standing

NOW = datetime(2026, 11, 25, 12, tzinfo=timezone.utc)
TEXT = """\
# VERSION COMMIT
0.1.0 {a}
0.9.0 {b}
0.10.0 {c}
0.11.0 unreleased
"""


def full(letter: str) -> str:
    return letter * 40


RELEASES = parse(TEXT.format(**{letter: full(letter) for letter in "abc"}))


class Line:
    """A history without branches: `0` `a` `d` `b` `c` `e`, ten days between two of them, the last one made now."""

    commits = tuple(map(full, "0adbce"))

    def knows(self, commit: str) -> bool:
        return commit in self.commits

    def contains(self, commit: str, ancestor: str) -> bool:
        return self.commits.index(ancestor) <= self.commits.index(commit)

    def distance(self, commit: str, ancestor: str) -> int:
        return self.commits.index(commit) - self.commits.index(ancestor)

    def date(self, commit: str) -> datetime | None:
        return NOW - timedelta(days=10 * (len(self.commits) - 1 - self.commits.index(commit)))


class Shallow(Line):
    """One that knows nothing."""

    def knows(self, commit: str) -> bool:
        return False

    def date(self, commit: str) -> datetime | None:
        return None


def test_versions_have_their_order_and_what_is_not_out_is_none() -> None:
    assert [release.version for release in RELEASES] == ["0.1.0", "0.9.0", "0.10.0"]


@pytest.mark.parametrize(
    ("commit", "standing"),
    [
        ("a", Standing("0.1.0", ("0.9.0", "0.10.0"), 20)),
        ("d", Standing("0.1.0+1 commit", ("0.9.0", "0.10.0"), 20)),
        ("b", Standing("0.9.0", ("0.10.0",), 10)),
        ("c", Standing("0.10.0")),
        ("e", Standing("0.10.0+1 commit")),
        ("0", Standing("before 0.1.0", ("0.1.0", "0.9.0", "0.10.0"), 40)),
        ("f", Standing("unknown commit fffffff", None)),
    ],
)
def test_a_commit_stands_among_the_releases(commit: str, standing: Standing) -> None:
    assert releases.standing(full(commit), RELEASES, Line(), NOW) == standing


def test_days_are_whole_and_never_negative() -> None:
    assert releases.standing(full("b"), RELEASES, Line(), NOW - timedelta(hours=1)).days == 9
    assert releases.standing(full("b"), RELEASES, Line(), NOW - timedelta(days=99)).days == 0


def test_a_shallow_clone_knows_releases_and_no_dates() -> None:
    assert releases.standing(full("a"), RELEASES, Shallow(), NOW) == Standing("0.1.0", ("0.9.0", "0.10.0"), None)
    assert releases.standing(full("d"), RELEASES, Shallow(), NOW).missing is None


def test_no_template_and_no_release() -> None:
    assert releases.standing("", RELEASES, Line(), NOW) == Standing("none")
    assert releases.standing(full("a"), [], Line(), NOW) == Standing("unreleased")


def test_a_name_is_no_commit() -> None:
    assert releases.standing("HEAD", RELEASES, Line(), NOW).missing is None
    assert releases.Checkout().knows("f" * 40) is False

"""What a line of the list means."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.adopt.errors import USAGE, Refusal
from tools.fleet import listing

BASE = Path("/lists")


def test_comments_blank_lines_and_repeated_ones_are_left_out() -> None:
    text = "# ours\n\n  catalog  \n/lists/catalog\n\t# theirs\nlms\n"
    assert [(repo.name, repo.where) for repo in listing.parse(text, BASE)] == [
        ("catalog", "/lists/catalog"),
        ("lms", "/lists/lms"),
    ]


def test_the_first_of_repeated_ones_keeps_its_place() -> None:
    assert [repo.name for repo in listing.parse("a\nb\na\n/lists/b\n", BASE)] == ["a", "b"]


@pytest.mark.parametrize("line", ["~nosuchuser/x", "a\0b", "https://host/a\0b", "git@host:a\0b"])
def test_a_line_that_is_none_says_why_and_the_others_are_read(line: str) -> None:
    bad, good = listing.parse(f"{line}\nlms\n", BASE)
    assert (bad.name, bool(bad.error)) == (line, True)
    assert (good.where, good.error) == ("/lists/lms", "")


@pytest.mark.parametrize(
    "line",
    ["https://host/team/lms.git", "git@host:lms.git", "git@host:team/lms", "https://host/lms/", "../lms", "/srv/lms"],
)
def test_what_a_clone_would_be_called(line: str) -> None:
    assert listing.parse(line, BASE)[0].folder == "lms"


@pytest.mark.parametrize(
    "line",
    ["https://git.example.org/lms", "ssh://git@host:22/lms", "git@host.example:team/lms.git", "file:///srv/lms"],
)
def test_urls(line: str) -> None:
    (found,) = listing.parse(line, BASE)
    assert (found.is_url, found.where) == (True, line)


@pytest.mark.parametrize("line", ["../lms", "/srv/lms", "with space", "--upload-pack=true", "ünï", "a#b"])
def test_paths(line: str) -> None:
    (found,) = listing.parse(line, BASE)
    assert not found.is_url
    assert found.where.startswith("/")


def test_home_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert listing.parse("~/lms", BASE)[0].where == "/home/ada/lms"


@pytest.mark.parametrize("secret", ["t0ken", "t0k@en"])
def test_a_password_is_used_and_not_shown(secret: str) -> None:
    (found,) = listing.parse(f"https://ci:{secret}@git.example.org/lms", BASE)
    assert found.name == "https://git.example.org/lms"
    assert found.where == f"https://ci:{secret}@git.example.org/lms"


@pytest.mark.parametrize("text", [None, b"", b"# nothing\n", b"\xff\xfe"])
def test_a_list_that_is_none_is_refused(tmp_path: Path, text: bytes | None) -> None:
    path = tmp_path / "fleet.txt"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(Refusal) as refused:
        listing.read(str(path))
    assert refused.value.code == USAGE
    assert refused.value.hints

"""The same name, the same content; and patterns as pathlib reads them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devenv.model import fingerprint

names = st.text(alphabet="abc", min_size=1, max_size=2)
contents = st.dictionaries(names, st.one_of(st.none(), st.binary(max_size=9), st.just(b"not there")), max_size=4)


def write(root: Path, files: dict[str, bytes | None]) -> list[Path]:
    for name, content in files.items():
        if content is not None:
            (root / name).write_bytes(content)
    return [root / name for name in files]


def of(files: dict[str, bytes | None]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return fingerprint.of_files(Path(folder), write(Path(folder), files))


@given(contents, st.randoms())
def test_neither_order_nor_repetition_nor_place_counts(files: dict[str, bytes | None], random: object) -> None:
    shuffled = list(files.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        paths = write(Path(folder), dict(shuffled))
        assert fingerprint.of_files(Path(folder), paths + paths) == of(files)


@given(contents, contents)
@example({"a": None}, {"a": b"not there"})
@example({"a": None}, {"a": b""})
@example({"a": None}, {})
def test_two_are_the_same_only_if_all_files_are(one: dict[str, bytes | None], two: dict[str, bytes | None]) -> None:
    assert (of(one) == of(two)) == (one == two)


@given(
    st.lists(st.text(alphabet="ab", max_size=2), max_size=3), st.lists(st.text(alphabet="ab", max_size=2), max_size=3)
)
def test_texts_are_kept_apart(one: list[str], two: list[str]) -> None:
    assert (fingerprint.of_text(*one) == fingerprint.of_text(*two)) == ((one or [""]) == (two or [""]))


def test_the_fingerprint_is_short() -> None:
    assert len(of({"a": b"x"})) == len(fingerprint.of_text("a")) == 16


def test_a_name_that_is_not_utf8_counts_too(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.sql")
    path.write_text("x")
    assert fingerprint.matching(tmp_path, ["*.sql"]) == [path]
    assert fingerprint.of_files(tmp_path, [path]) != fingerprint.of_files(tmp_path, [])


# ---- patterns

PATTERNS = (
    "**/migrations/*.py", "migrations/*.py", "seeds/**", "uv.lock", "**/*.py", "*.py", "a/*/b.py", "?.py",
    "a/**/b.py", "*",
)  # fmt: skip
parts = st.sampled_from(["a", "b", "ab", "migrations", "seeds", ".hidden"])
files = st.builds(
    lambda folders, name: "/".join([*folders, name]),
    st.lists(parts, max_size=3),
    st.sampled_from(["b.py", "ab.py", "uv.lock", "x.json", ".py", "py"]),
)


@given(st.sets(files, max_size=6), st.sampled_from(PATTERNS), st.sampled_from(PATTERNS))
def test_patterns_mean_what_they_mean_to_pathlib(present: set[str], first: str, second: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in present:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).touch()
        # Up to Python 3.12, `**` at the end of a pattern meant folders only.
        globs = [f"{p}/*" if p.endswith("**") else p for p in (first, second)]
        expected = {path for glob in globs for path in root.glob(glob) if path.is_file()}
        assert fingerprint.matching(root, [first, second]) == sorted(expected)


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("**/migrations/*.py", "migrations/0001.py", True),
        ("**/migrations/*.py", "a/b/migrations/0001.py", True),
        ("**/migrations/*.py", "a/migrations/old/0001.py", False),
        ("**/migrations/*.py", "a/my-migrations/0001.py", False),
        ("seeds/**", "seeds/deep/down.json", True),
        ("seeds/**", "seeds", False),
        ("uv.lock", "uvxlock", False),
        ("uv.lock", "a/uv.lock", False),
        ("a+(b).txt", "a+(b).txt", True),
        ("*.sql", "a\nb.sql", True),
        ("**/*.sql", "x\ny/b.sql", True),
    ],
)
def test_single_patterns(tmp_path: Path, pattern: str, name: str, matches: bool) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).touch()
    assert fingerprint.matching(tmp_path, [pattern]) == ([tmp_path / name] if matches else [])


def test_no_pattern_no_files(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert fingerprint.matching(tmp_path, []) == []


@pytest.mark.parametrize("folder", sorted(fingerprint.SKIPPED))
def test_what_tools_made_is_never_walked_into(tmp_path: Path, folder: str) -> None:
    for name in (f"{folder}/x.py", f"a/{folder}/x.py", "a/x.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert fingerprint.matching(tmp_path, ["**/*.py"]) == [tmp_path / "a/x.py"]

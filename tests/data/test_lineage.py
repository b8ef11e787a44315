"""What the files that the data depends on say about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.model import lineage

PATTERNS = ("**/migrations/**",)
OLD = {"uv.lock": "l", "seeds/default.py": "s", "a/migrations/0001_one.py": "1", "a/migrations/0002_two.py": "2"}

paths = st.sampled_from(
    [f"{app}/migrations/{name}.py" for app in "ab" for name in ("__init__", "0001", "0002_seed", "0009", "0010", "V2")]
    + ["uv.lock", "seeds/default.py", "fixtures/rows.json", "settings.py"]
)
files = st.dictionaries(paths, st.sampled_from("xyz"), max_size=10)


# ---- the key


@given(files, st.randoms())
def test_the_key_does_not_depend_on_the_order(some: dict[str, str], random: object) -> None:
    items = list(some.items())
    random.shuffle(items)
    assert lineage.key(dict(items)) == lineage.key(some)


@given(files, files)
def test_other_files_have_another_key(one: dict[str, str], other: dict[str, str]) -> None:
    assert (lineage.key(one) == lineage.key(other)) == (one == other)


@given(st.lists(files, min_size=2, max_size=3))
def test_the_key_tells_its_parts_apart(parts: list[dict[str, str]]) -> None:
    merged = {name: text for part in parts for name, text in part.items()}
    assert lineage.key(*parts) != lineage.key(merged)


def test_the_key_tells_the_order_of_its_parts() -> None:
    assert lineage.key("postgres:17", "migrate") != lineage.key("migrate", "postgres:17")


# ---- which files are which


@pytest.mark.parametrize(
    ("path", "is_seed"),
    [
        ("seeds/default.py", True),
        ("courses/management/commands/seed.py", True),
        ("courses/fixtures/rows.json", True),
        ("seed.sql", True),
        ("uv.lock", False),
        ("settings.py", False),
        ("courses/migrations/0001_initial.py", False),
        ("courses/migrations/0005_seed_roles.py", False),
        ("fixtures/migrations/0001_initial.py", False),
    ],
)
def test_seeds_decide_nothing_of_the_schema_and_migrations_do(path: str, is_seed: bool) -> None:
    some = {path: "x", "uv.lock": "l"}
    assert (path not in lineage.schema_files(some, PATTERNS)) == is_seed
    assert (path in lineage.migrations(some, PATTERNS)) == ("migrations/" in path)


@given(files)
def test_every_migration_and_every_lock_file_decides_the_schema(some: dict[str, str]) -> None:
    decides = lineage.schema_files(some, PATTERNS)
    assert lineage.migrations(some, PATTERNS).items() <= decides.items() <= some.items()
    assert ("uv.lock" in decides) == ("uv.lock" in some)


# ---- lost


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (OLD, []),
        ({**OLD, "a/migrations/0003_three.py": "3"}, []),
        ({**OLD, "uv.lock": "other", "seeds/default.py": "other"}, []),
        ({**OLD, "a/migrations/0002_two.py": "other"}, ["a/migrations/0002_two.py is changed"]),
        ({"a/migrations/0001_one.py": "1"}, ["a/migrations/0002_two.py is missing"]),
        ({}, ["a/migrations/0001_one.py is missing", "a/migrations/0002_two.py is missing"]),
    ],
)
def test_lost_names_each_applied_migration_that_is_not_there(now: dict[str, str], words: list[str]) -> None:
    assert lineage.lost(OLD, now, PATTERNS) == words


@given(files, files)
def test_nothing_is_lost_exactly_where_all_migrations_are_as_they_were(
    old: dict[str, str], new: dict[str, str]
) -> None:
    before, now = lineage.migrations(old, PATTERNS), lineage.migrations(new, PATTERNS)
    assert (lineage.lost(old, new, PATTERNS) == []) == (before.items() <= now.items())


# ---- ancestors


@pytest.mark.parametrize(
    "new",
    [
        OLD,
        {**OLD, "a/migrations/0003_three.py": "3"},
        {**OLD, "a/migrations/0003.py": "3", "a/migrations/0004.py": "4"},
        {**OLD, "a/migrations/0003_three.py": "3", "a/migrations/__init__.py": ""},
        {**OLD, "b/migrations/0001_first.py": "1"},
        {**OLD, "seeds/default.py": "other", "a/migrations/0003_three.py": "3"},
    ],
    ids=["the same", "one more", "two more", "a package", "another app", "other seeds"],
)
def test_what_may_be_migrated_on(new: dict[str, str]) -> None:
    assert lineage.is_ancestor(OLD, new, PATTERNS)


@pytest.mark.parametrize(
    "new",
    [
        {**OLD, "a/migrations/0001_zero.py": "0"},
        {**OLD, "a/migrations/0002_two.py": "other", "a/migrations/0003.py": "3"},
        {**OLD, "uv.lock": "other", "a/migrations/0003_three.py": "3"},
        {**OLD, "settings.py": "new", "a/migrations/0003_three.py": "3"},
        {"uv.lock": "l", "a/migrations/0001_one.py": "1"},
    ],
    ids=["between", "changed", "lock file", "settings", "fewer"],
)
def test_what_has_to_be_built_from_nothing(new: dict[str, str]) -> None:
    assert not lineage.is_ancestor(OLD, new, PATTERNS)


@pytest.mark.parametrize(
    ("old", "new", "is_later"),
    [
        (["V1", "V9"], "V10", False),  # for a tool that sorts texts, V10 comes before V9
        (["V1", "V10"], "V9", False),  # and for one that sorts numbers, V9 before V10
        (["0009_a"], "0010_b", True),
        (["20250101_a"], "20250301_b", True),
        (["0002_a"], "0002_b", True),
        (["0002_b"], "0002_a", False),
        (["R_views"], "V2", True),
    ],
)
def test_later_is_what_every_tool_takes_for_later(old: list[str], new: str, is_later: bool) -> None:
    before = {f"migrations/{name}.sql": "x" for name in old}
    assert lineage.is_ancestor(before, {**before, f"migrations/{new}.sql": "x"}, PATTERNS) == is_later


@given(files)
def test_all_data_is_an_ancestor_of_itself(some: dict[str, str]) -> None:
    assert lineage.is_ancestor(some, some, PATTERNS)


@given(files, files, st.sampled_from(["as texts", "by number"]))
def test_an_ancestor_was_made_by_the_same_first_steps(old: dict[str, str], new: dict[str, str], how: str) -> None:
    """Folder by folder, whichever way the tool sorts: what was applied is the beginning of what is to be applied."""
    if not lineage.is_ancestor(old, new, PATTERNS):
        return
    order = str if how == "as texts" else lineage._numbered
    for folder in ("a", "b"):
        before, now = (
            sorted((n for n in lineage.migrations(some, PATTERNS) if n.startswith(folder) and "__" not in n), key=order)
            for some in (old, new)
        )
        assert now[: len(before)] == before
    assert lineage.lost(old, new, PATTERNS) == []

"""Two catalogues compared, and the words for it: pure."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.model import catalogue
from devenv.model.catalogue import KINDS, Difference, Thing


def column(name: str, table: str = "course", position: int = 1, **facts: Any) -> Thing:
    usual = {"type": "text", "nullability": "not null", "default": None, "collation": None}
    return Thing("column", table, name, {**usual, **facts, "position": position})


def index(name: str, definition: str, table: str = "course", kind: str = "index") -> Thing:
    return Thing(kind, table, name, {"definition": definition})


def table(name: str = "course", **facts: Any) -> Thing:
    return Thing("table", "", name, {"kind": "table", **facts})


def told(production: list[Thing], fresh: list[Thing], migration: str = "") -> list[str]:
    return [line for found in catalogue.compare(production, fresh) for line in catalogue.in_words(found, migration)]


COURSE = [
    table(),
    column("title"),
    column("price", position=2, type="numeric(10,2)"),
    index("by_title", "btree (title)"),
]
PRICE = "numeric(8,2)"


def test_the_example() -> None:
    production = [*COURSE[:2], column("price", position=2, type=PRICE), COURSE[3]]
    assert told(production, COURSE, "0007_price") == [
        "course.price is numeric(8,2) in production, numeric(10,2) after a fresh migration; last touched by 0007_price"
    ]


@pytest.mark.parametrize(
    ("production", "fresh", "words"),
    [
        (column("title", nullability="nullable"), column("title"),
         "course.title is nullable in production, not null after a fresh migration"),
        (column("title", default="'x'::text"), column("title"),
         "course.title has default 'x'::text in production, no default after a fresh migration"),
        (column("title"), column("title", collation="C"),
         "course.title has no collation in production, collation C after a fresh migration"),
        (index("a", "btree (title)"), index("a", "btree (title, code)"),
         ("index a of course has definition btree (title) in production, "
          "definition btree (title, code) after a fresh migration")),
        (index("a", "UNIQUE (code)", kind="constraint"), index("b", "UNIQUE (code)", kind="constraint"),
         "soft: constraint b of course is called a in production, b after a fresh migration"),
        (Thing("type", "", "level", {"values": ["a", "b"]}), Thing("type", "", "level", {"values": ["a"]}),
         "type level has values a, b in production, values a after a fresh migration"),
    ],
)  # fmt: skip
def test_one_aspect(production: Thing, fresh: Thing, words: str) -> None:
    assert told([table(), production], [table(), fresh]) == [words]


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (column("title"), "course.title"),
        (index("a", "btree (title)"), "index a of course (btree (title))"),
        (Thing("view", "", "cheap", {"definition": "SELECT 1\nFROM x"}), "view cheap"),
        (Thing("extension", "", "citext", {}), "extension citext"),
    ],
)
def test_what_is_on_one_side_alone(thing: Thing, words: str) -> None:
    assert told([table(), thing], [table()]) == [f"{words} is there in production, but not after a fresh migration"]
    assert told([table()], [table(), thing]) == [f"{words} is there after a fresh migration, but not in production"]


def test_a_table_on_one_side_alone_is_one_difference() -> None:
    assert told(COURSE, []) == ["table course is there in production, but not after a fresh migration"]


def test_a_partition_on_one_side_alone_is_soft() -> None:
    part = table("course_2025", **{catalogue.PARTITION: "course"})
    assert told([table(), part], [table()]) == [
        "soft: table course_2025 is there in production, but not after a fresh migration"
    ]


def test_order_of_columns_is_soft_and_gaps_are_none() -> None:
    fresh = [table(), column("a", position=1), column("b", position=2), column("c", position=3)]
    gap = [table(), column("a", position=1), column("b", position=5), column("c", position=9)]
    other = [table(), column("a", position=1), column("b", position=3), column("c", position=2)]
    assert told(gap, fresh) == []
    assert told(other, fresh) == [
        "soft: table course has column order a, c, b in production, column order a, b, c after a fresh migration"
    ]


def test_a_second_index_of_the_same_definition_is_one_too_many() -> None:
    twice = [table(), index("a", "btree (title)"), index("b", "btree (title)")]
    assert told(twice, [table(), index("b", "btree (title)")]) == [
        "index a of course (btree (title)) is there in production, but not after a fresh migration"
    ]


def test_a_long_definition_is_reported_by_its_lines() -> None:
    sides = [Thing("function", "", "f()", {"definition": f"CREATE f\n  {body}\nEND"}) for body in ("one", "two")]
    assert told(sides[:1], sides[1:]) == [
        "function f() has another definition in production than after a fresh migration:",
        "  -   one",
        "  +   two",
    ]


def test_values_for_programs() -> None:
    found = Difference(column("price"), "type", PRICE, "numeric(10,2)")
    assert catalogue.as_value(found, "0007_price") == {
        "object": "column course.price",
        "aspect": "type",
        "production": PRICE,
        "fresh": "numeric(10,2)",
        "migration": "0007_price",
        "soft": False,
    }
    assert catalogue.as_value(found, "")["migration"] is None


def test_a_large_catalogue_takes_no_minutes() -> None:
    columns = [column(f"c{n % 20}", table=f"t{n // 20}", position=n % 20) for n in range(20_000)]
    tables = [table(f"t{n}") for n in range(1000)]
    began = time.process_time()
    assert catalogue.compare([*tables, *columns], [*columns[::-1], *tables[::-1]]) == []
    assert time.process_time() - began < 5  # s; comparing each with each took more than a minute


# ---- whatever is in them

NAMES = st.sampled_from("abcd")
FACTS = st.dictionaries(
    st.sampled_from(["definition", "type", "nullability", "position"]), st.integers(0, 3), max_size=3
)
THINGS = st.builds(Thing, st.sampled_from(KINDS), st.sampled_from(["", "a", "b"]), NAMES, FACTS)
CATALOGUES = st.lists(THINGS, max_size=12, unique_by=lambda thing: (thing.kind, thing.table, thing.name))


@given(CATALOGUES)
def test_a_catalogue_equals_itself_in_any_order(things: list[Thing]) -> None:
    assert catalogue.compare(things, things[::-1]) == []


@given(CATALOGUES, CATALOGUES)
def test_what_one_direction_tells_the_other_does(one: list[Thing], other: list[Thing]) -> None:
    there, back = catalogue.compare(one, other), catalogue.compare(other, one)
    assert len(there) == len(back)
    assert sum(found.soft for found in there) == sum(found.soft for found in back)


@given(CATALOGUES, st.data())
def test_no_changed_fact_is_missed(things: list[Thing], data: st.DataObject) -> None:
    chosen = [thing for thing in things if set(thing.facts) - {"position"}]
    if chosen:
        thing = data.draw(st.sampled_from(chosen))
        aspect = data.draw(st.sampled_from(sorted(set(thing.facts) - {"position"})))
        changed = thing._replace(facts={**thing.facts, aspect: 99})
        found = catalogue.compare([changed if each is thing else each for each in things], things)
        assert any(not each.soft for each in found)


# ---- the server


@pytest.mark.parametrize(
    ("production", "image", "differ"),
    [
        ("postgres 17.5", "postgres 17", False),
        ("postgres 17.5", "postgres 17.2-alpine", False),
        ("postgres 17.5", "postgres latest-pg17", False),
        ("postgres 17.5", "postgres latest", False),
        ("postgres 16.9", "postgres 17", True),
        ("mariadb 11.4.2", "mariadb 11", False),
        ("mariadb 11.4.2", "mariadb 11.8", True),
        ("mysql 8.0.36", "mysql 8.4", True),
        ("mysql 8.0.36", "mariadb 11", True),
    ],
)
def test_the_servers_version(production: str, image: str, differ: bool) -> None:
    assert bool(catalogue.compare_servers(production, image)) == differ


def test_the_servers_version_in_words() -> None:
    assert catalogue.in_words(catalogue.compare_servers("postgres 16.9", "postgres 17")[0], "") == [
        "server is postgres 16.9 in production, postgres 17 in compose.yaml"
    ]


# ---- who touched it last

FILES = {
    "courses/migrations/0001_initial.py": 'CreateModel(name="Course", fields=[("title", x), ("price", y)])',
    "courses/migrations/0002_owner.py": 'AddField(model_name="course", name="owner"), AddIndex(name="by_owner")',
    "courses/migrations/0010_price.py": 'AlterField(model_name="course", name="price")',
    "courses/migrations/0011_learner.py": 'AddField(model_name="learner", name="price"), to="courses.course"',
    "courses/migrations/0009_seats.py": 'AddField("course", "seats", IntegerField())',
    "lessons/migrations/0012_sql.py": "ALTER TABLE lesson ADD level int",
}


@pytest.mark.parametrize(
    ("thing", "migration"),
    [
        (column("price", "courses_course"), "0010_price"),
        (column("title", "courses_course"), "0001_initial"),
        (column("owner_id", "courses_course"), "0002_owner"),
        (column("level", "lesson"), "0012_sql"),
        (column("seats", "courses_course"), "0009_seats"),
        (column("nowhere", "courses_course"), ""),
        (index("by_owner", "btree (owner_id)", "courses_course"), "0002_owner"),
        (index("made_by_hand", "btree (title, price)", "courses_course"), "0001_initial"),
        (table("courses_course"), "0010_price"),
        (Thing("view", "", "cheap", {}), ""),
    ],
)
def test_the_newest_migration_that_mentions_it(thing: Thing, migration: str) -> None:
    assert catalogue.last_migration(Difference(thing, "type", 1, 2), FILES) == migration


def test_an_index_only_in_production_has_no_migration() -> None:
    found = Difference(index("made_by_hand", "btree (title)", "courses_course"), catalogue.EXISTENCE, True, False)
    assert catalogue.last_migration(found, FILES) == ""


def test_names_without_an_order_give_no_migration() -> None:
    change = Difference(column("price"), "type", 1, 2)
    files = {"versions/1a2b_x.py": "course price", "versions/0f3c_y.py": "course price"}
    assert catalogue.last_migration(change, files) == ""
    assert catalogue.last_migration(change, {"versions/1a2b_x.py": "course price"}) == "1a2b_x"

"""YAML with lines: for every content of a file, the result is a document or one error with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devenv.base.errors import CONFIG, DevError
from devenv.model import document

WHERE = re.compile(r"dev\.yaml:\d+: .")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("document") / "dev.yaml"


def error_of(file: Path, content: str | bytes) -> DevError:
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DevError) as caught:
        document.load(file)
    assert caught.value.code == CONFIG
    return caught.value


def test_each_value_knows_its_line(file: Path) -> None:
    file.write_text("# a comment\na: 1\nb:\n  c: text\n  d:\n    - x\n    - {e: 5}\n")
    found = document.load(file)
    assert found.data == {"a": 1, "b": {"c": "text", "d": ["x", {"e": 5}]}}
    lines = {(): 2, ("a",): 2, ("b",): 3, ("b", "c"): 4, ("b", "d"): 5, ("b", "d", 0): 6, ("b", "d", 1, "e"): 7}
    assert {keys: found.line(*keys) for keys in lines} == lines


def test_what_is_not_there_has_the_line_of_what_is_around_it(file: Path) -> None:
    file.write_text("a: 1\nb:\n  c: 2\n")
    found = document.load(file)
    assert found.line("b", "missing", "deeper") == 2
    assert found.line("missing") == 1
    assert str(found.error(("b", "c"), "is wrong")) == "dev.yaml:3: is wrong"


def test_an_anchor_is_data_at_both_places(file: Path) -> None:
    file.write_text("a: &x {k: 1}\nb: *x\nc:\n  <<: *x\n  k: 2\n")
    found = document.load(file)
    assert found.data == {"a": {"k": 1}, "b": {"k": 1}, "c": {"k": 2}}
    assert found.line("b", "k") == 1  # where it is written
    assert found.line("c", "k") == 5


def test_an_empty_file_is_an_empty_document(file: Path) -> None:
    file.write_text("")
    assert document.load(file).data is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "dev.yaml:3: duplicate key a, first in line 1"),
        ("x: {a: 1, a: 2}\n", "dev.yaml:1: duplicate key a, first in line 1"),
        ("a:\n  b: 1\n  b: 2\n", "dev.yaml:3: duplicate key b, first in line 2"),
        ("a: &x\n  - 1\n  - *x\n", "dev.yaml:1: an anchor contains itself"),
        ("b: 1\na: &x\n  k: *x\n", "dev.yaml:2: an anchor contains itself"),
        ("a: 1\n\tb: 2\n", "dev.yaml:2: found a tab character that violates indentation"),
        ("a: 1\nb: 'x\n", "dev.yaml:3: found unexpected end of stream"),
        ("a: *nowhere\n", "dev.yaml:1: found undefined alias"),
        ("a: 1\nb: \x07\n", "dev.yaml:2: control characters are not allowed"),
        ("é: é\né: \x07\n", "dev.yaml:2: control characters are not allowed"),
        ("a: 1\n---\nb: 1\n", "dev.yaml:2: but found another document"),
        (b"a: 1\nb: \xff\n", "dev.yaml:2: not UTF-8"),
        ("a: 1\nday: 2001-99-99\n", "dev.yaml:2: 2001-99-99 is not a valid timestamp"),
        ("a: 0x_\n", "dev.yaml:1: 0x_ is not a valid int"),
        ("a: !!bool x\n", "dev.yaml:1: x is not a valid bool"),
        ("a: !!timestamp x\n", "dev.yaml:1: x is not a valid timestamp"),
        ('a: !!int ""\n', "dev.yaml:1:  is not a valid int"),
        ("a: 1\n? [b]\n: 2\n", "dev.yaml:2: a list or a mapping cannot be a key"),
        ('a: 1\nb: ["x\\0"]\n', "dev.yaml:2: 'x\\x00' is a text that cannot be an argument"),
        ("a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> x\n", "dev.yaml:2: a merge conflict is not resolved"),
    ],
)
def test_what_is_wrong_is_reported_with_its_line(file: Path, content: str | bytes, message: str) -> None:
    assert error_of(file, content).message == message


def deep(opening: str, closing: str = "", times: int = 100_000) -> str:
    return f"a: {opening * times}{closing * times}"


def laughs(link: str, levels: int) -> str:
    """Each level has ten aliases of the one before."""
    rows = [f"x{n}: &x{n} {link % ', '.join([f'*x{n - 1}'] * 10)}" for n in range(1, levels)]
    return "\n".join(["x0: &x0 {a: 1, b: 2}", *rows])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (deep("[", "]"), "dev.yaml:1: nested more than 64 levels deep"),
        (deep("{a: ", "}"), "dev.yaml:1: nested more than 64 levels deep"),
        ("- " * 100_000, "dev.yaml:1: nested more than 64 levels deep"),
        ("? " * 100_000, "dev.yaml:1: nested more than 64 levels deep"),
        ("".join(f"{' ' * n}a:\n" for n in range(1000)), "dev.yaml:65: nested more than 64 levels deep"),
        (laughs("[%s]", 9), "dev.yaml:5: more than 50,000 values, counting what aliases stand for"),
        (laughs("{<<: [%s]}", 9), "dev.yaml:5: more than 50,000 values, counting what aliases stand for"),
        (f"[{'1,' * 60_000}]", "dev.yaml:1: more than 50,000 values, counting what aliases stand for"),
        ("#" * 1_000_001, "dev.yaml:1: the file has 1,000,001 characters, and 1,000,000 are allowed"),
        ("a: &x {b: [1, {c: *x}]}\n", "dev.yaml:1: an anchor contains itself"),
    ],
    ids=["lists", "mappings", "items", "keys", "block", "aliases", "merges", "values", "characters", "itself"],
)
def test_a_file_has_limits(file: Path, content: str, message: str) -> None:
    assert error_of(file, content).message == message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, word) for word in ("on", "off", "yes", "No", "y", "12:30:45", "2222:22", "=", "1e", "0x", ".")),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, None) for word in ("", "~", "null", "Null")),
        ("0o17", 15),
        ("-017", -15),
        ("0x1F", 31),
        ("0b101", 5),
        ("1_000", 1000),
        ("08", 8.0),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        (str(2**64 - 1), 2**64 - 1),
        (str(2**64), float(2**64)),
    ],
)
def test_plain_values_mean_what_compose_reads(file: Path, text: str, value: object) -> None:
    file.write_text(f"a: {text}\n")
    found = document.load(file).data["a"]
    assert (found, type(found)) == (value, type(value))


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(DevError, match=r"^dev\.yaml: not found in ") as caught:
        document.load(tmp_path / "dev.yaml")
    assert caught.value.code == CONFIG


def test_a_folder_in_place_of_the_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").mkdir()
    with pytest.raises(DevError, match=r"^dev\.yaml: Is a directory$") as caught:
        document.load(tmp_path / "dev.yaml")
    assert caught.value.code == CONFIG


yaml_like = st.text(alphabet="ab01:-{}[]&*!?|>'\"#%@,<~=.\\_ \n\t", max_size=60)
tagged = st.tuples(
    st.sampled_from(["int", "float", "bool", "null", "timestamp", "binary", "set", "omap", "pairs", "str", "no"]),
    st.one_of(yaml_like, st.sampled_from(["", "x", "-", "0b", "1:99", "2001-1-1 99:00:00", "{a}", "[a]", "9" * 5000])),
).map(lambda pair: f"a: !!{pair[0]} {pair[1]}")


def outcome(file: Path) -> document.Document | DevError:
    try:
        return document.load(file)
    except DevError as error:
        return error


@given(st.one_of(st.binary(), st.text().map(str.encode), yaml_like.map(str.encode), tagged.map(str.encode)))
@example(b"a: " + b"9" * 5000)
@example(b"a: 190:20:30.15")
@example(b"<<: {a: 1}\n<<: {b: 1}\n")
def test_any_content_is_a_document_or_an_error_with_its_line(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    found = outcome(file)
    if isinstance(found, DevError):
        assert found.code == CONFIG
        assert WHERE.match(found.message), found.message


keys = st.text(alphabet="abcdefgh", min_size=1, max_size=2)
trees = st.recursive(st.integers(0, 9), lambda inner: st.dictionaries(keys, inner, max_size=3), max_leaves=12)


@given(trees)
def test_every_key_of_a_tree_has_its_line(file: Path, tree: object) -> None:
    rows: list[str] = []
    expected: dict[tuple[str, ...], int] = {}

    def write(value: object, above: tuple[str, ...]) -> None:
        for key, item in value.items() if isinstance(value, dict) else ():
            rows.append(f"{'  ' * len(above)}{key}:{'' if isinstance(item, dict) and item else f' {item}'}")
            expected[(*above, key)] = len(rows)
            write(item, (*above, key))

    write(tree, ())
    file.write_text("\n".join(rows))
    found = document.load(file)
    assert {place: found.line(*place) for place in expected} == expected

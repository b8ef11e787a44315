"""The schema of dev.yaml: valid itself, and our walker says the same as the jsonschema library, in better words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from devenv.base.errors import CONFIG, DevError, did_you_mean
from devenv.model import document, json_schema
from devenv.model.config import SCHEMA
from tests.messages import ADD_A_LINE, DID_YOU_MEAN, MUST_BE_MAPPING, MUST_BE_TEXT, NOT_ALLOWED, WHOLE_NUMBER

RULES = json.loads(SCHEMA.read_text())
VALIDATOR = Draft202012Validator(RULES)
VALID = {
    "contract": "1.0", "level": "full", "service": "catalog", "app": "app", "port": 18160, "compose": "other.yaml",
    "commands": {"migrate": "a", "pending": "b", "package_migrations": "p", "test": "c", "shell": "d", "scrub": "e"},
    "state": ["**/migrations/*.py"],
    "scenarios": {
        "big-one": {"run": "seed {n}", "help": "x", "params": {"n": 5, "share": 0.5, "name": "x"}},
        "event": {"run": "make", "once": True, "after": "up", "check": "look"},
    },
    "logins": {"admin": {"username": "a", "password": "b", "path": "/admin/", "help": ""}},
    "budget": {"memory": "1.5G", "ready": "5m"},
}  # fmt: skip


# ---- schema.json itself


def schemas(at: Any, where: str = "dev.yaml") -> list[tuple[str, Any]]:
    """Every schema in the schema, with the way to it."""
    below = [(f"{where}.{name}", item) for name, item in at.get("properties", {}).items()]
    below += [(f"{where}.*", at[key]) for key in ("additionalProperties", "items") if isinstance(at.get(key), dict)]
    return [(where, at), *(found for name, item in below for found in schemas(item, name))]


def test_schema_json_is_json_schema_2020_12() -> None:
    assert RULES["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(RULES)


def test_every_property_has_a_description() -> None:
    properties = [(name, item) for name, item in schemas(RULES) if not name.endswith("*") and name != "dev.yaml"]
    assert len(properties) > 20
    assert [name for name, item in properties if not item.get("description")] == []


def test_the_walker_knows_every_word_that_the_schema_uses() -> None:
    known = {"type", "required", "properties", "additionalProperties", "propertyNames", "pattern", "enum", "items"}
    known |= {"minimum", "maximum", "description", "title", "$schema", "$comment"}
    assert {word for _, item in schemas(RULES) for word in item} <= known
    both = [name for name, item in schemas(RULES) if ("minimum" in item) != ("maximum" in item)]
    assert both == []  # the walker reads them as a pair


def test_no_object_takes_unknown_keys_in_silence() -> None:
    objects = [(name, item) for name, item in schemas(RULES) if item.get("type") == "object"]
    assert [name for name, item in objects if "additionalProperties" not in item] == []


def test_a_document_with_every_key_is_valid() -> None:
    assert VALIDATOR.is_valid(VALID)
    json_schema.check(document.Document(Path("dev.yaml"), VALID, {}, {}), RULES)


# ---- the same verdict as the library

# 3.0 is an integer for JSON Schema but not for us, and YAML that is not JSON (dates, keys that are not text) cannot be
# compared; both have tests of their own below. The reader of the file refuses a NUL before anybody sees it.
plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
texts = st.one_of(plain, st.sampled_from(["", " ", "/", "x", "A", "1", "9x", "a-b", "full"])).filter(
    lambda text: not text.endswith("\n")
)
floats = st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer())
junk = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 70000), floats, texts, st.lists(texts, max_size=2),
    st.dictionaries(texts, texts, max_size=2),
)  # fmt: skip


# Not 0, which Hypothesis likes to try: most values are to be what the schema wants.
rarely = st.integers(0, 29).map(lambda number: number == 13)


@st.composite
def near(draw: st.DrawFn, rules: Any) -> Any:
    """A value of the schema's shape, with something else in its place now and then."""
    if draw(rarely):
        return draw(junk)
    kind = rules.get("type", "string")
    kind = draw(st.sampled_from(kind)) if isinstance(kind, list) else kind
    if kind == "boolean":
        return draw(st.booleans())
    if kind == "object":
        return draw(objects(rules))
    if kind == "array":
        return draw(st.lists(near(rules["items"]), max_size=3))
    if kind == "integer":
        low, high = rules.get("minimum", 0), rules.get("maximum", 9)
        return draw(st.one_of(st.integers(low, high), st.sampled_from([low - 1, high + 1])))
    if kind == "number":
        return draw(floats)
    if "enum" in rules:
        return draw(st.sampled_from([*rules["enum"], "medium"]))
    pattern = st.from_regex(rules.get("pattern", "^[a-z ]*$"))
    return draw(pattern.filter(lambda text: "\0" not in text and not text.endswith("\n")))


@st.composite
def objects(draw: st.DrawFn, rules: Any) -> dict[str, Any]:
    required = {name: item for name, item in rules.get("properties", {}).items() if name in rules.get("required", [])}
    optional = {name: item for name, item in rules.get("properties", {}).items() if name not in required}
    if draw(rarely):
        optional, required = {**optional, **required}, {}
    some = draw(st.lists(st.sampled_from(sorted(optional)), unique=True)) if optional else []
    found = {name: draw(near(item)) for name, item in {**required, **{n: optional[n] for n in some}}.items()}
    rest = rules.get("additionalProperties")
    if isinstance(rest, dict):
        names = st.one_of(st.from_regex(r"^[a-z][a-z_-]{0,5}\Z"), texts)
        found.update({draw(names): draw(near(rest)) for _ in range(draw(st.integers(0, 2)))})
    elif draw(rarely):
        found[draw(texts)] = draw(junk)
    return found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("schema") / "dev.yaml"


def verdict(source: document.Document) -> DevError | None:
    try:
        return json_schema.check(source, RULES)
    except DevError as error:
        return error


@given(near(RULES))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=200)
def test_the_walker_and_the_library_say_the_same(file: Path, data: Any) -> None:
    file.write_text(yaml.safe_dump(data, default_style='"'))  # quoted: in YAML 1.1 and 1.2, plain text differs
    source = document.load(file)
    assert source.data == data
    error = verdict(source)
    assert (error is None) == VALIDATOR.is_valid(data)
    assert error is None or error.code == CONFIG
    assert error is None or re.match(r"dev\.yaml:\d+: .", error.message)


# ---- the words

HEAD = 'contract: "1.0"\nservice: catalog\napp: app\nport: 18160\n'


def error_of(file: Path, text: str) -> DevError:
    file.write_text(text)
    with pytest.raises(DevError) as caught:
        json_schema.check(document.load(file), RULES)
    assert caught.value.code == CONFIG
    return caught.value


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", f"1: {MUST_BE_MAPPING}, not nothing", None),
        ("[]\n", f"1: {MUST_BE_MAPPING}, not []", None),
        ("service: catalog\n", "1: contract is missing", f"{ADD_A_LINE} `contract: ...`. The version of the contract"),
        (HEAD + "prot: 1\n", "5: unknown key prot", f"{DID_YOU_MEAN} port? allowed: app, budget, commands, compose"),
        (HEAD + "zzz: 1\n", "5: unknown key zzz", "allowed: app, budget, commands, compose, contract, datab"),
        (HEAD + "1: x\n", f"5: the key 1 {MUST_BE_TEXT}", "put it in quotes"),
        (HEAD + "level: medium\n", '5: level: must be one of core, full, not "medium"', "Which part of the contract"),
        (HEAD.replace("18160", "80"), "4: port: must be from 1024 to 65535, not 80", "One port: inside"),
        (HEAD.replace("18160", "'18160'"), f'4: port: {WHOLE_NUMBER}, not "18160"', "One port: inside"),
        (HEAD.replace("18160", "18160.0"), f"4: port: {WHOLE_NUMBER}, not 18160.0", "One port: inside"),
        (HEAD.replace("18160", "true"), f"4: port: {WHOLE_NUMBER}, not true", "One port: inside"),
        (HEAD.replace('"1.0"', "1.0"), f"1: contract: {MUST_BE_TEXT}, not 1.0", "The version of the contract"),
        (HEAD.replace('"1.0"', "2024-01-01"), f'1: contract: {MUST_BE_TEXT}, not "2024-01-01"', "The version"),
        (HEAD.replace("catalog", "Catalog"), f'2: service: "Catalog" {NOT_ALLOWED}', "The service's name: lower"),
        (HEAD.replace(" catalog", " |\n  catalog"), f'2: service: "catalog\\n" {NOT_ALLOWED}', "The service's"),
        (HEAD + "budget:\n  ready: |\n    60s\n", f'6: budget.ready: "60s\\n" {NOT_ALLOWED}', "Time until"),
        (HEAD + "commands:\n", f"5: commands: {MUST_BE_MAPPING}, not nothing", "The commands that the tasks run."),
        (HEAD + "commands:\n  migrate: ' '\n", f'6: commands.migrate: " " {NOT_ALLOWED}', "Brings the schema"),
        (HEAD + "commands:\n  migrat: x\n", "6: unknown key migrat", f"{DID_YOU_MEAN} migrate? allowed: add, migr"),
        (HEAD + "state:\n  - a\n  - 5\n", f"7: state.1: {MUST_BE_TEXT}, not 5", "A path pattern like"),
        (HEAD + "state: [/etc/x]\n", f'5: state.0: "/etc/x" {NOT_ALLOWED}', "A path pattern like"),
        (HEAD + "scenarios:\n  Big: {run: x}\n", f'6: the name "Big" {NOT_ALLOWED}', "Lower case letters, digits"),
        (HEAD + "scenarios:\n  big:\n    help: x\n", "6: scenarios.big: run is missing", f"{ADD_A_LINE} `run: ...`."),
        (HEAD + "scenarios:\n  a: {run: x, once: 1}\n", "6: scenarios.a.once: must be true or false, not 1", "true:"),
        (HEAD + "scenarios:\n  a: {run: x, after: 5}\n", f"6: scenarios.a.after: {MUST_BE_TEXT} or a list, not 5", "S"),
        (HEAD + "scenarios:\n  a: {run: x, chek: y}\n", "6: unknown key chek", f"{DID_YOU_MEAN} check? allowed: a"),
        (HEAD + "logins:\n  a: {username: x, pasword: y}\n", "6: unknown key pasword", f"{DID_YOU_MEAN} password?"),
        (HEAD + f"service2: {'x' * 99}\n", "5: unknown key service2", f"{DID_YOU_MEAN} service? allowed"),
        (HEAD + f"level: {'x' * 99}\n", f'5: level: must be one of core, full, not "{"x" * 56}...', "Which part"),
    ],
)  # fmt: skip
def test_each_error_names_the_line_and_what_is_allowed(file: Path, text: str, message: str, hint: str | None) -> None:
    error = error_of(file, text)
    assert error.message.removeprefix("dev.yaml:") == message
    assert [h[: len(hint or "")] for h in error.hints] == ([hint] if hint else [])


@given(st.sampled_from(sorted(RULES["properties"])), st.data())
def test_a_key_with_one_letter_left_out_is_recognised(key: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(key) - 1))
    hint = did_you_mean(key[:at] + key[at + 1 :], list(RULES["properties"]))
    assert hint.startswith(f"{DID_YOU_MEAN} {key}? ") or len(key) < 5


def test_nothing_is_guessed_where_nothing_is_like_it() -> None:
    assert did_you_mean("zzz", ["b", "a"]) == "allowed: a, b"
    assert did_you_mean("zzz", []) == "allowed: none"

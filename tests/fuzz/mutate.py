"""Changes valid data and texts a little, in structure and in bytes. A seed gives the same result again."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import yaml

# What people and machines write where something else is expected.
ODD = (
    *(
        None,
        True,
        False,
        0,
        -1,
        2**31,
        2**200,
        1.5,
        float("inf"),
        "",
        " ",
        "\n",
        "-x",
        "--help",
        "x" * 5000,
        "é",
        "\u202e",
    ),
    *(
        "../x",
        "/etc/passwd",
        "$",
        "${",
        "${A:?no}",
        "$$",
        "{url}",
        "60s",
        "1e9s",
        "..m",
        "9" * 400 + "M",
        "1:2:3:4",
        "a-b",
    ),
    *([], {}, [None], [{}], {"x": None}, ["CMD"], ["NONE"], [1], [True], {"service": "app"}, {"file": "x"}, {"": ""}),
)
KEYS = (
    "x",
    "",
    "<<",
    "extends",
    "env_file",
    "profiles",
    "deploy",
    "volumes",
    "ports",
    "healthcheck",
    "requires",
    "after",
)
# Parts of YAML, JSON and environment files at places where they do not belong.
TOKENS = (
    *("&a ", "*a", "<<: *a", "!!binary x", "!!set {a}", "!!omap [a: 1]", "!!timestamp 2001-99-99", "!!int x", "!x y"),
    *(
        "!reset null",
        "!override [a]",
        "? [a]",
        "---",
        "{",
        "}",
        "[",
        "]",
        "|",
        "\t",
        "\0",
        "\ufeff",
        "\u0085",
        "'",
        '"',
    ),
    *("#", "- ", ": ", "\n", "  ", "0x", "1e999", "9" * 5000, "~", "=", "${A}", "$", "\ud800", "\x1b[2J", "\u2028"),
)


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value below `value`."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*at, key)
        yield from paths(item, (*at, key))


def data(chance: random.Random, sample: Any) -> Any:
    """The sample with one to three values removed, replaced, wrapped, renamed or added."""
    result = copy.deepcopy(sample)
    for _ in range(chance.randint(1, 3)):
        places = list(paths(result))
        if places:
            _change(chance, result, chance.choice(places))
    return result


def _change(chance: random.Random, result: Any, place: tuple[Any, ...]) -> None:
    *above, key = place
    for step in above:
        result = result[step]
    kind = chance.choice(["remove", "replace", "replace", "wrap", "rename", "add", "extend"])
    if kind == "remove":
        del result[key]
    elif kind == "wrap":
        result[key] = [result[key]]
    elif kind == "rename" and isinstance(result, dict):
        result[chance.choice([1, None, True, 1.5])] = result.pop(key)
    elif kind == "add" and isinstance(result, dict):
        result[chance.choice(KEYS)] = copy.deepcopy(chance.choice(ODD))
    elif kind == "extend" and isinstance(result[key], str):
        result[key] += str(chance.choice(ODD))
    else:
        result[key] = copy.deepcopy(chance.choice(ODD))


def text(chance: random.Random, sample: str) -> str:
    """The text, or the text with a token added or some characters lost at one or two places."""
    for _ in range(chance.choice([0, 0, 1, 2])):
        at = chance.randrange(len(sample) + 1)
        lost = chance.choice([0, 0, 0, 1, 9])
        sample = sample[:at] + ("" if lost else chance.choice(TOKENS)) + sample[at + lost :]
    return sample


def content(chance: random.Random, sample: str) -> bytes:
    """The bytes of `text`, sometimes with a byte that is not UTF-8."""
    written = bytearray(text(chance, sample).encode("utf-8", "surrogatepass"))
    if written and chance.random() < 0.1:
        written[chance.randrange(len(written))] = chance.randrange(128, 256)
    return bytes(written)


def document(chance: random.Random, sample: Any) -> bytes:
    """A YAML file of the changed sample, half of the time with changed bytes too."""
    written = yaml.safe_dump(data(chance, sample), allow_unicode=True, sort_keys=False, width=1000)
    return content(chance, written) if chance.random() < 0.5 else written.encode("utf-8", "surrogatepass")

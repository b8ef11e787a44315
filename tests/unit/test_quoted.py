"""A message of the tools is quoted in one test file, or defined in `tests/messages.py`."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from maintain.messages import LAUNCHER
from tests.conftest import REPO

SOURCES = (REPO / "devenv", REPO / "tools", REPO / "hooks", LAUNCHER)
SHARED = REPO / "tests/messages.py"
# What the retrofit writes into a repository is not a message, and the contract's suite knows nothing of these tools.
NOT_MESSAGES = (REPO / "tools/adopt/read", REPO / "tools/adopt/fill")
OTHER_TESTS = (REPO / "tests/contract",)
# A comparison is one of these calls, or has an operator.
COMPARING = {"raises", "startswith", "endswith", "count", "index", "search", "match", "parametrize"}
# The fixed text of a message has at least so many words; shorter ones are in other text too.
WORDS = 3

Places = dict[str, set[str]]  # the lines that have a text


def texts(node: ast.AST, path: Path) -> Iterator[tuple[str, str]]:
    """Each line of each text in a piece of code, without what is filled in, and its place."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        for line in node.value.replace("\\", "").splitlines():
            yield line.strip(), f"{path.relative_to(REPO)}:{node.lineno}"
    for child in ast.iter_child_nodes(node):
        yield from texts(child, path)


def files(folders: tuple[Path, ...], without: tuple[Path, ...]) -> list[Path]:
    found = (path for folder in folders for path in sorted(folder.rglob("*.py")))
    return [path for path in found if not any(other in path.parents for other in without)]


def is_sentence(text: str) -> bool:
    """Whether a text has enough words. Parts of paths, flags and names of commands are not words."""
    return len(re.findall(r"(?<![\w./-])[A-Za-z']+(?![\w/-]|\.\w)", text)) >= WORDS


def messages_of_tools() -> set[str]:
    found = (text for path in files(SOURCES, NOT_MESSAGES) for text, _ in texts(ast.parse(path.read_text()), path))
    return {text.strip(":;,.()`… ") for text in found if is_sentence(text)}


def compares(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return getattr(node.func, "attr", "") in COMPARING
    return isinstance(node, ast.Compare)


def quotes(path: Path) -> Iterator[tuple[str, str]]:
    """The texts that a file of tests compares, and their places; of the shared module, all."""
    tree = ast.parse(path.read_text())
    for node in tree.body if path == SHARED else filter(compares, ast.walk(tree)):
        yield from texts(node, path)


def quoted(messages: set[str], found: list[tuple[str, str]]) -> dict[str, Places]:
    """By message: the texts that quote it.

    A text that has several messages in it quotes the longest. A part that several messages have quotes none of them.
    """
    answer: dict[str, Places] = defaultdict(lambda: defaultdict(set))
    places: Places = defaultdict(set)
    for text, place in found:
        places[text].add(place)
    for text, where in places.items():
        inside = [message for message in messages if message in text]
        around = [message for message in messages if text in message] if not inside and is_sentence(text) else []
        if inside or len(around) == 1:
            answer[max(inside, key=len) if inside else around[0]][text] = where
    return answer


def test_a_message_is_quoted_in_one_file() -> None:
    found = [quote for path in files((REPO / "tests",), OTHER_TESTS) for quote in quotes(path)]
    wrong = []
    for message, by_text in quoted(messages_of_tools(), found).items():
        places = sorted(set().union(*by_text.values()))
        first = {place.partition(":")[0]: place for place in reversed(places)}
        if len(first) > 1:
            wrong.append(f"{message!r} is quoted in {' and in '.join(first[name] for name in sorted(first))}")
    assert not wrong, "define it in tests/messages.py:\n" + "\n".join(sorted(wrong))


def test_how_quotes_are_found() -> None:
    known = {"is lost near", "is lost near the lamp", "stops out of town", "goes out of town"}
    found = [("port 1 is lost near x", "a:1"), ("is lost near the lamp y", "a:2"), ("near the lamp", "b:3")]
    found.append(("out of town", "b:4"))
    assert quoted(known, found) == {
        "is lost near": {"port 1 is lost near x": {"a:1"}},
        "is lost near the lamp": {"is lost near the lamp y": {"a:2"}, "near the lamp": {"b:3"}},
    }

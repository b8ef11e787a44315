"""YAML files as plain data with the line of each value, for error messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from devenv.base.errors import CONFIG, DevError
from devenv.model.answers import UNFIT

if TYPE_CHECKING:
    _Base = yaml.SafeLoader
else:
    _Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):
    """PyYAML's loader, which also reports the line of a value that does not fit its type, such as 2001-99-99."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        if isinstance(node, yaml.ScalarNode) and UNFIT.search(node.value):
            problem = f"{node.value!r} is a text that cannot be an argument"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        try:
            return super().construct_object(node, deep)
        except (ArithmeticError, AttributeError, LookupError, ValueError) as error:
            problem = f"{node.value} is not a valid {node.tag.rpartition(':')[2]}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error


class Instead(NamedTuple):
    """A value that replaces the one of another compose file (`!override`), or removes it (`!reset`: value None)."""

    value: Any


def _reset(_loader: Any, _node: yaml.Node) -> Instead:
    return Instead(None)


def _override(loader: Any, node: yaml.Node) -> Instead:
    if isinstance(node, yaml.ScalarNode):
        return Instead(loader.construct_scalar(node))
    build = loader.construct_sequence if isinstance(node, yaml.SequenceNode) else loader.construct_mapping
    return Instead(build(node, deep=True))


_Loader.add_constructor("!reset", _reset)
_Loader.add_constructor("!override", _override)


class Document(NamedTuple):
    """The data of one file, and the line of every value by its keys from the top."""

    path: Path
    data: Any
    lines: dict[tuple[Any, ...], int]

    def line(self, *keys: Any) -> int:
        """The line of a value, or of the nearest parent that exists."""
        while keys not in self.lines and keys:
            keys = keys[:-1]
        return self.lines.get(keys, 1)

    def error(self, keys: tuple[Any, ...], message: str, *hints: str) -> DevError:
        """An error that names file and line."""
        return DevError(CONFIG, f"{self.path.name}:{self.line(*keys)}: {message}", *hints)


def load(path: Path) -> Document:
    """Read a YAML file. DevError 111 with file and line if it is not YAML, with the file if it does not exist."""
    return parse(path, text_of(path))


def parse(path: Path, text: str) -> Document:
    """`load` for a text that is that file elsewhere, such as in a git commit."""
    try:
        node = yaml.compose(text, Loader=_Loader)
        document = Document(path, yaml.load(text, Loader=_Loader), {})
        _collect_lines(node, (), document, ())
    except yaml.YAMLError as error:
        raise _syntax_error(path, text, error) from None
    except RecursionError:
        raise DevError(CONFIG, f"{path.name}:1: nested too deeply") from None
    return document


def scalar(text: str) -> str:
    """A text quoted if YAML needs it: 1.10 in quotes, v1.10 without."""
    try:
        plain = yaml.safe_load(f"- {text}\n- {{a: {text}}}") == [text, {"a": text}]
    except yaml.YAMLError:
        plain = False
    return text if plain else json.dumps(text, ensure_ascii=False)


def rewrite(text: str, keys: tuple[str, ...], value: str) -> str:
    """The text of a file with another value in one place; everything else is unchanged.

    LookupError if the value comes from elsewhere or is used elsewhere: a merge (`<<`), an alias, an anchor.
    """
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)  # not the C loader, whose marks count bytes
    for key in keys:
        node = next((item for name, item in node.value if name.value == key), None)
        if not node:
            raise LookupError(key)
    result = text[: node.start_mark.index] + scalar(value) + text[node.end_mark.index :]
    if _data(result) != _with(_data(text), keys, value):
        raise LookupError(keys[-1])
    return result


def _data(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:  # an anchor went with the value that it named
        return None


def _with(data: Any, keys: tuple[str, ...], value: str) -> Any:
    """The data with another value in one place, without changing other places that an alias shares."""
    return {**data, keys[0]: _with(data[keys[0]], keys[1:], value)} if keys else value


def text_of(path: Path) -> str:
    """The text of a file. DevError 111 if it cannot be read, or is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DevError(CONFIG, f"{path.name}: not found in {path.parent}") from None
    except OSError as error:
        raise DevError(CONFIG, f"{path.name}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DevError(CONFIG, f"{path.name}:{line}: not UTF-8") from None


def _syntax_error(path: Path, text: str, error: yaml.YAMLError) -> DevError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "not valid YAML"
    line = mark.line + 1 if mark else 1
    if isinstance(error, yaml.reader.ReaderError):  # it has no mark, and its position differs between loaders
        problem = str(error.reason)
        line = next((n for n, row in enumerate(text.split("\n"), 1) if yaml.reader.Reader.NON_PRINTABLE.search(row)), 1)
    return DevError(
        CONFIG,
        f"{path.name}:{line}: {problem}",
        f"check line {line} of {path}: indentation, quotes, colons",
    )


def _collect_lines(node: Any, keys: tuple[Any, ...], document: Document, around: tuple[Any, ...]) -> None:
    if node is None:
        return
    line = node.start_mark.line + 1
    if node in around:
        raise DevError(CONFIG, f"{document.path.name}:{line}: an anchor contains itself")
    document.lines.setdefault(keys, line)
    if isinstance(node, yaml.MappingNode):
        _check_keys(node, document)
        for key, value in node.value:
            document.lines.setdefault((*keys, key.value), key.start_mark.line + 1)
            _collect_lines(value, (*keys, key.value), document, (*around, node))
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _collect_lines(item, (*keys, index), document, (*around, node))


def _check_keys(node: yaml.MappingNode, document: Document) -> None:
    """Reject duplicate keys: PyYAML would silently keep the last one."""
    seen: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if key.value in seen and key.value != "<<":
            message = f"duplicate key {key.value}, first in line {seen[key.value]}"
            raise DevError(CONFIG, f"{document.path.name}:{line}: {message}")
        seen[key.value] = line

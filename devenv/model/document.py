"""YAML files as plain data with the line of each value, for error messages.

The only YAML reader of the tools. It reads plain values as Compose does (YAML 1.2 with octal numbers and underscores):
`on`, `no` and `12:30:45` are text. Every file has limits, since it may come from another repository. Sources:
https://yaml.org/spec/1.2.2/#103-core-schema and https://pkg.go.dev/gopkg.in/yaml.v3#section-readme
"""

from __future__ import annotations

import functools
import json
import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from devenv.base.errors import CONFIG, DevError
from devenv.model.answers import UNFIT

if TYPE_CHECKING:
    _Base = yaml.SafeLoader
else:
    _Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

LONG = 1_000_000  # characters of a file
DEEP = 64  # levels; PyYAML's composer in C crashes with some 10,000
MANY = 50_000  # values, each alias counted as what it stands for: 10 aliases to 10 aliases to … fill the memory

TAG = "tag:yaml.org,2002:"
PLAIN = (  # the type of a plain value, by its first characters
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", "[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "-+."),
    ("timestamp", r"\d{4}-\d\d?-\d\d?(?:(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d.*)?", "0123456789"),
    ("merge", "<<", "<"),
)


class _Loader(_Base):
    """PyYAML's loader, which also reports the line of a value that does not fit its type, such as 2001-99-99."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  filled below

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        if isinstance(node, yaml.ScalarNode) and re.search(UNFIT, node.value):
            problem = f"{node.value[:60]!r} is a text that cannot be an argument"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        try:
            return super().construct_object(node, deep)
        except (ArithmeticError, AttributeError, LookupError, ValueError) as error:
            problem = f"{node.value[:60]} is not a valid {node.tag.rpartition(':')[2]}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error


class Instead(NamedTuple):
    """A value that replaces the one of another compose file (`!override`), or removes it (`!reset`: value None)."""

    value: Any


def _int(loader: Any, node: Any) -> int | float:
    """A whole number; like a float if it does not fit into 64 bits."""
    text = loader.construct_scalar(node).replace("_", "")
    octal = re.fullmatch("([-+]?)0([0-7]+)", text)
    value = int(f"{octal[1]}0o{octal[2]}" if octal else text, 0)
    return value if -(2**63) <= value < 2**64 else float(value)


def _reset(_loader: Any, _node: yaml.Node) -> Instead:
    return Instead(None)


def _override(loader: Any, node: yaml.Node) -> Instead:
    if isinstance(node, yaml.ScalarNode):
        return Instead(loader.construct_scalar(node))
    build = loader.construct_sequence if isinstance(node, yaml.SequenceNode) else loader.construct_mapping
    return Instead(build(node, deep=True))


for _kind, _pattern, _first in PLAIN:
    _Loader.add_implicit_resolver(f"{TAG}{_kind}", re.compile(rf"(?:{_pattern})\Z"), list(_first))
_Loader.add_constructor(f"{TAG}int", _int)
_Loader.add_constructor("!reset", _reset)
_Loader.add_constructor("!override", _override)


class Text(str):
    """A scalar of a file that was read by `Texts`, with its line."""

    line = 0


class Texts(_Loader):
    """Leaves all scalars as they are written, and skips tags: for files that another program reads."""

    yaml_implicit_resolvers = {"<": _Loader.yaml_implicit_resolvers["<"]}  # noqa: RUF012
    yaml_constructors = {f"{TAG}{kind}": _Loader.yaml_constructors[f"{TAG}{kind}"] for kind in ("map", "seq")}  # noqa: RUF012


def _text(loader: Any, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):  # with a custom tag
        return loader.construct_sequence(node, True)
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, True)
    text = Text(node.value)
    text.line = node.start_mark.line + 1
    return text


Texts.add_multi_constructor("", _text)


class Document(NamedTuple):
    """The data of one file, and the line of every value by its keys from the top. It is not changed after that."""

    path: Path
    data: Any
    lines: dict[tuple[Any, ...], int]
    written: dict[tuple[Any, ...], str]  # the text of each value that is not a list or a mapping

    def texts(self, keys: tuple[Any, ...], values: dict[str, Any]) -> dict[str, str]:
        """The values of a mapping as they are written in the file: 1.10 and 0755, which as numbers are 1.1 and 493."""
        return {key: self.written.get((*keys, key), str(value)) for key, value in values.items()}

    def line(self, *keys: Any) -> int:
        """The line of a value, or of the nearest parent that exists."""
        while keys not in self.lines and keys:
            keys = keys[:-1]
        return self.lines.get(keys, 1)

    def error(self, keys: tuple[Any, ...], message: str, *hints: str) -> DevError:
        """An error that names file and line."""
        return DevError(CONFIG, f"{short(self.path)}:{self.line(*keys)}: {message}", *hints)


def load(path: Path) -> Document:
    """Read a YAML file. DevError 111 with file and line if it is not YAML, with the file if it does not exist."""
    return parse(path, text_of(path))


@functools.lru_cache(maxsize=64)  # a command reads the same files before it has the lock, and under it
def parse(path: Path, text: str, loader_type: type[_Loader] = _Loader) -> Document:
    """`load` for a text that is that file elsewhere, such as in a git commit."""
    if len(text) > LONG:
        raise DevError(CONFIG, f"{short(path)}:1: the file has {len(text):,} characters, and {LONG:,} are allowed")
    try:
        _check_depth(path, text)
        loader = loader_type(text)
        node = loader.get_single_node()
        _count(path, node, {})
        document = Document(path, None, {}, {})
        _collect(node, (), document)  # first: the constructor adds merged keys to the nodes
        return document._replace(data=loader.construct_document(node) if node else None)
    except yaml.YAMLError as error:
        raise _syntax_error(path, text, error) from None


def _check_depth(path: Path, text: str) -> None:
    """DevError 111 for a file that is nested too deeply. The events come one by one: nothing here is recursive."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEP:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise DevError(CONFIG, f"{short(path)}:{line}: nested more than {DEEP} levels deep")


def _count(path: Path, node: Any, counts: dict[Any, int]) -> int:
    """The number of values below a node. DevError 111 if there are too many, or if it contains itself."""
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if node not in counts:
        counts[node] = 0  # until its values are counted
        pairs = node.value if isinstance(node, yaml.MappingNode) else zip(node.value)
        counts[node] = 1 + sum(_count(path, item, counts) for pair in pairs for item in pair)
    line = node.start_mark.line + 1
    if not counts[node]:
        raise DevError(CONFIG, f"{short(path)}:{line}: an anchor contains itself")
    if counts[node] > MANY:
        raise DevError(CONFIG, f"{short(path)}:{line}: more than {MANY:,} values, counting what aliases stand for")
    return counts[node]


def scalar(text: str) -> str:
    """A text quoted if YAML 1.1 or 1.2 needs it: 1.10 and no in quotes, v1.10 without."""
    written, read = f"- {text}\n- {{a: {text}}}", [text, {"a": text}]
    try:
        plain = yaml.safe_load(written) == read and yaml.load(written, Loader=_Loader) == read
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
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:  # an anchor went with the value that it named
        return None


def _with(data: Any, keys: tuple[str, ...], value: str) -> Any:
    """The data with another value in one place, without changing other places that an alias shares."""
    return {**data, keys[0]: _with(data[keys[0]], keys[1:], value)} if keys else value


def text_of(path: Path) -> str:
    """The text of a file. DevError 111 if it cannot be read, or is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DevError(CONFIG, f"{short(path)}: not found in {path.parent}") from None
    except OSError as error:
        raise DevError(CONFIG, f"{short(path)}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DevError(CONFIG, f"{short(path)}:{line}: not UTF-8") from None


def short(path: Path) -> str:
    """A file's name for messages: from the current folder, which is the repository's, if it is below that."""
    real = Path(os.path.realpath(path.parent), path.name)  # a folder may be reached by a link
    return os.path.relpath(real) if real.is_relative_to(Path.cwd()) else path.name


def _syntax_error(path: Path, text: str, error: yaml.YAMLError) -> DevError:
    if conflict := re.search(r"(?m)^<{7}( |$)", text):
        line = text.count("\n", 0, conflict.start()) + 1
        hint = f"edit it between <<<<<<< and >>>>>>>, then: git add {shlex.quote(short(path))}"
        return DevError(CONFIG, f"{short(path)}:{line}: a merge conflict is not resolved", hint)
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "not valid YAML"
    line = mark.line + 1 if mark else 1
    if isinstance(error, yaml.reader.ReaderError):  # it has no mark, and its position differs between loaders
        problem = str(error.reason)
        line = next((n for n, row in enumerate(text.split("\n"), 1) if yaml.reader.Reader.NON_PRINTABLE.search(row)), 1)
    return DevError(
        CONFIG,
        f"{short(path)}:{line}: {problem}",
        f"check line {line} of {short(path)}: indentation, quotes, colons",
    )


def _collect(node: Any, keys: tuple[Any, ...], document: Document) -> None:
    """Note the line of each value, and its text."""
    if node is None:
        return
    document.lines.setdefault(keys, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        document.written[keys] = node.value
    if isinstance(node, yaml.MappingNode):
        _check_keys(node, document)
        for key, value in node.value:
            document.lines.setdefault((*keys, key.value), key.start_mark.line + 1)
            _collect(value, (*keys, key.value), document)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _collect(item, (*keys, index), document)


def _check_keys(node: yaml.MappingNode, document: Document) -> None:
    """Reject duplicate keys, of which PyYAML would silently keep the last one, and keys that are not plain values."""
    seen: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise DevError(CONFIG, f"{short(document.path)}:{line}: a list or a mapping cannot be a key")
        if key.value in seen and key.value != "<<":
            message = f"duplicate key {key.value}, first in line {seen[key.value]}"
            raise DevError(CONFIG, f"{short(document.path)}:{line}: {message}")
        seen[key.value] = line

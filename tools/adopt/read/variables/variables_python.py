"""The environment variables that Python code reads: os.environ, settings libraries, pydantic's classes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import constants, dotted, module, nodes, path_of, source, text
from tools.adopt.read.text.variable import Variable, around
from tools.adopt.read.variables import databases

SUFFIXES = (".py",)
HINTS = re.compile(r"environ|getenv|\benv|_env|env_|config\(|BaseSettings|dj_database_url")
# django-environ and environs; decouple and Starlette. Only upper case: other libraries have such functions, too.
LIBRARIES = ("env", "config")
# A function of the repository with a similar name: `get_env_bool("DEBUG", False)`, `envsecret("KEY", "")`.
HELPER = re.compile(r"(?!set|put|mock|del)(?:\w+_env|\w*_env_\w+|env_\w+|env[a-z]+|from_env|\w+_from_environment)")
KEY = re.compile(r"[A-Z]\w*")
SECRET = re.compile(r"SECRET|KEY|PASS|TOKEN|SALT")  # a default of others may be compared for another reason
# Functions that read a variable without naming it.
NAMELESS = {
    **dict.fromkeys(("dj_database_url.config", "env.db", "env.db_url", "env.dj_db", "env.dj_db_url"), "DATABASE_URL"),
    **dict.fromkeys(("env.cache", "env.cache_url"), "CACHE_URL"),
}


@dataclass
class Names:
    """What a module calls `os.environ` and its functions: `from os import environ as e` makes `e` one of them.

    `constants`: the texts of names and of attributes of classes.
    """

    environ: set[str] = field(default_factory=lambda: {"os.environ"})
    getenv: set[str] = field(default_factory=lambda: {"os.getenv"})
    constants: dict[str, str] = field(default_factory=dict)

    def key(self, node: ast.expr | None) -> str:
        """The name of a variable that is written out, or that a constant of the code has: `ConfigKey.HOST`."""
        return text(node) or (self.constants.get(dotted(node), "") if node else "")

    def reads(self, called: str) -> bool:
        """Whether a function is one that reads a variable."""
        return called.removesuffix(".get") in {*self.environ, *self.getenv}

    @classmethod
    def of(cls, tree: ast.Module) -> Names:
        names = cls()
        for node in nodes(tree):
            if isinstance(node, ast.Import):
                for each in (each for each in node.names if each.name == "os" and each.asname):
                    names.environ.add(f"{each.asname}.environ")
                    names.getenv.add(f"{each.asname}.getenv")
            elif isinstance(node, ast.ImportFrom) and node.module == "os":
                names.environ |= {each.asname or each.name for each in node.names if each.name == "environ"}
                names.getenv |= {each.asname or each.name for each in node.names if each.name == "getenv"}
            elif isinstance(node, ast.Assign) and dotted(node.value) in names.environ:
                names.environ |= {target.id for target in node.targets if isinstance(target, ast.Name)}
            elif isinstance(node, ast.Assign) and names.reads(dotted(node.value)):  # env = environ.get
                names.getenv |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        return names


@dataclass(frozen=True)
class Read:
    """A place that reads a variable. `fallback`: the expression of its default, if it has one."""

    node: ast.expr
    name: str
    required: bool
    fallback: ast.expr | None = None


def reads(files: Files, names: Iterable[str]) -> Iterator[Variable]:
    """In the order of the files, each read. Code that this Python cannot parse has none."""
    for name in names:
        tree = files.tree(name) if HINTS.search(files.text(name)) else None
        if tree:
            yield from _code(files, name, tree)
            yield from _fields(files, name, tree)
        yield from databases.reads(files, name)


def _known(files: Files, name: str, tree: ast.Module) -> dict[str, str]:
    """The texts that names and attributes of classes have, those of other modules of the repository, too."""
    found: dict[str, str] = {}
    package = module(files, name).split(".")
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (path := path_of(files, source(node, package[:-1]))) != name:
            wanted = {each.name: each.asname or each.name for each in node.names}
            made = constants(files.tree(path) or ast.Module([], [])) if path else {}
            for key, value in made.items():
                first, dot, rest = key.partition(".")
                found |= {f"{wanted[first]}{dot}{rest}": value} if first in wanted else {}
    return {**found, **constants(tree)}


def _code(files: Files, name: str, tree: ast.Module) -> Iterator[Variable]:
    environment = replace(Names.of(tree), constants=_known(files, name, tree))
    optional = _optional(tree, environment)
    found = [read for node in nodes(tree) if (read := _read(node, environment))]
    chosen = {part for node in nodes(tree) if isinstance(node, ast.If) for each in node.body for part in ast.walk(each)}
    switches = _switches(tree, environment)
    alternatives, refused, keys = _alternatives(tree), _refused(tree), _keys(tree)
    for read in sorted(found, key=lambda read: (read.node.lineno, read.node.col_offset)):
        default = literal(read.fallback or alternatives.get(read.node))
        required = read.required and read.fallback is None and read.name not in optional
        if isinstance(read.node, ast.Call) and any(each.arg == "required" for each in read.node.keywords):
            required = required and read.node not in chosen  # a part of what only some configure
        if (default in refused and SECRET.search(read.name)) or (not default and read.node in keys):
            default, required = None, True
        near = _near(files, name, read.node)
        yield Variable(read.name, f"{name}:{read.node.lineno}", default, required, near, switches.get(read.node, ""))


def literal(node: ast.expr | None) -> str | None:
    """A constant as the text of a variable: True for True. None for all else, also for text of several lines."""
    value = node.value if isinstance(node, ast.Constant) else None
    return str(value) if isinstance(value, (str, int, float)) and "\n" not in str(value) else None


def _read(node: ast.AST, names: Names) -> Read | None:
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and dotted(node.value) in names.environ:
        key = names.key(node.slice)
        return Read(node, key, True) if key.isidentifier() else None
    return _call(node, names) if isinstance(node, ast.Call) else None


def _call(node: ast.Call, names: Names) -> Read | None:
    called = dotted(node.func) or (node.func.attr if isinstance(node.func, ast.Attribute) else "")
    owner, _, method = called.rpartition(".")
    key = names.key(node.args[0] if node.args else None)
    second = node.args[1] if len(node.args) > 1 else None
    fallback = second or next((each.value for each in node.keywords if each.arg == "default"), None)
    if called in names.getenv or (owner in names.environ and method in ("get", "pop")):
        return Read(node, key, False, fallback) if key.isidentifier() else None
    if KEY.fullmatch(key) and (method in LIBRARIES or owner.rpartition(".")[2] == "env"):
        # `env=` is the name of the variable, if the key is that of a setting.
        given = fallback or next((each.value for each in node.keywords if each.arg == "env"), None)
        return Read(node, key, True, given)
    if KEY.fullmatch(key) and HELPER.fullmatch(method):
        asked = any(each.arg == "required" and literal(each.value) == "True" for each in node.keywords)
        return Read(node, key, asked and not second, None if asked and not second else fallback)
    nameless = NAMELESS.get(".".join(called.split(".")[-2:]))
    return Read(node, nameless, False, fallback or ast.Constant(None)) if nameless and not key else None


def _optional(tree: ast.Module, names: Names) -> set[str]:
    """Variables whose absence the module handles: it asks `in os.environ`, or catches the KeyError."""
    found = set()
    for node in nodes(tree):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            found |= {names.key(node.left)} if dotted(node.comparators[0]) in names.environ else set()
        elif isinstance(node, ast.Try) and any(_catches(each) for each in node.handlers):
            inside = (read for part in node.body for each in ast.walk(part) if (read := _read(each, names)))
            found |= {read.name for read in inside}
    return found


def _switches(tree: ast.Module, names: Names) -> dict[ast.AST, str]:
    """The variable that turns on the code with a node: `if os.environ.get("SMTP"):`, without a default that does."""
    found: dict[ast.AST, str] = {}
    for node in nodes(tree):
        read = _read(node.test, names) if isinstance(node, ast.If) else None
        on = read is None or literal(read.fallback) not in (None, "", "0", "False")
        if read and isinstance(node, ast.If) and not on and not (read.required and read.fallback is None):
            found |= {part: read.name for each in node.body for part in ast.walk(each)}
    return found


def _catches(handler: ast.ExceptHandler) -> bool:
    """Whether a handler goes on without the variable."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    fits = any(kind is None or dotted(kind) in ("KeyError", "LookupError", "Exception") for kind in kinds)
    return fits and not any(isinstance(each, ast.Raise) for part in handler.body for each in ast.walk(part))


def _keys(tree: ast.Module) -> set[ast.expr]:
    """The values of SECRET_KEY in settings: Django refuses an empty one. Others of the same module may be left out."""
    made = [node for node in tree.body if isinstance(node, ast.Assign)]
    given = [node.value for node in made if getattr(node.targets[0], "id", "") == "SECRET_KEY"]
    return {*given} if len(given) == 1 else set()


def _refused(tree: ast.Module) -> set[str]:
    """The texts that a module compares with, and for which it stops: `if KEY == "insecure": raise …`."""
    found = set()
    for node in (each for each in nodes(tree) if isinstance(each, ast.If)):
        stops = [each for part in node.body for each in ast.walk(part) if isinstance(each, ast.Raise)]
        for test in ast.walk(node.test) if stops else ():
            if isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.Eq, ast.In)):
                found |= {
                    text(each) for part in test.comparators for each in ast.walk(part) if isinstance(each, ast.expr)
                }
    return found - {""}


def _alternatives(tree: ast.Module) -> dict[ast.expr, ast.expr]:
    """The last part of `a or b` for each part before it."""
    each = (node for node in nodes(tree) if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or))
    return {part: node.values[-1] for node in each for part in node.values[:-1]}


def _near(files: Files, name: str, node: ast.expr) -> str:
    first, last = node.lineno, node.end_lineno or node.lineno
    return around(files, name, files.offset(name, first), files.offset(name, last))


def _fields(files: Files, name: str, tree: ast.Module) -> Iterator[Variable]:
    """The fields of pydantic's settings classes, with their variables' names."""
    if "BaseSettings" not in files.text(name):
        return
    for node in (node for node in nodes(tree) if isinstance(node, ast.ClassDef)):
        if any("Settings" in ast.unparse(base) for base in node.bases):
            # Otherwise it may be a part of another class, which has a default.
            made = any(f"{node.name}()" in files.text(each) for each in files.code(*SUFFIXES))
            yield from _class_fields(name, node, made)
            yield from _inner_fields(files, name, node, made)


def _class_fields(file: str, node: ast.ClassDef, made: bool) -> Iterator[Variable]:
    prefix = _keyword(node, "env_prefix") or ""
    for item in node.body:
        if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name):
            continue
        if item.target.id == "model_config":
            continue
        given = item.value
        call = given if isinstance(given, ast.Call) else None
        aliases = [_keyword(call, key) for key in ("validation_alias", "alias", "env")] if call else []
        default = given if call is None else next(iter(call.args), None) or _node(call, "default")
        value = default.value if isinstance(default, ast.Constant) else None
        required = made and (given is None or value is ...)
        shown = str(value) if value not in (None, ...) else None
        name = next(filter(None, aliases), None) or (prefix + item.target.id).upper()
        yield Variable(name, f"{file}:{item.lineno}", shown, required, ast.unparse(item))


def _inner_fields(files: Files, file: str, node: ast.ClassDef, made: bool) -> Iterator[Variable]:
    """The fields of models in fields, if the class says what is between the names: `SHOP__DB__HOST`."""
    prefix, between = _keyword(node, "env_prefix") or "", _keyword(node, "env_nested_delimiter")
    for item in node.body if between else ():
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            names = [each.id for each in ast.walk(item.annotation) if isinstance(each, ast.Name)]
            where, model = next((found for each in names if (found := _class(files, file, each))), ("", None))
            inner = f"{prefix}{item.target.id}{between}"
            for one in _class_fields(where, model, made and item.value is None) if model else ():
                yield replace(one, name=f"{inner}{one.name}".upper())


def _class(files: Files, file: str, name: str) -> tuple[str, ast.ClassDef] | None:
    """A class of this name, and its file: in the same one, or in another one with settings."""
    start = f"class {name}("
    for other in [file, *files.code(*SUFFIXES)]:
        tree = files.tree(other) if start in files.text(other) else None
        for node in tree.body if tree else ():
            if isinstance(node, ast.ClassDef) and node.name == name:
                return other, node
    return None


def _node(call: ast.AST, key: str) -> ast.expr | None:
    """The value of a keyword argument, or of an assignment to that name, anywhere below."""
    for each in ast.walk(call):
        if isinstance(each, ast.keyword) and each.arg == key:
            return each.value
        if isinstance(each, ast.Assign) and getattr(each.targets[0], "id", "") == key:
            return each.value
    return None


def _keyword(call: ast.AST, key: str) -> str | None:
    return text(_node(call, key)) or None

"""Express: routes of the application, and of routers that one `use` mounts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from tools.adopt.read.pages.page import LOGIN, Page, joined
from tools.adopt.read.text import javascript
from tools.adopt.read.text.files import Files

SUFFIXES = (".js", ".cjs", ".mjs", ".ts", ".cts", ".mts")
ROUTE = re.compile(r"""\b(?P<object>app|server|\w*[rR]outer|\w*[rR]outes)\.get\(\s*["'`](?P<path>/[\w./-]*)["'`]\s*,""")
USE = re.compile(
    r"""\bapp\.use\(\s*(?:["'`](?P<path>/[\w./-]*)["'`]\s*,\s*)?(?P<rest>(?:[\w.]+\s*,\s*)*)"""
    r"""(?:require\(\s*["'](?P<file>\.[^"']+)["']\s*\)|(?P<name>\w+))\s*\)"""
)
TAKEN = re.compile(r"""\b(?:const|let|var|import)\s*\{([^{}]*)\}\s*(?:=\s*require\(|from)\s*["'](\.[^"']+)["']""")
NAMED = re.compile(r"\s*(?:(\w+)\.)?(\w+)\s*")  # the only handler of a route: `list`, `shop.list`
# A function by its name: `exports.list = …`, `list: async (req, res) => …`, `function list(…)`, a method `list(…) {`.
MADE = (
    r"(?:\bfunction\s+{0}\s*\("
    r"|\b{0}\s*(?::\s*\w+\s*)?[:=]\s*(?:\w+\()?(?:async\b|function\b|\()"
    r"|(?<![\w.]){0}\s*\([^()]*\)\s*\{{)"
)
INLINE = re.compile(r"\s*(?:\w*(?:async|wrap|catch)\w*\(\s*)?(?:async\b|function\b|\(|\w+\s*=>)", re.IGNORECASE)
IMPORT = re.compile(
    r"""(?:\b(?:const|let|var)\s+(\w+)\s*=\s*require\(|\bimport\s+(\w+)\s+from\s*)\s*["'](\.[^"']+)["']"""
)
RENDERS = re.compile(r"""\bres(?:ponse)?\.render\(\s*["'`]([\w./-]+)["'`]""")
QUERIES = re.compile(
    r"\.(?:find(?:One|All|Many|First)?|findAndCountAll|count|query|execute|aggregate)\(|\b(?:knex|prisma)\b|\bdb\("
)
# `next(error)` only passes on what failed.
ABSENT = re.compile(
    r"\b(?:next\(\s*(?!(?:e|er|err|error|ex|exc|exception)\s*\))\w|status\(\s*4\d\d)|isAuthenticated|req\.user\b|session\.user|\.redirect\("
)


def pages(files: Files) -> list[Page]:
    """Every page whose whole path is known, with an inline handler or a single function of the repository."""
    names = files.code(*SUFFIXES)
    codes = {name: javascript.code(files.text(name), name) for name in names if ".get(" in files.text(name)}
    mounts = dict(_mounts(files, names))
    guarded = any(_guards(files.text(name)) for name in names)
    found = []
    for name, code in codes.items():
        for match in code.matches(ROUTE):
            prefix = "" if match["object"] in ("app", "server") else mounts.get(name)
            if prefix is not None:
                where = files.at(name, match.start())
                handler = _handler(files, name, code, javascript.enclosed(code.text, match.end()))
                page = _page(files, handler, joined(prefix, match["path"]), where)
                found.append(Page(page.path, where, page.renders, page.queries, page.open and not guarded))
    return found


def _mounts(files: Files, names: list[str]) -> Iterator[tuple[str, str]]:
    """By file of a router, the path that it is mounted under, if a single `use` does it."""
    every: dict[str, list[str]] = {}
    for name in (one for one in names if "app.use(" in files.text(one)):
        code = javascript.code(files.text(name), name)
        imports = {match[1] or match[2]: match[3] for match in code.matches(IMPORT)}
        for match in code.matches(USE):
            target = match["file"] or imports.get(match["name"] or "")
            if target and (file := _file(files, name, target)):
                every.setdefault(file, []).append("" if LOGIN.search(match["rest"]) else match["path"] or "/")
    return ((file, paths[0]) for file, paths in every.items() if len(paths) == 1 and paths[0])


def _file(files: Files, name: str, target: str) -> str:
    base = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    ends = ("", *SUFFIXES, *(f"/index{end}" for end in SUFFIXES))
    return next((f"{base}{end}" for end in ends if files.has(f"{base}{end}")), "")


def _guards(text: str) -> bool:
    """Whether a middleware of the whole application may ask for a login."""
    uses = re.findall(r"\bapp\.use\(\s*([A-Za-z_][\w.]*)\s*[),]", text)
    return any(re.search(r"require|ensure|protect|guard|isAuth|checkAuth|login", one) for one in uses)


def _handler(files: Files, name: str, code: javascript.Code, arguments: str) -> str:
    """The arguments after a route's path; if they are one name, the function of that name, here or in its module."""
    named = NAMED.fullmatch(arguments)
    if not named:
        return arguments
    imports = {match[1] or match[2]: match[3] for match in code.matches(IMPORT)}
    imports |= {
        each.split(":")[-1].split(" as ")[-1].strip(): m[2] for m in code.matches(TAKEN) for each in m[1].split(",")
    }
    target = imports.get(named[1] or named[2], "")
    file = _file(files, name, target) if target else "" if named[1] else name
    there = javascript.code(files.text(file), file) if file else None
    made = next(there.matches(re.compile(MADE.format(named[2]))), None) if there else None
    body = there.text.find("{", made.end() - 1) if there and made else -1
    return f"function {javascript.enclosed(there.text, body + 1, '{}')}" if there and body >= 0 else arguments


def _page(files: Files, arguments: str, path: str, where: str) -> Page:
    """`arguments`: what follows the path. A name before the handler is a middleware, which may ask for a login."""
    inline = INLINE.match(arguments)
    named = RENDERS.search(arguments)
    renders = bool(inline and named and has_view(files, named[1]))
    shut = not inline or (bool(ABSENT.search(arguments)) and not Page(path, where).login)
    return Page(path, where, renders, bool(QUERIES.search(arguments)), not shut)


def has_view(files: Files, name: str) -> bool:
    """Whether a file is the view; Express adds the suffix of its engine."""
    return any(re.search(rf"(^|/)views/(.*/)?{re.escape(name)}(\.\w+)?$", file) for file in files.names)

"""The path of the health page: a page that renders a template, else a container's healthcheck, else a known name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from tools.adopt.found import Found, Open, Reading
from tools.adopt.read import pages
from tools.adopt.read.containers.compose import Stack
from tools.adopt.read.containers.docker import Image
from tools.adopt.read.containers.values import Values
from tools.adopt.read.pages.page import Page
from tools.adopt.read.text.files import SOURCES, Files

# The usual names, the clearest first; with a leading underscore, or in a longer path.
PATHS = (
    *("health", "healthz", "healthcheck", "health-check", "health_check", "ready", "readyz", "readiness", "live"),
    *("livez", "liveness", "__heartbeat__", "heartbeat", "__lbheartbeat__", "status", "ping", "up", "alive"),
)
WEAK = ("status", "up", "live", "ready", "alive", "ping")  # also used for other things, such as an order's status
# Syntax that defines a route, and not a request: a decorator, a table of routes, an application or a router.
DECORATED = r"@[\w.]+\.(?:get|all|route|api_route)\("
DJANGO = r"(?<![\w.])(?:path|re_path|url)\("
RECEIVED = r"\b\w*(?i:app|application|server|router|routes|blueprint|bp|fastify|web)\.(?:get|all|use|route|scope)\("
ADDED = r"\b(?:Route|Mount|add_route|add_url_rule|add_api_route|add_get)\(|\bthis\.(?:use|all|route)\("
ROUTE = re.compile(
    rf"(?:(?P<decorated>{DECORATED})|(?P<django>{DJANGO})|(?P<received>{RECEIVED})|{ADDED})"
    r"""\s*(?:[\w.]+\s*,\s*)?(?:path\s*=\s*|url\s*:\s*|["']\w+["']\s*,\s*(?=["']/))?"""
    r"""[rf]?["']\^?(?P<path>/?(?:[\w.-]+/)*?_?(?P<word>"""
    + "|".join(map(re.escape, sorted(PATHS, key=len, reverse=True)))
    + r""")/?)\$?["']"""
)
# The text after a path with an inline handler, or with a handler of such a name.
HANDLED = re.compile(
    r"""\s*,\s*(?:["']\w+["']\s*,\s*)?(?:async\b|function\b|\(|\w+\s*=>|[\w.]*(?:health|alive|live|ready|ping|heartbeat))""",
    re.IGNORECASE,
)
LIBRARY = re.compile(
    r"""\b(?:path|url|re_path)\(\s*r?["']\^?([\w/-]*)["']\s*,\s*include\(\s*["'](?:health_check|watchman)\.urls"""
)
CHECKED = re.compile(r"https?://[^\s/\"'`]+?(/[\w/.~-]*)(?=[\s\"'`|;)?]|$)")
# A client whose host is a variable: `curl "$URL/info"`.
ASKED = re.compile(r"\b(?:curl|wget)\s[^|;&\n]*?\$\{?\w+\}?(?::\$?\{?\w+\}?)?(/[\w/.~-]*)(?=[\s\"'`|;)?]|$)")
QUOTED = re.compile(r"""["'](/[\w/-]*\w/?)["']""")
PREFIX = re.compile(r"""APIRouter\([^)]*prefix\s*=\s*["'](/[\w/{}.-]*)["']""")
ROOT = re.compile(r"""^\s*ROOT_URLCONF\s*=\s*["']([\w.]+)["']""", re.MULTILINE)
# Syntax that mounts a part of the application under a path.
PUTS = re.compile(r"""((?:include_router|register_blueprint)\([^)]*prefix|\.use\(\s*["'`]/\w)""", re.M)
INNER = re.compile(r"@(?!app\b|application\b|server\b)\w+\.(?:get|route)\(|APIRouter\(|Blueprint\(")
Route = tuple["re.Match[str]", str]  # and its place


class Health(NamedTuple):
    """`renders`: the page has a template, and is open to all."""

    page: Found | None
    renders: bool = False
    notes: tuple[Found, ...] = ()
    open: tuple[Open, ...] = ()


def health(files: Files, stack: Stack, images: list[Image], found: Reading, given: Values) -> Health:
    """The page that needs most of the service (`pages.best` has the order); else the one that is named for it.

    If there is neither, the pages of the code are an open point for an owner with a database. `found` has the framework
    and the database.
    """
    named, notes = known(files, stack, images)
    framework = found.application.framework.value if found.application else ""
    every = pages.every(files, framework, given)
    best = pages.best(every, found.database is not None)
    if best:
        other = f"{named.value} is a health page; {best.path} is asked, since it renders a template" if named else ""
        return Health(Found(best.path, best.where), True, tuple(Found(other, one.where) for one in (named,) if one))
    if not named and (whole := next((one for one in every if _is_named(one, framework)), None)):
        named, notes = Found(whole.path, whole.where), []  # with the prefixes that another file gives it
    choice = pages.candidates(every, PATHS) if found.database and not named else []
    if not choice:
        return Health(named, notes=tuple(notes))
    places = "; ".join(f"{one.value}, {one.where}" for one in choice)
    what = Found("the page that shows whether the service works, best with a template and a query", places)
    return Health(None, open=(Open(what, choice[0].value, "health"),))


def _is_named(page: Page, framework: str) -> bool:
    certain = framework != "django" or page.word not in WEAK  # the routes of the others show their handler
    return page.open and page.word in PATHS and certain


def known(files: Files, stack: Stack, images: list[Image]) -> tuple[Found | None, list[Found]]:
    """The path of a container's healthcheck; else a route, but only as a note if it is not certain.

    With a wrong path the service would never be healthy. Without a path, the home page is checked.
    """
    checks = [stack.app.check if stack.app else None, *(image.runs.check for image in images)]
    for check in checks:
        match = (
            next(filter(None, (each.search(check.value) for each in (CHECKED, ASKED, QUOTED))), None) if check else None
        )
        if match and check and match[1] != "/":
            return Found(match[1], check.where), []
    code = files.code(*SOURCES)
    library = files.first(LIBRARY, code)
    if library:
        return Found("/" + library.value.strip("/") + "/", library.where), []
    return _route(files, code)


def _route(files: Files, code: Iterable[str]) -> tuple[Found | None, list[Found]]:
    found = min(filter(_routes, files.search(ROUTE, code)), key=_weight, default=None)
    if found is None:
        return None, []
    match, where = found
    path = _prefix(match) + "/" + match["path"].lstrip("/")
    if not _certain(match):
        return None, [Found(f"{path} may be a health page: if it is one, write it into the healthcheck", where)]
    if _inside(files, match.string, where):
        said = f"{path} looks like a health page with an unknown prefix: write the whole path into the healthcheck"
        return None, [Found(said, where)]
    return Found(path, where), []


def _routes(one: Route) -> bool:
    """Whether it is a route: `app.get('…')` may also read a setting."""
    match, where = one
    if match["django"]:
        return "urls" in where or "urlpatterns" in match.string
    handled = not match["received"] or "route(" in match["received"] or match.string[match.end() :].lstrip()[:1] == ","
    return match["path"].startswith("/") and handled


def _weight(one: Route) -> tuple[bool, int, int, int]:
    match, where = one
    return not _certain(match), PATHS.index(match["word"]), match["path"].strip("/").count("/"), where.count("/")


def _certain(match: re.Match[str]) -> bool:
    """Whether it is certainly a health page: a clear name, or a visible handler."""
    seen = match["decorated"] or (not match["django"] and HANDLED.match(match.string, match.end()))
    return match["word"] not in WEAK or bool(seen)


def _prefix(match: re.Match[str]) -> str:
    """The prefix of the router in the same file."""
    text = match.string
    prefix = PREFIX.search(text)
    return prefix[1] if prefix and INNER.match(text, max(text.rfind("@", 0, match.end()), 0)) else ""


def _inside(files: Files, text: str, where: str) -> bool:
    """Whether a route is in a part of the application that another file mounts under a path."""
    name = where.rpartition(":")[0]
    root = files.first(ROOT, files.code(".py"))
    path = root.value.replace(".", "/") if root else "urls"
    deeper = "urls" in name and not name.endswith((f"{path}.py", f"{path}/__init__.py"))
    part = INNER.search(text) or re.search(r"\bRouter\(", text)
    return deeper or bool(part and files.first(PUTS, files.code(*SOURCES)))

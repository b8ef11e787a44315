"""NestJS: the methods of controllers with `@Get`, below the controller's path and the application's prefix."""

from __future__ import annotations

import re

from tools.adopt.read.pages.express import QUERIES, has_view
from tools.adopt.read.pages.page import Page, joined
from tools.adopt.read.text import javascript
from tools.adopt.read.text.files import Files

PREFIX = re.compile(r"""\bsetGlobalPrefix\(\s*(?:["'`]([\w./-]*)["'`])?(\s*\))?""")
VERSIONED = re.compile(r"\benableVersioning\(")
CONTROLLER = re.compile(
    r"""@Controller\(\s*(?:\{\s*path\s*:\s*)?(?:["'`](?P<path>[\w./-]*)["'`])?\s*(?P<plain>\)|\}\s*\))?(?P<more>[^{]*?)\bclass\s+\w+[^{]*\{"""
)
GET = re.compile(r"""@Get\(\s*(?:["'`](?P<path>[\w./-]*)["'`])?\s*\)(?P<head>(?:[^{};]|\{[^{}]*\})*?\)[^{;]*)\{""")
RENDER = re.compile(r"""@Render\(\s*["'`]([\w./-]+)["'`]""")
GUARDED = re.compile(
    r"@UseGuards\(|@Auth\w*\(|@Roles\(|@Req\(|@Param\(|@Query\(|@Body\(|@CurrentUser\(|NotFoundException"
)
GUARDS_ALL = re.compile(r"\bAPP_GUARD\b|\buseGlobalGuards\(")


def pages(files: Files) -> list[Page]:
    """Every page without parameters whose whole path is known."""
    names = [name for name in files.code(".ts", ".js") if "@Controller(" in files.text(name)]
    main = [name for name in files.code(".ts", ".js") if re.search(r"NestFactory|APP_GUARD", files.text(name))]
    prefix = next((match for name in main if (match := PREFIX.search(files.text(name)))), None)
    versioned = any(VERSIONED.search(files.text(name)) for name in main)
    if versioned or (prefix and not (prefix[1] is not None and prefix[2])):
        return []
    guarded = any(GUARDS_ALL.search(files.text(name)) for name in main)
    found = []
    for name in names:
        code = javascript.code(files.text(name), name)
        for controller in code.matches(CONTROLLER):
            body = javascript.enclosed(code.text, controller.end(), "{}")
            if not controller["plain"]:
                continue  # a path that is computed, or one of several
            for route in GET.finditer(body):
                method = f"{_before(body, route.start())}{route['head']}{javascript.enclosed(body, route.end(), '{}')}"
                view = RENDER.search(method)
                path = joined(prefix[1] if prefix else "", "/", controller["path"] or "", "/", route["path"] or "")
                where = files.at(name, controller.end() + route.start())
                more = f"{_before(code.text, controller.start())}{controller['more']}"
                shut = guarded or GUARDED.search(f"{more}{method}")
                renders = bool(view and has_view(files, view[1]))
                found.append(Page(path.rstrip("/") or "/", where, renders, bool(QUERIES.search(method)), not shut))
    return found


def _before(text: str, end: int) -> str:
    """The decorators before this one: what stands after the last statement or block."""
    return text[max(text.rfind(sign, 0, end) for sign in ";{}") + 1 : end]

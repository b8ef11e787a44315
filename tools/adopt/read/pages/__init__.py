"""The pages that show whether a service works: one module for each framework, which `every` lists.

A page is better the more of the service it needs: a template, the database, and no login.
"""

from __future__ import annotations

from collections.abc import Sequence

from tools.adopt.found import Found
from tools.adopt.read.containers.values import Values
from tools.adopt.read.pages import django, express, fastapi, flask, nestjs
from tools.adopt.read.pages.page import Page
from tools.adopt.read.text.files import Files

SHOWN = 5  # candidates in an open point


def every(files: Files, framework: str, given: Values) -> list[Page]:
    """The pages that a GET without parameters asks for, as far as the code shows them."""
    if framework == "django":
        return django.pages(files, given)
    reads = {"flask": flask.pages, "fastapi": fastapi.pages, "express": express.pages, "nestjs": nestjs.pages}
    return reads[framework](files) if framework in reads else []


def best(found: Sequence[Page], database: bool) -> Page | None:
    """The first of these, in this order; None without any.

    1. A page that renders a template and uses the database, without a login. 2. The login page. 3. Another page that
    renders a template, without a login. Without a database, 3 is as good as 1. The shortest path comes first.
    """
    fit = [page for page in found if page.renders and page.open]
    return min(fit, key=lambda page: _weight(page, database), default=None)


def _weight(page: Page, database: bool) -> tuple[int, int, int]:
    grade = 0 if page.queries or not database else 1 if page.login else 2
    return grade, page.path.strip("/").count("/") + bool(page.path.strip("/")), len(page.path)


def candidates(found: Sequence[Page], names: Sequence[str]) -> list[Found]:
    """The pages among which an owner can choose, if none is certain; first those with a health page's name."""
    order = sorted(found, key=lambda page: (page.word not in names, not page.open, *_weight(page, True)))
    return [Found(page.path, page.where) for page in order[:SHOWN]]

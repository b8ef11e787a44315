"""Flask: routes of the application, and of blueprints that are registered once."""

from __future__ import annotations

from tools.adopt.read.pages import decorated
from tools.adopt.read.pages.page import Page
from tools.adopt.read.text.files import Files

SYNTAX = decorated.Syntax(("Flask", "APIFlask", "OpenAPI"), "Blueprint", "register_blueprint", "url_prefix")


def pages(files: Files) -> list[Page]:
    """Every page without parameters whose whole path is known."""
    return decorated.pages(files, SYNTAX)

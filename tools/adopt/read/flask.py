"""Flask's own commands. Before 2.2, the application and the debugger are chosen by variables, not by options."""

from __future__ import annotations

import shlex

from tools.adopt.read.project import Project, allows, version_key

OPTIONS = "2.2"  # the first Flask with `flask --app TARGET run --debug`
PYTHON = "3.7"  # that it needs


def command(project: Project, target: str, words: str) -> str:
    """The command line of `flask WORDS` for a target such as `shop.app:create_app()`."""
    flask = project.packages.get("flask")
    python = version_key(project.version.value if project.version else PYTHON)
    if python >= version_key(PYTHON) and (flask is None or allows(flask.spec, OPTIONS)):
        return f"flask --app {shlex.quote(target)} {words}"
    debug = "FLASK_DEBUG=1 " if "--debug" in words else ""
    return f"env FLASK_APP={shlex.quote(target)} {debug}flask {words.replace(' --debug', '')}"

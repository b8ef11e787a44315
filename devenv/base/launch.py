"""How `.dev/run` of a service starts these tools. CONTRACT.md describes everything else that a service promises.

    PYTHON -I TOOLS/devenv INTERFACE SERVICE [TASK [FLAGS]]

INTERFACE: the number below. SERVICE: the service's folder. Both sides come from one commit of the template. If an
update was not finished, the numbers may differ: that is error 111, with the line of `.dev/run` that has the number.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import NoReturn

INTERFACE = "1"
VERBS = ("dev.", "contract.", "template.")  # how those of the tools begin
TOOLS = Path(__file__).resolve().parents[2]  # the copy or checkout of the template that runs
# What names a repository to git: its own list (git rev-parse --local-env-vars), without settings, and what hooks
# get. The last two lines: what changes the meaning of paths and the output.
REPOSITORY = (
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE"),
    *("GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE", "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY"),
    *("GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE"),
    *("GIT_ATTR_SOURCE", "GIT_GLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_LITERAL_PATHSPECS", "GIT_NOGLOB_PATHSPECS"),
    *("GIT_DEFAULT_HASH", "GIT_DIFF_OPTS", "GIT_EXTERNAL_DIFF", "GIT_TEMPLATE_DIR"),
)
# What names a project to Compose, changes its output or names of containers, or chooses a builder of another project.
PROJECT = (
    "BUILDX_BUILDER",
    *("COMPOSE_ANSI", "COMPOSE_BAKE", "COMPOSE_COMPATIBILITY", "COMPOSE_CONVERT_WINDOWS_PATHS", "COMPOSE_ENV_FILES"),
    *("COMPOSE_DISABLE_ENV_FILE", "COMPOSE_FILE", "COMPOSE_IGNORE_ORPHANS", "COMPOSE_MENU", "COMPOSE_PATH_SEPARATOR"),
    *("COMPOSE_PROFILES", "COMPOSE_PROGRESS", "COMPOSE_PROJECT_NAME", "COMPOSE_REMOVE_ORPHANS"),
    *("COMPOSE_STATUS_STDOUT", "DOCKER_BUILDKIT"),
)
ROOT = Path.cwd()  # the service's folder; __main__ sets it before anything else is imported


def mismatch(launcher: str, root: Path) -> str:
    """The error and hint lines for a launcher of another interface; empty if it is ours."""
    if launcher == INTERFACE:
        return ""
    try:
        lines = (root / ".dev" / "run").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    line = next((at for at, text in enumerate(lines, 1) if text.startswith("INTERFACE=")), 1)
    said, hint = "those that .cruft.json names", "git status .dev; find .dev -name '*.rej'"
    if root.resolve() / ".dev" / "tools" == TOOLS:
        said, hint = "those in .dev/tools", "rm -r .dev/tools, then: inv template.vendor"
    return (
        f"error[111]: .dev/run:{line}: it starts tools of interface {launcher}, and {said} have interface {INTERFACE}\n"
        f"hint: an update of .dev/ was not finished: {hint}"
    )


def forget_others(environment: MutableMapping[str, str]) -> None:
    """Remove the variables that are about another repository, as in a git hook, or about another project of Compose."""
    for name in REPOSITORY + PROJECT:
        environment.pop(name, None)


def fail(lines: str, words: Sequence[str]) -> NoReturn:
    """The end before the command line was read: an error and its hints on stderr.

    With --json among the words, stdout has what a verb answers that failed, as from fetch.py.
    """
    print(lines, file=sys.stderr)
    first, *hints = lines.split("\nhint: ")
    found = re.match(r"error\[(\d+)\]: ((?s:.*))", first)
    assert found
    code = int(found[1])
    ours = bool(words) and words[0].startswith(VERBS)  # a task of the service may have another -j
    if ours and {"--json", "-j"} & {*(words[: words.index("--")] if "--" in words else words)}:
        error = {"code": code, "message": found[2], "hints": hints, "log": []}
        print(json.dumps({"steps": [], "timeline": [], "seconds": 0, "result": "", "error": error}))
    sys.exit(code)

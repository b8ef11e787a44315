"""The MUSTs of the contract that this repository keeps."""

from __future__ import annotations

import os
from typing import Any

from invoke.exceptions import Exit
from invoke.tasks import task

from devenv.base.errors import FOUND, DevError
from devenv.context import environment
from devenv.tasks.common import JSON, flags, pass_on
from devenv.template import conformance


@task(
    iterable=["only"],
    help={
        **JSON,
        "static": "only read files; do not start anything",
        "only": "only this MUST, such as CMP-1; can be repeated",
        "level": "core or full, instead of the level in dev.yaml",
        "html": "also write an HTML page to this file",
        "junit": "also write a JUnit file",
    },
)
def check(
    c: Any,
    static: bool = False,
    only: Any = None,
    level: str = "",
    json: bool = False,
    html: str = "",
    junit: str = "",
) -> None:
    """Check which MUSTs of the contract this repository keeps."""
    engine = os.environ.get("DEV_ENGINE", "")
    given: dict[str, str | bool] = {"--level": level, "--html": html, "--junit": junit, "--engine": engine}
    given |= {"--static": static, "--json": json}
    musts = [word for must in only or [] for word in ("--only", must)]
    code = conformance.check(environment.ROOT, [*flags(given), *musts])
    if code == FOUND:
        raise DevError(FOUND, "the contract is not kept", "each MUST above says how to fix it")
    if code == 2:  # usage: the suite has printed the error, and there must be only one
        raise Exit(code=code)
    pass_on(code, "contract.check")

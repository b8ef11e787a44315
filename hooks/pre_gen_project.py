"""Rejects answers that cannot become a working service, before a file is written.

cookiecutter itself rejects an answer that is not among the choices of cookiecutter.json. It renders this file, then
runs it in the new, still empty, project folder.
"""

from __future__ import annotations

import json
import os
import re
import sys

from cookiecutter import __version__

# tojson escapes quotes of either kind, so that no answer can end this string early.
ANSWERS = json.loads(r"""{{ cookiecutter | tojson }}""")

SERVICE = re.compile(r"[a-z][a-z0-9-]{0,39}(?<!-)")
# As in devenv/model/service_names.py, which says why.
RESERVED = (
    *("false", "n", "no", "null", "off", "on", "true", "y", "yes", "localhost"),
    *("app", "cache", "db", "default", "worker", "workspace", "public"),
)
NEEDED = (2, 2)  # the first that finds the folder templates/
REPO_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def is_port(answer: str) -> bool:
    return re.fullmatch(r"[0-9]{4,5}", answer) is not None and 1024 <= int(answer) <= 65535


def besides(answers: list[str]) -> tuple[bool, str]:
    """Only the files of `bare` can be added to existing ones: the other stacks need a new folder."""
    allowed = ANSWERS["_besides"] if ANSWERS["stack"] == "bare" else []
    good = answers == ["none"] or (answers and set(answers) <= set(allowed))
    return bool(good), f"none{', or with stack=bare any of ' + ', '.join(ANSWERS['_besides'])}"


def service(answer: str) -> tuple[bool, str]:
    if answer in RESERVED:
        return False, f"another name; these mean something else: {', '.join(RESERVED)}"
    allowed = "1 to 40 lower-case letters, digits and dashes, a letter first, no dash last (for a host name)"
    return SERVICE.fullmatch(answer) is not None, allowed


def checks() -> dict[str, tuple[bool, str]]:
    """For each answer: whether it is valid, and what is allowed."""
    return {
        "service": service(ANSWERS["service"]),
        "repo_name": (
            REPO_NAME.fullmatch(ANSWERS["repo_name"]) is not None,
            "up to 100 letters, digits, dots, dashes and underscores, a letter or digit first (for a folder)",
        ),
        "beside": besides(ANSWERS["beside"].split()),
        "port": (is_port(str(ANSWERS["port"])), "a number from 1024 to 65535"),
    }


def refusals() -> list[str]:
    verdicts = checks().items()
    found = [f"{name} is {ANSWERS[name]!r}; allowed: {allowed}" for name, (good, allowed) in verdicts if not good]
    if ANSWERS["worker"] != "none" and ANSWERS["cache"] == "none":
        found.append(f"worker is {ANSWERS['worker']!r} and cache is 'none'; allowed: cache=redis, which holds the jobs")
    # With --overwrite-if-exists, cookiecutter would overwrite an existing folder.
    if set(os.listdir()) - {".git"}:
        found.append(f"{os.getcwd()} is not empty; allowed: a new folder, or one with only .git in it")
    return found


if sys.platform in ("win32", "cygwin", "msys"):
    hint = "hint: wsl --install --distribution Ubuntu; then run the same command in there"
    sys.exit(f"error[110]: on Windows, this runs in WSL 2\n{hint}")
if tuple(map(int, re.findall(r"\d+", __version__)[:2])) < NEEDED:
    needed = ".".join(map(str, NEEDED))
    hint = "hint: pipx run cookiecutter TEMPLATE, or: pipx install cookiecutter"
    sys.exit(f"error[110]: cookiecutter {__version__} is too old, {needed} or newer is needed\n{hint}")
if found := refusals():
    sys.exit("\n".join(f"error[2]: {refusal}" for refusal in found))

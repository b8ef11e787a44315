"""Lays the chosen stack and options over the common tree; makes a project of plain cookiecutter updatable.

cookiecutter renders this file, then runs it in the new project folder; `cruft update` does so elsewhere.
It moves what it finds under .stacks and removes .stacks; files of this template that are to stand beside others get
another name. Nothing else is ever deleted or replaced.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# tojson escapes quotes of either kind, so that no answer can end this string early.
ANSWERS = json.loads(r"""{{ cookiecutter | tojson }}""")
STACKS = Path(".stacks")
# Where a repository has files of its own under the usual names, ours stand beside them (template.retrofit).
BESIDE = {
    "compose": {"compose.yaml": "compose.devenv.yaml"},
    "dockerfile": {"Dockerfile": "Dockerfile.devenv", ".dockerignore": "Dockerfile.devenv.dockerignore"},
    "tasks": {"tasks.py": "dev_tasks.py"},
}


def overlays() -> list[Path]:
    """The folders of .stacks that the answers choose: the stack's, then one for each thing that it was given.

    django, django.database (of either kind) or django.stateless, django.cache, django.worker: those that there are.
    """
    stack = ANSWERS["stack"]
    given = [name for name in ("database", "cache", "worker") if ANSWERS[name] != "none"]
    without = ["stateless"] if ANSWERS["database"] == "none" else []
    names = [stack, *(f"{stack}.{feature}" for feature in [*without, *given])]
    return [folder for folder in (STACKS / name for name in names) if folder.is_dir()]


def lay_over(folder: Path, project: Path) -> None:
    for source in sorted(path for path in folder.rglob("*") if not path.is_dir()):
        target = project / source.relative_to(folder)
        if os.path.lexists(target):
            sys.exit(f"error[113]: {folder.name} would replace {target}; the files are still under {STACKS}")
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)


def find_template() -> Path | None:
    """The template's folder. It may be relative to where cookiecutter was called, which no variable tells."""
    for base in (ANSWERS["_output_dir"], os.environ.get("PWD", "")):
        folder = Path(base, ANSWERS["_repo_dir"])
        if folder.is_absolute() and (folder / "cookiecutter.json").is_file():
            return folder.resolve()
    return None


def git(template: Path, *arguments: str) -> str:
    """What git prints; empty when it fails."""
    command = ["git", "-C", str(template), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()


def template_url(template: Path) -> str:
    """Where others find this commit too: the origin; the path when the commit was never pushed."""
    cloned_for_us = ANSWERS["_repo_dir"] != ANSWERS["_template"]
    remotes = git(template, "remote").split()
    if "origin" in remotes and (cloned_for_us or git(template, "branch", "--remotes", "--contains", "HEAD")):
        # A CI checkout's origin may hold a token, and this goes into a file that people commit.
        return re.sub(r"^(https?://)[^@/]*@", r"\1", git(template, "remote", "get-url", "origin"))
    return str(template)


def write_cruft_json() -> None:
    """What `cruft create` would have written, so that `cruft check` and `cruft update` work."""
    template = find_template()
    if not template or not (template / ".git").exists():
        print("note: the template is no git checkout: no .cruft.json, no updates later", file=sys.stderr)
        return
    state = {
        "template": template_url(template),
        "commit": git(template, "rev-parse", "HEAD"),
        "checkout": None,
        "context": {"cookiecutter": {name: ANSWERS[name] for name in ANSWERS if not name.startswith("_")}},
        "directory": None,
    }
    Path(".cruft.json").write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")


for overlay in overlays():
    lay_over(overlay, Path())
shutil.rmtree(STACKS)
for kind in set(ANSWERS["beside"].split()) & set(BESIDE):
    for usual, other in BESIDE[kind].items():
        Path(usual).rename(other)
if "_commit" not in ANSWERS:  # cruft sets it, and writes the file itself
    write_cruft_json()

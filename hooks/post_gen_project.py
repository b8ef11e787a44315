"""Adds the chosen stack and options to the common files, and makes a project of plain cookiecutter updatable.

cookiecutter renders this file, then runs it in the new project folder; `cruft update` runs it in another folder.
It moves files out of .stacks and removes .stacks. If a repository already has a file of that name, the template's file
gets another name. Nothing else is deleted or replaced.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

# tojson escapes quotes of either kind, so that no answer can end this string early.
ANSWERS = json.loads(r"""{{ cookiecutter | tojson }}""")
STACKS = Path(".stacks")
# If a repository has its own files with the usual names, ours get other names (template.retrofit).
BESIDE = {
    "compose": {"compose.yaml": "compose.devenv.yaml"},
    "dockerfile": {"Dockerfile": "Dockerfile.devenv", ".dockerignore": "Dockerfile.devenv.dockerignore"},
    "tasks": {"tasks.py": "dev_tasks.py"},
}


def overlays() -> list[Path]:
    """The folders of .stacks that the answers choose: the stack's, then one for each chosen feature.

    For example django, django.database (of either kind) or django.stateless, django.cache, django.worker, if they
    exist; bare.new for a new service only. Then the compose fragments of the database and the cache, such as
    database.postgres.
    """
    stack = ANSWERS["stack"]
    given = [name for name in ("database", "cache", "worker") if ANSWERS[name] != "none"]
    without = ["stateless"] if ANSWERS["database"] == "none" else []
    new = ["new"] if is_new() else []
    names = [stack, *(f"{stack}.{feature}" for feature in [*without, *given, *new])]
    fragments = [f"{feature}.{ANSWERS[feature]}" for feature in ("database", "cache")]
    return [folder for folder in (STACKS / name for name in [*names, *fragments]) if folder.is_dir()]


def is_new() -> bool:
    """Whether this is the service itself. `cruft update` renders elsewhere, to compare two commits of the template.

    A new file there becomes a conflict with a file of the owner that has the same name.
    """
    if "_commit" not in ANSWERS:
        return True
    here, called_in = os.path.realpath(".."), os.environ.get("PWD")
    if called_in:
        return here == os.path.realpath(called_in)
    return not here.startswith(os.path.join(os.path.realpath(tempfile.gettempdir()), ""))  # where cruft compares


def lay_over(folder: Path, project: Path) -> None:
    for source in sorted(path for path in folder.rglob("*") if not path.is_dir()):
        target = project / source.relative_to(folder)
        if os.path.lexists(target):
            sys.exit(f"error[113]: {folder.name} would replace {target}; the files are still under {STACKS}")
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)


def find_template() -> Path | None:
    """The template's folder. It may be relative to the folder where cookiecutter was called, which is not passed on.

    PWD says that folder, if a shell has set it. cookiecutter itself is in the template's folder while this hook runs;
    Linux can tell where that is.
    """
    called_in = (Path(base, ANSWERS["_repo_dir"]) for base in (ANSWERS["_output_dir"], os.environ.get("PWD", "")))
    for folder in (*called_in, Path(f"/proc/{os.getppid()}/cwd")):
        if folder.is_absolute() and (folder / "cookiecutter.json").is_file():
            return folder.resolve()
    return None


def write_cruft_json(template: Path) -> None:
    """Write the same file as `cruft create`, so that `cruft check` and `cruft update` work."""
    from tools.adopt import address  # of the template

    cloned_for_us = ANSWERS["_repo_dir"] != ANSWERS["_template"]
    state = {
        "template": address.of(template, cloned_for_us),
        "commit": address.git(template, "rev-parse", "HEAD"),
        "checkout": None,
        "context": {"cookiecutter": {name: ANSWERS[name] for name in ANSWERS if not name.startswith("_")}},
        "directory": None,
    }
    Path(".cruft.json").write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
    for line in address.notes(template, state["template"]):
        print(line, file=sys.stderr)


def pin(template: Path | None) -> None:
    """Record where the tools come from: a commit of the template, or a copy if the template is not a git checkout."""
    if not template:
        print("note: the template's folder was not found: no .cruft.json, and no tools", file=sys.stderr)
        return
    sys.dont_write_bytecode = True  # do not write into the template's folder
    sys.path.insert(0, str(template))
    if (template / ".git").exists():
        write_cruft_json(template)
        return
    from devenv.base import vendored

    vendored.write(template, Path(".dev"))
    print(
        "note: the template is not a git checkout: its tools are in .dev/tools, and you update it by hand",
        file=sys.stderr,
    )


def next_commands() -> list[str]:
    """What to type now, in the folder where cookiecutter was called."""
    called_in = os.environ.get("PWD")
    here = os.path.relpath(os.getcwd(), called_in) if called_in else os.getcwd()
    if ANSWERS["stack"] == "bare":
        return [f"cd {shlex.quote(here)}", "make dev.doctor", "make dev.up"]
    return [f"cd {shlex.quote(here)}", "make dev.up", "make help"]


for overlay in overlays():
    lay_over(overlay, Path())
shutil.rmtree(STACKS)
for kind in set(ANSWERS["beside"].split()) & set(BESIDE):
    for usual, other in BESIDE[kind].items():
        Path(usual).rename(other)
if "_commit" not in ANSWERS:  # cruft sets it, and writes the file itself
    pin(find_template())
    print("next:", *(f"  {command}" for command in next_commands()), sep="\n", file=sys.stderr)

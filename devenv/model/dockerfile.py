"""The files that an image is built from. If none of them changed, it is not built again.

The only Dockerfile reader of the tools. Sources: https://docs.docker.com/reference/dockerfile/ and, for .dockerignore,
https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from devenv.model import commands, fingerprint
from devenv.model.services import Build

INSTRUCTION = r"(?s)\s*([A-Za-z]+)\s+(.*)"
FROM = r"(?i)(?:--\S+\s+)*(?P<base>\S+)(?:\s+AS\s+(?P<name>\S+))?"
COPY = r"(?s)(?P<flags>(?:--\S+\s+)*)(?P<words>.+)$"
VARIABLE = r"\$\{(\w+)(?::?-([^}]*))?\}|\$(\w+)"
COPY_FROM = r"--from=(\S+)|from=([^,\s]+)"
MOUNT = r"--mount=(\S+)"
# A comment above a RUN that sees the whole context but depends on few files: it lists them. It is for projects that are
# installed as editable, so the image contains none of their code.
MADE_FROM = r"(?m)^#\s*dev\.up (?:re)?builds(?: \w+)? when these change:(?P<files>.*)\n\s*RUN\b"
MADE = r"--made-from=(\S*)"
UNNAMED = "devenv-app"  # a stage that has no name, once it needs one
STARS = 8  # more in one pattern would take minutes on a long path
ASSIGNED = r"(?:^|\s)([A-Za-z_]\w*)="
# Variables that are right in an image only, and that the environment without one has in its own way.
OF_THE_IMAGE = r"PATH|HOME|LANG|LC_\w+|VIRTUAL_ENV|PYTHON(?:UNBUFFERED|DONTWRITEBYTECODE)|(?:UV|PIP|npm_config)_\w+"
HEREDOC = r"""(?<!\S)\d*<<-?(["']?)(\w+)\1(?!\S)"""


class Instruction(NamedTuple):
    """One instruction: its word in capitals, the rest with continuation lines joined, and its first line."""

    word: str
    text: str
    line: int


class Stage(NamedTuple):
    """What a stage is built on: another stage or an image; and its instructions."""

    base: str
    steps: list[Instruction]


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile, without comments and the content of heredocs."""
    joined, first = "", 0
    for number, line in _without_heredocs(text.splitlines()):
        if line.lstrip().startswith("#") or (not line.strip() and joined):
            continue
        first = first if joined else number
        joined += line
        if line.rstrip().endswith("\\"):
            joined = joined.rstrip()[:-1] + " "
            continue
        found = re.fullmatch(INSTRUCTION, joined)
        if found:
            yield Instruction(found[1].upper(), found[2].strip(), first)
        joined = ""


def expand(text: str, values: Mapping[str, str]) -> str:
    """A text with its variables replaced: `$V`, `${V}`, `${V:-default}`."""
    return re.sub(VARIABLE, lambda match: values.get(match[1] or match[3], match[2] or ""), text)


def inputs(build: Build) -> list[Path]:
    """The Dockerfile, .dockerignore, and the files of the context that the steps up to the target use."""
    text = build.dockerfile.read_text(encoding="utf-8", errors="replace") if build.dockerfile.is_file() else ""
    sources = [source for step in _steps_of(text, build) for source in _sources(step)]
    ignore = ignore_file(build)
    ignored = _Ignored(ignore.read_text(encoding="utf-8", errors="replace") if ignore.is_file() else "")
    found = [path for source in sources for path in _files(build.context, source)]
    used = {path for path in found if not ignored.match(path.relative_to(build.context).as_posix())}
    return sorted({build.dockerfile, ignore, *used})


def named(build: Build) -> tuple[str, str]:
    """The text of the Dockerfile, and the name of the stage that is built; a last stage without one gets one."""
    text = build.dockerfile.read_text(encoding="utf-8")
    name = _target(_stages(text, build.args), build)
    if not name.isdecimal():
        return text, name
    lines = text.splitlines()
    starts = [step.line for step in instructions(text) if step.word == "FROM"]
    lines[starts[int(name)] - 1] += f" AS {UNNAMED}"
    return "\n".join(lines) + "\n", UNNAMED


def user(build: Build) -> str:
    """The last USER of the stage that is built, or of one below it; empty if no stage has one."""
    users = [step.text for step in _built(build) if step.word == "USER"]
    return users[-1] if users else ""


def left_out(build: Build) -> list[str]:
    """What the image would have set for its processes, and a process without one has not: "ENTRYPOINT", "ENV NAME"."""
    found: dict[str, None] = {}
    for step in _built(build):
        if step.word in ("ENTRYPOINT", "HEALTHCHECK"):
            found[step.word] = None
        elif step.word == "ENV":
            older = step.text.split()[:1]  # ENV NAME value
            names = re.findall(ASSIGNED, re.sub(commands.QUOTED, "", step.text)) if "=" in "".join(older) else older
            found.update(dict.fromkeys(f"ENV {name}" for name in names if not re.fullmatch(OF_THE_IMAGE, name)))
    return [*found]


def _built(build: Build) -> list[Instruction]:
    """The instructions of the stage that is built, after those of the stages below it."""
    text = build.dockerfile.read_text(encoding="utf-8", errors="replace") if build.dockerfile.is_file() else ""
    stages = _stages(text, build.args)
    name, seen = _target(stages, build), list[str]()
    while name and name not in seen:  # a stage that is built on a later one is an error that Docker reports
        seen.append(name)
        name = _find(stages, stages[name].base)
    return [step for name in reversed(seen) for step in stages[name].steps]


def ignore_file(build: Build) -> Path:
    """The Dockerfile's own .dockerignore comes before the context's."""
    own = build.dockerfile.with_name(f"{build.dockerfile.name}.dockerignore")
    return own if own.is_file() else build.context / ".dockerignore"


def takes(build: Build, path: Path) -> bool:
    """Whether a file of this machine is in the build context, so that `COPY . .` would copy it."""
    context = build.context.resolve()
    if not path.is_relative_to(context):
        return False
    ignore = ignore_file(build)
    text = ignore.read_text(encoding="utf-8", errors="replace") if ignore.is_file() else ""
    return not _Ignored(text).match(path.relative_to(context).as_posix())


def hidden_secrets(path: Path) -> list[tuple[int, str, list[str]]]:
    """For each RUN of a Dockerfile whose secrets have one target: its line, the target, the ids."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    found = []
    for step in instructions(text):
        targets: dict[str, list[str]] = {}
        for mount in re.findall(MOUNT, step.text) if step.word == "RUN" else []:
            options = dict(option.partition("=")[::2] for option in mount.split(","))
            if options.get("type") == "secret" and "env" not in options:
                name = options.get("id", "")
                named = next((options[key] for key in ("target", "dst", "destination") if options.get(key)), name)
                target = os.path.normpath(os.path.join("/run/secrets", named))
                targets.setdefault(target, []).append(name or os.path.basename(target))
        found += [(step.line, target, ids) for target, ids in targets.items() if ids[1:]]
    return found


class _Ignored:
    """The patterns of a .dockerignore file: the last one that matches a path, or a folder above it, decides."""

    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
        pairs = [(line.startswith("!"), os.path.normpath(line.lstrip("!").strip()).strip("/")) for line in lines]
        self.patterns: list[tuple[bool, re.Pattern[str]]] = []
        for kept, name in pairs:
            if name.count("*") > STARS:  # it would take minutes; so more files count, which is harmless
                if not kept:
                    continue
                name = "**"
            with contextlib.suppress(re.error):  # Docker refuses to build with it
                self.patterns.append((kept, fingerprint.ignore_pattern(name)))

    def match(self, path: str) -> bool:
        """Whether Docker leaves this file out of the context."""
        parts = path.split("/")
        places = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
        ignored = False
        for kept, pattern in self.patterns:
            if kept == ignored and any(pattern.fullmatch(place) for place in places):
                ignored = not kept
        return ignored


def _steps_of(text: str, build: Build) -> list[Instruction]:
    """The instructions of a stage and of all stages that it builds on."""
    stages = _stages(text, build.args)
    wanted: set[str] = set()
    todo = [_target(stages, build)]
    while todo:
        name = todo.pop()
        if name and name not in wanted:
            wanted.add(name)
            base, steps = stages[name]
            used = [base, *(a or b for step in steps for a, b in re.findall(COPY_FROM, step.text))]
            todo += [_find(stages, word) for word in used]
    return [step for name in wanted for step in stages[name].steps]


def _target(stages: Iterable[str], build: Build) -> str:
    """The name of the stage that is built: the target, else the last one; empty without any."""
    return _find(stages, build.target) or "".join(list(stages)[-1:])


def _find(stages: Iterable[str], word: str) -> str:
    """The name of a stage that is given by its name in any case, or by its number; empty for an image."""
    names = list(stages)
    if word.lower() in names:
        return word.lower()
    return names[int(word)] if word.isdecimal() and int(word) < len(names) else ""


def _stages(text: str, given: Mapping[str, str]) -> dict[str, Stage]:
    """The stages by name. `given`: the build's arguments, which come before the defaults of ARG."""
    stages: dict[str, Stage] = {}
    values: dict[str, str] = {}
    marked = re.sub(MADE_FROM, lambda match: f"RUN --made-from={','.join(match['files'].split())}", text)
    for step in instructions(marked):
        start = re.match(FROM, expand(step.text, values)) if step.word == "FROM" else None
        if start:
            stages[(start["name"] or str(len(stages))).lower()] = Stage(start["base"], [])
        elif stages:
            list(stages.values())[-1].steps.append(step)
        elif step.word == "ARG":
            name, _, default = step.text.partition("=")
            values[name] = given.get(name, default.strip("\"'"))
    return stages


def _without_heredocs(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines that are instructions, with numbers: a script in a heredoc may have a line `from os import path`."""
    rest = enumerate(lines, 1)
    for number, line in rest:
        yield number, line
        for _, end in [] if line.lstrip().startswith("#") else re.findall(HEREDOC, line):
            for _, inner in rest:
                if inner.lstrip("\t") == end:
                    break


def _sources(step: Instruction) -> list[str]:
    """The paths of the build context that one instruction uses."""
    made = re.match(MADE, step.text) if step.word == "RUN" else None
    if made:
        return made[1].split(",")
    copy = re.match(COPY, step.text) if step.word in ("COPY", "ADD") else None
    if not copy:
        return [source for mount in re.findall(MOUNT, step.text) for source in _bound(mount)]
    return [] if "--from=" in copy["flags"] else _words(copy["words"])[:-1]


def _words(text: str) -> list[str]:
    """The two forms of COPY: words, or a JSON list."""
    with contextlib.suppress(ValueError):
        listed = json.loads(text)
        return [str(word) for word in listed] if isinstance(listed, list) else [text]
    return text.split()


def _bound(mount: str) -> list[str]:
    """The paths of the build context in a mount of RUN: all of it if it names no source."""
    options = dict(option.partition("=")[::2] for option in mount.split(","))
    if options.get("type", "bind") != "bind" or "from" in options:
        return []
    return [options.get("source") or options.get("src") or "."]


def _files(context: Path, source: str) -> list[Path]:
    """The files of a COPY source; for a folder all files below it."""
    name = source.strip("/")
    if source.startswith(("http", "<<")):
        return []
    found = [context / name]
    if re.search(r"[*?[]", name) and name.count("*") <= STARS:
        with contextlib.suppress(ValueError):  # an invalid pattern matches nothing
            found = list(context.glob(name))
    return [f for path in found for f in ([path] if path.is_file() else fingerprint.walk(path))]

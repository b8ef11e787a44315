"""The files that an image is built from. If none of them changed, it is not built again."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from devenv.model import fingerprint
from devenv.model.services import Build

FROM = re.compile(r"^FROM\s+(?:--\S+\s+)*(?P<base>\S+)(?:\s+AS\s+(?P<name>\S+))?", re.I)
COPY = re.compile(r"^(?:COPY|ADD)\s+(?P<flags>(?:--\S+\s+)*)(?P<words>.+)$", re.I)
COPY_FROM = re.compile(r"--from=(\S+)|from=([^,\s]+)")
MOUNT = re.compile(r"--mount=(\S+)")
# A comment above a RUN that sees the whole context but depends on few files: it lists them. It is for projects that are
# installed as editable, so the image contains none of their code.
MADE_FROM = re.compile(r"^#\s*dev\.up (?:re)?builds(?: \w+)? when these change:(?P<files>.*)\n\s*RUN\b", re.M)
MADE = re.compile(r"^RUN --made-from=(\S*)")
HEREDOC = re.compile(r"""(?<!\S)\d*<<-?(["']?)(\w+)\1(?!\S)""")


def inputs(build: Build) -> list[Path]:
    """The Dockerfile, .dockerignore, and the files of the context that the steps up to the target use."""
    text = build.dockerfile.read_text(encoding="utf-8", errors="replace") if build.dockerfile.is_file() else ""
    sources = [source for step in _steps_of(text, build.target) for source in _sources(step)]
    found = [path for source in sources for path in _files(build.context, source)]
    return sorted({build.dockerfile, build.context / ".dockerignore", *found})


def _steps_of(text: str, target: str) -> list[str]:
    """The instructions of a stage and of all stages that it builds on."""
    stages = _stages(text)
    wanted: set[str] = set()
    todo = [_find(stages, target) or list(stages)[-1]] if stages else []
    while todo:
        name = todo.pop()
        if name and name not in wanted:
            wanted.add(name)
            base, steps = stages[name]
            used = [base, *(a or b for step in steps for a, b in COPY_FROM.findall(step))]
            todo += [_find(stages, word) for word in used]
    return [step for name in wanted for step in stages[name][1]]


def _find(stages: Iterable[str], word: str) -> str:
    """The name of a stage that is given by its name in any case, or by its number; empty for an image."""
    names = list(stages)
    if word.lower() in names:
        return word.lower()
    return names[int(word)] if word.isdecimal() and int(word) < len(names) else ""


def _stages(text: str) -> dict[str, tuple[str, list[str]]]:
    """Name of each stage → its base and its instructions, with joined continuation lines."""
    stages: dict[str, tuple[str, list[str]]] = {}
    steps: list[str] = []
    marked = MADE_FROM.sub(lambda match: f"RUN --made-from={','.join(match['files'].split())}", text)
    uncommented = re.sub(r"^\s*#.*\n?", "", "\n".join(_without_heredocs(marked.splitlines())), flags=re.M)
    for line in re.sub(r"\\\s*\n", " ", uncommented).splitlines():
        start = FROM.match(line.strip())
        if start:
            steps = []
            stages[(start["name"] or str(len(stages))).lower()] = (start["base"], steps)
        elif line.strip():
            steps.append(line.strip())
    return stages


def _without_heredocs(lines: Iterable[str]) -> Iterator[str]:
    """The lines that are instructions: a script in a heredoc may have a line such as `from os import path`."""
    rest = iter(lines)
    for line in rest:
        yield line
        for _, end in [] if line.lstrip().startswith("#") else HEREDOC.findall(line):
            for inner in rest:
                if inner.lstrip("\t") == end:
                    break


def _sources(step: str) -> list[str]:
    """The paths of the build context that one instruction uses."""
    made = MADE.match(step)
    if made:
        return made[1].split(",")
    copy = COPY.match(step)
    if not copy:
        return [source for mount in MOUNT.findall(step) for source in _bound(mount)]
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
    if re.search(r"[*?[]", name):
        with contextlib.suppress(ValueError):  # an invalid pattern matches nothing
            found = list(context.glob(name))
    return [f for path in found for f in ([path] if path.is_file() else fingerprint.walk(path))]

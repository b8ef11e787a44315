"""Existing Dockerfiles: base image, packages, variables, ports, healthcheck and command."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from devenv.model import dockerfile
from devenv.model.dockerfile import expand
from tools.adopt.found import Found
from tools.adopt.read.text.files import Files

NAMES = ("Dockerfile", "Containerfile", "Dockerfile.prod*", "Dockerfile.*", "*.Dockerfile")
FOLDERS = re.compile(r"^\.?(docker\w*|compose|containers?|deploy\w*|build|images?)/", re.IGNORECASE)
INSTALL = re.compile(
    r"\b(apt(?=(?:-get|itude)?\s(?:[^;&|]*?\s)?install\s)|apk(?=\s(?:[^;&|]*?\s)?add\s))[^;&|]*?\s(?:install|add)\s([^;&|]*)",
    re.DOTALL,
)
ASSIGNED = re.compile(r"""(?:^|[\s;&])([A-Za-z_]\w*)=("(?:[^"\\]|\\.)*"|'[^']*'|[^\s;&|]*)""")
VERSIONS = {"python": re.compile(r"^python(3\.\d+)(?:-\w+)?$"), "node": re.compile(r"^nodejs=(\d+)")}
DISTRIBUTIONS = re.compile(r"^(?:.*/)?(?:python|node):[\d.]+(?:-(?P<variant>[a-z][\w.-]*))?(?:@|\s|$)")
PACKAGE = re.compile(r"[a-z0-9][a-z0-9.+-]+$")
PAIR = re.compile(r"(\w+)=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|\S*)")
COPIED = re.compile(r"(?:--(?!from)\S+\s+)*([\w./-]+)\s+(/[\w./-]*[\w-])")
NO_CHECK = "NONE"
NAMED = re.compile(r"(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
PRODUCTION = re.compile(r"prod|production|runtime|final", re.IGNORECASE)
TESTS = re.compile(r"\b(pytest|tox|nox|unittest|jest|mocha|vitest|manage\.py test|(npm|yarn|pnpm) (run )?test)\b")


@dataclass
class Stage:
    """The settings of a stage, including those of the stage that it is built on."""

    name: str = ""
    environment: dict[str, Found] = field(default_factory=dict)
    port: Found | None = None
    command: Found | None = None
    entrypoint: Found | None = None
    check: Found | None = None
    folder: str = "/"  # WORKDIR


@dataclass
class Image:
    """A Dockerfile. `packages` and `bases` are those of all stages; `target`: the stage that a compose file builds."""

    file: str
    bases: list[Found] = field(default_factory=list)
    packages: list[Found] = field(default_factory=list)
    alpine: set[str] = field(default_factory=set)  # those of `packages` with the names of Alpine
    stages: list[Stage] = field(default_factory=list)
    target: str = ""
    steps: list[Found] = field(default_factory=list)  # the commands of RUN
    arguments: dict[str, Found] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)  # COPY of one file: its path in the image, and in the context

    @property
    def runs(self) -> Stage:
        """Production's stage: the target; else one of that name; else the last one that does not run tests."""
        wanted = [stage for stage in self.stages if self.target and stage.name == self.target]
        named = [stage for stage in self.stages if PRODUCTION.fullmatch(stage.name)]
        serving = [stage for stage in self.stages if not (stage.command and TESTS.search(stage.command.value))]
        return next(reversed(wanted or named or serving), Stage())

    def version(self, name: str) -> Found | None:
        """The tag's version of the last base of this name: 3.12 for `python:3.12-slim`."""
        for base in reversed(self.bases):
            match = re.search(rf"(?:^|/){name}:(\d+(?:\.\d+)*)", base.value)
            if match:
                return Found(match[1], base.where)
        named = [Found(match[1], one.where) for one in self.packages if (match := VERSIONS[name].match(one.value))]
        given = self.arguments.get(f"{name.upper()}_VERSION")
        match = re.match(r"\d+\.\d+", given.value) if given else None
        return next(iter(named), Found(match[0], given.where) if match and given else None)

    def variant(self, name: str) -> Found | None:
        """What follows the version in the tag of the language's base: slim-bullseye, alpine; empty: the full one."""
        for base in reversed(self.bases):
            match = DISTRIBUTIONS.match(base.value)
            if match and re.search(rf"(?:^|/){name}:", base.value):
                return Found(match["variant"] or "", base.where)
        return None


def images(files: Files) -> list[Image]:
    """The Dockerfiles of the folder, the plain name first; else those of a subfolder, production's first."""
    names = [name for name in files.named(*NAMES, depth=3) if "/" not in name or FOLDERS.match(name)]
    names = [name for name in names if not name.endswith((".dockerignore", ".devenv"))]
    here = [name for name in names if "/" not in name]
    deeper = sorted((image(files, name) for name in names), key=lambda one: "prod" not in one.file)
    return [image(files, name) for name in here] or [
        one for one in deeper if one.version("python") or one.version("node")
    ]


def image(files: Files, name: str) -> Image:
    made = Image(name)
    arguments: dict[str, str] = {}
    for step, text, where in steps(files, name):
        if step == "ARG" and "=" in text:
            key, _, value = text.partition("=")
            arguments.setdefault(key.strip(), value.strip("\"' "))
            made.arguments.setdefault(key.strip(), Found(value.strip("\"' "), where))
        elif step == "FROM":
            _stage(made, Found(expand(text, arguments), where))
        elif step in TAKEN and made.stages:
            TAKEN[step](made.stages[-1], text, where)
        elif step == "RUN":
            _run(made, text, where, arguments)
        elif step in ("COPY", "ADD") and (pair := COPIED.fullmatch(text)):
            made.copies[pair[2]] = posixpath.normpath(pair[1])
    return made


def _stage(made: Image, base: Found) -> None:
    """A stage starts with the settings of the stage that it is built on."""
    made.bases.append(base)
    match = NAMED.match(re.sub(r"^(--\S+\s+)+", "", base.value))
    parent, name = match.groups() if match else ("", "")
    on = next((stage for stage in reversed(made.stages) if stage.name and stage.name == parent), Stage())
    made.stages.append(replace(on, name=name or "", environment=dict(on.environment)))


def steps(files: Files, name: str) -> Iterator[tuple[str, str, str]]:
    """Each instruction with its continuation lines as one text, without comments, and its first line."""
    for step in dockerfile.instructions(files.text(name)):
        yield step.word, step.text, f"{name}:{step.line}"


def command_line(text: str) -> str:
    """A command as one line: the exec form `["a", "b"]` without `sh -c`, or the shell form."""
    try:
        words = json.loads(text) if text.startswith("[") else None
    except ValueError:
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return text
    return words[2] if words[1:2] == ["-c"] and len(words) == 3 else shlex.join(words)


def _environment(stage: Stage, text: str, where: str) -> None:
    pairs = PAIR.findall(text) or ([tuple(text.split(None, 1))] if len(text.split(None, 1)) == 2 else [])
    for key, value in pairs:
        stage.environment[key] = Found(value.strip("\"'"), where)


def _folder(stage: Stage, text: str, _: str) -> None:
    known = {key: found.value for key, found in stage.environment.items()}
    stage.folder = posixpath.normpath(posixpath.join(stage.folder, expand(text.strip().strip("\"'"), known)))


def _expose(stage: Stage, text: str, where: str) -> None:
    port = re.match(r"\d+", expand(text, {key: found.value for key, found in stage.environment.items()}))
    stage.port = Found(port[0], where) if port else stage.port


def _run(made: Image, text: str, where: str, arguments: Mapping[str, str]) -> None:
    bare = re.sub(r"^(--\S+\s+)+", "", text)
    made.steps.append(Found(bare, where))
    stage = made.stages[-1].environment if made.stages else {}
    values = {**arguments, **{key: found.value for key, found in stage.items()}}
    values |= {key: value.strip("\"'") for key, value in ASSIGNED.findall(bare)}
    for tool, words in INSTALL.findall(bare):
        names = [re.sub(r"[=/~<>].*", "", word) for word in expand(words, values).split() if not word.startswith("-")]
        made.alpine.update(names if tool == "apk" else ())
        known = {found.value for found in made.packages}
        made.packages += [Found(name, where) for name in names if PACKAGE.match(name) and name not in known]


def _command(stage: Stage, text: str, where: str) -> None:
    stage.command = Found(command_line(text), where)


def _entrypoint(stage: Stage, text: str, where: str) -> None:
    stage.entrypoint = Found(command_line(text), where)


def _check(stage: Stage, text: str, where: str) -> None:
    stage.check = None if text.strip() == NO_CHECK else Found(text, where)


TAKEN = {
    "ENV": _environment,
    "EXPOSE": _expose,
    "WORKDIR": _folder,
    "CMD": _command,
    "ENTRYPOINT": _entrypoint,
    "HEALTHCHECK": _check,
}

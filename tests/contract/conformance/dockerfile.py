"""A Dockerfile as stages of instructions: enough to see users, images, secrets and comments."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|PRIVATE", re.IGNORECASE)
HEREDOC = re.compile(r"<<-?\s*[\"']?(\w+)")
FROM = re.compile(r"(?:--platform=\S+\s+)?(\S+)(?:\s+AS\s+(\S+))?\s*$", re.IGNORECASE)
COPY_FROM = re.compile(r"(?:--from=|\bfrom=)([^\s,]+)")


@dataclass(frozen=True)
class Instruction:
    """One instruction: its line, its name, the rest as one line, and the comment lines right above it."""

    line: int
    name: str
    rest: str
    comments: tuple[str, ...] = ()


@dataclass
class Stage:
    """A stage: its name and its base."""

    name: str
    base: str
    instructions: list[Instruction] = field(default_factory=list)


def parse(text: str) -> list[Instruction]:
    """The instructions in order. Comments between two of them belong to the second."""
    found: list[Instruction] = []
    comments: list[str] = []
    lines = iter(enumerate(text.splitlines(), start=1))
    for number, line in lines:
        stripped = line.strip()
        if stripped.startswith("#"):
            comments.append(stripped)
        elif stripped:
            whole = continued(stripped, lines)
            name, _, rest = whole.partition(" ")
            found.append(Instruction(number, name.upper(), rest.strip(), tuple(comments)))
            comments = []
    return found


def continued(line: str, lines: object) -> str:
    """A line with its continuation lines: after a backslash, or up to the end of a heredoc."""
    parts = [line]
    while parts[-1].endswith("\\") or parts[-1].startswith("#"):
        step = next(lines, None)  # type: ignore[call-overload]
        if step is None:
            break
        parts.append(step[1].strip())
    whole = " ".join(part.rstrip("\\").strip() for part in parts if not part.startswith("#"))
    for end in HEREDOC.findall(whole):
        for _, inner in lines:  # type: ignore[attr-defined]
            if inner.strip() == end:
                break
    return whole


def stages(instructions: list[Instruction]) -> list[Stage]:
    """The stages in order, without the instructions before the first FROM."""
    found: list[Stage] = []
    for instruction in instructions:
        if instruction.name == "FROM":
            match = FROM.match(instruction.rest)
            base, name = (match[1], match[2]) if match else (instruction.rest, None)
            found.append(Stage(name or str(len(found)), base))
        elif found:
            found[-1].instructions.append(instruction)
    return found


def lineage(every: list[Stage], name: str) -> list[Stage]:
    """A stage and the stages that it is built from, itself first; empty for an unknown stage."""
    found: list[Stage] = []
    while stage := next((s for s in every if s.name.lower() == name.lower() and s not in found), None):
        found.append(stage)
        name = stage.base
    return found


def last(every: list[Stage], name: str, instruction: str) -> str:
    """The last such instruction of a stage or of those that it is built from; empty if there is none."""
    for stage in lineage(every, name):
        for found in reversed(stage.instructions):
            if found.name == instruction:
                return found.rest
    return ""


def defaults(instructions: list[Instruction]) -> dict[str, str]:
    """The ARGs before the first FROM, which the names of images may use."""
    found: dict[str, str] = {}
    for instruction in instructions:
        if instruction.name == "FROM":
            break
        if instruction.name == "ARG":
            name, _, value = instruction.rest.partition("=")
            found[name] = value.strip("\"'")
    return found


def images(instructions: list[Instruction]) -> list[tuple[int, str]]:
    """Every image from outside, with the line that names it."""
    every = stages(instructions)
    names = {stage.name.lower() for stage in every} | {str(number) for number in range(len(every))} | {"scratch"}
    values = defaults(instructions)
    found = []
    for instruction in instructions:
        if instruction.name == "FROM" and (match := FROM.match(instruction.rest)):
            found.append((instruction.line, re.sub(r"\$\{?(\w+)\}?", lambda m: values.get(m[1], m[0]), match[1])))
        elif instruction.name in ("COPY", "RUN"):
            found += [(instruction.line, image) for image in COPY_FROM.findall(instruction.rest)]
    return [(line, image) for line, image in found if image.lower() not in names]


def secrets(instructions: list[Instruction]) -> list[tuple[int, str]]:
    """ARG and ENV that give a value to the name of a secret. Names that end with _FILE hold a path, so they may."""
    found = []
    for instruction in instructions:
        if instruction.name in ("ARG", "ENV"):
            pairs = re.findall(r"(\w+)=(\"[^\"]+\"|'[^']+'|[^\s\"']+)", instruction.rest)
            if instruction.name == "ENV" and not pairs:  # the old form: ENV NAME value
                pairs = [tuple(instruction.rest.split(None, 1))] if " " in instruction.rest else []
            found += [(instruction.line, n) for n, _ in pairs if SECRET.search(n) and not n.upper().endswith("_FILE")]
    return found


def unversioned(image: str) -> bool:
    """Whether an image names no version: no tag and no digest, or the tag `latest`."""
    if "@" in image:
        return False
    tag = image.rpartition("/")[2].partition(":")[2]
    return tag in ("", "latest")

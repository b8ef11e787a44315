"""Workspaces: the root has the lock, and a member the service, which is read as if it were the root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from fnmatch import fnmatch
from typing import Any, TypeVar

from tools.adopt.found import Commands, Dependencies, Found, Reading
from tools.adopt.read.packages import hooks, managers
from tools.adopt.read.packages.project import Project, normal
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.formats import json_of, strings, table, toml_of, yaml_of

USUAL = ("backend", "api", "server", "app", "web", "service")
MANIFESTS = ("pyproject.toml", "package.json")
T = TypeVar("T")


class Member(Files):
    """A workspace seen from a member: its files have the names that they have from its folder, and come first."""

    def __init__(self, whole: Files, folder: str) -> None:
        self.folder = folder
        inside = {name.removeprefix(f"{folder}/"): name for name in whole.names if name.startswith(f"{folder}/")}
        outside = {name: name for name in whole.names if not name.startswith(f"{folder}/") and name not in inside}
        self.real = {**outside, **inside}
        super().__init__(whole.root, self.real)
        every = frozenset({*self.real, *whole.names})
        self.has = every.__contains__
        self.whole = whole

    def _text(self, name: str) -> str:
        return self.whole.text(self.real.get(name, name))

    def where_of(self, where: str) -> str:
        """A place with the real name of its file."""
        name, colon, line = where.partition(":")
        return f"{self.real.get(name, name)}{colon}{line}"


def members(files: Files) -> list[str]:
    """The folders of the workspace's members; empty if the root is no workspace."""
    uv = strings(table(toml_of(files, "pyproject.toml"), "tool", "uv", "workspace").get("members"))
    npm = json_of(files, "package.json").get("workspaces")
    patterns = [*uv, *strings(table(npm).get("packages") if isinstance(npm, dict) else npm)]
    patterns += strings(yaml_of(files, "pnpm-workspace.yaml").get("packages"))
    folders = {name.rpartition("/")[0] for name in files.names if name.rpartition("/")[2] in MANIFESTS and "/" in name}
    fit = [folder for folder in folders if any(fnmatch(folder, pattern.strip("./")) for pattern in patterns)]
    return sorted(fit, key=lambda one: (one.rpartition("/")[2] not in USUAL, one))


def serving(files: Files, serves: Callable[[Files], Project | None]) -> Member | None:
    """The first member with a service, by `serves`; the usual names come first."""
    for folder in members(files):
        member = Member(files, folder)
        if serves(member):
            return member
    return None


def dependencies(found: Dependencies, member: Member, project: Project) -> Dependencies:
    """Installed from the root, by its lock: uv only what the member needs, the others everything."""
    if project.language.value == "node":
        return _of_node(found, member)
    if member.real.get("uv.lock") != "uv.lock":
        return found
    name = normal(project.name.value) if project.name else ""
    files = ("pyproject.toml", "uv.lock", *_manifests(member, "pyproject.toml"))
    return replace(found, manager=Found(found.manager.value, "uv.lock"), files=files, locked=True, package=name)


def _of_node(found: Dependencies, member: Member) -> Dependencies:
    own = any(member.real.get(lock, lock) != lock for lock in managers.LOCKS)
    root = managers.dependencies(member.whole)
    if own or not root.locked:
        return found
    names = (*root.files, *_manifests(member, managers.MANIFEST))
    return replace(root, files=names, shared=True, hooks=hooks.manifests(member.whole, names))


def _manifests(member: Member, name: str) -> list[str]:
    return [path for folder in members(member.whole) if member.whole.has(path := f"{folder}/{name}")]


def lifted(found: Reading, member: Member) -> Reading:
    """The same reading, seen from the root: real places, commands in the member's folder, its patterns."""
    placed = _placed(found, member)
    ways = placed.commands
    inside: dict[str, Any] = {}
    for field in fields(Commands):
        value = getattr(ways, field.name)
        if isinstance(value, Found):
            inside[field.name] = _inside(value, member.folder, field.name)
    inside["workers"] = {name: _inside(one, member.folder, name) for name, one in ways.workers.items()}
    inside["seed_files"] = tuple(member.real.get(name, name) for name in ways.seed_files)
    return replace(
        placed,
        commands=replace(ways, **inside),
        migration_files=tuple(f"{member.folder}/{pattern}" for pattern in placed.migration_files),
    )


def _inside(found: Found, folder: str, name: str) -> Found:
    """The command, in the folder. Only a shell can change it; to tests it passes further arguments on."""
    if name == "test":
        return replace(found, value=f"sh -c 'cd {folder} && exec {found.value} \"$@\"' sh")
    return replace(found, value=f"cd {folder} && {found.value}")


def _placed(value: T, member: Member) -> T:
    """Any part of a reading with the real places."""
    if isinstance(value, Found):
        return replace(value, where=member.where_of(value.where))
    if isinstance(value, tuple):
        return tuple(_placed(each, member) for each in value)  # type: ignore[return-value]
    if isinstance(value, Mapping):
        return {key: _placed(each, member) for key, each in value.items()}  # type: ignore[return-value]
    if is_dataclass(value) and not isinstance(value, (type, Dependencies)):
        return replace(value, **{each.name: _placed(getattr(value, each.name), member) for each in fields(value)})
    return value

"""The content of pyproject.toml, setup.cfg and setup.py: name, Python, packages, commands. They are never run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tools.adopt.found import Found
from tools.adopt.read.packages.project import Package, normal, wanted
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.formats import ini_of, strings, table, toml_of
from tools.adopt.read.text.syntax import callee, nodes

NAMED = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?\s*([^;]*)")
ENTRY = re.compile(r"^\s*([\w.-]+)\s*=\s*([\w.]+(?::[\w.]+)?)", re.MULTILINE)
DEVELOPMENT = "dev"


@dataclass
class Metadata:
    """One file's facts. `python`: the range as written. `builds`: it can be installed itself."""

    file: str
    name: Found | None = None
    python: Found | None = None
    packages: list[Package] = field(default_factory=list)
    scripts: dict[str, Found] = field(default_factory=dict)
    builds: bool = False


def metadata(files: Files) -> list[Metadata]:
    """The facts of each existing file, the most important one first."""
    read = {"pyproject.toml": pyproject, "setup.cfg": setup_cfg, "setup.py": setup_py}
    return [reader(files) for name, reader in read.items() if files.has(name)]


def pyproject(files: Files) -> Metadata:
    content, file = toml_of(files, "pyproject.toml"), "pyproject.toml"
    project, poetry = table(content, "project"), table(content, "tool", "poetry")

    def found(value: object, pattern: str) -> Found | None:
        return Found(value, files.where(file, pattern)) if isinstance(value, str) and value.strip() else None

    poetry_python = table(poetry, "dependencies").get("python")
    scripts = {**table(poetry, "scripts"), **table(project, "scripts")}
    return Metadata(
        file=file,
        name=found(project.get("name") or poetry.get("name"), r"^name\s*="),
        python=found(project.get("requires-python"), r"^requires-python") or found(poetry_python, r"^python\s*="),
        packages=[*_project_packages(files, content), *_poetry_packages(files, poetry)],
        scripts={
            key: Found(value, files.where(file, rf"^\s*[\"']?{re.escape(key)}[\"']?\s*="))
            for key, value in scripts.items()
            if isinstance(value, str)
        },
        builds=bool(table(content, "build-system")) and bool(project or poetry),
    )


def _project_packages(files: Files, content: dict[str, Any]) -> Iterator[Package]:
    project = table(content, "project")
    groups = {"": project.get("dependencies"), **table(project, "optional-dependencies")}
    groups |= table(content, "dependency-groups")
    groups |= {DEVELOPMENT + " ": table(content, "tool", "uv").get("dev-dependencies")}
    for group, lines in groups.items():
        extra = group in table(project, "optional-dependencies")
        yield from (_package(files, "pyproject.toml", line, group.strip(), extra) for line in strings(lines))


def _poetry_packages(files: Files, poetry: dict[str, Any]) -> Iterator[Package]:
    groups = {"": table(poetry, "dependencies"), DEVELOPMENT: table(poetry, "dev-dependencies")}
    groups |= {name: table(group, "dependencies") for name, group in table(poetry, "group").items()}
    for group, packages in groups.items():
        for name, spec in packages.items():
            detail = table(spec)
            text = detail.get("version") if detail else spec
            where = files.where("pyproject.toml", rf"^\s*[\"']?{re.escape(name)}[\"']?\s*=")
            optional = "optional" if detail.get("optional") is True else ""
            wants = wanted(",".join(strings(detail.get("extras"))))
            yield Package(normal(name), text if isinstance(text, str) else "", where, group or optional, wants=wants)


def _package(files: Files, file: str, line: str, group: str = "", extra: bool = False) -> Package:
    match = NAMED.match(line)
    name, wants, spec = (match[1], match[2], match[3].strip()) if match else (line, "", "")
    where = files.where(file, rf"[\"'\s]{re.escape(name)}(?![\w-])")
    return Package(normal(name), spec, where, group, extra, wanted(wants))


def setup_cfg(files: Files) -> Metadata:
    content, file = ini_of(files, "setup.cfg"), "setup.cfg"
    about, options = content.get("metadata", {}), content.get("options", {})
    extras = content.get("options.extras_require", {})
    scripts = content.get("options.entry_points", {}).get("console_scripts", "")

    def found(value: str | None, key: str) -> Found | None:
        return Found(value, files.where(file, rf"^{key}\s*=")) if value else None

    groups = {"": options.get("install_requires", ""), **extras}
    lines = [(group, line) for group, text in groups.items() for line in text.split("\n") if line.strip()]
    return Metadata(
        file=file,
        name=found(about.get("name"), "name"),
        python=found(options.get("python_requires"), "python_requires"),
        packages=[_package(files, file, line, group, group in extras) for group, line in lines],
        scripts=_entries(files, file, scripts),
        builds=bool(about.get("name")),
    )


def _entries(files: Files, file: str, text: str) -> dict[str, Found]:
    entries = ENTRY.findall(text)
    return {
        name: Found(call, files.where(file, rf"{re.escape(name)}\s*=\s*{re.escape(call)}")) for name, call in entries
    }


def setup_py(files: Files) -> Metadata:
    file = "setup.py"
    given = _setup_arguments(files.tree(file))
    extras = given.get("extras_require")
    groups: dict[str, Any] = {"": given.get("install_requires"), **(extras if isinstance(extras, dict) else {})}
    entries = given.get("entry_points")
    scripts = entries.get("console_scripts") if isinstance(entries, dict) else entries

    def found(key: str) -> Found | None:
        value = given.get(key)
        return Found(value, files.where(file, rf"\b{key}\s*=")) if isinstance(value, str) else None

    return Metadata(
        file=file,
        name=found("name"),
        python=found("python_requires"),
        packages=[
            _package(files, file, line, str(key), bool(key)) for key, lines in groups.items() for line in strings(lines)
        ],
        scripts=_entries(files, file, "\n".join(strings(scripts))),
        builds="setup(" in files.text(file),
    )


def _setup_arguments(tree: ast.Module | None) -> dict[str, Any]:
    """The literal arguments of setup(), in place or in a variable of the module."""
    values: dict[str, Any] = {}
    for node in tree.body if tree else []:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values[node.targets[0].id] = _literal(node.value, values)
    calls = [node for node in (nodes(tree) if tree else ()) if isinstance(node, ast.Call)]
    setups = [call for call in calls if callee(call) == "setup"]
    return {word.arg: _literal(word.value, values) for call in setups for word in call.keywords if word.arg}


def _literal(node: ast.expr, values: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return values.get(node.id)
    if isinstance(node, ast.List):
        return [_literal(item, values) for item in node.elts]
    if isinstance(node, ast.Dict):
        return {
            _literal(k, values): _literal(v, values)
            for k, v in zip(node.keys, node.values)
            if isinstance(k, ast.Constant)
        }
    return node.value if isinstance(node, ast.Constant) else None

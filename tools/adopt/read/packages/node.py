"""A Node project: its version, how it is installed, its packages and scripts."""

from __future__ import annotations

import re

from tools.adopt.found import Found
from tools.adopt.read.containers.docker import Image
from tools.adopt.read.packages import managers, tested
from tools.adopt.read.packages.project import Package, Project, by_name, version_key
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.formats import json_of, table

MANIFEST = managers.MANIFEST
PINS = (
    (".nvmrc", re.compile(r"^\s*v?(\d+)", re.MULTILINE)),
    (".node-version", re.compile(r"^\s*v?(\d+)", re.MULTILINE)),
    (".tool-versions", re.compile(r"^nodejs\s+(\d+)", re.MULTILINE)),
)
GROUPS = {"dependencies": "", "optionalDependencies": "optional", "devDependencies": "dev", "peerDependencies": "peer"}

OTHER_TOOLS = re.compile(r"\b(yarn|pnpm|bun)\b")


def project(files: Files, images: list[Image]) -> Project | None:
    """None: the folder has no package.json."""
    if not files.has(MANIFEST):
        return None
    content = json_of(files, MANIFEST)
    version, notes = node_version(files, content, images)
    allowed = _allowed(files, content)
    older = version and allowed and version_key(allowed.value) < version_key(version.value)
    name = content.get("name")
    return Project(
        language=Found("node", MANIFEST),
        name=Found(name, files.where(MANIFEST, r'^\s*"name"\s*:')) if isinstance(name, str) and name else None,
        version=version,
        oldest=allowed if older else None,
        dependencies=managers.dependencies(files),
        packages=by_name(_packages(files, content)),
        scripts={
            key: Found(value, files.where(MANIFEST, rf'^\s*"{re.escape(key)}"\s*:\s*{_quoted(value)}'))
            for key, value in table(content, "scripts").items()
            if isinstance(value, str)
        },
        notes=(*notes, *managers.notes(files)),
    )


def _quoted(value: str) -> str:
    """The beginning of a value in JSON: enough to distinguish a script from a dependency of the same name."""
    return '"' + re.escape(value.split('"')[0].split("\\")[0].split("\n")[0][:40])


def _packages(files: Files, content: dict[str, object]) -> list[Package]:
    found = []
    for key, group in GROUPS.items():
        for name, spec in table(content, key).items():
            where = files.where(MANIFEST, rf'^\s*"{re.escape(name)}"\s*:')
            found.append(Package(name, spec if isinstance(spec, str) else "", where, group))
    return found


def node_version(
    files: Files, content: dict[str, object], images: list[Image]
) -> tuple[Found | None, tuple[Found, ...]]:
    """The version that runs, else the developers', else the newest that CI tests, else the lowest major
    version that `engines` allows."""
    pins = [image.version("node") for image in images]
    pins += [files.first(pattern, [name]) for name, pattern in PINS]
    known = [Found(pin.value.split(".")[0], pin.where) for pin in pins if pin]
    checked = tested.of_workflows(files, "node")
    allowed = _allowed(files, content)
    differ = [pin for pin in known[1:] if pin.value != known[0].value]
    notes = tuple(
        Found(f"Node {pin.value} here, but {known[0].value} in {known[0].where}", pin.where) for pin in differ
    )
    return next(iter([*known, *(one for one in (checked, allowed) if one)]), None), notes


def _allowed(files: Files, content: dict[str, object]) -> Found | None:
    """The lowest major version that `engines` allows."""
    engines = table(content, "engines").get("node")
    floor = lowest(engines) if isinstance(engines, str) else None
    return Found(floor, files.where(MANIFEST, r'"node"\s*:')) if floor else None


def lowest(spec: str) -> str | None:
    """The lowest major version of the first range with a lower bound: 18 for `>=18 <23` and `^18 || ^20`."""
    for part in spec.split("||"):
        floor = re.search(r"(?<![<\d.])(?<!<=)\s*v?(\d+)", re.sub(r"<=?\s*v?[\d.x*]+", "", part))
        if floor:
            return floor[1]
    return None


def foreign(project: Project, script: str) -> bool:
    """Whether a script calls another package manager than the project's own, which its image has."""
    made = project.dependencies
    # Yarn 2 and later run nothing in a folder that has no node_modules, as the mounted source.
    own = made.manager.value if made and not made.is_berry else ""
    return any(name != own for name in OTHER_TOOLS.findall(script))


def npm_run(project: Project, *names: str) -> Found | None:
    """The first of these scripts that does not call a package manager which the image lacks."""
    for name in names:
        script = project.scripts.get(name)
        if script and not foreign(project, script.value):
            return Found(f"npm run {name}", script.where)
    return None

"""A Python project: its version, how it is installed, its packages and commands."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from tools.adopt.found import Dependencies, Found
from tools.adopt.read import apart, removed
from tools.adopt.read.containers.docker import Image
from tools.adopt.read.packages import limits, pipenv, tested
from tools.adopt.read.packages.metadata import Metadata, metadata
from tools.adopt.read.packages.pip import Requirements, requirements
from tools.adopt.read.packages.project import Package, Project, by_name, normal, version_key
from tools.adopt.read.programs import servers
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.formats import table, toml_of

# Pins in the order of their importance: a platform's, then the developers'.
PINS = (
    ("runtime.txt", re.compile(r"^python-(\d[\d.]*)", re.MULTILINE)),
    (".python-version", re.compile(r"^\s*(?:cpython-|python-)?(\d[\d.]*)", re.MULTILINE)),
    (".tool-versions", re.compile(r"^python\s+(\d[\d.]*)", re.MULTILINE)),
)
TESTED = re.compile(r"Programming Language :: Python :: (\d\.\d+)")
LOWEST = re.compile(r"(>=|~=|==|===|\^|~|>)?\s*v?(\d+(?:\.\d+)*)(\.\*)?")
INSTALLED = re.compile(r"pip3?\s[^\n;&|]*?(?:-r|--requirement)[= ]?\s*([^\s;&|]+)")

SETUPTOOLS = "setuptools<81"  # the later ones have no pkg_resources
IMPORTS = re.compile(r"^[ \t]*(?:import|from)[ \t]+pkg_resources\b", re.MULTILINE)
# Packages that settings load only where they are needed, such as with the development server; often in no list.
LOADED = {
    "whitenoise": "whitenoise",
    "debug_toolbar": "django-debug-toolbar",
    "corsheaders": "django-cors-headers",
    "django_extensions": "django-extensions",
}


def unlisted(files: Files, project: Project, loaded: Collection[str], serve: Found | None) -> dict[str, Found]:
    """What the code needs and no file lists, with a note for each. `loaded`: the modules that settings name.

    `serve`: production's server.
    """
    code = [name for name in files.code(".py") if name != "setup.py"]
    imports = None if project.uses("setuptools") else next(files.search(IMPORTS, code), None)
    found = {SETUPTOOLS: ("pkg_resources", imports[1])} if imports else {}
    for module in sorted(LOADED.keys() & {*loaded}):
        name = next((each for each in code if re.search(rf"[\"']{module}\b", files.text(each))), "")
        if name and not project.uses(LOADED[module]) and not any(f"/{module}/" in f"/{each}" for each in files.names):
            found[LOADED[module]] = (module, files.where(name, rf"[\"']{module}\b"))
    program = serve.value.split()[0] if serve else ""
    lists = project.dependencies and project.dependencies.manager.value in servers.ADDS
    notes = {
        package: Found(f"the code uses {module}, which no file lists: {package} is installed, too", where)
        for package, (module, where) in found.items()
    }
    if serve and program == servers.USUAL and lists and not project.uses(program):
        what = f"no file names production's server: {program} is installed, and runs the application"
        notes[program] = Found(what, serve.where)
    return notes


def project(files: Files, images: list[Image]) -> Project | None:
    """None: the folder has no files of a Python project."""
    about = [*metadata(files), *pipenv.metadata(files)]
    pip = requirements(files, _installed(files, images))
    about = [each for each in about if each.packages or each.name or each.python or each.builds]
    if not (about or pip or files.has("manage.py") or files.has("Pipfile")):
        return None
    first = pip.main if pip else about[0].file if about else "manage.py" if files.has("manage.py") else "Pipfile"
    packages = by_name([*(p for each in about for p in each.packages), *(pip.packages if pip else ())])
    version, notes = python_version(files, about, images, pip)
    made = dependencies(files, about, pip)
    bounded = removed.limits(files, packages, made)
    packages |= bounded
    limit = limits.newest(packages, _tested(files) if pip and pip.locked else ())
    limit = limit if limit and not (version and version_key(limit.value) < version_key(version.value)) else None
    more = apart.packages(images, packages, made)
    return Project(
        language=Found("python", about[0].file if about else first),
        name=next((each.name for each in about if each.name), None),
        version=version or limit,
        newest=limit,
        oldest=_oldest(files, about, version),
        dependencies=removed.installed(apart.installed(made, more), bounded),
        packages=packages | locked_versions(files, packages) | more,
        scripts={key: value for each in reversed(about) for key, value in each.scripts.items()},
        notes=(*notes, *_aside(files), *apart.notes(more), *removed.bounds(bounded).values()),
    )


def _installed(files: Files, images: list[Image]) -> str | None:
    """The requirements file that a Dockerfile installs, if a tracked file has that name or the end of it."""
    for image in images:
        for name in INSTALLED.findall(files.text(image.file)):
            ends = [known for known in files.names if known == name or name.endswith("/" + known)]
            if ends:
                return max(ends, key=len)
    return None


def python_version(
    files: Files, about: list[Metadata], images: list[Image], pip: Requirements | None
) -> tuple[Found | None, tuple[Found, ...]]:
    """The version that runs (a Dockerfile's, a platform's); the developers'; that of a compiled list.

    Else the lowest that is allowed; else the newest that CI or tox tests; else that the classifiers name.
    """
    pins = [image.version("python") for image in images]
    pins += [files.first(pattern, [name]) for name, pattern in PINS]
    known = [Found(minor(pin.value), pin.where) for pin in pins if pin]
    ranges = [Found(least, each.python.where) for each in about if each.python and (least := lowest(each.python.value))]
    differ = [pin for pin in known[1:] if pin.value != known[0].value]
    notes = tuple(
        Found(f"Python {pin.value} here, but {known[0].value} in {known[0].where}", pin.where) for pin in differ
    )
    proven = [
        tested.of_locks(files, pip.files if pip else ()),
        tested.of_workflows(files, "python"),
        tested.of_tox(files),
    ]
    # A lock is for one version. What is tested only counts if no file says which ones work.
    known += [one for one in (proven if not ranges else proven[:1]) if one][: 0 if known else 1]
    classified = [] if known or ranges else _tested(files)
    notes += tuple(
        Found(f"Python {one.value} is the newest tested version; no file says which one runs", one.where)
        for one in classified
    )
    return next(iter([*known, *ranges, *classified]), None), notes


def _oldest(files: Files, about: list[Metadata], version: Found | None) -> Found | None:
    """The lowest Python that is allowed, or that CI tests, if it is lower than the one that runs."""
    allowed = [Found(low, each.python.where) for each in about if each.python and (low := lowest(each.python.value))]
    least = min(allowed or tested.set_up(files, "python"), key=lambda one: version_key(one.value), default=None)
    return least if version and least and version_key(least.value) < version_key(version.value) else None


def _tested(files: Files) -> list[Found]:
    every = list(files.search(TESTED, ["pyproject.toml", "setup.cfg", "setup.py"]))
    newest = max(every, key=lambda match: version_key(match[0][1]), default=None)
    return [Found(newest[0][1], newest[1])] if newest else []


def minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def lowest(spec: str) -> str | None:
    """The lowest minor version that a range allows: 3.9 for `>=3.9,<4` and `^3.9`; None without a lower bound."""
    floors = []
    for part in re.split(r"\|\|?", spec)[0].split(","):
        match = LOWEST.match(part.strip())
        if match and (len(version_key(match[2])) > 1 or match[1] or "." in part):
            floors.append(minor(match[2]))
    floor = max(floors, key=version_key, default=None)
    return floor if floor and "." in floor else None


def dependencies(files: Files, about: list[Metadata], pip: Requirements | None) -> Dependencies | None:
    """The tool whose lock file exists; else pip."""
    builds = next((each for each in about if each.builds), None)
    tool = table(toml_of(files, "pyproject.toml"), "tool")
    own = tuple(each.file for each in about)
    if files.has("uv.lock"):
        virtual = table(tool, "uv").get("package") is False
        return Dependencies(Found("uv", "uv.lock"), ("pyproject.toml", "uv.lock"), True, bool(builds) and not virtual)
    if files.has("poetry.lock") or table(tool, "poetry", "dependencies"):
        lock = ("poetry.lock",) if files.has("poetry.lock") else ()
        where = lock[0] if lock else files.where("pyproject.toml", r"^\[tool\.poetry\]")
        return Dependencies(
            Found("poetry", where), ("pyproject.toml", *lock), bool(lock), _packaged(files, about, tool)
        )
    if not pip and (locked := pipenv.dependencies(files)):
        return locked
    if pip:
        build = pip.itself or any(each.scripts for each in about if each.builds)
        return Dependencies(Found("pip", pip.main), (*pip.files, *(own if build else ())), pip.locked, build)
    if builds:
        return Dependencies(Found("pip", builds.file), own, False, True)
    return None


def _packaged(files: Files, about: list[Metadata], tool: dict[str, object]) -> bool:
    """Whether Poetry can install the project itself: it fails if it does not find the package."""
    poetry = table(tool, "poetry")
    if poetry.get("package-mode") is False:
        return False
    module = normal(about[0].name.value).replace("-", "_") if about and about[0].name else ""
    there = files.has(f"{module}/__init__.py") or files.has(f"src/{module}/__init__.py")
    return bool(poetry.get("packages")) or (bool(module) and there)


def locked_versions(files: Files, packages: dict[str, Package]) -> dict[str, Package]:
    """The locked versions of the project's packages."""
    found = {}
    for name in ("uv.lock", "poetry.lock"):
        entries = toml_of(files, name).get("package") if files.has(name) else None
        for entry in entries if isinstance(entries, list) else []:
            known = packages.get(normal(str(table(entry).get("name", ""))))
            if known and isinstance(entry.get("version"), str):
                found[known.name] = replace(known, spec=f"=={entry['version']}")
    pinned = pipenv.locked(files)
    return {name: replace(one, spec=pinned[name]) for name, one in packages.items() if name in pinned} | found


def _aside(files: Files) -> tuple[Found, ...]:
    """Notes about files of tools that are not supported."""
    tools = {"environment.yml": "Conda", "pdm.lock": "PDM", "pixi.toml": "Pixi"}
    if not files.has(pipenv.LOCK):
        tools = {pipenv.FILE: "Pipenv without Pipfile.lock", **tools}
    return tuple(
        Found(f"{tool} is not supported, only pip, uv, Poetry and Pipenv's lock are", name)
        for name, tool in tools.items()
        if files.has(name)
    )

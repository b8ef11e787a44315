"""The operating system's packages: those of a Dockerfile, and those that dependencies need to be built or to run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from devenv.model.system_packages import CC, NEEDS
from tools.adopt.found import Commands, Found, Open
from tools.adopt.read.containers.docker import Image
from tools.adopt.read.packages import pipenv
from tools.adopt.read.packages.project import Project, normal, version_key
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.formats import json_of, table, toml_of

GIT = re.compile(
    r"^[^#\n]*?(?:\bgit\+(?:https?|ssh|git|file)://|\bgit\s*=\s*[\"']|\bgit://)|^source = \{ git\b", re.MULTILINE
)
# Ubuntu's names, and those of earlier releases, that the image of the language does not have.
NAMES = {
    "libmysqlclient-dev": "default-libmysqlclient-dev",
    "mysql-client": "default-mysql-client",
    "netcat": "netcat-openbsd",
    "libpcre3": "libpcre2-8-0",
    "libpcre3-dev": "libpcre2-dev",
    "libssl1.1": "libssl3",
    "libmysqlclient21": "libmariadb3",
    "language-pack-en": "locales",
    "libgl1-mesa-glx": "libgl1",
}
# Debian names a library's package after it and its version.
LOADED = re.compile(r"""\b(?:CDLL|LoadLibrary)\(\s*["'](?P<name>lib[a-z0-9+.-]+)\.so\.(?P<version>\d+)["']""")
# Of a maker's own source of packages, which is not added: a release of Debian has one version of it, without a number.
NUMBERED = re.compile(r"(postgresql-client|postgresql-contrib|mariadb-client|mysql-client)-[\d.]+")
# Alpine's packages by the names that Debian has; empty: what the image has without a package.
ALPINE = {
    **{name: name for name in ("bash", "ca-certificates", "curl", "dumb-init", "ffmpeg", "file", "g++", "gcc")},
    **{name: name for name in ("gettext", "git", "imagemagick", "jq", "libffi-dev", "libpq-dev", "libxml2-dev")},
    **{name: name for name in ("make", "openssh-client", "openssl", "postgresql-client", "procps", "sed", "tar")},
    **{name: name for name in ("tini", "tzdata", "unzip", "wget", "zip")},
    **dict.fromkeys(("gcompat", "icu-data-full", "icu-libs", "libc6-compat", "shadow"), ""),
    "build-base": CC,
    "musl-dev": "libc6-dev",
    "libc-dev": "libc6-dev",
    "linux-headers": "linux-libc-dev",
    "pkgconf": "pkg-config",
    "libpq": "libpq5",
    "postgresql-libs": "libpq5",
    "postgresql-dev": "libpq-dev",
    "mariadb-connector-c": "libmariadb3",
    "mariadb-connector-c-dev": "default-libmysqlclient-dev",
    "mariadb-dev": "default-libmysqlclient-dev",
    "mysql-client": "default-mysql-client",
    "jpeg-dev": "libjpeg-dev",
    "libjpeg-turbo-dev": "libjpeg-dev",
    "libxslt-dev": "libxslt1-dev",
    "openldap-dev": "libldap-dev libsasl2-dev",
    "openssl-dev": "libssl-dev",
    "pcre-dev": "libpcre2-dev",
    "sqlite": "sqlite3",
    "su-exec": "gosu",
    "zlib-dev": "zlib1g-dev",
}
# The language and its tools, which the image has; and what adds a source of packages.
THERE = re.compile(
    r"^(lib)?python(2|3)?(\.\d+)?(-(dev|minimal|venv|distutils|pip|setuptools|wheel|stdlib))*$|^(nodejs|npm|yarn)$"
    r"|^(software-properties-common|add-apt-key|apt-transport-https|apt-utils)$"
)


def packages(
    files: Files, project: Project, built: list[Image], ways: Commands
) -> tuple[tuple[Found, ...], tuple[Found, ...], list[Found], list[Open]]:
    """Those to run, those only to build, each once, notes, and open points. Slim images have none of them."""
    language = project.language.value
    run = {one.value: one for image in reversed(built) for one in image.packages}
    run |= {name: Found(name, where) for name, where in _listed(files) if name not in run}
    run = {name: replace(found, value=name) for key, found in run.items() for name in [NUMBERED.sub(r"\1", key)]}
    variants = [one for image in built if (one := image.variant(language))]
    if variants and "alpine" in variants[0].value:
        return tuple(run.values()), (), [], []  # its packages have other names
    run, unknown = _of_alpine(run, {name for image in built for name in image.alpine})
    run, notes = _translated(run, built[0], language) if built and not variants else (run, [])
    build = _of_dependencies(files, project, run)
    loaded = [_of_library(match, where) for match, where in files.search(LOADED, files.code(".py"))]
    run |= {one.value: run.get(one.value, one) for one in loaded}
    notes += [
        Found(f"code loads the library of {one.value}; without containers, install it", one.where) for one in loaded
    ]
    if git := _from_git(files, project):
        build.setdefault("git", git)
    if ways.test and ways.test.value.startswith("make "):
        run.setdefault("make", Found("make", ways.test.where))
    if {"gcc", CC} & {*run}:
        build.pop(CC, None)
    full = bool(variants) and not re.search(r"slim|alpine", variants[0].value)  # it has compilers, headers and git
    only = {} if full else {name: one for name, one in build.items() if name not in run}
    return tuple(run.values()), tuple(only.values()), notes, unknown


def _of_library(match: re.Match[str], where: str) -> Found:
    """`libfuzzy2` for `libfuzzy.so.2`, and `libgeos-c1-1` where the name ends with a digit."""
    between = "-" if match["name"][-1].isdigit() else ""
    return Found(f"{match['name']}{between}{match['version']}", where)


def _of_dependencies(files: Files, project: Project, run: dict[str, Found]) -> dict[str, Found]:
    """Those to build the dependencies, returned; those to run them are added to `run`."""
    build: dict[str, Found] = {}
    for name, where in _needed(files, project):
        need = NEEDS[project.language.value][name]
        for into, words in ((build, need.build), (run, need.run)):
            for package in words.split():
                into.setdefault(package, Found(package, where))
    return build


def _listed(files: Files) -> Iterable[tuple[str, str]]:
    """The lines of a file with packages, as platforms read it."""
    for name in files.named("Aptfile", "apt.txt", "apt-packages.txt", "apt_requirements.txt", depth=1):
        for number, line in enumerate(files.text(name).split("\n"), start=1):
            if re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", line.strip()):
                yield line.strip(), f"{name}:{number}"


def _of_alpine(run: dict[str, Found], alpine: set[str]) -> tuple[dict[str, Found], list[Open]]:
    """The packages with Debian's names, and an open point with those that it may not have."""
    made: dict[str, Found] = {}
    unknown: list[Found] = []
    for name, found in run.items():
        if name not in alpine or THERE.match(name):
            made.setdefault(name, found)
        elif name in ALPINE:
            made |= {word: made.get(word, Found(word, found.where)) for word in ALPINE[name].split()}
        else:
            unknown.append(found)
    if not unknown:
        return made, []
    names = " ".join(one.value for one in unknown)
    what = Found(f"Debian's names of these packages of Alpine: {names}", ", ".join({one.where: 1 for one in unknown}))
    return made, [Open(what, f"RUN apt-get update && apt-get install --yes {names}", "image")]


def _translated(run: dict[str, Found], image: Image, language: str) -> tuple[dict[str, Found], list[Found]]:
    """The packages of another distribution, by the names that the image of the language has."""
    made: dict[str, Found] = {}
    for name, found in run.items():
        if not THERE.match(name):
            made.setdefault(NAMES.get(name, name), Found(NAMES.get(name, name), found.where))
    base = next((one for one in reversed(image.bases) if one.value.split()[0] not in ("scratch",)), None)
    if not base or not run:
        return made, []
    text = f"the base is {base.value.split()[0]}; the image of {language} is used, where packages may have other names"
    return made, [Found(text, base.where)]


def _needed(files: Files, project: Project) -> Iterable[tuple[str, str]]:
    """The dependencies of the table that are installed from their source, or that load a library."""
    every = {name: (one.spec, one.where) for name, one in project.packages.items()}
    for name, entry in _locked(files).items():
        every.setdefault(name, entry)
    for name, need in NEEDS[project.language.value].items():
        if name not in every or (name == "psycopg" and _binary(project, every)):
            continue
        spec, where = every[name]
        pinned = re.search(r"==\s*([\d.]+)", spec)
        if need.wheels and not (pinned and version_key(pinned[1]) < version_key(need.wheels)):
            continue
        yield name, where


def _binary(project: Project, every: dict[str, tuple[str, str]]) -> bool:
    wants = project.packages["psycopg"].wants if "psycopg" in project.packages else ()
    return "psycopg-binary" in every or bool({"binary", "c"} & {*wants})


def _locked(files: Files) -> dict[str, tuple[str, str]]:
    """All packages of a lock: a dependency's dependency may have to be built, too."""
    found = {name: (version, pipenv.LOCK) for name, version in pipenv.locked(files).items()}
    for name in ("uv.lock", "poetry.lock"):
        entries = toml_of(files, name).get("package") if files.has(name) else None
        for entry in entries if isinstance(entries, list) else []:
            key = normal(str(table(entry).get("name", "")))
            found[key] = (f"=={table(entry).get('version', '')}", files.where(name, rf'^name = "{re.escape(key)}"'))
    return found


def _from_git(files: Files, project: Project) -> Found | None:
    """A dependency that is a git repository."""
    if project.language.value == "node":
        every = [*table(json_of(files, "package.json"), "dependencies").values()]
        there = any(isinstance(value, str) and re.search(r"^(git\+|git:|github:)", value) for value in every)
        return Found("git", "package.json") if there else None
    names = [
        name for name in (project.dependencies.files if project.dependencies else ()) if not name.endswith(".lock")
    ]
    found = next(((match, where) for match, where in files.search(GIT, [*names, "uv.lock", "poetry.lock"])), None)
    return Found("git", found[1]) if found else None

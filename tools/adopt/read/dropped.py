"""What is found and that no file of ours can have: steps of a Dockerfile, start scripts of a database, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from pathlib import PurePosixPath

from tools.adopt.found import Commands, Found, Open
from tools.adopt.read.containers.compose import Stack
from tools.adopt.read.containers.docker import Image
from tools.adopt.read.containers.values import Values
from tools.adopt.read.text import shell
from tools.adopt.read.text.files import ASIDE, Files
from tools.adopt.read.text.variable import Variable
from tools.adopt.read.variables.environment import NOT_OURS

# The commands of RUN that our own steps do, or that only prepare the image.
DONE = re.compile(
    r"^(apt(-get|itude)?|apk|dpkg|(python3? -m )?(pip3?|uv|poetry|pipenv|virtualenv|venv)\b.*"
    r"|npm (ci|i|install|cache|config)\b.*|(yarn|pnpm)( install| config| fetch| workspaces focus)?( -.*)?$"
    r"|npx prisma generate|corepack"
    r"|(add|del|user|group)(user|add|group|mod)|locale-gen|update-locale|ldconfig|find|install|ls|which)\b"
)

# Scripts that install a package manager or the language, and what people pipe them through.
INSTALLERS = re.compile(
    r"//(install\.python-poetry\.org|astral\.sh/uv|\S*get-poetry|bootstrap\.pypa\.io|deb\.nodesource\.com|get\.pnpm\.io"
    r"|yarnpkg\.com|dl\.yarnpkg\.com|rpm\.nodesource\.com)"
)
PIPED = re.compile(r"^(curl|wget|gpg|apt-key|tee)\b|^(sudo )?(-E )?(env )?(python3?|sh|bash)( -| -s.*)?$")

# `config.ts.example` and `config.example.ts` are examples of `config.ts`.
EXAMPLE = re.compile(
    r"(?P<whole>.+\.\w+)\.(?:example|sample|dist|template)|(?P<stem>.+)[._-](?:example|sample)(?P<end>\.\w+)"
)
ENVIRONMENT = re.compile(r"(^|/)[^/]*\benv\b[^/]*$|(^|/)\.|compose[^/]*\.ya?ml")  # read as values, or by Compose


def steps(images: list[Image], ways: Commands) -> list[Open]:
    """The RUN lines of the Dockerfile that do something else than to install: one open point for all of them."""
    found = [step for image in images[:1] for step in image.steps if _is_lost(step.value, ways)]
    if not found:
        return []
    where = ", ".join(dict.fromkeys(step.where for step in found))
    lines = "\n".join(f"RUN {' '.join(step.value.split())}" for step in found)
    return [Open(Found("the steps that production needs, of those that are not here", where), lines, "image")]


def _is_lost(text: str, ways: Commands) -> bool:
    done = {ways.build.value} if ways.build else set()
    programs = [each.words for each in shell.simple(text) if not each.helper]
    lines = [" ".join(word for word in words if "=" not in word.partition("/")[0]) for words in programs]
    installs = bool(INSTALLERS.search(text))
    lines = [line for line in lines if not (installs and PIPED.match(line))]
    return any(line and line not in done and not DONE.match(line) for line in lines)


def start_scripts(stack: Stack) -> list[Open]:
    """What the image of a database runs when its data is new."""
    scripts = [one.initdb for one in stack.services if one.initdb and one.kind]
    points = []
    for script in scripts:
        source = script.value.partition(":")[0]
        what = f"the start script {source} of the database: here, or as a part of commands.migrate"
        points.append(Open(Found(what, script.where), f'db: {{volumes: ["{script.value}:ro"]}}', "services"))
    return points


def copies(files: Files) -> list[Open]:
    """The files that git ignores and that are copies of an example: one open point for all of them."""
    found: dict[str, str] = {}
    for name in files.names:
        match = None if ASIDE.search(f"/{name}") or ENVIRONMENT.search(name) else EXAMPLE.fullmatch(name)
        copy = (match["whole"] or f"{match['stem']}{match['end']}") if match else ""
        if copy and not files.has(copy) and _is_ignored(files, copy):
            found.setdefault(copy, name)
    if not found:
        return []
    what = Found("the copies of examples that git ignores, which everybody needs", ", ".join(found.values()))
    return [Open(what, "\n".join(f"cp {name} {copy}" for copy, name in found.items()))]


def _is_ignored(files: Files, copy: str) -> bool:
    """Whether a line of a .gitignore names the file. One that ends with `*` is about all files of a folder."""
    for name in files.named(".gitignore"):
        folder = PurePosixPath(name).parent
        if folder in PurePosixPath(copy).parents:
            here = PurePosixPath(copy).relative_to(folder)
            rules = [line.strip().removeprefix("**/") for line in files.text(name).split("\n")]
            named = [rule for rule in rules if rule and rule[0] not in "#!" and not rule.endswith("*")]
            if any(fnmatch(str(here) if "/" in rule else here.name, rule.lstrip("/")) for rule in named):
                return True
    return False


def addresses(read: Mapping[str, Variable], given: Values, taken: Iterable[str], written: Iterable[str]) -> list[Open]:
    """The variables that code reads and that have a value which is for another machine: one open point for all."""
    skip = {*taken, *written, *NOT_OURS}
    known = dict(given.items())  # without examples of production, before which the code's defaults come
    found = {name: value for name in read if name not in skip and (value := known.get(name)) and value.value}
    if not found:
        return []
    places = ", ".join(f"{name}, {value.where}" for name, value in found.items())
    return [
        Open(Found("a value for development for each of these", places), "\n".join(f"{name}: ''" for name in found))
    ]

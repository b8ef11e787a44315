"""The blocks of the Dockerfile: base image, packages, install steps, production's command."""

from __future__ import annotations

import re
import shlex

from tools.adopt.fill import commands, examples, install, lines
from tools.adopt.fill.install import CODE, Step
from tools.adopt.found import Found, Reading

USUAL = {"python": "3.13", "node": "22"}  # the images of the template
# These files contain a range, others an exact version (.python-version, .nvmrc, a Dockerfile).
RANGES = ("pyproject.toml", "setup.py", "setup.cfg", "package.json", "poetry.lock", "uv.lock", "README")
WIDTH = 118  # characters of a line of mounts
CACHES = {"python": "/root/.cache/uv,id=uv", "node": "/root/.npm,id=npm"}
AUTHORITIES = {"python": "SSL_CERT_FILE", "node": "NODE_EXTRA_CA_CERTS"}


def parts(reading: Reading) -> dict[str, str]:
    """By name of the block, its text: base, packages, install, develop, serve."""
    language = examples.language(reading)
    done = [] if language == "node" else install.production(reading)  # Node's stage dev starts from base
    return {
        "base": lines.block(base(reading), 0),
        "packages": lines.block(packages(reading, language), 0),
        "build_packages": lines.block(build_packages(reading), 0),
        "install": lines.block(installing(reading), 0).rstrip("\n") + "\n",
        "develop": lines.block(developing(reading, done), 0),
        "build": lines.block(building(reading), 0),
        "source": "COPY --from=build --chmod=755 /app /app\n" if reading.commands.build else "COPY --chmod=755 . .\n",
        "steps": lines.block(lines.open_points([one for one in reading.open if one.file == "image"]), 0),
        "serve": lines.block(serving(reading), 0),
    }


def version(reading: Reading) -> str:
    """The language's version in an image's tag: X.Y of Python, X of Node; empty if it was not found."""
    pattern = r"\d+" if examples.language(reading) == "node" else r"\d+\.\d+"
    found = re.search(pattern, reading.version.value) if reading.version else None
    return found[0] if found else ""


def base(reading: Reading) -> list[str]:
    """The FROM line, and why this version."""
    language, least = examples.language(reading), version(reading)
    usual = USUAL[language]
    # Their packages are named for it; the full image has compilers.
    variant = reading.variant.value if reading.variant else "slim"
    if reading.variant and not (reading.version and reading.version.where == reading.variant.where):
        variant = "-".join(
            word for word in variant.split("-") if re.match(r"slim|alpine", word)
        )  # not in every release
    image = f"FROM {language}:{{}}{'-' * bool(variant)}{variant} AS base"
    if not reading.language:
        what = "the image of the language, at production's version"
        return [*lines.open_point(what, image.format(usual)), image.format(usual)]
    if not (least and reading.version):
        return [
            f"# {lines.comment(reading.language.where)}: {language}. No file says which version production has.",
            image.format(usual),
        ]
    ranged = reading.version != reading.newest and reading.version.where.split(":")[0].rpartition("/")[2].startswith(
        RANGES
    )
    if ranged and not reading.variant and reading.newest and _number(reading.newest.value) < _number(usual):
        return [f"# {lines.comment(reading.newest.where)}: not newer.", image.format(reading.newest.value)]
    if ranged and not reading.variant and _number(least) <= _number(usual):
        return [f"# {lines.comment(reading.version.where)}: {least} or newer.", image.format(usual)]
    return [f"# {lines.comment(reading.version.where)}", image.format(least)]


def _number(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def packages(reading: Reading, language: str) -> list[str]:
    """The step that installs packages of the operating system, if there are any; Node builds in this stage, too."""
    more = reading.build_packages if language == "node" else ()
    why = "the libraries that dependencies are built with, or load."
    return [*_packages([*reading.packages, *more], why, reading), *_manager(reading)]


def _manager(reading: Reading) -> list[str]:
    """The step that installs pnpm or Yarn: scripts may call it, too."""
    made = reading.dependencies
    if not (made and made.release):
        return []
    step = Step((), f"npm install --global --force --no-audit --no-fund {made.release}")
    why = "its release. --force: the image may have another one."
    return [f"# {lines.comment(made.manager.where)}: {made.manager.value}, {why}", *_run(step, "node", first=False)]


def build_packages(reading: Reading) -> list[str]:
    """The step that installs what only the dependencies' installation needs, in the stage that installs them."""
    return _packages([*reading.build_packages], "what dependencies are built with. It is not in prod.", reading)


def _packages(found: list[Found], why: str, reading: Reading) -> list[str]:
    if not found:
        return []
    where = "; ".join(dict.fromkeys(package.where for package in found))
    names = " ".join(dict.fromkeys(package.value for package in found))
    install = f"apt-get update && apt-get install --yes --no-install-recommends {names} && rm -rf /var/lib/apt/lists/*"
    if reading.variant and "alpine" in reading.variant.value:
        install = f"apk add --no-cache {names}"
    return [f"# {lines.comment(where)}: {why}", f"RUN {install}"]


def installing(reading: Reading) -> list[str]:
    """Stage deps: production's dependencies."""
    language = examples.language(reading)
    steps = install.production(reading)
    if not (steps and reading.dependencies):
        return _unknown(language)
    text: list[str] = []
    for step in steps:
        text += [*_why(step, reading.dependencies.manager, bool(text)), *_run(step, language, first=not text)]
    return text


def developing(reading: Reading, done: list[Step]) -> list[str]:
    """Stage dev: development's dependencies; `done`: the steps of deps, on which it builds."""
    language = examples.language(reading)
    text: list[str] = []
    for step in install.development(reading):
        if step not in done:
            text += ["# The same as above, now with what only development needs.", *_made_from(step)]
            text += _run(step, language, first=False)
    return text


def building(reading: Reading) -> list[str]:
    """Node's stage build: what production runs is made from the source, with development's packages."""
    found = reading.commands.build
    if not found:
        return []
    return [f"# {lines.comment(found.where)}", "FROM dev AS build", "USER root", "COPY . .", f"RUN {found.value}", ""]


def serving(reading: Reading) -> list[str]:
    """Production's command."""
    found = reading.commands.serve
    if found:
        return [f"# {lines.comment(found.where)}", f"CMD {commands.in_image(found.value)}"]
    line = examples.of(examples.SERVE, reading)
    made = reading.application.target if reading.application else None
    if made and examples.language(reading) == "python":
        target = shlex.quote(made.value)
        line = re.sub(r"\w+(\.\w+|:\w+)+(?= |$)", lambda _: target, line)
    example = f"CMD {commands.in_image(line)}"
    return lines.open_point(
        "production's server, on 0.0.0.0 and $PORT (in compose.lean.yaml, too: `command:`)", example
    )


def _unknown(language: str) -> list[str]:
    what = "the step that installs the dependencies"
    if language == "node":
        example = "RUN --mount=type=bind,source=package.json,target=package.json npm install --omit=dev"
        return [*lines.open_point(what, example), "RUN mkdir -p /node_modules"]
    bind = "--mount=type=bind,source=requirements.txt,target=requirements.txt"
    example = f"RUN {bind} uv pip install -p /venv -r requirements.txt"
    return [
        "# An environment of its own, for the step below.",
        "RUN uv venv --quiet /venv",
        *lines.open_point(what, example),
    ]


def _why(step: Step, manager: Found, later: bool) -> list[str]:
    if CODE in step.sees:
        return [
            "# The project itself, from all of its source: its metadata, its commands, and a link to /app, where its",
            "# code lies: in dev by the mount, in prod by the copy. So an edit of the code installs nothing again.",
            *_made_from(step),
        ]
    if later:
        return ["# And these."]
    return [
        f"# {lines.comment(manager.where)}. These files only, and no COPY:",
        "# an edit of the source does not install anything again.",
        "# The secret: certificate authorities of your network, where it has its own. It stays out of the image.",
    ]


def _made_from(step: Step) -> list[str]:
    """The line that devenv/model/dockerfile.py reads; it has to be directly above the RUN."""
    return [f"# dev.up rebuilds when these change: {' '.join(step.of)}"] if step.of else []


def _run(step: Step, language: str, first: bool) -> list[str]:
    """One RUN: its mounts, the network's certificate authorities, the command."""
    cache = step.cache or CACHES[language]
    mounts = [
        f"--mount=type=cache,target={cache}",
        "--mount=type=secret,id=ca",
        *(_bind(name, step) for name in step.sees),
    ]
    home = "export HOME=/root;" if language == "node" else "export HOME=/root VIRTUAL_ENV=/venv;"
    venv = "uv venv --quiet /venv && " if first and needs_venv(step, language) else ""
    first_command, *others = f"{venv}{step.command}".split(" && ")
    authorities = f"if [ -s /run/secrets/ca ]; then export {AUTHORITIES[language]}=/run/secrets/ca; fi;"
    text = [*_packed(mounts), authorities, f"{home} {first_command}", *(f"&& {command}" for command in others)]
    return [
        f"{'    ' if n else 'RUN '}{line}{' ' + chr(92) if n < len(text) - 1 else ''}" for n, line in enumerate(text)
    ]


def needs_venv(step: Step, language: str) -> bool:
    """`uv sync` creates the environment itself; npm has none."""
    return language == "python" and not step.command.startswith("uv sync")


def _bind(name: str, step: Step) -> str:
    if name == CODE:
        return "--mount=type=bind,target=.,rw"
    return f"--mount=type=bind,source={name},target={name}{',rw' if name in step.edits else ''}"


def _packed(words: list[str]) -> list[str]:
    """Lines with as many words as fit."""
    packed: list[str] = []
    for word in words:
        if packed and len(packed[-1]) + len(word) < WIDTH - 5:
            packed[-1] += f" {word}"
        else:
            packed.append(word)
    return packed

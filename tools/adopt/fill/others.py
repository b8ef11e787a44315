"""The files of a language without a stack: its own Dockerfile with our two stages, or the language's image."""

from __future__ import annotations

import re

from devenv.model import dockerfile as reader
from tools.adopt.fill import commands, lines
from tools.adopt.found import Reading
from tools.adopt.read.others import LANGUAGES

HEAD = "# Owner: this service. The template wrote it once and leaves it to you."
NAMED = re.compile(r"\sAS\s+(\S+)\s*$", re.IGNORECASE)
INSTALL = {
    "php": "composer install",
    "ruby": "bundle install",
    "go": "go mod download",
    "java": "./mvnw --batch-mode dependency:go-offline",
    "rust": "cargo fetch",
    "elixir": "mix deps.get",
    "dotnet": "dotnet restore",
}


def is_other(reading: Reading) -> bool:
    return bool(reading.language and reading.language.value in LANGUAGES)


def dockerfile(reading: Reading) -> str:
    """The text of our Dockerfile."""
    return _own(reading) if reading.own_image else _bare(reading)


def _own(reading: Reading) -> str:
    assert reading.own_image
    text = reading.own_image.value.rstrip("\n")
    starts = [step for step in _steps(reading) if step.word == "FROM"]
    if not starts:
        return _bare(reading)
    rows, last = text.split("\n"), starts[-1]
    named = NAMED.search(last.text)
    names = {match[1].lower() for step in starts if (match := NAMED.search(step.text))}
    if not named:
        rows[last.line - 1] = f"{rows[last.line - 1].rstrip()} AS prod"
    head = [HEAD, f"# A copy of {lines.comment(reading.own_image.where)}, with the stages dev and prod."]
    parser = [rows.pop(0)] if rows[0].startswith("# syntax=") else []  # only counts in the first line
    more = ["", f"FROM {named[1]} AS prod"] if named and "prod" not in names else []
    if "dev" not in names:
        more += [
            "",
            "# The same as prod: the source is in the image, and dev.up builds it again after an edit.",
            "FROM prod AS dev",
        ]
    return "\n".join([*parser, *head, *rows, *more]) + "\n"


def _steps(reading: Reading) -> list[reader.Instruction]:
    return list(reader.instructions(reading.own_image.value)) if reading.own_image else []


def _bare(reading: Reading) -> str:
    assert reading.language
    language = LANGUAGES[reading.language.value]
    found = reading.version
    why = (
        found.where
        if found
        else f"{reading.language.where}: {language.title}. No file says which version production has."
    )
    serve = commands.in_image(reading.commands.develop.value if reading.commands.develop else "./server")
    text = [
        HEAD,
        f"# {lines.comment(why)}",
        f"FROM {language.image.format(found.value if found else language.usual)} AS base",
        "ENV HOME=/tmp",
        "WORKDIR /app",
        *lines.open_point(
            "packages, and the step that installs the dependencies", f"RUN {INSTALL[reading.language.value]}"
        ),
        "",
        "# No source in here: compose.yaml mounts it, which is why an edit is live.",
        "FROM base AS dev",
        "USER 1000:1000",
        "",
        "FROM base AS prod",
        "COPY . .",
        *lines.open_point("production's build and server, on 0.0.0.0 and $PORT", f"CMD {serve}"),
    ]
    return "\n".join(text) + "\n"


def ignore(reading: Reading) -> str:
    """The repository's .dockerignore, since its own build is kept."""
    own = reading.own_ignore.rstrip("\n")
    return "\n".join([HEAD, "# What must not get into the image.", ".git", ".dev", *([own] if own else [])]) + "\n"


def command(reading: Reading, port: str) -> list[str]:
    """The development command: the image's, if it has one."""
    if reading.own_image:
        where = reading.commands.serve.where if reading.commands.serve else reading.own_image.where
        text = [f"# The image's own command: {lines.comment(where)}. It must listen on $PORT."]
        if reading.commands.serve and any(step.word == "ENTRYPOINT" for step in _steps(reading)):
            text[0] += " It is not an entrypoint here, which would"
            text += ["# also get the commands of dev.yaml.", "entrypoint: []"]
            text += [f"command: {commands.in_compose(reading.commands.serve.value, port)}"]
        if reading.port and reading.port.value != port:
            point = f"how it listens on $PORT: {reading.port.where} has {reading.port.value}"
            text += lines.open_point(point, 'command: ["./server", "--port", "${PORT}"]')
        return text
    found = reading.commands.develop
    if found:
        return [f"# {lines.comment(found.where)}", f"command: {commands.in_compose(found.value, port)}"]
    return lines.open_point("the development server, on ${BIND} and ${PORT}", "command: ./server --port ${PORT}")


def health() -> list[str]:
    """Something listens on the port: no client for HTTP is certain to be in the image. macOS has no /proc, but nc."""
    listed = 'grep -qi ":$$(printf %04X "$$PORT") [0-9A-F]*:0000 0A" /proc/net/tcp /proc/net/tcp6'
    check = f'{listed} 2>/dev/null || nc -z 127.0.0.1 "$$PORT"'
    return [
        "# Something listens on the port (0A): it is not known which client the image has. A page is better.",
        f"test: [CMD-SHELL, {lines.quoted(check)}]",
    ]


def example(name: str, reading: Reading) -> str:
    """A line to fill in for one of the service's own commands."""
    assert reading.language
    language = LANGUAGES[reading.language.value]
    known = {"test": language.test, "migrate": language.migrate}.get(name, ())
    return known[-1][1] if known else {"test": "make test", "migrate": "make migrate"}.get(name, "")


def native(reading: Reading) -> list[str]:
    assert reading.language
    title = LANGUAGES[reading.language.value].title
    return [
        f"# Without containers, {title} must be installed on the machine, and compose.yaml must have the command.",
        f"# native: {{install: {INSTALL[reading.language.value]}}}",
    ]

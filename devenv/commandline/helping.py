"""The list of tasks, in groups, and the help of one task. `inv --list`, `make help` and the docs print this text."""

from __future__ import annotations

import inspect
import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from invoke.collection import Collection
from invoke.parser.argument import Argument
from invoke.parser.context import ParserContext

from devenv.commandline.arguments import OPTIONAL, PASSING_ON, REPEATED, positions
from devenv.readers.chosen import EVERYWHERE

# Each task is in one group. Tasks of tasks_local.py are in a group of their own, at the end.
GROUPS = {
    "Daily": (
        *("dev.up", "dev.down", "dev.restart", "dev.status", "dev.open", "dev.logs", "dev.test"),
        *("dev.shell", "dev.run", "dev.dbshell", "dev.add", "dev.destroy"),
    ),
    "Data": ("dev.migrate", "dev.seed", "dev.reset", "dev.snapshot", "dev.restore", "dev.state", "dev.schema"),
    "Stack": ("dev.list", "dev.edit", "dev.use", "dev.lock"),
    "Checks": ("dev.plan", "dev.doctor", "dev.explain", "contract.check"),
    "Template": ("template.check", "template.update", "template.vendor", "template.prune", "dev.completion"),
}
OWN = "This service"
# Typed after `inv`. Each is tried by the tests of the command line.
EXAMPLES = {
    "dev.up": ("dev.up", "dev.up --port 18200", "dev.up --workspace review"),
    "dev.down": ("dev.down", "dev.down --workspace review"),
    "dev.restart": ("dev.restart", "dev.restart -s worker", "dev.restart -s lms"),
    "dev.open": ("dev.open", "dev.open --as admin", "dev.open -s lms"),
    "dev.add": ("dev.add httpx", "dev.add 'httpx>=0.28' pydantic", "dev.add pytest-xdist --dev"),
    "dev.list": ("dev.list", "dev.list --json"),
    "dev.status": ("dev.status", "dev.status --json"),
    "dev.destroy": ("dev.destroy", "dev.destroy --yes"),
    "dev.logs": ("dev.logs --follow", "dev.logs -s app -s worker --tail 20", "dev.logs --since 10m --grep error"),
    "dev.test": ("dev.test", "dev.test -- -k name"),
    "dev.shell": ("dev.shell", "dev.shell -s db"),
    "dev.run": ("dev.run -- ls -l", "dev.run -s db -- psql --version"),
    "dev.dbshell": ("dev.dbshell", "dev.dbshell -- -c 'SELECT 1'"),
    "dev.migrate": ("dev.migrate",),
    "dev.seed": ("dev.seed", "dev.seed NAME -p size=10", "dev.seed --list"),
    "dev.reset": ("dev.reset", "dev.reset --scenario NAME -p size=10"),
    "dev.snapshot": ("dev.snapshot before", "dev.snapshot before --export before.tar.gz"),
    "dev.restore": ("dev.restore before", "dev.restore ./before.tar.gz", "dev.restore previous"),
    "dev.state": ("dev.state list", "dev.state prune --name before"),
    "dev.schema": ("dev.schema check", "dev.schema dump --from postgresql://user:password@host/name"),
    "dev.edit": (
        "dev.edit lms",
        "dev.edit lms ~/src/lms",
        "dev.edit greeting ../greeting",
        "dev.edit greeting --in lms",
    ),
    "dev.use": ("dev.use lms", "dev.use lms=v1.2.0", "dev.use greeting", "dev.use greeting --in lms"),
    "dev.lock": ("dev.lock", "dev.lock --upgrade lms", "dev.lock --check"),
    "dev.plan": ("dev.plan", "dev.plan reset", "dev.plan restore before", "dev.plan prune", "dev.plan --mermaid"),
    "dev.doctor": ("dev.doctor", "dev.doctor --fix"),
    "dev.explain": ("dev.explain 113",),
    "contract.check": ("contract.check --static", "contract.check --only CMP-1"),
    "template.check": ("template.check",),
    "template.update": ("template.update", "template.update --to 1.2.0"),
    "template.vendor": ("template.vendor", "template.vendor --undo"),
    "template.prune": ("template.prune",),
    "dev.completion": ("dev.completion zsh",),
}
INTRODUCTION = 'Usage: inv TASK [FLAGS], or make TASK ARGS="FLAGS", or .dev/run TASK [FLAGS]'
END = "inv TASK --help prints the flags and examples of a task."
WIDEST = 100  # a longer line is hard to read, however wide the terminal is


def listing(tasks: Collection, below: str = "") -> Iterator[str]:
    """The lines of `inv --list`. `below`: only tasks of this namespace, such as `dev`."""
    names = [name for name in tasks.task_names if name.startswith(f"{below}." if below else "")]
    known = {name for group in GROUPS.values() for name in group}
    groups = {**GROUPS, OWN: tuple(sorted(name for name in names if name not in known))}
    width = max(map(len, names), default=0)
    yield INTRODUCTION
    for title, group in groups.items():
        shown = [name for name in group if name in names]
        if shown:
            yield from ("", title)
        for name in shown:
            yield from entry(name, summary(tasks, name), width)
    yield from ("", END)


def summary(tasks: Collection, name: str) -> str:
    """The first line of a task's docstring, without its full stop."""
    return (inspect.getdoc(tasks[name]) or "").partition("\n")[0].removesuffix(".")


def task(name: str, doc: str, parsed: ParserContext) -> Iterator[str]:
    """The lines of `TASK --help`."""
    yield from textwrap.wrap(doc.partition("\n\n")[0], columns())
    for paragraph in filter(None, doc.split("\n\n")[1:]):
        yield ""
        yield from textwrap.wrap(paragraph, columns())
    yield ""
    yield f"Usage: inv {name}{usage(parsed)}"
    first = places(parsed)
    flags = [each for each in unique(parsed) if each not in first]
    width = max((len(word) for word in [*map(word_of, first), *map(flag, flags)]), default=0)
    for title, rows in (("Arguments", {word_of(p): p for p in first}), ("Flags", {flag(f): f for f in flags})):
        if rows:
            yield from ("", title)
        for left, argument in rows.items():
            yield from entry(left, argument.help or "", width)
    if any(name in group for group in GROUPS.values()):
        yield from ("", "Flags of every task")
        for everywhere, text in EVERYWHERE.items():
            yield from entry(f"    {everywhere}", text, width)
    if name in EXAMPLES:
        yield from ("", "Examples")
        yield from (f"  inv {example}" for example in EXAMPLES[name])


def usage(parsed: ParserContext) -> str:
    """A task's arguments as they are typed: ` NAME [PATH] [FLAGS] [-- ARGS]`."""
    name = str(parsed.name)
    optional = OPTIONAL.get(name, ())
    words = [f"[{place.upper()}]" if place in optional else place.upper() for place in positions(parsed)]
    words += [f"{REPEATED[name].upper()} ..."] if name in REPEATED else []
    words += ["[FLAGS]"] if parsed.args else []
    words += ["[-- ARGS]"] if name in PASSING_ON else []
    return "".join(f" {word}" for word in words)


def places(parsed: ParserContext) -> list[Argument]:
    """A task's positional arguments, as invoke's values."""
    names = [*positions(parsed), *([REPEATED[str(parsed.name)]] if parsed.name in REPEATED else [])]
    return [parsed.args[name] for name in names]


def unique(parsed: ParserContext) -> Sequence[Argument]:
    """A task's arguments, each once."""
    found: Mapping[int, Argument] = {id(argument): argument for argument in parsed.args.values()}
    return list(found.values())


def word_of(argument: Argument) -> str:
    """A positional argument, or the value of a flag: `SCENARIO`."""
    return str(argument.names[0]).upper()


def flag(argument: Argument) -> str:
    """A flag as it is typed: `-p, --port PORT`; `    --path PATH` if it has no short form."""
    short = next((f"-{name}, " for name in argument.names if len(name) == 1), "    ")
    long = max(argument.names, key=len)
    return f"{short}--{long}{f' {word_of(argument)}' if argument.takes_value else ''}"


def entry(left: str, text: str, width: int) -> Iterator[str]:
    """A row of two columns. The right one is wrapped; if there is no room for it, it goes below."""
    room = columns() - width - 4
    if room < 20:
        yield f"  {left}"
        yield from textwrap.wrap(text, columns(), initial_indent="      ", subsequent_indent="      ")
        return
    first, *rest = textwrap.wrap(text, room) or [""]
    yield f"  {left:{width}}  {first}".rstrip()
    for line in rest:
        yield f"  {'':{width}}  {line}"


def columns() -> int:
    """The width of the output: the terminal's, or 80."""
    return max(20, min(shutil.get_terminal_size((80, 24)).columns, WIDEST))

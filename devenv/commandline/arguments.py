"""Arguments as people type them, turned into those that invoke understands."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import cast

from invoke.parser.argument import Argument
from invoke.parser.context import ParserContext

from devenv.base.errors import USAGE, DevError

# Positional arguments that invoke does not support: `dev.seed NAME` becomes `dev.seed --scenario NAME`.
OPTIONAL = {"dev.seed": ("scenario",), "dev.edit": ("path",), "dev.plan": ("verb", "name")}
REPEATED = {"dev.add": "package"}  # any number of them
# Tasks whose arguments after `--` go to a command of the service.
PASSING_ON = ("dev.test", "dev.run", "dev.dbshell")
HELP = ("--help", "-h")
COMPLETE = "--complete"  # the first word of a shell that asks what may follow

Contexts = Mapping[str, ParserContext]


def split(argv: list[str]) -> tuple[list[str], list[str]]:
    """The arguments before the first `--`, for us, and those after it, for the service's command."""
    at = argv.index("--") if "--" in argv else len(argv)
    return argv[:at], argv[at + 1 :]


def flagged(words: Sequence[str], tasks: Contexts, core: ParserContext) -> list[str]:
    """Turn positional arguments that invoke does not support into flags, before or after other flags.

    `core`: the flags that every task takes. A path never has the name of a task. DevError 2 for an argument that
    belongs after `--`.
    """
    result: list[str] = []
    task: ParserContext | None = None
    places: list[str] = []  # the positional arguments that are not given yet
    start = 0
    rest = list(words)
    while rest:
        word = rest.pop(0)
        argument = flag_of(word, task, core)
        if argument:
            places = [name for name in places if name not in argument.names]
            result += [word, *([rest.pop(0)] if rest and takes_next(word, argument) else [])]
        elif word.startswith("-") and not (task and task.name in PASSING_ON):
            result.append(word)  # invoke reports it
        elif places and not (places[0] == "path" and word in tasks):
            place = places.pop(0)
            result += [f"--{place}", word] if task and place in OPTIONAL.get(str(task.name), ()) else [word]
        elif task and task.name in REPEATED and word not in tasks:
            result += [f"--{REPEATED[str(task.name)]}", word]
        elif task and task.name in PASSING_ON and word not in tasks:
            raise _belongs_after(str(task.name), words[start : len(words) - len(rest) - 1], [word, *rest])
        else:
            task, start = tasks.get(word), len(words) - len(rest)
            places = positions(task) if task else []
            result.append(word)
    return result


def positions(task: ParserContext) -> list[str]:
    """The names of a task's positional arguments, in their order."""
    return [*(str(argument.names[0]) for argument in task.positional_args), *OPTIONAL.get(str(task.name), ())]


def wants_help(words: Sequence[str], tasks: Contexts) -> str:
    """The task whose help is asked for with `TASK … --help`; empty if none is.

    invoke would take --help for a positional argument. `-h` may be a flag of the task, unless it is the only one.
    """
    name = ""
    for word in words:
        if word in HELP and name and (word not in tasks[name].flags or len(words) == 2):
            return name
        name = word if word in tasks else name
    return ""


def flag_of(word: str, task: ParserContext | None, core: ParserContext) -> Argument | None:
    """The argument that a word is a flag of: `--port`, `--port=1`, `-p`, `-p1`."""
    if not word.startswith("-"):
        return None
    name = word.partition("=")[0]
    for context in filter(None, (task, core)):
        for known in (name, *([word[:2]] if not word.startswith("--") else [])):
            if known in context.flags:
                return cast(Argument, context.flags[known])
            if known in context.inverse_flags:
                return cast(Argument, context.flags[context.inverse_flags[known]])
    return None


def takes_next(word: str, argument: Argument) -> bool:
    """Whether the next word is the flag's value."""
    whole = word.startswith("--") or len(word) == 2
    return argument.takes_value and not argument.optional and whole and "=" not in word


def _belongs_after(task: str, ours: Sequence[str], words: Sequence[str]) -> DevError:
    typed = shlex.join(["inv", task, *ours, "--", *words])
    return DevError(USAGE, f"{task} does not take {words[0]}: arguments for the command go after --", typed)

"""What is wrong with a command line, in our words: invoke's do not say what is expected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from invoke.exceptions import ParseError
from invoke.parser.argument import Argument
from invoke.parser.context import ParserContext

from devenv.base.errors import USAGE, DevError, guess
from devenv.commandline import helping
from devenv.commandline.arguments import HELP, REPEATED, Contexts, positions
from devenv.commandline.completion import values

LIST = "inv --list"


def refused(error: ParseError, words: Sequence[str], tasks: Contexts, root: Path) -> DevError:
    """invoke's error as ours: what is missing or not known, and what is expected there."""
    text = str(error)
    task = error.context if error.context and error.context.name else None
    named = re.search(r"'(.*)'|<Argument: ([\w-]+)", text)
    if task and "positional" in text:
        return _missing(task, task.missing_positional_args[0], root)
    if task and named and named[2]:
        return _without_value(task, named[2], root)
    if text.startswith("No idea") and named:
        return _unknown(named[1], task, tasks)
    name = next((word for word in words if word in tasks), "")
    return DevError(USAGE, text, f"inv {name} --help" if name else LIST)


def check_values(tasks: Iterable[ParserContext]) -> None:
    """DevError 2 for a value that is empty, as that of a shell's variable that is not set: it names nothing."""
    for task in tasks:
        words = (*positions(task), REPEATED.get(str(task.name)))
        for argument in task.args.values():
            if "" in (argument.value if argument.kind is list else [argument.raw_value]):
                name = helping.word_of(argument) if argument.names[0] in words else f"--{argument.names[0]}"
                raise DevError(USAGE, f"{task.name}: {name} is empty", _help(task))


def _missing(task: ParserContext, argument: Argument, root: Path) -> DevError:
    example = next(iter(helping.EXAMPLES.get(str(task.name), ())), f"{task.name} --help")
    return DevError(
        USAGE, f"{task.name} needs {helping.word_of(argument)}", *_choices(task, argument, root), f"inv {example}"
    )


def _without_value(task: ParserContext, name: str, root: Path) -> DevError:
    argument = task.args[name]
    choices = _choices(task, argument, root)
    return DevError(USAGE, f"{task.name} --{name} needs {helping.word_of(argument)}", *choices, _help(task))


def _unknown(word: str, task: ParserContext | None, tasks: Contexts) -> DevError:
    if not task:
        what = "flag" if word.startswith("-") else "task"
        return DevError(USAGE, f"unknown {what} {word}", f"{guess(word, [*tasks])}to see all tasks: {LIST}")
    if word.startswith("-"):
        flags = [*(f"--{name}" for name in task.args if len(name) > 1), HELP[0]]
        hint = f"{guess(word, flags)}to see all flags: {_help(task)}"
        return DevError(USAGE, f"{task.name} has no flag {word}", hint)
    return DevError(USAGE, f"{task.name} does not take {word}", f"{guess(word, [*tasks])}{_help(task)}")


def _choices(task: ParserContext, argument: Argument, root: Path) -> list[str]:
    found = values(argument, task, root)
    return [f"allowed: {', '.join(found)}"] if found else []


def _help(task: ParserContext) -> str:
    return f"inv {task.name} --help"

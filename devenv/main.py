"""The program behind `make`, `inv` and `.dev/run`: arguments, tasks, and the one place where errors are caught."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import os
import re
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from types import ModuleType
from typing import NoReturn

from invoke.collection import Collection
from invoke.exceptions import Exit, ParseError, UnexpectedExit
from invoke.parser import Parser
from invoke.parser.context import ParserContext
from invoke.program import Program

from devenv.base import events, launch, output, toolcache
from devenv.base.errors import CONFIG, INTERRUPTED, DevError, of_system
from devenv.commandline import arguments
from devenv.readers import chosen, mistakes, report
from devenv.tasks.common import CHANGES

ROOT = launch.ROOT
# The tasks by namespace and by module of devenv/tasks/. A command imports only the module of its task: half of
# what a dev.up takes that has nothing to do are imports (python -X importtime).
MODULES = {
    "dev": {
        "up": "up",
        "lifecycle": "down status plan doctor destroy",
        "daily": "logs shell run dbshell test",
        "services": "open restart list add",
        "datastates": "migrate seed reset snapshot restore state schema",
        "required": "lock edit use",
        "explain": "explain",
        "completion": "completion",
    },
    "contract": {"contract": "check"},
    "template": {"template": "check update vendor prune"},
}
ENDING = {"dev.down", "dev.status", "dev.destroy"}  # a file that is not valid does not prevent them
WHOLE = ("--list", "-l", "--help", "-h")  # flags with which a command line is about all tasks


class Tasks(Program):
    """invoke's program without its exit codes, and with the arguments after `--` as a list.

    `folder`: the current folder; paths on the command line are relative to it.
    """

    def __init__(self, namespace: Collection, rest: list[str], folder: str) -> None:
        super().__init__(namespace=namespace, name="dev", binary="inv")
        self.rest = rest
        self.folder = folder

    def parse_and_execute(self, argv: list[str]) -> None:
        """Like Program.run, but errors are exceptions."""
        self.create_config()
        self.parse_core(argv)
        sys.dont_write_bytecode = False  # invoke sets it, and then Python compiles our modules at every start
        self.parse_collection()
        self.parse_tasks()
        self.parse_cleanup()
        self.update_config()
        self.config.load_overrides({"args": self.rest, "folder": self.folder})
        self.execute()

    def parse_tasks(self) -> None:
        """Like Program.parse_tasks, but with our positional arguments, and `TASK --help` for each task."""
        parser = self._make_parser()
        words, tasks = self.core.unparsed, parser.contexts
        helped = arguments.wants_help(words, tasks)
        self.core.unparsed = [] if helped else arguments.flagged(words, tasks, self.initial_context)
        try:
            super().parse_tasks()
        except ValueError as error:  # the message of int() for `--port abc`
            raise ParseError(f"{str(error).rpartition(': ')[2]} is not a whole number") from None
        if helped:
            self.args.help.value = helped
        elif any(word.endswith("=") or not word for word in words):
            from devenv.commandline import usage  # here, since most commands are right

            # To a task of tasks_local.py an empty value may mean something.
            usage.check_values(task for task in self.tasks if task.name in _known_tasks())

    def parse_cleanup(self) -> None:
        """Like Program.parse_cleanup, but its error (--list of an unknown namespace) is one of the command line."""
        try:
            super().parse_cleanup()
        except Exit as error:
            if error.message:
                raise ParseError(error.message) from None
            raise

    @functools.cache  # noqa: B019  it lives as long as the process; a second parser would have no help texts
    def _make_parser(self) -> Parser:
        return super()._make_parser()

    def print_help(self) -> None:
        """Without a task, the help is the list of tasks."""
        self.list_tasks()

    def list_flat(self) -> None:
        """The list of tasks, in groups."""
        from devenv.commandline import helping  # here and below, since most commands need no help

        _print(helping.listing(self.collection, self.list_root or ""))

    def print_task_help(self, name: str) -> None:
        """The help of one task."""
        from devenv.commandline import helping

        _print(helping.task(name, inspect.getdoc(self.collection[name]) or "", self.parser.contexts[name]))


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        output.data(line)


def main() -> NoReturn:
    """Run the tasks on the command line, and exit with their code."""
    own, rest = arguments.split(sys.argv[1:])
    if own[:1] == [arguments.COMPLETE]:
        sys.exit(_complete(rest))
    own, flags = chosen.without_flags(own)
    with chosen.reading(flags, own, ROOT):
        sys.exit(_run(own, rest))


def _complete(words: list[str]) -> int:
    """Answer a shell that completes a command line; without an answer, if a file cannot be read."""
    from devenv.commandline import completion

    with suppress(DevError):
        namespace = collection()
        core = Tasks(namespace, [], "").initial_context
        _print(completion.candidates(words, _contexts(namespace), core, ROOT))
    return 0


def _run(own: list[str], rest: list[str]) -> int:
    """Run the tasks; the exit code. The only place where errors are caught."""
    try:
        folder = os.getcwd()
        os.chdir(ROOT)  # the printed commands are to be typed here
        toolcache.note_use()
        Tasks(collection(own), rest, folder).parse_and_execute(["inv", *(own or ["--list"])])
    except DevError as error:
        return _failed(own, error)
    except ParseError as error:
        return _failed(own, _refused(own, error))
    except Exit as error:
        return _answered(own, int(error.code))
    except UnexpectedExit as error:  # a command of tasks_local.py
        return int(error.result.exited)
    except OSError as error:
        return _system_failed(own, error)
    except KeyboardInterrupt:
        return _failed(own, DevError(INTERRUPTED, "interrupted", "to continue: inv dev.up"))
    except Exception as error:
        return _failed(own, mistakes.error(error, own, ROOT))
    return 0


def _system_failed(own: list[str], error: OSError) -> int:
    """An error of the system. A reader of stdout that has enough, as `head`, is not an error."""
    output.give_up(sys.stdout)
    return 0 if isinstance(error, BrokenPipeError) else _failed(own, of_system(error))


def _failed(own: list[str], error: DevError) -> int:
    """Report an error; with --json, a verb that changes something answers with it, too. Returns the exit code."""
    events.error(error)
    return _answered(own, error.code)


def _answered(own: list[str], code: int) -> int:
    """The exit code, after the answer of a verb with --json that changes something and failed, if it has none yet."""
    if code and own and own[0] in CHANGES and not output.answered and _wants_json(own):
        output.answer(report.of_run.failure(code))
    return code


def _wants_json(own: list[str]) -> bool:
    """Whether `--json` was typed, also as `-j` or among other short flags. A flag's value does not count."""
    if chosen.JSON in own:
        return True
    space, modules = own[0].partition(".")[0], [module for _, module in import_tasks(own[:1])]
    context = _contexts(_gather(space, modules))[own[0].partition(".")[2]]  # without tasks_local.py, which ran already
    for word in own[1:]:
        for letter in word[1:] if re.fullmatch("-[A-Za-z]+", word) else "":
            flag = arguments.flag_of(f"-{letter}", context, context)
            if flag and "json" in flag.names:
                return True
            if not flag or flag.takes_value:
                break
    return False


def collection(words: Sequence[str] = (), whole: bool = False) -> Collection:
    """All tasks: ours below `dev`, `contract` and `template`, and those in the service's tasks_local.py.

    `words`: a command line. If it begins with one of our tasks, the modules of other tasks may be left out, unless it
    is to be `whole`.
    """
    try:
        local = _local_tasks()
    except DevError as error:
        if not {*words[:1]} & ENDING:
            raise
        local = Collection()
        events.warn(f"its tasks are left out: {error.message}")
    modules = import_tasks(() if whole else words)
    for namespace in MODULES:
        local.add_collection(_gather(namespace, [module for of, module in modules if of == namespace]))
    return local


def import_tasks(words: Sequence[str]) -> list[tuple[str, ModuleType]]:
    """The modules of the tasks of a command line, with their namespaces; see `collection`.

    Called before `main`, too: an import that fails is repaired there (__main__.py).
    """
    known = _known_tasks()
    some = {known[word] for word in words if word in known}
    if not words or words[0] not in known or set(words) & set(WHOLE):
        some = set(known.values())
    return [(namespace, importlib.import_module(f"devenv.tasks.{name}")) for namespace, name in sorted(some)]


def _known_tasks() -> dict[str, tuple[str, str]]:
    """Namespace and module by task."""
    found = ((space, module, names) for space, modules in MODULES.items() for module, names in modules.items())
    return {f"{space}.{name}": (space, module) for space, module, names in found for name in names.split()}


def _gather(name: str, modules: Iterable[ModuleType]) -> Collection:
    """The tasks of some modules under one name."""
    gathered = Collection(name)
    for module in modules:
        for task in Collection.from_module(module).tasks.values():
            gathered.add_task(task)
    return gathered


def _refused(words: list[str], error: ParseError) -> DevError:
    """What is wrong with the command line."""
    from devenv.commandline import usage  # here, since most commands are right

    return usage.refused(error, words, _contexts(collection(words, whole=True)), ROOT)


def _contexts(tasks: Collection) -> dict[str, ParserContext]:
    """The tasks by name, as invoke parses them."""
    return {str(context.name): context for context in tasks.to_contexts()}


def _local_tasks() -> Collection:
    path = ROOT / "tasks_local.py"
    if not path.is_file():
        return Collection()
    spec = importlib.util.spec_from_file_location("tasks_local", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # an error in the service's file
        raise DevError(CONFIG, f"tasks_local.py: {type(error).__name__}: {error}", "python3 tasks_local.py") from None
    return Collection.from_module(module)

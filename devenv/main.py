"""The program behind `make`, `inv` and `.dev/run`: arguments, tasks, and the one place where errors are caught."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Container
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from invoke.collection import Collection
from invoke.exceptions import Exit, ParseError, UnexpectedExit
from invoke.program import Program

from devenv.base import events, launch, output, toolcache
from devenv.base.errors import CONFIG, INTERRUPTED, MISSING, USAGE, DevError, did_you_mean
from devenv.readers import chosen, report
from devenv.tasks import contract, daily, datastates, explain, lifecycle, required, template
from devenv.tasks.common import CHANGES

ROOT = launch.ROOT
# Optional positional arguments, which invoke does not support: `dev.seed NAME` becomes `dev.seed --scenario NAME`.
# If the flag is empty, invoke takes the argument by its position.
POSITIONAL = {"dev.seed": ("--scenario",), "dev.edit": ("", "--path")}


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
        self._parse_tasks()
        self.parse_cleanup()
        self.update_config()
        self.config.load_overrides({"args": self.rest, "folder": self.folder})
        self.execute()

    def _parse_tasks(self) -> None:
        try:
            self.parse_tasks()
        except ValueError as error:  # the message of int() for `--port abc`
            raise ParseError(f"{str(error).rpartition(': ')[2]} is not a whole number") from None


def main() -> NoReturn:
    """Run the tasks on the command line, and exit with their code."""
    own, rest = split(sys.argv[1:])
    own, flags = chosen.without_flags(own)
    with chosen.reading(flags, own, ROOT):
        sys.exit(_run(own, rest))


def _run(own: list[str], rest: list[str]) -> int:
    """Run the tasks; the exit code. The only place where errors are caught."""
    try:
        folder = os.getcwd()
        os.chdir(ROOT)  # the printed commands are to be typed here
        toolcache.note_use()
        tasks = collection()
        Tasks(tasks, rest, folder).parse_and_execute(["inv", *(positional(own, tasks.task_names) or ["--list"])])
    except DevError as error:
        return _failed(own, error)
    except ParseError as error:
        return _failed(own, DevError(USAGE, str(error), _usage_hint(own)))
    except Exit as error:
        return int(error.code)
    except UnexpectedExit as error:  # a command of tasks_local.py
        return int(error.result.exited)
    except OSError as error:  # a full disk, a folder that is not ours
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        hint = "check the disk's free space and the folder's owner: df -h; ls -ld"
        return _failed(own, DevError(MISSING, what, hint))
    except (ImportError, SyntaxError, EOFError) as error:  # of a module that is imported late
        with suppress(OSError):
            Path(sys.prefix, "requirements.txt").unlink()  # so the next command makes the environment again
        message = f"the tools are damaged: {type(error).__name__}: {error}"
        return _failed(own, DevError(MISSING, message, "run the command again: it checks the tools, and repairs them"))
    except KeyboardInterrupt:
        return _failed(own, DevError(INTERRUPTED, "interrupted", "to continue: inv dev.up"))
    return 0


def _failed(own: list[str], error: DevError) -> int:
    """Report an error; with --json, a verb that changes something answers with it, too. Returns the exit code."""
    events.error(error)
    if chosen.JSON in own and own[0] in CHANGES and not output.answered:
        output.answer(report.of_run.failure())
    return error.code


def collection() -> Collection:
    """All tasks: ours below `dev`, `contract` and `template`, and those in the service's tasks_local.py."""
    local = _local_tasks()
    local.add_collection(_gather("dev", lifecycle, daily, datastates, required, explain))
    local.add_collection(_gather("contract", contract))
    local.add_collection(_gather("template", template))
    return local


def _gather(name: str, *modules: ModuleType) -> Collection:
    """The tasks of some modules under one name."""
    gathered = Collection(name)
    for module in modules:
        for task in Collection.from_module(module).tasks.values():
            gathered.add_task(task)
    return gathered


def split(argv: list[str]) -> tuple[list[str], list[str]]:
    """The arguments before the first `--`, for us, and those after it, for the service's command."""
    at = argv.index("--") if "--" in argv else len(argv)
    return argv[:at], argv[at + 1 :]


def positional(argv: list[str], tasks: Container[str]) -> list[str]:
    """Turn positional arguments of certain tasks into flags. A path never has the name of a task.

    `TASK --help` becomes `--help TASK`: if a task has a positional argument, invoke would take --help for that.
    """
    if len(argv) == 2 and argv[0] in tasks and argv[1] in ("--help", "-h"):
        return ["--help", argv[0]]
    result: list[str] = []
    flags: list[str] = []
    for word in argv:
        if flags and not word.startswith("-") and not (flags[0] == "--path" and word in tasks):
            flag = flags.pop(0)
            result += [flag, word] if flag else [word]
            continue
        flags = list(POSITIONAL.get(word, ()))
        result.append(word)
    return result


def _usage_hint(argv: list[str]) -> str:
    """A similar task, or the help of the given task."""
    names = list(collection().task_names)
    task = next((word for word in argv if not word.startswith("-")), "")
    return f"inv {task} --help" if task in names else did_you_mean(task, names)


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

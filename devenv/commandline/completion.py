"""What can follow on a command line, for the shell: `.dev/run --complete -- inv dev.seed -p`, as invoke's scripts ask.

The answer is a line for each word. The shell chooses those that begin with what is typed. Nothing is started, and an
error gives no lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from invoke.parser.argument import Argument
from invoke.parser.context import ParserContext

from devenv.base import records
from devenv.base.errors import DevError
from devenv.commandline.arguments import OPTIONAL, Contexts, flag_of, positions, takes_next
from devenv.model import document
from devenv.tasks.completion import SHELLS
from devenv.tasks.datastates import SCHEMA_ACTIONS, STATE_ACTIONS
from devenv.tasks.explain import sections

PROGRAMS = ("inv", "invoke", "run")  # the first word of what is typed
ACTIONS = {"dev.schema": SCHEMA_ACTIONS, "dev.state": STATE_ACTIONS}


def candidates(words: Sequence[str], tasks: Contexts, core: ParserContext, root: Path) -> list[str]:
    """The words that may be in the place of the last one. `words`: what is typed, with the program's name."""
    typed = list(words[1:] if words and Path(words[0]).name in PROGRAMS else words)
    *before, last = typed or [""]
    # invoke's scripts leave out the empty word after `inv dev.seed `.
    more = candidates([*typed, ""], tasks, core, root) if last in tasks else []
    if "--" in before:
        return []  # arguments of the service's own command
    task, places, waiting = _read(before, tasks, core)
    if waiting:
        return values(waiting, task, root)
    if not task:
        return [*tasks, "--list", "--help", *more]
    found = values(task.args[places[0]], task, root) if places else []
    required = places and places[0] not in OPTIONAL.get(str(task.name), ())
    others = [] if found or required else tasks  # another task may follow, which few people type
    return [*found, *_flags(task), *others, *more]


def _read(
    words: Iterable[str], tasks: Contexts, core: ParserContext
) -> tuple[ParserContext | None, list[str], Argument | None]:
    """The last task, its positional arguments that are still to come, and the flag that waits for its value."""
    task: ParserContext | None = None
    places: list[str] = []
    waiting: Argument | None = None
    for word in words:
        argument = None if waiting else flag_of(word, task, core)
        if argument:
            places = [name for name in places if name not in argument.names]
        elif not waiting and places and word not in tasks:
            places.pop(0)
        elif not waiting and word in tasks:
            task = tasks[word]
            places = positions(task)
        waiting = argument if argument and takes_next(word, argument) else None
    return task, places, waiting


def _flags(task: ParserContext) -> list[str]:
    return [*(f"--{name}" for name in task.args if len(name) > 1), "--help"]


def values(argument: Argument, task: ParserContext | None, root: Path) -> list[str]:
    """The values that an argument may have, as far as files tell; none if they are not known or cannot be read."""
    name, of = str(argument.names[0]), str(task.name if task else "")
    data = _data(root / "dev.yaml")
    if name == "name":
        name = "required" if of in ("dev.edit", "dev.use") else "state"
    known = {
        "service": lambda: [*_services(root, data), *_keys(data, "requires")],
        "workspace": lambda: sorted({record.workspace for record in records.of_workspace()}),
        "scenario": lambda: _keys(data, "scenarios"),
        "param": lambda: _params(data),
        "as": lambda: _keys(data, "logins"),
        "required": lambda: _keys(data, "requires"),
        "upgrade": lambda: _keys(data, "requires"),
        "state": lambda: _states(str(data.get("service", ""))),
        "action": lambda: list(ACTIONS.get(of, ())),
        "code": lambda: list(sections()),
        "shell": lambda: list(SHELLS),
    }
    return known[name]() if name in known else []


def _params(data: Any) -> list[str]:
    return [f"{param}=" for scenario in _mapping(data, "scenarios").values() for param in _keys(scenario, "params")]


def _services(root: Path, data: Any) -> list[str]:
    return _keys(_data(root / str(data.get("compose", "compose.yaml"))), "services")


def _states(service: str) -> list[str]:
    """The names of stored states, in all workspaces."""
    found = set()
    for path in records.home().glob(f"*/{service}/states/*/*/state.json"):
        with suppress(OSError, ValueError, AttributeError):
            found.add(str(json.loads(path.read_text()).get("name") or ""))
    return sorted(found - {""})


def _data(path: Path) -> dict[str, Any]:
    """The content of a YAML file; empty if it cannot be read."""
    try:
        found = document.load(path).data
    except (DevError, OSError):
        return {}
    return found if isinstance(found, dict) else {}


def _mapping(data: Any, key: str) -> dict[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _keys(data: Any, key: str) -> list[str]:
    return [str(name) for name in _mapping(data, key)]

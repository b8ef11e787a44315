"""Values as text for people."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from devenv.base import events, output
from devenv.databases.states import UNKNOWN

if TYPE_CHECKING:
    from devenv.lifecycle.machine import Finding
    from devenv.lifecycle.overview import Entry
    from devenv.lifecycle.status import Status

Write = Callable[[str], None]
NEXT = ("inv dev.logs --follow", "inv dev.test", "inv dev.down")


def up(found: Status, took: float, json: bool) -> None:
    """The end of dev.up: what runs, where, who can log in, and what to type next. The URL goes to stdout."""
    memory = "" if found.memory == 0 else f", memory {_of_budget(found.memory, found.budget)}"
    events.result(f"{found.service} is up: {output.seconds(took)}{memory}")
    if not json:
        output.data(found.url)
    if json or not sys.stdout.isatty():  # stdout is not what the person sees
        events.note(found.url)
    _logins(found, events.note, output.columns(sys.stderr))
    _debugger(found, events.note)
    events.note(f"next: {', '.join(NEXT)}")


def status(found: Status, required: Sequence[Mapping[str, Any]], write: Write) -> None:
    """A table of what runs where, the services that it requires among it, and how to log in."""
    width = output.columns(sys.stdout)
    state = _health(found.healthy, found.memory)
    rows = [["SERVICE", "STATE", "MEMORY", "VERSION", "URL"]]
    rows.append([found.service, state, _of_budget(found.memory, found.budget), found.image, found.url])
    rows += [[f"  {s.name}", s.state, output.mebibytes(s.memory), "", ""] for s in found.services]
    rows += [_member(each) for each in required]
    head = f"{found.service} · workspace {found.workspace} · {found.engine_version}"
    for line in output.wrapped(head, width):
        write(line)
    for line in fitted(rows, width):
        write(line)
    _logins(found, write, width)
    _debugger(found, write)
    _libraries({found.service: found.libraries, **{str(r["service"]): r.get("libraries") for r in required}}, write)
    if found.personal:
        write(f"personal settings: {', '.join(found.personal)}")
    _secrets(found, write, width)
    for scenario, result in found.outputs.items():
        pairs = ", ".join(f"{key}={value}" for key, value in result.items())
        for line in output.wrapped(f"scenario {scenario}: {pairs or 'done'}", width):
            write(line)


def _member(answer: Mapping[str, Any]) -> list[str]:
    """A required service; services of other templates answer with five keys only."""
    memory = _of_budget(answer["memory"], answer.get("budget")) if answer.get("memory") else "-"
    state = _health(answer["healthy"], answer.get("memory", 0))
    return [str(answer["service"]), state, memory, str(answer["runs"]), str(answer["url"])]


def _health(healthy: bool, memory: int | None) -> str:
    """The state of a whole service in words. What uses no memory does not run; None: it is not measured."""
    return "healthy" if healthy else "not running" if memory == 0 else "not healthy"


def fitted(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """A table that fits a terminal: empty columns are left out, and what does not fit is below its row, never cut.

    `width`: the columns of the terminal; 0: any width.
    """
    head, *body = rows
    filled = [column for column in range(len(head)) if any(row[column] for row in body)]
    if not filled:
        return []
    kept = [[row[column] for column in filled] for row in rows]
    for columns in range(len(filled), 0, -1):
        lines = output.table([row[:columns] for row in kept])
        if not width or columns == 1 or max(map(len, lines)) <= width:
            break
    room = max(1, width - 4) if width else 0
    below = [[f"    {line}" for cell in row[columns:] if cell for line in output.wrapped(cell, room)] for row in kept]
    return [line for each, more in zip(lines, [[], *below[1:]]) for line in (each, *more)]


def overview(found: Iterable[Entry], write: Write) -> None:
    """All services of the machine: a row each, and below it where it is from and who uses it."""
    entries = list(found)
    states = {True: "running", False: "stopped", None: "unknown"}
    rows = [[e.workspace, e.service, states[e.running], e.engine, e.url] for e in entries]
    head, *lines = output.table([["WORKSPACE", "SERVICE", "STATE", "ENGINE", "URL"], *rows])
    write(head)
    for entry, line in zip(entries, lines):
        write(line)
        gone = "" if entry.exists else ", which is gone"
        users = [_short(user) for user in entry.users if user != entry.checkout]
        write(f"  from {_short(entry.checkout)}{gone}")
        for user in users:
            write(f"  used by {user}")


def _short(path: str) -> str:
    """A path as people write it: `~/src/lms`."""
    home = str(Path.home())
    return f"~{path.removeprefix(home)}" if path.startswith(f"{home}/") else path


def mermaid(value: Mapping[str, Any], write: Write) -> None:
    """The graph of the services as a Mermaid flowchart."""
    write("flowchart LR")
    write(f'  {value["service"]}["{value["service"]}<br>{value["url"]}"]')
    for other in value["requires"]:
        write(f'  {other["service"]}["{other["service"]} {other["runs"]}<br>{other["url"]}"]')
    for source, target in _edges(value):
        write(f"  {source} --> {target}")


def _edges(value: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Who needs whom. The root needs the services that no other one needs."""
    between = [(r["service"], needed) for r in value["requires"] for needed in r["requires"]]
    return [*((value["service"], name) for name in value["root_requires"]), *between]


def plan(value: Mapping[str, Any], write: Write) -> None:
    """The plan of dev.up."""
    width = output.columns(sys.stdout)
    steps(value, write)
    limits = _of_budget(value["memory"], value["budget"])
    rows = [["SERVICE", "RUNS", "MEMORY", "URL"], [value["service"], "", limits, value["url"]]]
    rows += [[f"  {s['name']}", s["runs"], output.mebibytes(s["memory"]), ""] for s in value["services"]]
    rows += [[r["service"], r["runs"], output.mebibytes(r["memory"]), r["url"]] for r in value["requires"]]
    for line in fitted(rows, width):
        write(line)
    _libraries({r["service"]: r.get("libraries") for r in (value, *value["requires"])}, write)
    memory = value["memory"] + sum(r["memory"] or 0 for r in value["requires"])
    write(f"memory at most {output.mebibytes(memory)}, machine {output.mebibytes(value['machine_memory'])}")


def steps(value: Mapping[str, Any], write: Write) -> None:
    """What a verb would do, a line for each step."""
    head = f"{value['service']} · workspace {value['workspace']} · {value['engine_version']}"
    for text in [head, *(f"  {step}" for step in value["steps"] or ["nothing to do"])]:
        for line in output.wrapped(text, output.columns(sys.stdout)):
            write(line)


def scenarios(rows: Sequence[Sequence[str]], write: Write) -> None:
    """The scenarios of dev.yaml: name, parameters with their defaults, and what is in the data."""
    for line in fitted([["SCENARIO", "PARAMETERS", "DATA"], *rows], output.columns(sys.stdout)):
        write(line)


def states(found: Iterable[Mapping[str, Any]], write: Write) -> None:
    """Stored states of the data, a line each."""
    for line in output.table([["NAME", "KIND", "KEY", "BRANCH", "AGE", "SIZE", "LIVE"], *map(_state, found)]):
        write(line)


def _state(row: Mapping[str, Any]) -> list[str]:
    age = "" if row["kind"] == UNKNOWN else _age(row["age"])
    words = [row["name"], row["kind"], row["key"] or row["id"], row["branch"], age]
    return [*map(str, words), output.mebibytes(row["size"]), "yes" if row["live"] else ""]


def _age(seconds: int) -> str:
    """How long ago, in the largest unit that fits."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def doctor(findings: Iterable[Finding], write: Write) -> None:
    """One line for each check, with the fix below it if it failed."""
    width = output.columns(sys.stdout)
    for finding in findings:
        first, *rest = finding.what.splitlines()
        for line in output.wrapped(f"{finding.code} {'ok   ' if finding.ok else 'WRONG'} {first}", width):
            write(line)
        for text in rest:
            for line in output.wrapped(f"            {text}", width):
                write(line)
        if finding.fix:
            for line in output.wrapped(f"          fix: {finding.fix}", width):
                write(line)


def _logins(found: Status, write: Write, width: int) -> None:
    rows = [
        [f"login {login['name']}:", f"{login['username']} / {login['password']}", login["url"], _help(login["help"])]
        for login in found.logins
    ]
    for line in fitted([[""] * 4, *rows], width)[1:]:
        write(line)


def _libraries(found: Mapping[str, Any], write: Write) -> None:
    """Which service runs on which checkout of a library. Services of earlier releases answer nothing about it."""
    for service, libraries in found.items():
        for name, checkout in (libraries or {}).items():
            write(f"{service} runs on library {name} from {_short(checkout)}")


def _help(text: str) -> str:
    return f"({text})" if text else ""


def _debugger(found: Status, write: Write) -> None:
    if found.debugger:
        help_text = f"  ({found.debugger['help']})" if found.debugger["help"] else ""
        write(f"debugger listens on {found.debugger['address']}{help_text}")


def _secrets(found: Status, write: Write, width: int) -> None:
    for secret in found.secrets:
        missing = "not set" if secret["required"] else "not set (optional)"
        for line in output.wrapped(f"secret {secret['name']}: {secret['from'] or missing}", width):
            write(line)


def _of_budget(used: int | None, budget: int | None) -> str:
    words = "not measured" if used is None else output.mebibytes(used)
    return words + (f" of {output.mebibytes(budget)}" if budget else "")

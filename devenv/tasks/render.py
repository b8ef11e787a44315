"""Values as text for people."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Callable

from devenv.base import events, output
from devenv.lifecycle.doctor import Finding
from devenv.lifecycle.overview import Entry
from devenv.lifecycle.status import Status

Write = Callable[[str], None]
NEXT = ("inv dev.logs --follow", "inv dev.test", "inv dev.down")


def up(found: Status, took: float, json: bool) -> None:
    """The end of dev.up: what runs, where, who can log in, and what to type next. The URL goes to stdout."""
    memory = f", memory {_of_budget(found.memory, found.budget)}" if found.memory else ""
    events.result(f"{found.service} is up: {output.seconds(took)}{memory}")
    if not json:
        output.data(found.url)
    if json or not sys.stdout.isatty():  # stdout is not what the person sees
        events.note(found.url)
    _logins(found, events.note)
    _debugger(found, events.note)
    events.note(f"next: {', '.join(NEXT)}")


def status(found: Status, write: Write) -> None:
    """A table of what runs where, and how to log in."""
    write(f"{found.service}  {found.url}  workspace {found.workspace}, {found.engine_version}")
    rows = [[s.name, s.state, output.mebibytes(s.memory)] for s in found.services]
    for line in output.table([["SERVICE", "STATE", "MEMORY"], *rows]):
        write(line)
    write(f"memory {_of_budget(found.memory, found.budget)}")
    _logins(found, write)
    _debugger(found, write)
    for scenario, result in found.outputs.items():
        pairs = ", ".join(f"{key}={value}" for key, value in result.items())
        write(f"scenario {scenario}: {pairs or 'done'}")


def required(found: Iterable[Mapping[str, Any]], write: Write) -> None:
    """The required services, a line each."""
    rows = [
        [str(r["service"]), str(r["runs"]), "healthy" if r["healthy"] else "not healthy", str(r["url"])] for r in found
    ]
    for line in output.table([["REQUIRES", "VERSION", "STATE", "URL"], *rows]) if rows else []:
        write(line)


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
    write(f"{value['service']}  {value['url']}  workspace {value['workspace']}, {value['engine_version']}")
    for step in value["steps"] or ["nothing to do"]:
        write(f"  {step}")
    rows = [[s["name"], s["runs"], output.mebibytes(s["memory"])] for s in value["services"]]
    for line in output.table([["SERVICE", "RUNS", "LIMIT"], *rows]):
        write(line)
    rows = [[r["service"], r["runs"], output.mebibytes(r["memory"]), r["url"]] for r in value["requires"]]
    for line in output.table([["REQUIRES", "VERSION", "BUDGET", "URL"], *rows]) if rows else []:
        write(line)
    machine = output.mebibytes(value["machine_memory"])
    write(f"memory at most {_of_budget(value['memory'], value['budget'])}, machine {machine}")


def states(found: Iterable[Mapping[str, Any]], write: Write) -> None:
    """Stored states of the data, a line each."""
    for line in output.table([["NAME", "KIND", "KEY", "BRANCH", "AGE", "SIZE", ""], *map(_state, found)]):
        write(line)


def _state(row: Mapping[str, Any]) -> list[str]:
    words = [row["name"], row["kind"], row["key"] or row["id"], row["branch"], _age(row["age"])]
    return [*map(str, words), output.mebibytes(row["size"]), "live" if row["live"] else ""]


def _age(seconds: int) -> str:
    """How long ago, in the largest unit that fits."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def doctor(findings: Iterable[Finding], write: Write) -> None:
    """One line for each check, with the fix below it if it failed."""
    for finding in findings:
        first, *rest = finding.what.splitlines()
        write(f"{finding.code} {'ok   ' if finding.ok else 'WRONG'} {first}")
        for line in rest:
            write(f"            {line}")
        if finding.fix:
            write(f"          fix: {finding.fix}")


def _logins(found: Status, write: Write) -> None:
    for login in found.logins:
        help_text = f"  ({login['help']})" if login["help"] else ""
        write(f"login {login['name']}: {login['username']} / {login['password']}  {login['url']}{help_text}")


def _debugger(found: Status, write: Write) -> None:
    if found.debugger:
        help_text = f"  ({found.debugger['help']})" if found.debugger["help"] else ""
        write(f"debugger listens on {found.debugger['address']}{help_text}")


def _of_budget(used: int, budget: int | None) -> str:
    return output.mebibytes(used) + (f" of {output.mebibytes(budget)}" if budget else "")

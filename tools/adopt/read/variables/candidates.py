"""The variables that may belong to a database or a cache, and which of them belong together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tools.adopt.found import Found
from tools.adopt.read.containers.values import Values
from tools.adopt.read.text.variable import Variable
from tools.adopt.read.variables.roles import fits, role_of

SCHEMES = {
    "postgres": re.compile(r"^(postgres(?:ql)?(?:\+\w+)?|postgis|pgsql|psql)://"),
    "mysql": re.compile(r"^(mysql2?(?:\+\w+)?|mariadb(?:\+\w+)?)://"),
    "redis": re.compile(r"^(rediss?)://"),
    "sqlite": re.compile(r"^(sqlite\d?(?:\+\w+)?)://"),
}
# A host with the usual port: no name says what it is, but the value does.
ADDRESSES = {
    "postgres": re.compile(r"^[\w.-]+:5432$"),
    "mysql": re.compile(r"^[\w.-]+:3306$"),
    "redis": re.compile(r"^[\w.-]+:6379$"),
    "sqlite": re.compile(r"^$(?!)"),
}
# The port's default does, if the name does not: `KV_HOST`, `KV_PORT`.
PORTS = {"postgres": "5432", "mysql": "3306", "redis": "6379"}
# The sources of a variable. What runs may set more than the code reads (a script may build a URL from it), or less.
BOTH, READ, RUNS, EXAMPLE = range(4)


@dataclass(frozen=True)
class Candidate:
    """A variable that may belong to a store. `value`: its value in a file, or its default in code."""

    name: str
    where: str
    value: str
    rank: int
    variable: Variable | None = None


def candidates(read: Mapping[str, Variable], given: Values) -> list[Candidate]:
    """Each name once; its place is where code reads it."""
    names = dict.fromkeys([*given.run, *read, *given.example])
    found = []
    for name in names:
        variable, value = read.get(name), given.get(name)
        runs = name in given.run
        rank = (BOTH if runs else READ) if variable else RUNS if runs else EXAMPLE
        text = (value.value if value else None) or (variable.default if variable else None) or ""
        where = variable.where if variable else value.where if value else ""
        found.append(Candidate(name, where, text, rank, variable))
    return found


def choose(every: list[Candidate], store: str, kind: str) -> dict[str, Found]:
    """By role, the variables of one group: a URL if that is what runs, or if the parts are not complete."""
    parts = {group: found for group, found in _groups(every, store).items() if fits(group, kind)}
    best = min(parts.values(), key=_weight, default={})
    urls = [one for one in every if _is_url(one, store, kind)]
    url = min(urls, key=lambda one: one.rank, default=None)
    whole = {"host", "name"} <= set(best) if store == "database" else "host" in best
    if (store == "cache" and not url and "host" not in best) or (store == "database" and not best and not url):
        pair = next((one for one in every if ADDRESSES[kind].match(one.value)), None)
        best = _with_password(pair, every) if pair else _by_port(kind, every) or best
    if url and not (whole and min(one.rank for one in best.values()) <= url.rank):
        best = {"url": url}
    return {role: Found(one.name, one.where) for role, one in best.items()}


def _with_password(address: Candidate, every: list[Candidate]) -> dict[str, Candidate]:
    """An address that only its value shows, and the password with the same beginning: `BROKER_HOSTNAME`."""
    group = address.name.rpartition("_")[0]
    password = next((one for one in every if group and one.name in (f"{group}_PASSWORD", f"{group}_PASS")), None)
    return {"address": address, **({"password": password} if password else {})}


def _by_port(kind: str, every: list[Candidate]) -> dict[str, Candidate]:
    """The host, port and password with the same beginning, if the port is the kind's; empty without a host."""
    named = {one.name: one for one in every}
    for one in every:
        if one.name.endswith("_PORT") and one.value == PORTS.get(kind):
            group = one.name.removesuffix("_PORT")
            found = {"host": named.get(f"{group}_HOST"), "port": one, "password": named.get(f"{group}_PASSWORD")}
            if found["host"]:
                return {role: each for role, each in found.items() if each}
    return {}


def _groups(every: list[Candidate], store: str) -> dict[str, dict[str, Candidate]]:
    groups: dict[str, dict[str, Candidate]] = {}
    for one in sorted(every, key=lambda one: one.rank):
        role = role_of(one.name, store)
        if role and role.role not in ("url", "kind"):
            groups.setdefault(role.group, {}).setdefault(role.role, one)
    return groups


def _weight(group: Mapping[str, Candidate]) -> tuple[int, int]:
    """Variables that code reads and runs with come before those of examples only; then more complete groups."""
    return min(one.rank for one in group.values()), -len(group)


def _is_url(one: Candidate, store: str, kind: str) -> bool:
    """Whether it is a URL by its name, unless its value is of another kind; or by its value alone."""
    if SCHEMES[kind].match(one.value):
        return role_of(one.name, "cache" if store == "database" else "database") is None
    role = role_of(one.name, store)
    other = re.match(r"[a-z][\w+]*://", one.value) and not SCHEMES["sqlite"].match(one.value)
    by_name = role is not None and role.role == "url" and fits(role.group, kind) and not other
    near = one.variable.near if one.variable else ""
    return by_name or (store == "cache" and bool(re.search(r"(^|_)REDIS$", one.name)) and "redis://" in near)

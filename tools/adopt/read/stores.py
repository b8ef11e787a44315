"""The database and the cache: of which kind, and through which variables the code is told where they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tools.adopt.found import Found, Store
from tools.adopt.read.compose import Stack
from tools.adopt.read.kinds import KINDS, Facts, kind_of_database, scheme
from tools.adopt.read.roles import role_of
from tools.adopt.read.values import Values
from tools.adopt.read.variables import Variable

SCHEMES = {
    "postgres": re.compile(r"^(postgres(?:ql)?(?:\+\w+)?|postgis|pgsql|psql)://"),
    "mysql": re.compile(r"^(mysql2?(?:\+\w+)?|mariadb(?:\+\w+)?)://"),
    "redis": re.compile(r"^(rediss?)://"),
    "sqlite": re.compile(r"^(sqlite\d?(?:\+\w+)?)://"),
}
RUNS, READ, EXAMPLE = 0, 1, 2  # who names a variable: what runs, code, an example
BROKER = re.compile(r"(^|_)(REDIS|CACHE|BROKER|CELERY\w*|QUEUE|CHANNEL\w*|SESSION\w*)(_|$)")


@dataclass(frozen=True)
class Candidate:
    """A variable that may be a store's. `value`: what a file gives it, or its default in code."""

    name: str
    where: str
    value: str
    rank: int
    variable: Variable | None = None


def candidates(read: Mapping[str, Variable], given: Values) -> list[Candidate]:
    """Each name once; the place that counts is where code reads it."""
    names = dict.fromkeys([*given.run, *read, *given.example])
    found = []
    for name in names:
        variable, value = read.get(name), given.get(name)
        rank = RUNS if name in given.run else READ if variable else EXAMPLE
        text = (value.value if value else None) or (variable.default if variable else None) or ""
        where = variable.where if variable else value.where if value else ""
        found.append(Candidate(name, where, text, rank, variable))
    return found


def stores(
    facts: Facts, stack: Stack, read: Mapping[str, Variable], given: Values
) -> tuple[Store | None, Store | None, list[Found]]:
    """Database, cache, and what is worth knowing about them."""
    every = candidates(read, given)
    kind, notes = kind_of_database(facts, stack, every)
    database = _store(kind, "database", every, facts, stack) if kind else None
    redis, more = _cache(every, facts, stack)
    aside = _unused(every, database, "database") + _unused(every, redis, "cache")
    return database, redis, [*notes, *more, *aside]


def _store(kind: Found, store: str, every: list[Candidate], facts: Facts, stack: Stack) -> Store:
    chosen = choose(every, store, kind.value)
    images = [service.image for service in stack.stores(kind.value) if service.image]
    url = next((one for one in every if "url" in chosen and one.name == chosen["url"].value), None)
    return Store(
        kind=kind,
        image=images[0] if images else None,
        variables=chosen,
        scheme=scheme(facts, kind.value, SCHEMES[kind.value], url.value if url else "") if url else "",
        constants=constants(every, facts, kind.value) if store == "database" else {},
    )


def choose(every: list[Candidate], store: str, kind: str) -> dict[str, Found]:
    """By role, the variables of one group: a URL where that is what runs, or where the parts are not complete."""
    parts = _groups(every, store)
    best = min(parts.values(), key=_weight, default={})
    urls = [one for one in every if _is_url(one, store, kind)]
    url = min(urls, key=lambda one: one.rank, default=None)
    whole = {"host", "name"} <= set(best) if store == "database" else "host" in best
    if url and not (whole and min(one.rank for one in best.values()) <= url.rank):
        best = {"url": url}
    return {role: Found(one.name, one.where) for role, one in best.items()}


def _groups(every: list[Candidate], store: str) -> dict[str, dict[str, Candidate]]:
    groups: dict[str, dict[str, Candidate]] = {}
    for one in sorted(every, key=lambda one: one.rank):
        role = role_of(one.name, store)
        if role and role.role not in ("url", "kind"):
            groups.setdefault(role.group, {}).setdefault(role.role, one)
    return groups


def _weight(group: Mapping[str, Candidate]) -> tuple[int, int]:
    """What code reads or runs with before what an example alone has; then the more complete."""
    return min(one.rank for one in group.values()) // EXAMPLE, -len(group)


def _is_url(one: Candidate, store: str, kind: str) -> bool:
    """By its name, unless its value is another kind's; or by its value alone."""
    if SCHEMES[kind].match(one.value):
        return role_of(one.name, "cache" if store == "database" else "database") is None
    role = role_of(one.name, store)
    other = any(pattern.match(one.value) for name, pattern in SCHEMES.items() if name not in (kind, "sqlite"))
    by_name = bool(role and role.role == "url") and not other and "http" not in one.value[:4]
    near = one.variable.near if one.variable else ""
    return by_name or (store == "cache" and bool(re.search(r"(^|_)REDIS$", one.name)) and "redis://" in near)


def _cache(every: list[Candidate], facts: Facts, stack: Stack) -> tuple[Store | None, list[Found]]:
    """Redis, where something says where it is or runs it; a library alone is no more than a note."""
    services = [service for service in stack.stores("redis") if service.image]
    library = facts.project.uses(*KINDS["redis"]) if facts.project else None
    named = choose(every, "cache", "redis")
    first = next(iter(named.values()), None)
    if not services and not first:
        return None, [
            Found("redis is a dependency, but no variable says where it is", library.where)
        ] if library else []
    where = (
        services[0].image.where
        if services and services[0].image
        else library.where
        if library
        else first.where
        if first
        else ""
    )
    return _store(Found("redis", where), "cache", every, facts, stack), []


def constants(every: list[Candidate], facts: Facts, kind: str) -> dict[str, Found]:
    """Variables that choose the kind of database, with the word for this kind that the code around them uses."""
    found = {}
    for one in every:
        role = role_of(one.name, "database")
        word = _word(one, kind, facts) if role and role.role == "kind" else None
        if word:
            found[one.name] = Found(word, one.where)
    return found


def _word(one: Candidate, kind: str, facts: Facts) -> str | None:
    words = {
        "postgres": r"postgresql(?:_psycopg2)?|postgres|postgis|pg",
        "mysql": r"mysql2?|mariadb",
        "sqlite": r"sqlite3?",
    }[kind]
    if re.fullmatch(rf"(?:[\w.]*\.)?(?:{words})", one.value):
        return one.value
    near = f"{one.value} {one.variable.near if one.variable else ''}"
    django = {"postgres": "postgresql", "mysql": "mysql", "sqlite": "sqlite3"}[kind]
    if "django.db.backends." in near:
        return f"django.db.backends.{django}"
    if re.search(r"\bsqlite3\b", near) and facts.framework == "django":
        return django
    quoted = re.search(rf"[\"']({words})[\"']", near)
    return quoted[1] if quoted else None


def _unused(every: list[Candidate], store: Store | None, kind: str) -> list[Found]:
    """Further addresses of the same store: the owner decides whether the service needs them too."""
    if store is None:
        return []
    taken = {found.value for found in store.variables.values()}
    urls = [one for one in every if one.name not in taken and SCHEMES[store.kind.value].match(one.value)]
    urls += [
        one for one in every if one.name not in taken and one not in urls and _named_url(one, kind) and not one.value
    ]
    return [
        Found(f"{one.name} takes an address of {store.kind.value} too", one.where) for one in urls if one.rank < EXAMPLE
    ]


def _named_url(one: Candidate, kind: str) -> bool:
    role = role_of(one.name, kind)
    return bool(role and role.role == "url")

"""The database and the cache: their kind, and the variables from which the code reads their addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from tools.adopt.found import Found, Store
from tools.adopt.read.containers.compose import Stack
from tools.adopt.read.stores.kinds import ENGINES, KINDS, WORDS, Facts, kind_of_database, scheme
from tools.adopt.read.variables import databases
from tools.adopt.read.variables.candidates import EXAMPLE, SCHEMES, Candidate, choose
from tools.adopt.read.variables.roles import replica, role_of

# Celery's addresses without a value: of the cache, unless there is a server of messages.
CELERY = re.compile(r"(^|_)CELERY_(BROKER|(RESULT_)?BACKEND)(_URL)?$")
TLS = re.compile(
    r"(?P<group>[A-Z0-9_]+?)_(?:USE_|REQUIRE_|ENABLE_)?(?:SSL|TLS)(?:_?ENABLED?|_?REQUIRED?|(?P<mode>_?MODE))?$"
)
ON = ("true", "1", "yes", "on", "require", "required", "verify-ca", "verify-full")
NO_ADDRESS = "redis is a dependency, but no variable has its address"
BROKER, RESULTS = re.compile(r"(^|_)BROKER(_URL)?$"), re.compile(r"(^|_)RESULT_BACKEND(_URL)?$")
# Options of a URL that are for another server.
ELSEWHERE = re.compile(
    r"(?i)(host|port|user|password|dbname|unix_socket|socket|ssl_?(ca|cert|key|rootcert)|ssl_verify\w*)="
    r"|(ssl|tls)[\w-]*=(?!(disabled?|false|0|no|prefer(red)?|allow)$)"
)


def stores(facts: Facts, stack: Stack, every: list[Candidate]) -> tuple[Store | None, Store | None, list[Found]]:
    """Database, cache, and notes about them. `every`: the variables that may belong to a store."""
    kind, notes = kind_of_database(facts, stack, every)
    database = _store(kind, "database", every, facts, stack) if kind else None
    redis, more = _cache(every, facts, stack)
    database = replace(database, copies=_copies(every)) if database else None
    further = _unused(every, redis, "cache")
    if redis:
        redis = replace(redis, others={**redis.others, **{one.name: Found(one.value, one.where) for one in further}})
    aside = [
        Found(f"{one.name} takes an address of {database.kind.value}, too", one.where)
        for one in _unused(every, database, "database")
        if database
    ]
    return database, redis, [*notes, *more, *aside]


def _store(kind: Found, store: str, every: list[Candidate], facts: Facts, stack: Stack) -> Store:
    chosen = choose(every, store, kind.value)
    images = [service.image for service in stack.stores(kind.value) if service.image]
    url = next((one for one in every if "url" in chosen and one.name == chosen["url"].value), None)
    return Store(
        kind=kind,
        image=images[0] if images else None,
        variables=chosen,
        scheme=scheme(facts, kind.value, SCHEMES[kind.value], url.value) if url else "",
        options=options(url.value) if url and store == "database" else "",
        constants={**constants(every, facts, kind.value), **without_tls(every, chosen)} if store == "database" else {},
    )


def options(url: str) -> str:
    """What follows `?` in a URL of a database, without an encryption that our server does not have, and other hosts."""
    pairs = [pair for pair in url.partition("?")[2].split("&") if re.fullmatch(r"\w+=[\w.,%-]+", pair)]
    return "&".join(pair for pair in pairs if not ELSEWHERE.match(pair))


def _cache(every: list[Candidate], facts: Facts, stack: Stack) -> tuple[Store | None, list[Found]]:
    """Redis, if it runs in compose or a variable has its address; a library alone only gives a note."""
    services = [service for service in stack.stores("redis") if service.image]
    library = facts.project.uses(*KINDS["redis"]) if facts.project else None
    named = choose(every, "cache", "redis")
    first = next(iter(named.values()), None)
    if not services and not first:
        broker = _broker(every, facts)
        return broker, [Found(NO_ADDRESS, library.where)] if library and not broker else []
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


def _broker(every: list[Candidate], facts: Facts) -> Store | None:
    """Redis as the broker of `celery[redis]`, if a variable without a value has the broker's address."""
    celery = facts.project.uses("celery") if facts.project else None
    if not celery or "redis" not in celery.wants:
        return None
    named = [one for one in every if SCHEMES["redis"].match(one.value or "redis://")]
    url = next((one for one in named if BROKER.search(one.name)), None)
    others = {one.name: Found(one.value, one.where) for one in named if RESULTS.search(one.name)}
    where = celery.where
    return Store(Found("redis", where), variables={"url": Found(url.name, url.where)}, others=others) if url else None


def constants(every: list[Candidate], facts: Facts, kind: str) -> dict[str, Found]:
    """Variables that choose the kind of database, with the code's word for this kind."""
    found = {}
    for one in every:
        role = role_of(one.name, "database")
        word = _word(one, kind, facts) if role and role.role == "kind" else _compared(one, kind)
        if word:
            found[one.name] = Found(word, one.where)
    return {**found, **databases.keys(facts.files, facts.code, ENGINES[kind])}


def without_tls(every: list[Candidate], chosen: Mapping[str, Found]) -> dict[str, Found]:
    """The variables without which the code asks the database for TLS, which our server does not have.

    Only if their default, or what the code does with the text, says that `false` or `disable` turns it off.
    """
    groups = {role.group for found in chosen.values() if (role := role_of(found.value, "database"))}
    found = {}
    for one in every:
        match = TLS.match(one.name)
        near = one.variable.near if one.variable else ""
        on = one.value.lower() in ON or re.search(
            rf"JSON\.parse\([\w.\[\"']*{one.name}\b|\b{one.name}\b[^\n]*!==?\s*[\"']false", near
        )
        if match and match["group"] in groups and on:
            found[one.name] = Found("disable" if match["mode"] else "false", one.where)
    return found


def _compared(one: Candidate, kind: str) -> str | None:
    """The word that code compares the variable with, whatever its name: `os.getenv("DB") == "postgres"`."""
    read = rf"[\"'.]{re.escape(one.name)}\b[\"']?[^\n=!<>]{{0,60}}?"
    said = rf"{read}(?:===?|\bin\b)\s*[\[({{]?(?:[\"']\w+[\"'],\s*)*[\"']({WORDS[kind]})[\"']"
    found = re.search(said, one.variable.near) if one.variable else None
    return found[1] if found else None


def _word(one: Candidate, kind: str, facts: Facts) -> str | None:
    words = WORDS[kind]
    if re.fullmatch(rf"(?:[\w.]*\.)?(?:{words})", one.value):
        return one.value
    near = f"{one.value} {one.variable.near if one.variable else ''}"
    django = {"postgres": "postgresql", "mysql": "mysql", "sqlite": "sqlite3"}[kind]
    if re.search(r"django\.db\.backends\.[\"'{%]", near):
        return django  # the code adds it
    if "django.db.backends." in near:
        return f"django.db.backends.{django}"
    if re.search(r"\bsqlite3\b", near) and facts.framework == "django":
        return django
    quoted = re.search(rf"[\"']({words})[\"']", near)
    return quoted[1] if quoted else None


def _copies(every: list[Candidate]) -> dict[str, Found]:
    """The variables of a read replica that code reads, or that run, with their roles."""
    roles = [(one, replica(one.name)) for one in every if one.rank < EXAMPLE]
    return {one.name: Found(role.role, one.where) for one, role in roles if role and role.role != "kind"}


def _unused(every: list[Candidate], store: Store | None, kind: str) -> list[Candidate]:
    """Further addresses of the same store."""
    if store is None:
        return []
    taken = {found.value for found in store.variables.values()}
    free = [one for one in every if one.name not in taken]
    urls = [one for one in free if SCHEMES[store.kind.value].match(one.value)]
    urls += [one for one in free if one not in urls and _named_url(one, kind) and not one.value]
    if kind == "cache" and not any(one.value.startswith("amqp") for one in every):
        urls += [one for one in free if one not in urls and CELERY.search(one.name) and not one.value]
    return [one for one in urls if one.rank < EXAMPLE]


def _named_url(one: Candidate, kind: str) -> bool:
    role = role_of(one.name, kind)
    return bool(role and role.role == "url")

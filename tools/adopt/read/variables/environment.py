"""The other variables: those with a value in a file, and those that the code requires and that have no value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tools.adopt.found import Found, Store
from tools.adopt.read.containers.values import Values
from tools.adopt.read.text.variable import Variable
from tools.adopt.read.variables.roles import of_a_store

# Set by shells, platforms and our own engines; a value from a file would be another machine's.
NOT_OURS = {"PATH", "HOME", "USER", "PWD", "SHELL", "TERM", "TMPDIR", "HOSTNAME", "LANG", "VIRTUAL_ENV", "CI", "EDITOR"}
PRODUCTION = {"NODE_ENV", "FLASK_ENV", "APP_ENV", "ENVIRONMENT", "ENV", "RAILS_ENV"}


def of_stores(*stores: Store | None) -> set[str]:
    known = [store for store in stores if store]
    return {found.value for store in known for found in store.variables.values()} | {
        n for s in known for n in (*s.constants, *s.others, *s.copies)
    }


def environment(given: Values, taken: Iterable[str], read: Mapping[str, Variable]) -> dict[str, Found]:
    """`taken`: variables that are set in another way, such as addresses and stores. No value has an open `${…}`."""
    skip = {*taken, *NOT_OURS}
    needed = {name: found for name, found in given.production.items() if name in read and read[name].required}
    # Without a value, code allows the hosts of its default: the one of our URL is added when it is written.
    hosts = {name: one for name, one in read.items() if name.endswith("ALLOWED_HOSTS") and one.default}
    needed |= {name: Found(one.default or "", one.where) for name, one in hosts.items()}
    return {
        name: found
        for name, found in {**needed, **dict(given.items())}.items()
        if name not in skip and found.value and "${" not in found.value and not _elsewhere(name, found)
    }


def _elsewhere(name: str, found: Found) -> bool:
    """Whether it belongs to a store or to production, for which development has its own values."""
    return (
        of_a_store(name)
        or ("://" in found.value[:14] and not found.value.startswith("http"))
        or (name in PRODUCTION and found.value.startswith("prod"))
    )


def missing(read: Mapping[str, Variable], given: Values, taken: Iterable[str]) -> list[Found]:
    """The variables that the code reads without a default, and that have no value in a file."""
    skip = {*taken, *NOT_OURS}
    used = [
        one for one in read.values() if not one.only_with or one.only_with in taken or _valued(given, one.only_with)
    ]
    open_ = [one for one in used if one.required and one.name not in skip and not _valued(given, one.name)]
    return [Found(f"{one.name} has no default, and no file gives it a value", one.where) for one in open_]


def _valued(given: Values, name: str) -> bool:
    found = given.get(name)
    return bool(found and found.value)

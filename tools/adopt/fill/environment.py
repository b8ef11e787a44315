"""The app's variables in the compose file: the code's names for the values that the tasks pass in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tools.adopt.fill import lines, servers
from tools.adopt.found import Found, Reading, Store
from tools.adopt.read.variables import keys

# A note of the reader. Without a value the application does not start, so it becomes an open point.
NEEDED = re.compile(r"(\w+) has no default\b.*")
EXAMPLES = (
    (re.compile(r"(^|_)(PORT|TIMEOUT|SIZE|LIMIT|COUNT|NUM|MAX|MIN|TTL|SECONDS|DAYS)(_|$)"), '"1"'),
    (re.compile(r"^(ENABLE|USE|IS|HAS|ALLOW|DISABLE)_|(^|_)(ENABLED|DISABLED|DEBUG)$"), '"false"'),
    (re.compile(r"(^|_)(PATH|DIR|DIRECTORY|FOLDER|ROOT|FILE)$"), "/tmp"),
    (re.compile(r"(^|_)(URL|URI|ENDPOINT|ORIGIN)S?$"), "http://localhost"),
    (re.compile(r"(^|_)(HOST|HOSTNAME|DOMAIN)S?$"), "localhost"),
    (re.compile(r"(^|_)(EMAIL|MAIL|FROM)$"), "dev@example.org"),
    (
        re.compile(r"(^|_)(ENGINE|BACKEND|DRIVER|TYPE|LEVEL|MODE|ENV|REGION|LANG\w*|TZ)$"),
        '"" # one that the code knows',
    ),
)
HOSTS = re.compile(r"ALLOWED_HOSTS?$")
OURS = ("PORT", "PUBLIC_URL")  # already in templates/compose.yaml
PORTS = {"postgres": "5432", "mysql": "3306", "redis": "6379"}
SCHEMES = {"postgres": "postgresql", "mysql": "mysql", "redis": "redis"}
GENERIC = {
    "postgres": {name: f"DB_{name.upper()}" for name in ("host", "port", "name", "user", "password")},
    "redis": {name: f"CACHE_{name.upper()}" for name in ("host", "port")},
}
GENERIC["mysql"] = GENERIC["postgres"]


def variables(reading: Reading, answers: Mapping[str, str]) -> list[str]:
    """The variables that are neither the database's nor the cache's."""
    port = answers["port"]
    url = f"${{PUBLIC_URL:-http://{answers['service']}.localhost:{port}}}"
    address = {
        **({reading.reads_port.value: (f"${{PORT:-{port}}}", reading.reads_port)} if reading.reads_port else {}),
        **({reading.reads_host.value: ("${BIND:-0.0.0.0}", reading.reads_host)} if reading.reads_host else {}),
        **{name: (f"{url}{'/' if f.value.endswith('/') else ''}", f) for name, f in reading.own_urls.items()},
    }
    more = {name: found for one in reading.backing for name, found in one.variables.items() if name not in address}
    taken = {*OURS, *address, *more, *_named(reading.database), *_named(reading.cache)}
    own = {
        name: found for name, found in reading.environment.items() if name not in taken and lines.NAME.fullmatch(name)
    }
    missing = {name: found for name, found in needed(reading).items() if name not in {*taken, *own}}
    texts = {name for name in missing if keys.own(name, reading.service.value)}
    return [
        *(lines.noted(f"{name}: {value}", found) for name, (value, found) in address.items() if name not in OURS),
        *(_constant(name, found) for name, found in own.items()),
        *(_constant(name, found) for name, found in more.items()),
        *servers.without(reading.backing),
        *(_constant(name, Found("development-only", found.where)) for name, found in missing.items() if name in texts),
        *_needed({name: found for name, found in missing.items() if name not in texts}),
    ]


def needed(reading: Reading) -> dict[str, Found]:
    """The variables that the code requires and that no file gives a value: name → the note about it."""
    matches = ((NEEDED.fullmatch(note.value), note) for note in reading.notes)
    return {match[1]: note for match, note in matches if match}


def _needed(names: Mapping[str, Found]) -> list[str]:
    """One open point for all of them, with a line for each."""
    if not names:
        return []
    where = ", ".join(f"{name} ({note.where})" for name, note in names.items())
    first, *others = [f"{name}: {_example(name)}" for name in names]
    return [
        *lines.open_point(f"a value for each variable without a default: {where}", first),
        *(f"# {o}" for o in others),
    ]


def _example(name: str) -> str:
    """A value of the right kind: a password's would not do for a path, a number or a switch."""
    return next((value for pattern, value in EXAMPLES if pattern.search(name)), "development-only")


def of_store(store: Store | None) -> list[str]:
    """The variables of a database or cache under the code's names; an open point if those are unknown."""
    if not store or store.kind.value not in PORTS:
        return _of_file(store)
    constants = [_constant(name, found) for name, found in store.constants.items()]
    if store.variables:
        values = roles(store)
        found = store.variables.items()
        named = [lines.noted(f"{v.value}: {values[role]}", v) for role, v in found if role in values]
        copies = [lines.noted(f"{name}: {values[f.value]}", f) for name, f in store.copies.items() if f.value in values]
        return [*constants, *named, *copies, *_others(store, values["url"]), *_missing(store)]
    return [*constants, *_unnamed(store)]


def _others(store: Store, url: str) -> list[str]:
    """Further variables for the same cache, each with the number of its own database: a broker, sessions."""
    numbers = {name: re.search(r"/(\d+)$", found.value) for name, found in store.others.items()}
    return [
        lines.noted(f"{name}: {url.removesuffix('0')}{number[1] if number else 0}", store.others[name])
        for name, number in numbers.items()
        if lines.NAME.fullmatch(name)
    ]


def roles(store: Store) -> dict[str, str]:
    """For each role the value that suits containers; without them the tasks set host and port."""
    kind = store.kind.value
    if kind == "redis":
        host, port, password = "${CACHE_HOST:-cache}", "${CACHE_PORT:-6379}", "${CACHE_PASSWORD:-}"
        return {
            "password": password,
            "host": host,
            "port": port,
            "name": '"0"',
            "address": f"{host}:{port}",
            "url": f"{store.scheme or 'redis'}://{f':{password}@' if _secured(store) else ''}{host}:{port}/0",
        }
    user = "root" if kind == "mysql" else "service"
    parts = {
        "host": "${DB_HOST:-db}",
        "port": f"${{DB_PORT:-{PORTS[kind]}}}",
        "name": "${DB_NAME:-service}",
        "user": f"${{DB_USER:-{user}}}",
        "password": "${DB_PASSWORD:-development-only}",
    }
    url = "{scheme}://{user}:{password}@{host}:{port}/{name}".format(scheme=store.scheme or SCHEMES[kind], **parts)
    url += f"?{store.options}" if store.options else ""
    return {**parts, "address": f"{parts['host']}:{parts['port']}", "url": url}


def _secured(store: Store) -> bool:
    """Whether each address of a cache can have a password: one that cannot would be refused."""
    return not store.variables or "password" in store.variables or {*store.variables} <= {"url", "name"}


def _unnamed(store: Store) -> list[str]:
    values, names = roles(store), GENERIC[store.kind.value]
    what = f"the code's own names for the values below ({store.kind.where} has {store.kind.value})"
    example = f"{'REDIS_URL' if store.kind.value == 'redis' else 'DATABASE_URL'}: {values['url']}"
    return [*lines.open_point(what, example), *(f"{name}: {values[role]}" for role, name in names.items())]


def _missing(store: Store) -> list[str]:
    """An open point for values that the code needs and that have no known variable."""
    needed = {} if "url" in store.variables or {"address"} >= {*store.variables} else GENERIC[store.kind.value]
    missing = [role for role in needed if role not in (*store.variables, "port")]
    if not missing:
        return []
    example = f"{needed[missing[-1]]}: {roles(store)[missing[-1]]}"
    return lines.open_point(f"how the code is told {', '.join(missing)} of {store.kind.value}", example)


def _of_file(store: Store | None) -> list[str]:
    if not store or store.kind.value != "sqlite":
        return []
    constants = [_constant(name, found) for name, found in store.constants.items()]
    return [
        f"# SQLite ({lines.comment(store.kind.where)}): a file, no server.",
        "# If it is in this folder, let git ignore it.",
        *constants,
    ]


def _constant(name: str, found: Found) -> str:
    value = _with_our_host(found.value) if HOSTS.search(name) else found.value
    return lines.noted(f"{name}: {lines.scalar(lines.compose(value))}", found)


def _with_our_host(value: str) -> str:
    """A list of host names with that of the service's URL: otherwise every page would be refused."""
    if "*" in value or ".localhost" in value or '"' in value:
        return value
    return f"{value}{' ' if ' ' in value and ',' not in value else ','}.localhost"


def _named(store: Store | None) -> set[str]:
    if not store:
        return set()
    return {*(found.value for found in store.variables.values()), *store.constants, *store.others, *store.copies}

"""A random password for each database and cache of a service, and an account of ours that administers its database.

Only data that this release makes has them. Data of an earlier release keeps its accounts, so that the earlier release
still works on it. The machine's record has what was chosen (`stores`). If it was lost, the data says whether it is ours
(choice.held). See docs/decisions/, 30.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from devenv.base import records
from devenv.databases import find
from devenv.databases.database import Database
from devenv.engines import choice, names
from devenv.model import env_file, services
from devenv.model.config import Config
from devenv.model.services import Service, variable

ACCOUNT = "service"  # the app's on MariaDB and MySQL; on PostgreSQL it is in the fragment
CACHES = ("redis", "valkey")  # what they hold is lost when they stop, so it has no accounts
_drawn: dict[tuple[str, ...], str] = {}


class Accounts(NamedTuple):
    """What was chosen for the stores of a service."""

    variables: dict[str, str]  # for compose.yaml
    apps: dict[str, str]  # the app's account, by database
    stores: dict[str, dict[str, str]]  # for the record, by store: its password; none: data of an earlier release


def choose(
    record: records.Record,
    engine: str,
    compose: Path,
    over: tuple[Path | None, Path | None],
    env: Mapping[str, str],
    personal: Mapping[str, str],
) -> Accounts:
    """The passwords and accounts, for stores that take them from a variable that the app takes, too.

    `over`: the files that are merged over `compose`. A password that the person has set counts. Nothing is written:
    `Environment.note_accounts` does that.
    """
    given = services.with_dotenv(compose, env, personal)
    earlier = record.stores.get(engine, {}) if engine == choice.COMPOSE else {}
    seen = _probed(compose, over, given, earlier)
    found = Accounts({}, {}, {})
    for store in seen.values():
        # A service that was renamed in compose.yaml may still use the variables of its old name.
        named = [store.name, *(name for name in earlier if name not in seen)]
        name = next((each for each in named if _is_shared(seen, store, variable(each, "PASSWORD"))), "")
        if store.build or not name:
            continue
        known = _known(compose.parent, record, engine, store, name, env)
        found.stores[store.name] = known
        if not known:
            continue
        password, user = variable(name, "PASSWORD"), variable(name, "USER")
        found.variables[password] = given.get(password) or known["password"]
        if store.program in services.POSTGRES:
            found.variables[variable(name, "ADMIN")] = names.ADMIN
            found.apps[store.name] = store.environment.get("POSTGRES_USER", "postgres")
        elif store.program in find.MYSQL and _is_shared(seen, store, user):
            found.variables[user] = found.apps[store.name] = given.get(user) or ACCOUNT
    return found


def _probed(
    compose: Path, over: tuple[Path | None, Path | None], env: Mapping[str, str], earlier: Iterable[str]
) -> dict[str, Service]:
    """The services with a mark instead of each password and account: where the marks are, the variables are used."""
    backing = {*services.backing_names(compose), *earlier}
    marks = {name: _mark(name) for n in backing for name in (variable(n, "PASSWORD"), variable(n, "USER"))}
    return services.load(compose, {**env, **marks}, *over)


def _mark(name: str) -> str:
    return f"{{{{{name}}}}}"


def _is_shared(seen: Mapping[str, Service], store: Service, name: str) -> bool:
    """Whether both the store and another service use a variable."""
    users = {s.name for s in seen.values() if _mark(name) in repr((s.raw.data, s.environment))}
    return store.name in users and len(users) > 1


def _known(
    root: Path, record: records.Record, engine: str, store: Service, name: str, env: Mapping[str, str]
) -> dict[str, str]:
    """The password of a store, drawn if it is new; empty if an earlier release made its data. `name`: see `choose`."""
    noted = record.stores.get(engine, {})
    known = noted.get(store.name, noted.get(name))
    if store.program not in CACHES and (known is None or engine == choice.NATIVE):
        volumes = services.volume_names(store, names.project(record), env)
        held = choice.held(engine, record, store, volumes)
        held = _typed(root, record, name) if held == {} and engine == choice.COMPOSE else held
        known = {**(known or {}), **held} if held else held
    if known == {}:
        return {}
    return {"password": (known or {}).get("password") or _draw(record, engine, store.name)}


def _typed(root: Path, record: records.Record, name: str) -> dict[str, str]:
    """The password in the file for the printed commands, if both the record and the container were removed."""
    file = root / names.variables_file(record.workspace)
    known = env_file.read(file, {}) if file.is_file() else {}
    password = known.get(variable(name, "PASSWORD"), "")
    return {"password": password} if password.startswith(names.SECRET) else {}


def _draw(record: records.Record, engine: str, store: str) -> str:
    """A new password: the same one each time that this command reads compose.yaml."""
    key = (str(records.path(record.workspace, record.service)), engine, store)
    if key not in _drawn:
        _drawn[key] = names.SECRET + secrets.token_hex(16)
    return _drawn[key]


def of_app(found: Database, accounts: Accounts, settings: Config) -> Database:
    """The database with the account of the app, if another one administers it."""
    account = accounts.apps.get(found.service, "")
    if account in ("", found.user):
        return found
    return replace(found, account=account, extensions=settings.extensions, superuser=settings.superuser)

"""The services of compose.yaml as values, with what the tasks and engines need to know."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from devenv.model import commands, compose_file, document, env_file, published, units

STARTED = "service_started"  # the default condition of depends_on
COMPLETED = "service_completed_successfully"
POSTGRES = ("postgres", "postgis", "pgvector", "timescaledb")  # the programs of images that are such a server
DATA = ("/var/lib/postgresql", "/var/lib/mysql")  # where the images have it
HERE = (".", "/", "~")  # how the source of a mount begins that is not a volume
TIMES = ("interval", "timeout", "start_period", "start_interval")


class Build(NamedTuple):
    """How the image of a service is built; paths are absolute."""

    context: Path
    dockerfile: Path
    target: str
    args: Mapping[str, str] = {}


class Service(NamedTuple):
    """One service. `command` and `entrypoint` are None if the image's are used.

    `depends_on` has the condition for each name, `volumes` the named ones, `memory` the limit in bytes, `ports` those
    that are published on the host.
    """

    name: str
    image: str
    build: Build | None
    command: tuple[str, ...] | None
    entrypoint: tuple[str, ...] | None
    environment: Mapping[str, str]
    depends_on: Mapping[str, str]
    volumes: tuple[str, ...]
    ports: tuple[int, ...]
    profiles: tuple[str, ...]
    memory: int | None
    healthcheck: Healthcheck | None
    optional: bool
    raw: compose_file.Raw

    @property
    def program(self) -> str:
        """The image without registry, owner and version: `postgres` of docker.io/library/postgres:17."""
        return self.image.rsplit("/", 1)[-1].split("@")[0].split(":")[0]

    @property
    def tag(self) -> str:
        """The image's version as written: `17` of postgres:17; empty if it has none."""
        return self.image.rsplit("/", 1)[-1].split("@")[0].partition(":")[2]


def load(
    path: Path,
    variables: Mapping[str, str],
    over: Path | None = None,
    override: Path | None = None,
    personal: Mapping[str, str] | None = None,
) -> dict[str, Service]:
    """The services of compose.yaml, merged with a second file `over` it, by name. Those with a profile are left out.

    `override`: a person's file over both, which may add services. `personal`: variables of that person: they fill
    compose.yaml, and are set for every service with a build.
    """
    known = with_dotenv(path, variables, personal or {})
    raws = compose_file.load(path, known, over, override)
    raws = {name: raw.with_environment(personal or {}) if "build" in raw.data else raw for name, raw in raws.items()}
    found = {raw.name: _service(raw, path.parent, known) for raw in raws.values()}
    kept = {name: service for name, service in found.items() if not service.profiles}
    for service in kept.values():
        _check_needs(service, found)
        _check_circle(service, kept)
    return kept


def _check_needs(service: Service, found: Mapping[str, Service]) -> None:
    """DevError 111 if a service waits for one that does not run: Compose refuses that, too."""
    for name, needed in _mapping(service.raw, "depends_on").items():
        if name not in found:
            raise service.raw.error(f"{service.name} depends on {name}, which is not a service here", "depends_on")
        if found[name].profiles and needed.get("required", True):
            message = f"{service.name} depends on {name}, which does not start: it has profiles"
            raise service.raw.error(message, "depends_on")


def _check_circle(service: Service, found: Mapping[str, Service]) -> None:
    """DevError 111 if a service waits for itself, through others or directly. Compose refuses that, too."""
    ways: list[tuple[str, ...]] = [(name,) for name in service.depends_on]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == service.name:
            message = f"depends_on: {' → '.join([service.name, *way])} is a circle, so none of them could start first"
            raise service.raw.error(message, "depends_on")
        if way[-1] in found and way[-1] not in seen:
            seen.add(way[-1])
            ways += [(*way, name) for name in found[way[-1]].depends_on]


def with_dotenv(path: Path, variables: Mapping[str, str], personal: Mapping[str, str]) -> dict[str, str]:
    """The variables that fill compose.yaml: ours count most, those of the `.env` next to it least."""
    dotenv = path.parent / ".env"
    known = env_file.read(dotenv, variables) if dotenv.is_file() else {}
    return {**known, **personal, **variables}


def backing_names(path: Path) -> list[str]:
    """The services without a build, read before any variable is known: there are variables for them."""
    services = compose_file.read(path).data.get("services", {})
    return [n for n, s in services.items() if isinstance(s, dict) and "build" not in s]


def _service(raw: compose_file.Raw, root: Path, variables: Mapping[str, str]) -> Service:
    data = raw.data
    if "image" not in data and "build" not in data:
        raise raw.error(f"service {raw.name} has neither image nor build")
    return Service(
        name=raw.name,
        image=data.get("image", ""),
        build=_build(raw, root) if "build" in data else None,
        command=_words(raw, "command"),
        entrypoint=_words(raw, "entrypoint"),
        environment=_environment(raw, root, variables),
        depends_on={name: _condition(value) for name, value in _mapping(raw, "depends_on").items()},
        volumes=tuple(_named_volumes(data.get("volumes", []))),
        ports=tuple(port for item in data.get("ports", []) for port in published.ports(raw, item)),
        profiles=tuple(data.get("profiles", ())),
        memory=_memory(raw),
        healthcheck=_healthcheck(raw),
        optional=bool(data.get("x-devenv-optional")),
        raw=raw,
    )


def _build(raw: compose_file.Raw, root: Path) -> Build:
    data = _mapping(raw, "build")
    context = root / str(data.get("context", "."))
    dockerfile = context / str(data.get("dockerfile", "Dockerfile"))
    args = {name: _text(value) for name, value in (data.get("args") or {}).items() if value is not None}
    return Build(context, dockerfile, str(data.get("target", "")), args)


def _words(raw: compose_file.Raw, key: str) -> tuple[str, ...] | None:
    """A command: a list, or a text, which is split like in a shell."""
    value = raw.data.get(key)
    if isinstance(value, str):
        return commands.split_as_compose(value, raw.source, ("services", raw.name, key))
    return None if value is None else tuple(map(str, value))


def _environment(raw: compose_file.Raw, root: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of env_file and environment. A name without a value takes the user's; else it is removed.

    A file may use those of earlier files and of `environment`, which count more.
    """
    given = {k: variables.get(k) if v is None else _text(v) for k, v in _mapping(raw, "environment").items()}
    own = {name: value for name, value in given.items() if value is not None}
    spaced = next((name for name in given if name.endswith((" ", "\t"))), "")
    if spaced:
        raise raw.error(f"environment: the name {spaced!r} ends with a space", "environment")
    result: dict[str, str] = {}
    for entry in raw.data.get("env_file") or []:
        result.update(_of_file(raw, root, entry, {**own, **variables}, result))
    return {name: value for name, value in {**result, **own}.items() if name in own or name not in given}


def _of_file(
    raw: compose_file.Raw, root: Path, entry: Any, known: Mapping[str, str], earlier: Mapping[str, str]
) -> dict[str, str]:
    """The variables of one entry of env_file."""
    entry = {"path": entry} if isinstance(entry, str) else entry
    path, form = root / entry["path"], entry.get("format", "")
    if form not in ("", "raw"):
        raise raw.error(f"env_file: unknown format {form}: only raw is known", "env_file")
    if os.path.isfile(path):  # not Path.is_file, which fails for a name that is too long
        return env_file.read_raw(path) if form else env_file.read(path, known, earlier)
    if os.path.isdir(path):
        raise raw.error(f"env_file: {entry['path']} is a folder", "env_file")
    if not os.path.exists(path) and compose_file.truth(entry.get("required", True)):
        raise raw.error(f"env_file: {entry['path']} not found", "env_file")
    return {}


def _condition(value: Any) -> str:
    return str(value.get("condition", STARTED)) if isinstance(value, dict) else STARTED


def _mapping(raw: compose_file.Raw, key: str) -> Mapping[str, Any]:
    value = raw.data.get(key) or {}
    if not isinstance(value, dict):
        raise raw.error(f"{key} must be a mapping or a list", key)
    return value


def _named_volumes(volumes: list[Any]) -> list[str]:
    """The names of the volumes that are not folders of the host."""
    return [source for source, _ in _placed(volumes) if source and not source.startswith(HERE)]


def _memory(raw: compose_file.Raw) -> int | None:
    limits = raw.data.get("deploy", {}).get("resources", {}).get("limits", {})
    value = raw.data.get("mem_limit", limits.get("memory"))
    try:
        return None if value is None else units.size(value)
    except ValueError:
        raise raw.error(f"mem_limit: {value} is not a size such as 512m", "mem_limit") from None


def _text(value: Any) -> str:
    """A value of the environment as Compose passes it on: true and false in lower case, floats as Go prints them."""
    if isinstance(value, float):
        return _float(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _float(value: float) -> str:
    """The fewest digits that mean this number, with an exponent below -4 and from 6, as Go's format `g` has it."""
    if not math.isfinite(value):
        return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}[str(value)]
    digits = next(n for n in range(17) if float(f"{value:.{n}e}") == value)
    short = f"{value:.{digits}e}"
    exponent = int(short.partition("e")[2])
    return f"{value:.{max(0, digits - exponent)}f}" if -4 <= exponent < 6 else short


def jobs(found: Mapping[str, Service]) -> set[str]:
    """The services that others wait to complete. Their end is not a failure."""
    return {name for s in found.values() for name, condition in s.depends_on.items() if condition == COMPLETED}


def is_on(service: Service, network: str, variables: Mapping[str, str]) -> bool:
    """Whether compose.yaml puts a service on the network of that name."""
    declared = service.raw.source.data.get("networks") or {}
    source = service.raw.source
    names = {key: str((declared.get(key) or {}).get("name", "")) for key in service.raw.data.get("networks") or ()}
    return any(
        compose_file.fill(name, variables, source, ("networks", key, "name")) == network for key, name in names.items()
    )


def folders(service: Service) -> list[Path]:
    """The folders of this machine in which a database has its data, instead of in a volume."""
    root, own = service.raw.source.path.parent, service.environment.get("PGDATA", "").rstrip("/")
    places = (*DATA, own or DATA[0])
    return [root / Path(source).expanduser() for source, target in mounts(service) if target.startswith(places)]


def mounts(service: Service) -> list[tuple[str, str]]:
    """The folders and files of this machine that a service mounts, as written, each with its place in the service."""
    return [(source, target) for source, target in mounts_and_volumes(service) if source.startswith(HERE)]


def mounts_and_volumes(service: Service) -> list[tuple[str, str]]:
    """The source of each, as written, and its place in the service. A volume without a name has no source."""
    return _placed(service.raw.data.get("volumes", []))


def _placed(volumes: list[Any]) -> list[tuple[str, str]]:
    found = []
    for item in volumes:
        long = {"source": "", "target": "", **item} if isinstance(item, dict) else {}
        source, target = (long["source"], long["target"]) if long else [*str(item).split(":"), ""][:2]
        found.append((source, target) if target else ("", source))
    return [(source, target.rstrip("/") or "/") for source, target in found]


def volume_names(service: Service, project: str, variables: Mapping[str, str]) -> list[str]:
    """What the engine calls the named volumes of a service in a project."""
    source = service.raw.source
    declared = source.data.get("volumes") or {}
    return [_volume_name(source, name, declared.get(name) or {}, project, variables) for name in service.volumes]


def external_volumes(service: Service, project: str, variables: Mapping[str, str]) -> list[str]:
    """Those of `volume_names` that compose.yaml calls external: they are made and removed by a person."""
    source = service.raw.source
    declared = source.data.get("volumes") or {}
    mine = [n for n in service.volumes if _is_external(source, n, declared.get(n) or {}, variables)]
    return volume_names(service._replace(volumes=tuple(mine)), project, variables)


def _volume_name(
    source: document.Document, name: str, declared: Mapping[str, Any], project: str, variables: Mapping[str, str]
) -> str:
    external = declared.get("external")
    given = declared.get("name") or (external.get("name") if isinstance(external, dict) else "")
    if given:
        return str(compose_file.fill(given, variables, source, ("volumes", name, "name")))
    return name if _is_external(source, name, declared, variables) else f"{project}_{name}"


def _is_external(
    source: document.Document, name: str, declared: Mapping[str, Any], variables: Mapping[str, str]
) -> bool:
    external = declared.get("external")
    return compose_file.truth(compose_file.fill(external, variables, source, ("volumes", name, "external")))


def variable(service: str, suffix: str) -> str:
    """The name of our variable for a service of compose.yaml: DB_PORT, MY_CACHE_HOST."""
    return f"{service.upper().replace('-', '_').replace('.', '_')}_{suffix}"


class Healthcheck(NamedTuple):
    """How to check whether a service is healthy; times in seconds, with Compose's defaults."""

    argv: tuple[str, ...]
    interval: float = 30.0
    timeout: float = 30.0
    retries: int = 3
    start_period: float = 0.0
    start_interval: float = 5.0


def _healthcheck(raw: compose_file.Raw) -> Healthcheck | None:
    """The healthcheck of a service; None if it has none or switches it off."""
    data = raw.data.get("healthcheck")
    if not isinstance(data, dict) or compose_file.truth(data.get("disable")):
        return None
    argv = _argv(raw, data.get("test"))
    times = {key: _time(raw, key, data[key]) for key in TIMES if key in data}
    return Healthcheck(argv, retries=_retries(raw, data.get("retries", 3)), **times) if argv else None


def _retries(raw: compose_file.Raw, value: Any) -> int:
    with suppress(OverflowError, ValueError):
        if int(value) >= 0:
            return int(value)
    raise raw.error(f"healthcheck.retries: {value} is not a whole number from 0", "healthcheck", "retries")


def _argv(raw: compose_file.Raw, test: Any) -> tuple[str, ...]:
    """`CMD` runs directly, `CMD-SHELL` and plain text in a shell, `NONE` not at all."""
    if isinstance(test, str):
        return ("/bin/sh", "-c", test)
    words = [str(word) for word in test or ["NONE"]]
    if words[0] == "CMD-SHELL":
        return ("/bin/sh", "-c", *words[1:])
    if words[0] not in ("CMD", "NONE"):
        raise raw.error("healthcheck.test must begin with CMD, CMD-SHELL or NONE", "healthcheck", "test")
    return tuple(words[1:])


def _time(raw: compose_file.Raw, key: str, value: Any) -> float:
    try:
        return units.duration(str(value))
    except ValueError:
        raise raw.error(f"healthcheck.{key}: {value} is not a duration such as 30s", "healthcheck", key) from None

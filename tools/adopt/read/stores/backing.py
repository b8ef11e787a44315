"""Servers that only containers can run here: Memcached, MongoDB, search engines, queues, object storage."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tools.adopt.found import Backing, Found
from tools.adopt.read.containers.compose import Stack
from tools.adopt.read.containers.services import Service
from tools.adopt.read.packages.project import Project
from tools.adopt.read.variables.candidates import Candidate


@dataclass(frozen=True)
class Kind:
    """`image`: in a compose file; `usual`: if none has it. `variables`: names of its group. `port`: the usual one."""

    title: str
    image: str
    usual: str
    port: int
    scheme: str
    variables: str
    drivers: tuple[str, ...]
    memory: str = "128m"
    environment: tuple[tuple[str, str], ...] = ()
    command: str = ""


# A new one is a row here, and a row in its test.
KINDS = {
    "memcached": Kind(
        *("Memcached", "memcached", "memcached:1.6", 11211, "memcached", "MEMCACHED?|MEMCACHE(?:D)?CLOUD"),
        ("pymemcache", "pylibmc", "python-memcached", "memcached", "memjs", "django-pymemcache"),
    ),
    "mongodb": Kind(
        *("MongoDB", "mongo|mongodb|mongodb-community-server", "mongo:7", 27017, "mongodb", "MONGO(?:DB)?"),
        ("mongodb", "mongoose", "pymongo", "motor", "mongoengine", "beanie", "flask-pymongo", "djongo"),
        "512m",
    ),
    "elasticsearch": Kind(
        *("Elasticsearch", "elasticsearch", "elasticsearch:8.15.0", 9200, "http", r"ELASTIC(?:_?SEARCH)?|ES"),
        ("elasticsearch", "elasticsearch-dsl", "django-elasticsearch-dsl", "@elastic/elasticsearch"),
        "1g",
        (("discovery.type", "single-node"), ("xpack.security.enabled", "false"), ("ES_JAVA_OPTS", "-Xms384m -Xmx384m")),
    ),
    "opensearch": Kind(
        *("OpenSearch", "opensearch", "opensearchproject/opensearch:2", 9200, "http", "OPEN_?SEARCH"),
        ("opensearch-py", "django-opensearch-dsl", "@opensearch-project/opensearch"),
        "1g",
        (
            *(("discovery.type", "single-node"), ("DISABLE_SECURITY_PLUGIN", "true")),
            ("OPENSEARCH_JAVA_OPTS", "-Xms384m -Xmx384m"),
        ),
    ),
    "meilisearch": Kind(
        *("Meilisearch", "meilisearch", "getmeili/meilisearch:v1.11", 7700, "http", "MEILI(?:_?SEARCH)?"),
        ("meilisearch", "meilisearch-python-sdk"),
        "256m",
    ),
    "rabbitmq": Kind(
        *("RabbitMQ", "rabbitmq", "rabbitmq:4", 5672, "amqp", "RABBIT(?:_?MQ)?|AMQP|CLOUDAMQP"),
        ("pika", "aio-pika", "amqplib", "amqp-connection-manager"),
        "320m",
    ),
    "minio": Kind(
        *("S3 storage (MinIO)", "minio", "minio/minio", 9000, "http", "MINIO|S3|AWS_S3"),
        ("minio",),
        "256m",
        (("MINIO_ROOT_USER", "development-only"), ("MINIO_ROOT_PASSWORD", "development-only")),
        "server /data",
    ),
}
# Known, but no container of ours: they need more than one setting.
OTHERS = {
    "Kafka": ("kafka-python", "confluent-kafka", "aiokafka", "kafkajs"),
    "SQL Server or Oracle": ("mssql-django", "pyodbc", "cx-oracle", "oracledb", "mssql", "tedious"),
}
ROLE = re.compile(
    r"_*(?:(?P<port>PORT)|(?P<host>HOST(?:NAME)?S?|SERVERS?|NODES?|ADDR(?:ESS)?(?:ES)?|ENDPOINT_HOST)"
    r"|(?P<url>URLS?|URI|DSN|LOCATION|ENDPOINT(?:_URL)?|CONNECTION(?:_STRING)?|BROKER))$"
)
HOST_AND_PORT = re.compile(r"^[\w.-]+:(\d{2,5})$")


def backing(every: list[Candidate], stack: Stack, project: Project | None) -> tuple[tuple[Backing, ...], list[Found]]:
    """The servers that run in a compose file, that a variable has the address of, or that a driver is for; notes."""
    found = [one for name, kind in KINDS.items() if (one := _one(name, kind, every, stack, project))]
    # Two kinds with the same port: the one that runs, or that a driver is for; of two drivers, the special one.
    twins = [one for one in found if one.kind in ("elasticsearch", "opensearch")]
    sure = [one for one in twins if one.sure][-1:] or twins[:1]
    found = [one for one in found if one not in twins or one in sure]
    lone = [(name, project.uses(*drivers)) for name, drivers in OTHERS.items()] if project else []
    notes = [
        Found(f"{name} is not supported, see {one.name}", one.where) for name, one in lone if one and not one.group
    ]
    made = {one.kind for one in found}
    notes += [
        note for name, kind in KINDS.items() if name not in made and (note := _left_out(name, kind, every, project))
    ]
    return tuple(found), notes


def _left_out(name: str, kind: Kind, every: list[Candidate], project: Project | None) -> Found | None:
    """A note about a variable for a server whose driver is in an extra, and which is not started because of that."""
    driver = project.uses(*kind.drivers) if project else None
    variable = next(iter(dict(_variables(kind, name, every)).items()), None)
    if not (driver and driver.group and variable):
        return None
    text = f"{kind.title} is optional: {driver.name} is in the extra or group `{driver.group}`, and not installed"
    return Found(f"{text}; {variable[0]} would have its address", variable[1].where)


def _one(name: str, kind: Kind, every: list[Candidate], stack: Stack, project: Project | None) -> Backing | None:
    image = re.compile(rf"(^|/)(?:{kind.image})(:|@|$)")
    services = [one for one in stack.services if one.image and image.search(one.image.value)]
    driver = project.uses(*kind.drivers) if project else None
    driver = driver if driver and driver.direct else None
    variables = dict(_variables(kind, name, every))
    # Object storage and a driver in a group are optional: then a variable without an address does not need them.
    needed = bool(services) or (name != "minio" and (bool(variables) or (driver is not None and not driver.group)))
    optional = driver is None or bool(driver.group)
    if not needed or (not services and optional and not _addressed(kind, every)):
        return None
    service = services[0] if services else None
    first = next(iter(variables.values()), None)
    where = service.where if service else driver.where if driver else first.where if first else ""
    own = {key: value.value for key, value in service.environment.items()} if service else {}
    return Backing(
        kind=name,
        title=Found(kind.title, where),
        image=service.image if service and service.image and re.search(r":[\w.-]*\d", service.image.value) else None,
        usual=kind.usual,
        port=kind.port,
        variables=variables,
        environment={**dict(kind.environment), **{key: value for key, value in own.items() if "${" not in value}},
        command=(service.command.value if service and service.command else "") or kind.command,
        memory=kind.memory,
        sure=service is not None or driver is not None,
        hosts=tuple(dict.fromkeys(host for host in _hosts(service) if host != name)),
    )


def _hosts(service: Service | None) -> list[str]:
    return [host for host in (service.name, *service.hosts) if re.fullmatch(r"[\w.-]+", host)] if service else []


def _addressed(kind: Kind, every: list[Candidate]) -> bool:
    """Whether a value is certainly an address of it: its scheme or its port."""
    return any(_by_value(kind, one.value) for one in every)


def _by_value(kind: Kind, value: str) -> bool:
    port = HOST_AND_PORT.match(value)
    scheme = kind.scheme not in ("http",) and value.startswith(
        (f"{kind.scheme}://", f"{kind.scheme}+", f"{kind.scheme}s:")
    )
    return scheme or bool(port and int(port[1]) == kind.port) or (f":{kind.port}" in value[:60] and "://" in value)


def _variables(kind: Kind, name: str, every: list[Candidate]) -> Iterator[tuple[str, Found]]:
    """The variables that take its address, with the value of our service."""
    group = re.compile(rf"(^|_)(?:{kind.variables})(?=_|$)")
    for one in every:
        upper = one.name.upper()
        role = ROLE.search(upper)
        named = bool(group.search(upper)) and (role is not None or bool(group.fullmatch(upper)))
        if not (named or _by_value(kind, one.value)) or (one.value.isdigit() and not (role and role["port"])):
            continue
        yield one.name, Found(_value(kind, name, one.value, role), one.where)


def _value(kind: Kind, name: str, value: str, role: re.Match[str] | None) -> str:
    url = re.match(r"(?P<scheme>[\w+]+)://[^/]*(?P<rest>/.*)?$", value)
    if url:
        scheme = "mongodb" if url["scheme"] == "mongodb+srv" else url["scheme"]
        return f"{scheme}://{name}:{kind.port}{url['rest'] or ''}"
    if role and role["port"]:
        return str(kind.port)
    if HOST_AND_PORT.match(value):
        return f"{name}:{kind.port}"
    if role and role["host"]:
        return name
    return f"{name}:{kind.port}" if kind.scheme == "memcached" else f"{kind.scheme}://{name}:{kind.port}"


def taken(found: Iterable[Backing]) -> set[str]:
    """The variables of these servers."""
    return {name for one in found for name in one.variables}

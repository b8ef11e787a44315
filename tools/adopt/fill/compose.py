"""The blocks of the two compose files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from devenv.databases.postgres_accounts import IMAGES
from devenv.model.services import POSTGRES
from tools.adopt.fill import commands, environment, examples, lines, others, programs, servers
from tools.adopt.found import Found, Reading, Store
from tools.adopt.names import Names

# By kind: the programs that the engines know, and the image if no compose file names one of them.
PROGRAMS = {"postgres": POSTGRES, "mysql": ("mysql", "mariadb"), "redis": ("redis", "valkey")}
USUAL = {"postgres": "postgres:17", "mysql": "mariadb:11", "redis": "valkey/valkey:8"}
EXTENDED = re.compile(r"postgis|pgvector|timescale")
PYTHON = "import os, urllib.request as u; u.build_opener(u.ProxyHandler({{}})).open({}, timeout=4)"
PYTHON_PAGE = (
    'import os, http.client as h; c = h.HTTPConnection("127.0.0.1", int(os.environ["PORT"]), timeout=4); '
    'c.request("GET", "{}", headers={{"Host": os.environ["PUBLIC_URL"].split("/")[2]}}); s = c.getresponse().status; '
    "exit({})"
)
NODE = "fetch({}).then(a => process.exit(Number({})), () => process.exit(1))"
AT = {
    "python": '"http://127.0.0.1:" + os.environ["PORT"] + "{}"',
    "node": '"http://127.0.0.1:" + process.env.PORT + "{}"',
}


def parts(reading: Reading, answers: Mapping[str, str]) -> dict[str, str]:
    """By name of the block in compose.yaml, its text."""
    port = answers["port"]
    return {
        "memory": str(programs.MEMORY),
        "mounts": "" if reading.own_image else "yes",  # the source is in an image that is built as theirs
        "command": lines.block(command(reading, port), 4),
        "environment": lines.block([*environment.variables(reading, answers), *_points(reading, "environment")], 6),
        "database": lines.block(environment.of_store(reading.database), 6),
        "cache": lines.block(environment.of_store(reading.cache), 6),
        "health": lines.block(health(reading), 6),
        "worker": lines.block(worker(reading, port), 4),
        "worker_health": lines.block(worker_health(reading), 6),
        "more": lines.block(
            [*programs.services(reading, answers), *servers.services(reading), *_points(reading, "services")], 2
        ),
        "postgres": image(reading.database, "postgres", reading.extensions),
        "mysql": image(reading.database, "mysql"),
        "redis": image(reading.cache, "redis"),
    }


def _points(reading: Reading, file: str) -> list[str]:
    """What was found for this part of the file, and needs its owner."""
    return lines.open_points([each for each in reading.open if each.file == file])


def lean_parts(reading: Reading, answers: Mapping[str, str], names: Names) -> dict[str, str]:
    """By name of the block in compose.lean.yaml, its text."""
    found = reading.commands.serve
    known = "# As in the image; repeated for the native engine, which has no image."
    unknown = "# Until production's command is known (see the Dockerfile), it runs as in development."
    serve = [known, *_command(found, answers["port"])] if found else [unknown]
    if others.is_other(reading):
        serve = []
    return {
        "compose": names.compose,
        "memory": str(programs.LEAN),
        "command": lines.block(serve, 4),
        "worker": lines.block(worker(reading, answers["port"]), 4),
        "more": lines.block(programs.lean(reading, answers), 2),
    }


def command(reading: Reading, port: str) -> list[str]:
    """The development server."""
    if others.is_other(reading):
        return others.command(reading, port)
    found = reading.commands.develop
    if found:
        return _command(found, port)
    example = f"command: {commands.in_compose(examples.of(examples.DEVELOP, reading), port)}"
    return lines.open_point("the development server, with reload, on ${BIND} and ${PORT}", example)


def _command(found: Found, port: str) -> list[str]:
    return [f"# {lines.comment(found.where)}", f"command: {commands.in_compose(found.value, port)}"]


def health(reading: Reading) -> list[str]:
    """The app's healthcheck, in its own language: the image may have no other client."""
    if others.is_other(reading):
        return others.health()
    language = examples.language(reading)
    points = [one for one in reading.open if one.file == "health"]
    if reading.health and not reading.renders:
        url = AT[language].format(reading.health.value)
        check = PYTHON.format(url) if language == "python" else NODE.format(url, "!a.ok")
        comment = [f"# {lines.comment(reading.health.where)}"]
    elif reading.health:
        check = _page(language, reading.health.value, "s >= 400")
        comment = [f"# {lines.comment(reading.health.where)}: it has a template and asks for no login."]
    else:
        check = _page(language, "/", "s == 400 or s >= 500" if language == "python" else "s >= 500")
        but = " but 400 (a host that is not allowed)" if language == "python" else ""
        comment = [f"# No health page was found: any answer below 500{but} counts. One with a query is better."]
    for point in points:
        example = lines.scalar(lines.compose(_page(language, point.example, "s >= 400")))
        comment = lines.open_point(f"{point.what.value} ({point.what.where})", f"  - {example}")
    program = ["- python", "- -c"] if language == "python" else ["- node", "- -e"]
    return [
        *comment,
        "test:",
        "  - CMD",
        *(f"  {line}" for line in program),
        f"  - {lines.scalar(lines.compose(check))}",
    ]


def _page(language: str, path: str, bad: str) -> str:
    """The check of a page under the service's name, without following a redirect. `bad`: which status `s` fails."""
    if language == "python":
        return PYTHON_PAGE.format(path, bad)
    return NODE.format(AT["node"].format(path) + ', {redirect:"manual"}', bad.replace("s ", "a.status "))


def worker(reading: Reading, port: str) -> list[str]:
    """The worker's command. It has no port; if the command needs one, the app's is used."""
    return _command(reading.commands.worker, port) if reading.commands.worker else []


def worker_health(reading: Reading) -> list[str]:
    """The worker's healthcheck: only known for Celery.

    It asks for one worker by name. Otherwise Celery would wait a second for answers of others, whenever it is run.
    """
    return programs.health(reading.commands.worker.value if reading.commands.worker else "")


def image(store: Store | None, kind: str, extensions: Sequence[Found] = ()) -> str:
    """The server's image: the one in a compose file if both engines know it; with its source."""
    named = store.image if store else None
    usual = USUAL[kind]
    if extensions and (not named or not EXTENDED.search(named.value)):
        return lines.noted(IMAGES[extensions[0].value], f"with the extension {extensions[0].value}", extensions[0])
    if not named:
        return lines.noted(usual, "no file says which version production has")
    program, _, tag = named.value.rpartition("/")[2].partition("@")[0].partition(":")
    if program in PROGRAMS[kind] and re.match(r"(latest-)?(pg)?\d", tag):
        return lines.noted(lines.scalar(named.value), named)
    major = re.match(r"\d+", tag)
    if major and kind == "postgres":  # an image of another maker, with other settings
        usual = f"postgres:{major[0]}"
    return lines.noted(usual, f"{named.where} has {named.value}")

"""Servers that only containers can run, as optional services of the compose file."""

from __future__ import annotations

from collections.abc import Sequence

from tools.adopt.fill import lines
from tools.adopt.found import Backing, Reading

# In any image with a shell; a client of the server is in few of them. 0A: it listens.
LISTENS = "grep -q ':{:04X} [0-9A-F]*:0000 0A' /proc/net/tcp /proc/net/tcp6"


def services(reading: Reading) -> list[str]:
    """One service for each."""
    return [line for one in reading.backing for line in ["", *_service(one)]]


def _service(one: Backing) -> list[str]:
    image = lines.scalar(one.image.value) if one.image else one.usual
    given = [f"    {name}: {lines.scalar(lines.compose(value))}" for name, value in one.environment.items()]
    return [
        f"{one.kind}: # it keeps nothing: recreated, it is empty. {lines.comment(one.title.where)}",
        lines.noted(f"  image: {image}", one.image or "no file says which version production has"),
        "  x-devenv-optional: true # left out without containers",
        *([f"  command: {lines.scalar(lines.compose(one.command))}"] if one.command else []),
        *(["  environment:", *given] if given else []),
        "  healthcheck:",
        f"    test: [CMD-SHELL, {lines.quoted(listens(one.port))}]",
        "    interval: 30s",
        "    timeout: 5s",
        "    retries: 3",
        "    start_period: 120s",
        "    start_interval: 500ms",
        *([f"  networks: {{default: {{aliases: [{', '.join(one.hosts)}]}}}}"] if one.hosts else []),
        "  logging: *logging",
        f"  mem_limit: {one.memory}",
    ]


def listens(port: int) -> str:
    """A command that ends with 0 if something listens on the port."""
    return LISTENS.format(port)


def without(found: Sequence[Backing]) -> list[str]:
    """One open point for all: what the app does without containers."""
    if not found:
        return []
    names = [name for one in found for name in one.variables]
    titles = ", ".join(f"{one.title.value} ({one.title.where})" for one in found)
    what = f"{titles} runs only in containers: what the app uses with DEV_ENGINE=native, such as a cache in its process"
    if not names:
        what = f"the variable with the address of {titles}, which runs only in containers"
    example = f"{names[0]}: ''" if names else "; ".join(f"{one.kind}:{one.port}" for one in found)
    return lines.open_point(what, example)

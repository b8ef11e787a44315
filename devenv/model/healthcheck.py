"""The healthcheck of a service as a value."""

from __future__ import annotations

from typing import Any, NamedTuple

from devenv.model import compose_file, units


class Healthcheck(NamedTuple):
    """How one finds out whether a service is healthy; times in seconds, with Compose's defaults."""

    argv: tuple[str, ...]
    interval: float = 30.0
    timeout: float = 30.0
    retries: int = 3
    start_period: float = 0.0
    start_interval: float = 5.0


TIMES = ("interval", "timeout", "start_period", "start_interval")


def read(raw: compose_file.Raw) -> Healthcheck | None:
    """The healthcheck of a service; None where there is none or where it is switched off."""
    data = raw.data.get("healthcheck")
    if not isinstance(data, dict) or data.get("disable"):
        return None
    argv = _argv(raw, data.get("test"))
    times = {key: _time(raw, key, data[key]) for key in TIMES if key in data}
    return Healthcheck(argv, retries=int(data.get("retries", 3)), **times) if argv else None


def _argv(raw: compose_file.Raw, test: Any) -> tuple[str, ...]:
    """`CMD` runs as it stands, `CMD-SHELL` and plain text in a shell, `NONE` not at all."""
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
        raise raw.error(f"healthcheck.{key}: {value} is no duration such as 30s", "healthcheck", key) from None

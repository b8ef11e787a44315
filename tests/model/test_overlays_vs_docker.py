"""Our reading of two compose files laid over each other, and of env files, against Compose's. Needs the client only."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from devenv.base import records
from devenv.model import services
from devenv.required import wiring

HAS_CLIENT = (
    bool(shutil.which("docker"))
    and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
)
pytestmark = pytest.mark.skipif(
    not HAS_CLIENT and os.environ.get("DEVENV_REQUIRE_ENGINE") != "1", reason="needs a Compose client"
)

VARIABLES = {"V": "value"}


class Tagged(str):
    """A piece of YAML in flow style, with its tag."""


def tagged(plain: st.SearchStrategy[Any], empty: str) -> st.SearchStrategy[Tagged]:
    return st.one_of(
        plain.map(lambda value: Tagged(json.dumps(value))),
        plain.map(lambda value: Tagged(f"!override {json.dumps(value)}")),
        st.just(Tagged(f"!reset {empty}")),
    )


environments = st.one_of(
    st.dictionaries(st.sampled_from(["A", "B", "C"]), st.sampled_from(["1", "2", "${V}", "a b"]), max_size=3),
    st.lists(st.sampled_from(["A=1", "B=2", "C=${V}"]), max_size=3, unique=True),
)
volumes = st.lists(st.sampled_from(["one:/one", "two:/two", "other:/two:ro", "./src:/one"]), max_size=3, unique=True)
distinct = volumes.filter(lambda found: len({item.split(":")[1] for item in found}) == len(found))
ports = st.lists(st.sampled_from(["8001:81", "127.0.0.1:8002:82", "8003:83"]), max_size=2, unique=True)
commands = st.sampled_from(["serve", ["serve", "--on", "${V}"]])
depends = st.sampled_from([["db"], ["db", "mail"], {"mail": {"condition": "service_healthy"}}])
checks = st.sampled_from([{"test": ["CMD", "a"]}, {"test": ["CMD", "b"], "interval": "9s"}, {"interval": "5s"}])
memory = st.sampled_from(["64m", "512m"])
KINDS = {
    "environment": (environments, "{}"),
    "volumes": (distinct, "[]"),
    "ports": (ports, "[]"),
    "command": (commands, "null"),
    "depends_on": (depends, "{}"),
    "healthcheck": (checks, "{}"),
    "mem_limit": (memory, "null"),
}
below = st.fixed_dictionaries({}, optional={key: kind.map(json.dumps) for key, (kind, _) in KINDS.items()})
above = st.fixed_dictionaries({}, optional={key: tagged(kind, empty) for key, (kind, empty) in KINDS.items()})

BESIDE = """\
  db: {image: "postgres:17"}
  mail: {image: mail}
volumes: {one: {}, two: {}, other: {}}
"""


def written(service: dict[str, str], beside: str) -> str:
    return "services:\n  app:\n    image: app\n" + "".join(f"    {k}: {v}\n" for k, v in service.items()) + beside


def compose(folder: Path, *files: str) -> dict[str, Any] | None:
    """What Compose reads, or None where it refuses."""
    chosen = [word for name in files for word in ("-f", str(folder / name))]
    command = ["docker", "compose", "--project-directory", str(folder), *chosen, "config", "--format", "json"]
    env = {**VARIABLES, "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    return dict(json.loads(done.stdout)["services"]["app"]) if done.returncode == 0 else None


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(below, above)
def test_we_lay_over_as_compose_does(below: dict[str, str], above: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "compose.yaml").write_text(written(below, BESIDE))
        (folder / "over.yaml").write_text(written(above, ""))
        expected = compose(folder, "compose.yaml", "over.yaml")
        if expected is None:
            return  # Compose refuses it, and is the judge of that
        ours = services.load(folder / "compose.yaml", VARIABLES, folder / "over.yaml")["app"]
    assert dict(ours.environment) == expected.get("environment", {})
    assert list(ours.command or ()) == (expected.get("command") or [])
    assert dict(ours.depends_on) == {k: v["condition"] for k, v in expected.get("depends_on", {}).items()}
    assert sorted(ours.ports) == sorted(int(port["published"]) for port in expected.get("ports", []))
    named = [volume["source"] for volume in expected.get("volumes", []) if volume["type"] == "volume"]
    assert sorted(ours.volumes) == sorted(named)
    assert ours.memory == (int(expected["mem_limit"]) if "mem_limit" in expected else None)
    test = expected.get("healthcheck", {}).get("test")
    assert (list(ours.healthcheck.argv) if ours.healthcheck else None) == (test[1:] if test else None)


# Compose has no form for the other line ends of Unicode's; nobody's secret holds them either.
values = st.text(st.one_of(st.sampled_from("\\'\"$ #={}\n\r\tab"), st.characters(min_codepoint=32, max_codepoint=126)))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(values, min_size=1, max_size=6))
@example(["ends\\", "\\'", '\\"', "$V ${V} $$V", "a\n#b\nc", " x ", "é"])
def test_compose_reads_any_value_that_services_tell_each_other(values: list[str]) -> None:
    environment = {f"V{n}": value for n, value in enumerate(values)}
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", place)
        folder = Path(place)
        wiring.write("main", "shop", environment)
        told = records.path("main", "shop", "env")
        (folder / "compose.yaml").write_text(f"services: {{app: {{image: app, env_file: ['{told}']}}}}\n")
        expected = compose(folder, "compose.yaml")
        ours = services.load(folder / "compose.yaml", VARIABLES)["app"]
    assert expected is not None
    assert {name: str(value).replace("$$", "$") for name, value in expected["environment"].items()} == environment
    assert ours.environment == environment

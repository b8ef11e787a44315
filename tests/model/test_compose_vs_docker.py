"""Our reading of compose.yaml against the one of Compose itself, on generated files. Needs the client only."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devenv.base.errors import CONFIG, DevError
from devenv.engines.native import support
from devenv.model import services

VARIABLES = {"SET": "value", "EMPTY": "", "PORT": "8123", "NESTED": "a b"}
HAS_CLIENT = (
    bool(shutil.which("docker"))
    and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
)
pytestmark = pytest.mark.skipif(
    not HAS_CLIENT and os.environ.get("DEVENV_REQUIRE_ENGINE") != "1", reason="needs a Compose client"
)

plain = st.text("abcxyz019 ./:=-_", min_size=1, max_size=8).map(str.strip).filter(bool)
names = st.sampled_from(["SET", "EMPTY", "MISSING"])
operands = st.one_of(st.just(""), plain, st.just("${SET:-x}"), st.just("${MISSING-${SET}}"))
variables = st.one_of(
    st.just("$$"),
    names.map(lambda name: f"${name}"),
    names.map(lambda name: f"${{{name}}}"),
    st.tuples(names, st.sampled_from([":-", "-", ":+", "+"]), operands).map(lambda p: f"${{{''.join(p)}}}"),
)
texts = st.lists(st.one_of(plain, variables), min_size=1, max_size=4).map("".join)
words = st.one_of(st.lists(texts, min_size=1, max_size=3), plain)
keys = st.sampled_from(["A", "B", "SET", "LONG_NAME"])
environment = st.one_of(
    st.dictionaries(keys, st.one_of(texts, st.integers(0, 99), st.booleans(), st.none()), max_size=3),
    st.dictionaries(keys, texts, max_size=3).map(lambda d: [f"{key}={value}" for key, value in d.items()]),
)
durations = st.sampled_from(["200ms", "30s", "1m30s", "2h"])
checks = st.fixed_dictionaries(
    {
        "test": st.one_of(
            plain, plain.map(lambda t: ["CMD", *t.split()]), plain.map(lambda t: ["CMD-SHELL", t]), st.just(["NONE"])
        )
    },
    optional={"interval": durations, "timeout": durations, "retries": st.integers(1, 9), "start_interval": durations},
)
ports = st.sampled_from(
    [
        "127.0.0.1:8000:80",
        "8001:81",
        "82",
        "127.0.0.1:${PORT}:83",
        "8004-8005:84-85",
        {"target": 86, "published": "8006"},
    ]
)
depends = st.one_of(
    st.just(["other"]),
    st.sampled_from(["service_started", "service_healthy", "service_completed_successfully"]).map(
        lambda condition: {"other": {"condition": condition}}
    ),
)
service = st.fixed_dictionaries(
    {},
    optional={
        "command": words,
        "entrypoint": words,
        "environment": environment,
        "healthcheck": checks,
        "ports": st.lists(ports, max_size=2, unique_by=str),
        "mem_limit": st.sampled_from(["64m", "1g", "512M"]),
    },
)
own = st.tuples(
    service,
    st.fixed_dictionaries(
        {}, optional={"depends_on": depends, "extends": st.just({"file": "base.yaml", "service": "base"})}
    ),
)


def compose(folder: Path, every: bool = False) -> dict[str, Any] | None:
    """What Compose reads of the app, or of every service by name. None where it refuses."""
    command = [
        "docker",
        "compose",
        "--project-directory",
        folder,
        "-f",
        folder / "compose.yaml",
        "config",
        "--format",
        "json",
    ]
    env = {**VARIABLES, "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    if done.returncode:
        return None
    found = json.loads(done.stdout)["services"]
    return found if every else found["app"]


def undollar(value: Any) -> Any:
    """Compose prints its answer as a compose file, in which a dollar is written twice."""
    if isinstance(value, list):
        return [undollar(item) for item in value]
    return value.replace("$$", "$") if isinstance(value, str) else value


def check_of(data: dict[str, Any]) -> list[str] | None:
    check = data.get("healthcheck", {})
    test = undollar(check.get("test"))
    if check.get("disable") or not test or test[0] == "NONE":
        return None
    return ["/bin/sh", "-c", *test[1:]] if test[0] == "CMD-SHELL" else test[1:]


FORMS = """
services:
  app:
    image: postgres:17
    extends: {file: deep/base.yaml, service: base}
    env_file: [{path: raw.env, format: raw}, {path: gone.env, required: "${MISSING:-false}"}]
    healthcheck: {test: "true", disable: "${MISSING:-false}"}
    volumes:
      - {type: bind, source: rows, target: /var/lib/postgresql/data}
      - outside:/outside
      - older:/older
      - ours:/ours
volumes:
  outside: {external: "${MISSING:-true}"}
  older: {external: {name: named}}
  ours: {external: "${MISSING:-false}"}
"""
BASE = """
services:
  base:
    build: {context: ../image}
    env_file: [base.env]
    volumes: ["./short:/short", {type: bind, source: long, target: /long}]
"""


def test_forms_that_people_rarely_write_mean_what_they_mean_to_compose(tmp_path: Path) -> None:
    """Text for true and false, raw env files, and folders that are written like volumes."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "compose.yaml").write_text(FORMS)
    (tmp_path / "deep/base.yaml").write_text(BASE)
    (tmp_path / "deep/base.env").write_text("BASE=${SET}\n")
    (tmp_path / "raw.env").write_text('# no\n  A="quoted" # kept\nB=$SET\n\nLONG_NAME= x \n')
    expected = compose(tmp_path)
    assert expected
    ours = services.load(tmp_path / "compose.yaml", VARIABLES)["app"]
    assert dict(ours.environment) == {key: undollar(value) for key, value in expected["environment"].items()}
    assert ours.build
    assert os.path.normpath(ours.build.context) == expected["build"]["context"]
    assert list(ours.healthcheck.argv if ours.healthcheck else ()) == check_of(expected)
    binds = {mount["target"]: mount["source"] for mount in expected["volumes"] if mount["type"] == "bind"}
    assert list(ours.volumes) == [mount["source"] for mount in expected["volumes"] if mount["type"] == "volume"]
    assert [str(folder) for folder in services.folders(ours)] == [binds["/var/lib/postgresql/data"]]
    assert services.external_volumes(ours, "shop", VARIABLES) == ["outside", "named"]
    assert services.volume_names(ours, "shop", VARIABLES) == ["outside", "named", "shop_ours"]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(own.map(lambda pair: {**pair[0], **pair[1]}), service)
def test_we_read_what_compose_reads(app: dict[str, Any], base: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        file = {"services": {"app": {"build": ".", **app}, "other": {"image": "postgres:17"}}}
        (folder / "compose.yaml").write_text(yaml.safe_dump(file))
        (folder / "base.yaml").write_text(yaml.safe_dump({"services": {"base": {"build": ".", **base}}}))
        expected = compose(folder)
        if expected is None:
            return  # Compose refuses it, and is the judge of that
        try:
            ours = services.load(folder / "compose.yaml", VARIABLES)["app"]
        except DevError as error:
            pytest.fail(f"Compose reads it, we do not: {error.message}")
    listed = {key: undollar(value) for key, value in expected.get("environment", {}).items() if value is not None}
    assert dict(ours.environment) == listed
    assert list(ours.command or ()) == (undollar(expected.get("command")) or [])
    assert list(ours.entrypoint or ()) == (undollar(expected.get("entrypoint")) or [])
    assert dict(ours.depends_on) == {k: v["condition"] for k, v in expected.get("depends_on", {}).items()}
    assert sorted(ours.ports) == sorted(int(p["published"]) for p in expected.get("ports", []) if "published" in p)
    assert (list(ours.healthcheck.argv) if ours.healthcheck else None) == check_of(expected)
    assert ours.memory == (int(expected["mem_limit"]) if "mem_limit" in expected else None)


LINES = [
    "A=#secret",
    "A= # all of it",
    "A=# a value # a comment",
    "A=a#b #c",
    "A='#x' # c",
    'A="a #b" # c',
    "export A=it's",
    "A = 1",
    "A: 2",
    "A=$SET$",
    "A='$SET'",
    'A="$$SET \\$SET"',
    "A='l1\nl2'",
    "A=${MISSING:-d e}",
    "A==b=",
    'A={"a": 1}',
    "A=1\r\nB=2\r",
    "\ufeffA=1",
]


def test_env_files_mean_what_they_mean_to_compose(tmp_path: Path) -> None:
    """All lines in one call of Compose, each in a file and a service."""
    found = {f"s{number}": {"image": "x", "env_file": f"{number}.env"} for number in range(len(LINES))}
    (tmp_path / "compose.yaml").write_text(yaml.safe_dump({"services": {"app": {"image": "x"}, **found}}))
    for number, line in enumerate(LINES):
        (tmp_path / f"{number}.env").write_bytes(f"{line}\n".encode())
    expected = compose(tmp_path, every=True)
    assert expected
    ours = services.load(tmp_path / "compose.yaml", VARIABLES)
    for number, line in enumerate(LINES):
        listed = expected[f"s{number}"]["environment"]
        assert dict(ours[f"s{number}"].environment) == {key: undollar(v) for key, v in listed.items()}, line


SEVERAL = """
services:
  app:
    image: x
    env_file: [a.env, b.env, {path: raw.env, format: raw}, {path: /dev/null}, {path: gone.env, required: false}]
    environment: {OWN: own, B: , SET: , C: "", OVER: yaml, BARE: 5}
"""


def test_several_env_files_use_each_other_and_environment_as_in_compose(tmp_path: Path) -> None:
    """A name in `environment` without a value removes the one of a file."""
    (tmp_path / "compose.yaml").write_text(SEVERAL)
    (tmp_path / "a.env").write_text("A=1\nB=2\nC=3\nSET=file\nOVER=file\nBARE\n")
    (tmp_path / "b.env").write_text("B2=${B}\nA2=${A}-${OWN}\nSET2=${SET}\nOVER2=$OVER\nA=${A}4\nA3=$A\n")
    (tmp_path / "raw.env").write_text("RAW=$A\n")
    expected = compose(tmp_path)
    assert expected
    ours = services.load(tmp_path / "compose.yaml", VARIABLES)["app"]
    listed = {name: undollar(value) for name, value in expected["environment"].items() if value is not None}
    assert dict(ours.environment) == listed


COMMANDS = [
    "sh -c \"echo 'a b'; sleep 1 && true\"",
    "a 'b|c' \"d > e\" f\\;g",
    'a "b\\nc\\"d\\\\e" f\\ng',
    "a \"\" '' b'c'\"d\"e",
    "a # b",
    'sh -c "echo $$HOME" $$x',
    "a\nb\tc \\\nd",
    "a *.py ~ b=c",
]
FOR_A_SHELL = [
    "a && b",
    "a; b",
    "a;b",
    "a | b",
    "a > b",
    "a 2>&1",
    "a <b",
    "a &",
    "a http://x?y=1&z=2",
    "a (b)",
    "a `b`",
]


def test_commands_mean_what_they_mean_to_compose(tmp_path: Path) -> None:
    found = {f"s{number}": {"image": "x", "command": line} for number, line in enumerate(COMMANDS)}
    (tmp_path / "compose.yaml").write_text(yaml.safe_dump({"services": {"app": {"image": "x"}, **found}}))
    expected = compose(tmp_path, every=True)
    assert expected
    ours = services.load(tmp_path / "compose.yaml", VARIABLES)
    for number, line in enumerate(COMMANDS):
        assert list(ours[f"s{number}"].command or ()) == undollar(expected[f"s{number}"]["command"]), line


@pytest.mark.parametrize("line", FOR_A_SHELL)
def test_a_command_that_compose_would_cut_is_refused_with_one_that_works(tmp_path: Path, line: str) -> None:
    """Compose runs what is before the operator, and ends with 0."""
    file = tmp_path / "compose.yaml"
    file.write_text(f"services:\n  app: {{image: x}}\n  job: {{image: x, command: {json.dumps(line)}}}\n")
    with pytest.raises(DevError, match=r"^compose\.yaml:3: services\.job\.command: \S+ needs a shell") as refused:
        services.load(file, VARIABLES)
    assert refused.value.code == CONFIG
    file.write_text(f"services:\n  app:\n    image: x\n    {refused.value.hints[0]}\n")
    assert services.load(file, VARIABLES)["app"].command == ("sh", "-c", line)
    read = compose(tmp_path)
    assert read
    assert undollar(read["command"]) == ["sh", "-c", line]


NEEDS = """
services:
  app: {image: x, depends_on: {tool: {condition: service_started, required: REQUIRED}}}
  other: {image: x}
"""
TOOL = "  tool: {image: x, profiles: [tools]}\n"


@pytest.mark.parametrize("tool", ["", TOOL], ids=["missing", "profile"])
@pytest.mark.parametrize("required", ["true", "false"])
def test_a_service_that_needs_one_that_does_not_run_is_refused_as_by_compose(
    tmp_path: Path, tool: str, required: str
) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(NEEDS.replace("REQUIRED", required) + tool)
    if tool and required == "false":
        assert compose(tmp_path)
        assert "app" in services.load(file, VARIABLES)
    else:
        assert compose(tmp_path) is None
        with pytest.raises(DevError, match=r"compose\.yaml:3: app depends on tool, which "):
            services.load(file, VARIABLES)


REFUSED = {
    "a user id that is not text": "user: 1000",
    "a grace period that is not text": "stop_grace_period: 10",
    "a list that is text": "expose: 80",
    "a mapping that is text": "logging: json-file",
    "a name with a space": "environment: ['A = b']",
    "an unknown format": "env_file: [{path: compose.yaml, format: toml}]",
    "a folder": "env_file: [{path: ., required: false}]",
    "a negative number": "healthcheck: {test: x, retries: -1}",
    "an unknown condition": "depends_on: {db: {condition: healthy}}",
    "a circle of two": "depends_on: [back]",
    "a circle of one": "depends_on: [app]",
    "a port that is too high": "ports: ['99999:80']",
    "a range that runs backwards": "ports: ['8001-8000:8001-8000']",
    "ranges of different length": "ports: ['8000-8002:80-81']",
    "a name for an address": "ports: ['localhost:8000:80']",
    "an address without brackets": "ports: ['::1:8000:80']",
    "an unknown key": "comand: x",
    "an unknown key of a healthcheck": "healthcheck: {test: x, tries: 3}",
}
BESIDES = "  db: {image: mariadb:11}\n  back: {build: ., command: y, depends_on: [app]}\n"


@pytest.mark.parametrize("case", REFUSED)
def test_what_compose_refuses_is_refused_without_containers_too(tmp_path: Path, case: str) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(f"services:\n  app:\n    build: .\n    command: x\n    {REFUSED[case]}\n{BESIDES}")
    assert compose(tmp_path) is None
    with pytest.raises(DevError, match=r"^compose\.yaml:[4-7]: ") as refused:
        support.check(services.load(file, VARIABLES))
    assert refused.value.code == CONFIG


KEPT = """
ports: ["127.0.0.1:8000-8001:80-81", "[::1]:8002:82", "8003:83/tcp", 84, "127.0.0.1::85", "127.0.0.1:${MISSING}:86"]
user: "1000"
healthcheck: {test: x, retries: 0, start_interval: 1s, x-note: {a: b}}
logging: {}
init: "true"
x-note: a
expose: [80, "81"]
ulimits: {nofile: {soft: 1, hard: 2}, nproc: 5}
"""


def test_rare_forms_that_compose_takes_are_taken_without_containers_too(tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(
        f"x-top: 1\nservices:\n  app:\n    build: .\n    command: x{textwrap.indent(KEPT, '    ')}{BESIDES}"
    )
    expected = compose(tmp_path)
    assert expected
    found = services.load(file, VARIABLES)
    support.check(found)
    listed = sorted(int(port["published"]) for port in expected["ports"] if "published" in port)
    assert sorted(found["app"].ports) == listed == [8000, 8001, 8002, 8003]


@pytest.mark.parametrize(("entry", "of_docker"), [("8000-8002:80", "a range"), ("8000:80/udp", "another protocol")])
def test_a_port_to_which_nobody_can_connect_by_number_is_not_waited_for(
    tmp_path: Path, entry: str, of_docker: str
) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(f"services: {{app: {{build: ., command: x, ports: ['{entry}']}}}}\n")
    assert services.load(file, VARIABLES)["app"].ports == (), of_docker


def test_services_of_an_included_file_are_refused_not_left_out(tmp_path: Path) -> None:
    """Without containers they did not start, and with them no command of ours saw them."""
    (tmp_path / "compose.yaml").write_text("services: {app: {image: x}}\ninclude: [other.yaml]\n")
    with pytest.raises(DevError, match=r"compose\.yaml:2: include: the services of other files") as refused:
        services.load(tmp_path / "compose.yaml", VARIABLES)
    assert refused.value.code == CONFIG

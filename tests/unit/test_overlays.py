"""A compose file over another one: what is added, merged, replaced and removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from devenv.base.errors import CONFIG, DevError
from devenv.engines.native import support
from devenv.model import compose_file, services
from tests.messages import MUST_BE_MAPPING, MUST_BE_TEXT

BASE = """\
services:
  app:
    build: {context: ., target: dev}
    command: serve --reload
    environment: [A=1, B=2]
    volumes: [".:/app", "data:/data"]
    ports: ["127.0.0.1:8000:8000"]
    depends_on: [db, mail]
    healthcheck: {test: [CMD, "true"], interval: 30s}
    deploy: {resources: {limits: {memory: 512m, cpus: "1"}}}
  db: {image: "postgres:17", profiles: !reset [old]}
  mail: {image: mail}
"""


def laid(tmp_path: Path, over: str, **variables: str) -> dict[str, Any]:
    """What is left of `app` with these lines over it."""
    (tmp_path / "compose.yaml").write_text(BASE)
    lines = "".join(f"    {line}\n" for line in over.splitlines())
    (tmp_path / "over.yaml").write_text(f"services:\n  app:\n{lines}")
    found = compose_file.load(tmp_path / "compose.yaml", variables, tmp_path / "over.yaml")
    services.load(tmp_path / "compose.yaml", variables, tmp_path / "over.yaml")  # whatever is left can be read
    return dict(found["app"].data)


@pytest.mark.parametrize(
    ("over", "key", "left"),
    [
        ("command: serve", "command", "serve"),
        ("command: !reset null", "command", None),
        ("build: {target: prod}", "build", {"context": ".", "target": "prod"}),
        ("build: !override {context: ..}", "build", {"context": ".."}),
        ("build: !override ..", "build", {"context": ".."}),
        ("environment: {B: 3, C: }", "environment", {"A": "1", "B": 3, "C": None}),
        ("environment: [B=3]", "environment", {"A": "1", "B": "3"}),
        ("environment: {B: !reset null}", "environment", {"A": "1"}),
        ("environment: !override [C=4]", "environment", {"C": "4"}),
        ("environment: !override {C: '${V}'}", "environment", {"C": "value"}),
        ("environment: !reset {}", "environment", None),
        ("environment:", "environment", {"A": "1", "B": "2"}),
        ("volumes: !reset []", "volumes", None),
        ("volumes: !override ['x:/x']", "volumes", ["x:/x"]),
        ("volumes: ['x:/x']", "volumes", [".:/app", "data:/data", "x:/x"]),
        ("volumes: ['other:/data:ro']", "volumes", [".:/app", "other:/data:ro"]),
        ("volumes:", "volumes", [".:/app", "data:/data"]),
        ("ports: ['127.0.0.1:8000:8000', '9000:9000']", "ports", ["127.0.0.1:8000:8000", "9000:9000"]),
        ("depends_on: {mail: !reset null}", "depends_on", {"db": {"condition": "service_started"}}),
        ("depends_on: !override [mail]", "depends_on", {"mail": {"condition": "service_started"}}),
        ("healthcheck: {test: !override [CMD, ok]}", "healthcheck", {"test": ["CMD", "ok"], "interval": "30s"}),
        ("healthcheck: {test: [CMD, ok]}", "healthcheck", {"test": ["CMD", "ok"], "interval": "30s"}),
        (
            "deploy: {resources: {limits: {memory: 64m}}}",
            "deploy",
            {"resources": {"limits": {"memory": "64m", "cpus": "1"}}},
        ),
        ("mem_limit: 64m", "mem_limit", "64m"),
    ],
)
def test_one_key(tmp_path: Path, over: str, key: str, left: object) -> None:
    assert laid(tmp_path, over, V="value").get(key) == left


def test_a_tag_in_the_first_file_counts_for_itself(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(BASE)
    assert "db" in services.load(tmp_path / "compose.yaml", {})  # else `profiles` would keep it out


def test_a_service_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(BASE)
    (tmp_path / "over.yaml").write_text("services:\n  app: {}\n  dbb: {image: x}\n")
    with pytest.raises(DevError) as caught:
        compose_file.load(tmp_path / "compose.yaml", {}, tmp_path / "over.yaml")
    assert caught.value.code == CONFIG
    assert caught.value.message == "over.yaml:3: service dbb is not in compose.yaml, over which this file is merged"


@pytest.mark.parametrize(
    ("base", "app", "message"),
    [
        ("base: {command: [09]}", "command: [a]", ""),
        ("base: {command: [09]}", "command:", ""),
        ("base: {command: [09]}", "", f"base.yaml:2: services.base.command.0: {MUST_BE_TEXT}, not 9.0"),
        ("base: {environment: 5}", "environment: {A: b}", "base.yaml:2: services.base.environment: must be a"),
        ("base: {}\n  other: [a]", "", ""),
        ("base: {extends: other}\n  other: {command: [09]}", "command: [a]", ""),
        ("base: {extends: other}\n  other: {command: [09]}", "", "base.yaml:3: services.other.command.0: must be"),
        ("base: [a]", "", f"base.yaml:2: services.base: {MUST_BE_MAPPING}"),
    ],
)
def test_of_a_file_that_is_extended_only_what_counts_is_judged(
    tmp_path: Path, base: str, app: str, message: str
) -> None:
    """As Compose does it: of the file, the service that is extended, without what is replaced."""
    (tmp_path / "base.yaml").write_text(f"services:\n  {base}\n")
    file = tmp_path / "compose.yaml"
    file.write_text(f"services:\n  app:\n    image: y\n    extends: {{file: base.yaml, service: base}}\n    {app}\n")
    if not message:
        assert services.load(file, {})["app"].image == "y"
        return
    with pytest.raises(DevError) as caught:
        services.load(file, {})
    assert caught.value.code == CONFIG
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("services:\n  app: {image: x, depends_on: [mail]}\n", "2: app depends on mail, which is not a service"),
        ("services:\n  app:\n    image: x\n    depends_on:\n      mail: {}\n", "4: app depends on mail"),
        (
            "services:\n  app: {image: x, depends_on: [mail]}\n  mail: {image: y, profiles: [z]}\n",
            "2: app depends on mail, which does not start",
        ),
        ("services: {app: {image: x}}\ninclude: [other.yaml]\n", "2: include: the services of other files"),
    ],
)
def test_services_that_would_not_be_started_are_errors(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "compose.yaml").write_text(text)
    with pytest.raises(DevError) as caught:
        services.load(tmp_path / "compose.yaml", {})
    assert caught.value.code == CONFIG
    assert caught.value.message.startswith(f"compose.yaml:{message}")


def test_a_service_may_do_without_another(tmp_path: Path) -> None:
    needs = "{mail: {condition: service_started, required: false}}"
    (tmp_path / "compose.yaml").write_text(
        f"services:\n  app: {{image: x, depends_on: {needs}}}\n  mail: {{image: y, profiles: [z]}}\n"
    )
    assert list(services.load(tmp_path / "compose.yaml", {})) == ["app"]


def test_the_doctor_lists_the_mounts_that_are_not_there_without_containers(tmp_path: Path) -> None:
    mounts = "['.:/app', './data:/app/data', 'modules:/app/node_modules', 'uploads:/uploads/', /scratch]"
    more = "{type: bind, source: ~/keys, target: /app/keys}"
    text = f"services:\n  app: {{build: ., command: [a], working_dir: /app, volumes: {mounts[:-1]}, {more}]}}\n"
    (tmp_path / "compose.yaml").write_text(text)
    found = services.load(tmp_path / "compose.yaml", {})
    support.check(found)
    assert support.ignored(found["app"]) == [
        "volumes: /app/node_modules is node_modules of the checkout, without modules",
        "volumes: /uploads is the machine's, without uploads",
        "volumes: /scratch is the machine's, without a volume",
        "volumes: /app/keys is keys of the checkout, without ~/keys",
    ]


def test_the_long_form_of_a_mount_is_the_checkout_too(tmp_path: Path) -> None:
    mount = "{type: bind, source: ., target: /app}"
    text = f"services:\n  app: {{build: ., command: [a], working_dir: /app, volumes: [{mount}]}}\n"
    (tmp_path / "compose.yaml").write_text(text)
    found = services.load(tmp_path / "compose.yaml", {})
    support.check(found)
    assert support.ignored(found["app"]) == []

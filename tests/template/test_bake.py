"""What a new service looks like, in each stack."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from .conftest import PROJECT, ROOT, STACKS, Tools, files, tree

TEMPLATE_SOURCE = ROOT / PROJECT


def test_stacks_on_disk_are_the_stacks_that_may_be_chosen() -> None:
    assert sorted(json.loads((ROOT / "cookiecutter.json").read_text())["stack"]) == STACKS


def test_no_trace_of_the_mechanism(service: Path) -> None:
    assert not (service / ".stacks").exists()


def test_it_has_a_readme(service: Path) -> None:
    """Also if it has no code yet."""
    text = (service / "README.md").read_text()
    assert "Owner: this service" in text.splitlines()[0]
    assert "make dev.up" in text
    assert "{{" not in text


def test_tools_are_byte_identical_to_the_template(service: Path) -> None:
    fragments = TEMPLATE_SOURCE / ".stacks/database.postgres/.dev"
    assert tree(service / ".dev") == {**tree(TEMPLATE_SOURCE / ".dev"), **tree(fragments)}


def test_dev_is_small(tools: Tools, template: Path, workdir: Path) -> None:
    """What a service carries is read in every repository."""
    tools.cookiecutter(template, "cache=redis", "database=mysql", cwd=workdir)
    carried = files(workdir / "catalog/.dev")
    assert len(carried) <= 12
    assert sum(len(path.read_text().splitlines()) for path in carried) <= 900
    assert len((workdir / "catalog/.dev/run").read_text().splitlines()) <= 90


def test_the_schema_for_editors_is_the_one_that_the_tools_check_with(service: Path) -> None:
    ours = json.loads((ROOT / "devenv/model/schema.json").read_text())
    assert json.loads((service / ".dev/schema.json").read_text()) == ours


@pytest.mark.parametrize(("database", "cache"), [("none", "none"), ("mysql", "none"), ("postgres", "redis")])
def test_only_the_fragments_that_were_chosen(
    generate: Callable[..., Path], template: Path, database: str, cache: str
) -> None:
    made = generate(template, {"stack": "bare", "database": database, "cache": cache}) / ".dev/compose"
    found = {path.stem for path in made.glob("*")}
    assert found == {database, cache} - {"none"}


@pytest.mark.parametrize("file", sorted(ROOT.glob("examples/**/compose.yaml")), ids=lambda file: file.parent.name)
def test_logs_of_an_example_end_somewhere(file: Path) -> None:
    services = yaml.safe_load(file.read_text())["services"]
    assert {name for name, s in services.items() if "max-size" not in s["logging"]["options"]} == set()


def test_no_jinja_in_the_tools() -> None:
    # Without files that Python compiled next to the sources, which are not part of the template.
    sources = [path for path in files(TEMPLATE_SOURCE / ".dev") if path.suffix != ".pyc"]
    guilty = [path for path in sources if b"cookiecutter." in path.read_bytes()]
    assert guilty == []


def test_service_and_port_reach_all_files(tools: Tools, template: Path, workdir: Path, stack: str) -> None:
    tools.cookiecutter(template, f"stack={stack}", "service=my-lms", "port=20123", cwd=workdir)
    for path in files(workdir / "my-lms"):
        if ".dev" not in path.parts and path.suffix not in (".json", ".lock"):
            assert not re.search(r"\bcatalog\b|18160", path.read_text()), path


def test_door_is_executable(service: Path) -> None:
    assert os.access(service / ".dev/run", os.X_OK)


def test_makefile_ends_with_the_targets(service: Path) -> None:
    assert (service / "Makefile").read_text().splitlines()[-1] == "include .dev/dev.mk"


@pytest.mark.parametrize("program", ["inv", "invoke", "invoke/__main__.py"])
def test_tasks_py_hands_over_to_the_door(service: Path, program: str) -> None:
    assert load_tasks_py(service, program) == "door: dev.up --json -- a b\n"


def test_tasks_py_is_harmless_to_others(service: Path) -> None:
    assert load_tasks_py(service, "pytest") == ""


def load_tasks_py(service: Path, program: str) -> str:
    (service / ".dev/run").write_text('#!/bin/sh\necho "door: $*"\n')
    code = f"import sys; sys.argv = ['{program}', 'dev.up', '--json', '--', 'a b']; import tasks"
    return subprocess.run([sys.executable, "-c", code], cwd=service, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("stack", ["django", "fastapi", "node"])
def test_the_debugger_listens_on_this_machine_alone(generate: Callable[..., Path], template: Path, stack: str) -> None:
    """In containers the port is published on 127.0.0.1; natively ${BIND} is that address."""
    made = generate(template, {"stack": stack})
    app = yaml.safe_load((made / "compose.debug.yaml").read_text())["services"]["app"]
    assert all(port.startswith("127.0.0.1:") for port in app["ports"])
    addresses = re.findall(r"[^\s=]+:\$\{DEBUG_PORT", app["command"])
    assert [address.startswith("${BIND:-") for address in addresses] == [True]

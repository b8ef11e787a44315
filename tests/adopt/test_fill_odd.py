"""Odd names and values of an owner's repository: they add no line to ours, and ours stay YAML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.adopt.fill_readings import DJANGO, found
from tests.adopt.read_trees import reading
from tests.adopt.test_fill_files import fill, services
from tools.adopt.found import Found, Reading

ODD = st.text(max_size=12) | st.sampled_from(
    ["A B: [", "a\nRUN evil", "x\u0085y: [", "\x7f", "postgres:1\ny: [", "# {"]
)


def everywhere(where: str, value: str) -> Reading:
    """A service where every place has this name, and each variable and the database's image this value."""
    assert DJANGO.database
    said = Found(value, where)
    assert DJANGO.commands.serve
    return replace(
        DJANGO,
        service=found("shop", where),
        version=found("3.12", where),
        port=found("8000", where),
        health=found("/health", where),
        commands=replace(DJANGO.commands, serve=found(DJANGO.commands.serve.value, where), seed=said),
        database=replace(DJANGO.database, image=said),
        environment={"PLAIN": said, value: said},
        packages=(found("libpq5", where),),
        notes=(said,),
    )


LINES = len(fill(everywhere("a", "a"))["Dockerfile"].splitlines())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(where=ODD, value=ODD)
def test_what_is_written_is_yaml_for_all_names_and_values(where: str, value: str) -> None:
    text = fill(everywhere(where, value))
    environment = yaml.safe_load(text["compose.yaml"])["services"]["app"]["environment"]
    assert environment["PLAIN"] == value.replace("$", "$$")
    assert yaml.safe_load(text["dev.yaml"])["service"] == "shop"
    assert len(text["Dockerfile"].splitlines()) == LINES


def test_a_files_name_adds_no_line_to_the_dockerfile(tmp_path: Path) -> None:
    tree = {
        "requirements.txt": "flask\n",
        "Dockerfile.a\nRUN evil": "FROM python:3.12\nRUN apt-get install -y gettext\n",
    }
    text = fill(reading(tmp_path, tree))["Dockerfile"]
    assert "# Dockerfile.a?RUN evil:1\nFROM python:3.12 AS base" in text
    assert "\nRUN evil" not in text


def test_keys_that_are_not_variables_are_not_taken(tmp_path: Path) -> None:
    environment = {"GOOD": "1", "A B: [": "2", "C\nD": "3", "1E": "4"}
    app = {"build": ".", "environment": environment}
    compose = yaml.safe_dump({"services": {"web": app}})
    found = reading(tmp_path, {"requirements.txt": "flask\n", "docker-compose.yml": compose})
    assert set(found.environment) == {"GOOD"}
    assert services(found)["app"]["environment"]["GOOD"] == "1"

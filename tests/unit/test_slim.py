"""invoke is imported without what it never uses here, and nobody else goes without that."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

REPO = Path(__file__).resolve().parents[2]
IMPORT = f"import sys; sys.path.insert(0, {str(REPO)!r}); from devenv.base import slim; slim.import_invoke(); "


def python(program: str) -> str:
    """What a fresh Python prints that has imported invoke."""
    argv = [sys.executable, "-I", "-c", IMPORT + program]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def test_what_is_slow_to_import_is_left_out() -> None:
    loaded = python("print(*sys.modules)").split()
    assert "invoke.program" in loaded
    assert {"asyncio", "email", "unittest", "invoke.vendor.yaml.loader"} & set(loaded) == set()


def test_a_services_own_tasks_get_the_real_modules() -> None:
    assert python("from unittest.mock import Mock; print(Mock(return_value=42)())") == "42"
    assert python("from importlib.metadata import version; print(version('invoke'))") != ""


def test_invokes_settings_are_read_as_before() -> None:
    """Its configuration files are YAML."""
    read = "from invoke.util import yaml; print(yaml.safe_load('{run: {echo: true}}'))"
    assert python(read) == "{'run': {'echo': True}}"


@pytest.mark.parametrize("loader", ["SafeLoader", "CSafeLoader"])
def test_patterns_that_wait_decide_as_before(loader: str) -> None:
    text = "[2024-01-01 10:00:00, 2024-01-01, 0x1F, 1.5e+3, 1_000, ~, off, 1.2.3, {<<: {a: 1}, b: 2}]"
    said = python(f"import yaml; print(yaml.load({text!r}, yaml.{loader}))")
    assert said == str(yaml.load(text, getattr(yaml, loader)))


def test_what_yaml_cannot_hold_is_refused_as_before() -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        python(r"import yaml; yaml.safe_load('a: \x07')")
    assert "ReaderError: unacceptable character #x0007" in refused.value.stderr


def test_all_others_have_the_real_patterns() -> None:
    assert python("import re; print(type(re.compile('a')).__name__)") == "Pattern"
    assert python("import base64, re; print(getattr(base64, 're', re) is re)") == "True"


def test_a_command_imports_only_what_it_needs() -> None:
    """Without containers and without MySQL: what is for them, and what looks up names, is imported when it is used."""
    start = f"from devenv.base import launch; from pathlib import Path; launch.ROOT = Path({str(REPO)!r}); "
    loaded = set(
        python(f"{start}from devenv.main import import_tasks; import_tasks(['dev.up']); print(*sys.modules)").split()
    )
    assert {"devenv.tasks.up", "devenv.databases.postgres", "devenv.engines.native.engine"} <= loaded
    assert {"devenv.engines.compose", "devenv.databases.mysql", "encodings.idna"} & loaded == set()


def test_no_pattern_is_compiled_by_an_import() -> None:
    """All of them took a tenth of the time of a command that uses five. `re` keeps what it compiled."""
    compiled = [
        f"{path.relative_to(REPO)}:{each.lineno}"
        for path in sorted((REPO / "devenv").rglob("*.py"))
        if path.name != "bootstrap.py"  # a program by itself, which is started for an installation
        for statement in ast.parse(path.read_text()).body
        if isinstance(statement, (ast.Assign, ast.AnnAssign))
        for each in ast.walk(statement)
        if isinstance(each, ast.Call) and ast.unparse(each.func) == "re.compile"
    ]
    assert compiled == []

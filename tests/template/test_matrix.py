"""Every stack with every combination of answers, checked without starting anything."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from maintain.locks import all_answers
from tests.conftest import need

from .conftest import PROJECT, ROOT, STACKS, files

OWNERS = (
    "Owner: the template. Do not edit: updates replace this file.",
    "Owner: this service. The template wrote it once and leaves it to you.",
    "Owner: shared. Edit freely: updates are merged in (cruft, three-way).",
)
NO_COMMENTS = {".json", ".lock"}  # uv rewrites uv.lock and drops comments
COMBINATIONS = [{"stack": stack, **answers._asdict()} for stack in STACKS for answers in all_answers()]
CHECK = ROOT / "tests" / "contract" / "check.py"
BIN = Path(sys.executable).parent
LOCK_IS_FRESH = {
    "uv.lock": [str(BIN / "uv"), "lock", "--check", "--quiet"],
    "package-lock.json": ["npm", "ci", "--dry-run", "--ignore-scripts", "--silent"],
}
OPEN = {"bare"}  # stacks that the owner completes: they keep nothing of the contract before that


def named(answers: dict[str, str]) -> str:
    return "-".join(answers.values())


@pytest.fixture(params=COMBINATIONS, ids=named)
def answers(request: pytest.FixtureRequest) -> dict[str, str]:
    return dict(request.param)


@pytest.fixture
def service(generate: Callable[[Path, dict[str, str]], Path], template: Path, answers: dict[str, str]) -> Path:
    """A service as cookiecutter makes it; shared, so nobody writes into it."""
    return generate(template, answers)


def test_owner_is_named_in_the_first_lines(service: Path) -> None:
    speechless = [
        str(path.relative_to(service))
        for path in files(service)
        if path.suffix not in NO_COMMENTS and path.name != "VERSION"
        if not any(owner in "".join(path.read_text().splitlines(keepends=True)[:4]) for owner in OWNERS)
    ]
    assert speechless == []


def test_logs_of_containers_end_somewhere(service: Path) -> None:
    """Docker keeps every line by default."""
    services = yaml.safe_load((service / "compose.yaml").read_text())["services"]
    assert {"json-file 5m"} == {
        f"{s['logging']['driver']} {s['logging']['options']['max-size']}" for s in services.values()
    }


def test_no_jinja_is_left(service: Path) -> None:
    unrendered = [
        path
        for path in files(service)
        if path.relative_to(service).parts[0] != ".dev" and path.suffix != ".html"  # Django's own templates
        if re.search(r"\{[{%#]", path.read_text())
    ]
    assert unrendered == []
    assert all("cookiecutter." not in path.read_text() for path in service.rglob("*.html"))


def test_dev_yaml_keeps_its_schema(service: Path) -> None:
    schema = json.loads((service / ".dev/schema.json").read_text())
    jsonschema.validate(yaml.safe_load((service / "dev.yaml").read_text()), schema)


def test_seeds_hide_nothing_but_the_records_of_migrations(service: Path) -> None:
    """Two new databases of a generated service hold the same in each column of its own."""
    volatile = yaml.safe_load((service / "dev.yaml").read_text()).get("volatile", [])
    assert {column.partition(".")[0] for column in volatile} <= {"django_migrations", "knex_migrations"}


def test_dockerfile_is_short(service: Path) -> None:
    assert len((service / "Dockerfile").read_text().splitlines()) <= 60


def test_python_is_clean(service: Path) -> None:
    """As its owner would have it, who has no rules of ours: no name unknown or unused, imports in order, formatted."""
    own = [
        str(path.relative_to(service)) for path in files(service) if path.suffix == ".py" and ".dev" not in path.parts
    ]
    ruff = [str(BIN / "ruff")]
    how: dict[str, Any] = {"cwd": service, "capture_output": True, "text": True}
    isolated = ["--isolated", "--no-cache", "--line-length", "120", "--target-version", "py311"]
    checked = subprocess.run([*ruff, "check", *isolated, "--select", "E,F,I", *own], **how)
    formatted = subprocess.run([*ruff, "format", "--diff", *isolated, *own], **how)
    assert (checked.returncode, formatted.returncode) == (0, 0), checked.stdout + formatted.stdout


def test_locks_hold_what_is_asked_for_and_no_more(service: Path, tmp_path: Path) -> None:
    for name, command in LOCK_IS_FRESH.items():
        if (service / name).exists():
            if name == "package-lock.json":
                need("node")
            copy = shutil.copytree(service, tmp_path / "copy")
            done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
            assert done.returncode == 0, f"{done.stdout}{done.stderr}\nhint: make locks"


@pytest.mark.parametrize(
    "answers", [each for each in COMBINATIONS if each["stack"] not in OPEN], ids=named, indirect=True
)
def test_contract_is_kept_as_far_as_files_say(service: Path) -> None:
    argv = [sys.executable, str(CHECK), str(service), "--static"]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("lock", [path for name in LOCK_IS_FRESH for path in (ROOT / PROJECT / ".stacks").rglob(name)])
def test_lock_file_names_no_private_registry(lock: Path) -> None:
    hosts = set(re.findall(r"https?://([^/\"]+)", re.sub(r'"(url|funding)": .*', "", lock.read_text())))
    assert hosts <= {"pypi.org", "files.pythonhosted.org", "registry.npmjs.org"}

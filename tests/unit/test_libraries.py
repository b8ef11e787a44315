"""What lock files name, what a checkout is, and whether both go together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devenv.base.errors import DevError
from devenv.model import dockerfile, libraries
from devenv.model.libraries import Declared
from devenv.model.services import Build

UV = '[[package]]\nname = "my-lib"\nversion = "1.2.0"\n\n[[package]]\nname = "idna"\nversion = "3.10"\n'


def checkout(root: Path, *needs: str, name: str = "my.lib", folder: str = "") -> libraries.Library:
    (root / "uv.lock").write_text(UV)
    place = root / "checkout" / folder
    place.mkdir(parents=True, exist_ok=True)
    project = f'[project]\nname = "{name}"\nversion = "9"\ndependencies = {json.dumps(needs)}\n'
    (place / "pyproject.toml").write_text(project)
    return libraries.library(root, "my-lib", root / "checkout", Declared(path=folder) if folder else None)


@pytest.mark.parametrize(
    ("need", "wrong"),
    [
        ("idna>=3", ""),
        ("idna>=4", "needs idna>=4, and uv.lock has idna 3.10"),
        ("IDNA[all]<3 ; python_version > '3'", "needs IDNA<3, and uv.lock has idna 3.10"),
        ("idna<3 ; python_version < '3'", ""),
        ("new>=4", ""),
        ("my-lib>=2", ""),  # it is edited itself
        ("not a requirement", ""),  # the installer reports it
    ],
)
def test_a_need_that_contradicts_the_lock_file_names_both_versions(tmp_path: Path, need: str, wrong: str) -> None:
    found = checkout(tmp_path, need)
    if not wrong:
        libraries.check_locked("shop", tmp_path, {"my-lib": found})
        return
    with pytest.raises(DevError, match=wrong) as error:
        libraries.check_locked("shop", tmp_path, {"my-lib": found})
    assert error.value.code == 113
    assert error.value.hints[0].startswith("in shop: inv dev.add '")


def test_the_folder_has_to_be_the_package(tmp_path: Path) -> None:
    libraries.check(checkout(tmp_path))
    libraries.check(checkout(tmp_path, folder="packages/lib"))
    with pytest.raises(DevError, match="other, not my-lib"):
        libraries.check(checkout(tmp_path, name="other"))
    (tmp_path / "checkout/pyproject.toml").unlink()
    with pytest.raises(DevError, match=r"has no pyproject\.toml or setup\.py"):
        libraries.check(libraries.library(tmp_path, "my-lib", tmp_path / "checkout", None))
    libraries.check(libraries.library(tmp_path, "my-lib", tmp_path / "checkout", Declared(install=("make",))))


def test_a_link_needs_node_modules(tmp_path: Path) -> None:
    (tmp_path / "yarn.lock").write_text('# yarn\n\n__metadata:\n  version: 8\n\n"my-lib@npm:^1":\n  version: 1.0.0\n')
    found = libraries.library(tmp_path, "my-lib", tmp_path, None)
    with pytest.raises(DevError, match="shop: my-lib cannot be replaced, since Yarn Plug'n'Play") as error:
        libraries.check_locked("shop", tmp_path, {"my-lib": found})
    assert error.value.code == 111


def test_an_installation_depends_on_the_manifest_and_not_on_the_code(tmp_path: Path) -> None:
    found = checkout(tmp_path)
    before = found.key
    (tmp_path / "checkout/code.py").write_text("edited")
    assert found.key == before
    checkout(tmp_path, "new")
    assert found.key != before


STAGES = "FROM python:3.13 AS deps\nUSER app\nFROM deps AS dev\nRUN true\nFROM deps\nRUN last\n"


@pytest.mark.parametrize(
    ("text", "target", "stage", "user"),
    [
        (STAGES, "dev", "dev", "app"),
        (STAGES, "DEV", "dev", "app"),
        (STAGES, "", "devenv-app", "app"),
        ("FROM python:3.13 \nRUN true\n", "", "devenv-app", ""),
        ("FROM a AS one\nUSER 1\nUSER 2:3\n", "", "one", "2:3"),
    ],
)
def test_a_step_can_follow_the_stage_that_is_built(
    tmp_path: Path, text: str, target: str, stage: str, user: str
) -> None:
    (tmp_path / "Dockerfile").write_text(text)
    build = Build(tmp_path, tmp_path / "Dockerfile", target)
    named, found = dockerfile.named(build)
    assert (found, dockerfile.user(build)) == (stage, user)
    assert named.replace(" AS devenv-app", "") == text
    if stage == "devenv-app":
        assert " AS devenv-app\n" in named[named.rindex("FROM ") :], "the last stage has the name"

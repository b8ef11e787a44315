"""What lock files name, in the forms that their package managers write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devenv.model import lockfiles
from devenv.model.lockfiles import Locked

TOML = '[[package]]\nname = "my-lib"\nversion = "1.2.0"\n\n[[package]]\nname = "idna"\nversion = "3.10"\n'
PIP = "# compiled\nMy_Lib==1.2.0 \\\n    --hash=sha256:00\nidna[all]==3.10 ; python_version > '3'\n-r more.txt\n"
PIPFILE = {
    "_meta": {},
    "default": {"my-lib": {"hashes": [], "version": "==1.2.0"}},
    "develop": {"idna": {"version": "==3.10"}},
}
PYTHON_FILES = {
    "uv.lock": TOML,
    "poetry.lock": TOML,
    "pdm.lock": TOML,
    "pylock.toml": TOML.replace("[[package]]", "[[packages]]"),
    "pylock.prod.toml": TOML.replace("[[package]]", "[[packages]]"),
    "Pipfile.lock": json.dumps(PIPFILE),
    "requirements.txt": PIP,
    "requirements/base.txt": PIP,
    "dev-requirements.txt": PIP,
}


@pytest.mark.parametrize("file", PYTHON_FILES)
def test_python_packages_are_found_by_any_spelling(tmp_path: Path, file: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(PYTHON_FILES[file])
    assert lockfiles.locked(tmp_path)["python"]["my-lib"].version == "1.2.0"
    assert lockfiles.locked(tmp_path)["python"]["idna"] == Locked("idna", "3.10", file)
    for name in ("my-lib", "My_Lib", "my.lib"):
        assert lockfiles.language_of(tmp_path, name) == "python"
    assert lockfiles.language_of(tmp_path, "mylib") == ""
    assert lockfiles.language_of(tmp_path, "more") == ""


def test_a_version_that_is_computed_is_not_pinned(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text(
        '[[package]]\nname = "my-lib"\nsource = { git = "https://git.example.org/lib" }\n'
    )
    assert lockfiles.locked(tmp_path)["python"]["my-lib"] == Locked("my-lib", "", "uv.lock")


def test_a_pin_counts_more_than_a_name(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("idna==3.10\n")
    (tmp_path / "dev-requirements.txt").write_text("idna\n")
    assert lockfiles.locked(tmp_path)["python"]["idna"] == Locked("idna", "3.10", "requirements.txt")


def test_requirements_do_not_count_next_to_a_lock_file(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text(TOML)
    (tmp_path / "requirements.txt").write_text("left-over==1\n")
    assert lockfiles.language_of(tmp_path, "left-over") == ""


NPM = {"": {"name": "app"}, "node_modules/@scope/lib": {"version": "2.0.0"}, "node_modules/a/node_modules/b": {}}
PNPM = """\
lockfileVersion: '9.0'

settings:
  autoInstallPeers: true

importers:

  .:
    dependencies:
      '@scope/lib':
        specifier: ^2.0.0
        version: 2.0.0(react@19.0.0)

  packages/other:
    dependencies:
      b:
        specifier: ^1.0.0
        version: 1.0.0

packages:

  c@1.0.0:
    resolution: {integrity: sha512-00}
"""
PNPM_6 = """\
lockfileVersion: '6.0'

dependencies:
  '@scope/lib':
    specifier: ^2.0.0
    version: 2.0.0

packages:

  /c@1.0.0:
    resolution: {integrity: sha512-00}
"""
YARN_CLASSIC = """\
# yarn lockfile v1


"@scope/lib@^2.0.0", "@scope/lib@~2.0":
  version "2.0.0"
  resolved "https://registry.example.org/lib.tgz#00"
  dependencies:
    b "^1.0.0"
"""
YARN = """\
# Manual changes might be lost - proceed with caution!

__metadata:
  version: 8
  cacheKey: 10c0

"@scope/lib@npm:^2.0.0, @scope/lib@npm:~2.0":
  version: 2.0.0
  resolution: "@scope/lib@npm:2.0.0"
  dependencies:
    b: "npm:^1.0.0"
"""
NODE_FILES = {
    "package-lock.json": json.dumps({"packages": NPM}),
    "npm-shrinkwrap.json": json.dumps({"packages": NPM}),
    "package-lock.json of npm 6": json.dumps({"dependencies": {"@scope/lib": {"version": "2.0.0"}}}),
    "pnpm-lock.yaml": PNPM,
    "pnpm-lock.yaml of pnpm 8": PNPM_6,
    "pnpm-lock.yaml of pnpm 7": PNPM_6.replace("\n    specifier: ^2.0.0\n    version:", ""),
    "yarn.lock of Yarn 1": YARN_CLASSIC,
    "yarn.lock": YARN,
}


@pytest.mark.parametrize("file", NODE_FILES)
def test_node_packages_are_those_that_the_service_itself_can_import(tmp_path: Path, file: str) -> None:
    name = file.partition(" ")[0]
    (tmp_path / name).write_text(NODE_FILES[file])
    assert lockfiles.locked(tmp_path)["node"] == {"@scope/lib": Locked("@scope/lib", "2.0.0", name)}
    assert lockfiles.language_of(tmp_path, "@scope/lib") == "node"


@pytest.mark.parametrize(
    ("text", "settings", "is_so"),
    [
        (YARN, "", True),
        (YARN, "nodeLinker: pnp\n", True),
        (YARN, 'nodeLinker: "node-modules"\n', False),
        (YARN_CLASSIC, "", False),
        ("", "", False),
    ],
)
def test_yarn_without_node_modules(tmp_path: Path, text: str, settings: str, is_so: bool) -> None:
    (tmp_path / "yarn.lock").write_text(text)
    (tmp_path / ".yarnrc.yml").write_text(settings)
    assert lockfiles.is_plug_and_play(tmp_path) == is_so


@pytest.mark.parametrize("text", ["", "[", '{"packages": 7}', '{"packages": {"node_modules/a": 1}}', "[1]"])
def test_a_damaged_lock_file_is_no_traceback(tmp_path: Path, text: str) -> None:
    for each in lockfiles.FORMATS:
        (tmp_path / each.pattern.replace("*", "")).parent.mkdir(exist_ok=True)
        (tmp_path / each.pattern.replace("*", "")).write_text(text)
    lockfiles.locked(tmp_path)

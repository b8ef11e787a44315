"""Repositories that break readers: none makes this one raise, hang, leave the folder or run anything."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.adopt.read_trees import facts, notes, reading, write
from tools.adopt.found import Found, Reading
from tools.adopt.read.repository import read

BROKEN = {
    "pyproject.toml": b"[project\nname = \xff\xfe",
    "package.json": "{'not': json",
    "setup.py": "print 'Python 2'\nsetup(name=",
    "setup.cfg": "no section\n[a\n",
    "requirements.txt": b"\x00\xff\xfe\n-r requirements.txt\n-r ../../../etc/passwd\n\xc3\x28==1\n",
    "docker-compose.yml": "services: [\n",
    "compose.yaml": "services:\n  - a\n  - b: {c: [}\n",
    "Dockerfile": "FROM\nENV\nCMD [\nRUN apt-get install \\\n",
    "Procfile": "web:\nweb: '\n",
    ".env.example": "=\nA\n B = 'unclosed\n",
    ".python-version": "system\n",
    ".nvmrc": "",
    "alembic.ini": "[alembic]\nscript_location = %(nothing)s\n",
    "Makefile": "\t\n:\n",
    "app.py": "def broken(:\n  os.environ[",
    "prisma/schema.prisma": "env(",
}


def test_nothing_at_all(tmp_path: Path) -> None:
    root = tmp_path / "Ünï 9 folder"
    root.mkdir()
    assert read(root, []) == Reading(Found("n-9-folder", "the folder's name"))


def test_every_file_is_broken(tmp_path: Path) -> None:
    found = reading(tmp_path, BROKEN)
    assert found.database is None
    assert found.application is None


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[]", b"null", b"- - -", b"a: &a [*a]", b"[" * 2000])
def test_any_content_in_any_file(tmp_path: Path, name: str, content: bytes) -> None:
    assert isinstance(reading(tmp_path, {name: content}), Reading)


@pytest.mark.parametrize(
    "compose",
    [
        "services: {web: null, api: text, app: [1], worker: {build: 1, command: 3, ports: x, environment: 4}}",
        "services: &a {web: *a}",
        "services: {web: {build: ., environment: [1, {a: b}], ports: [{target: [1]}, 1, null], depends_on: 5}}",
        "services: {web: {build: ., ports: !reset [], command: !override {a: b}, healthcheck: {test: [CMD]}}}",
        "services: {? [a, b] : {build: .}, 1: {build: .}}",
        "? {a: b}\n: c\n",
    ],
)
def test_compose_files_of_any_shape(tmp_path: Path, compose: str) -> None:
    assert isinstance(reading(tmp_path, {"package.json": "{}", "compose.yaml": compose}), Reading)


@pytest.mark.parametrize(
    "manifest",
    [
        "project = 1",
        "[project]\nname = 1\ndependencies = 'a'\nscripts = [1]",
        "[project]\ndependencies = [1, '', '!!']\n[project.optional-dependencies]\na = 1",
        "[tool]\npoetry = []\nuv = 'x'",
        "[tool.poetry]\ndependencies = ['a']\n[tool.poetry.group]\na = 1",
        "[dependency-groups]\na = [{include-group = 'b'}]",
    ],
)
def test_pyprojects_of_any_shape(tmp_path: Path, manifest: str) -> None:
    assert isinstance(reading(tmp_path, {"pyproject.toml": manifest, "uv.lock": "package = 3"}), Reading)


@pytest.mark.parametrize(
    "manifest",
    [
        "[]",
        '{"scripts": [], "dependencies": "x", "engines": 3, "bin": [1], "main": {}, "prisma": 1}',
        '{"scripts": {"start": 1}}',
    ],
)
def test_package_json_of_any_shape(tmp_path: Path, manifest: str) -> None:
    assert isinstance(reading(tmp_path, {"package.json": manifest}), Reading)


def test_windows_line_ends_and_a_byte_order_mark_change_no_line_number(tmp_path: Path) -> None:
    tree = {
        "requirements.txt": b"\xef\xbb\xbfDjango==5.2\r\npsycopg\r\n",
        "manage.py": b"import sys\r\nexecute_from_command_line(sys.argv)\r\n",
        ".env.example": b"SECRET_KEY=x\r\nPORT=8001\r\n",
    }
    found = facts(reading(tmp_path, tree))
    assert found["application.framework"] == ("django", "requirements.txt:1")
    assert found["application.manage"] == ("python manage.py", "manage.py:2")
    assert found["environment.SECRET_KEY"] == ("x", ".env.example:1")
    assert found["port"] == ("8001", ".env.example:2")


def test_links_are_followed_within_the_folder_only(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("TOKEN=of-somebody\n")
    root = tmp_path / "repo"
    names = write(root, {"requirements.txt": "flask\n", "config/example": "MODE=local\n"})
    (root / ".env.example").symlink_to("config/example")
    (root / ".env").symlink_to(secret)
    (root / ".env.sample").symlink_to("/proc/self/environ")
    (root / "package.json").symlink_to("package.json")
    (root / "Makefile").symlink_to("nowhere")
    (root / "Procfile").symlink_to("config")
    found = read(root, [*names, ".env.example", ".env", ".env.sample", "package.json", "Makefile", "Procfile"])
    assert {name: each.where for name, each in found.environment.items()} == {"MODE": ".env.example:1"}


def test_names_that_are_not_files_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'outside'\n")
    root = tmp_path / "in"
    root.mkdir()
    os.mkfifo(root / "Procfile")
    (root / "Dockerfile").mkdir()
    names = ["../pyproject.toml", "/etc/passwd", "a\0b", "gone/package.json", "Procfile", "Dockerfile", "\udcff.py", ""]
    assert read(root, names).service == Found("in", "the folder's name")


def test_spaces_and_unicode_in_names(tmp_path: Path) -> None:
    tree = {
        "requirements.txt": "flask\n",
        "ein Ordner/größe.py": "x = os.environ['DATABASE_URL']\n@app.route('/health')\n",
    }
    found = facts(reading(tmp_path, tree))
    assert found["health"] == ("/health", "ein Ordner/größe.py:2")


def test_huge_files_and_bundles_are_not_read(tmp_path: Path) -> None:
    line = "process.env.DATABASE_URL;"
    tree = {
        "package.json": '{"dependencies": {"express": "4", "pg": "8"}}',
        "dist/bundle.js": line * 2000,
        "big.js": (line + "\n") * 50_000,
        "node_modules/pg/index.js": line,
    }
    assert "database.variables.url" not in facts(reading(tmp_path, tree))


@pytest.mark.slow
def test_ten_thousand_files_take_seconds(tmp_path: Path) -> None:
    tree = {f"pkg{i % 100}/module{i}.py": "import os\nVALUE = 1\n" * 20 for i in range(10_000)}
    names = write(tmp_path, {"requirements.txt": "django\n", **tree})
    start = time.process_time()
    read(tmp_path, names)
    assert time.process_time() - start < 30


@pytest.mark.parametrize(
    "text",
    [
        "os.environ[" * 3000,
        "env(" + "(" * 5000,
        "path(" * 4000,
        "process.env." * 4000,
        "{" + "A," * 4000,
        "gunicorn " * 4000,
        "a" * 400_000,
    ],
)
def test_no_text_takes_long(tmp_path: Path, text: str) -> None:
    wrapped = "\n".join(text[i : i + 300] for i in range(0, len(text), 300))
    tree = {
        "requirements.txt": "flask\n",
        "package.json": "{}",
        "urls.py": wrapped,
        "settings.py": wrapped,
        "config.js": wrapped,
    }
    start = time.process_time()
    reading(tmp_path, {**tree, "Dockerfile": "CMD " + wrapped, "Makefile": wrapped, ".env.example": wrapped})
    assert time.process_time() - start < 10


def test_a_service_in_a_subfolder_is_pointed_at(tmp_path: Path) -> None:
    found = reading(tmp_path, {"services/cart/package.json": "{}", "README.md": "x"})
    assert found.language is None
    assert notes(found) == ["services/cart/package.json: perhaps the service is in services/cart/"]


def test_the_same_twice(tmp_path: Path) -> None:
    names = write(
        tmp_path, {"requirements.txt": "flask\n", "a.py": "os.environ['X']\n", "Procfile": "web: flask run\n"}
    )
    assert read(tmp_path, names) == read(tmp_path, list(reversed(names)))

"""`make retrofit.results`: a row says what the retrofit read, left open and needed; other rows stay."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from maintain.retrofit import __main__ as results
from maintain.retrofit.trial import WIDTH, App, Row, filled, home, replaced, short, trial
from tests.conftest import REPO, until
from tests.gitrepo import commit, git

CODE = "from flask import Flask\nimport os\napp = Flask(__name__)\nKEY = os.environ['API_KEY']\n"
# Its command writes down that it began, and that it was asked to end.
WAITS = "trap 'echo ended >> told; exit' INT; echo began > told; while :; do sleep 0.1; done"
ENDLESS = """\
import pathlib, sys
from maintain import signals
from maintain.retrofit import trial
signals.clean_up_at_sigterm()
trial.command(["bash", "-c", sys.argv[1]], pathlib.Path(sys.argv[2]), 600, pathlib.Path("log"))
"""


@pytest.fixture
def source(tmp_path: Path) -> tuple[str, str]:
    """A repository with a Flask application, as URL and commit."""
    path = tmp_path / "source"
    path.mkdir()
    (path / "requirements.txt").write_text("flask\n")
    (path / "app.py").write_text(CODE)
    git(path, "init", "--quiet")
    return str(path), commit(path, "first")


def app(source: tuple[str, str], **more: object) -> App:
    url, at = source
    return App(name="shop", version=at, source="git", url=url, **more)  # type: ignore[arg-type]


def test_a_row_has_what_was_read_and_filled_in(source: tuple[str, str], tmp_path: Path) -> None:
    fills = {"# API_KEY: development-only": "API_KEY: abc"}
    row = trial(app(source, found={"framework": "flask"}, fills=fills), tmp_path / "work", [])
    assert (row.read, row.edits, row.why) == ("right", "1", "")
    assert int(row.points) >= 1
    assert "API_KEY: abc" in (tmp_path / "work/shop/shop/compose.yaml").read_text()
    assert git(tmp_path / "work/shop/shop", "status", "--porcelain") == ""
    wrong = trial(app(source, found={"framework": "django"}), tmp_path / "work", [])
    assert wrong.read == "wrong: framework flask"


def test_an_edit_that_no_point_asked_for_is_counted_apart(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "compose.yaml").write_text("a: 1\n# FILL IN: what\n# b: 2\n# c: 3\nd: 4\n")
    commit(tmp_path, "first")
    report = "Found\n\nTo fill in\n  compose.yaml:2: what\n      b: 2\n\nNext\n"
    row = Row("shop", "1", "")
    filled(App("shop", "1", fills={"# c: 3": "c: 3", "d: 4": "d: 5", "e": "f"}), tmp_path, row, report)
    assert (row.points, row.edits, row.why) == ("1", "1 + 1 elsewhere", "no such line: e")


def test_an_edit_of_their_file_that_a_point_names_is_asked_for(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "settings.py").write_text("HOSTS = ['a']\n")
    (tmp_path / "compose.yaml").write_text("# FILL IN: what\n# in settings.py: HOSTS = [...]\n")
    commit(tmp_path, "first")
    report = "Found\n\nTo fill in\n  compose.yaml:1: what\n      in settings.py: HOSTS = [...]\n\nNext\n"
    row = Row("shop", "1", "")
    filled(App("shop", "1", fills={"HOSTS = ['a']": "HOSTS = ['*']"}), tmp_path, row, report)
    assert (row.points, row.edits, row.why) == ("1", "1", "")
    assert (tmp_path / "settings.py").read_text() == "HOSTS = ['*']\n"


def test_a_file_that_a_point_asks_for_is_committed_and_counts_as_an_edit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("*.key\n")
    (tmp_path / "compose.yaml").write_text("# FILL IN: what\n# a key\n")
    commit(tmp_path, "first")
    report = "Found\n\nTo fill in\n  compose.yaml:1: what\n      a key\n\nNext\n"
    row = Row("shop", "1", "")
    filled(App("shop", "1", files={"dev.key": "abc"}), tmp_path, row, report)
    assert (row.edits, git(tmp_path, "show", "HEAD:dev.key")) == ("1", "abc")


def test_an_image_that_is_taken_instead_is_named_in_the_row(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "Dockerfile").write_text("FROM python:3.12-slim AS base\nFROM base AS deps\n")
    (tmp_path / "compose.yaml").write_text("  db:\n    image: postgres:14 # here\n")
    commit(tmp_path, "first")
    row = Row("shop", "1", "")
    instead = {"python:3.12-slim": "python:3.13-slim", "python:3.1": "x", "postgres:14": "postgres:17"}
    replaced(tmp_path, row, instead)
    one = "compose: python:3.13-slim instead of python:3.12-slim"
    assert row.why == f"{one}; compose: postgres:17 instead of postgres:14"
    assert (tmp_path / "compose.yaml").read_text() == "  db:\n    image: postgres:17 # here\n"
    assert (tmp_path / "Dockerfile").read_text() == "FROM python:3.13-slim AS base\nFROM base AS deps\n"
    assert git(tmp_path, "status", "--porcelain") == ""


def test_an_error_fits_into_its_cell_and_names_no_folder_of_the_machine(tmp_path: Path) -> None:
    assert short(f"FileNotFoundError: '{tmp_path}/logs/info.log'", tmp_path) == "FileNotFoundError: 'logs/info.log'"
    assert short(f"no {Path.home()}/shop.py", tmp_path) == "no ~/shop.py"
    assert short("word " * 500, tmp_path) == "word " * (WIDTH // 5) + "…"


def test_each_trial_has_an_empty_home_and_the_caches_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    env = home(tmp_path / "home")
    assert (env["HOME"], env["XDG_CACHE_HOME"]) == (str(tmp_path / "home"), "/caches")
    assert list((tmp_path / "home").iterdir()) == []


def test_a_source_that_is_another_file_is_a_row_too(tmp_path: Path) -> None:
    row = trial(App(name="shop", version="0" * 40, source="git", url=str(tmp_path / "none")), tmp_path / "work", [])
    assert row.read == "no source"
    assert row.why


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_that_runs_ends_with_us(tmp_path: Path, number: signal.Signals) -> None:
    told = tmp_path / "told"
    ours = subprocess.Popen([sys.executable, "-c", ENDLESS, WAITS, str(tmp_path)], cwd=REPO, stderr=subprocess.DEVNULL)
    assert until(lambda: told.exists() and told.read_text())
    ours.send_signal(number)
    assert ours.wait(60) != 0
    assert told.read_text() == "began\nended\n"


def test_rows_of_other_applications_stay(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"Before.\n{results.MARKS[0]}\n{results.MARKS[1]}\nAfter.\n")
    rows = {name: results.cells(Row(name, "1", "a | b", why="x\ny")) for name in ("one", "two")}
    results.write(page, rows, ["two", "one"])
    known = results.rows_of(page)
    assert known == rows
    results.write(page, {**known, "one": results.cells(Row("one", "2", ""))}, ["two", "one"])
    text = page.read_text()
    assert text.startswith("Before.\n")
    assert text.endswith("\nAfter.\n")
    assert results.rows_of(page)["one"][1] == "2"
    assert text.index("| two ") < text.index("| one ")
    assert len(results.read(results.LIST)) >= 20


def test_what_is_known_of_the_other_engine_stays() -> None:
    old = results.cells(Row("one", "1", "", native="no", tests="green", why="native: a; b; compose: c"))
    new = results.cells(Row("one", "1", "", compose="up", page="/ 200", why="compose: d"))
    kept = Row("one", "1", "", native="no", compose="up", page="/ 200", tests="green", why="compose: d; native: a")
    assert results.kept(new, old, {"native"}) == results.cells(kept)
    assert results.kept(new, results.cells(Row("one", "2", "", native="no")), {"native"}) == new
    assert results.kept(new, [], {"native"}) == new


def test_reasons_of_both_engines_fit_into_the_cell() -> None:
    short = ["compose: a instead of b", "native: error[112]: x"]
    assert results.fitted(short) == "; ".join(short)
    long = [f"compose: {'a' * 60} instead of b", f"compose: {'word ' * 30}", f"native: {'word ' * 30}"]
    assert len(results.fitted(long)) <= results.CELL
    assert results.fitted(long).count(" …") == 2
    assert results.fitted(long).startswith("compose: word")

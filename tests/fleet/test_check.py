"""The real command on repositories of every kind: each has a row, and none is changed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.conftest import DAYS, Checked, Checkout, Make, contents
from tests.gitrepo import commit, git
from tests.messages import KNOWN_FROM_BEFORE, NO_FOLDER, TOOK_LONGER

REPO = Path(__file__).resolve().parents[2]
OPEN_PORT = {"compose.yaml": ('"127.0.0.1:', '"')}
EDITED = {"Dockerfile": ("\n", "\n# edited\n")}
DEVIATION = 'deviations:\n  - {id: CMP-1, reason: "see #1", date: 2026-11-24}\n'


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def fleet(make: Make, checkout: Checkout, tmp_path: Path) -> Path:
    """The list: one repository of each kind."""
    make("clean")
    make("open", OPEN_PORT)
    make("old", at="0.1.0")
    make("foreign", at="f" * 40)
    make("early", {"dev.yaml": ('contract: "1.5"', 'contract: "1.0"')}, at="0.1.0")
    make("yaml", {"dev.yaml": ("service:", "service: [")})
    make("by-url", at="0.2.0")
    admits = make("admits", OPEN_PORT)
    (admits / "contract.xfail.yaml").write_text(DEVIATION)
    commit(admits, "admitted")
    dirty = make("dirty")
    (dirty / "compose.yaml").write_text("services: [\n")
    repos = tmp_path / "repos"
    (repos / "plain").mkdir()
    for name in ("empty", "bare-of-ours"):
        (repos / name).mkdir()
        git(repos / name, "init", "--quiet", "--initial-branch=main")
    (repos / "bare-of-ours" / "README.md").write_text("nothing of ours\n")
    commit(repos / "bare-of-ours", "first")
    names = [*(folder.name for folder in repos.iterdir() if folder.name != "by-url"), "missing"]
    names += ["~nosuchuser/x", "a\0b"]
    urls = [f"file://{repos}/by-url", f"file://{repos}/nowhere"]
    path = repos / "fleet.txt"
    path.write_text("\n".join(["# all of ours", "", *names, *urls, ""]))
    return path


STATES = {
    "clean": "fine", "admits": "fine", "dirty": "fine", "by-url": "fine",
    "open": "broken", "old": "behind", "foreign": "release unknown", "early": "not judged",
    "yaml": "error", "plain": "error", "empty": "error", "bare-of-ours": "error", "missing": "error",
    "nowhere": "error", "x": "error", "a\0b": "error",
}  # fmt: skip


def test_each_has_a_row_and_none_is_changed(checkout: Checkout, fleet: Path, state: Path, tmp_path: Path) -> None:
    repos, page = fleet.parent, tmp_path / "fleet.html"
    before = contents(repos)
    found = checkout.check(fleet, "--json", "--state", str(state), "--html", str(page))
    assert found.code == 1, found.err
    assert contents(repos) == before

    rows = found.repos
    assert {name.rpartition("/")[2]: row["state"] for name, row in rows.items()} == STATES
    assert list(rows)[-4:] == sorted(list(rows)[-4:]), "the worst are first, those alike by name"
    assert "<b>catalog</b>" in page.read_text()
    assert f"{len(rows)}/{len(rows)} " in found.err
    assert rows["clean"]["commit"] == git(repos / "clean", "rev-parse", "HEAD")
    judged(rows)
    placed(rows)
    explained(rows)


def judged(rows: dict[str, Any]) -> None:
    """What the suite said of them."""
    assert [must["id"] for must in rows["open"]["broken"]] == ["CMP-1"]
    assert rows["open"]["broken"][0]["fix"]
    clean = rows["clean"]
    assert (clean["contract"], clean["level"], clean["service"]) == ("1.5", "full", "catalog")
    assert "CMD-2" in clean["unjudged"]
    assert "CMP-1" not in clean["unjudged"]
    assert clean["conflicts"] is None
    assert rows["admits"]["deviations"] == {"CMP-1": "see #1 (since 2026-11-24)"}


def placed(rows: dict[str, Any]) -> None:
    """Where they stand among the releases."""
    standing = {name: (row["release"], row["behind"], row["days_behind"]) for name, row in rows.items()}
    assert standing["old"] == ("0.1.0", ["0.2.0"], DAYS)
    assert standing["clean"] == ("0.2.0+1", [], None)
    assert standing["foreign"] == ("unknown commit fffffff", None, None)


def explained(rows: dict[str, Any]) -> None:
    """Each error says why the facts are missing."""
    assert "contract 1.0 has no numbered MUSTs" in rows["early"]["note"]
    errors = {name: row["error"] for name, row in rows.items()}
    assert errors["yaml"].startswith("dev.yaml:")
    assert "not a git repository" in errors["plain"]
    assert errors["empty"] == "it has no commit"
    assert errors["bare-of-ours"].startswith("dev.yaml: No such file")
    assert errors["missing"] == NO_FOLDER
    assert errors["~nosuchuser/x"].startswith("not a path: ")
    assert errors["a\0b"].startswith("not a path: ")


def test_invalid_text_is_in_the_table_and_on_the_page(
    checkout: Checkout, make: Make, state: Path, tmp_path: Path
) -> None:
    """JSON can say half of a surrogate pair; and a terminal may know few letters."""
    repo, page = make("one"), tmp_path / "fleet.html"
    linked(repo, template="\ud800", commit="--output=x")
    (repo.parent / "fleet.txt").write_text("one\nünï\n", encoding="utf-8")
    ascii_only = {**checkout.env, "PYTHONIOENCODING": "ascii:strict"}
    argv = checkout.argv(repo.parent / "fleet.txt", "--state", str(state), "--html", str(page))
    done = subprocess.run(argv, cwd=checkout.folder, env=ascii_only, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "2 repositories: 1 error, 1 broken; newest release 0.2.0" in done.stdout
    assert "?n?" in done.stdout
    assert '<span title="?">unknown commit ?</span>' in page.read_text(encoding="utf-8")
    assert not list(tmp_path.rglob("x"))


def linked(repo: Path, **said: object) -> None:
    """Committed: another template or commit in .cruft.json."""
    path = repo / ".cruft.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **said}))
    commit(repo, "linked otherwise")


def test_a_page_that_cannot_be_written_costs_no_table(checkout: Checkout, make: Make, state: Path) -> None:
    fleet = make("one").parent / "fleet.txt"
    fleet.write_text("one\n")
    found: Checked = checkout.check(fleet, "--state", str(state), "--html", "/dev/full")
    assert found.out.endswith("1 repository: 1 fine; newest release 0.2.0\n")
    assert (found.code, "error[2]: the page cannot be written: " in found.err) == (2, True), found.err


def test_what_is_kept_is_asked_for_again_when_it_moved(checkout: Checkout, make: Make, state: Path) -> None:
    first, second = make("first"), make("second")
    fleet = first.parent / "fleet.txt"
    fleet.write_text(f"first\nfile://{second}\n")
    flags = ("--state", str(state))
    assert checkout.check(fleet, *flags).code == 0
    again = checkout.check(fleet, *flags)
    assert (again.code, again.err.count(KNOWN_FROM_BEFORE)) == (0, 2)
    (first / "compose.yaml").write_text((first / "compose.yaml").read_text().replace('"127.0.0.1:', '"'))
    commit(first, "opened")
    moved = checkout.check(fleet, *flags)
    assert (moved.code, moved.err.count(KNOWN_FROM_BEFORE)) == (1, 1)
    assert checkout.check(fleet, "--fresh", *flags).err.count(KNOWN_FROM_BEFORE) == 0
    commit(checkout.folder, "another template")
    assert checkout.check(fleet, *flags).err.count(KNOWN_FROM_BEFORE) == 0


def test_the_conflicts_to_expect(checkout: Checkout, make: Make, state: Path) -> None:
    edited, _ = make("edited", EDITED, at="0.1.0"), make("other", at="0.1.0")
    before = contents(edited.parent)
    fleet = checkout.folder.parent / "fleet.txt"
    fleet.write_text("repos/edited\nrepos/other\n")
    found = checkout.check(fleet, "--try", "--json", "--state", str(state))
    assert (found.code, contents(edited.parent)) == (1, before)
    conflicts = {name: row["conflicts"] for name, row in found.repos.items()}
    why = "changed here and in the template, in the same lines"
    assert conflicts == {"repos/edited": [f"Dockerfile: {why}"], "repos/other": []}


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("OSError('no disk')", "no disk"),
        ("__import__('tools').adopt.errors.Refusal(111, 'no disk')", "no disk"),
        ("NotImplementedError()", "NotImplementedError"),
    ],
)
def test_an_update_that_cannot_be_tried(checkout: Checkout, make: Make, state: Path, error: str, shown: str) -> None:
    fleet = make("old", at="0.1.0").parent / "fleet.txt"
    fleet.write_text("old\n")
    trap = f"import tools.adopt.errors\n\n\ndef conflicts(path, template, version):\n    raise {error}\n"
    (checkout.folder / "tools/adopt/check.py").write_text(trap)
    (row,) = checkout.check(fleet, "--try", "--json", "--state", str(state)).repos.values()
    assert row["error"] == f"the update could not be tried: {shown}"


def test_a_suite_that_breaks_on_one_repository(checkout: Checkout, make: Make, state: Path) -> None:
    """A test that raises something else than an assertion, for a repository that has a certain file."""
    make("good")
    trap = make("trap")
    (trap / "trap").touch()
    commit(trap, "trap")
    path = checkout.folder / "tests/contract/test_tpl.py"
    trapped = "    if (repository.path / 'trap').exists():\n        raise TypeError('trapped')\n    path = repository"
    path.write_text(path.read_text().replace("    path = repository", trapped, 1))
    fleet = trap.parent / "fleet.txt"
    fleet.write_text("good\ntrap\n")
    found = checkout.check(fleet, "--json", "--state", str(state)).repos
    assert found["good"]["state"] == "fine"
    assert found["trap"]["error"].startswith("the suite itself failed: ")
    assert "TypeError" in found["trap"]["error"]


def test_a_service_below_the_top_a_worktree_and_a_bare_repository(checkout: Checkout, make: Make, state: Path) -> None:
    single = make("single")
    repos = single.parent
    (repos / "mono").mkdir()
    shutil.copytree(single, repos / "mono/services/catalog", ignore=shutil.ignore_patterns(".git"))
    git(repos / "mono", "init", "--quiet", "--initial-branch=main")
    commit(repos / "mono", "first")
    git(single, "worktree", "add", "--quiet", str(repos / "tree"))
    git(repos, "clone", "--quiet", "--bare", "single", "bare.git")
    git(repos, "clone", "--quiet", "--depth", "1", f"file://{single}", "shallow")
    fleet = repos / "fleet.txt"
    names = ["mono/services/catalog", "tree", "bare.git", "shallow"]
    fleet.write_text("\n".join(names))
    before = contents(repos)
    found = checkout.check(fleet, "--json", "--state", str(state))
    assert {name: row["state"] for name, row in found.repos.items()} == dict.fromkeys(names, "fine"), found.out
    assert contents(repos) == before


def test_a_limit_for_each(checkout: Checkout, make: Make, state: Path) -> None:
    fleet = make("slow").parent / "fleet.txt"
    fleet.write_text("slow\n")
    found = checkout.check(fleet, "--json", "--limit", "0.001", "--state", str(state))
    assert found.repos["slow"]["error"] == f"{TOOK_LONGER} 0.001 s"
    assert checkout.check(fleet, "--state", str(state)).code == 0, "that is not kept"


@pytest.mark.parametrize(
    "words",
    [
        ["/nonexistent"],
        [],
        ["LIST", "--jobs", "0"],
        ["LIST", "--html", "/proc/nowhere/x.html"],
        ["LIST", "--html", "/"],
        ["LIST", "--no"],
    ],
)
def test_usage(checkout: Checkout, tmp_path: Path, words: list[str]) -> None:
    path = tmp_path / "fleet.txt"
    path.write_text("repos/none\n")
    argv = [*checkout.argv(path)[:2], *(str(path) if word == "LIST" else word for word in words)]
    done = subprocess.run(argv, cwd=checkout.folder, env=checkout.env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("error[2]: ") == 1
    assert "hint: " in done.stderr


def test_through_the_task_and_from_stdin(make: Make, state: Path) -> None:
    """From the checkout that holds this test; at which release a repository is, that depends on it."""
    repo = make("one")
    (repo.parent / "fleet.txt").write_text("one\n")
    task = ["inv", f"--search-root={REPO}", "fleet.check"]
    words = ["fleet.txt", "--json", f"--state={state}", "--html=fleet.html"]
    done = subprocess.run([*task, *words], cwd=repo.parent, capture_output=True, text=True, check=False)
    (row,) = json.loads(done.stdout)["repos"]
    assert (row["error"], row["broken"]) == ("", []), done.stderr
    assert (repo.parent / "fleet.html").is_file()
    piped = ["make", "-s", "-C", str(REPO), "fleet.check", f"ARGS=- --json --state {state}"]
    done = subprocess.run(piped, input=f"{repo}\n", capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["repos"][0]["broken"] == []
    assert KNOWN_FROM_BEFORE in done.stderr

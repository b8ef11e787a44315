"""From every release to what is in the work tree: untouched services, and those with edits of the usual kind."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.conftest import BIN, REPO, run_quietly
from tools.adopt import change, origin, releases
from tools.adopt.render import render
from tools.adopt.repository import find
from tools.adopt.update import update

from .conftest import NEXT, Service, commit, git, tree

OUT = [release.version for release in releases.parse((REPO / "releases.txt").read_text())]
STACKS = {"0.1.0": ("django", "bare")}  # later ones have all four
CASES = [(version, stack) for version in OUT for stack in STACKS.get(version, ("django", "fastapi", "node", "bare"))]
OWNED = ("dev.yaml", "compose.yaml")
README = "README.md"  # the stack bare had none up to 0.6.0
SELDOM = [pytest.mark.slow]  # from a release before the last: `make release` runs all


@pytest.fixture(params=[pytest.param(c, id="-".join(c), marks=SELDOM if c[0] != OUT[-1] else []) for c in CASES])
def old(request: pytest.FixtureRequest, service: Service) -> Path:
    version, stack = request.param
    return service(version, stack=stack)


def test_untouched_becomes_what_the_release_would_make(old: Path, history: Path) -> None:
    """But for the files that are the service's own."""
    before = tree(old)
    known = origin.read(find(old))
    assert update(old, history) == f"devenv-template-{NEXT}"
    after = tree(old)
    fresh = render(history, releases.named(history, NEXT).commit, known.answers).files
    own = origin.owned(find(old), known, {**fresh, **before})
    assert {name: after[name] for name in fresh if name not in own} == {
        name: entry for name, entry in fresh.items() if name not in own
    }
    assert {name: after.get(name) for name in before if name in own} == {
        name: entry for name, entry in before.items() if name in own
    }
    assert after[".dev/VERSION"].content.decode() == f"{NEXT}\n"
    assert git(old, "status", "--porcelain") == ""
    git(old, "switch", "--quiet", "main")
    git(old, "merge", "--quiet", f"devenv-template-{NEXT}")
    assert update(old, history) == ""


def test_plain_cruft_ends_in_the_same_shape(old: Path, history: Path) -> None:
    """Without our own command: git merges what it can, and the tools of earlier releases are gone."""
    for name in (*OWNED, README):
        with (old / name).open("a") as page:
            page.write("# ours\n")
    commit(old, "the owner's edits")
    known, wanted = origin.read(find(old)), releases.named(history, NEXT).commit
    git(old, "config", "user.name", "Test")
    git(old, "config", "user.email", "test@example.org")
    run_quietly(BIN / "cruft", "update", "--skip-apply-ask", "--checkout", wanted, cwd=old)
    fresh = render(history, wanted, known.answers).files
    launcher = {name for name in fresh if name.startswith(".dev/")}
    after = {str(path.relative_to(old)) for path in (old / ".dev").rglob("*") if path.is_file()}
    assert after == launcher
    assert git(old, "ls-files", "--unmerged") == ""
    assert json.loads((old / ".cruft.json").read_text())["commit"] == wanted
    for name in OWNED:
        assert (old / name).read_text().endswith("# ours\n"), f"the edit of {name} is lost"
    if known.answers["stack"] == "bare":
        assert (old / README).read_text() == "# ours\n", "the README of a new service is not for this one"


def test_an_edited_file_of_the_old_tools_is_a_conflict_that_names_it(old: Path, history: Path) -> None:
    edited = old / ".dev/devenv/main.py"
    if not edited.exists():
        pytest.skip("this release has its tools elsewhere")
    edited.write_text(edited.read_text() + "# ours\n")
    commit(old, "an edit in the tools")
    assert [found.name for found in change.compute(find(old), history).conflicts] == [".dev/devenv/main.py"]


def test_a_fragment_that_is_extended_stays(old: Path, history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Services up to 0.4.0 had all fragments, and may use another one than their answers say."""
    if not (old / ".dev/compose/redis.yaml").exists():
        pytest.skip("this service has only the fragments of its answers")
    text = "\\g<0>\n  store:\n    extends: {file: .dev/compose/redis.yaml, service: redis}\n    image: valkey/valkey:8"
    replace(old / "compose.yaml", r"^services:$", text)
    commit(old, "a store")
    assert update(old, history)
    assert (old / ".dev/compose/redis.yaml").exists()
    assert not (old / ".dev/compose/mysql.yaml").exists()
    assert ".dev/compose/redis.yaml: compose.yaml extends it" in capsys.readouterr().err


def replace(path: Path, pattern: str, text: str) -> str:
    """Edit a file; the text that has to be in it afterwards."""
    new, count = re.subn(pattern, text, path.read_text(), count=1, flags=re.MULTILINE)
    assert count, f"{pattern} is not in {path}"
    path.write_text(new)
    return text.replace("\\g<0>", "").strip("\n")


def worker(repo: Path) -> tuple[str, str]:
    text = "\\g<0>\n  mailer:\n    image: example/mailer:1"
    return "compose.yaml", replace(repo / "compose.yaml", r"^services:$", text)


def variable(repo: Path) -> tuple[str, str]:
    return "compose.yaml", replace(repo / "compose.yaml", r"^      PUBLIC_URL: .*$", "\\g<0>\n      FEATURE: on")


def port(repo: Path) -> tuple[str, str]:
    return "dev.yaml", replace(repo / "dev.yaml", r"^port: \d+", "port: 18999")


def healthcheck(repo: Path) -> tuple[str, str]:
    return "compose.yaml", replace(repo / "compose.yaml", r"^      retries: 3$", "      retries: 7")


def dependency(repo: Path) -> tuple[str, str]:
    if (repo / "package.json").exists():
        return "package.json", replace(repo / "package.json", r'^  "dependencies": \{$', '\\g<0>\n    "ms": "2.1.3",')
    if (repo / "pyproject.toml").exists():
        return "pyproject.toml", replace(repo / "pyproject.toml", r"^dependencies = \[$", '\\g<0>\n  "six==1.17.0",')
    (repo / "requirements.txt").write_text("six==1.17.0\n")
    return "requirements.txt", "six==1.17.0"


def image_step(repo: Path) -> tuple[str, str]:
    text = "# Fonts for our invoices.\nRUN apt-get update && apt-get install -y fonts-dejavu\n"
    return "Dockerfile", replace(repo / "Dockerfile", r"^WORKDIR /app$", "\\g<0>\n" + text)


def left_out(repo: Path) -> tuple[str, str]:
    with (repo / ".dockerignore").open("a") as page:
        page.write("uploads\n")
    return ".dockerignore", "uploads"


def readme(repo: Path) -> tuple[str, str]:
    with (repo / README).open("a") as page:
        page.write("Ours.\n")
    return README, "Ours."


EDITS = [worker, variable, port, healthcheck, dependency, image_step, left_out, readme]


def test_edits_of_the_usual_kind_are_kept(old: Path, history: Path) -> None:
    kept = [edit(old) for edit in EDITS]
    commit(old, "edits")
    found = change.compute(find(old), history)
    assert found.conflicts == ()
    assert update(old, history)
    for name, text in kept:
        assert text in (old / name).read_text(), name
    assert (old / ".dev/VERSION").read_text() == f"{NEXT}\n"

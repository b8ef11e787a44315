"""Two commands that change data at the same moment: one waits for the other, and no row is lost, whichever is first."""

from __future__ import annotations

import itertools

import pytest

from tests.verbs.fixtures import NATIVE_FIRST
from tests.verbs.repo import Repo

from .branched import Data

VERBS: dict[str, tuple[str, ...]] = {
    "up": ("dev.up",),
    "reset": ("dev.reset",),
    "restore": ("dev.restore", "kept"),
    "snapshot": ("dev.snapshot", "again", "--replace"),
    "migrate": ("dev.migrate",),
    "seed": ("dev.seed",),
    "prune": ("dev.state", "prune", "--yes"),
    "down": ("dev.down",),
}
PAIRS = list(itertools.combinations_with_replacement(VERBS, 2))
# In every run; all of them take some minutes.
OFTEN = [pair for pair in PAIRS if "reset" in pair and {"up", "restore", "down"} & {*pair}] + [("snapshot", "prune")]
ROUNDS = [pytest.param("native", id="native"), pytest.param("compose", marks=pytest.mark.engine)]

pytestmark = pytest.mark.timeout(3600)


def enter(data: Data, code: str) -> None:
    data.rows(f"INSERT INTO courses_course (code, title) VALUES ('{code}', 'By hand')")


def everywhere(data: Data) -> set[str]:
    """The rows by hand in the live data and in every state that has any, each brought back by its name."""
    found = data.courses()
    kinds = ("previous", "snapshot", "aside")  # the first of them is another one after a restore
    for state in sorted(data.states(), key=lambda state: state["kind"] != "previous"):
        if state["kind"] in kinds:
            data.repo.ok("dev.restore", state["id"], "--force")
            found |= data.courses()
    return {code for code in found if code.startswith("hand")}


def at_once(repo: Repo, first: str, second: str) -> None:
    started = [repo.start(*VERBS[name]) for name in (first, second)]
    said = [process.communicate(timeout=300) for process in started]
    for process, (out, err) in zip(started, said):
        assert process.returncode == 0, f"{first} and {second}: {out}{err}"
    assert sum("waiting: " in err for _, err in said) <= 1


@pytest.mark.parametrize("engine", ROUNDS, indirect=True)
@pytest.mark.parametrize(
    "pairs", [pytest.param(OFTEN, id="some"), pytest.param(PAIRS, id="all", marks=pytest.mark.slow)]
)
def test_two_at_once(data: Data, pairs: list[tuple[str, str]]) -> None:
    repo = data.repo
    enter(data, "hand-kept")
    repo.ok("dev.snapshot", "kept")
    for number, pair in enumerate(pairs):
        row = f"hand-{number}"
        enter(data, row)
        at_once(repo, *pair)
        repo.ok("dev.up")
        found, replaced = data.courses(), [name for name in pair if name in ("reset", "restore")]
        if replaced and row not in found:
            repo.ok("dev.restore", "previous")
            found = data.courses()
        # After two that replace the data, `previous` is what was live in between them.
        assert row in found or len(replaced) == 2, f"{pair}: {found}"
        assert {state["name"] for state in data.states()} >= {"kept", "default", "schema"}, pair
    assert repo.ok("dev.up").commands == []
    repo.ok("dev.restore", "kept")
    assert data.courses() == {"astronomy", "hand-kept", "statistics", "welding"}


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
@pytest.mark.parametrize(
    "other",
    [
        pytest.param(name, marks=[] if name == "reset" else pytest.mark.slow)
        for name in VERBS
        if name not in ("up", "restore")
    ],
)
def test_a_switch_of_branches_and_another_command_at_once(data: Data, other: str) -> None:
    """The name of the live database changes under the second one, where the server cannot rename."""
    enter(data, "hand-main")
    data.on("other")
    at_once(data.repo, "up", other)
    data.on("main")
    data.repo.ok("dev.up")
    assert "hand-main" in everywhere(data)

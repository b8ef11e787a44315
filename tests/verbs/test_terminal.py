"""The verbs at a terminal of 80 columns, and for programs: --json and --events."""

from __future__ import annotations

import json
import re

import pytest

from tests.messages import NEXT, WHOLE_OUTPUT
from tests.screen import Screen
from tests.verbs.repo import Repo

NATIVE_ONLY = pytest.mark.parametrize("engine", ["native"], indirect=True)


def typed(repo: Repo, *words: str, columns: int = 80) -> Screen:
    """A verb at a terminal, at its end."""
    screen = Screen(repo.argv(*words), repo.path, repo.env, columns, 60)
    assert screen.end() == 0, screen.text
    return screen


def test_one_screen_says_what_happened_and_what_to_do_next(built_repo: Repo) -> None:
    built_repo.ok("dev.plan")  # the first command on a machine says that it fetches the tools
    lines = typed(built_repo, "dev.up").lines
    assert len(lines) <= 40, "one screen"
    assert lines[0].startswith(f"{built_repo.token} · workspace main · ")
    steps = [line for line in lines if line.startswith("✓ ")]
    names = ["build app", "start db", "migrate", "seed", "start app"]
    assert [line[2 : len(name) + 2] for line, name in zip(steps, names)] == names
    assert len(steps) == len(names)
    assert all(re.search(r" \d+\.\d s$", line) and len(line) == 79 for line in steps)
    assert len([line for line in lines if line.startswith("$ ")]) >= len(names), "the engine's commands, a line each"
    end = lines[lines.index(steps[-1]) + 1 :]
    url = built_repo.status()["url"]
    assert re.fullmatch(rf"{built_repo.token} is up: \d+\.\d s, memory \d+ MB of 512 MB", end[0])
    assert end[1] == url
    assert end[2].startswith("login admin: ")
    assert f"{url}/admin/" in end[2]
    assert end[-1] == NEXT
    log = (built_repo.path / ".dev/local/logs/dev.up.log").read_text()
    assert "Applying courses.0001_initial... OK" in log
    assert "will build app" in log

    again = typed(built_repo, "dev.up").lines
    assert again[1] == "nothing to do: all is healthy, migrated and seeded"
    assert not [line for line in again if line.startswith(("✓", "$"))]

    table = typed(built_repo, "dev.status").lines
    assert table[1].split()[:3] == ["SERVICE", "STATE", "MEMORY"]
    assert all(len(line) <= 80 for line in table)
    assert any(line.endswith(url) for line in table[2:4]), "next to the service, or below it"
    plan = typed(built_repo, "dev.plan", columns=40).lines
    assert all(len(line) <= 40 for line in plan)
    assert any(url in line for line in plan)


def test_every_verb_ends_with_what_happened_and_how_to_undo_it(running: Repo) -> None:
    ends = {
        ("dev.migrate",): "the schema is up to date; to go back to fresh data: inv dev.reset",
        ("dev.seed",): "the rows of scenario default are there; to undo: inv dev.reset",
        ("dev.reset",): "the data is fresh; the rows until now are kept: inv dev.restore previous",
        ("dev.snapshot", "one"): "the data is kept as one; to bring it back: inv dev.restore one",
        ("dev.restore", "one"): "the data of one is live; the rows until now are kept: inv dev.restore previous",
        ("dev.state", "prune", "--name", "one", "--yes"): "the live data is as it was: inv dev.state list",
        ("dev.down",): "is stopped, and its data is kept; to start it again: inv dev.up",
    }
    for words, sentence in ends.items():
        assert sentence in running.ok(*words).stderr.splitlines()[-1], words


def test_json_says_which_steps_there_were(running: Repo) -> None:
    running.ok("dev.down")
    answer = running.ok("dev.up", "--json").json()
    assert [step.partition(" (")[0] for step in answer["steps"]] == [
        " ".join([step["name"], step["service"]]) for step in answer["timeline"]
    ]
    assert all(step["result"] == "done" and step["seconds"] > 0 for step in answer["timeline"])
    answer = running.ok("dev.reset", "--json").json()
    assert answer["service"] == running.token
    assert answer["result"].endswith("inv dev.restore previous")
    assert answer["seconds"] >= sum(step["seconds"] for step in answer["timeline"])
    assert running.ok("dev.seed", "--json").json()["outputs"]["courses"] == 3
    assert running.ok("dev.seed").json()["courses"] == 3, "without --json the scenario's own object, as before"


def test_json_of_a_failure_has_code_hints_and_the_last_lines(running: Repo) -> None:
    models = running.path / "courses/migrations/0003_broken.py"
    models.write_text("print('a line of the migration')\nraise RuntimeError('no luck')\n")
    try:
        done = running.run("dev.up", "--json")
    finally:
        models.unlink()
        running.ok("dev.up")
    assert done.error.startswith("error[112]: "), done
    answer = done.json()
    assert answer["error"]["code"] == done.code == 112
    assert answer["error"]["hints"] == done.hints
    assert "RuntimeError: no luck" in answer["error"]["log"]
    assert answer["timeline"][-1]["result"] == "failed"


def test_events_are_one_line_of_json_each(running: Repo) -> None:
    running.ok("dev.down")
    found = [json.loads(line) for line in running.ok("dev.up", "--events").stdout.splitlines()]
    assert found == sorted(found, key=lambda event: event["time"])
    kinds = [event["kind"] for event in found]
    assert {"note", "planned", "step-began", "command", "step-ended", "result", "answer"} <= {*kinds}
    [url] = [event["text"] for event in found if event["kind"] == "answer"]
    assert url == running.status()["url"]
    open_steps: set[int] = set()
    for event in found:
        if event["kind"] == "step-began":
            open_steps.add(event["step"])
        elif event["kind"] == "step-ended":
            open_steps.remove(event["step"])
        elif event.get("step"):
            assert event["step"] in open_steps
    assert open_steps == set()


@NATIVE_ONLY
def test_a_failure_at_a_terminal(running: Repo) -> None:
    models = running.path / "courses/migrations/0003_broken.py"
    models.write_text("raise RuntimeError('no luck')\n")
    try:
        screen = Screen(running.argv("dev.up"), running.path, running.env, 80, 60)
        assert screen.end() == 112
    finally:
        models.unlink()
        running.ok("dev.up")
    assert re.search(r"^✗ migrate  failed +\d+\.\d s$", screen.text, re.M)
    assert "    RuntimeError: no luck" in screen.lines
    assert f"  {WHOLE_OUTPUT} .dev/local/logs/dev.up.log" in screen.lines
    assert sum(line.startswith("error[112]: ") for line in screen.lines) == 1


@NATIVE_ONLY
def test_prune_asks_without_the_lock_and_removes_what_it_showed(running: Repo) -> None:
    running.ok("dev.snapshot", "shown", "--replace")
    built = states_of(running).count("default")
    screen = Screen(
        running.argv("dev.state", "prune", "--name", "shown", "--name", "default"), running.path, running.env
    )
    assert screen.shows("Remove 2 stored states, ", "[y/N]"), screen.text
    running.ok("dev.snapshot", "meanwhile", "--replace")  # it would wait for the lock
    running.ok("dev.state", "prune", "--name", "shown", "--yes")
    screen.press("y\n")
    assert screen.end() == 0, screen.text
    assert "removed 1 stored state, " in screen.text
    names = states_of(running)
    assert "meanwhile" in names
    assert "shown" not in names
    assert names.count("default") == built - 1


def states_of(repo: Repo) -> list[str]:
    return [row["name"] for row in repo.ok("dev.state", "list", "--json").json()]

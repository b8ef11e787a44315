"""Verbs that only look: status, plan, doctor."""

from __future__ import annotations

import json
import re
from pathlib import Path

from devenv.tasks.common import CHANGES
from devenv.tasks.lifecycle import PLANNED
from maintain.visitor import Visitor
from tests.messages import DID_YOU_MEAN, NOTHING_TO_DO
from tests.verbs.fixtures import MakeRepo
from tests.verbs.repo import Repo


def test_status_says_what_runs_where_and_who_can_log_in(running: Repo) -> None:
    running.ok("dev.reset")  # other tests seed more
    text = running.ok("dev.status").stdout
    assert text.startswith(f"{running.token} · workspace main · ")
    assert re.search(rf"^{running.token} +healthy +\d+ MB of 512 MB +{running.status()['url']}$", text, re.M)
    assert "app " in text
    assert "db " in text
    for name in ("admin", "teacher", "learner"):
        assert re.search(rf"^login {name}: +{name} / {name} +http://", text, re.M)
    assert "scenario default: courses=3, enrolments=5, learners=4, users=3" in text


def test_status_in_json(running: Repo, engine: str) -> None:
    running.ok("dev.reset")
    status = running.status()
    assert (status["service"], status["workspace"], status["engine"]) == (running.token, "main", engine)
    assert (status["healthy"], status["checkout"]) == (True, str(running.path))
    assert {s["name"]: s["healthy"] for s in status["services"]} == {"app": True, "db": True}
    assert status["memory"] == sum(s["memory"] for s in status["services"])
    assert status["outputs"]["default"] == {"users": 3, "courses": 3, "learners": 4, "enrolments": 5}
    assert [(login["username"], login["url"].removeprefix(status["url"])) for login in status["logins"]] == [
        ("admin", "/admin/"),
        ("teacher", "/admin/"),
        ("learner", "/login/"),
    ]


def test_users_in_the_status_can_log_in(running: Repo) -> None:
    running.ok("dev.reset")
    status = running.status()
    for login in status["logins"]:
        visitor = Visitor()
        visitor.submit(visitor.open(login["url"]), username=login["username"], password=login["password"])
        assert f"Logged in as {login['username']}" in visitor.open(status["url"]).text


def test_status_of_what_never_ran(repo: Repo) -> None:
    status = repo.status()
    assert status["healthy"] is False
    assert [s["memory"] for s in status["services"]] == [None, None]


def stored(repo: Repo) -> list[tuple[str, str]]:
    return [(row["id"], row["kind"]) for row in repo.ok("dev.state", "list", "--json").json()]


def test_plan_of_another_verb_changes_nothing(running: Repo) -> None:
    running.ok("dev.reset")
    before = stored(running)
    text = running.ok("dev.plan", "reset")
    assert "  use a copy of default (the data until now is kept as previous)" in text.stdout
    assert text.commands == []
    plan = running.ok("dev.plan", "restore", "previous", "--json").json()
    assert (plan["service"], plan["verb"], len(plan["steps"])) == (running.token, "restore", 1)
    assert running.ok("dev.plan", "seed", "big-tenant").stdout.count("seed big-tenant") == 1
    assert running.ok("dev.plan", "snapshot", "kept").stdout.endswith("  copy the live data as kept\n")
    assert running.ok("dev.plan", "migrate").stdout.count("migrate (none of its files changed") == 1
    assert running.ok("dev.plan", "up").stdout == running.ok("dev.plan").stdout
    assert DID_YOU_MEAN in running.fails(2, "dev.plan", "rest").stderr
    assert running.fails(2, "dev.plan", "restore").hints == ["inv dev.plan restore NAME"]
    running.fails(2, "dev.plan", "restore", "nothing")
    assert stored(running) == before


def test_plan_knows_each_verb_that_changes_data() -> None:
    others = {"dev.schema", "dev.lock", "dev.edit", "dev.use", "dev.restart", "dev.add"}  # they change no data
    verbs = {f"dev.{verb}" for verb in PLANNED if verb != "prune"} | {"dev.state"}
    assert verbs == {verb for verb in CHANGES if verb.startswith("dev.")} - others


def test_plan_of_a_file_and_of_prune_is_what_they_do(running: Repo, tmp_path: Path) -> None:
    file = str(tmp_path / "kept.tar.gz")
    running.ok("dev.snapshot", "kept", "--replace", "--export", file)
    before = stored(running)
    assert f"  load {file} (the data until now is kept as previous)" in running.ok("dev.plan", "restore", file).stdout
    assert running.fails(2, "dev.plan", "restore", f"{file}x.gz").hints == ["inv dev.state list"]
    Path(f"{file}.cut").write_bytes(Path(file).read_bytes()[:100])
    running.fails(111, "dev.plan", "restore", f"{file}.cut")
    listed = running.ok("dev.state", "list", "--json").json()
    # A test before this one may have made it a git repository; states know their branch from then on.
    steps = [
        f"remove {row['kind']} {row['name']}" + (f" (of {row['branch']})" if row["branch"] else "")
        for row in listed
        if row["kind"] not in ("live", "unknown")
    ]
    assert running.ok("dev.plan", "prune", "kept").stdout.splitlines()[-1].strip() in steps
    assert sorted(running.ok("dev.plan", "prune", "--all", "--json").json()["steps"]) == sorted(steps)
    assert stored(running) == before
    running.ok("dev.state", "prune", "--all", "--yes")
    assert running.ok("dev.plan", "prune", "--all", "--json").json()["steps"] == []


def test_plan_of_the_ends(running: Repo) -> None:
    assert running.ok("dev.plan", "down").stdout.endswith(f"  stop {running.token} (its data is kept)\n")
    assert running.ok("dev.plan", "destroy").stdout.endswith(f"  remove {running.token} (with all its data)\n")
    assert running.steps() == []


def test_plan_of_a_running_service_is_empty(running: Repo) -> None:
    text = running.ok("dev.plan")
    assert NOTHING_TO_DO in text.stdout
    assert text.commands == []
    plan = running.ok("dev.plan", "--json").json()
    assert plan["steps"] == []
    assert plan["memory"] == sum(s["memory"] for s in plan["services"]) <= plan["budget"]
    assert plan["machine_memory"] > plan["budget"]


def test_plan_of_a_new_service_names_all_steps_and_does_none(repo: Repo) -> None:
    assert repo.steps() == ["build app", "start db", "migrate", "seed", "start app"]
    assert [s["state"] for s in repo.status()["services"]] == ["not created", "not created"]


def test_doctor_finds_nothing_wrong(running: Repo) -> None:
    text = running.ok("dev.doctor").stdout
    assert "WRONG" not in text
    findings = running.ok("dev.doctor", "--json").json()
    assert all(finding["ok"] for finding in findings)
    assert [finding["code"] for finding in findings] == re.findall(r"^D\d\d", text, re.MULTILINE)


def test_doctor_lists_what_a_bare_service_has_to_fill_in(make_repo: MakeRepo) -> None:
    bare = make_repo("bare")
    done = bare.run("dev.doctor", "--json")
    (left,) = [finding for finding in json.loads(done.stdout) if finding["code"] == "D19"]
    first, *places = left["what"].splitlines()
    assert (done.code, left["ok"], first) == (1, False, f"{len(places)} places are left to fill in:")
    for place in places:
        name, line, what = place.split(":", 2)
        text = (bare.path / name).read_text().splitlines()[int(line) - 1]
        assert text.strip() == f"# FILL IN:{what}"
    marked = sum(path.read_text().count("# FILL IN:") for path in bare.path.iterdir() if path.is_file())
    assert len(places) == marked > 10
    printed = bare.run("dev.doctor").stdout
    assert "WRONG" in printed
    assert all(place[:40] in printed for place in places)


def test_doctor_finds_a_broken_file_and_says_how_to_fix_it(repo: Repo) -> None:
    repo.edit("dev.yaml", "service:", "sevrice:")
    done = repo.run("dev.doctor", "--json")
    assert done.code == 1
    (wrong,) = [finding for finding in json.loads(done.stdout) if not finding["ok"]]
    assert "dev.yaml:" in wrong["what"]
    assert f"{DID_YOU_MEAN} service?" in wrong["fix"]
    assert done.error.startswith("error[1]: found 1")
    repo.edit("dev.yaml", "sevrice:", "service:")

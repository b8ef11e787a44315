"""What an edit leads to: a reload, a build, or nothing."""

from __future__ import annotations

import os
import shutil
import time

import pytest

from tests.verbs.fixtures import COMPOSE
from tests.verbs.repo import Repo

STRANGER = 12345


def eventually(repo: Repo, text: str, deadline: float = 60) -> None:
    """Ask for the home page until it shows the text."""
    end = time.monotonic() + deadline
    page = ""
    while text not in page:
        assert time.monotonic() < end, f"no {text!r} after {deadline} s in {page}"
        try:
            page = repo.fetch("/")[1]
        except OSError:  # the server starts again
            continue


def test_an_edit_is_live(up_repo: Repo) -> None:
    up_repo.edit("courses/templates/courses/index.html", "<h1>Courses</h1>", "<h1>Edited page</h1>")
    eventually(up_repo, "Edited page")
    up_repo.edit("courses/views.py", '"courses": courses()}', '"courses": []}')
    eventually(up_repo, "None yet.")
    assert up_repo.ok("dev.up").commands == [], "a change of the source needs no step"


@pytest.mark.slow
def test_an_edit_is_live_in_a_checkout_that_was_recreated_at_its_path(up_repo: Repo) -> None:
    copy = shutil.copytree(up_repo.path, up_repo.path.with_name("copy"), symlinks=True)
    shutil.rmtree(up_repo.path)
    copy.rename(up_repo.path)
    up_repo.ok("dev.up")
    up_repo.edit("courses/views.py", '"courses": courses()}', '"courses": []}')
    eventually(up_repo, "None yet.")
    assert up_repo.ok("dev.up").commands == []


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
def test_dockerfile_and_lock_file_are_reasons_to_build(running: Repo) -> None:
    dockerfile, lock = ((running.path / name).read_text() for name in ("Dockerfile", "uv.lock"))
    running.append("uv.lock", "# changed\n")
    assert running.steps() == ["build app", "migrate", "start app"]
    (running.path / "uv.lock").write_text(lock)
    running.append("Dockerfile", "# changed\n")
    up = running.ok("dev.up", "--json")
    assert [step.partition(" (")[0] for step in up.json()["steps"]] == ["build app", "start app"]
    assert running.ok("dev.up").commands == []
    (running.path / "Dockerfile").write_text(dockerfile)


def test_a_changed_setting_is_a_reason_to_start_again(running: Repo) -> None:
    compose = (running.path / "compose.yaml").read_text()
    running.edit("compose.yaml", "SECRET_KEY: development-only", "SECRET_KEY: another")
    assert running.steps() == ["start app db"]
    running.ok("dev.up")
    assert running.ok("dev.run", "--", "printenv", "SECRET_KEY").stdout == "another\n"
    (running.path / "compose.yaml").write_text(compose)


@pytest.mark.parametrize("engine", COMPOSE, indirect=True)
def test_files_made_inside_belong_to_the_owner_of_the_checkout(repo: Repo) -> None:
    owner = STRANGER if os.getuid() == 0 else os.getuid()
    # All but .dev, whose files are linked with those of other tests; the tasks never write as the owner there.
    for path in [repo.path, *(p for p in repo.path.rglob("*") if ".dev" not in p.parts)]:
        os.chown(path, owner, -1)
    repo.ok("dev.up")
    repo.ok("dev.run", "--", "python", "manage.py", "makemigrations", "--empty", "courses", "--name", "made_inside")
    assert (repo.path / "courses/migrations/0003_made_inside.py").stat().st_uid == owner
    foreign = [p for p in repo.path.rglob("*") if ".dev" not in p.parts and p.stat().st_uid != owner]
    assert foreign == []

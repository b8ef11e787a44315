"""CMD: commands."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import contract
from conformance.door import Done
from conformance.plugin import Subject
from conformance.sandbox import Sandbox
from conformance.tables import changes
from conftest import Seen, page, url_of

# Arguments that make or a shell may change: quotes, blanks, dollars, patterns, an empty argument.
NASTY = ("two  words", "it's", '"quoted"', "$HOME", "$$", "*", "a\\b", "#x", "", "-n", "`id`", "a;b")

ELSEWHERE = "contract-canary.invalid"  # no machine has this name
REFUSED = (400, 403, 421)


@pytest.mark.contract("CMD-1")
def test_make_has_the_core_commands(subject: Subject, dev: dict[str, Any]) -> None:
    """Add the target to the Makefile. If a command makes no sense for the service, let it do nothing and end
    with 0.
    """
    assert_targets(subject, [name for name, level in known(subject).items() if level == "core"])


@pytest.mark.contract("CMD-8")
def test_make_has_all_commands(subject: Subject, dev: dict[str, Any]) -> None:
    """Add the target to the Makefile."""
    optional = () if dev.get("requires") else ("dev.lock", "dev.edit", "dev.use")
    assert_targets(subject, [name for name in known(subject) if name not in optional])


def known(subject: Subject) -> dict[str, str]:
    return contract.commands(contract.PAGE.read_text(encoding="utf-8"), subject.keeps)


def assert_targets(subject: Subject, names: list[str]) -> None:
    missing = [name for name in names if name not in subject.repository.targets]
    assert not missing, f"the Makefile has no target {', '.join(missing)}"


@pytest.mark.contract("CMD-2")
def test_after_dev_up_the_service_answers(sandbox: Sandbox, first_up: Done) -> None:
    """Let dev.up wait until the app is healthy. Let the healthcheck request a page that people use."""
    assert first_up.ok, str(first_up)
    url = url_of(first_up) or f"http://127.0.0.1:{sandbox.env['DEV_PORT']}"
    status = page(url)
    assert status, f"no answer at {url}"
    assert status < 500, f"{url} answered with status {status}"


@pytest.mark.contract("CMD-3")
def test_dev_up_leaves_what_is_up_as_it_is(up: Seen, again: Seen, volatile: list[str]) -> None:
    """Let dev.up look at what is there first. Then start, migrate and seed only what is missing."""
    gone = sorted(up.running - again.running)
    assert not gone, "these no longer run:\n" + "\n".join(gone)
    wrong = changes(again.before.stable(()), again.rows.stable(()))
    assert not wrong, "\n".join(wrong)


@pytest.mark.contract("CMD-4")
def test_down_stops_and_keeps_data(restarted: Seen) -> None:
    """Let dev.down stop everything that dev.up started, and keep the database's volume."""
    down: Done = restarted.notes["down"]
    assert down.ok, str(down)
    assert not restarted.notes["running"], "these still run:\n" + "\n".join(sorted(restarted.notes["running"]))
    assert not restarted.notes["page"], f"the service still answers, with status {restarted.notes['page']}"
    wrong = changes(restarted.before.stable(()), restarted.rows.stable(()))
    assert not wrong, "\n".join(wrong)


@pytest.mark.contract("CMD-5")
def test_destroy_leaves_nothing(sandbox: Sandbox, destroyed: Done) -> None:
    """Let dev.destroy remove processes, containers, volumes (`docker compose down --volumes`), the network if nothing
    else is in it, and the service's files below XDG_STATE_HOME.
    """
    assert destroyed.ok, str(destroyed)
    left = sandbox.machine.left()
    assert not left, "\n".join(left[:12])


@pytest.mark.contract("CMD-6")
def test_words_arrive_as_they_are(sandbox: Sandbox, up: Seen) -> None:
    """In the Makefile, pass `$(value ARGS)` to a script, not `$(ARGS)`. In the script, use "$@", not $*."""
    done = sandbox.run("dev.run", "--", "printf", "<%s>\\n", *NASTY)
    assert done.ok, str(done)
    arrived = done.out.splitlines()
    wrong = [f"{word!r} became {line}" for word, line in zip(NASTY, arrived) if line != f"<{word}>"]
    assert len(arrived) == len(NASTY), f"{len(NASTY)} arguments became {len(arrived)}: {done.out!r}"
    assert not wrong, "\n".join(wrong)


@pytest.mark.contract("CMD-7")
def test_the_tests_pass(sandbox: Sandbox, up: Seen) -> None:
    """Let the tests run with what dev.up starts, without other variables or a second database made by hand."""
    done = sandbox.run("dev.test")
    assert done.ok, f"{done}\n{done.out[-600:]}"


@pytest.mark.contract("CMD-9")
def test_looking_changes_nothing(looked: Seen) -> None:
    """Let dev.status, dev.plan and dev.doctor only read."""
    moved = sorted(looked.running ^ looked.notes["running"])
    assert not moved, "\n".join(moved)
    wrong = changes(looked.before.stable(()), looked.rows.stable(()))
    assert not wrong, "\n".join(wrong)


@pytest.mark.contract("CMD-10")
def test_dev_up_repairs_a_killed_start(killed: Done) -> None:
    """Let dev.up look at what is there, not at what it recorded. Use locks that end with their process (flock)."""
    assert killed.ok, str(killed)
    url = url_of(killed)
    assert page(url), f"no answer at {url}"


@pytest.mark.contract("CMD-11")
def test_logs_go_to_stdout_and_end(sandbox: Sandbox, up: Seen) -> None:
    """Let dev.logs write the logs to stdout (`docker compose logs --no-color`), and follow them only with --follow."""
    page(str(up.answer.get("url")))
    done = sandbox.run("dev.logs")
    assert done.ok, str(done)
    assert done.out.strip(), "stdout of dev.logs is empty"


@pytest.mark.contract("CMD-12")
def test_names_of_other_hosts_are_refused(up: Seen, url: str) -> None:
    """Answer only for the names of the service: ALLOWED_HOSTS in Django, TrustedHostMiddleware in Starlette,
    config.hosts in Rails.
    """
    status = page(url, ELSEWHERE)
    assert status in REFUSED, f"a request for the host {ELSEWHERE} was answered with status {status}"

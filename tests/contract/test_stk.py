"""STK: between repositories."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import composefile, rows
from conformance.composefile import Unreadable
from conformance.plugin import not_applicable
from conformance.repository import Repository
from conformance.sandbox import CANARY, VARIABLE, Sandbox
from conftest import Neighbour, Seen, page

ANSWER = {"service": str, "url": str, "internal_url": str, "healthy": bool, "data": str}


@pytest.mark.contract("STK-1")
def test_the_answer_holds_what_the_root_needs(up: Seen, dev: dict[str, Any]) -> None:
    """Write one JSON object with `service`, `url`, `internal_url`, `healthy` (true or false) and `data` to stdout."""
    for command, answer in (("dev.up", up.done.json()), ("dev.status", up.answer)):
        assert isinstance(answer, dict), f"{command} --only --json did not write one JSON object"
        wrong = [name for name, kind in ANSWER.items() if not isinstance(answer.get(name), kind)]
        found = ", ".join(f"{name} is {answer.get(name)!r}" for name in wrong)
        assert not wrong, f"{command} --only --json: {found}"
        assert answer["service"] == dev["service"], f"{command}: service is {answer['service']!r}"
        assert answer["healthy"] is True, f"{command}: healthy is {answer['healthy']}"


@pytest.mark.contract("STK-2")
def test_it_runs_on_the_port_that_is_handed_in(sandbox: Sandbox, up: Seen, url: str) -> None:
    """If DEV_PORT is set, use it in the ports of the compose file and in the URL."""
    port = sandbox.env["DEV_PORT"]
    assert url.rstrip("/").endswith(f":{port}"), f"DEV_PORT is {port}, and url is {url}"
    assert page(f"http://localhost:{port}"), f"no answer on port {port}"


@pytest.mark.contract("STK-3")
def test_the_app_gets_the_variables_of_the_env_file(sandbox: Sandbox, up: Seen) -> None:
    """Add the file to the app's environment: `env_file: [{path: "${DEV_ENV_FILE:-/dev/null}", required: false}]`."""
    done = sandbox.run("dev.run", "--", "printenv", VARIABLE)
    assert done.out.strip() == CANARY, f"DEV_ENV_FILE sets {VARIABLE}={CANARY}; the app has {done.out.strip()!r}"


@pytest.mark.contract("STK-4")
def test_others_reach_it_by_its_names(sandbox: Sandbox, up: Seen, in_containers: None, dev: dict[str, Any]) -> None:
    """Add the app to the network that DEV_NETWORK names, with `aliases: [SERVICE, SERVICE.localhost]`."""
    network, service = sandbox.env["DEV_NETWORK"], str(dev["service"])
    settings = [c["NetworkSettings"]["Networks"].get(network) for c in sandbox.machine.containers()]
    names = {alias for entry in settings if entry for alias in entry.get("Aliases") or []}
    assert any(settings), f"no container is in {network}"
    missing = sorted({service, f"{service}.localhost"} - names)
    assert not missing, f"no container in {network} has the alias {', '.join(missing)}"


@pytest.mark.contract("STK-5")
def test_a_seed_says_what_it_made(seeded: Seen) -> None:
    """Let the seed print one JSON object as its last line. Let dev.seed write only that object to stdout."""
    assert isinstance(seeded.done.json(), dict), f"dev.seed wrote {seeded.done.out[:300]!r}"


@pytest.mark.contract("STK-6")
def test_data_names_its_generation(up: Seen, restarted: Seen, was_reset: Seen) -> None:
    """Create a new ID with each new database, keep it with the data, and answer with it as `data`."""
    first, kept, new = (seen.answer.get("data") for seen in (up, restarted, was_reset))
    assert first == kept, f"data was {first!r}, and {kept!r} after dev.down and dev.up"
    assert new != kept, f"data is {new!r} before and after dev.reset"


@pytest.mark.contract("STK-7")
def test_two_workspaces_side_by_side(neighbour: Neighbour) -> None:
    """Put DEV_WORKSPACE into the name of everything that is named or stored:
    `docker compose --project-name WORKSPACE-SERVICE`.
    """
    assert neighbour.done.ok, str(neighbour.done)
    silent = [name for name, status in neighbour.pages.items() if not status]
    assert not silent, f"with two workspaces up, no answer in the {' and the '.join(silent)}"
    assert rows.MARK not in neighbour.tables, "the second workspace has a table that was made in the first"


@pytest.mark.contract("STK-8")
def test_required_versions_are_locked(repository: Repository, dev: dict[str, Any]) -> None:
    """Run `make dev.lock`, and commit the file dev.lock."""
    requires = dev.get("requires") or not_applicable("nothing is required")
    assert "dev.lock" in repository.tracked, "dev.lock is missing"
    try:
        locked = composefile.read(repository.path / "dev.lock").get("services") or {}
    except Unreadable as error:
        locked = {str(error): None}
    wrong = [name for name in requires if not is_locked(locked.get(name))]
    assert not wrong, "dev.lock has no version or no commit of " + ", ".join(wrong)


def is_locked(entry: object) -> bool:
    return isinstance(entry, dict) and bool(entry.get("version")) and len(str(entry.get("commit", ""))) >= 40

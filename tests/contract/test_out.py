"""OUT: output, errors, exit codes."""

from __future__ import annotations

import re
import socket

import pytest

from conformance.door import ESCAPE, Done
from conformance.repository import Repository
from conformance.sandbox import Sandbox
from conftest import Seen

ABSENT = "contract-no-such-scenario"
OWN = (1, 2, 110, 111, 112, 113, 114)


@pytest.fixture(scope="session")
def refused(sandbox: Sandbox, up: Seen) -> Done:
    """A failure of the tools: a scenario that does not exist."""
    return sandbox.run("dev.seed", ABSENT)


@pytest.mark.contract("OUT-1")
def test_a_failure_is_one_error_line(refused: Done) -> None:
    """Print `error[CODE]: message` to stderr once, with a code from CONTRACT.md, and end with that code."""
    assert refused.exit_code != 0, f"`dev.seed {ABSENT}` ended with 0"
    assert len(refused.errors) == 1, f"{len(refused.errors)} error lines\n{refused}"
    assert refused.code in OWN, f"error[{refused.code}]: not one of the contract's codes"


@pytest.mark.contract("OUT-1")
def test_the_commands_own_exit_code_is_the_code(sandbox: Sandbox, up: Seen) -> None:
    """If the service's own command fails, print its exit code: `error[7]: …`."""
    done = sandbox.run("dev.run", "--", "sh", "-c", "exit 7")
    assert [code for code, _ in done.errors] == [7], f"the command ended with 7\n{done}"


@pytest.mark.contract("OUT-1")
def test_every_failure_is_one_error_line(sandbox: Sandbox, repository: Repository, destroyed: Done) -> None:
    """Print exactly one line `error[CODE]: message` for each command that fails, however many of its steps fail."""
    there = [done for done in sandbox.history if done.words[0] in repository.targets]  # CMD-1, CMD-8
    failed = [done for done in there if done.exit_code and not done.late]
    wrong = [f"{len(done.errors)} error lines\n{done}" for done in failed if len(done.errors) != 1]
    assert not wrong, "\n".join(wrong)


@pytest.mark.contract("OUT-2")
def test_stdout_of_dev_up_is_its_answer(sandbox: Sandbox, up: Seen, again: Seen) -> None:
    """Send all progress to stderr, including the engine's. Write only the URL to stdout, or with --json only the
    object.
    """
    assert isinstance(up.done.json(), dict), f"dev.up --json wrote {up.done.out[:300]!r}"
    lines = again.done.out.splitlines()
    assert len(lines) == 1, f"dev.up wrote {again.done.out[:300]!r}"
    assert re.fullmatch(r"https?://\S+", lines[0]), f"dev.up wrote {lines[0]!r}, which is not a URL"


@pytest.mark.contract("OUT-3")
def test_nothing_asks_without_a_terminal(unconfirmed: tuple[Done, list[int]]) -> None:
    """Ask only if stdin is a terminal. Otherwise dev.destroy without --yes is error 114."""
    done, (before, after) = unconfirmed
    assert not done.late, f"dev.destroy waits for an answer\n{done}"
    assert done.exit_code != 0, "dev.destroy without --yes ended with 0"
    assert done.code == 114, f"the code is {done.code}\n{done}"
    assert after == before, "dev.destroy without --yes stopped the service"


@pytest.mark.contract("OUT-3")
def test_every_command_ended_by_itself(sandbox: Sandbox, destroyed: Done) -> None:
    """Let the command end: it must not ask, start a pager or follow logs. Limit how long it waits."""
    late = [str(done) for done in sandbox.history if done.late]
    assert not late, "\n".join(late)


@pytest.mark.contract("OUT-3")
def test_dev_up_ended_by_itself(first_up: Done) -> None:
    """Let dev.up end with error 112 if something is not healthy in time."""
    assert not first_up.late, str(first_up)


@pytest.mark.contract("OUT-4")
def test_a_missing_engine_is_110(sandbox: Sandbox, up: Seen) -> None:
    """Call the engine first (`docker info`), and end with error 110 if it does not answer."""
    done = sandbox.run("dev.up", "--only", DEV_ENGINE="compose", DOCKER_HOST="unix:///nonexistent/docker.sock")
    assert done.exit_code != 0, "dev.up ended with 0 without an engine"
    assert done.code == 110, f"the code is {done.code}\n{done}"


@pytest.mark.contract("OUT-5")
def test_an_error_has_a_hint(refused: Done) -> None:
    """After the error line, print `hint: ` with a command that helps."""
    assert refused.hints, str(refused)


@pytest.mark.contract("OUT-6")
def test_dev_up_prints_what_it_runs(up: Seen) -> None:
    """Print each command before you run it: `$ docker compose up --detach --wait`."""
    printed = [line for line in up.done.err.splitlines() if line.startswith("$ ")]
    assert printed, "no line of stderr begins with `$ `"


@pytest.mark.contract("OUT-7")
def test_a_bad_dev_yaml_is_111_with_its_line(sandbox: Sandbox, up: Seen) -> None:
    """Check dev.yaml before anything else, and report the line that is wrong: `error[111]: dev.yaml:14: …`."""
    path = sandbox.checkout / "dev.yaml"
    before = path.read_bytes()
    path.write_bytes(before + b"\ncontract_canary: 1\n")
    done = sandbox.run("dev.status", "--only")
    path.write_bytes(before)
    assert done.exit_code != 0, "dev.yaml has an unknown key, and dev.status ended with 0"
    assert done.code == 111, f"the code is {done.code}\n{done}"
    assert re.match(r"\S*dev\.yaml:\d+", done.errors[0][1]), f"the message does not begin with file and line\n{done}"


@pytest.mark.contract("OUT-8")
def test_a_taken_port_is_113(sandbox: Sandbox, restarted: Seen) -> None:
    """Check that the port is free before you start anything. If not, name it in error 113."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        done = sandbox.run("dev.up", "--only", DEV_PORT=port)
    assert done.exit_code != 0, f"port {port} is taken, and dev.up ended with 0"
    assert done.code == 113, f"the code is {done.code}\n{done}"
    assert port in done.errors[0][1], f"the message does not name port {port}\n{done}"


@pytest.mark.contract("OUT-9")
def test_no_escape_codes(sandbox: Sandbox, destroyed: Done) -> None:
    """Use colours and rewrite lines only if the stream is a terminal and NO_COLOR is not set."""
    coloured = [done.words for done in sandbox.history if ESCAPE.search(done.err) or ESCAPE.search(done.out)]
    assert not coloured, "\n".join(map(str, coloured))

"""The complete repositories on CONTRACT.md and docs/contract.md keep level core, and the pages show real output."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.suite.conftest import CHECK, Checked, check

ROOT = CHECK.parents[2]
FILE = re.compile(r"^`(\S+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FOR_GO = re.compile(r"^`(\S+)` for Go\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OUTPUT = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# MUSTs that do not apply to a service without a database, and to one that does not run in containers.
DATABASE = {"DATA-1", "DATA-2", "DATA-3", "STK-5", "STK-6"}
CONTAINERS = {"STK-4"}


def files(page: str) -> dict[str, str]:
    return dict(FILE.findall((ROOT / page).read_text()))


def repository(repo: Path, content: dict[str, str]) -> Path:
    """A git repository with these files, committed."""
    repo.mkdir()
    for name, text in content.items():
        (repo / name).write_text(text)
    who = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "From the page"]):
        subprocess.run(["git", "-C", str(repo), *who, *words], check=True)
    return repo


@pytest.fixture
def minimal(tmp_path: Path) -> Path:
    """The repository of CONTRACT.md."""
    return repository(tmp_path / "hello", files("CONTRACT.md"))


@pytest.fixture
def in_containers(tmp_path: Path) -> Path:
    """The same with the files of docs/contract.md."""
    return repository(tmp_path / "hello", {**files("CONTRACT.md"), **files("docs/contract.md")})


def assert_core(found: Checked, *not_applicable: str) -> None:
    failing = {
        v["id"]: v["evidence"] for v in found.report["verdicts"] if v["status"] not in ("kept", "not applicable")
    }
    assert not failing
    assert found.with_status("not applicable") == set(not_applicable)
    assert (found.code, found.report["level"]) == (0, "core")


def test_the_pages_show_every_file() -> None:
    names = {"dev.yaml", "compose.yaml", "Dockerfile", "Makefile", "dev.sh", "server.py"}
    assert set(files("CONTRACT.md")) == names
    assert set(files("docs/contract.md")) == {"dev.sh", "compose.yaml"}


def test_its_files_keep_level_core(minimal: Path) -> None:
    assert_core(check(minimal, "--static"))


def test_its_files_in_containers_keep_level_core(in_containers: Path) -> None:
    assert_core(check(in_containers, "--static"))


def test_the_files_for_go_keep_level_core(in_containers: Path) -> None:
    for name, text in FOR_GO.findall((ROOT / "docs/contract.md").read_text()):
        (in_containers / name).write_text(text)
    compose = in_containers / "compose.yaml"
    compose.write_text(compose.read_text().replace("target: prod", "target: dev"))
    assert (in_containers / "compose.lean.yaml").is_file()
    assert_core(check(in_containers, "--static"))


def block(begin: str) -> list[str]:
    """The lines of the code block of docs/contract.md that begins with these words."""
    found = re.findall(rf"^```sh\n({re.escape(begin)}.*?)^```", (ROOT / "docs/contract.md").read_text(), re.M | re.S)
    assert len(found) == 1
    return str(found[0]).splitlines(keepends=True)


def replace(repo: Path, lines: dict[str, str]) -> None:
    """Replace lines of dev.sh, each found by its begin."""
    script = (repo / "dev.sh").read_text()
    for begin, line in lines.items():
        script, count = re.subn(rf"^{re.escape(begin)}.*\n", lambda _, line=line: line, script, flags=re.M)
        assert count == 1, begin
    (repo / "dev.sh").write_text(script)


@pytest.fixture
def in_go(minimal: Path) -> Path:
    """The repository of CONTRACT.md with the lines for Go of docs/contract.md."""
    go, now, alive, healthy, stop, build, start, test = block("go() {")
    replace(minimal, {"now=": go + now, "alive()": alive, "healthy()": healthy, "  stop &&": stop + build})
    replace(minimal, {"  nohup ": start, "  dev.test)": test})
    (minimal / "main.go").write_text(dict(FOR_GO.findall((ROOT / "docs/contract.md").read_text()))["main.go"])
    (minimal / "go.mod").write_text("module hello\n\ngo 1.19\n")
    dev = (minimal / "dev.yaml").read_text()
    (minimal / "dev.yaml").write_text(dev.replace("python3 server.py check", "go test ./...").replace("64M", "512M"))
    return minimal


def test_the_lines_for_go_fit_into_the_script(in_go: Path) -> None:
    assert "python3" not in (in_go / "dev.sh").read_text()
    subprocess.run(["sh", "-n", str(in_go / "dev.sh")], check=True)


@pytest.mark.skipif(not shutil.which("go"), reason="go is not installed (apt-get install golang)")
def test_a_process_in_go_keeps_level_core(in_go: Path) -> None:
    (in_go / "main_test.go").write_text("package main\n")
    assert_core(check(in_go, "--engine", "native"), *DATABASE, *CONTAINERS)


def test_it_keeps_level_core(minimal: Path) -> None:
    assert_core(check(minimal, "--engine", "native"), *DATABASE, *CONTAINERS)


@pytest.mark.engine
def test_it_keeps_level_core_in_containers(in_containers: Path) -> None:
    assert_core(check(in_containers, "--engine", "compose"), *DATABASE)


def test_its_errors_have_hints(minimal: Path) -> None:
    assert check(minimal, "--engine", "native", "--only", "OUT-5").with_status("kept") == {"OUT-5"}


def test_words_of_the_make_that_calls_the_suite_reach_no_command(
    minimal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make contract.check ARGS=PATH` exports ARGS, which the Makefile of the repository would take for its own."""
    monkeypatch.setenv("ARGS", "--no-such-option")
    assert check(minimal, "--engine", "native", "--only", "CMD-7").with_status("kept") == {"CMD-7"}


def test_the_report_on_the_page_is_what_the_suite_prints(minimal: Path) -> None:
    compose = minimal / "compose.yaml"
    compose.write_text(compose.read_text().replace('"127.0.0.1:', '"'))
    done = subprocess.run([sys.executable, str(CHECK), str(minimal), "--static"], capture_output=True, text=True)
    shown = OUTPUT.findall((ROOT / "docs/contract.md").read_text())[0].splitlines()
    lines = [line for line in shown if line != "…" and not line.startswith("$ ")]
    assert len(lines) == 6
    assert "\n".join(lines) in done.stdout


def test_the_commands_on_the_page_print_what_it_shows(
    minimal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("DEV_ENGINE", "native")
    shown = OUTPUT.findall((ROOT / "docs/contract.md").read_text())[1].splitlines()
    port = str(free_port())
    monkeypatch.setenv("DEV_PORT", port)
    printed = []
    for line in shown:
        if line.startswith("$ make"):
            typed = ["sh", "-c", f"{line[2:]} 2>&1"]
            done = subprocess.run(typed, cwd=minimal, capture_output=True, text=True, check=True)
            printed += [line, *done.stdout.replace(port, "18200").splitlines()]
    assert printed == shown


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def make(minimal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """make("dev.up") types it in the repository of CONTRACT.md and returns stdout. The service is gone at the end."""
    for name, value in {"XDG_STATE_HOME": tmp_path / "state", "DEV_ENGINE": "native", "DEV_PORT": free_port()}.items():
        monkeypatch.setenv(name, str(value))

    def make(command: str, args: str = "", code: int = 0) -> str:
        done = subprocess.run(["make", "-s", command, f"ARGS={args}"], cwd=minimal, capture_output=True, text=True)
        assert (done.returncode != 0) == bool(code), done.stderr
        assert f"error[{code}]" in done.stderr or not code
        return done.stdout

    yield make
    make("dev.destroy", "--yes")


def test_the_lines_for_data_in_files_keep_and_remove_it(minimal: Path, make: Callable[..., str]) -> None:
    data, folder, up, reset = block("export DATA")
    state = next(
        line for line in (minimal / "dev.sh").read_text().splitlines(keepends=True) if line.startswith("state=")
    )
    stop = "  stop && mkdir -p \"$state\" && echo '$ python3 server.py' >&2\n"
    replace(minimal, {"state=": state + data, "  stop &&": stop + folder, "  dev.up | dev.reset)": up + reset})
    look = """-- sh -c 'ls "$DATA"'"""
    make("dev.up")
    make("dev.run", """-- sh -c 'echo 1 >"$DATA/row"'""")
    make("dev.down")
    make("dev.up")
    assert make("dev.run", look) == "row\n"
    make("dev.reset")
    assert make("dev.run", look) == ""


def test_the_lines_for_scenarios_read_parameters(minimal: Path, make: Callable[..., str]) -> None:
    loop, *seed, case = block('[ "$command" = dev.seed ]')
    first = (minimal / "dev.sh").read_text().splitlines(keepends=True)[3]
    assert first.startswith("run() ")
    replace(minimal, {"for word; do": loop, "run() ": first + "".join(seed), "  dev.seed)": case})
    assert make("dev.seed") == '{"scenario": "default", "size": "10"}\n'
    assert make("dev.seed", "big -p 'size=3 m'") == '{"scenario": "big", "size": "3 m"}\n'
    assert make("dev.seed", "bigger", code=2) == ""
    assert make("dev.seed", "big -p sise=3", code=2) == ""
    assert make("dev.down") == ""

"""Killed, interrupted, damaged, or started ten times at once: the next call works by itself."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import run_quietly, until
from tests.gitrepo import commit, git
from tests.launcher.conftest import BASE_PYTHON, Machine, Template, end, make_service, pin
from tests.messages import FETCHING_TOOLS, MAKING_TOOL_ENVIRONMENT

# Reports that it was reached, and goes on when somebody opens the pipe.
STOP_AT = """\
n=$(cat 'FOLDER/count' 2>/dev/null || echo 0)
echo $((n + 1)) >'FOLDER/count'
[ $n = NUMBER ] || exec REAL "$@"
BEFORE
echo reached >'FOLDER/reached'
cat 'FOLDER/go' >/dev/null
AFTER
"""


def stop_at(machine: Machine, program: str, number: int, after: bool = False) -> None:
    """Let a program stop before or after its call of this number, counted from 0."""
    os.mkfifo(machine.folder / "go")
    before, then = ('REAL "$@"', ":") if after else (":", 'exec REAL "$@"')
    script = STOP_AT.replace("BEFORE", before).replace("AFTER", then).replace("NUMBER", str(number))
    machine.wrap(program, script.replace("FOLDER", str(machine.folder)))


def assert_killed_at_the_stop_and_repaired(machine: Machine, service: Path, small: Template, program: str) -> None:
    started = machine.start(service)
    reached = until(lambda: (machine.folder / "reached").exists() or started.poll() is not None)
    assert reached
    with_it = (machine.folder / "reached").exists()
    if with_it:
        os.killpg(started.pid, signal.SIGKILL)
    started.communicate(timeout=60)
    (machine.folder / "wrappers" / program).unlink()
    answer = machine.run(service)
    assert answer.commit == small.second
    assert machine.entries == [small.second]
    assert machine.run(service).err == ""
    assert with_it, "it ended before it came to this call"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(12))
def test_killed_at_any_call_of_git(machine: Machine, service: Path, small: Template, number: int, after: bool) -> None:
    pin(service, small.bare, small.second)
    stop_at(machine, "git", number, after)
    assert_killed_at_the_stop_and_repaired(machine, service, small, "git")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", [0, 1], ids=["venv", "install"])
def test_killed_while_the_environment_is_made(
    machine: Machine, service: Path, small: Template, number: int, after: bool
) -> None:
    pin(service, small.bare, small.second)
    stop_at(machine, "uv", number, after)
    assert_killed_at_the_stop_and_repaired(machine, service, small, "uv")


KILLING = """\
import os, runpy, signal, sys
count = 0
def watch(event, args):
    global count
    if event in EVENTS and "tools" in str(args[0]):
        count += 1
        if count == NUMBER:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize(
    ("event", "number"), [("open", 3), ("open", 5), ("open", 9), ("os.mkdir", 4), ("os.rename", 1), ("os.rename", 2)]
)
def test_killed_while_files_are_written_and_renamed(
    machine: Machine, service: Path, small: Template, event: str, number: int
) -> None:
    killing = machine.folder / "killing.py"
    killing.write_text(KILLING.replace("EVENTS", repr([event])).replace("NUMBER", str(number)))
    fetching = f"case $* in *fetch.py*) shift 2; exec {BASE_PYTHON} -I -B '{killing}' \"$@\" ;; esac"
    machine.wrap("python3", f'{fetching}\nexec {BASE_PYTHON} "$@"')
    assert machine.run(service).code == -signal.SIGKILL
    (machine.folder / "wrappers/python3").unlink()
    assert machine.run(service).commit == small.tip
    assert machine.entries == [small.tip]
    assert (machine.run(service).err, machine.run(service).code) == ("", 0)


def test_ctrl_c_ends_with_130_and_leaves_nothing(machine: Machine, service: Path) -> None:
    stop_at(machine, "git", 1)
    started = machine.start(service)
    assert until(lambda: (machine.folder / "reached").exists())
    os.killpg(started.pid, signal.SIGINT)
    end(started).failed(130, "interrupted")
    assert machine.entries == []


def test_ctrl_c_while_the_environment_is_made(machine: Machine, service: Path) -> None:
    stop_at(machine, "uv", 0)
    started = machine.start(service)
    assert until(lambda: (machine.folder / "reached").exists())
    os.killpg(started.pid, signal.SIGINT)
    end(started).failed(130, "interrupted")
    (machine.folder / "wrappers/uv").unlink()
    assert machine.run(service).code == 0


def test_ten_at_once_in_three_services_of_two_commits(
    machine: Machine, service: Path, small: Template, tmp_path: Path
) -> None:
    others = [make_service(tmp_path / name, small.bare, made) for name, made in [("b", small.second), ("c", small.tip)]]
    log = machine.folder / "log"
    machine.wrap("git", f"""echo "$@" >>'{log}'\nexec REAL "$@\"""")
    machine.wrap("uv", f"""echo "uv $1" >>'{log}'\nexec REAL "$@\"""")
    services = [service, *others] * 3 + [service]
    answers = [end(started) for started in [machine.start(each) for each in services]]
    wanted = [small.tip, small.second, small.tip] * 3 + [small.tip]
    assert [answer.commit for answer in answers] == wanted
    calls = log.read_text()
    assert calls.count(" ls-remote ") == 2
    assert calls.count("uv venv") == 1
    assert machine.entries == sorted({small.tip, small.second})
    assert not [path for entry in machine.entries for path in (machine.cache / "tools" / entry).glob("entry")]
    assert sum(answer.err.count(FETCHING_TOOLS) for answer in answers) == 2
    for each in services[:3]:
        assert machine.run(each).err == ""


@pytest.mark.parametrize(("program", "words"), [("git", "fetches them"), ("uv", "makes the tool environment")])
def test_a_wait_is_announced(machine: Machine, service: Path, program: str, words: str) -> None:
    stop_at(machine, program, 1)
    first = machine.start(service)
    assert until(lambda: (machine.folder / "reached").exists())
    second = machine.start(service)
    assert second.stderr
    assert f"waiting for another command that {words}" in second.stderr.readline()
    (machine.folder / "go").write_text("")
    assert [end(first).code, end(second).code] == [0, 0]


def test_a_finished_entry_is_kept_if_locks_do_not_work(machine: Machine, service: Path, small: Template) -> None:
    stop_at(machine, "git", 1)
    first = machine.start(service)
    assert until(lambda: (machine.folder / "reached").exists())
    for lock in machine.cache.glob("tools/.*.lock"):
        lock.unlink()  # as good as no lock: the second opens another file
    assert machine.run(service).commit == small.tip
    entry = (machine.cache / "tools" / small.tip).stat().st_ino
    (machine.folder / "go").write_text("")
    assert end(first).commit == small.tip
    assert (machine.cache / "tools" / small.tip).stat().st_ino == entry
    assert machine.entries == [small.tip]


# ---- damage


@pytest.mark.parametrize(
    "name",
    ["MANIFEST", "devenv/__main__.py", "devenv/requirements.txt", "devenv/bootstrap.py and the environment", "."],
)
def test_files_removed_from_an_entry_come_back(machine: Machine, service: Path, small: Template, name: str) -> None:
    entry = machine.cache / "tools" / machine.run(service).commit
    name, _, rest = name.partition(" and ")
    if rest:
        shutil.rmtree(machine.environments[0])
    shutil.rmtree(entry) if name == "." else (entry / name).unlink()
    answer = machine.run(service)
    assert answer.commit == small.tip
    assert FETCHING_TOOLS in answer.err
    assert machine.run(service).err == ""
    assert machine.entries == [small.tip]


def test_half_an_entry_is_never_used(machine: Machine, service: Path, small: Template) -> None:
    half = machine.cache / "tools" / small.tip / "devenv"
    half.mkdir(parents=True)
    (half / "__main__.py").write_text("raise SystemExit('half of the tools was started')")
    assert machine.run(service).commit == small.tip


@pytest.mark.parametrize("name", ["bin/python", "requirements.txt", "."])
def test_files_removed_from_the_environment_come_back(machine: Machine, service: Path, name: str) -> None:
    environment = Path(machine.run(service).told["prefix"])
    shutil.rmtree(environment) if name == "." else (environment / name).unlink()
    answer = machine.run(service)
    assert answer.told["prefix"] == str(environment)
    assert answer.err.startswith(MAKING_TOOL_ENVIRONMENT)
    assert len(answer.err.splitlines()) == 1
    assert machine.run(service).err == ""


def copied_python(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    prefix = Path(BASE_PYTHON).parent.parent
    (folder / "lib").symlink_to(prefix / "lib")
    return Path(shutil.copy(BASE_PYTHON, folder / "bin" / "python3"))


def test_an_environment_is_rebuilt_if_its_python_is_gone(
    machine: Machine, service: Path, small: Template, tmp_path: Path
) -> None:
    python = copied_python(tmp_path / "python")
    machine.wrap("python3", f'exec {python} "$@"')
    before = machine.run(service).told["prefix"]
    shutil.rmtree(tmp_path / "python")
    machine.wrap("python3", f'exec {BASE_PYTHON} "$@"')
    answer = machine.run(service)
    assert answer.told["prefix"] == before
    assert answer.err == f"{MAKING_TOOL_ENVIRONMENT} {before} (again, since its Python is gone) …\n"
    assert machine.run(service).err == ""


def test_without_a_network_the_missing_packages_are_named(machine: Machine, service: Path, small: Template) -> None:
    (small.work / "devenv/requirements.txt").write_text("invoke==3.0.3 --hash=sha256:" + "0" * 64 + "\n")
    made = commit(small.work, "needs a package")
    git(small.work, "push", "-q", "origin", "HEAD:main")
    pin(service, small.bare, made)
    nowhere = "http://ann:secret@127.0.0.1:9/simple"
    env = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": None, "PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0"}
    answer = machine.run(service, **env, PIP_INDEX_URL=nowhere, UV_CACHE_DIR=str(machine.folder / "uv"))
    answer.failed(110, "invoke 3.0.3", "hint: ")
    assert "secret" not in answer.err
    assert machine.environments == []


# ---- settings of other Pythons


def test_foreign_python_settings_do_not_matter(machine: Machine, service: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    (bad / "invoke").mkdir(parents=True)
    for name in ("json.py", "types.py", "invoke/__init__.py", "sitecustomize.py", "usercustomize.py"):
        (bad / name).write_text("raise SystemExit('a foreign module was imported')")
    elsewhere = tmp_path / "elsewhere"
    names = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_SRC", "PIP_LOG", "PIP_REPORT", "PYTHONUSERBASE")
    env = {**dict.fromkeys(names, str(elsewhere)), "PIP_USER": "1", "PIP_NO_BINARY": ":all:", "PIP_DRY_RUN": "1"}
    env |= {"PYTHONPATH": str(bad), "PYTHONHOME": str(elsewhere), "VIRTUAL_ENV": str(elsewhere), "PIP_PYTHON": "2"}
    env |= {"PYTHONSTARTUP": str(bad / "json.py"), "PYTHONPYCACHEPREFIX": str(elsewhere), "PYTHONWARNINGS": "error"}
    for _ in range(2):
        answer = machine.run(service, cwd=bad, **env)
        assert answer.told["cwd"] == str(bad)
        assert str(bad) not in answer.told["path"]
    assert answer.err == ""
    assert not elsewhere.exists()


def test_commits_with_equal_requirements_share_an_environment(machine: Machine, service: Path, small: Template) -> None:
    prefixes = set()
    for made in (small.first, small.second, small.tip):
        pin(service, small.bare, made)
        prefixes.add(machine.run(service).told["prefix"])
    assert len(prefixes) == len(machine.environments) == 1
    told = run_quietly(BASE_PYTHON, "-c", "import sysconfig; print(sysconfig.get_config_var('SOABI'))").stdout.strip()
    assert told in machine.environments[0].name


def test_the_environment_follows_the_python(machine: Machine, service: Path) -> None:
    root = Path(os.environ.get("PYENV_ROOT", "/nonexistent"), "versions")
    other = next((path for path in sorted(root.glob("3.1[023].*/bin/python3"))), None)
    if not other:
        pytest.skip("a second Python is not installed")
    machine.run(service).told  # noqa: B018
    shutil.rmtree(machine.cache / "tools")
    machine.wrap("python3", f'exec {other} "$@"')
    assert machine.run(service).code == 0
    assert len(machine.environments) == 2
    assert subprocess.run([machine.environments[1] / "bin/python", "-c", ""], check=False).returncode == 0

"""The usual case: everything is there, and the launcher only reads."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import run_quietly
from tests.gitrepo import git
from tests.launcher.conftest import Answer, Machine, Template, pin
from tests.messages import MAKING_TOOL_ENVIRONMENT


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    found = [folder, *folder.rglob("*")]
    return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in found}


@pytest.fixture
def warm(machine: Machine, service: Path) -> Path:
    machine.run(service).told  # noqa: B018
    return service


def test_a_hit_writes_nothing_and_starts_neither_git_nor_python3(machine: Machine, warm: Path) -> None:
    path = machine.path_with("uname", "cmp")
    before = snapshot(machine.folder), snapshot(warm)
    answer = machine.run(warm, "dev.run", "--", "a b", "$HOME", "'\"", "", PATH=path)
    assert answer.told["argv"] == ["1", str(warm), "dev.run", "--", "a b", "$HOME", "'\"", ""]
    assert answer.err == ""
    assert (snapshot(machine.folder), snapshot(warm)) == before
    assert git(warm, "status", "--porcelain") == ""


def test_without_cmp_it_works_too(machine: Machine, warm: Path) -> None:
    answer = machine.run(warm, PATH=machine.path_with("uname", "python3"))
    assert (answer.code, answer.err) == (0, "")


def test_a_read_only_cache_is_as_good(machine: Machine, warm: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    mount = ["mount", "--bind", "-o", "ro", machine.cache, machine.cache]
    if subprocess.run([*map(str, mount)], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let root mount")
    try:
        answer = machine.run(warm, PATH=machine.path_with("uname", "cmp"))
        assert (answer.told["prefix"], answer.err) == (str(machine.environments[0]), "")
        (warm / ".cruft.json").write_text((warm / ".cruft.json").read_text().replace(answer.commit, "0" * 40))
        machine.run(warm).failed(110, "Read-only file system", "hint: check the free space")
    finally:
        run_quietly("umount", machine.cache)


def test_a_cache_of_another_user_is_read_without_a_warning(machine: Machine, warm: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can run a command as another user")
    run_quietly("chmod", "-R", "a-w", machine.cache)
    for entry in machine.cache.glob("tools/*/.environment-*"):
        entry.unlink()  # the slow path has to be as careful
    for folder in (warm, *warm.parents):
        if folder != Path("/") and folder.stat().st_uid == os.geteuid() and "pytest" in str(folder):
            folder.chmod(0o755)
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", str(warm / ".dev/run")]
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    path = f"{Path(machine.environments[0], 'bin/python').resolve().parent}:/usr/bin:/bin"
    readable = subprocess.run([*command[:4], "test", "-x", path.split(":")[0]], check=False).returncode == 0
    if not readable:
        pytest.skip("this Python is in a folder that other users cannot read")
    done = subprocess.run(command, env={**machine.env, "PATH": path}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_it_is_posix_sh(machine: Machine, warm: Path, shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here")
    command = [shell, "sh"] if shell == "busybox" else [shell]
    done = run_quietly(*command, warm / ".dev/run", "x", env=machine.env)
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_the_caller_closed(machine: Machine, warm: Path, shell: str, closed: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here")
    program = f"{shell} sh" if shell == "busybox" else shell
    script = f"exec {program} .dev/run dev.list {closed}"
    assert subprocess.run(["sh", "-c", script], cwd=warm, env=machine.env).returncode == 0


@pytest.mark.parametrize(
    "text",
    [
        '{"template":"T","commit":"C"}',
        '{"commit" : "C",\r\n "template": "T"}\r\n',
        '{\n"commit":\n"C", "template": "T"}',
        '\ufeff{"template": "T", "commit": "C"}',
        '{"context": {"commit": "abc"},\n"template": "T",\n"commit": "C"}',
        '{"context": {"commit": "abc"}, "template": "T", "commit": "C"}',
    ],
    ids=["minified", "crlf", "on two lines", "byte order mark", "another commit", "another commit in one line"],
)
def test_the_pin_is_read_however_it_is_written(machine: Machine, warm: Path, small: Template, text: str) -> None:
    written = text.replace("T", str(small.bare)).replace("C", small.tip)
    (warm / ".cruft.json").write_bytes(written.encode())
    answer = machine.run(warm)
    assert (answer.commit, answer.err) == (small.tip, "")


def test_links_cdpath_and_other_folders(machine: Machine, warm: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/absolute").symlink_to(warm / ".dev/run")
    (tmp_path / "bin/relative").symlink_to("absolute")
    (tmp_path / ".dev").mkdir()
    env = {**machine.env, "CDPATH": f"{tmp_path}:{warm}"}
    calls = [
        (tmp_path, ["bin/relative"]),
        (tmp_path / "bin", ["./absolute"]),
        (warm / ".dev", ["sh", "run"]),
        (warm, ["sh", ".dev/run"]),
        (warm / ".dev", ["./run"]),
    ]
    for cwd, command in calls:
        told = Answer(0, run_quietly(*command, cwd=cwd, env=env).stdout, "").told
        assert told["argv"] == ["1", str(warm)]
    on_path = {**env, "PATH": f"{tmp_path / 'bin'}:{env['PATH']}"}
    assert str(warm) in run_quietly("relative", cwd="/", env=on_path).stdout


def test_make_and_inv_work_without_run_bits(machine: Machine, warm: Path) -> None:
    (warm / ".dev/run").chmod(0o644)
    env = {**machine.env, "CDPATH": "/"}
    assert '"dev.status", "--json"' in run_quietly("make", "dev.status", "ARGS=--json", cwd=warm, env=env).stdout
    assert '"dev.status", "--json"' in run_quietly("inv", "dev.status", "--json", cwd=warm, env=env).stdout


def test_a_clone_with_windows_line_endings_works(machine: Machine, warm: Path, tmp_path: Path) -> None:
    clone = tmp_path / "two  spaces and a ' quote" / "catalog"
    run_quietly("git", "-c", "core.autocrlf=true", "clone", "-q", warm, clone)
    assert b"\r\n" in (clone / ".cruft.json").read_bytes()
    assert machine.run(clone, "x").told["argv"] == ["1", str(clone), "x"]
    assert '"dev.status"' in run_quietly("make", "dev.status", cwd=clone, env=machine.env).stdout
    git(clone, "-c", "core.autocrlf=true", "diff", "--exit-code")


@pytest.mark.parametrize("xdg", ["relative/cache", "", None, "."])
def test_a_cache_variable_that_does_not_count(machine: Machine, service: Path, xdg: str | None) -> None:
    for _ in range(2):
        answer = machine.run(service, XDG_CACHE_HOME=xdg)
        assert answer.told["tools"].startswith(f"{machine.home}/.cache/devenv/tools/")
    assert answer.err == ""
    assert git(service, "status", "--porcelain") == ""


@pytest.mark.parametrize("home", [None, ""])
def test_without_home_the_cache_is_where_the_system_says(machine: Machine, warm: Path, home: str | None) -> None:
    answer = machine.run(warm, HOME=home)
    assert (answer.code, answer.err) == (0, "")
    machine.wrap("python3", 'echo "$@" >&2; exit 9')  # not the person's real cache: only where it would be
    script = (warm / ".dev/run").read_text().replace("if [ -f", 'echo "$cache"; exit\nif [ -f')
    (warm / ".dev/run").write_text(script)
    answer = machine.run(warm, HOME=home, XDG_CACHE_HOME=None)
    assert answer.out == f"{pwd.getpwuid(os.getuid()).pw_dir}/.cache\n"


def test_the_exit_code_of_the_tools_passes_through(machine: Machine, service: Path, small: Template) -> None:
    (small.work / "devenv/__main__.py").write_text("raise SystemExit(112)")
    git(small.work, "commit", "-qam", "ends with 112")
    git(small.work, "push", "-q", "origin", "main")
    pin(service, small.bare, git(small.work, "rev-parse", "HEAD"))
    assert [machine.run(service).code for _ in range(2)] == [112, 112]


# ---- other places of the tools


def test_a_checkout_comes_first(machine: Machine, service: Path, small: Template) -> None:
    (service / ".cruft.json").unlink()
    for given, cwd in [(str(small.work), service), ("work", small.work.parent)]:
        answer = machine.run(service, cwd=cwd, DEVENV_TOOLS=given)
        assert answer.told["tools"] == str(small.work)
    assert answer.err == ""
    (small.work / "devenv/requirements.txt").write_text("# other\n")
    answer = machine.run(service, DEVENV_TOOLS=str(small.work))
    assert MAKING_TOOL_ENVIRONMENT in answer.err
    assert machine.entries == []


def test_a_checkout_that_is_none_is_named(machine: Machine, service: Path, tmp_path: Path) -> None:
    machine.run(service, DEVENV_TOOLS=str(tmp_path / "nothing")).failed(2, "DEVENV_TOOLS=", "unset DEVENV_TOOLS")


def test_vendored_tools_come_before_the_cache(machine: Machine, warm: Path, small: Template) -> None:
    shutil.copytree(small.work / "devenv", warm / ".dev/tools/devenv")
    for path in (machine.env["PATH"], machine.path_with("uname", "cmp")):
        answer = machine.run(warm, PATH=path)
        assert answer.told["tools"] == str(warm / ".dev/tools")
    (warm / ".cruft.json").unlink()
    assert machine.run(warm).code == 0


@pytest.mark.parametrize("missing", ["devenv/__main__.py", "devenv/bootstrap.py", "devenv/requirements.txt", "."])
def test_incomplete_vendored_tools_are_reported(machine: Machine, warm: Path, small: Template, missing: str) -> None:
    tools = warm / ".dev/tools"
    shutil.copytree(small.work / "devenv", tools / "devenv")
    if missing == ".":
        shutil.rmtree(tools)
        tools.symlink_to("nowhere")
    else:
        (tools / missing).unlink()
    machine.run(warm).failed(110, ".dev/tools: the tools in this repository are incomplete", "checkout HEAD")

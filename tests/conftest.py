"""What all tests stand on: an engine or none, generated repos, a tool venv made once, and nobody's home."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import random
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import jinja2
import pytest
from cookiecutter.main import cookiecutter

import devenv.base.output  # noqa: F401 - it reads events, also if no test of the run imports it

# Also an assert in a module that is not a test says what it compared, even one without a message.
HERE = Path(__file__).resolve().parent
pytest.register_assert_rewrite(*(f"tests.{folder.name}" for folder in HERE.iterdir() if folder.is_dir()))

REPO = HERE.parent
BIN = Path(sys.executable).parent
NO_ENGINE = "no container engine answers (docker info)"
# What the person's shell, or the make that started pytest, would say to the commands under test.
FOREIGN = ("DEV_", "MAKE", "MFLAGS", "VIRTUAL_ENV", "NO_COLOR", "FORCE_COLOR", "COMPOSE_", "PYTHONDONTWRITEBYTECODE")

Bake = Callable[..., Path]
Generate = Callable[[Path, dict[str, str]], Path]


# ---- an engine, or one line that says what was left out


@cache
def has_engine() -> bool:
    """A docker client alone proves nothing: something has to answer it."""
    try:
        answer = subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=60)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def pytest_make_parametrize_id(val: object) -> str | None:
    """A long text is named by its beginning. pytest names these tests by all of it, on each line of a log."""
    return f"{val[:40]!r} and more" if isinstance(val, str | bytes) and len(val) > 100 else None


def pytest_configure() -> None:
    if os.environ.get("DEVENV_REQUIRE_ENGINE") == "1" and not has_engine():
        raise pytest.UsageError(f"DEVENV_REQUIRE_ENGINE=1, but {NO_ENGINE}")


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """If this run is killed, what it started ends and is removed. See tests/contract/conformance/guard.py."""
    if "PYTEST_XDIST_WORKER" in os.environ or session.config.option.collectonly:
        return
    base = session.config._tmp_path_factory.getbasetemp()  # the one that the workers get theirs in
    guard = runpy.run_path(str(REPO / "tests/contract/conformance/guard.py"))["guarded"](base, "")
    guard.__enter__()
    session.config.add_cleanup(lambda: guard.__exit__(None, None, None))


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    for item in items:
        if {"running", "engine"} <= {*item.fixturenames}:  # one worker makes the shared service of an engine
            engine = item.callspec.params.get("engine", "any")
            item.add_marker(pytest.mark.xdist_group(f"running-{engine}"))
        if item.get_closest_marker("engine") and not has_engine():
            item.add_marker(pytest.mark.skip(reason=NO_ENGINE))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each reason, however many tests it left out."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, count in reasons.items():
        terminalreporter.write_line(f"left out: {count} tests, since {reason}", yellow=True)


INSTALL = {
    "chromium": "apt-get install chromium",
    "chromedriver": "apt-get install chromium-driver",
    "docker-registry": "apt-get install docker-registry",
    "node": "https://nodejs.org/en/download",
    "mariadbd": "apt-get install mariadb-server-core mariadb-client",
    "mariadb-dump": "apt-get install mariadb-client",
}


def need(*programs: str) -> None:
    """For a test that programs of the machine take part in. CI has all; elsewhere a line says what was left out."""
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"])
    end = pytest.fail if os.environ.get("DEVENV_REQUIRE_ENGINE") == "1" else pytest.skip
    for program in programs:
        if not shutil.which(program, path=path):
            end(f"there is no {program} here: {INSTALL[program]}")


def python_of(version: str) -> Path:
    """A Python of this machine, of this version."""
    found = sorted(Path(os.environ["PYENV_ROOT"], "versions").glob(f"{version}.*/bin/python3"))
    if found:
        return found[-1]
    plain = shutil.which(f"python{version}")
    if not plain:
        end = pytest.fail if os.environ.get("DEVENV_REQUIRE_PYTHON") == "1" else pytest.skip
        end(f"there is no Python {version} here")
    return Path(plain)


def until(true: Callable[[], object], seconds: float = 120) -> bool:
    """Whether it becomes true in time. The time is generous: only a test that fails waits for its end."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="session")
def engine_available() -> bool:
    return has_engine()


# ---- things made once for all workers of one run


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """The folder as `make` makes it, by whichever worker comes first. Half made is made again."""
    done = folder.with_name(folder.name + ".done")
    with locked(folder.with_name(folder.name + ".once")):  # .lock is bootstrap.py's own name
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    shared.mkdir(exist_ok=True)
    return shared


# ---- nobody's home


@pytest.fixture(scope="session", autouse=True)
def nobodys_home(shared: Path) -> Iterator[Path]:
    """HOME and the XDG folders of this run alone; what costs a download is still taken from the person's caches."""
    home = shared / "home"
    kept = {
        "PYENV_ROOT": ".pyenv",  # by which its shims, slow shell scripts, are known
        "UV_CACHE_DIR": ".cache/uv",
        "PIP_CACHE_DIR": ".cache/pip",
        "npm_config_cache": ".npm",
        "DOCKER_CONFIG": ".docker",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(FOREIGN)]:
            patch.delenv(name)
        for name, place in kept.items():
            patch.setenv(name, os.environ.get(name) or str(Path.home() / place))
        for name in ("STATE", "CACHE", "CONFIG", "DATA"):
            patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Test")
            patch.setenv(f"GIT_{role}_EMAIL", "test@example.org")
        patch.setenv("HOME", str(home))
        patch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
        home.mkdir(exist_ok=True)
        yield home


@pytest.fixture(scope="session", autouse=True)
def nobodys_ctrl_c() -> None:
    """Commands under test obey Ctrl-C, also when pytest is told not to.

    A shell without job control lets what it starts with `&` ignore SIGINT, and so do all processes below that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: None)  # pytest goes on ignoring it; a handler is not inherited


@pytest.fixture
def reachable(tmp_path: Path) -> Iterator[Path]:
    """A folder that every user can reach, which those of pytest are not."""
    folder = Path("/var/tmp") / f"devenv-{os.getpid()}-{tmp_path.name}"
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


# ---- generated repos


def run_quietly(*command: object, **options: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done


def copy_work_tree(folder: Path) -> None:
    """What a commit of everything here would hold, so that no cache of ours gets into a generated repo."""
    files = run_quietly("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=REPO).stdout
    for name in filter(None, files.split("\0")):
        if (REPO / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPO / name, folder / name)


def copy_template(folder: Path) -> None:
    copy_work_tree(folder)
    run_quietly("git", "init", "-q", "-b", "main", cwd=folder)
    run_quietly("git", "add", "-A", cwd=folder)
    run_quietly("git", "commit", "-q", "-m", "the template under test", cwd=folder)


@pytest.fixture(scope="session")
def template(shared: Path, nobodys_home: Path) -> Path:
    """A git repo with one commit: this template, with all that is not committed yet."""
    return once(shared / "template", copy_template)


def require_release(version: str, commit: str) -> None:
    if subprocess.run(["git", "-C", REPO, "cat-file", "-e", f"{commit}^{{commit}}"], check=False).returncode:
        pytest.fail(f"this clone lacks {commit}, release {version}: git fetch --unshallow")


def copy_release(folder: Path) -> None:
    """The first release in releases.txt, unmodified. A clone may carry no tags, and a shallow one no past."""
    lines = (REPO / "releases.txt").read_text().splitlines()
    version, commit = next(line for line in lines if not line.startswith("#")).split()
    require_release(version, commit)
    folder.mkdir()
    archive = subprocess.run(["git", "-C", REPO, "archive", commit], capture_output=True, check=True)
    subprocess.run(["tar", "--extract", "--directory", folder], input=archive.stdout, check=True)


@pytest.fixture(scope="session")
def older_template(shared: Path, nobodys_home: Path) -> Path:
    """This template at an earlier release, unmodified."""
    return once(shared / "older-template", copy_release)


def link_tree(made: Path, folder: Path) -> Path:
    """The folder as it was made elsewhere, of the same files where both are on one file system."""
    return shutil.copytree(made, folder, symlinks=True, copy_function=link_or_copy)


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError as error:  # some tests work in folders that every user can reach
        if error.errno != errno.EXDEV:
            raise
        shutil.copy2(source, target)


COMPILED: dict[tuple[object, ...], object] = {}
compile_template = jinja2.Environment.compile


def compiled(environment: jinja2.Environment, *source: object) -> object:
    """A template of cookiecutter, compiled once: that took two thirds of the time of each repo with other answers."""
    if source not in COMPILED:
        COMPILED[source] = compile_template(environment, *source)
    return COMPILED[source]


@pytest.fixture(scope="session")
def generate(shared: Path, nobodys_home: Path) -> Generate:
    """generate(template, answers) → the repo that cookiecutter makes of them, once for all tests."""
    config = nobodys_home / "cookiecutter.yaml"
    config.write_text(f"replay_dir: {nobodys_home / 'replay'}\n")

    def generate(made_by: Path, answers: dict[str, str]) -> Path:
        def run_cookiecutter(folder: Path) -> None:
            how = {"no_input": True, "extra_context": answers, "output_dir": str(folder), "config_file": str(config)}
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(jinja2.Environment, "compile", compiled)
                cookiecutter(str(made_by), **how)  # in this process: its own start costs three times as much

        key = hashlib.sha256(json.dumps([str(made_by), answers], sort_keys=True).encode()).hexdigest()[:12]
        return next(once(shared / f"bake-{key}", run_cookiecutter).iterdir())

    return generate


@pytest.fixture
def bake(generate: Generate, template: Path, tmp_path: Path) -> Bake:
    """bake("django", service="lms", port=18200) → a repo of this test's own.

    Its launcher finds its tools in this run's cache, or fetches them there, as a user's does. `made_by`: another
    template than this one.
    """

    def bake(stack: str = "django", *, into: Path | None = None, made_by: Path = template, **answers: object) -> Path:
        baked = generate(made_by, {"stack": stack, **{name: str(value) for name, value in answers.items()}})
        return shutil.copytree(baked, (into or tmp_path) / baked.name, symlinks=True)

    return bake


@pytest.fixture(scope="session")
def django_environment(shared: Path, generate: Generate, template: Path) -> Path:
    """What the native engine makes of the django stack's lock file, made by itself; for link_environment."""

    def install(folder: Path) -> None:
        repo = shutil.copytree(generate(template, {"stack": "django"}), folder, symlinks=True)
        env = {**os.environ, "DEV_ENGINE": "native", "XDG_STATE_HOME": str(folder / "state")}
        # Imports the stack and its tests, and so compiles them: all that is there would take ten times as long.
        run_quietly(repo / ".dev/run", "dev.run", "--", "pytest", "-q", "--collect-only", env=env)

    return once(shared / "django-environment", install)


@pytest.fixture
def link_environment(django_environment: Path) -> Callable[[Path], None]:
    """link_environment(repo): a repo of the django stack that is built already, for tests that are not about that."""

    def link(repo: Path) -> None:
        link_tree(django_environment / ".dev/local/native", repo / ".dev/local/native")

    return link


@pytest.fixture
def free_port(shared: Path) -> int:
    return another_port(shared)


def another_port(shared: Path) -> int:
    """Below the range that the kernel hands out by itself, and given to no other test of this run."""
    while True:
        port = random.randint(20000, 32000)
        with suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            (shared / f"port-{port}").touch(exist_ok=False)
            return port

"""Make a virtual environment from hash-pinned requirements. It needs only python3.

    python3 -I bootstrap.py VENV REQUIREMENTS
    python3 -I bootstrap.py --in FOLDER REQUIREMENTS
    python3 -I bootstrap.py --needs 3.10 VENV REQUIREMENTS

The second form chooses a place below FOLDER by the requirements and the Python (implementation, version and platform),
and prints it. Everything on the machine that has the same requirements shares one environment. The third refuses an
older Python at once.

With uv if it is on the path; else with venv and its pip; else, if Python has no ensurepip (Debian without
python3-venv), with a venv without pip and a pip wheel from the index that pip is configured for.
VENV/requirements.txt, a copy of REQUIREMENTS, is written last: callers compare the two (cmp -s). VENV/.files lists the
files (base/seals.py). If one is missing or has another size, VENV is made again; with DEVENV_REPAIRED=1, which is set
after a failure, also if its content differs.
Exit codes: 0 VENV is complete; 110 it could not be made.
"""

import sys

if sys.platform in ("win32", "cygwin", "msys"):  # before the modules that Windows lacks
    print("error[110]: on Windows, this runs in WSL 2", file=sys.stderr)
    print("hint: wsl --install --distribution Ubuntu; then clone this repository in there", file=sys.stderr)
    sys.exit(110)

NEEDED = sys.argv[2] if sys.argv[1:2] == ["--needs"] else "3.9"
if sys.version_info < tuple(map(int, NEEDED.split("."))):  # before what an older one cannot read
    version = ".".join(map(str, sys.version_info[:2]))
    print("error[110]: Python {} or newer is needed, {} is {}".format(NEEDED, sys.executable, version), file=sys.stderr)
    print("hint: put a newer python3 first on the path: export PATH=FOLDER:$PATH", file=sys.stderr)
    sys.exit(110)

import base64
import configparser
import csv
import errno
import fcntl
import hashlib
import html
import http.client
import os
import platform
import re
import runpy
import shutil
import signal
import ssl
import subprocess
import sysconfig
import urllib.parse
import urllib.request
from pathlib import Path
from typing import IO, Dict, List, Optional, Sequence

PIP_WHEEL = "pip-26.0.1-py3-none-any.whl"  # the newest pip that runs on Python 3.9
PIP_SHA256 = "bdb1b08f4274833d62c1aa29e20907365a2ceb950410df15fc9521bad440122b"
# The versioned file behind `python3`: when an upgrade removes it, VENV/bin/python dangles and VENV is remade.
PYTHON = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
# What else would choose another Python or another repository.
FOREIGN = re.compile("PYTHON|VIRTUAL_ENV$|__PYVENV|GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|COMMON_DIR)$")
HINT = """\
hint: the packages come from the index of PIP_INDEX_URL, else of pip's configuration, else from pypi.org:
hint: look at the network, the proxy (HTTPS_PROXY) and the CA bundle (CA_BUNDLE), then run it again"""
ELSEWHERE = "hint: remove target, prefix, root or dry-run from the settings of pip: python3 -m pip config list"
FOLDER = "hint: check the folder's owner and the free space: ls -ld, df -h; XDG_CACHE_HOME=FOLDER moves the cache"
AUTHORITIES = runpy.run_path(str(Path(__file__).with_name("base") / "authorities.py"))
INSTALLERS = runpy.run_path(str(Path(__file__).with_name("base") / "installers.py"))
SEALS = runpy.run_path(str(Path(__file__).with_name("base") / "seals.py"))
FULL = re.compile("No space left|Disk quota exceeded|Errno 28|os error 28")


class BootstrapError(Exception):
    """VENV could not be made. The hint says what the user can do about it."""

    def __init__(self, message: str, hint: str = HINT, output: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.output = output  # the last lines of the command that failed


def main(place: Path, requirements: Path, shared: bool = False) -> Path:
    """Make the environment if it is not complete; returns its path. `shared`: `place` is the folder of all of them."""
    venv = place / key(requirements) if shared else place
    if shared and complete(venv, requirements):
        return venv
    lock = venv.with_name(venv.name + ".lock")
    if venv.exists() and not ((venv / "pyvenv.cfg").exists() or lock.exists()):
        raise BootstrapError(f"{venv} is in the way: it is not a virtual environment", "hint: move it away")
    venv.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        wait_for(held)
        moved = not (shared or is_at_home(venv))
        if moved or not complete(venv, requirements):  # or another run made it while this one waited
            whole = os.access(venv / "bin/python", os.X_OK)
            elsewhere = "it was moved" if (venv / "place").exists() else "an earlier release made it"
            gone = "its Python is gone" if not whole else elsewhere if moved else "files of it are damaged"
            why = (
                f"again, since {gone}" if (venv / "requirements.txt").exists() and (shared or sealed(venv)) else "once"
            )
            print(f"making the tool environment in {venv} ({why}) …", file=sys.stderr, flush=True)
            make(venv, requirements, held)
    return venv


def key(requirements: Path) -> str:
    """What an environment is made from: SOABI holds the implementation, version, flags and platform of a Python."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    python = sysconfig.get_config_var("SOABI") or f"{sys.implementation.cache_tag}-{sys.platform}"
    return f"{digest}-{python}-{platform.machine()}"


def wait_for(held: IO[str]) -> None:
    """Take the lock. Waiting is reported after a second. Where locks do not work, each run makes its own attempt."""
    say = "waiting for another command that makes the tool environment …"
    before = signal.signal(signal.SIGALRM, lambda *_: print(say, file=sys.stderr, flush=True))
    signal.alarm(1)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def is_at_home(venv: Path) -> bool:
    """Whether it was made where it is: its programs have its path in their first line."""
    try:
        return (venv / "place").read_text(encoding="utf-8", errors="surrogateescape") == str(venv)
    except OSError:
        return False


def complete(venv: Path, requirements: Path) -> bool:
    stamp = venv / "requirements.txt"
    same = stamp.is_file() and stamp.read_bytes() == requirements.read_bytes()
    if not (same and os.access(venv / "bin/python", os.X_OK)):
        return False
    if not sealed(venv):  # made by an earlier release
        return has_files(venv, requirements)
    return not SEALS["flaw"](venv, whole=bool(os.environ.get("DEVENV_REPAIRED")))


def sealed(venv: Path) -> bool:
    return bool((venv / SEALS["NAME"]).exists())


def has_files(venv: Path, requirements: Path) -> bool:
    """Whether all files of the packages exist, with their sizes. Virus scanners remove some, and so do people."""
    records = list(venv.glob("lib/python*/site-packages/*.dist-info/RECORD"))
    if not records and names(requirements):
        return False
    for record in records:
        for row in csv.reader(record.read_text(encoding="utf-8", errors="replace").splitlines()):
            path = record.parents[1] / row[0] if row else record
            if not path.name.endswith(".pyc") and not (path.exists() and has_size(path, row[2:])):
                return False
    return True


def has_any(venv: Path, requirements: Path) -> bool:
    """Whether one of the packages is installed. Some may not be meant for this Python."""
    wanted = re.findall(r"^([\w.-]+)==", requirements.read_text(encoding="utf-8"), re.MULTILINE)
    found = [path.name.partition("-")[0].lower() for path in venv.glob("lib/python*/site-packages/*.dist-info")]
    return not {re.sub("[-.]", "_", name).lower() for name in wanted}.isdisjoint(found)


def has_size(path: Path, size: List[str]) -> bool:
    return not (size and size[0].isdigit()) or path.stat().st_size == int(size[0])


def make(venv: Path, requirements: Path, held: IO[str]) -> None:
    remove(venv)
    uv = shutil.which("uv")
    try:
        if not (uv and with_uv(uv, venv, requirements, held)):
            with_pip(venv, requirements, held)
        (venv / "place").write_text(str(venv), encoding="utf-8", errors="surrogateescape")
        SEALS["write"](venv)
        shutil.copyfile(requirements, venv / "requirements.txt")
    except BootstrapError as error:
        remove(venv)  # an incomplete one only wastes space
        wanted = names(requirements)
        message = f"{error}, while {wanted} were to be installed" if wanted else str(error)
        raise BootstrapError(message, FOLDER if FULL.search(error.output) else error.hint, error.output) from None
    except OSError:
        remove(venv)
        raise


def remove(venv: Path) -> None:
    if venv.is_symlink():
        venv.unlink()
    elif venv.exists():
        (venv / "requirements.txt").unlink(missing_ok=True)  # first: half removed must not look complete
        shutil.rmtree(venv)


def with_uv(uv: str, venv: Path, requirements: Path, held: IO[str]) -> bool:
    sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", venv / "bin/python", requirements]
    index = pip_setting("index-url")  # uv does not read pip's settings
    own = {"UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX"} & {*os.environ}
    indexes = {"UV_DEFAULT_INDEX": index} if index and not own else {}
    if pip_setting("no-index"):
        return False
    try:
        run([uv, "venv", "--quiet", "--python", PYTHON, venv], held)
        run(sync, held, **indexes)
        if not has_files(venv, requirements):  # uv's cache shares its files with environments, and checks none of them
            print("files in uv's cache are damaged: fetching the packages again …", file=sys.stderr, flush=True)
            run([*sync, "--reinstall", "--no-cache"], held, **indexes)
    except BootstrapError as error:
        if FULL.search(error.output):
            raise
        # pip reads more of its settings, so it may succeed, or report the reason
        print("uv could not, trying pip …", file=sys.stderr, flush=True)
        remove(venv)
        return False
    return True


def with_pip(venv: Path, requirements: Path, held: IO[str]) -> None:
    python = venv / "bin/python"
    options = ["--quiet", "--no-input", "--retries=2", "--no-compile", "--disable-pip-version-check"]
    pinned = ["--no-deps", "--require-hashes", "-r", requirements]
    install = [python, "-m", "pip", "install", *options, *pinned]
    try:
        run([PYTHON, "-m", "venv", venv], held)
    except BootstrapError:
        remove(venv)
        run([PYTHON, "-m", "venv", "--without-pip", venv], held)
        wheel = venv / PIP_WHEEL
        wheel.write_bytes(download_pip())
        run(install, held, PYTHONPATH=str(wheel))
        wheel.unlink()
    else:
        run(install, held)
    if names(requirements) and not has_any(venv, requirements):  # no option and no variable undoes such a setting
        raise BootstrapError("pip did not install into it", ELSEWHERE)


def run(command: Sequence[object], held: IO[str], **extra: str) -> None:
    """Run to the end. A child inherits the lock, so that no second attempt starts while one outlives this process."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd="/",  # so that uv does not read the service's uv.toml and pyproject.toml
        env={**environment(), **extra},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[held.fileno()],
    )
    if done.returncode:
        what = " ".join([Path(str(command[0])).name, *map(str, command[1:3])])
        end = "\n".join(done.stdout.decode(errors="replace").splitlines()[-15:])
        raise BootstrapError(f"{what}: exit code {done.returncode}", output=end + "\n")


def names(requirements: Path) -> str:
    """The required packages, for messages."""
    found = re.findall(r"^([\w.-]+)==([^\s;\\]+)", requirements.read_text(encoding="utf-8"), re.MULTILINE)
    return ", ".join(f"{name} {version}" for name, version in found)


def environment() -> Dict[str, str]:
    foreign = INSTALLERS["is_foreign"]
    env = {name: value for name, value in os.environ.items() if not FOREIGN.match(name) and not foreign(name)}
    env.update(INSTALLERS["FIXED"], PIP_CONSTRAINT=os.devnull, UV_PYTHON_DOWNLOADS="never")
    trusted = AUTHORITIES["find"](os.environ)
    if trusted != os.devnull:
        env["SSL_CERT_FILE"] = trusted
        if not pip_setting("cert"):
            env["PIP_CERT"] = trusted  # the pip of an older Python reads only this one
    return env


def download_pip() -> bytes:
    index = pip_setting("index-url") or "https://pypi.org/simple"
    page = f"{index.rstrip('/')}/pip/"
    links = re.findall(r"""href=["']([^"']+)""", fetch(page).decode(errors="replace"))
    for link in map(html.unescape, links):
        if urllib.parse.urlsplit(link).path.endswith("/" + PIP_WHEEL):
            wheel = fetch(urllib.parse.urljoin(page, link))
            if hashlib.sha256(wheel).hexdigest() == PIP_SHA256:
                return wheel
            raise BootstrapError(f"{PIP_WHEEL} on {page} does not have the sha256 that is pinned for it")
    raise BootstrapError(f"{page} does not list {PIP_WHEEL}", "hint: install uv or python3-venv")


def fetch(url: str) -> bytes:
    parts = urllib.parse.urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    request = urllib.request.Request(urllib.parse.urlunsplit(parts._replace(netloc=host)))
    if login:  # urllib does not read the login from the address
        basic = base64.b64encode(urllib.parse.unquote(login).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {basic}")
    trusted = AUTHORITIES["find"](os.environ)
    tls = ssl.create_default_context(cafile=pip_setting("cert") or (trusted if trusted != os.devnull else None))
    try:
        return bytes(urllib.request.urlopen(request, timeout=60, context=tls).read())
    except OSError as error:
        raise BootstrapError(f"{parts._replace(netloc=host).geturl()}: {error}") from None


def pip_setting(name: str) -> Optional[str]:
    """What pip would use for `name` ("index-url"), or None. See pip's documentation, Configuration."""
    files = configparser.RawConfigParser()
    files.read(config_files(), encoding="utf-8")
    written = [files.get(section, name, fallback=None) for section in ("install", "global")]
    variable = "PIP_" + name.upper().replace("-", "_")
    return next(filter(None, [os.environ.get(variable), *written]), None)


def config_files() -> List[str]:
    """pip's configuration files; later ones override earlier ones."""
    own = os.environ.get("PIP_CONFIG_FILE", "")
    if own == os.devnull:
        return []
    shared = (os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    folders = [*[f"{folder}/pip" for folder in shared], "/etc", os.path.expanduser("~/.pip"), f"{config}/pip"]
    return [f"{folder}/pip.conf" for folder in folders] + [own]


def report(problem: Exception) -> int:
    print(getattr(problem, "output", ""), end="", file=sys.stderr)
    print(f"error[110]: the tool environment could not be made: {problem}", file=sys.stderr)
    print(getattr(problem, "hint", FOLDER), file=sys.stderr)
    return 110


if __name__ == "__main__":
    try:
        *options, place, wanted = sys.argv[1:]
        made = main(Path(place).absolute(), Path(wanted).absolute(), shared=options == ["--in"])
        if options == ["--in"]:
            sys.stdout.buffer.write(os.fsencode(made) + b"\n")
    except (BootstrapError, OSError, ValueError, configparser.Error, http.client.HTTPException) as problem:
        sys.exit(report(problem))
    except KeyboardInterrupt:
        sys.exit(130)

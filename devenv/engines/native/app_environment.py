"""The app's environment on this machine, made by `native:` in dev.yaml and updated when its files change.

Its Python has the version of the image if that is installed, else it is the newest one that fits.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from glob import glob
from pathlib import Path
from typing import Callable

from devenv.base import authorities, installers, locks, process, seals
from devenv.base.errors import CONFIG, MISSING, UNHEALTHY, DevError
from devenv.engines.interface import Place
from devenv.engines.native import app_libraries, folders, programs
from devenv.model import fingerprint, lockfiles, outside, system_packages
from devenv.model.libraries import Library
from devenv.model.secrets import BUILD

# The files that dependencies are read from, in the root or in a subfolder.
LOCKS = (
    *(each.pattern for each in lockfiles.FORMATS),
    "pyproject.toml",
    "setup.*",
    "requirements/**",
    "package.json",
    ".python-version",
)
# The only variables of the user that the service gets: it should behave as in a container, which gets none.
PASSED = (
    r"(HOME|USER|LOGNAME|SHELL|PATH|LANG|LC_\w+|TERM|COLORTERM|NO_COLOR|TZ|TMPDIR|XDG_\w+|SSH_AUTH_SOCK|LD_LIBRARY_PATH"
    r"|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|PIP_\w+|UV_\w+|(npm_config|NPM_CONFIG)_\w+"
    r"|(https?|no|all)_proxy|(HTTPS?|NO|ALL)_PROXY)"
)
PATIENCE = 20.0  # seconds that a Python may need to start on a machine that is busy
IMAGE = r"(?im)^FROM\s+(?:\S+/)?python:(\d+\.\d+)"
TELL = "import sys; print('%d.%d.%d' % sys.version_info[:3], sys.version_info.releaselevel, sys.executable)"


def is_made(place: Place) -> bool:
    """Whether the environment exists, is up to date with the files, and lacks no package that it had."""
    made, *packages = _text(_stamp(place)).splitlines() or [""]
    return made == _fingerprint(place) and not ("python" in place.native and (_flaw(place) or _lost(place, packages)))


def is_there(place: Place) -> bool:
    """Whether there is an environment in which the app can be tried. It may be incomplete."""
    return "python" not in place.native or os.access(_venv(place) / "bin" / "python", os.X_OK)


def repair(place: Place) -> str:
    """Let a damaged environment be made again; returns the damaged file, empty if there is none. After a failure."""
    found = flaw(place)
    if found:
        stamp, *packages = parts_of(place)
        stamp.unlink(missing_ok=True)
        for folder in packages:  # installers would skip packages that seem to be there
            shutil.rmtree(folder, ignore_errors=True)
    return found


def flaw(place: Place) -> str:
    """A damaged file of a complete environment, by content; empty if there is none."""
    if not _stamp(place).exists():
        return ""
    found = _flaw(place, whole=True) if "python" in place.native else ""
    if not found and "node" in place.native and _seal(place).exists():
        found = seals.flaw(_modules(place), _seal(place), whole=True)
    return found


def parts_of(place: Place) -> list[Path]:
    """The file that says that it is complete, and the folders that its packages are in."""
    found = {"python": _venv(place), "node": _modules(place)}
    return [_stamp(place), *(folder for language, folder in found.items() if language in place.native)]


def _flaw(place: Place, whole: bool = False) -> str:
    """A damaged file of the Python environment; empty if there is none.

    Each package lists its files in its RECORD. `whole`: compare all with it, by size and content.
    """
    config = _venv(place) / "pyvenv.cfg"
    if "home = " not in _text(config):
        return str(config)
    python = _venv(place) / "bin" / "python"
    if whole and not _runs(python):
        return str(python)
    for package in _venv(place).glob("lib/python*/site-packages/*.dist-info"):
        record = package / "RECORD"
        if not (package / "METADATA").is_file() or not record.is_file() or not record.stat().st_size:
            return str(record)
        found = _damaged(record) if whole else ""
        if found:
            return found
    return ""


def _runs(python: Path) -> bool:
    return process.probe([str(python), "-I", "-S", "-c", ""], dict(os.environ), Path("/"), PATIENCE)


def _lost(place: Place, packages: Sequence[str]) -> set[str]:
    """The packages that were installed here and are gone. Their versions may have been changed by hand."""
    return set(packages) - set(_packages(place))


def _packages(place: Place) -> list[str]:
    return sorted(path.name.partition("-")[0] for path in _venv(place).glob("lib/python*/site-packages/*.dist-info"))


def _damaged(record: Path) -> str:
    """The first file of a package that differs from its RECORD.

    https://packaging.python.org/specifications/recording-installed-packages/
    """
    for row in csv.reader(record.read_text(encoding="utf-8", errors="replace").splitlines()):
        path = record.parents[1] / (row or [record.name])[0]
        if len(row) != 3 or path.suffix == ".pyc" or not row[1].startswith("sha256="):
            continue
        try:
            content = path.read_bytes()
        except OSError:
            return str(path)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        if digest != row[1].partition("=")[2]:
            return str(path)
    return ""


def make(place: Place, stop: Callable[[], None] = lambda: None) -> None:
    """Make or update the environment. DevError 110 if the machine lacks something, 112 if the install command fails.

    `stop`: called before something changes that the running app uses. An environment with edited libraries is made next
    to the one that the app runs in, so if that fails, the app still runs.
    """
    if is_made(place):
        return
    if not place.native:
        hint = 'for Python: native: {python: ">=3.11", install: uv pip install -r requirements.txt}'
        raise DevError(CONFIG, "dev.yaml: native: is missing: it says how the app's environment is made", hint)
    with locks.held(folders.locked(place) / "environment.lock", "install"):
        if is_made(place):  # another workspace may have made it: all share the folder of a pinned checkout
            return
        if not place.libraries:
            stop()
            _make(place, stop)
            return
        new = folders.next_environment(place)
        shutil.rmtree(new, ignore_errors=True)  # of a killed command
        try:
            _make(place._replace(environment=new), stop)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        folders.choose(place, new)


def _make(place: Place, stop: Callable[[], None]) -> None:
    _stamp(place).unlink(missing_ok=True)  # first: an incomplete environment must not look complete
    folders.environments(place).mkdir(parents=True, exist_ok=True)
    if "python" in place.native:
        # Installers would stumble over damage.
        if _flaw(place) or not _runs(_venv(place) / "bin" / "python"):
            shutil.rmtree(_venv(place), ignore_errors=True)
        _make_venv(place)
    if "node" in place.native:
        _check_node(place.native["node"])
        with place.secrets.lent(BUILD, folders.lent(place)) as given:
            app_libraries.prepare(place, {**_tool_env(place), **given})
        stop()
        locked = folders.locked(place)  # all environments of the checkout share node_modules
        for other in (locked / "made", *locked.glob("edited/*/*/made")):
            other.unlink(missing_ok=True)
        app_libraries.unlink(place)
    _install(place)
    if place.libraries:
        with place.secrets.lent(BUILD, folders.lent(place)) as given:
            app_libraries.install(place, {**_tool_env(place), **given}, _uv())
    if "node" in place.native and _modules(place).is_dir():  # unlike Python's, its packages do not list their files
        seals.write(_modules(place), _seal(place))
    _stamp(place).write_text("\n".join([_fingerprint(place), *_packages(place)]) + "\n")


def passed(place: Place) -> dict[str, str]:
    """The variables of the user that all processes get, servers too, and how they reach the outside."""
    held = place.secrets.variables()  # the app and the install step each get what dev.yaml declares for them
    named = [name for name in os.environ if re.fullmatch(PASSED, name) and not installers.is_foreign(name)]
    env = {name: os.environ[name] for name in named if name not in held}
    env.update({name: value for name, value in place.outside.items() if name.lower() == outside.DIRECT})
    trusted = authorities.variables(place.variables.get("CA_BUNDLE", ""))
    kept = {name for name in trusted if env.get(name) and name != "SSL_CERT_FILE"}  # the person's, for one program
    env.update({name: path for name, path in trusted.items() if name not in kept})
    env.setdefault("PATH", os.defpath)
    return env


def variables(place: Place) -> dict[str, str]:
    """The variables of the app's processes, before those of compose.yaml are added."""
    env = {**passed(place), **installers.FIXED}
    bins = [str(_venv(place) / "bin"), str(_modules(place) / ".bin")]
    env["PATH"] = os.pathsep.join([*bins, env["PATH"]])
    if "python" in place.native:
        # Last: a uv of the machine wins. `dev.add` and `dev.run -- uv` work without one.
        env["PATH"] = os.pathsep.join([env["PATH"], str(programs.UV.bin)])
        env.update(VIRTUAL_ENV=str(_venv(place)), UV_PROJECT_ENVIRONMENT=str(_venv(place)), PYTHONUNBUFFERED="1")
    if place.libraries:
        env.update(place.watching([str(each.checkout) for each in place.libraries.values()]))
    return env


def fetch_manager(place: Place) -> None:
    """Let uv be on the path of commands, also if it was removed from the machine since the environment was made."""
    if "python" in place.native:
        _uv()


def undo(place: Place, library: Library) -> None:
    """Run the command by which dev.yaml removes a library."""
    app_libraries.undo(place, library, _tool_env(place))
    _stamp(place).unlink(missing_ok=True)  # if the rest of dev.use fails, the next dev.up installs it again


def _python(place: Place) -> str:
    """The Python that dev.yaml asks for; if several fit, the one of the app's image."""
    app = place.services.get(place.app)
    image = app.build.dockerfile if app and app.build else place.root / "Dockerfile"
    return find_python(place.native["python"], image)


def _make_venv(place: Place) -> None:
    uv = _uv()
    wanted = _python(place)
    config = _venv(place) / "pyvenv.cfg"
    if f"home = {Path(wanted).parent}\n" in _text(config):
        return  # the same Python: only the packages are updated
    # Relocatable: its programs also work after the checkout was moved.
    argv = [uv, "venv", "--quiet", "--clear", "--seed", "--relocatable", "--python", wanted, str(_venv(place))]
    if process.run(argv, _tool_env(place)):
        raise DevError(UNHEALTHY, f"{place.service}: the Python environment could not be made", "see above")


def _install(place: Place) -> None:
    command = place.native.get("install", "")
    if not command:
        return
    with place.secrets.lent(BUILD, folders.lent(place)) as given:
        code = process.run(shlex.split(command), {**_tool_env(place), **given})
    if code:
        hints = system_packages.for_machine(place.root, lambda program: shutil.which(program) is not None)
        origins = place.secrets.origins(BUILD)
        again = f"try it by hand: inv dev.run -- {command}"  # which has no secrets
        message = f"{place.service}: native.install of dev.yaml failed"
        raise DevError(UNHEALTHY, message, *hints, *origins) if origins else DevError(UNHEALTHY, message, *hints, again)


def _tool_env(place: Place) -> Mapping[str, str]:
    """The environment for installers. uv must not download a Python: we found one, and uv retries for a long time."""
    env: dict[str, str] = {**variables(place), "UV_PYTHON_DOWNLOADS": "never"}
    if "python" in place.native:
        env["PATH"] = os.pathsep.join([env["PATH"], str(Path(_uv()).parent)])
    return env


def _uv() -> str:
    """The machine's uv, else the one of our tools."""
    found = shutil.which("uv")
    if found:
        return found
    programs.UV.fetch()
    return str(programs.UV.bin / "uv")


def check_languages(place: Place) -> None:
    """DevError 110 if this machine has no Python or Node as `native:` wants it."""
    if "python" in place.native:
        _python(place)
    if "node" in place.native:
        _check_node(place.native["node"])


def _check_node(wanted: str) -> None:
    done = process.capture(["node", "--version"])
    version = tuple(map(int, re.findall(r"\d+", done.stdout)))
    if done.code or not fits(version, wanted):
        have = f"found {done.stdout.strip()}" if version else "found none"
        raise DevError(MISSING, f"Node {wanted} is not installed ({have})", "see https://nodejs.org/en/download")


def _text(path: Path) -> str:
    """The text of a file of ours; empty if there is none, or it is damaged."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _venv(place: Place) -> Path:
    return folders.environments(place) / "venv"


def _modules(place: Place) -> Path:
    return place.root / "node_modules"


def _seal(place: Place) -> Path:
    return folders.environments(place) / "node_modules.files"


def _stamp(place: Place) -> Path:
    return folders.environments(place) / "made"


def _fingerprint(place: Place) -> str:
    """A fingerprint of everything that the environment is made from, including the version of Python."""
    files = fingerprint.of_files(place.root, [f for p in LOCKS for f in place.root.glob(p) if f.is_file()])
    there = str(os.access(_venv(place) / "bin" / "python", os.X_OK)) if "python" in place.native else ""
    modules = str(_modules(place).is_dir()) if "node" in place.native else ""
    edited = [library.key for library in place.libraries.values()]
    return fingerprint.of_text(repr(sorted(place.native.items())), files, there, modules, *edited)


def find_python(wanted: str, dockerfile: Path) -> str:
    """The path of a Python that fits a specifier such as >=3.11,<4. DevError 110 if there is none."""
    image = _of_image(dockerfile)
    with ThreadPoolExecutor() as threads:  # there may be dozens, and each is slow to start
        seen = {path: version for path, version in threads.map(_ask, sorted(set(_candidates()))) if version}
    fitting = {path: version for path, version in seen.items() if fits(version, wanted)}
    if not fitting:
        have = ", ".join(sorted({".".join(map(str, v)) for v in seen.values()})) or "none"
        hint = f"install one: apt-get install python3, brew install python, pyenv install, uv python install {wanted}"
        raise DevError(MISSING, f"Python {wanted} is not installed (found: {have})", hint)
    return max(fitting, key=lambda path: (".".join(map(str, fitting[path][:2])) == image, fitting[path]))


def _of_image(dockerfile: Path) -> str:
    """The version in the app's image: 3.13; empty if it has none."""
    found = re.search(IMAGE, dockerfile.read_text()) if dockerfile.is_file() else None
    return found[1] if found else ""


def fits(version: tuple[int, ...], wanted: str) -> bool:
    """Whether a version satisfies a specifier as pip and uv read it (PEP 440); ==3.11 is any 3.11. DevError 111."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # here, since only few commands need it

    try:
        specifier = SpecifierSet(re.sub(r"==\s*(\d+(?:\.\d+)?)\s*(?=,|$)", r"==\1.*", wanted))
    except InvalidSpecifier:
        message = f"dev.yaml: native: {wanted} is not a version specifier such as >=3.11"
        raise DevError(CONFIG, message, "allowed: >=3.11,<4") from None
    return specifier.contains(".".join(map(str, version)))


def _candidates() -> Iterator[str]:
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    yield from glob(f"{pyenv}/3.*/bin/python3")  # not Path.glob, which fails on a folder of another user
    for folder in ("/opt/homebrew/bin", "/usr/local/bin", "/usr/bin"):
        yield from glob(f"{folder}/python3.[0-9]*")
    for name in ("python3", *(f"python3.{minor}" for minor in range(9, 20))):
        found = shutil.which(name)
        # Not pyenv's shims: each is a slow shell script, and it fails with 127 if its version is not active.
        if found and Path(found).parent != pyenv.with_name("shims"):
            yield found
    yield from glob(f"{Path.home()}/.local/share/uv/python/cpython-3.*/bin/python3")


def _ask(path: str) -> tuple[str, tuple[int, ...]]:
    """A Python's real path and its version; no version if it is not a Python, or a pre-release."""
    if path.endswith("-config"):
        return path, ()
    argv = [path, "-I", "-S", "-c", TELL]  # -S: installed packages do not matter, and site doubles the time
    words = process.capture(argv, {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}).stdout.split()
    if len(words) < 3 or words[1] != "final":
        return path, ()
    return words[2], tuple(map(int, words[0].split(".")))

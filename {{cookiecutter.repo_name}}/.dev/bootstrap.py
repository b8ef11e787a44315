# Owner: the template. Do not edit: updates replace this file.
"""Make a virtual environment from hash-pinned requirements with nothing but python3.

    python3 -I bootstrap.py VENV REQUIREMENTS

With uv where it is on the path; else with venv and its pip; else, where Python has no ensurepip (Debian
without python3-venv), with a venv without pip and a pip wheel from the index that pip is configured for.
VENV/requirements.txt, a copy of REQUIREMENTS, is written last: callers compare the two (cmp -s).
Exit codes: 0 VENV is complete; 110 it could not be made.
"""

import base64
import configparser
import fcntl
import hashlib
import html
import os
import re
import shutil
import ssl
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

PIP_WHEEL = "pip-26.0.1-py3-none-any.whl"  # the newest pip that runs on Python 3.9
PIP_SHA256 = "bdb1b08f4274833d62c1aa29e20907365a2ceb950410df15fc9521bad440122b"
# The versioned file behind `python3`: when an upgrade removes it, VENV/bin/python dangles and VENV is remade.
PYTHON = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
# Settings meant for another environment, which would send the packages elsewhere or change their choice.
FOREIGN = re.compile(
    "PYTHON|VIRTUAL_ENV$|__PYVENV|PIP_(REQUIRE_VIRTUALENV|TARGET|PREFIX|ROOT|PYTHON|DRY_RUN)$"
    "|UV_(SYSTEM_PYTHON|PYTHON|CONSTRAINT|OVERRIDE|EXCLUDE|EXCLUDE_NEWER|TARGET|PREFIX|VENV_SEED|DRY_RUN)$"
)
HINT = """\
hint: the packages come from the index of PIP_INDEX_URL, else of pip's configuration, else from pypi.org:
hint: look at the network, the proxy (HTTPS_PROXY) and the CA bundle (SSL_CERT_FILE), then run it again"""


class BootstrapError(Exception):
    """VENV could not be made, for a reason that a person can do something about, as the hint says."""

    def __init__(self, message, hint=HINT, output=""):
        super().__init__(message)
        self.hint = hint
        self.output = output  # the last lines of the command that failed


def main(venv, requirements):
    if sys.version_info < (3, 9):
        have = "Python 3.9 or newer is needed, {} is {}.{}".format(sys.executable, *sys.version_info)
        raise BootstrapError(have, "hint: put a newer python3 first on the path")
    lock = venv.with_name(venv.name + ".lock")
    if venv.exists() and not ((venv / "pyvenv.cfg").exists() or lock.exists()):
        raise BootstrapError(f"{venv} is in the way: it is no virtual environment", "hint: move it away")
    venv.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not complete(venv, requirements):  # or another run made it while this one waited
            print(f"making the tool environment in {venv} (once) …", file=sys.stderr, flush=True)
            make(venv, requirements, held)


def complete(venv, requirements):
    stamp = venv / "requirements.txt"
    same = stamp.exists() and stamp.read_bytes() == requirements.read_bytes()
    return same and os.access(venv / "bin/python", os.X_OK)


def make(venv, requirements, held):
    remove(venv)
    uv = shutil.which("uv")
    if not (uv and with_uv(uv, venv, requirements, held)):
        with_pip(venv, requirements, held)
    shutil.copyfile(requirements, venv / "requirements.txt")


def remove(venv):
    if venv.is_symlink():
        venv.unlink()
    elif venv.exists():
        (venv / "requirements.txt").unlink(missing_ok=True)  # first: half removed must not look complete
        shutil.rmtree(venv)


def with_uv(uv, venv, requirements, held):
    sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", venv / "bin/python", requirements]
    try:
        run([uv, "venv", "--quiet", "--python", PYTHON, venv], held)
        run(sync, held)
    except BootstrapError:  # uv does not read pip's configuration: pip may get there, or tells why not
        print("uv could not, trying pip …", file=sys.stderr, flush=True)
        remove(venv)
        return False
    return True


def with_pip(venv, requirements, held):
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


def run(command, held, **extra):
    """Run to the end. A child keeps the lock, so that nobody starts anew beside one that outlives us."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd="/",  # away from the service's own uv.toml and pyproject.toml
        env={**environment(), **extra},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[held.fileno()],
    )
    if done.returncode:
        what = " ".join([Path(command[0]).name, *map(str, command[1:3])])
        end = "\n".join(done.stdout.decode(errors="replace").splitlines()[-15:])
        raise BootstrapError(f"{what}: exit code {done.returncode}", output=end + "\n")


def environment():
    env = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
    env.update(PIP_USER="0", PIP_CONSTRAINT=os.devnull, UV_PYTHON_DOWNLOADS="never")
    if "SSL_CERT_FILE" in env and not pip_setting("cert"):
        env["PIP_CERT"] = env["SSL_CERT_FILE"]  # the pip of an older Python reads only this one
    return env


def download_pip():
    index = pip_setting("index-url") or "https://pypi.org/simple"
    page = f"{index.rstrip('/')}/pip/"
    links = re.findall(r"""href=["']([^"']+)""", fetch(page).decode(errors="replace"))
    for link in map(html.unescape, links):
        if urllib.parse.urlsplit(link).path.endswith("/" + PIP_WHEEL):
            wheel = fetch(urllib.parse.urljoin(page, link))
            if hashlib.sha256(wheel).hexdigest() == PIP_SHA256:
                return wheel
            raise BootstrapError(f"{PIP_WHEEL} on {page} does not have the sha256 that is pinned for it")
    raise BootstrapError(f"there is no {PIP_WHEEL} on {page}", "hint: install uv or python3-venv")


def fetch(url):
    parts = urllib.parse.urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    request = urllib.request.Request(urllib.parse.urlunsplit(parts._replace(netloc=host)))
    if login:  # urllib does not read it from the address
        basic = base64.b64encode(urllib.parse.unquote(login).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {basic}")
    tls = ssl.create_default_context(cafile=pip_setting("cert"))
    return urllib.request.urlopen(request, timeout=60, context=tls).read()


def pip_setting(name):
    """What pip would use for `name` ("index-url"), or None. See pip's documentation, Configuration."""
    files = configparser.RawConfigParser()
    files.read(config_files(), encoding="utf-8")
    written = [files.get(section, name, fallback=None) for section in ("install", "global")]
    variable = "PIP_" + name.upper().replace("-", "_")
    return next(filter(None, [os.environ.get(variable), *written]), None)


def config_files():
    """pip's configuration files, the later the stronger."""
    own = os.environ.get("PIP_CONFIG_FILE", "")
    if own == os.devnull:
        return []
    shared = (os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    folders = [*[f"{folder}/pip" for folder in shared], "/etc", os.path.expanduser("~/.pip"), f"{config}/pip"]
    return [f"{folder}/pip.conf" for folder in folders] + [own]


def report(problem):
    print(getattr(problem, "output", ""), end="", file=sys.stderr)
    print(f"error[110]: the tool environment could not be made: {problem}", file=sys.stderr)
    print(getattr(problem, "hint", HINT), file=sys.stderr)
    return 110


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute())
    except (BootstrapError, OSError, configparser.Error) as problem:
        sys.exit(report(problem))
    except KeyboardInterrupt:
        sys.exit(130)

"""A copy of a repository with a separate folder, home and workspace. All are removed at the end."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from conformance.door import Done, Door, Running
from conformance.guard import guarded
from conformance.machine import Machine, has_docker
from conformance.repository import Repository
from conformance.tables import Rows

# Variables of the caller's shell, or of the make that called us, that would change the commands under test.
FOREIGN = ("DEV_", "ARGS", "MAKE", "MFLAGS", "VIRTUAL_ENV", "GIT_", "COMPOSE_", "PYTEST_", "PYTHON")
FOREIGN += ("FORCE_COLOR", "NO_COLOR")
# It is in the environment file, in `.env` and in the build's secret. If it turns up elsewhere, it was copied there.
CANARY = "contract-canary-5b1f0c"
VARIABLE = "CONTRACT_CANARY"
# A secret for builds, which a repository that declares some gets, too. It comes from a variable.
TOKEN = "contract-token-e07ab3"
SECRET = "contract_token: {from: [{env: CONTRACT_TOKEN}]}"
# These may have to build images and fetch servers; everything else answers soon.
STARTS = ("dev.up", "dev.test", "dev.reset", "dev.edit", "dev.use")


@dataclass
class Sandbox:
    """Where a repository is tested. Everything of the run is below `root`, or has `token` in its name."""

    root: Path
    token: str
    env: dict[str, str]
    door: Door
    machine: Machine
    patience: float  # factor for all limits
    history: list[Done] = field(default_factory=list)
    rows: Rows = field(default_factory=Rows)  # as last seen

    @property
    def checkout(self) -> Path:
        return self.door.folder

    @property
    def file(self) -> Path:
        """The file that dev.snapshot --export writes."""
        return self.root / "tmp" / "contract.tar.gz"

    def run(self, *words: str, stdin: str | None = "", limit: float = 0, **env: str) -> Done:
        """Run one of the repository's commands to its end. The history keeps it, for tests that look at all of them."""
        limit = limit or (900 if words[0] in STARTS else 120)
        done = self.door.run(words, {**self.env, **env}, limit * self.patience, stdin)
        self.history.append(done)
        return done

    def start(self, *words: str) -> Running:
        """Start a command that will be killed."""
        return Running(self.door, words, self.env)


@contextmanager
def open_sandbox(repository: Repository, prefix: tuple[str, ...], engine: str, patience: float) -> Iterator[Sandbox]:
    """A copy that is ready to run. Whatever happens, nothing is left of it."""
    token = f"contract-{uuid.uuid4().hex[:6]}"
    root = Path(tempfile.mkdtemp(prefix=f"{token}-"))
    with guarded(root, token):
        yield from _sandbox(repository, prefix, engine, patience, root, token)


def _sandbox(
    repository: Repository, prefix: tuple[str, ...], engine: str, patience: float, root: Path, token: str
) -> Iterator[Sandbox]:
    root.chmod(0o755)  # servers may run as another user, which needs access to their data
    try:
        checkout = copy(repository, root / "repo" / repository.path.name)
        env = environment(root, token, engine)
        machine = Machine(root, checkout, token, has_docker(env))
        box = Sandbox(root, token, env, Door(prefix, checkout), machine, patience)
        try:
            yield box
        finally:
            if box.machine.left():
                box.run("dev.destroy", "--only", "--yes")
            machine.containers()  # notes projects that have other names than they should
            machine.sweep()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def copy(repository: Repository, target: Path) -> Path:
    """Copy what git holds or would hold into a git repository with one commit. Keeps links and modes."""
    for name in repository.tracked:
        source = repository.path / name
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink() or source.is_file():
            shutil.copy2(source, target / name, follow_symlinks=False)
    target.mkdir(parents=True, exist_ok=True)
    add_entry(target / "dev.yaml", "secrets", SECRET)
    who = ["-c", "user.name=contract", "-c", "user.email=contract@localhost", "-c", "commit.gpgsign=false"]
    hooks = ["-c", "core.hooksPath=/dev/null"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "--allow-empty", "-m", "the checked files"]):
        subprocess.run(["git", "-C", str(target), *who, *hooks, *words], check=True, capture_output=True)
    (target / ".env").write_text(f"{VARIABLE}_FILE={CANARY}\n")
    with (target / ".git" / "info" / "exclude").open("a") as exclude:
        exclude.write(".env\n")
    return target


def add_entry(path: Path, key: str, entry: str) -> bool:
    """Give a mapping at the top of a YAML file another entry, its first one. The other lines stay as they are.

    Returns whether the file has such a mapping.
    """
    text = path.read_text(encoding="utf-8", errors="surrogateescape") if path.is_file() else ""
    entries = rf"^{key}:(?:[ \t]*\{{|(?:[ \t]*(?:#.*)?\n)+([ \t]+)(?=[^\s#]))"
    begin = re.search(entries, text, re.MULTILINE)
    if begin:
        more = f"{entry}\n{begin[1]}" if begin[1] else f"{entry}, "
        text = text[: begin.end()] + more + text[begin.end() :]
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    return bool(begin)


def environment(root: Path, token: str, engine: str) -> dict[str, str]:
    """The caller's environment without FOREIGN variables, with an empty home, and the caller's caches and settings."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    home = Path.home()
    for name in ("home", "state", "tmp"):
        (root / name).mkdir()
    kept = {
        "XDG_CACHE_HOME": home / ".cache",
        "XDG_CONFIG_HOME": home / ".config",
        "DOCKER_CONFIG": home / ".docker",
        "npm_config_cache": home / ".npm",
        "npm_config_userconfig": home / ".npmrc",
        "NETRC": home / ".netrc",
        "CARGO_HOME": home / ".cargo",  # pip runs rustc, and rustup writes into its folder then
        "RUSTUP_HOME": home / ".rustup",
    }
    env.update({name: os.environ.get(name) or str(path) for name, path in kept.items()})
    env.update(HOME=str(root / "home"), XDG_STATE_HOME=str(root / "state"), TMPDIR=str(root / "tmp"))
    env.update(DEV_WORKSPACE=token, DEV_NETWORK=f"devenv-{token}", DEV_PORT=str(free_port()))
    env["CONTRACT_TOKEN"] = TOKEN
    env.update(DEV_ENV_FILE=str(env_file(root)), CA_BUNDLE=str(bundle(root)))
    return {**env, "DEV_ENGINE": engine} if engine else env


def env_file(root: Path) -> Path:
    path = root / "told.env"
    path.write_text(f'{VARIABLE}="{CANARY}"\n')
    path.chmod(0o600)
    return path


def bundle(root: Path) -> Path:
    """The certificate authorities that builds get anyway, with a line that shows where they are copied to."""
    given = os.environ.get("CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    known = Path(given).read_bytes() if given and os.path.isfile(given) else b""
    path = root / "ca.pem"
    path.write_bytes(known + f"\n# {CANARY}\n".encode())
    return path


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])

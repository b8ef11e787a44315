"""Each reader of a file answers with a value or a documented error, and soon, for any content.

200 files for each reader in every run, 5,000 at night. A failure names the seed: `FUZZ_SEED=dev-yaml/17` repeats it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import random
import signal
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devenv.base.errors import CONFIG, USAGE, DevError
from devenv.datastates import exports
from devenv.engines.native import support
from devenv.model import answers, compose_file, config, document, dsn, env_file, fingerprint, requirements, services
from devenv.required import lockfile

from . import mutate

SECONDS = 2.0
VARIABLES = {"A": "1", "E": "", "D": "$A", "L": "x" * 100, "PORT": "18000"}
DEV_YAML = {
    "contract": "1.4", "service": "catalog", "app": "app", "port": 18160, "state": ["**/migrations/*.py", "seeds/**"],
    "commands": {"migrate": "python manage.py migrate", "test": "pytest -q", "pending": "sh -c 'exit 0'"},
    "scenarios": {
        "default": {"run": "python -m seeds", "check": "true", "once": True, "params": {"learners": 3}},
        "busy": {"run": "python -m seeds --n {n}", "params": {"n": "9"}, "after": ["default", "up"]},
    },
    "logins": {"admin": {"username": "a", "password": "b", "path": "/admin/"}},
    "budget": {"memory": "512M", "ready": "60s"},
    "requires": {"lms": {"repo": "https://x/lms", "version": "v1.0.0",
                         "scenarios": [{"oauth": {"id": "a"}}, "two"], "env": {"A": "{oauth.id}"}}},
    "override": {"lms": "v2.0.0"},
}  # fmt: skip
COMPOSE = {
    "services": {
        "app": {
            "build": {"context": ".", "dockerfile": "Dockerfile", "target": "dev"},
            "command": ["serve", "$PORT"], "entrypoint": "sh -c 'x'",
            "environment": {"A": "${A:-x}", "N": 1.5, "T": True, "H": None},
            "env_file": [{"path": "a.env", "required": False}], "ports": ["127.0.0.1:${PORT}:80", 81],
            "volumes": [".:/app", "data:/data", {"type": "volume", "source": "x", "target": "/x"}],
            "depends_on": {"db": {"condition": "service_healthy"}}, "mem_limit": "512m",
            "healthcheck": {"test": ["CMD", "true"], "interval": "1s", "retries": 3, "start_period": "${S:-5s}"},
            "deploy": {"resources": {"limits": {"memory": "1g"}}},
            "networks": ["default", "workspace"],
        },
        "db": {"extends": {"file": "base.yaml", "service": "postgres"}, "profiles": [], "x-devenv-optional": True},
    },
    "networks": {"workspace": {"name": "${A}", "external": True}}, "volumes": {"data": {}},
}  # fmt: skip
BASE = "services: {postgres: {image: 'postgres:17', environment: {POSTGRES_PASSWORD: x}}}\n"
LOCK = {
    "asks": "abc",
    "services": {"lms": {"repo": "../lms", "version": "v1", "commit": "0" * 40, "asked_by": ["catalog v1"]}},
}
MANIFEST = {
    "format": 1, "service": "catalog", "name": "s", "database": "postgres", "version": "17.1", "branch": "main",
    "created": "2026-01-01T00:00:00Z", "scenarios": ["default"], "scrubbed": False,
    "files": {"app/migrations/0001_initial.py": "aa"},
    "data": {"migrated": "x", "files": {}, "packages": {"of": "x", "names": ["a"]}, "seeded": {"default": {}}},
}  # fmt: skip
DOTENV = "A=1\nB=\"x $A ${N:-y}\"\nC='z'\nexport D=4 # c\nE\n# text\nF=a$!b\n"


def read_dev_yaml(chance: random.Random, folder: Path) -> None:
    (folder / "dev.yaml").write_bytes(mutate.document(chance, DEV_YAML))
    found = config.load(folder)
    for name, scenario in found.scenarios.items():
        found.chain(name)
        scenario.argv({})
    fingerprint.names(found.state, "a/" * 24 + "y")
    requirements.of(found.source)


def read_other_dev_yaml(chance: random.Random, folder: Path) -> None:
    written = mutate.document(chance, DEV_YAML).decode("utf-8", "replace")
    source = document.parse(Path("lms@0123:dev.yaml"), written)
    requirements.check_contract(source)
    requirements.of(source)


def read_compose(chance: random.Random, folder: Path) -> None:
    (folder / "compose.yaml").write_bytes(mutate.document(chance, COMPOSE))
    (folder / "base.yaml").write_bytes(mutate.content(chance, BASE))
    services.backing_names(folder / "compose.yaml")
    found = services.load(folder / "compose.yaml", VARIABLES)
    support.supported(found)
    for service in found.values():
        support.ignored(service)
        services.is_on(service, "workspace", VARIABLES)
    services.jobs(found)


def read_lock(chance: random.Random, folder: Path) -> None:
    (folder / "dev.lock").write_bytes(mutate.document(chance, LOCK))
    lockfile.read(folder)


def read_dotenv(chance: random.Random, folder: Path) -> None:
    (folder / ".env").write_bytes(mutate.content(chance, DOTENV * chance.choice([1, 1, 50])))
    env_file.read(folder / ".env", VARIABLES)


def interpolate(chance: random.Random, folder: Path) -> None:
    parts = [
        "$",
        "{",
        "}",
        "A",
        "E",
        "N",
        ":",
        "-",
        "?",
        "+",
        "$$",
        "x",
        " ",
        "\n",
        "${A:-",
        "${N:?",
        "é",
        "\0",
        "}" * 3,
    ]
    written = "".join(chance.choice(parts) for _ in range(chance.choice([3, 8, 20, 200, 3000])))
    with contextlib.suppress(compose_file.InterpolationError):
        compose_file.interpolate(written, VARIABLES)


def read_answer(chance: random.Random, folder: Path) -> None:
    answer = {
        "service": "lms",
        "url": "http://x",
        "healthy": True,
        "memory": 1,
        "services": [{"id": "a", "of": [None]}],
    }
    written = json.dumps(mutate.data(chance, answer)) if chance.random() < 0.9 else "[" * chance.choice([10, 200_000])
    with contextlib.suppress(ValueError):
        answers.check(answers.parse(mutate.text(chance, written)), "lms")


def read_dsn(chance: random.Random, folder: Path) -> None:
    sample = chance.choice(["postgresql://u:p@h:5432/d?sslmode=require", "mysql://u@[::1]/d", "postgres://u:p%40@h/d"])
    dsn.parse(mutate.text(chance, sample), chance.choice(["postgres", "mysql"]))


def read_archive(chance: random.Random, folder: Path) -> None:
    rows = os.urandom(chance.choice([0, 10, 30_000]))
    manifest = {**MANIFEST, "sha256": hashlib.sha256(rows).hexdigest()}
    written = json.dumps(mutate.data(chance, manifest) if chance.random() < 0.7 else manifest, default=str)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        for name, content in (("manifest.json", mutate.content(chance, written)), ("dump", rows)):
            member = tarfile.TarInfo(name if chance.random() < 0.95 else chance.choice(["../x", "/x", "dump"]))
            member.size = len(content)
            if chance.random() < 0.1:
                member.type = chance.choice([tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
                member.linkname = chance.choice(["dump", "manifest.json", "/etc/passwd"])
            tar.addfile(member, io.BytesIO(content))
    content = bytearray(packed.getvalue())
    for _ in range(chance.choice([0, 0, 1, 4])):
        content[chance.randrange(len(content))] = chance.randrange(256)
    (folder / "x.tar.gz").write_bytes(content[: chance.choice([len(content)] * 9 + [chance.randrange(len(content))])])
    exports.unpack(folder / "x.tar.gz", folder / "rows", lambda manifest: None)


READERS: dict[str, Callable[[random.Random, Path], None]] = {
    "dev-yaml": read_dev_yaml,
    "other-dev-yaml": read_other_dev_yaml,
    "compose": read_compose,
    "lock": read_lock,
    "dotenv": read_dotenv,
    "interpolate": interpolate,
    "answer": read_answer,
    "dsn": read_dsn,
    "archive": read_archive,
}


class TooSlow(BaseException):
    """Not an Exception, so that no reader can catch it."""


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, stop)  # the time of this process: others on the machine do not count
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def fault(seed: str) -> str:
    """What is wrong with the answer of a reader to the file of a seed; empty if nothing is."""
    reader = READERS[seed.partition("/")[0]]
    with tempfile.TemporaryDirectory() as folder:
        try:
            with at_most(SECONDS):
                reader(random.Random(seed), Path(folder))
        except DevError as error:
            return "" if error.code in (CONFIG, USAGE) else f"error[{error.code}]: {error.message}"
        except TooSlow:
            return f"no answer after {SECONDS} s"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    return ""


def check(reader: str, first: int, count: int) -> None:
    found = {seed: wrong for n in range(first, first + count) if (wrong := fault(seed := f"{reader}/{n}"))}
    assert not found, f"{len(found)} of {count}:\n" + "\n".join(
        f"FUZZ_SEED={s}: {w}" for s, w in list(found.items())[:9]
    )


@pytest.mark.parametrize("reader", READERS)
def test_any_file_is_read_or_refused(reader: str) -> None:
    """New files in each run, so that the runs of a week are thousands."""
    check(reader, int(time.time()), 200)


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_any_of_many_files_is_read_or_refused(reader: str) -> None:
    check(reader, 0, 5000)


@pytest.mark.skipif("FUZZ_SEED" not in os.environ, reason="repeats one file: FUZZ_SEED=READER/NUMBER")
def test_the_file_of_a_seed() -> None:
    assert not fault(os.environ["FUZZ_SEED"])


def test_a_reader_that_raises_something_else_or_hangs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(*_: Any) -> None:
        while True:
            pass

    monkeypatch.setitem(READERS, "raises", lambda *_: {}["x"])
    monkeypatch.setitem(READERS, "hangs", hangs)
    assert fault("raises/1").startswith("KeyError")
    assert fault("hangs/1") == f"no answer after {SECONDS} s"

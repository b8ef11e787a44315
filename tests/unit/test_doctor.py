"""Each thing that can be wrong: its code, and a command that fixes it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from devenv.base import ports, records
from devenv.base.errors import DevError
from devenv.base.records import Record
from devenv.context import environment
from devenv.engines.native import folders
from devenv.engines.native.processes import MARK
from devenv.lifecycle import doctor, gone
from devenv.lifecycle.doctor import Finding
from tests.conftest import REPO
from tests.messages import ADD_A_LINE, KEEP_DATA, NO_ENGINE_ANSWERS, TAKEN_BY

from .conftest import COMPOSE_YAML, Seam

Usage = namedtuple("Usage", "total used free")
Examine = Callable[[], dict[str, Finding]]
NAMES = "{default: {}, workspace: {aliases: [catalog, catalog.localhost]}}"
WITH_NAMES = COMPOSE_YAML.replace("depends_on: [db]\n", f"depends_on: [db]\n    networks: {NAMES}\n")


@pytest.fixture
def examine(repo: Path, seam: Seam, state_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Examine:
    """The findings by their code, of a repository in which nothing is wrong but for what the test does to it."""
    for name in [name for name in os.environ if name.startswith("DEV_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DEV_ENGINE", "compose")
    # Not the cache of the run: doctor would read all that other tests installed, which takes more than a second.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(environment, "ROOT", repo)
    (repo / "compose.yaml").write_text(WITH_NAMES)
    shutil.copytree(REPO / "{{cookiecutter.repo_name}}/.dev", repo / ".dev", dirs_exist_ok=True)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, 50 * 2**30))
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port: [])
    port = ports.draw()
    (repo / "dev.yaml").write_text((repo / "dev.yaml").read_text().replace("18160", str(port)))
    return lambda: {finding.code: finding for finding in doctor.examine()}


def wrong(findings: dict[str, Finding]) -> list[str]:
    """The codes of what is wrong; whatever is has a fix, and nothing else has one."""
    assert all(bool(finding.fix) != finding.ok for finding in findings.values())
    return [code for code, finding in findings.items() if not finding.ok]


def compose(repo: Path, old: str, new: str) -> None:
    assert old in WITH_NAMES
    (repo / "compose.yaml").write_text(WITH_NAMES.replace(old, new))


def test_nothing_is_wrong(examine: Examine) -> None:
    findings = examine()
    assert wrong(findings) == []
    assert {"D01", "D02", "D10", "D11", "D12", "D13", "D14", "D15", "D20", "D21", "D22"} <= set(findings)


@pytest.mark.parametrize(
    ("log", "ok"),
    [
        ('{"Type":"json-file","Config":{}}', False),
        ('{"Type":"json-file","Config":null}', False),
        ('{"Type":"json-file","Config":{"max-size":"5m"}}', True),
        ('{"Type":"local","Config":{}}', True),
        ('{"Type":"journald","Config":{}}', True),
    ],
)
def test_a_log_that_grows_without_limit(examine: Examine, seam: Seam, log: str, ok: bool) -> None:
    labels = "com.docker.compose.service=db,com.docker.compose.oneoff=False"
    seam.answer("docker ps", json.dumps({"ID": "id1", "Status": "Up", "State": "running", "Labels": labels}) + "\n")
    seam.answer("{{json .HostConfig.LogConfig}}", f"id1 {log}\n")
    finding = examine()["D45"]
    assert finding.ok == ok
    assert ok or (finding.what.endswith(": db") and "max-size: 5m" in finding.fix)


def test_no_engine(examine: Examine, seam: Seam) -> None:
    seam.answer("docker version", code=1, stderr="Cannot connect to the Docker daemon\n")
    findings = examine()
    assert not findings["D01"].ok
    assert findings["D01"].what == f"{NO_ENGINE_ANSWERS}: Cannot connect to the Docker daemon"
    assert findings["D01"].fix.startswith("start Docker, or install Docker Engine 25 or newer")
    assert "D20" in findings  # what does not need it is still examined


@pytest.mark.parametrize(
    ("version", "ok"), [("24.0.9", False), ("20.10.21", False), ("25.0.0", True), ("100.1", True), ("dev", True)]
)
def test_an_old_engine(examine: Examine, seam: Seam, version: str, ok: bool) -> None:
    seam.answer("docker version", version)
    finding = examine()["D01"]
    assert finding.ok == ok
    assert ok or finding.what == f"Docker {version} is too old for healthcheck.start_interval"


def test_no_compose(examine: Examine, seam: Seam) -> None:
    seam.answer("docker compose version", code=1)
    assert "D02" in wrong(examine())


def test_a_wrong_dev_yaml(examine: Examine, repo: Path) -> None:
    (repo / "dev.yaml").write_text("service: x\n")
    finding = examine()["D10"]
    assert not finding.ok
    assert finding.what == "dev.yaml:1: contract is missing"
    assert finding.fix.startswith(f"{ADD_A_LINE} `contract: ...`")


def test_a_compose_file_that_we_cannot_read(examine: Examine, repo: Path) -> None:
    (repo / "compose.yaml").write_text("services: {}\n")
    findings = examine()
    assert wrong(findings) == ["D11"]
    assert findings["D11"].what.startswith("compose.yaml:1: ")
    assert findings["D11"].fix == "fix compose.yaml"


def test_a_compose_file_that_compose_refuses(examine: Examine, seam: Seam) -> None:
    seam.answer("config --quiet", code=15, stderr="a warning\nnot a valid x\n")
    findings = examine()
    assert wrong(findings) == ["D11"]
    assert (findings["D11"].what, findings["D11"].fix) == ("not a valid x", "fix compose.yaml")


def test_a_compose_file_that_is_refused_without_a_word(examine: Examine, seam: Seam) -> None:
    seam.answer("config --quiet", code=1)
    findings = examine()
    assert wrong(findings) == ["D11"]
    assert findings["D11"].what == "compose.yaml is not valid"


def test_a_warning_of_compose_is_nothing_wrong(examine: Examine, seam: Seam) -> None:
    seam.answer("config --quiet", stderr="the attribute `version` is obsolete\n")
    findings = examine()
    assert wrong(findings) == []
    assert findings["D11"].what == "compose.yaml is valid"


def test_a_service_without_a_healthcheck(examine: Examine, repo: Path) -> None:
    compose(repo, '    healthcheck: {test: [CMD, "true"]}\n    depends_on', "    depends_on")
    findings = examine()
    assert wrong(findings) == ["D12"]
    assert findings["D12"].what == "no healthcheck: app"


@pytest.mark.parametrize(
    "port",
    ["18160:18160", "'8000'", "0.0.0.0:80:80", "'127.0.0.10:80:80'", "{target: 80, published: 8080}", "{target: 80}",
     "{target: 80, published: 80, host_ip: 0.0.0.0}"],
)  # fmt: skip
def test_a_port_for_the_whole_network(examine: Examine, repo: Path, port: str) -> None:
    compose(repo, '"127.0.0.1:18160:18160"', port)
    findings = examine()
    assert wrong(findings) == ["D13"]
    assert findings["D13"].what.startswith("published to the whole network: app ")


@pytest.mark.parametrize(
    "port",
    ["127.0.0.1:8000:8000", "'[::1]:8000:8000'", "{target: 80, published: 80, host_ip: 127.0.0.1}",
     "{target: 80, host_ip: '::1'}"],
)  # fmt: skip
def test_a_port_for_this_machine_alone(examine: Examine, repo: Path, port: str) -> None:
    compose(repo, '"127.0.0.1:18160:18160"', port)
    assert wrong(examine()) == []


def test_a_port_that_another_has(examine: Examine, repo: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        text = (repo / "dev.yaml").read_text()
        (repo / "dev.yaml").write_text("\n".join(f"port: {port}" if "port:" in x else x for x in text.splitlines()))
        findings = examine()
    assert wrong(findings) == ["D14"]
    assert findings["D14"].what.startswith(f"catalog: port {port} {TAKEN_BY} ")
    assert findings["D14"].fix.startswith("inv dev.up --port ")


@pytest.mark.parametrize(
    "written", ["{default: {}, workspace: {aliases: [other, other.localhost]}}", "{workspace: {}}", "[workspace]"]
)
def test_a_name_that_other_services_cannot_reach(examine: Examine, repo: Path, written: str) -> None:
    """As after `service:` of dev.yaml was changed, and compose.yaml was not."""
    line = WITH_NAMES.partition(NAMES)[0].count("\n") + 1
    compose(repo, NAMES, written)
    findings = examine()
    assert wrong(findings) == ["D17"]
    assert findings["D17"].what.startswith(f"compose.yaml:{line}: ")
    assert "aliases: [catalog, catalog.localhost]" in findings["D17"].fix


def test_limits_beyond_the_budget(examine: Examine, repo: Path) -> None:
    compose(repo, "320m", "353m")
    findings = examine()
    assert wrong(findings) == ["D15"]
    assert findings["D15"].what == "memory limits of 513 MB, budget 512 MB"


def test_a_full_disk(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, 2**30))
    findings = examine()
    assert wrong(findings) == ["D20"]
    assert findings["D20"].what == "1024 MB free on the disk"


def test_a_name_that_the_system_does_not_know_still_works_in_browsers(
    examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(host: str, port: int) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    finding = examine()["D21"]
    assert finding.ok
    assert finding.what.startswith("catalog.localhost works in browsers")


def test_an_environment_whose_checkout_is_gone(examine: Examine, tmp_path: Path) -> None:
    records.write(Record("catalog", "old", checkout=str(tmp_path / "gone"), engine="compose"))
    records.write(Record("lms", "main", checkout=str(tmp_path)))
    (tmp_path / "dev.yaml").touch()
    records.path("main", "broken").write_text("{")
    findings = examine()
    assert wrong(findings) == ["D22", "D23"]
    assert findings["D22"].what == "checkouts that were removed: old/catalog"
    assert findings["D23"].what == f"records that cannot be read: {records.path('main', 'broken')}"
    kept, _, removed = findings["D22"].fix.splitlines()
    assert kept == f"{KEEP_DATA} old, in another checkout of catalog"
    assert removed == "inv dev.destroy --gone old/catalog"


def test_what_is_gone_is_ended_and_forgotten(examine: Examine, tmp_path: Path) -> None:
    records.write(Record("catalog", "old", checkout=str(tmp_path / "gone"), data={"native": {}}))
    unit = folders.service("old", "catalog") / "app"
    unit.mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"], env={**os.environ, MARK: str(unit)}) as left:
        gone.remove(gone.named("old/catalog"))
        assert left.wait() == -signal.SIGTERM
    assert wrong(examine()) == []
    assert not unit.exists()


@pytest.mark.parametrize(("place", "code"), [("old/lms", 2), ("catalog", 2), ("main/lms", 113)])
def test_what_is_not_gone_is_not_removed(place: str, code: int, tmp_path: Path, state_home: Path) -> None:
    records.write(Record("lms", "main", checkout=str(tmp_path)))
    (tmp_path / "dev.yaml").touch()
    with pytest.raises(DevError) as raised:
        gone.named(place)
    assert raised.value.code == code
    assert records.read("main", "lms").checkout == str(tmp_path)


def test_places_that_are_left_to_fill_in(examine: Examine, repo: Path) -> None:
    """In each file that the template or a retrofit marks, and also if dev.yaml is not valid yet."""
    (repo / "dev.yaml").write_text("# FILL IN: the commands of your code.\n" + (repo / "dev.yaml").read_text())
    (repo / "compose.devenv.yaml").write_text("services:\n  app:\n    # FILL IN: your server.\n    command: serve\n")
    (repo / "Dockerfile.devenv").write_text("FROM python\n# FILL IN: your image.\n# FILL IN without a colon\n")
    (repo / "NOTES.md").write_text("# FILL IN: this is not about the environment\n")
    listed = [
        "3 places are left to fill in:",
        "Dockerfile.devenv:2: your image.",
        "compose.devenv.yaml:3: your server.",
        "dev.yaml:1: the commands of your code.",
    ]
    findings = examine()
    assert wrong(findings) == ["D19"]
    assert findings["D19"].what.splitlines() == listed
    (repo / "dev.yaml").write_text("# FILL IN: the commands of your code.\nsevrice: x\n")
    findings = examine()
    assert wrong(findings) == ["D10", "D19"]
    assert findings["D19"].what.splitlines() == listed


@pytest.mark.parametrize("word", ["-cfsync=off", "-cfull_page_writes=OFF", "--skip-innodb-doublewrite"])
def test_a_database_that_skips_the_disk(
    examine: Examine, repo: Path, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compose(repo, "postgres:17", f"postgres:17\n    command: [postgres, {word}]")
    assert wrong(examine()) == ["D18"]
    monkeypatch.setenv("DEV_DURABILITY", "off")
    assert wrong(examine()) == []


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """The mirror of a repository with one commit, in the cache of this test."""
    source, mirror = tmp_path / "lms", tmp_path / "cache/devenv/mirrors/lms-1234.git"
    for argv in (
        ["git", "init", "-q", source],
        ["git", "-C", source, "commit", "-q", "--allow-empty", "-m", "first"],
        ["git", "clone", "-q", "--mirror", source, mirror],
    ):
        subprocess.run(argv, check=True)
    return mirror


def test_a_damaged_mirror(examine: Examine, mirror: Path) -> None:
    assert examine()["D35"] == Finding("D35", True, "mirrors of repositories: 1 examined, none is damaged")
    packed = next(path for path in mirror.glob("objects/**/*") if path.is_file() and path.stat().st_size > 50)
    packed.chmod(0o644)
    packed.write_bytes(packed.read_bytes()[:-10])
    found = examine()["D35"]
    assert (found.ok, found.what) == (False, f"damaged: {mirror}")
    assert found.fix == f"rm -rf {mirror}; inv dev.up"


def test_mirrors_for_which_there_is_no_time(examine: Examine, mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MIRRORS_LIMIT", -1.0)  # a clock may stand still between two looks
    assert "0 examined, none is damaged; not examined, for lack of time: lms-1234.git" in examine()["D35"].what

"""What people and programs get: exit codes, known deviations, pages, and errors of usage."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.suite.conftest import CHECK, check

DEVIATION = "deviations:\n  - {{id: {must}, reason: 'work in progress', date: 2026-11-24}}\n"


def run(*words: object) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, str(CHECK), *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def break_cmp_1(repo: Path) -> None:
    path = repo / "compose.yaml"
    path.write_text(path.read_text().replace('"127.0.0.1:', '"'))


def test_the_terminal_shows_the_reason_the_evidence_and_the_fix(specimen: Path) -> None:
    break_cmp_1(specimen)
    done = run(specimen, "--static")
    assert done.returncode == 1
    after = done.stdout.partition("✗ CMP-1")[2].splitlines()[:4]
    assert [line.strip().partition(":")[0] for line in after[1:]] == ["why", "broken", "fix"]
    assert "✓ CMP-2" in done.stdout
    kept = [line for line in done.stdout.splitlines() if line.startswith("  ✓ RES-1")]
    assert kept[0].endswith("(files only)"), "the rest of its tests measures what runs"
    assert done.stdout.splitlines()[-1].startswith("specimen: contract 1.5, level full: ")


def test_a_known_deviation_is_not_a_failure(specimen: Path) -> None:
    break_cmp_1(specimen)
    (specimen / "contract.xfail.yaml").write_text(DEVIATION.format(must="CMP-1"))
    found = check(specimen, "--static")
    assert found.code == 0
    assert found.verdict("CMP-1")["status"] == "known deviation"
    assert "work in progress" in found.verdict("CMP-1")["evidence"]


def test_a_listed_deviation_that_was_fixed_fails_until_its_entry_is_removed(specimen: Path) -> None:
    (specimen / "contract.xfail.yaml").write_text(DEVIATION.format(must="CMP-1"))
    found = check(specimen, "--static")
    assert found.code == 1
    assert found.broken == {"CMP-1"}
    assert "contract.xfail.yaml" in found.verdict("CMP-1")["fix"]


@pytest.mark.parametrize(
    "text", ["- CMP-1\n", "deviations:\n  - {id: CMP-1}\n", DEVIATION.format(must="XYZ-1"), "a: [\n"]
)
def test_a_bad_list_of_deviations_is_refused(specimen: Path, text: str) -> None:
    (specimen / "contract.xfail.yaml").write_text(text)
    done = run(specimen, "--static")
    assert done.returncode == 2
    assert done.stderr.startswith("error[2]: contract.xfail.yaml")


def test_files_for_people_and_for_ci(specimen: Path, tmp_path: Path) -> None:
    break_cmp_1(specimen)
    page, junit = tmp_path / "report.html", tmp_path / "report.xml"
    assert check(specimen, "--static", "--html", str(page), "--junit", str(junit)).code == 1
    assert 'id="CMP-1"><details open>' in page.read_text()
    assert "http" not in page.read_text().partition("<h1>")[0], "the page needs nothing beside it"
    failed = [case.get("name") for case in ET.parse(junit).iter("testcase") if case.find("failure") is not None]
    assert failed == ["test_ports_are_bound_to_loopback"]


def test_one_must_alone(specimen: Path) -> None:
    break_cmp_1(specimen)
    assert check(specimen, "--only", "CMP-2").code == 0
    assert check(specimen, "--only", "CMP-1", "--only", "CMP-2").broken == {"CMP-1"}


def test_a_must_that_is_not_judged_is_a_failure(specimen: Path) -> None:
    (specimen / "dev.yaml").write_text("- no\n- mapping\n")
    found = check(specimen, "--static", "--only", "CMP-1")
    assert (found.code, found.with_status("not judged")) == (1, {"CMP-1"})
    assert check(specimen, "--static").broken == {"CFG-1"}


def test_a_contract_without_numbered_musts_is_an_error(specimen: Path) -> None:
    path = specimen / "dev.yaml"
    path.write_text(path.read_text().replace('contract: "1.5"', 'contract: "1.1"'))
    done = run(specimen, "--static")
    assert done.returncode == 2
    assert "contract 1.1" in done.stderr


def test_an_older_contract_needs_no_newer_commands(specimen: Path) -> None:
    targets, dev = specimen / ".dev/dev.mk", specimen / "dev.yaml"
    targets.write_text(targets.read_text().replace(" dev.snapshot", ""))
    assert check(specimen, "--static").broken == {"CMD-8"}
    dev.write_text(dev.read_text().replace('contract: "1.5"', 'contract: "1.2"'))
    assert check(specimen, "--static").broken == set()


@pytest.mark.parametrize(
    "words", [(), ("/nonexistent",), (CHECK.parent, "--only", "XYZ-1"), (CHECK.parent, "--no-such-option")]
)
def test_usage(words: tuple[object, ...]) -> None:
    done = run(*words, "--static")
    assert done.returncode == 2
    assert done.stderr.startswith("error[2]: ")
    assert "hint: " in done.stderr

"""Each breach is reported, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.suite import breaches
from tests.suite.breaches import Breach
from tests.suite.conftest import Checked, check

FIRST, SECOND, THIRD = breaches.DEPENDENCIES


def test_the_files_of_the_specimen_keep_the_contract(specimen: Path) -> None:
    found = check(specimen, "--static")
    assert (found.code, found.broken) == (0, set())


@pytest.mark.parametrize("breach", breaches.STATIC, ids=lambda breach: breach.must)
def test_a_breach_of_files(specimen: Path, breach: Breach) -> None:
    breaches.apply([breach], specimen)
    assert_exactly([breach], check(specimen, "--static"))


@pytest.mark.parametrize("group", breaches.LIVE, ids=lambda group: group[0].must)
def test_breaches_of_a_running_service(specimen: Path, group: list[Breach]) -> None:
    breaches.apply(group, specimen)
    assert_exactly(group, check(specimen, "--engine", "native"))


@pytest.mark.parametrize(
    ("engine", "group"),
    [
        pytest.param("native", FIRST, id="DEP-1", marks=pytest.mark.slow),
        pytest.param("native", SECOND, id="DEP-2"),
        pytest.param("native", THIRD, id="DEP-3", marks=pytest.mark.slow),
        pytest.param("compose", SECOND, id="containers", marks=[pytest.mark.engine, pytest.mark.slow]),
    ],
)
def test_breaches_of_secrets_and_libraries(specimen: Path, engine: str, group: list[Breach]) -> None:
    (specimen / "dev.yaml").write_text((specimen / "dev.yaml").read_text() + breaches.OPTIONAL)
    breaches.apply(group, specimen)
    only = [word for number in range(1, 6) for word in ("--only", f"DEP-{number}")]
    assert_exactly(group, check(specimen, "--engine", engine, *only))


@pytest.mark.slow
def test_another_door(specimen: Path) -> None:
    """`--door` calls another program than make, whose dev.run is broken here."""
    breaches.apply([breaches.recipe("CMD-6", "dev.run", "false")], specimen)
    flags = ["--engine", "native", "--only", "CMD-6", "--only", "OUT-2"]
    assert check(specimen, *flags, "--door", ".dev/run").code == 0
    assert check(specimen, *flags).broken == {"CMD-6"}


@pytest.mark.engine
def test_breaches_that_need_containers(specimen: Path) -> None:
    breaches.apply(breaches.CONTAINERS, specimen)
    assert_exactly(breaches.CONTAINERS, check(specimen, "--engine", "compose"))


@pytest.mark.engine
def test_a_secret_of_dev_yaml_in_a_layer(specimen: Path) -> None:
    breaches.apply([breaches.SECRET], specimen)
    found = check(specimen, "--engine", "compose", "--only", "IMG-2")
    assert found.broken, found.verdict("IMG-2")["evidence"]
    assert_exactly([breaches.SECRET], found)
    assert "/app/token in a layer" in found.verdict("IMG-2")["evidence"]


def assert_exactly(group: list[Breach], found: Checked) -> None:
    """These MUSTs are broken and no other; the report has evidence and a fix for each."""
    wrong = {
        must: found.verdict(must)["evidence"]
        for must in found.broken ^ breaches.all_broken(group)
        if must in found.broken
    }
    assert found.broken == breaches.all_broken(group), wrong
    assert found.with_status("not judged") <= {must for breach in group for must in breach.unjudged}
    assert found.code == 1
    for must in found.broken:
        assert found.verdict(must)["evidence"]
        assert found.verdict(must)["fix"]

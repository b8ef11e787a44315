"""What D36 of `dev.doctor` finds next to secrets that are not set, and what a start says of those that are gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devenv.engines.secrets import Secrets
from devenv.lifecycle import secrets
from devenv.lifecycle.machine import Finding
from devenv.model import config, dockerfile
from tests.gitrepo import git
from tests.messages import EXPECTED_LOGIN, NO_LONGER_SET
from tests.unit.conftest import DEV_YAML, DOCKERFILE

Make = Callable[..., Any]


@pytest.fixture
def examine(repo: Path, make_environment: Make, tmp_path: Path) -> Callable[..., Finding]:
    """examine("{from: …}", NAME="value") → D36 of a service that declares this secret, in a git repository."""
    git(repo, "init", "-q")

    def examine(entry: str, **env: str) -> Finding:
        return secrets.examine(declaring(repo, make_environment, entry, env))

    return examine


def declaring(repo: Path, make_environment: Make, entry: str, env: dict[str, str]) -> Any:
    (repo / "dev.yaml").write_text(f"{DEV_YAML}\nsecrets:\n  token: {entry}\n")
    found = config.load(repo)
    given = {"PATH": "/usr/bin:/bin", **env}
    made = make_environment()
    return made._replace(place=made.place._replace(secrets=Secrets(found.secrets, found.service, repo, given)))


def test_the_places_are_listed_and_an_optional_one_may_be_missing(examine: Callable[..., Finding]) -> None:
    found = examine("{from: [{env: A}], optional: true, for: [run]}")
    assert (found.ok, found.what) == (
        True,
        "secrets of dev.yaml:\ntoken (run; optional): not set (env A: not set)",
    )
    assert examine("{from: [{env: A}]}", A="x").what.endswith("token (build): env A")


def test_a_value_in_another_format_is_wrong(examine: Callable[..., Finding]) -> None:
    found = examine("{from: [{netrc: acme.org}, {env: A}]}", A="me:s3cret")
    assert (found.ok, "env A is not a line of netrc" in found.what, "s3cret" in repr(found)) == (False, True, False)
    assert found.fix == f"token: {EXPECTED_LOGIN}"


def test_a_file_in_the_repository_must_be_out_of_git_and_of_builds(
    examine: Callable[..., Finding], repo: Path, tmp_path: Path
) -> None:
    entry = "{from: [{file: local/token}]}"
    (repo / "local").mkdir()
    (repo / "local/token").write_text("s3cret")
    found = examine(entry)
    fixes = ["echo /local/token >>.gitignore", "echo local/token >>.dockerignore"]
    assert (found.ok, found.fix.splitlines()) == (False, fixes)
    (repo / ".gitignore").write_text("/local/token\n")
    assert examine(entry).fix.splitlines() == fixes[1:]
    (repo / ".dockerignore").write_text("local/token\n")
    assert examine(entry).ok
    git(repo, "add", "--force", "local/token")
    assert (
        examine(entry).fix
        == "git rm --cached local/token && echo /local/token >>.gitignore # then change the secret: the history has it"
    )
    outside = tmp_path / "outside"
    outside.write_text("s3cret")
    assert examine(f"{{from: [{{file: {outside}}}]}}").ok


SAME = "RUN --mount=type=secret,id=token,target=/root/.netrc \\\n    --mount=type=secret,id=git_login,{} true\n"


@pytest.mark.parametrize(
    ("second", "hidden"),
    [
        ("target=/root/.netrc", True),
        ("dst=/root/./.netrc", True),
        ("destination=/root/.netrc", True),
        ("target=/root/.npmrc", False),
        ("required=true", False),
        ("env=TOKEN", False),
    ],
)
def test_two_secrets_of_a_run_with_one_target(
    examine: Callable[..., Finding], repo: Path, second: str, hidden: bool
) -> None:
    (repo / "Dockerfile").write_text(DOCKERFILE + SAME.format(second))
    found = examine("{from: [{env: A}]}", A="x")
    assert found.ok is not hidden
    line = len(DOCKERFILE.splitlines()) + 1
    text = f"Dockerfile:{line}: token and git_login have the target /root/.netrc"
    assert (text in found.what, f"Dockerfile:{line}: " in found.fix) == (hidden, hidden)
    separate = "RUN --mount=type=secret,id=token,target=/root/.netrc true\n" * 2
    (repo / "Dockerfile").write_text(separate)
    assert dockerfile.hidden_secrets(repo / "Dockerfile") == []


def test_a_start_says_what_the_app_had_and_will_not_have(
    repo: Path, make_environment: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = "{from: [{env: A}], for: [run], optional: true}"
    env = declaring(repo, make_environment, entry, {"A": "s3cret"})
    secrets.note_lost(env)
    assert (env.record.up["secrets"], capsys.readouterr().err) == (["token"], "")
    later = declaring(repo, make_environment, entry, {})._replace(record=env.record)
    secrets.note_lost(later)
    assert f"{NO_LONGER_SET}: token" in capsys.readouterr().err
    secrets.note_lost(later)
    assert capsys.readouterr().err == ""

"""`dev.edit` of a library for Python: its checkout instead of the release, and back."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import libs, messages
from tests.conftest import until
from tests.gitrepo import git, replace_text
from tests.verbs.fixtures import NATIVE_FIRST, MakeRepo, removed_after
from tests.verbs.repo import Repo, page

pytestmark = pytest.mark.timeout(900)
LISTED = """
import importlib.metadata
for package in sorted(importlib.metadata.distributions(), key=lambda package: package.name):
    print(package.name, package.version, package.read_text("direct_url.json"))
"""
SOON = 10  # seconds; it takes less than two on a machine that does nothing else


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return libs.python_library(tmp_path / "greeting")


@pytest.fixture
def service(make_repo: MakeRepo, library: Path) -> Iterator[Repo]:
    """A service that answers with the text of the library's release, committed and up."""
    with removed_after(make_repo("django", database="none", worker="none", cache="none")) as repo:
        libs.use_released(repo.path, library)
        replace_text(repo.path / "courses/views.py", "def index", "from greeting import TEXT\n\n\ndef index")
        answer = 'return HttpResponse(f"TEXT: {TEXT}")'
        replace_text(
            repo.path / "courses/views.py",
            'return render(request, "courses/index.html", {"courses": courses()})',
            answer,
        )
        libs.start(repo)
        yield repo


def environment(repo: Repo) -> list[str]:
    """What is installed where the app runs, and from where."""
    return repo.ok("dev.run", "--", "python", "-c", LISTED).stdout.splitlines()


def test_a_checkout_replaces_the_release_until_it_is_given_back(service: Repo, library: Path) -> None:
    url, before = service.status()["url"], environment(service)
    assert libs.answers(url, "released")

    done = service.ok("dev.edit", "greeting", str(library), "--json").json()
    assert (done["checkout"], done["services"]) == (str(library), [service.token])
    assert service.status()["libraries"] == {"greeting": str(library)}
    assert str(library) in service.ok("dev.status").stdout
    for text in ("edited", "edited again"):
        libs.say(library, text)
        assert until(lambda text=text: libs.answers(url, text), SOON), page(url)
    assert service.ok("dev.up").commands == [], "an edit needs no step"
    assert (libs.changed_files(service.path), git(library, "status", "--porcelain")) == (
        "",
        "M src/greeting/__init__.py",
    )

    service.ok("dev.down")
    service.ok("dev.up")
    assert libs.answers(url, "edited again"), "it survives a stop"

    service.ok("dev.use", "greeting")
    assert libs.answers(url, "released")
    assert environment(service) == before
    assert service.status()["libraries"] == {}
    assert libs.changed_files(service.path) == ""


def test_what_a_checkout_adds_is_installed_and_what_contradicts_the_lock_file_is_not(
    service: Repo, library: Path
) -> None:
    url, before = service.status()["url"], environment(service)
    libs.declare(library, needs=["six"])
    (library / "src/greeting/__init__.py").write_text("import six\n\nTEXT = six.__name__\n")
    service.ok("dev.edit", "greeting", str(library))
    assert libs.answers(url, "six")

    libs.declare(library, version="2.0.0.dev1", needs=["six", "sqlparse<0.1"])
    done = service.fails(113, "dev.up")
    assert "needs sqlparse<0.1, and uv.lock has sqlparse 0." in done.error
    assert libs.answers(url, "six"), "nothing was changed"
    libs.declare(library, version="2.0.0.dev1", needs=["sqlparse>=0.1"])
    libs.say(library, "without six")
    service.ok("dev.up")
    assert libs.answers(url, "without six")
    assert not [line for line in environment(service) if line.startswith("six ")], "it is as if it were made at once"

    service.ok("dev.add", "six")
    assert [line for line in environment(service) if line.startswith("six ")]
    assert libs.answers(url, "without six"), "it survives a change of the lock file"
    git(service.path, "checkout", "--", ".")
    service.ok("dev.use", "greeting")
    assert environment(service) == before


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_a_failed_installation_leaves_the_service_as_it_runs(service: Repo, library: Path, tmp_path: Path) -> None:
    url, before = service.status()["url"], environment(service)
    between = libs.python_library(tmp_path / "between", needs=["sqlparse<0.1"])
    replace_text(between / "pyproject.toml", 'name = "greeting"', 'name = "greeting-between"')
    libs.release(between, service.path / "wheels")
    libs.say(library, "edited")

    libs.declare(library, needs=["greeting-between==1.0.0"])
    done = service.fails(113, "dev.edit", "greeting", str(library))
    assert "what greeting needs does not go with the versions of the lock file" in done.error
    said = " ".join(done.stderr.split())
    assert re.search(r"greeting-between.*sqlparse<0\.1.*sqlparse==0\.", said), "it names both versions"
    libs.declare(library)
    replace_text(library / "pyproject.toml", "version =", 'requires-python = ">=3.99"\nversion =')
    done = service.fails(113, "dev.edit", "greeting", str(library))
    assert ">=3.99" in done.stderr
    libs.declare(library)
    replace_text(library / "pyproject.toml", "setuptools.build_meta", "no_such_backend")
    done = service.fails(112, "dev.edit", "greeting", str(library))
    assert not [hint for hint in done.hints if "dev.use" in hint], "there is nothing to go back from"
    assert libs.answers(url, "released")
    status = service.status()
    assert (status["healthy"], status["libraries"]) == (True, {})
    assert environment(service) == before

    libs.declare(library)
    service.ok("dev.edit", "greeting", str(library))
    replace_text(library / "pyproject.toml", "setuptools.build_meta", "no_such_backend")
    service.fails(112, "dev.up")
    libs.say(library, "edited again")
    assert until(lambda: libs.answers(url, "edited again"), SOON), page(url)
    status = service.status()
    assert (status["healthy"], status["libraries"]) == (True, {"greeting": str(library)})


def test_a_wrong_library_is_refused_before_anything_changes(service: Repo, library: Path, tmp_path: Path) -> None:
    record = Path(os.environ["XDG_STATE_HOME"], f"devenv/v1/main/{service.token}.json")
    before = record.read_text()
    assert f"{service.token} {messages.NOT_REQUIRED} grating" in service.fails(2, "dev.edit", "grating").error
    hints = service.run("dev.edit", "grating").hints
    assert hints[0].startswith(f"{messages.DID_YOU_MEAN} greeting?")
    assert hints[1] == f"not in uv.lock of {service.token}"
    assert (
        f"there is no folder {service.path.parent / 'nowhere'}"
        in service.fails(2, "dev.edit", "greeting", "../nowhere").error
    )
    other = libs.python_library(tmp_path / "other")
    replace_text(other / "pyproject.toml", 'name = "greeting"', 'name = "other"')
    done = service.fails(113, "dev.edit", "greeting", str(other))
    assert f"{other} is the library other, not greeting" in done.error
    assert done.hints[0] == "inv dev.edit greeting PATH"
    (other / "pyproject.toml").unlink()
    assert "has no pyproject.toml" in service.fails(2, "dev.edit", "greeting", str(other)).error
    libs.declare(library, needs=["sqlparse<0.1"])
    assert "sqlparse<0.1" in service.fails(113, "dev.edit", "greeting", str(library)).error
    done = service.fails(2, "dev.use", "greeting")
    assert "greeting is not edited" in done.error
    assert done.hints[0] == "nothing is edited"
    assert record.read_text() == before

"""`dev.edit` of a library for Node: a link to its checkout instead of the release, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import libs
from tests.conftest import need, run_quietly, until
from tests.gitrepo import replace_text
from tests.verbs.fixtures import NATIVE_FIRST, MakeRepo, removed_after
from tests.verbs.repo import Repo, page

pytestmark = pytest.mark.timeout(900)
SOON = 10  # seconds; it takes less than two on a machine that does nothing else
PAGE = 'return reply.send("TEXT: " + TEXT);'
LISTED = "(cd node_modules 2>/dev/null || cd /node_modules; find . -type f -o -type l | sort)"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    need("node")
    return libs.node_library(tmp_path / "greeting")


@pytest.fixture
def service(make_repo: MakeRepo, library: Path) -> Iterator[Repo]:
    """A service that answers with the text of the library's release, committed and up."""
    with removed_after(make_repo("node", database="none", worker="none", cache="none")) as repo:
        libs.use_released_by_node(repo.path, library)
        app = repo.path / "src/app.js"
        replace_text(
            app, 'import Fastify from "fastify";', 'import Fastify from "fastify";\nimport { TEXT } from "greeting";'
        )
        replace_text(app, 'reply.type("text/html; charset=utf-8");', PAGE)
        libs.start(repo)
        yield repo


def environment(repo: Repo) -> list[str]:
    """The files of all installed packages. What tools write while they run is left out."""
    files = repo.ok("dev.run", "--", "sh", "-c", LISTED).stdout.splitlines()
    return [file for file in files if not file.startswith("./.")]


def test_a_link_replaces_the_release_until_it_is_given_back(service: Repo, library: Path) -> None:
    url, before = service.status()["url"], environment(service)
    assert libs.answers(url, "released")

    service.ok("dev.edit", "greeting", str(library))
    assert service.status()["libraries"] == {"greeting": str(library)}
    for text in ("edited", "edited again"):
        libs.say_node(library, text)
        assert until(lambda text=text: libs.answers(url, text), SOON), page(url)
    assert service.ok("dev.up").commands == [], "an edit needs no step"
    service.ok("dev.down")
    service.ok("dev.up")
    assert libs.answers(url, "edited again"), "it survives a stop"

    libs.declare_node(library, {"is-number": "^7.0.0"})
    (library / "index.js").write_text('import isNumber from "is-number";\nexport const TEXT = isNumber(7);\n')
    service.ok("dev.up")
    assert libs.answers(url, "true"), "what the checkout adds is installed"
    assert libs.changed_files(service.path) == ""
    assert libs.changed_files(library).split() == ["M", "index.js", "M", "package.json"]

    service.ok("dev.use", "greeting")
    assert libs.answers(url, "released")
    assert environment(service) == before
    assert libs.changed_files(service.path) == ""


@pytest.mark.parametrize("engine", NATIVE_FIRST, indirect=True)
def test_a_package_that_the_library_shares_with_the_service_is_there_once(service: Repo, library: Path) -> None:
    """As frameworks need it: their objects are compared by identity."""
    replace_text(service.path / "src/app.js", 'from "greeting";', 'from "greeting";\nglobalThis.served = Fastify;')
    manifest = library / "package.json"
    shared = {"peerDependencies": {"fastify": "*"}, "devDependencies": {"fastify": "*"}}
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **shared}))
    run_quietly("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", cwd=library)
    own = library / "node_modules/fastify"
    assert own.is_dir(), "its tests use a copy of its own"
    same = "{ toString: () => String(Fastify === globalThis.served) }"
    (library / "index.js").write_text(f'import Fastify from "fastify";\nexport const TEXT = {same};\n')
    service.ok("dev.edit", "greeting", str(library))
    url = service.status()["url"]
    assert libs.answers(url, "true"), page(url)
    service.ok("dev.use", "greeting")
    assert libs.answers(url, "released")
    assert own.is_dir()
    assert not own.is_symlink()

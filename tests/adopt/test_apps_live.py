"""From the source of a published application to a healthy service: its owner fills in what was listed, no more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import run_quietly
from tests.examples.services import workspace_of_its_own
from tests.verbs.fixtures import removed_after
from tests.verbs.repo import Repo, get

from . import apps
from .apps import App
from .conftest import Source, commit, git, listed
from .test_retrofit import retrofit


@dataclass(frozen=True)
class Adopted:
    """`fills`: what the owner writes for each open point, the line as it stands → as written. `page`: what works."""

    app: App
    fills: dict[str, str]
    page: str


JWT = "      # JWT_SECRET_KEY: development-only"
ADOPTED = [
    Adopted(apps.HTTPBIN, {}, "/status/200"),
    Adopted(apps.FITTRACKEE, {}, "/api/config"),
    Adopted(apps.FRACTAL, {JWT: JWT.replace("# ", "")}, "/api/alive/"),
]


def on_each_engine() -> Iterator[Any]:
    """The first one natively in every run."""
    for adopted in ADOPTED:
        name = adopted.app.name
        seldom = [pytest.mark.slow] if adopted is not ADOPTED[0] else []
        yield pytest.param("native", adopted, marks=seldom, id=f"native-{name}")
        yield pytest.param("compose", adopted, marks=[pytest.mark.engine, pytest.mark.slow], id=f"compose-{name}")


@pytest.mark.parametrize(("engine", "adopted"), list(on_each_engine()), indirect=["engine"])
def test_from_its_source_to_a_healthy_service(history: Path, source: Source, engine: str, adopted: Adopted) -> None:
    path = source(adopted.app)
    said = retrofit(history, path)
    places = listed(said)
    assert len(places) == len(adopted.fills) <= 5, said
    for file in {place.split(":")[0] for place in places}:
        fill_in(path / file, adopted.fills)
    assert_only_points_changed(path, adopted.fills)
    commit(path, "what only its owner knows")
    with removed_after(workspace_of_its_own(path, engine)) as repo:
        repo.ok("dev.up")
        assert get(repo.status()["url"], adopted.page)[0] == 200
        assert repo.status()["healthy"]
        repo.ok("dev.reset")
        lean = Repo(path, repo.token, {**repo.env, "DEV_LEAN": "1"})
        lean.ok("dev.up")
        assert get(lean.status()["url"], adopted.page)[0] == 200


def fill_in(page: Path, fills: dict[str, str]) -> None:
    lines = page.read_text().splitlines(keepends=True)
    page.write_text("".join(fills.get(line.rstrip("\n"), line.rstrip("\n")) + "\n" for line in lines))


def assert_only_points_changed(path: Path, fills: dict[str, str]) -> None:
    diff = git(path, "diff", "--unified=0").splitlines()
    removed = {line[1:] for line in diff if line.startswith("-") and not line.startswith("---")}
    added = {line[1:] for line in diff if line.startswith("+") and not line.startswith("+++")}
    assert (removed, added) == (set(fills), set(fills.values()))


SERVER = r"""#!/usr/bin/perl
use IO::Socket;
sub ask { open my $psql, "-|", "psql", "-qAtc", $_[0], $ENV{DATABASE_URL} or die; local $/; return <$psql> // "" }
if (@ARGV && $ARGV[0] ne "server") { ask("CREATE TABLE IF NOT EXISTS shop (id int)"); exit $? >> 8 }
my $socket = IO::Socket::INET->new(LocalPort => $ENV{PORT}, Listen => 5, ReuseAddr => 1) or die "port $ENV{PORT}";
while (my $client = $socket->accept) {
    while (<$client>) { last if /^\r\n$/ }
    my $text = ask("SELECT count(*) FROM shop") . $ENV{DATABASE_URL};
    print $client "HTTP/1.0 200 OK\r\nContent-Length: " . length($text) . "\r\n\r\n$text";
}
"""
NODE = {
    "package.json": '{"name": "cart", "dependencies": {"express": "4.21.2"}, "devDependencies": {"semver": "7.6.3"}, '
    '"scripts": {"start": "node app.js", "dev": "node --watch app.js", "test": "semver 1.2.3"}}',
    "app.js": "const app = require('express')();\napp.get('/', (request, response) => response.send('ok'));\n"
    "app.listen(process.env.PORT, process.env.HOST);\n",
    ".gitignore": "node_modules\n.yarn/\n",
}
LOCKED = {  # by the command that writes the lock
    "pnpm": ("pnpm@9.15.9", "install", "--lockfile-only"),
    "yarn classic": ("yarn@1.22.22", "install", "--ignore-scripts"),
    "yarn": ("@yarnpkg/cli-dist@4.12.0", "install", "--mode=update-lockfile"),
}
CLIENT = "devenv-test-client:1"  # the image of the database would be taken for one
# The shapes of services in Go and Rails, with a program that an image with Perl and psql can run.
OTHERS: dict[str, tuple[dict[str, str], str]] = {
    "go": (
        {
            "go.mod": "module example.org/shop\n\ngo 1.23\n\nrequire github.com/lib/pq v1.10.9\n",
            "main.go": "package main\n",
            "main_test.go": "package main\n",
            "tool": SERVER,
            "Dockerfile": "FROM debian:trixie-slim AS build\nWORKDIR /src\nCOPY . .\nRUN cp tool /server\n\n"
            f"FROM {CLIENT}\nCOPY --from=build --chmod=755 /server /usr/local/bin/shop\nUSER nobody\n"
            'EXPOSE 8080\nENTRYPOINT ["/usr/local/bin/shop"]\n',
            "docker-compose.yml": "services:\n  shop:\n    build: .\n    ports: ['8080:8080']\n    environment:\n"
            "      DATABASE_URL: postgres://a:b@db/shop?sslmode=require\n  db: {image: 'postgres:17'}\n",
        },
        "?sslmode=disable",
    ),
    "rails": (
        {
            "Gemfile": "source 'https://rubygems.org'\nruby '3.3.1'\ngem 'rails'\ngem 'pg'\n",
            "bin/rails": SERVER,
            "bin/docker-entrypoint": '#!/bin/sh -e\n[ "$2" != server ] || ./bin/rails db:prepare\nexec "$@"\n',
            "config/environments/production.rb": "Rails.application.configure do\n  config.force_ssl = true\nend\n",
            "db/migrate/20240101_shop.rb": "",
            "Dockerfile": f'FROM {CLIENT} AS base\nWORKDIR /rails\nENV RAILS_ENV="production"\n\nFROM base\n'
            'COPY --chmod=755 . .\nUSER nobody\nENTRYPOINT ["/rails/bin/docker-entrypoint"]\nEXPOSE 3000\n'
            'CMD ["./bin/rails", "server"]\n',
        },
        "/service",
    ),
}


@pytest.mark.slow
@pytest.mark.engine
@pytest.mark.parametrize("name", OTHERS)
def test_a_language_without_a_stack_comes_up_with_its_own_dockerfile(history: Path, tmp_path: Path, name: str) -> None:
    tree, address = OTHERS[name]
    run_quietly("docker", "tag", "postgres:17", CLIENT)
    path = tmp_path / name
    for file, text in tree.items():
        (path / file).parent.mkdir(parents=True, exist_ok=True)
        (path / file).write_text(text)
    git(path, "init", "--quiet", "--initial-branch=main")
    commit(path, "first")
    assert len(listed(retrofit(history, path))) <= 3
    fill_in(path / "dev.yaml", {"  # migrate: make migrate": "  migrate: shop migrate"})
    commit(path, "what only its owner knows")
    with removed_after(workspace_of_its_own(path, "compose")) as repo:
        repo.ok("dev.up")
        status, text = get(repo.status()["url"])
        assert (status, text[:2]) == (200, "0\n")
        assert text.endswith(address)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["native", pytest.param("compose", marks=pytest.mark.engine)], indirect=True)
@pytest.mark.parametrize("name", LOCKED)
def test_the_lock_of_each_package_manager_of_node_is_installed(
    history: Path, tmp_path: Path, engine: str, name: str
) -> None:
    path = tmp_path / "cart"
    path.mkdir()
    for file, text in NODE.items():
        (path / file).write_text(text)
    git(path, "init", "--quiet", "--initial-branch=main")
    run_quietly("npx", "--yes", *LOCKED[name], cwd=path)
    commit(path, "first")
    retrofit(history, path)
    with removed_after(workspace_of_its_own(path, engine)) as repo:
        repo.ok("dev.up")
        assert get(repo.status()["url"]) == (200, "ok")
        repo.ok("dev.test")  # a command of a package for development
        lean = Repo(path, repo.token, {**repo.env, "DEV_LEAN": "1"})
        lean.ok("dev.up")
        assert get(lean.status()["url"]) == (200, "ok")
        assert git(path, "status", "--porcelain") == ""

"""docs/stacks.md, typed line by line at a terminal: what the page promises is what happens."""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import need
from tests.examples import services
from tests.messages import MEMORY_AT_MOST
from tests.terminal import Terminal, blocks
from tests.verbs import machine
from tests.verbs.repo import Repo, get

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "stacks.md").read_text()
REQUIRES = yaml.safe_load(re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)[0])["requires"]
LINES = [line for block in blocks(PAGE) for line in block]
HOST = "https://git.example.org/"
HOME = "identity/templates/identity/home.html"
SECONDS = 30.0  # until an edit has to be live
# What the person does in the editor: one edit for each of the two files that the page opens.
EDITOR = """\
#!/bin/sh
sed -i 's/<h1>LMS/<h1>Our LMS/' "$1"
sed -i 's/JSON.stringify(body)/JSON.stringify(body).replace("around the clock", "at night")/' "$2"
"""

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(900), pytest.mark.slow]


@dataclass
class Walk(Terminal):
    """A person at a terminal, with the services of the page."""

    token: str

    def service(self, name: str) -> Repo:
        """A checkout beside the others."""
        return Repo(self.home / "work" / name, self.token, self.env)

    def required(self) -> dict[str, Any]:
        return {answer["service"]: answer for answer in self.service("shop").status()["requires"]}

    def runs(self) -> dict[str, str]:
        """Which one of each required service runs, in a word: its version, or `source`. All have to be healthy."""
        found = self.required()
        assert all(answer["healthy"] for answer in found.values()), found
        return {name: answer["runs"].split()[0] for name, answer in found.items()}

    def url(self, name: str) -> str:
        return str(self.required()[name]["url"] if name != "shop" else self.service("shop").status()["url"])

    def page(self, name: str) -> str:
        return get(self.url(name))[1]

    def until(self, name: str, text: str) -> None:
        """Ask for a home page until it shows a text: that is how long a reload takes."""
        url, end, page = self.url(name), time.monotonic() + SECONDS, ""
        while text not in page:
            assert time.monotonic() < end, f"no {text!r} in {page}"
            with suppress(OSError):  # the server starts again
                page = get(url)[1]

    def go_offline(self) -> None:
        (self.home / "git.example.org").rename(self.home / "unreachable")


@pytest.fixture
def walk(bake: Callable[..., Path], engine: str, tmp_path: Path) -> Iterator[Walk]:
    """An empty folder, and the three repositories on a host that only git can see."""
    need("chromium", "chromedriver", "node")
    publish(bake, tmp_path / "git.example.org")
    (tmp_path / "gitconfig").write_text(f'[url "file://{tmp_path}/git.example.org/"]\n\tinsteadOf = {HOST}\n')
    (tmp_path / "editor").write_text(EDITOR)
    (tmp_path / "editor").chmod(0o755)
    token = f"t{uuid.uuid4().hex[:8]}"
    env = {"DEV_ENGINE": engine, "DEV_WORKSPACE": token, "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")}
    env["XDG_CACHE_HOME"] = str(cache_of_its_own(tmp_path))
    (tmp_path / "work").mkdir()
    walk = Walk(tmp_path, {**env, "EDITOR": str(tmp_path / "editor")}, tmp_path / "work", token)
    try:
        yield walk
    finally:
        remove_what_is_left(walk)


def cache_of_its_own(home: Path) -> Path:
    """Another walk's host has the same address. Servers that were fetched are shared."""
    tools = Path(os.environ["XDG_CACHE_HOME"], "devenv", "tools")
    tools.mkdir(parents=True, exist_ok=True)
    (home / "cache" / "devenv").mkdir(parents=True)
    (home / "cache" / "devenv" / "tools").symlink_to(tools)
    return home / "cache"


def publish(bake: Callable[..., Path], host: Path) -> None:
    """All ask by the host's address, shop as the page says; lms has a second release with another page."""
    made = {service: services.make(bake, service, host) for service in services.SERVICES}
    for path in made.values():
        config = path / "dev.yaml"
        config.write_text(config.read_text().replace("repo: ../", f"repo: {HOST}"))
        services.release(path, "v1.0.0")
    (made["lms"] / HOME).write_text((made["lms"] / HOME).read_text().replace("<h1>LMS", "<h1>The second LMS"))
    services.release(made["lms"], "v1.1.0")
    assert yaml.safe_load((made["shop"] / "dev.yaml").read_text())["requires"]["lms"] == REQUIRES["lms"], (
        "the page shows what shop has"
    )


def left(walk: Walk) -> list[str]:
    return machine.left_by(walk.token, walk.home, walk.env["DEV_ENGINE"])


def remove_what_is_left(walk: Walk) -> None:
    for name in services.SERVICES:
        if walk.service(name).path.is_dir() and left(walk):
            walk.service(name).run("dev.destroy", "--yes")
    if walk.env["DEV_ENGINE"] == "compose":
        machine.remove_by_force(walk.token)


# ---- what the page promises, after the command that it promises it of


def nothing_runs_yet(walk: Walk, said: str) -> None:
    assert re.search(r"^lms .*v1\.0\.0 ", said, re.M)
    assert re.search(r"^notes .*v1\.0\.0 ", said, re.M)
    assert re.search(rf"^{MEMORY_AT_MOST} .*, machine ", said, re.M)


def all_run_lean_and_someone_can_log_in(walk: Walk, said: str) -> None:
    assert walk.runs() == {"lms": "v1.0.0", "notes": "v1.0.0"}
    assert (walk.service("shop").path / "dev.lock").is_file()
    told = walk.type("inv dev.run -- printenv LMS_URL LMS_INTERNAL_URL OIDC_RP_CLIENT_ID")
    lms = walk.required()["lms"]
    assert told.splitlines() == [lms["url"], lms["internal_url"], "shop"]
    assert "Open around the clock." in walk.page("shop")
    services.assert_login_works(said.strip())


def a_line_for_each(walk: Walk, said: str) -> None:
    assert re.search(r"^lms +v1\.0\.0 .*healthy +http://lms\.localhost:\d+$", said, re.M)
    assert re.search(r"^notes +v1\.0\.0 .*healthy +http://notes\.localhost:\d+$", said, re.M)


def productions_server(walk: Walk, said: str) -> None:
    assert "Listening at: http://" in said, "gunicorn's first words"


def lms_runs_from_source_on_its_data(walk: Walk, said: str) -> None:
    assert said.strip() == str(walk.service("lms").path)
    assert walk.runs() == {"lms": "source", "notes": "v1.0.0"}
    assert "StatReloader" in walk.type("inv dev.logs -s lms")
    who = "SELECT username FROM auth_user WHERE last_login IS NOT NULL"
    assert walk.service("lms").rows(who) == ["alice"], "who logged in before the switch"


def both_run_from_source(walk: Walk, said: str) -> None:
    assert walk.runs() == {"lms": "source", "notes": "source"}


def both_edits_are_live(walk: Walk, said: str) -> None:
    walk.until("lms", "<h1>Our LMS")
    walk.until("shop", "Open at night.")
    services.assert_login_works(walk.url("shop"))


def its_tests_ran(walk: Walk, said: str) -> None:
    assert re.search(r"pass 4$", said, re.M)


def nothing_runs(walk: Walk, said: str) -> None:
    assert not any(answer["healthy"] for answer in walk.required().values())
    assert not walk.service("shop").status()["healthy"]


def all_is_as_it_was(walk: Walk, said: str) -> None:
    both_run_from_source(walk, said)
    both_edits_are_live(walk, said)


def lms_is_pinned_again(walk: Walk, said: str) -> None:
    assert walk.runs() == {"lms": "v1.0.0", "notes": "source"}
    assert "<h1>LMS" in walk.page("lms")
    assert "<h1>Our LMS" in (walk.service("lms").path / HOME).read_text()


def lms_is_the_second(walk: Walk, said: str) -> None:
    assert walk.runs() == {"lms": "v1.1.0", "notes": "source"}
    assert "<h1>The second LMS" in walk.page("lms")
    assert "v1.1.0" not in (walk.service("shop").path / "dev.lock").read_text()


def everybody_gets_the_second(walk: Walk, said: str) -> None:
    for name in ("dev.yaml", "dev.lock"):
        assert "v1.1.0" in (walk.service("shop").path / name).read_text()
    walk.go_offline()  # after the first fetch everything works without a network


def only_the_edited_one_is_left(walk: Walk, said: str) -> None:
    assert [path.stem for path in (machine.state_home() / "v1" / walk.token).glob("*.json")] == ["notes"]


def nothing_is_left(walk: Walk, said: str) -> None:
    assert left(walk) == []


def nothing_more(walk: Walk, said: str) -> None:
    """What git and cd do is theirs."""


WALK = [
    ("git clone https://git.example.org/shop", nothing_more),
    ("cd shop", nothing_more),
    ("inv dev.plan", nothing_runs_yet),
    ("inv dev.up", all_run_lean_and_someone_can_log_in),
    ('git add dev.lock && git commit -m "The versions that we start with"', nothing_more),
    ("inv dev.status", a_line_for_each),
    ("inv dev.logs -s lms", productions_server),
    ("inv dev.edit lms", lms_runs_from_source_on_its_data),
    ("inv dev.edit notes", both_run_from_source),
    (f"$EDITOR ../lms/{HOME} ../notes/server.js", both_edits_are_live),
    ("cd ../notes", nothing_more),
    ("inv dev.test", its_tests_ran),
    ("cd ../shop", nothing_more),
    ("inv dev.down", nothing_runs),
    ("inv dev.up", all_is_as_it_was),
    ("inv dev.use lms", lms_is_pinned_again),
    ("inv dev.use lms=v1.1.0", lms_is_the_second),
    ("inv dev.lock --upgrade lms=v1.1.0", everybody_gets_the_second),
    ('git commit -m "lms v1.1.0" dev.yaml dev.lock', nothing_more),
    ("inv dev.down", nothing_runs),
    ("inv dev.destroy --yes", only_the_edited_one_is_left),
    ("cd ../notes", nothing_more),
    ("inv dev.destroy --yes", nothing_is_left),
]


def test_the_page_is_executed_as_written(walk: Walk) -> None:
    assert [line.partition("  #")[0].rstrip() for line in LINES] == [f"$ {command}" for command, _ in WALK]
    for line, (_, keeps_its_promise) in zip(LINES, WALK):
        keeps_its_promise(walk, walk.type(line.removeprefix("$ ")))

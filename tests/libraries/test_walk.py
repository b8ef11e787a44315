"""docs/libraries.md, typed line by line at a terminal: what the page promises is what happens."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from devenv.model import config
from tests import libs
from tests.conftest import REPO, until
from tests.gitrepo import commit, git, replace_text
from tests.terminal import Terminal, blocks, typed
from tests.verbs import machine
from tests.verbs.repo import page

PAGE = (REPO / "docs/libraries.md").read_text()
LINES = [line for block in blocks(PAGE) for line in typed(block)]

pytestmark = [pytest.mark.timeout(900), pytest.mark.slow]


@pytest.fixture
def terminal(bake: Callable[..., Path], free_port: int, tmp_path: Path) -> Iterator[Terminal]:
    """shop, which answers with the text of the library's release, and the library next to it."""
    library = libs.python_library(tmp_path / "src/greeting")
    shop = bake("django", into=tmp_path / "src", service="shop", port=free_port, database="none")
    libs.use_released(shop, library)
    replace_text(shop / "courses/views.py", "def index", "from greeting import TEXT\n\n\ndef index")
    answer = 'return render(request, "courses/index.html", {"courses": courses()})'
    replace_text(shop / "courses/views.py", answer, "return HttpResponse(TEXT)")
    git(shop, "init", "-q", "-b", "main")
    commit(shop)
    (tmp_path / "editor").write_text("#!/bin/sh\nsed -i 's/released/edited/' \"$1\"\n")
    (tmp_path / "editor").chmod(0o755)
    workspace = f"t{uuid.uuid4().hex[:8]}"
    env = {"DEV_ENGINE": "native", "DEV_WORKSPACE": workspace, "EDITOR": str(tmp_path / "editor")}
    terminal = Terminal(tmp_path, env, shop)
    yield terminal
    terminal.type("inv dev.destroy --yes")
    assert machine.left_by(workspace, tmp_path, "native") == []


def test_the_page(terminal: Terminal) -> None:
    url = terminal.type("inv dev.up").strip()
    assert page(url) == "released"
    edit, change, status, in_one, back = LINES
    assert terminal.type(edit).strip() == str(terminal.home / "src/greeting")
    terminal.type(change)
    assert until(lambda: page(url) == "edited")
    shown = re.findall(r"^```\n(shop runs on library greeting from ).*\n```", PAGE, re.M)[0]
    assert shown in terminal.type(status)
    terminal.type(in_one)
    assert page(url) == "edited"
    terminal.type(back)
    assert page(url) == "released"
    assert shown not in terminal.type(status)


def test_the_declarations_of_the_page_are_valid(terminal: Terminal) -> None:
    declared = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)[0]
    with (terminal.cwd / "dev.yaml").open("a") as file:
        file.write(declared)
    found = config.load(terminal.cwd).libraries
    assert {name: library.path for name, library in found.items()} == {
        name: entry.get("path", "") for name, entry in yaml.safe_load(declared)["libraries"].items()
    }
    assert found["theme"].install == ("make", "install")

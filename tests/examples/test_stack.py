"""Three repositories that need each other: one dev.up, a login in a real browser, an edit in one of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples.releases import assert_older_lacks_what_newer_uses
from tests.verbs.fixtures import COMPOSE, removed_after
from tests.verbs.repo import Repo

STACK = Path(__file__).resolve().parents[2] / "examples" / "stack"
SERVICES = {"lms": ("provider", 18180), "shop": ("consumer", 18181), "notes": ("notes", 18182)}
LEFTOVERS = shutil.ignore_patterns(".ruff_cache", "__pycache__", ".pytest_cache", "node_modules")
OLDER = "notes"  # stays on the first release of the template; the others are on the newest
SECONDS = 30.0  # until an edit has to be live

pytestmark = [
    pytest.mark.parametrize("engine", COMPOSE, indirect=True),
    pytest.mark.xdist_group("stack"),
    pytest.mark.timeout(900),
]


@pytest.fixture
def shop(
    bake: Callable[..., Path], template: Path, older_template: Path, engine: str, tmp_path: Path, free_port: int
) -> Repo:
    """The three as git repositories side by side, each with the tag that the others ask for."""
    for service, (folder, port) in SERVICES.items():
        made_by = older_template if service == OLDER else template
        path = bake("bare", into=tmp_path, made_by=made_by, service=service, port=port)
        shutil.copytree(STACK / folder, path, dirs_exist_ok=True, ignore=LEFTOVERS)
        if service == "lms":  # nobody answers there, so it is built
            with (path / "dev.yaml").open("a") as stream:
                stream.write(f'image: "127.0.0.1:{free_port}/lms:{{version}}"\n')
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "First release"], ["tag", "v1.0.0"]):
            subprocess.run(["git", *words], cwd=path, check=True)
    assert_older_lacks_what_newer_uses(tmp_path / OLDER, tmp_path / "lms")
    token = f"t{uuid.uuid4().hex[:8]}"
    return Repo(tmp_path / "shop", token, {"DEV_ENGINE": engine, "DEV_WORKSPACE": token})


def test_one_up_and_a_login_across_three_repositories(shop: Repo) -> None:
    with removed_after(shop):
        url = shop.ok("dev.up").stdout.strip()
        required = {answer["service"]: answer for answer in shop.status()["requires"]}
        assert {name: answer["healthy"] for name, answer in required.items()} == {"lms": True, "notes": True}
        assert "lms" in (shop.path / "dev.lock").read_text()
        assert_login_works(url)
        assert_an_edit_in_the_provider_is_live(shop)
        assert_login_works(url)
        assert shop.ok("dev.use", "lms").code == 0
        assert "v1.0.0" in str(shop.status()["requires"])
        shop.ok("dev.down")
        assert not any(answer["healthy"] for answer in shop.status()["requires"])


def assert_login_works(url: str) -> None:
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.fail("a login needs a browser: apt-get install chromium chromium-driver")
    argv = [sys.executable, str(STACK / "login.py"), url, "alice", "alice"]
    done = subprocess.run(
        [*argv, "--expect-hosts", "lms.localhost,shop.localhost"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def assert_an_edit_in_the_provider_is_live(shop: Repo) -> None:
    source = Path(shop.ok("dev.edit", "lms").stdout.strip())
    lms = Repo(source, shop.token, shop.env)
    assert any("source" in answer["runs"] for answer in shop.status()["requires"])
    lms.edit("identity/templates/identity/home.html", "<title>LMS</title>", "<title>Edited just now</title>")
    until = time.monotonic() + SECONDS
    while "Edited just now" not in lms.fetch("/")[1]:
        assert time.monotonic() < until, "the edit is not live"

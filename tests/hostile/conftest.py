"""Repositories and files of people who mean harm, with a canary: a folder that nothing may change."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from devenv.base.errors import DOCUMENTED
from tests.gitrepo import commit, git
from tests.messages import NOT_EXPECTED
from tests.verbs.repo import Done, Repo

SECONDS = 90.0  # that a verb may take on a busy machine; one that hangs never ends
HEAD = "contract: '1.3'\nservice: evil\napp: app\nport: 21500\n"
ANSWER = {"service": "evil", "url": "http://evil.localhost:21500", "internal_url": "http://evil:21500"}
TASKS = "dev.up dev.status dev.seed dev.down dev.destroy"


class Hostile(NamedTuple):
    """`shop` requires `evil`, and is its victim."""

    shop: Repo
    evil: Path
    canary: Path

    def write(self, dev_yaml: str = HEAD, recipe: str = "@true", **files: str) -> None:
        """The files of the evil repository."""
        (self.evil / "dev.yaml").write_text(dev_yaml)
        lines = "".join(f"\t{line}\n" for line in recipe.splitlines())
        (self.evil / "Makefile").write_text(f".PHONY: {TASKS}\n{TASKS}:\n{lines}")
        for name, text in files.items():
            (self.evil / name).write_text(text)

    def release(self) -> None:
        commit(self.evil)
        git(self.evil, "tag", "--force", "v1.0.0")

    def require(self, repo: str = "../evil", version: str = "v1.0.0", name: str = "evil") -> None:
        """In the victim's dev.yaml. JSON is YAML, so any text can be an address."""
        text = f"requires: {json.dumps({name: {'repo': repo, 'version': version}})}\n"
        kept = (self.shop.path / "dev.yaml").read_text().partition("\nrequires: ")[0]
        (self.shop.path / "dev.yaml").write_text(f"{kept.rstrip()}\n{text}")

    def harmless(self, *words: str) -> Done:
        """A verb ends soon, with a documented code and clean text, and the canary is as before."""
        begun = time.monotonic()
        done = self.shop.run(*words)
        assert time.monotonic() - begun < SECONDS, (words, done)
        assert done.code in (0, *DOCUMENTED), done
        assert bool(done.code) == bool(done.error), done
        assert "Traceback" not in done.stderr
        assert NOT_EXPECTED not in done.stderr, done
        assert not [c for c in done.stdout + done.stderr if c != "\n" and c != "\t" and not c.isprintable()], done
        assert [path.name for path in self.canary.iterdir()] == ["alive"], done
        return done


@pytest.fixture
def hostile(bake: Callable[..., Path], tmp_path: Path, free_port: int) -> Iterator[Hostile]:
    canary = tmp_path / "canary"
    canary.mkdir()
    (canary / "alive").write_text("tweet")
    evil = tmp_path / "evil"
    evil.mkdir()
    git(evil, "init", "-q", "-b", "main")
    homes = {f"XDG_{kind}_HOME": str(tmp_path / "machine" / kind.lower()) for kind in ("STATE", "CONFIG")}
    shop = bake("bare", service="shop", port=free_port)
    made = Hostile(Repo(shop, "shop", {"DEV_ENGINE": "native", **homes}), evil, canary)
    made.write()
    made.release()
    made.require()
    yield made
    made.shop.run("dev.destroy", "--yes")
    for mirror in Path(os.environ["XDG_CACHE_HOME"], "devenv/mirrors").glob("*.git"):  # others look at all of them
        with suppress(OSError):
            if str(tmp_path) in (mirror / "config").read_text(errors="replace"):
                shutil.rmtree(mirror)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[[Path], tuple[str, list[str]]]]:
    """served(repository) → its address on a web server, and the requests that arrive."""
    asked: list[str] = []

    class Files(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words: Any) -> None:
            asked.append(str(words))

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Files, directory=str(tmp_path / "web"))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def serve(repo: Path) -> tuple[str, list[str]]:
        bare = tmp_path / "web/mallory/evil.git"
        git(repo, "clone", "-q", "--bare", str(repo), str(bare))
        git(bare, "update-server-info")
        return f"http://127.0.0.1:{server.server_port}/mallory/evil.git", asked

    yield serve
    server.shutdown()
    server.server_close()

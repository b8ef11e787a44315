"""Answers of earlier runs, one JSON file for each repository, so that an interrupted run can continue."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.fleet.facts import Facts
from tools.fleet.listing import Repo


@dataclass(frozen=True)
class Key:
    """Everything that an answer depends on. `template`: this checkout (releases.identity); `tried`: with conflicts."""

    repo: str
    commit: str
    template: str
    tried: bool


class Store:
    """A folder of answers. A file that cannot be read counts as missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, repo: Repo) -> Path:
        return self.folder / f"{hashlib.sha256(repo.where.encode()).hexdigest()[:24]}.json"

    def get(self, repo: Repo, key: Key) -> Facts | None:
        """The answer, if nothing that it depends on has changed."""
        try:
            kept: Any = json.loads(self.path(repo).read_text(encoding="utf-8"))
            return Facts(**kept["facts"]) if kept["key"] == shown(key) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, repo: Repo, key: Key, facts: Facts) -> None:
        """Keep an answer, in one step."""
        self.folder.mkdir(parents=True, exist_ok=True)
        half = self.path(repo).with_suffix(f".{os.getpid()}")
        half.write_text(json.dumps({"key": shown(key), "facts": facts.as_dict()}, indent=1), encoding="utf-8")
        half.replace(self.path(repo))


def shown(key: Key) -> dict[str, Any]:
    """A key as it is written: without passwords in URLs, which must not be in our files."""
    return {**asdict(key), "repo": hashlib.sha256(key.repo.encode()).hexdigest()}

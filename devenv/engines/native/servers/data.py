"""A server's data folder: made whole or not at all, with an id that tells it from its successor."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devenv.engines.native.servers import account

FILE = "data.json"  # beside the folder, since servers want theirs empty


def facts(folder: Path) -> dict[str, str]:
    """What was noted when the data was made; empty where there is none."""
    if folder.is_dir():
        with contextlib.suppress(OSError, ValueError):
            return dict(json.loads((folder.parent / FILE).read_text()))
    return {}


@contextmanager
def made(folder: Path, **noted: str) -> Iterator[Path]:
    """A new folder to fill, which takes its place when that is done. What a killed command left is thrown away."""
    draft = folder.with_name(folder.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    account.hand_over(draft)
    yield draft
    (folder.parent / FILE).write_text(json.dumps({"id": secrets.token_hex(16), **noted}))
    os.replace(draft, folder)

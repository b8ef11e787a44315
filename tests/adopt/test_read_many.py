"""A repository with many tracked files: reading asks for names hundreds of times."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tools.adopt.read.text.files import Files
from tools.adopt.read.text.syntax import path_of

MANY = [f"app/static/{i % 100}/{i}.svg" for i in range(30_000)]
CODE = ["shop/__init__.py", "shop/settings.py", "src/shop/settings.py", "settings.py", "a/b/Dockerfile", "Dockerfile.x"]


def test_names_are_found_without_going_through_all_files_each_time(tmp_path: Path) -> None:
    files = Files(tmp_path, [*MANY, *CODE])
    start = time.process_time()
    for _ in range(300):
        assert path_of(files, "shop.settings") == "shop/settings.py"
        assert files.named("Dockerfile", "settings.py", depth=1) == ["settings.py", "shop/settings.py"]
    assert time.process_time() - start < 2, "one look at 30,000 names takes some hundredths of a second"


@pytest.mark.parametrize(
    ("patterns", "depth", "found"),
    [
        (["settings.py"], 99, ["settings.py", "shop/settings.py", "src/shop/settings.py"]),
        (["Dockerfile*"], 99, ["Dockerfile.x", "a/b/Dockerfile"]),
        (["Dockerfile*", "*.py"], 0, ["Dockerfile.x", "settings.py"]),
        (["[ds]ettings.py"], 1, ["settings.py", "shop/settings.py"]),
    ],
)
def test_the_nearest_files_of_a_pattern_are_first(
    tmp_path: Path, patterns: list[str], depth: int, found: list[str]
) -> None:
    assert Files(tmp_path, CODE).named(*patterns, depth=depth) == found


def test_a_module_is_a_file_or_a_package(tmp_path: Path) -> None:
    files = Files(tmp_path, [*CODE, "lib/cart/__init__.py", "uncart.py"])
    assert [path_of(files, name) for name in ("shop", "cart", "none")] == [
        "shop/__init__.py",
        "lib/cart/__init__.py",
        "",
    ]

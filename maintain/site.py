"""Stage the pages for `mkdocs build` in build/pages, at the paths that they have in the repository.

So the same links work in both. A link in a page to a file or folder that does not exist is reported with its line, and
ends with 1. Files that are linked and are not pages are copied too. MkDocs then checks the pages, and the headings
that links name.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

REPO = Path(__file__).resolve().parent.parent
STAGE = REPO / "build" / "pages"
PAGES = ("*.md", "docs/**", "examples/*.md", "examples/stack/*.md", "tests/contract/*.md")
OUTSIDE = ("docs/requirements.in", "docs/requirements.txt")
LINK = re.compile(r"\]\(([^()\s]+)\)|^\[[^]]+\]: (\S+)")
FENCE = re.compile(r"^ *```")


def main() -> None:
    """Copy the pages and what they link to."""
    shutil.rmtree(STAGE, ignore_errors=True)
    problems: list[str] = []
    for name in pages():
        copy(name)
        for line, target in links(REPO / name):
            file = (REPO / name).parent / unquote(target)
            if not file.exists():
                problems.append(f"{name}:{line}: {target} does not exist")
            elif file.is_file() and file.suffix != ".md":
                copy(str(file.resolve().relative_to(REPO)))
    if problems:
        sys.exit("\n".join(problems))


def pages() -> list[str]:
    """The pages that git knows, or would if they were added."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]
    globs = [f":(glob){pattern}" for pattern in PAGES]
    found = subprocess.run([*listing, *globs], cwd=REPO, stdout=subprocess.PIPE, text=True, check=True).stdout
    return sorted(name for name in {*found.split("\0")} - {"", *OUTSIDE} if (REPO / name).is_file())


def links(page: Path) -> Iterator[tuple[int, str]]:
    """The relative links of a page, without their headings, each with its line."""
    if page.suffix != ".md":
        return
    fenced = False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        fenced ^= bool(FENCE.match(line))
        for found in () if fenced else LINK.finditer(line):
            target = (found[1] or found[2]).partition("#")[0]
            if target and "://" not in target and not target.startswith("mailto:"):
                yield number, target


def copy(name: str) -> None:
    place = STAGE / name
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(REPO / name, place)


if __name__ == "__main__":
    main()

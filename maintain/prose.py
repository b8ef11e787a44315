"""Check the pages against our style: words to avoid, long lines, long sentences. `make lint` runs it.

    python -m maintain.prose [PAGE …]

Code blocks, code in backticks and HTML comments are not prose. Each finding is a line `PAGE:LINE: …`; with one, exit 1.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
LONGEST_LINE, LONGEST_SENTENCE = 120, 40  # characters, words
# What to avoid, and what to write instead.
WORDS = {
    r"mend(s|ed|ing)?": "fix, repair",
    r"anew": "again, rebuilt",
    r"(stands?|stood) (in|at|beside|under)\b": "is in, is at",
    r"(?<!there )(is|are) no (?!longer\b|more\b|other\b)\w+": "is not a",
    r"an? \w+ more(?= *[.,;:)]|$)": "another",
    r"whoever": "anyone who, if you",
    r"all the same": "also, anyway",
    r"thereof": "of it",
    r"likewise": "also",
    r"beside": "next to, compared with",
    r"so far": "until now",
    r"as yet": "yet",
}
AVOIDED = re.compile("|".join(rf"(?P<w{at}>\b(?:{words})\b)" for at, words in enumerate(WORDS)), re.I)
FENCE = re.compile(r"^\s*(```|~~~)")
CODE = re.compile(r"`[^`]*`|<!--.*?-->|\]\([^)]*\)|https?://\S+")
# Written by others or at another time. Remove a line when its pages pass.
EXCLUDED = (
    "docs/architecture.md",  # its tables, which tests/unit/test_doors.py reads, have long cells
    "docs/reference",  # generated: the sentences are those of the code
    "examples/*/*/*",
    "templates",
    "tests/foreign",
    "{{cookiecutter.repo_name}}",
)


def main() -> None:
    """Check the pages that git knows, or those that are named."""
    findings = [finding for name in sys.argv[1:] or pages() for finding in check(name, (REPO / name).read_text())]
    print("\n".join(findings), end="\n" if findings else "")
    sys.exit(bool(findings))


def pages() -> list[str]:
    excluded = [f":(exclude,top){pattern}" for pattern in EXCLUDED]
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.md", *excluded]
    found = subprocess.run(listing, cwd=REPO, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [name for name in found.split("\0") if name and (REPO / name).is_file()]


def check(name: str, text: str) -> Iterator[str]:
    """The findings in one page."""
    yield from (f"{name}:{number}: {what}" for number, what in [*long_lines(text), *wording(text)])


def long_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines of prose, and cells of tables, that are too long. A row of a table is one line, however long."""
    for number, line in enumerate(text.splitlines(), 1):
        table = line.startswith("|")
        longest = max(map(len, line.split("|"))) if table else len(line)
        if longest > LONGEST_LINE and not in_code(text, number):
            advice = "write a list" if table else "wrap prose at 100"
            yield number, f"{longest} characters; at most {LONGEST_LINE}: {advice}"


def wording(text: str) -> Iterator[tuple[int, str]]:
    """Words to avoid, and sentences that are too long."""
    for start, paragraph in paragraphs(text):
        for found in AVOIDED.finditer(paragraph):
            instead = list(WORDS.values())[int(str(found.lastgroup)[1:])]
            yield start + paragraph[: found.start()].count("\n"), f"“{found[0]}”: write {instead}"
        for sentence in re.split(r"(?<=[.!?:;])\s+(?=\S)", paragraph):
            words = len(re.findall(r"\w+", sentence))
            if words > LONGEST_SENTENCE:
                line = start + paragraph[: paragraph.find(sentence)].count("\n")
                yield line, f"a sentence of {words} words; at most {LONGEST_SENTENCE}"


def in_code(text: str, number: int) -> bool:
    """Whether a line is in a fenced block."""
    return sum(bool(FENCE.match(line)) for line in text.splitlines()[: number - 1]) % 2 == 1


def paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Paragraphs, list items and table cells, each with its first line, without code."""
    fenced, start, block = False, 0, list[str]()
    for number, line in enumerate([*text.splitlines(), ""], 1):
        ends = bool(FENCE.match(line))
        fenced ^= ends
        starts = re.match(r"\s*([-*]|\d+\.) |#|\|", line)
        if block and (ends or fenced or starts or not line.strip()):
            yield start, CODE.sub("x", "\n".join(block))
            block = []
        if not (ends or fenced) and line.strip():
            if line.startswith("|"):
                yield from ((number, CODE.sub("x", cell)) for cell in line.split("|"))
                continue
            start = start if block else number
            block.append(line)


if __name__ == "__main__":
    main()

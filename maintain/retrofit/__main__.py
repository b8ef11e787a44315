"""`make retrofit.results`: applications of a list, retrofitted and started, and docs/retrofit-results.md.

ARGS="NAME..." runs only these, and keeps the other rows of the page; --engine keeps the other engine's cells. Each one
takes some minutes.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import zlib
from collections.abc import Iterable
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

import yaml

from maintain import signals
from maintain.retrofit.trial import ROOT, App, Row, trial

LIST = Path(__file__).with_name("list.yaml")
PAGE = ROOT / "docs/retrofit-results.md"
# Not in this repository: tools of the applications would find its pyproject.toml, and obey it.
WORK = Path(tempfile.gettempdir(), f"retrofit-{os.getuid()}-{zlib.crc32(os.fsencode(ROOT)):08x}")
MARKS = ("<!-- rows: make retrofit.results -->", "<!-- end of rows -->")
HEADS = (
    "Application",
    "Version",
    "Stack",
    "Read",
    "Points",
    "Edits",
    "Native",
    "Containers",
    "Page",
    "Tests",
    "Min",
    "Why not",
)


CELL = 118  # characters that a cell may have
ENGINES = {"native", "compose"}


def main() -> None:
    options = arguments()
    signals.clean_up_at_sigterm()
    chosen = [app for app in read(options.list) if not options.names or app.name in options.names]
    engines = [word for word in options.engine.split(",") if word]
    if wrong := {*engines} - ENGINES:
        raise SystemExit(f"error[2]: --engine {', '.join(sorted(wrong))}: allowed: {', '.join(sorted(ENGINES))}")
    unknown = {*options.names} - {app.name for app in chosen}
    if unknown:
        raise SystemExit(f"error[2]: {options.list} has no {', '.join(sorted(unknown))}")
    rows = rows_of(options.page)
    for app in chosen:
        row = cells(trial(app, options.work, engines, dict(options.instead)))
        print(" | ".join(row), flush=True)
        rows[app.name] = kept(row, rows.get(app.name, []), {*ENGINES} - {*engines})
        write(options.page, rows, [each.name for each in read(options.list)])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make retrofit.results", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="an application of the list; without one, all")
    parser.add_argument("--list", type=Path, default=LIST, help="another list")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page whose rows are written")
    parser.add_argument("--work", type=Path, default=WORK, help="where the sources and the logs are")
    parser.add_argument(
        "--engine", default="native,compose", help="one, or several with commas between them; empty: only read"
    )
    parser.add_argument(
        "--instead",
        type=pair,
        action="append",
        default=[],
        metavar="IMAGE=OTHER",
        help="an image that this machine cannot have, and the one to take; the row names both",
    )
    return parser.parse_args()


def pair(text: str) -> tuple[str, str]:
    """`a=b` of an option."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text}: IMAGE=OTHER was expected")
    return name, value


def read(page: Path) -> list[App]:
    """The applications of a list."""
    known = {each.name for each in fields(App)}
    return [App(**checked(entry, known)) for entry in yaml.safe_load(page.read_text())]


def checked(entry: dict[str, Any], known: set[str]) -> dict[str, Any]:
    if unknown := entry.keys() - known:
        raise SystemExit(f"error[111]: {entry.get('name')}: unknown key {', '.join(sorted(unknown))}")
    return entry


def cells(row: Row) -> list[str]:
    return [str(value).replace("|", "\\|").replace("\n", " ") for value in astuple(row)]


def kept(row: list[str], known: list[str], others: set[str]) -> list[str]:
    """The row with what the known one of the same version says of engines that were not tried now."""
    names = [each.name for each in fields(Row)]
    new, old = dict(zip(names, row)), dict(zip(names, known))
    if old.get("version") != new["version"]:
        return row
    for engine in others:
        new[engine] = old[engine]
        if old[engine]:
            new["page"], new["tests"] = new["page"] or old["page"], new["tests"] or old["tests"]
    said = [part for part in old["why"].split("; ") if part.partition(":")[0] in others]
    new["why"] = fitted([part for part in (*new["why"].split("; "), *said) if part])
    return [new[name] for name in names]


def fitted(reasons: list[str]) -> str:
    """The reasons as a cell has room for them: first, images that were taken instead are left out."""
    text = "; ".join(reasons)
    if len(text) <= CELL:
        return text
    left = [each for each in reasons if " instead of " not in each]
    room = CELL // len(left) - len("; ") if left else CELL
    return "; ".join(each if len(each) <= room else f"{each[: room - 2].rpartition(' ')[0]} …" for each in left)


def rows_of(page: Path) -> dict[str, list[str]]:
    """The rows that the page has, by name."""
    if not page.exists():
        return {}
    inside = page.read_text().partition(MARKS[0])[2].partition(MARKS[1])[0]
    rows = [line[2:-2].split(" | ") for line in inside.splitlines() if line.startswith("| ")]
    return {row[0]: row for row in rows[2:]}


def write(page: Path, rows: dict[str, list[str]], order: list[str]) -> None:
    """Write the table between the marks of the page, in the order of the list."""
    text = page.read_text() if page.exists() else f"{MARKS[0]}\n{MARKS[1]}\n"
    before, _, rest = text.partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    table = [HEADS, ["---"] * len(HEADS), *(rows[name] for name in order if name in rows)]
    page.write_text(f"{before}{MARKS[0]}\n\n{lines(table)}\n{MARKS[1]}{after}")


def lines(table: Iterable[Iterable[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in table)


if __name__ == "__main__":
    main()

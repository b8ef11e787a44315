"""The report as one self-contained page: without scripts, fonts and images."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from tools.adopt.errors import USAGE, Refusal
from tools.fleet import suite  # noqa: F401 - says where conformance is
from tools.fleet.rows import Row, behind, counts
from tools.fleet.table import summary

from conformance import page as report  # isort: skip

STYLE = (
    report.STYLE
    + """
body { max-width: 90rem }
table { border-collapse: collapse; width: 100%; margin-top: 1rem }
th { text-align: left; color: var(--quiet); font-weight: 600 }
th, td { border-top: 1px solid var(--line); padding: .5rem .75rem .5rem 0; vertical-align: top }
td { overflow-wrap: anywhere } td:first-child { overflow-wrap: normal; white-space: nowrap }
.fine { color: var(--good) } .error, .conflicts { color: var(--bad) }
.behind, .release-unknown { color: var(--mild) }
"""
)
HEAD = ("State", "Repository", "Release", "Behind", "Contract", "What to do")


def writable(path: Path) -> None:
    """Refusal if a page cannot be written, as far as that is visible before the work starts."""
    if os.path.isdir(path):
        raise Refusal(USAGE, f"{path} is a folder", f"name a file in it: --html {path / 'fleet.html'}")
    if not os.path.isdir(path.parent):
        raise Refusal(USAGE, f"the folder of {path} does not exist", f"mkdir -p {path.parent}")
    if not os.access(path if os.path.exists(path) else path.parent, os.W_OK):
        raise Refusal(USAGE, f"{path} cannot be written", "name another file, or: --html /tmp/fleet.html")


def write(path: Path, text: str) -> None:
    """Refusal if it fails. JSON may contain half of a surrogate pair, which becomes `?`."""
    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise Refusal(USAGE, f"the page cannot be written: {error}", "name another file: --html FILE") from None


def html(rows: Sequence[Row], newest: str, made: str) -> str:
    """The page of rows in their order. `made`: when, in words."""
    head = "".join(f"<th>{name}</th>" for name in HEAD)
    states = " · ".join(f'<span class="{report.name(s)}">{count} {s}</span>' for s, count in counts(rows).items())
    title = f"Fleet: {summary(rows, newest)}"
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n"
        f"<h1>{escape(title)}</h1>\n<p>{states}</p>\n<p>Made on {escape(made)}, worst first.</p>\n"
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{''.join(map(entry, rows))}</tbody>\n</table>\n</html>\n"
    )


def entry(row: Row) -> str:
    """One repository."""
    facts, standing = row.facts, row.standing
    state = f'<span class="status {report.name(row.state)}">{row.state}</span>'
    name = f"<b>{escape(facts.service)}</b><br>{escape(row.repo.name)}"
    missing = escape(", ".join(standing.missing or ()))
    lag = f'<span title="lacks {missing}">{behind(standing)}</span>' if missing else behind(standing)
    release = f'<span title="{escape(facts.template)}">{escape(standing.release)}</span>'
    cells = (state, name, release, lag, escape(f"{facts.contract} {facts.level}"), details(row))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>\n"


def details(row: Row) -> str:
    """What is wrong, with the fix for each. Known deviations, and MUSTs that files do not show, can be opened."""
    facts = row.facts
    parts = [f"<p>{escape(row.why)}</p>"] if row.why else []
    parts += map(must, facts.broken)
    parts += [folded("conflicts", map(escape, facts.conflicts))] if facts.conflicts else []
    admitted = (f'<span class="id">{escape(id)}</span> {escape(why)}' for id, why in facts.deviations.items())
    parts += [folded("known deviations", admitted)] if facts.deviations else []
    parts += [folded("left to a live run", map(escape, facts.unjudged))] if facts.unjudged else []
    return "".join(parts)


def must(found: dict[str, str]) -> str:
    """A MUST that is broken."""
    head = (
        f'<summary><span class="id">{escape(found["id"])}</span><span>{report.marked(found["must"])}</span></summary>'
    )
    fix = report.marked(" ".join(found["fix"].split()))
    seen = f"<dt>{escape(found['status'])}</dt><dd><pre>{escape(found['evidence'])}</pre></dd>"
    return f"<details>{head}<dl>{seen}<dt>fix</dt><dd>{fix}</dd></dl></details>"


def folded(what: str, lines: Iterable[str]) -> str:
    """A list that shows only its number until it is opened. The lines are HTML."""
    entries = [f"<li>{line}</li>" for line in lines]
    return f"<details><summary>{what}: {len(entries)}</summary><ul>{''.join(entries)}</ul></details>"

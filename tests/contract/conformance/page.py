"""The report as one HTML page that loads nothing else."""

from __future__ import annotations

import re
from html import escape

from conformance.contract import AREAS
from conformance.report import SIGNS, Report
from conformance.verdicts import Verdict

STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #cf222e; --mild: #9a6700; --quiet: #6e7781 }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
ul { list-style: none; padding: 0; margin: 0 } li { border-top: 1px solid var(--line); padding: .5rem 0 }
summary { display: flex; flex-wrap: wrap; gap: .25rem .75rem; cursor: pointer }
summary > span:last-child { flex: 1 1 16rem } summary::marker { content: "" }
.id { font-family: ui-monospace, monospace; min-width: 4.5rem }
.status { font-weight: 600; min-width: 11rem; color: var(--quiet) }
.kept { color: var(--good) } .broken, .fixed, .not-judged { color: var(--bad) }
.known-deviation { color: var(--mild) }
dl { margin: .5rem 0 .5rem 1rem; display: grid; grid-template-columns: max-content 1fr; gap: .25rem .75rem }
dd { margin: 0; overflow-wrap: anywhere }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .9em }
dt { color: var(--quiet) } code { font-size: .95em }
@media (max-width: 36rem) { dl { grid-template-columns: 1fr } .status { min-width: 0 } }
"""


def html(report: Report) -> str:
    """The page. Broken MUSTs are open, the others can be opened."""
    areas = "".join(
        f"<h2>{area}: {AREAS[area]}</h2>\n<ul>\n{''.join(map(entry, verdicts))}</ul>\n"
        for area, verdicts in report.by_area().items()
    )
    counts = " · ".join(
        f'<span class="{name(status)}">{count} {status}</span>' for status, count in report.counts.items()
    )
    title = f"{report.service}: {'kept' if report.kept else 'not kept'}"
    about = f"contract {report.contract}, level {report.level}" + (f", engine {report.engine}" if report.engine else "")
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n"
        f"<h1>{escape(title)}</h1>\n<p>{escape(about)}</p>\n<p>{counts}</p>\n{areas}</html>\n"
    )


def entry(verdict: Verdict) -> str:
    """One MUST, with its details."""
    must = verdict.must
    details = {"why": marked(must.why), "level": f"{must.level}, since {'.'.join(map(str, must.since))}"}
    details |= {verdict.status: f"<pre>{escape(verdict.evidence)}</pre>"} if verdict.evidence else {}
    details |= {"fix": marked(" ".join(verdict.fix.split()))} if verdict.fix else {}
    rows = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in details.items())
    status = f'<span class="status {name(verdict.status)}">{SIGNS[verdict.status]} {verdict.status}</span>'
    head = f'<span class="id">{must.id}</span>{status}<span>{marked(must.sentence)}</span>'
    is_open = " open" if verdict.failing else ""
    return f'<li id="{must.id}"><details{is_open}><summary>{head}</summary><dl>{rows}</dl></details></li>\n'


def name(status: str) -> str:
    """A status as a CSS class."""
    return status.replace(" ", "-")


def marked(text: str) -> str:
    """Code and bold of Markdown as HTML."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
    return re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)

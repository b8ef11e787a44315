"""The report for people in the terminal, and as JSON for programs."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from dataclasses import dataclass

from conformance.contract import AREAS
from conformance.verdicts import Verdict

LINES = 12  # of evidence for one MUST
SIGNS = {"kept": "✓", "broken": "✗", "fixed": "✗", "not judged": "?", "known deviation": "~", "not applicable": "-"}


@dataclass(frozen=True)
class Report:
    """What was found in a repository. `unseen`: MUSTs that also have tests that need a live run."""

    service: str
    level: str
    contract: str
    engine: str
    verdicts: list[Verdict]
    unseen: list[str]
    seconds: float

    @property
    def kept(self) -> bool:
        """Whether nothing that applies is broken."""
        return not any(verdict.failing for verdict in self.verdicts)

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(verdict.status for verdict in self.verdicts)
        return {status: found[status] for status in SIGNS if found[status]}

    @property
    def summary(self) -> str:
        counts = ", ".join(f"{count} {status}" for status, count in self.counts.items())
        rest = f"; {len(self.unseen)} MUSTs have tests that need a live run" if self.unseen else ""
        return f"{self.service}: contract {self.contract}, level {self.level}: {counts}{rest}, {self.seconds:.1f} s"

    def by_area(self) -> dict[str, list[Verdict]]:
        areas = {area: [v for v in self.verdicts if v.must.area == area] for area in AREAS}
        return {area: found for area, found in areas.items() if found}

    def as_json(self) -> str:
        known = {"service": self.service, "contract": self.contract, "level": self.level, "engine": self.engine}
        found = {"kept": self.kept, "verdicts": [v.as_dict() for v in self.verdicts], "unseen": self.unseen}
        return json.dumps({**known, **found, "seconds": round(self.seconds, 1)}, indent=2, ensure_ascii=False)


def terminal(report: Report, width: int = 0) -> str:
    """The report by area. A MUST that is kept takes one line; a broken one has its reason, the evidence and the fix.

    `width`: the columns of the terminal, at which lines are wrapped; 0: they are not.
    """
    lines = []
    for area, verdicts in report.by_area().items():
        lines += ["", f"{area}: {AREAS[area]}", *(line for verdict in verdicts for line in entry(verdict))]
    whole = [*lines, "", report.summary]
    return "\n".join(part for line in whole for part in wrapped(line, width)).lstrip("\n")


def wrapped(line: str, width: int) -> list[str]:
    """A line of the report, broken between words; what follows is below its text."""
    indent = " " * 12 if line.startswith(" ") else ""
    if not width or len(line) <= width or width < 40:
        return [line]
    return textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def entry(verdict: Verdict) -> list[str]:
    """The lines of one MUST."""
    must, evidence = verdict.must, verdict.evidence.splitlines()
    sentence = plain(must.sentence)
    short = textwrap.shorten(sentence, 105, placeholder=" …")
    head = f"  {SIGNS[verdict.status]} {must.id:<7} "
    seen = [f"            {verdict.status}: {line}" for line in evidence[:1]]
    if verdict.status not in ("broken", "fixed"):
        return [head + short, *seen]
    more = [f"              {line}" for line in evidence[1:LINES]]
    fix = f"            fix: {' '.join(verdict.fix.split())}"
    return [head + sentence, f"            why: {plain(must.why)}", *seen, *more, fix]


def plain(text: str) -> str:
    """Without the marks of Markdown."""
    return text.replace("**", "").replace("`", "")

"""From the outcomes of tests to one verdict for each MUST."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance import composefile
from conformance.contract import Must

# The worst of a MUST's tests is its verdict; `not applicable` only where it is so in all of them.
ORDER = ("broken", "mended", "not judged", "known deviation", "kept", "not applicable")
FAILING = ("broken", "mended", "not judged")
DEVIATIONS = "contract.xfail.yaml"


@dataclass(frozen=True)
class Outcome:
    """What one test found: kept, broken, not judged or not applicable; what it saw; and what mends it."""

    status: str
    evidence: str = ""
    mend: str = ""


@dataclass(frozen=True)
class Verdict:
    """What is said of one MUST."""

    must: Must
    status: str
    evidence: str = ""
    mend: str = ""

    @property
    def failing(self) -> bool:
        return self.status in FAILING

    def as_dict(self) -> dict[str, str]:
        must = self.must
        said = {"id": must.id, "level": must.level, "status": self.status, "must": must.sentence, "why": must.why}
        return {**said, "evidence": self.evidence, "mend": self.mend}


def judge(musts: Iterable[Must], outcomes: Mapping[str, list[Outcome]], deviations: Mapping[str, str]) -> list[Verdict]:
    """A verdict for each MUST that was looked at."""
    return [
        deviating(must, worst(outcomes[must.id]), deviations.get(must.id)) for must in musts if outcomes.get(must.id)
    ]


def worst(outcomes: list[Outcome]) -> Outcome:
    """The first of the worst outcomes, with the evidence of all of them."""
    status = min((outcome.status for outcome in outcomes), key=ORDER.index)
    same = [outcome for outcome in outcomes if outcome.status == status]
    evidence = "\n".join(dict.fromkeys(outcome.evidence for outcome in same if outcome.evidence))
    return Outcome(status, evidence, same[0].mend if status in FAILING else "")


def deviating(must: Must, found: Outcome, reason: str | None) -> Verdict:
    """A known deviation is no failure; one that is not there any more is."""
    if reason is None or found.status in ("not judged", "not applicable"):
        return Verdict(must, found.status, found.evidence, found.mend)
    if found.status == "broken":
        return Verdict(must, "known deviation", f"{reason}\n{found.evidence}")
    return Verdict(must, "mended", f"{DEVIATIONS} says: {reason}", f"Remove the entry {must.id} from {DEVIATIONS}.")


def known_deviations(folder: Path, ids: Iterable[str]) -> dict[str, str]:
    """What a repository says that it does not keep, and why. Unreadable, with what is wrong with the list."""
    path = folder / DEVIATIONS
    if not path.exists():
        return {}
    entries = composefile.read(path).get("deviations")
    if not isinstance(entries, list):
        raise composefile.Unreadable(f"{DEVIATIONS} holds no list `deviations:`")
    return dict(deviation(entry, set(ids)) for entry in entries)


def deviation(entry: object, ids: set[str]) -> tuple[str, str]:
    if not isinstance(entry, dict) or set(entry) != {"id", "reason", "date"}:
        raise composefile.Unreadable(
            f"{DEVIATIONS}: each entry has `id`, `reason` and `date`, and nothing else: {entry}"
        )
    if entry["id"] not in ids:
        raise composefile.Unreadable(f"{DEVIATIONS}: {entry['id']} is no MUST of the contract")
    return str(entry["id"]), f"{entry['reason']} (since {entry['date']})"

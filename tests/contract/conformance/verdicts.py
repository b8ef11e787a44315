"""One verdict for each MUST, from the outcomes of its tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance import composefile
from conformance.contract import Must

# The worst outcome of its tests is the verdict on a MUST; it is `not applicable` only if all of them are.
# "fixed" is a known deviation that was repaired.
ORDER = ("broken", "fixed", "not judged", "known deviation", "kept", "not applicable")
FAILING = ("broken", "fixed", "not judged")
DEVIATIONS = "contract.xfail.yaml"


@dataclass(frozen=True)
class Outcome:
    """What one test found: kept, broken, not judged or not applicable; the evidence; and how to fix it."""

    status: str
    evidence: str = ""
    fix: str = ""


@dataclass(frozen=True)
class Verdict:
    """The verdict on one MUST."""

    must: Must
    status: str
    evidence: str = ""
    fix: str = ""

    @property
    def failing(self) -> bool:
        return self.status in FAILING

    def as_dict(self) -> dict[str, str]:
        must = self.must
        about = {"id": must.id, "level": must.level, "status": self.status, "must": must.sentence, "why": must.why}
        return {**about, "evidence": self.evidence, "fix": self.fix}


def judge(musts: Iterable[Must], outcomes: Mapping[str, list[Outcome]], deviations: Mapping[str, str]) -> list[Verdict]:
    """A verdict for each MUST that has outcomes."""
    return [
        deviating(must, worst(outcomes[must.id]), deviations.get(must.id)) for must in musts if outcomes.get(must.id)
    ]


def worst(outcomes: list[Outcome]) -> Outcome:
    """The first of the worst outcomes, with the evidence of all of them."""
    status = min((outcome.status for outcome in outcomes), key=ORDER.index)
    same = [outcome for outcome in outcomes if outcome.status == status]
    evidence = "\n".join(dict.fromkeys(outcome.evidence for outcome in same if outcome.evidence))
    return Outcome(status, evidence, same[0].fix if status in FAILING else "")


def deviating(must: Must, found: Outcome, reason: str | None) -> Verdict:
    """A known deviation is not a failure. A listed deviation that no longer exists is one."""
    if reason is None or found.status in ("not judged", "not applicable"):
        return Verdict(must, found.status, found.evidence, found.fix)
    if found.status == "broken":
        return Verdict(must, "known deviation", f"{reason}\n{found.evidence}")
    fix = f"Remove the entry {must.id} from {DEVIATIONS}."
    return Verdict(must, "fixed", f"it is kept, but {DEVIATIONS} lists it: {reason}", fix)


def known_deviations(folder: Path, ids: Iterable[str]) -> dict[str, str]:
    """The MUSTs that a repository lists as not kept, with the reasons. Raises Unreadable if the list is not valid."""
    path = folder / DEVIATIONS
    if not path.exists():
        return {}
    entries = composefile.read(path).get("deviations")
    if not isinstance(entries, list):
        raise composefile.Unreadable(f"{DEVIATIONS}: `deviations:` is missing or not a list")
    return dict(deviation(entry, set(ids)) for entry in entries)


def deviation(entry: object, ids: set[str]) -> tuple[str, str]:
    if not isinstance(entry, dict) or set(entry) != {"id", "reason", "date"}:
        raise composefile.Unreadable(
            f"{DEVIATIONS}: an entry must have exactly the keys `id`, `reason` and `date`: {entry}"
        )
    if entry["id"] not in ids:
        raise composefile.Unreadable(f"{DEVIATIONS}: {entry['id']}: unknown MUST")
    return str(entry["id"]), f"{entry['reason']} (since {entry['date']})"

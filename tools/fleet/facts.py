"""The facts about one repository at one commit: the part of a row that only changes with the commit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tools.adopt.releases import is_commit
from tools.fleet import suite
from tools.fleet.listing import without_secret

from conformance import composefile, contract, verdicts  # isort: skip  (suite says where it is)

UNKNOWN = "?"


@dataclass(frozen=True)
class Facts:
    """`template_commit`: a full id, or `?` if .cruft.json has something else. `broken`: the failing MUSTs with `id`,
    `status`, `must`, `evidence` and `fix`. `unjudged`: those that files alone cannot decide. `deviations`: the content
    of contract.xfail.yaml, by ID. `conflicts`: None if they were not requested. `note`: why nothing was judged although
    nothing failed. `error`: why the facts are missing.
    """

    commit: str = ""
    service: str = ""
    template: str = ""
    template_commit: str = ""
    contract: str = ""
    level: str = ""
    broken: list[dict[str, str]] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    deviations: dict[str, str] = field(default_factory=dict)
    conflicts: list[str] | None = None
    note: str = ""
    error: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def of(folder: Path, at: Facts) -> Facts:
    """The facts of a folder, except conflicts; `at` has the known ones: commit and name.

    Raises suite.Failed if the suite could not judge.
    """
    known: dict[str, Any] = {"commit": at.commit, "service": at.service, **linked(folder)}
    try:
        dev = composefile.read(folder / "dev.yaml")
        every = contract.musts(contract.PAGE.read_text(encoding="utf-8"))
        deviations = verdicts.known_deviations(folder, every)
    except composefile.Unreadable as error:
        return Facts(**known, error=str(error))
    said = {"contract": str(dev.get("contract") or ""), "level": str(dev.get("level") or "full")}
    known |= {**said, "service": str(dev.get("service") or at.service)}
    if before_numbers(said["contract"], every.values()):
        return Facts(**known, note=f"contract {said['contract']} has no numbered MUSTs")
    return Facts(**known, deviations=deviations, **judged(suite.static(folder), every))


def linked(folder: Path) -> dict[str, str]:
    """The template and its commit, from .cruft.json if it exists. TPL-1 reports errors in it."""
    try:
        said = json.loads((folder / ".cruft.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(said, dict):
        return {}
    template, commit = said.get("template"), said.get("commit")
    return {
        "template": without_secret(template) if isinstance(template, str) else "",
        "template_commit": str(commit) if is_commit(commit) else UNKNOWN if commit else "",
    }


def before_numbers(keeps: str, every: Iterable[contract.Must]) -> bool:
    """Whether a contract version is older than the numbers of MUSTs."""
    try:
        return contract.version(keeps) < min(must.since for must in every)
    except ValueError:
        return False  # not a version: CFG-1 reports it


def judged(report: Mapping[str, Any], every: Iterable[str]) -> dict[str, Any]:
    """The results in a report of the suite: the failing MUSTs, and those that were not judged.

    The note is why a check could not run, if no broken MUST says so.
    """
    by_status: dict[str, list[dict[str, str]]] = {}
    for verdict in report["verdicts"]:
        by_status.setdefault(verdict["status"], []).append(verdict)
    keep = ("id", "status", "must", "evidence", "fix")
    failing = [*by_status.get("broken", []), *by_status.get("fixed", [])]
    seen = {v["id"] for v in report["verdicts"] if v["status"] != "not judged"}
    asked = {v["id"] for v in report["verdicts"]} | set(report["unseen"])
    unasked = [] if failing else by_status.get("not judged", [])
    return {
        "note": f"{unasked[0]['id']}: {unasked[0]['evidence']}" if unasked else "",
        "broken": [{name: verdict[name] for name in keep} for verdict in failing],
        "unjudged": [must for must in every if must in asked - seen],
    }

"""A service's template, commit and answers, from its .cruft.json, which cruft reads too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any

from tools.adopt.errors import CONFIG, Refusal
from tools.adopt.releases import is_commit
from tools.adopt.render import STATE, Files
from tools.adopt.repository import Entry, Repository

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

OWNED = b"Owner: this service"


@dataclass(frozen=True)
class Origin:
    """The content of .cruft.json. `whole` is all of it, since other tools' keys are kept."""

    template: str
    commit: str
    answers: Mapping[str, str]
    whole: Mapping[str, Any] = field(repr=False)

    def at(self, commit: str, answers: Mapping[str, str]) -> Entry:
        """The file after an update: `checkout` is what cruft would follow instead of releases, so it is emptied."""
        context = {"cookiecutter": dict(answers)}
        return written({**self.whole, "commit": commit, "checkout": None, "context": context})


def written(state: Mapping[str, Any]) -> Entry:
    return Entry("100644", (json.dumps(state, indent=2) + "\n").encode())


def read(repository: Repository) -> Origin:
    """Refusal 111 if the service is not linked to a template."""
    entry = repository.entry(STATE)
    try:
        return parsed(json.loads(entry.content if entry else b""))
    except (ValueError, KeyError, TypeError, AttributeError):
        hint = f"inv template.retrofit {repository.folder}, from a checkout of the template"
        raise Refusal(CONFIG, f"{repository.folder / STATE}:1: no template, commit and answers", hint) from None


def parsed(state: Mapping[str, Any]) -> Origin:
    """ValueError, KeyError, TypeError, AttributeError if it is not as cruft writes it.

    The file is not trusted (fleet.check), and its values become arguments of git.
    """
    answers = {str(name): str(value) for name, value in state["context"]["cookiecutter"].items()}
    texts = [state["template"], *state.get("skip", [])]
    if not all(isinstance(text, str) for text in texts) or not is_commit(state["commit"]):
        raise ValueError(state)
    known = {name: value for name, value in answers.items() if not name.startswith("_")}
    return Origin(state["template"], state["commit"], known, state)


def owned(repository: Repository, origin: Origin, rendered: Files) -> set[str]:
    """The template's files that belong to the service: updates do not change them.

    Their head comments say so; files that cannot have comments are in cruft's `skip`.
    """
    patterns = [*origin.whole.get("skip", []), *skipped(repository.entry("pyproject.toml"))]
    said = {name for name, entry in rendered.items() if OWNED in b"\n".join(entry.content.split(b"\n", 4)[:4])}
    return said | {name for name in rendered if any(matches(name, pattern) for pattern in patterns)}


def matches(name: str, pattern: str) -> bool:
    """Match like cruft: a pattern, or a folder above the file."""
    return fnmatch(name, pattern) or name.startswith(pattern.rstrip("/") + "/")


def skipped(pyproject: Entry | None) -> list[str]:
    """`skip` of [tool.cruft]; empty if the file cannot be read."""
    try:
        return list(tomllib.loads(pyproject.content.decode())["tool"]["cruft"]["skip"]) if pyproject else []
    except (ValueError, KeyError, TypeError):
        return []

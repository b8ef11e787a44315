"""`make locks`: locks the dependencies of each stack again, for every combination of answers (ARGS=django for one).

A service's dependencies follow from its answers, and its lock file must contain exactly these. So each combination is
generated and locked by its own tool. The results are merged into one lock file of the stack: lines that not all of them
have are inside {% if %}. Locked versions stay; to upgrade them, ARGS=--upgrade.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from difflib import SequenceMatcher
from functools import cache
from itertools import combinations, groupby, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cookiecutter.main import cookiecutter
from jinja2 import Environment

from maintain.stack import CONFIG, ROOT

STACKS = ROOT / "{{cookiecutter.repo_name}}" / ".stacks"
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
UV = str(Path(sys.executable).parent / "uv")
# The lock names the public registry, even if this machine uses another one.
PUBLIC = ["--registry=https://registry.npmjs.org/", "--no-omit-lockfile-registry-resolved"]
NPM = ["--package-lock-only", "--silent", *PUBLIC]
LOCKS = {
    "uv.lock": lambda upgrade: [UV, "lock", "--quiet", *(["--upgrade"] if upgrade else [])],
    "package-lock.json": lambda upgrade: ["npm", "update" if upgrade else "install", *NPM],
}


class Answers(NamedTuple):
    """The answers that decide a stack's dependencies."""

    database: str
    cache: str
    worker: str


Line = tuple[str, frozenset[Answers]]  # and the answers that have it


def all_answers() -> list[Answers]:
    """Every allowed combination, those with the most features first: the others are compared with them."""
    every = product(*(QUESTIONS[name] for name in Answers._fields))
    allowed = [Answers(*each) for each in every if each[2] == "none" or each[1] != "none"]
    return sorted(allowed, key=lambda answers: tuple(answers).count("none"))


def merge(files: dict[Answers, str]) -> list[Line]:
    """One sequence of lines that contains each file completely and in order."""
    merged: list[Line] = []
    for answers, text in files.items():
        merged = list(_added(merged, text.splitlines(), frozenset([answers])))
    return merged


def _added(merged: list[Line], lines: list[str], whose: frozenset[Answers]) -> Iterator[Line]:
    matcher = SequenceMatcher(None, [line for line, _ in merged], lines, autojunk=False)
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        if kind == "equal":
            yield from ((line, having | whose) for line, having in merged[start:end])
        else:
            yield from merged[start:end]
            yield from ((line, whose) for line in lines[other_start:other_end])


def template(merged: Iterable[Line]) -> str:
    """The merged lines as Jinja, with a condition around those that not all answers have."""
    out = []
    for having, run_of in groupby(merged, key=lambda line: line[1]):
        lines = [line for line, _ in run_of]
        everywhere = having == frozenset(all_answers())
        out += lines if everywhere else [f"{{% if {condition(having)} %}}", *lines, "{% endif %}"]
    return "\n".join(out) + "\n"


@cache
def condition(having: frozenset[Answers]) -> str:
    """The shortest expression that is true for these answers and no others."""
    for expression, true_for in _expressions():
        if true_for == having:
            return expression
    listed = ", ".join(str(tuple(answers)) for answers in sorted(having))
    return f"(cookiecutter.database, cookiecutter.cache, cookiecutter.worker) in [{listed}]"


@cache
def _expressions() -> list[tuple[str, frozenset[Answers]]]:
    """Each expression with the answers that it is true for, short ones first."""
    tests = [(name, sign, value) for name in Answers._fields for sign in ("==", "!=") for value in QUESTIONS[name]]
    simple = [(f'cookiecutter.{name} {sign} "{value}"', _where(name, sign, value)) for name, sign, value in tests]
    pairs = [
        (f"{one} {word} {two}", join(ones, twos))
        for (one, ones), (two, twos) in combinations(simple, 2)
        for word, join in (("and", frozenset.intersection), ("or", frozenset.union))
    ]
    return [*simple, *pairs]


def _where(name: str, sign: str, value: str) -> frozenset[Answers]:
    return frozenset(each for each in all_answers() if (getattr(each, name) == value) == (sign == "=="))


def render(text: str, answers: Answers) -> str:
    """Render like cookiecutter."""
    settings = {"keep_trailing_newline": True, **QUESTIONS["_jinja2_env_vars"]}
    return Environment(**settings).from_string(text).render(cookiecutter=answers._asdict())


def lock(path: Path, upgrade: bool) -> None:
    """Update one stack's lock file."""
    first, *others = all_answers()
    with TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        files = {first: _locked(generate(path, Path(folder), first), path.name, upgrade)}
        # The others start from the first lock, so that all have the same versions.
        path.write_text(files[first], encoding="utf-8")
        made = [generate(path, Path(folder), answers) for answers in others]
        files.update(zip(others, pool.map(lambda each: _locked(each, path.name), made), strict=True))
    text = template(merge(files))
    wrong = [answers for answers in files if render(text, answers).splitlines() != files[answers].splitlines()]
    assert not wrong, f"{path}: merged wrongly for {wrong}"
    path.write_text(text, encoding="utf-8")
    print(f"{path.parent.name}/{path.name}: {len(files)} combinations, {len(text.splitlines())} lines")


def generate(path: Path, folder: Path, answers: Answers) -> Path:
    """A service of the stack that the lock file belongs to."""
    wanted = {"stack": path.parent.name, "service": "locks", "repo_name": "-".join(answers), **answers._asdict()}
    settings = {"no_input": True, "output_dir": str(folder), "config_file": str(ROOT / CONFIG)}
    return Path(cookiecutter(str(ROOT), extra_context=wanted, **settings))


def _locked(service: Path, name: str, upgrade: bool = False) -> str:
    subprocess.run(LOCKS[name](upgrade), cwd=service, check=True)
    return (service / name).read_text(encoding="utf-8")


def main() -> None:
    words = sys.argv[1:]
    stacks = [word for word in words if not word.startswith("-")]
    for path in sorted(path for name in LOCKS for path in STACKS.glob(f"*/{name}")):
        if not stacks or path.parent.name in stacks:
            lock(path, "--upgrade" in words)


if __name__ == "__main__":
    main()

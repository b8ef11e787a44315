"""Check a repository against CONTRACT.md: python tests/contract/check.py PATH [--static] [--only ID] …

The report goes to stdout, progress to stderr.
Exit codes: 0 every MUST that applies is kept; 1 a MUST is broken or not judged; 2 the check could not start.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from conformance import contract, page, report, verdicts  # noqa: E402
from conformance.composefile import Unreadable  # noqa: E402
from conformance.contract import Must  # noqa: E402
from conformance.plugin import Judge, Named, Subject  # noqa: E402
from conformance.repository import Repository  # noqa: E402


class Parser(argparse.ArgumentParser):
    """A wrong command line is an error like the others."""

    def error(self, message: str) -> NoReturn:
        refuse(message, "make -s contract.check ARGS=--help")


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = Parser(prog="contract.check", description="Check a repository against CONTRACT.md.")
    parser.add_argument("path", type=Path, help="the repository")
    parser.add_argument("--static", action="store_true", help="only read files; start nothing")
    parser.add_argument("--only", action="append", default=[], metavar="ID", help="check only this MUST (repeatable)")
    parser.add_argument("--level", choices=("core", "full"), help="use this level instead of the one in dev.yaml")
    parser.add_argument("--engine", default="", help="the engine for the live run: compose or native")
    parser.add_argument("--door", default="make", help='how to call the commands: make, or a prefix such as "inv"')
    parser.add_argument("--patience", type=float, default=1, help="factor for the time that commands may take")
    parser.add_argument("--json", action="store_true", help="write one JSON object to stdout instead of the report")
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write the report as an HTML page")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="also write the report as a JUnit file")
    return parser.parse_args(argv)


def refuse(message: str, hint: str) -> NoReturn:
    print(f"error[2]: {message}\nhint: {hint}", file=sys.stderr)
    raise SystemExit(2)


def chosen(
    options: argparse.Namespace, repository: Repository, every: dict[str, Must]
) -> tuple[str, tuple[int, ...], list[Must]]:
    """The level, the version and the MUSTs that the repository is held to."""
    dev = readable(repository)
    level = str(options.level or dev.get("level") or "full")
    newest = max(must.since for must in every.values())
    keeps = version(dev.get("contract"), newest)
    held = contract.held_to(every.values(), level, keeps)
    if not held:
        first = text(min(must.since for must in every.values()))
        message = f"{repository.path}: contract {text(keeps)} has no numbered MUSTs"
        refuse(message, f'set contract: "{first}" or newer in dev.yaml')
    if unknown := [name for name in options.only if name not in every]:
        refuse(f"unknown MUST: {', '.join(unknown)}", f"the IDs are in {contract.PAGE}")
    if options.only:
        held = [every[name] for name in options.only]
    return level, keeps, held


def version(keeps: object, newest: tuple[int, ...]) -> tuple[int, ...]:
    """The version in dev.yaml. If it is not one that we know, the newest: CFG-1 reports that."""
    try:
        found = contract.version(str(keeps))
    except ValueError:
        return newest
    return found if found[0] == newest[0] else newest


def text(keeps: tuple[int, ...]) -> str:
    return ".".join(map(str, keeps))


def readable(repository: Repository) -> dict[str, object]:
    """dev.yaml; empty if it cannot be read, which CFG-1 reports."""
    try:
        return repository.dev
    except Unreadable:
        return {}


def run(subject: Subject, judge: Judge, junit: Path | None) -> None:
    """Run the tests in this process. pytest prints nothing and loads no plugin that happens to be installed."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    argv = ["-c", str(HERE / "pytest.ini"), "--rootdir", str(HERE), str(HERE)]
    argv += [f"--junitxml={junit}"] if junit else []
    code = pytest.main(argv, plugins=[judge, Named(subject)])
    if judge.faults or code in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
        print("\n".join(judge.faults) or f"pytest ended with {code!r}", file=sys.stderr)
        refuse("the suite itself failed", "report the lines above: https://github.com/org/devenv-template/issues")
    if code == pytest.ExitCode.INTERRUPTED:
        raise SystemExit(130)


def main(argv: list[str]) -> int:
    began = time.monotonic()
    options = arguments(argv)
    options.path = options.path.resolve()
    if not options.path.is_dir():
        refuse(f"{options.path}: not a folder", "make -s contract.check ARGS=PATH-OF-A-REPOSITORY")
    repository, every = Repository(options.path), contract.musts(contract.PAGE.read_text(encoding="utf-8"))
    level, keeps, held = chosen(options, repository, every)
    try:
        deviations = verdicts.known_deviations(options.path, every)
    except Unreadable as error:
        refuse(str(error), "see Known deviations in docs/contract.md")
    judge = Judge([must.id for must in held], options.static)
    subject = Subject(repository, keeps, tuple(shlex.split(options.door)), options.engine, options.patience)
    run(subject, judge, options.junit)
    found = verdicts.judge(held, judge.outcomes, deviations)
    unseen = [must.id for must in held if must.id in judge.unseen]
    service = str(readable(repository).get("service") or options.path.name)
    result = report.Report(service, level, text(keeps), options.engine, found, unseen, time.monotonic() - began)
    if options.html:
        options.html.write_text(page.html(result), encoding="utf-8")
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    print(result.as_json() if options.json else report.terminal(result, width))
    return 0 if result.kept else 1


def interrupt(number: int, frame: object) -> None:
    """SIGTERM ends the program like Ctrl-C: the copy, and what runs of it, are removed first."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupt)
    sys.exit(main(sys.argv[1:]))

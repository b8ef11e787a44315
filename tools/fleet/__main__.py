"""Report how many repositories keep the contract, and how far they are behind: python -m tools.fleet LIST [--json] …

LIST has a path or a git URL in each line; `-` is stdin. The report goes to stdout, progress to stderr.
Exit codes: 0 all keep everything, and none is behind; 1 one does not, or could not be checked; 2 usage.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timezone
from pathlib import Path

from tools.adopt.errors import CONFIG, USAGE, Parser, Refusal, end
from tools.adopt.releases import Release, read
from tools.fleet import listing, page, pool, releases, suite, table
from tools.fleet.examine import Answer, Plan, answered, examiner
from tools.fleet.facts import Facts
from tools.fleet.listing import Repo
from tools.fleet.rows import Row, counts, order
from tools.fleet.store import Store

INTERRUPTED = 130
# A checkout is many small files that exist for less than a second: in memory it is five times as fast as on a disk.
MEMORY, ROOM = Path("/dev/shm"), 2**30


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="fleet.check", description="Check many repositories against CONTRACT.md.")
    parser.add_argument("list", help="a file with a path or a git URL in each line; - for stdin")
    parser.add_argument("--try", dest="tried", action="store_true", help="also try the update to the newest release")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, instead of the table")
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write an HTML page")
    parser.add_argument(
        "--jobs", type=int, default=cores(), metavar="N", help="repositories at a time (default: the number of cores)"
    )
    parser.add_argument("--limit", type=float, default=120, metavar="SECONDS", help="time limit for one repository")
    parser.add_argument("--state", type=Path, default=home("STATE", ".local/state"), metavar="DIR", help="kept answers")
    parser.add_argument("--fresh", action="store_true", help="ignore kept answers")
    return parser.parse_args(argv)


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def home(kind: str, default: str) -> Path:
    """Our folder below an XDG folder."""
    return Path(os.environ.get(f"XDG_{kind}_HOME") or Path.home() / default) / "devenv" / "fleet"


def check(options: argparse.Namespace, repos: Sequence[Repo], out: Sequence[Release]) -> dict[Repo, Facts]:
    """The facts of all repositories; progress is printed on stderr."""
    identity = releases.identity(releases.ROOT)
    tried = tuple(out) if options.tried else ()
    plan = Plan(Store(options.state), home("CACHE", ".cache"), identity, tried, options.fresh)
    warm()
    found: dict[Repo, Facts] = {}
    place = scratch(options.jobs)
    with tempfile.TemporaryDirectory(prefix="fleet-", dir=place, ignore_cleanup_errors=True) as root:
        for repo, answer in answers(repos, plan, options, Path(root)):
            found[repo] = answer.facts
            tell(f"{len(found)}/{len(repos)} {repo.name}{said(answer)}")
    return found


def scratch(jobs: int) -> Path | None:
    """The folder for copies: TMPDIR; else in memory, if there is a GiB for each child."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return None
    return MEMORY if shutil.disk_usage(MEMORY).free >= jobs * ROOM else None


def warm() -> None:
    """Check that the suite works, so that the error is reported once and not in each row."""
    try:
        suite.warm()
    except suite.Failed as error:
        raise Refusal(CONFIG, f"the suite in {suite.HOME} does not work: {error}", "git status") from None


def answers(
    repos: Sequence[Repo], plan: Plan, options: argparse.Namespace, root: Path
) -> Iterator[tuple[Repo, Answer]]:
    """Each repository with its answer, in the order of completion."""
    for one in pool.each(repos, examiner(plan), options.jobs, options.limit, root):
        lost = Facts(service=one.item.folder, error=one.failure)
        yield one.item, Answer(lost) if one.failure else answered(one.folder)


def said(answer: Answer) -> str:
    """The end of a line of progress."""
    facts = answer.facts
    found = facts.error or facts.note or (f"{len(facts.broken)} broken" if facts.broken else "kept")
    return f": {found}" + (" (known from before)" if answer.kept else "")


def tell(line: str) -> None:
    print(table.plain(line), file=sys.stderr, flush=True)


def standing(found: dict[Repo, Facts], out: Sequence[Release], today: date) -> list[Row]:
    """A row for each repository, worst first."""
    at = releases.standings((facts.template_commit for facts in found.values()), out, releases.ROOT, today)
    return sorted((Row(repo, facts, at[facts.template_commit]) for repo, facts in found.items()), key=order)


def report(rows: list[Row], newest: str, now: datetime) -> str:
    """For programs."""
    about = {"made": now.isoformat(timespec="seconds"), "newest": newest or None, "counts": counts(rows)}
    return json.dumps({**about, "repos": [row.as_dict() for row in rows]}, indent=2)


def main(argv: Sequence[str]) -> int:
    options = arguments(argv)
    if options.jobs < 1 or options.limit <= 0:
        raise Refusal(USAGE, "--jobs and --limit must be more than 0", "inv fleet.check LIST --jobs 2 --limit 120")
    if options.html:
        page.writable(options.html)
    repos, out = listing.read(options.list), read(releases.ROOT)
    newest = out[-1].version if out else ""
    found, now = check(options, repos, out), datetime.now(timezone.utc)
    rows = standing(found, out, now.date())
    print(report(rows, newest, now) if options.json else table.terminal(rows, newest))
    if options.html:
        page.write(options.html, page.html(rows, newest, f"{now:%Y-%m-%d %H:%M} UTC"))
    return 0 if counts(rows).keys() <= {"fine"} else 1


def interrupt(*_: object) -> None:
    """SIGTERM ends it like Ctrl-C: children and copies are removed first."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupt)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # for a terminal that does not support all characters
    try:
        sys.exit(main(sys.argv[1:]))
    except Refusal as refusal:
        end(refusal)
    except KeyboardInterrupt:
        tell("interrupted: run the same command again to continue")
        sys.exit(INTERRUPTED)

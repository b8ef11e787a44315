"""The tools that all repositories on this machine share: which checkout uses which, and what can be removed.

Below `${XDG_CACHE_HOME:-~/.cache}/devenv/`: `tools/COMMIT` is the template at a commit, as `.dev/fetch.py` wrote it;
`environments/KEY` is a Python environment, as bootstrap.py made it; `users/ID.json` says what a checkout uses. Its
modification time is the time of the last use, accurate to a day.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import NamedTuple

from devenv.base import launch, records, seals, system, vendored

DAY = 24 * 60 * 60  # seconds
KEPT = 60 * DAY  # anything unused for longer is removed
COMMIT = r"[0-9a-f]{40}(?:[0-9a-f]{24})?"
REQUIREMENTS = ("devenv/requirements.txt", "tests/contract/requirements.txt", "tools/adopt/requirements.txt")
PIN = ".cruft.json"
# Changes of the clock do not change it, and it goes on while the machine sleeps: on a Mac, the second does.
UPTIME: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class User(NamedTuple):
    """A checkout, the commit whose tools it used last (empty: tools of another place), and the environment's key."""

    checkout: str
    commit: str
    environment: str
    used: float  # seconds since the epoch


def home() -> Path:
    """The folder of the cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if base.startswith("/"):
        return Path(base, "devenv")
    return Path(os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir, ".cache", "devenv").absolute()


def note_use() -> None:
    """Remember that this checkout uses these tools, at most once a day. A failure never stops the command."""
    page = _page(launch.ROOT)
    with suppress(OSError):
        if 0 <= time.time() - page.stat().st_mtime < DAY and launch.TOOLS.name.encode() in page.read_bytes():
            return
    mine = {"checkout": str(launch.ROOT), "commit": _running(), "environment": Path(sys.prefix).name}
    with suppress(OSError):
        page.parent.mkdir(parents=True, exist_ok=True)
        _believe_the_clock()
        records.replace_file(page, json.dumps({**mine, "tools": str(launch.TOOLS)}) + "\n")


def damaged() -> str:
    """A damaged file of the tools or of their environment; empty if there is none. For a failure that has no reason.

    If there is one, the next command looks at all files, and fetches or makes again what is damaged.
    """
    wrong = vendored.differences(launch.TOOLS) if (launch.TOOLS / vendored.MANIFEST).is_file() else []
    environment = Path(sys.prefix)
    sealed = (environment / seals.NAME).exists()
    found = wrong[0] if wrong else seals.flaw(environment, whole=True) if sealed else ""
    if found:
        with suppress(OSError):
            (environment / "requirements.txt").unlink()
    return found


def collect() -> list[Path]:
    """Remove the tools and environments that are not used any more; returns what was removed. OSError.

    It keeps what a checkout used in the last 60 days, what the checkout of a record of the machine's state names, and
    what runs. If a checkout cannot be read, what it used last is kept. What a killed command left goes at once.
    """
    _believe_the_clock()
    wanted = _wanted()
    removed = [left for left in _left_behind() if _discard(left)]
    if wanted is None:
        return removed
    unwanted = [entry for entry in entries() if entry.name not in wanted]
    removed += [entry for entry in unwanted if _age(entry / vendored.MANIFEST) > KEPT and _discard(entry)]
    used = {user.environment for user in users() if _recent(user)} | {_digest(path) for path in _requirements()}
    for environment in environments():
        known = {environment.name, environment.name.partition("-")[0]}
        if not known & used and _age(environment / "requirements.txt") > KEPT and _discard(environment):
            removed.append(environment)
    return removed


def collect_daily() -> None:
    """`collect` at the end of `dev.up`, once a day. Errors are ignored here; dev.doctor reports them."""
    stamp = home() / "users" / ".collected"
    with suppress(OSError):
        if not 0 <= _age(stamp) < DAY:
            stamp.parent.mkdir(parents=True, exist_ok=True)
            stamp.touch()
            collect()


def entries() -> list[Path]:
    """The tools of each commit."""
    return [path for path in sorted(home().glob("tools/*")) if re.fullmatch(COMMIT, path.name)]


def environments() -> list[Path]:
    """The Python environments."""
    return [path for path in sorted(home().glob("environments/*")) if path.is_dir()]


def described() -> str:
    """How much there is of both, in words."""
    commits, pythons = entries(), environments()
    megabytes = sum(size(folder) for folder in (*commits, *pythons)) // 2**20
    return f"tools in {home()}: commits {len(commits)}, Python environments {len(pythons)}, {megabytes} MB"


def size(folder: Path) -> int:
    """The bytes that a folder takes."""
    found = (path.lstat() for path in folder.rglob("*"))
    return sum(each.st_blocks * 512 for each in found)


def users() -> Iterator[User]:
    """The checkouts that use the cache. Entries that cannot be read are left out."""
    for page in home().glob("users/*.json"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            known = json.loads(page.read_text())
            checkout, commit, environment = (known[key] for key in ("checkout", "commit", "environment"))
            if isinstance(checkout, str) and isinstance(commit, str) and isinstance(environment, str):
                yield User(checkout, commit, environment, page.stat().st_mtime)


def pinned(checkout: Path) -> str | None:
    """The commit that a checkout names; empty if it names none or is gone, None if it cannot be read."""
    try:
        known = json.loads((checkout / PIN).read_text())
        return str(known["commit"])
    except FileNotFoundError:
        # A missing folder was removed. If its parent is missing too, it may be on a disk that is not mounted.
        return "" if checkout.parent.is_dir() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _wanted() -> set[str] | None:
    """The commits that have to stay; None if any may be among them."""
    wanted, known = {_running()}, list(users())
    noted = {user.checkout: user.commit for user in known}
    for user in known:
        if _recent(user) or pinned(Path(user.checkout)) is None:
            wanted.add(user.commit)
    for record in records.of_workspace():
        if not records.is_whole(record.workspace, record.service):
            return None  # what cannot be read may need any of them
        for place in (record.checkout, record.edit, record.root, *record.users):
            named = pinned(Path(place)) if place else ""
            if named is None and place not in noted:
                return None
            wanted |= {named or "", noted.get(place, "")}
    return wanted


def _recent(user: User) -> bool:
    return time.time() - user.used <= KEPT


def _requirements() -> Iterator[Path]:
    """The requirements of the tools that are kept. Their programs find their environments by these."""
    places = [*entries(), launch.TOOLS, *(Path(user.checkout, ".dev", vendored.FOLDER) for user in users())]
    return (place / name for place in places for name in REQUIREMENTS if (place / name).is_file())


def _digest(requirements: Path) -> str:
    """The first part of an environment's name, as bootstrap.py makes it."""
    return hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]


def _left_behind() -> Iterator[Path]:
    """Leftovers of a killed collection, and of a killed fetch: no process holds the lock of its commit."""
    yield from [*home().glob("tools/.*.gone"), *home().glob("environments/.*.gone")]
    for part in home().glob("tools/.*-part"):
        lock = part.with_name(f".{part.name.split('.')[1]}.lock")
        with suppress(OSError), lock.open("w") as held:
            flock(held, LOCK_EX | LOCK_NB)
            yield part


def _discard(folder: Path) -> bool:
    """Remove a folder unless a process runs from it. It is moved away first, so that no other process finds it."""
    if system.runs_from(folder):
        return False
    gone = folder.with_name(f".{folder.name}.gone")
    folder.rename(gone)
    if system.runs_from(folder):  # by a process that started just now
        gone.rename(folder)
        return False
    shutil.rmtree(gone, ignore_errors=True)
    for lock in (folder.with_name(f"{folder.name}.lock"), folder.with_name(f".{folder.name}.lock")):
        lock.unlink(missing_ok=True)
    return True


def _running() -> str:
    """The commit of these tools; empty unless they are in the cache."""
    return launch.TOOLS.name if launch.TOOLS.parent == home() / "tools" else ""


def _page(checkout: Path) -> Path:
    return home() / "users" / f"{hashlib.sha256(os.fsencode(checkout)).hexdigest()[:16]}.json"


def _age(path: Path) -> float:
    """Seconds since a file was last changed; a very long time if it is not there."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")


def _believe_the_clock() -> None:
    """Let the count of days start again if the clock jumped since the last look, or the machine was off for a month.

    Within one boot, the time since then is known from the uptime, too. Between two boots it is not.
    """
    page = home() / "users" / ".clock"
    at = time.time()
    now = {"time": at, "uptime": time.clock_gettime(UPTIME), "boot": system.boot()}
    try:
        before = json.loads(page.read_text())
        passed = at - before["time"]
        real = time.clock_gettime(UPTIME) - before["uptime"] if before["boot"] == now["boot"] else None
        jumped = abs(passed - real) > DAY if real is not None else not -DAY < passed < KEPT / 2
    except (OSError, ValueError, KeyError, TypeError):
        jumped = False
    if jumped:
        dated = ("users/*.json", "tools/*/MANIFEST", "environments/*/requirements.txt")
        for path in (path for pattern in dated for path in home().glob(pattern)):
            with suppress(OSError):
                os.utime(path, (at, at))
    page.parent.mkdir(parents=True, exist_ok=True)
    records.replace_file(page, json.dumps(now) + "\n")

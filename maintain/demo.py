"""`make demo`: two services, the second required by the first, and a login across both. `ARGS=--remove` removes it.

They are made in build/demo by the real cookiecutter command, from examples/stack. An existing demo is started again if
nothing that it was made from has changed. Otherwise it is removed first, with its demo data. A build/demo that this
script did not make is never touched.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from maintain import stack
from maintain.stack import ROOT, run
from maintain.visitor import Visitor

DEMO = Path("build/demo")  # in the top folder
STAMP = ROOT / DEMO / ".made-from"
SHOP, LMS = DEMO / "shop", DEMO / "lms"
# A separate workspace: other services with these names keep their data, and free ports are chosen.
WORKSPACE = os.environ.get("DEV_WORKSPACE") or "demo"
UNHEALTHY, CONFLICT, LOSS = 112, 113, 114
HALF = "half made"


def fail(code: int, message: str, *hints: str) -> None:
    print(f"error[{code}]: {message}", *(f"hint: {hint}" for hint in hints), sep="\n", file=sys.stderr)
    sys.exit(code)


def say(text: str) -> None:
    print(f"\n== {text}", flush=True)


def task(repo: Path, name: str, *args: str, workspace: str = WORKSPACE) -> list[str]:
    return ["make", "-s", "-C", str(repo), name, "ARGS=" + " ".join(["-w", workspace, *args])]


def stamp() -> str:
    """The workspace, and a fingerprint of all files that the demo is made from, committed or not."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *stack.SOURCES]
    names = subprocess.run(listing, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\0")
    digest = hashlib.sha256()
    for name in sorted(filter(None, names)):
        digest.update(name.encode() + b"\0" + ((ROOT / name).read_bytes() if (ROOT / name).is_file() else b""))
    return f"{WORKSPACE} {digest.hexdigest()}"


def clear_way(wanted: str) -> bool:
    """True if build/demo is already up to date."""
    if not (ROOT / DEMO).exists():
        return False
    if not STAMP.exists():
        fail(CONFLICT, f"{DEMO} is in the way: `make demo` did not make it", "move it away, then: make demo")
    if STAMP.read_text() == wanted:
        say(f"{DEMO} already exists and is up to date: using it")
        return True
    say(f"The sources of {DEMO} have changed: removing it and making it again")
    if not STAMP.read_text().endswith(HALF):
        refuse_loss(SHOP)
        refuse_loss(LMS)
    remove()
    return False


def refuse_loss(repo: Path) -> None:
    """Do not remove edits: the demo proposes to edit both services."""
    changes = (
        ["git", "-C", str(repo), "status", "--porcelain"],
        ["git", "-C", str(repo), "log", "--oneline", f"{stack.VERSION}.."],
    )
    if any(subprocess.run(argv, cwd=ROOT, capture_output=True).stdout for argv in changes):
        fail(LOSS, f"{repo} has changes of yours", "save what you need, then: make demo ARGS=--remove")


def make(wanted: str) -> None:
    say(f"Two services from the template, in {DEMO}: shop requires lms, for people to log in")
    (ROOT / DEMO).mkdir(parents=True)
    STAMP.write_text(f"{WORKSPACE} {HALF}")  # if this is interrupted, the folder is known as ours, and made again
    stack.make(DEMO)
    STAMP.write_text(wanted)


def remove() -> None:
    """Remove what runs, its data, and the folder. After `dev.edit lms`, lms runs from here, and shop only stops it."""
    workspace = STAMP.read_text().split()[0]
    for repo in (SHOP, LMS):
        if (ROOT / repo / ".dev/local").exists():  # otherwise none of its tasks ever ran
            run(*task(repo, "dev.destroy", "--yes", workspace=workspace))
    shutil.rmtree(ROOT / DEMO)


def status() -> dict[str, Any]:
    done = subprocess.run(task(SHOP, "dev.status", "--json"), cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def log_in(visitor: Visitor, url: str, login: dict[str, str]) -> str:
    """Follow shop's link to the login form of lms and back; returns what shop says about the user."""
    form = visitor.open(visitor.open(url).links["login"])
    page = visitor.submit(form, username=login["username"], password=login["password"])
    return next((line for line in page.lines if line.startswith("logged in as ")), "nothing of a login")


def show_login(url: str, login: dict[str, str]) -> None:
    name, visitor = login["username"], Visitor()
    say(f"A login at shop as {name}, an account that only lms has. The addresses that a browser visits:")
    try:
        said = log_in(visitor, url, login)
    except (OSError, KeyError) as error:  # no answer, an answer from 400 on, no link
        said = repr(error)
    print(*(f"  {line}" for line in visitor.asked), f"  the page of shop says: {said}", sep="\n")
    if said != f"logged in as {name}":
        fail(UNHEALTHY, f"{url}: {name} is not logged in: {said}", shlex.join(task(SHOP, "dev.logs")))


def show_end(found: dict[str, Any], login: dict[str, str], seconds: float) -> None:
    say(f"Done in {seconds:.0f} s. In any browser on this machine:")
    print(f"   shop  {found['url']}  log in: {login['username']} / {login['password']}")
    print(*(f"   {other['service']:4}  {other['url']}" for other in found["requires"]), sep="\n")
    # Absolute, so that each line works in whichever folder it is typed.
    there, top = shlex.quote(str(ROOT / SHOP)), shlex.quote(str(ROOT))
    print(f"""   go on:   cd {there} && export DEV_WORKSPACE={WORKSPACE}
            make                      lists the tasks; edit the code, it reloads
            make dev.status           shows addresses, logins and memory
            make dev.edit ARGS=lms    also runs lms from {ROOT / LMS}: edit both at once
   remove:  make -C {top} demo ARGS=--remove""")


@contextmanager
def stopped_if_killed() -> Iterator[None]:
    """Nothing that is killed can clean up: another process waits on a pipe for the end of the block, or of this one."""
    words = ["sh", "-c", 'read -r done || exec "$@"', "sh", *task(SHOP, "dev.down")]
    quiet = subprocess.DEVNULL
    waits = subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True, text=True
    )
    assert waits.stdin
    with waits.stdin:
        try:
            yield
        finally:
            if not isinstance(sys.exc_info()[1], KeyboardInterrupt):
                waits.stdin.write("done\n")


def main() -> None:
    if sys.argv[1:] == ["--remove"]:
        remove() if STAMP.exists() else say(f"Nothing to remove: {DEMO} was not made by `make demo`")
        return
    started, wanted = time.monotonic(), stamp()
    if not clear_way(wanted):
        make(wanted)
    with stopped_if_killed():
        say("Up")
        run(*task(SHOP, "dev.up"))
        found = status()
        show_login(found["url"], found["logins"][0])
    show_end(found, found["logins"][0], time.monotonic() - started)


if __name__ == "__main__":
    main()

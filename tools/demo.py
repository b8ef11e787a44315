"""`make demo`: a service from the template, up, and what it answers. Without a container engine it runs natively.

The service is made in build/catalog by the real cookiecutter command. A build/catalog that is there is brought up as
it is when the template has not changed since; else it is first destroyed by its own command, with its demo data. A
build/catalog that this script did not make is never touched.
"""

from __future__ import annotations

import hashlib
import html
import http.client
import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVICE = ROOT / "build" / "catalog"
SHOWN = SERVICE.relative_to(ROOT)
WORKSPACE = "-w demo"  # of its own: another catalog of yours keeps its data, and a free port is chosen
STAMP = SERVICE.with_name("catalog.template")
CONFLICT = 113


def fail(code: int, message: str, *hints: str) -> None:
    print(f"error[{code}]: {message}", *(f"hint: {hint}" for hint in hints), sep="\n", file=sys.stderr)
    sys.exit(code)


def say(text: str) -> None:
    print(f"\n== {text}", flush=True)


def run(*command: object) -> None:
    """Shown as it could be typed. A failure has said why already."""
    print("$", shlex.join(str(part) for part in command), flush=True)
    code = subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode
    if code:
        sys.exit(code)


def template_id() -> str:
    """Changes whenever a file of the template does, committed or not."""
    paths = ["cookiecutter.json", "hooks", "{{cookiecutter.repo_name}}"]
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *paths]
    names = subprocess.run(listing, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\0")
    digest = hashlib.sha256()
    for name in sorted(filter(None, names)):
        digest.update(name.encode() + b"\0" + ((ROOT / name).read_bytes() if (ROOT / name).is_file() else b""))
    return digest.hexdigest()


def clear_way(template: str) -> bool:
    """True when build/catalog is already what the template gives."""
    if not SERVICE.exists():
        return False
    if not STAMP.exists():
        fail(CONFLICT, f"{SHOWN} is in the way: `make demo` did not make it", "move it away, then: make demo")
    if STAMP.read_text() == template:
        say(f"{SHOWN} is there already, and the template has not changed since: it is used as it is")
        return True
    say(f"The template has changed since {SHOWN} was made: it is destroyed, and made again")
    run("make", "-s", "-C", SHOWN, "dev.destroy", f"ARGS={WORKSPACE} --yes")
    shutil.rmtree(SERVICE)
    return False


def generate(template: str) -> None:
    say(f"A service from the template, in {SHOWN}")
    making = SHOWN.parent / "making"  # only whole ones get their name
    shutil.rmtree(ROOT / making, ignore_errors=True)
    run(".venv/bin/cookiecutter", "--no-input", "--output-dir", making, ".")
    STAMP.write_text(template)
    (ROOT / making / SERVICE.name).rename(SERVICE)


def url() -> str:
    status = ["make", "-s", "-C", str(SERVICE), "dev.status", f"ARGS={WORKSPACE} --json"]
    return str(json.loads(subprocess.run(status, stdout=subprocess.PIPE, check=True).stdout)["url"])


def show_answer(address: str) -> None:
    """To 127.0.0.1 with the name in the Host header: not every system resolves NAME.localhost, every browser does."""
    host = address.split("//")[1].rstrip("/")
    say(f"GET {address}")
    connection = http.client.HTTPConnection("127.0.0.1", int(host.rsplit(":", 1)[1]), timeout=30)
    connection.request("GET", "/", headers={"Host": host})
    answer = connection.getresponse()
    page = answer.read().decode(errors="replace")
    text = html.unescape(re.sub(r"<style.*?</style>|<[^>]+>", "\n", page, flags=re.DOTALL))
    print(
        f"HTTP {answer.status} {answer.reason}",
        *[line.strip() for line in text.splitlines() if line.strip()][:8],
        sep="\n  ",
    )
    if answer.status != http.HTTPStatus.OK:
        fail(1, f"{address} answered {answer.status}", f"make -C {SHOWN} dev.logs")


def main() -> None:
    started = time.monotonic()
    template = template_id()
    if not clear_way(template):
        generate(template)
    say("Up")
    run("make", "-s", "-C", SHOWN, "dev.up", f"ARGS={WORKSPACE}")
    address = url()
    show_answer(address)
    say(f"Done in {time.monotonic() - started:.0f} s. {address} is open in any browser on this machine.")
    print(f"""   go on:   cd {SHOWN} && export DEV_WORKSPACE=demo
            make               lists the tasks; edit the code, it reloads
            make dev.status    shows addresses, logins and memory
   remove:  make -C {SHOWN} dev.destroy ARGS='{WORKSPACE} --yes' && rm -r {SHOWN.parent}""")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Log in to a service in a real browser, and see where the browser was sent on the way.

    python login.py CONSUMER_URL USER PASSWORD --expect-hosts lms.localhost,shop.localhost

Prints each address that the browser asked for, redirects one by one. Exit 0: the page says `logged in as USER`;
1: it does not, or the browser was sent to a host that is not expected; 110: no browser was found.
A script that follows redirects by itself would prove less: it also reaches addresses that a browser cannot.

Needs chromium and chromedriver of the distribution (Debian: chromium, chromium-driver), and Python's own library.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

SECONDS = 30  # for each page and each element
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the driver runs on this machine
FLAGS = [
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # Without these, Chromium looks for hosts outside, which a closed network refuses, many at a time.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # It refuses to start for root otherwise; the pages are our own.
    "--no-sandbox",
    "--disable-dev-shm-usage",
]
# The key under which WebDriver hands out elements, fixed by the standard.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """The few WebDriver commands that a login takes: plain HTTP, as the standard has it."""

    def __init__(self, driver: str, profile: str) -> None:
        options = {"args": [*FLAGS, f"--user-data-dir={profile}"], "binary": shutil.which("chromium")}
        # The performance log has every request of the page; the address bar has only the last.
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"performance": "ALL"}}
        self.session = f"{driver}/session"
        value = self.call("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self.session += f"/{value['sessionId']}"
        self.call("POST", "/timeouts", {"implicit": 1000 * SECONDS, "pageLoad": 1000 * SECONDS})

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.session + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with DIRECT.open(request, timeout=2 * SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise LookupError(json.load(error)["value"]["message"].splitlines()[0]) from None

    def open(self, url: str) -> None:
        self.call("POST", "/url", {"url": url})

    def find(self, css: str) -> str:
        """The element, as soon as it is there: the browser waits."""
        found = self.call("POST", "/element", {"using": "css selector", "value": css})
        return f"/element/{found[ELEMENT]}"

    def click(self, css: str) -> None:
        self.call("POST", f"{self.find(css)}/click", {})

    def type(self, css: str, text: str) -> None:
        self.call("POST", f"{self.find(css)}/value", {"text": text})

    def text(self, css: str) -> str:
        return str(self.call("GET", f"{self.find(css)}/text"))

    def visited(self) -> list[str]:
        """Every address that was asked for as a page, in order, each redirect of its own. Empties the log."""
        # The browser's own first page is in the log too; its address begins with chrome:.
        entries = self.call("POST", "/se/log", {"type": "performance"})
        events = [json.loads(entry["message"])["message"] for entry in entries]
        asked = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
        pages = [params["request"]["url"] for params in asked if params.get("type") == "Document"]
        return [url for url in pages if url.startswith("http")]


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A new one that remembers nothing, and that is gone afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, chromedriver() as driver:
        it = Browser(driver, profile)
        try:
            yield it
        finally:
            it.call("DELETE", "")


@contextlib.contextmanager
def chromedriver() -> Iterator[str]:
    """Its address. Port 0: it takes a free one and says which, so that several may run at once."""
    process = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        ports = (re.search(r"started successfully on port (\d+)", line) for line in process.stdout)
        yield f"http://127.0.0.1:{next(match for match in ports if match)[1]}"
    finally:
        process.terminate()
        process.wait()


def log_in(it: Browser, url: str, user: str, password: str) -> str:
    """From the consumer's page by its own link to the provider's form and back. What the page then says of the user."""
    it.open(url)
    it.click("#login")
    it.type("input[name=username]", user)
    it.type("input[name=password]", password)
    it.click("#submit")
    return it.text("#user")


def problems(visited: list[str], said: str, user: str, hosts: set[str]) -> list[str]:
    asked = {str(urlsplit(url).hostname) for url in visited}
    found = [f"the browser was sent to {host}" for host in sorted(asked - hosts)]
    found += [f"the browser was never sent to {host}" for host in sorted(hosts - asked)]
    return found + ([] if said == f"logged in as {user}" else [f"the page says: {said or 'nothing of a login'}"])


def main() -> int:
    parser = argparse.ArgumentParser(description="Log in to a service in a real browser.")
    parser.add_argument("url")
    parser.add_argument("user")
    parser.add_argument("password")
    parser.add_argument("--expect-hosts", required=True, help="exactly these, separated by commas")
    args = parser.parse_args()
    for program in ("chromium", "chromedriver"):
        if not shutil.which(program):
            print(f"{program} is not here: apt-get install chromium chromium-driver", file=sys.stderr)
            return 110
    said = ""
    with browser() as it:
        try:
            said = log_in(it, args.url, args.user, args.password)
        except LookupError as error:
            print(f"{error}; the page: {it.text('body')[:500]!r}", file=sys.stderr)
        visited = it.visited()
    print(*visited, said, sep="\n")
    found = problems(visited, said, args.user, set(args.expect_hosts.split(",")))
    print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""A minimal browser for `make demo`: it follows redirects, keeps cookies, and fills in a page's form.

It connects to 127.0.0.1 for every name: all browsers resolve NAME.localhost, but not all systems.
A login in a real browser is examples/stack/login.py.
"""

from __future__ import annotations

import http.client
import http.cookiejar
import re
import socket
import urllib.request
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

SECONDS = 30  # for each answer


class Page(HTMLParser):
    """What a visitor sees: lines of text, links by id, the fields of the form."""

    def __init__(self, url: str, html: str) -> None:
        super().__init__()
        self.url, self.text = url, ""
        self.links: dict[str, str] = {}
        self.fields: dict[str, str] = {}
        self.feed(re.sub(r"<(style|script).*?</\1>", "", html, flags=re.DOTALL))

    @property
    def lines(self) -> list[str]:
        """The text without empty lines."""
        return [line.strip() for line in self.text.splitlines() if line.strip()]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "a" and "id" in found:
            self.links[found["id"]] = urljoin(self.url, found.get("href", ""))
        if tag == "input" and "name" in found:
            self.fields[found["name"]] = found.get("value", "")

    def handle_data(self, data: str) -> None:
        self.text += data


class Loopback(http.client.HTTPConnection):
    """Connects to this machine; the name is only used for the Host header."""

    def connect(self) -> None:
        self.sock = socket.create_connection(("127.0.0.1", self.port), self.timeout)


class Log(urllib.request.HTTPHandler):
    """Opens addresses on this machine and records each, including redirects, without queries."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        address = urlsplit(request.full_url)
        self.asked.append(f"{request.get_method():4} {address.scheme}://{address.netloc}{address.path}")
        return self.do_open(Loopback, request)


class Visitor:
    """One person with one set of cookies."""

    def __init__(self) -> None:
        self._log = Log()
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies, self._log)

    @property
    def asked(self) -> list[str]:
        """All visited addresses, in order."""
        return self._log.asked

    def open(self, url: str, form: dict[str, str] | None = None) -> Page:
        """The page at an address, or where its redirects end; a form is sent to it. From 400 on: HTTPError."""
        data = urlencode(form).encode() if form else None
        with self._opener.open(urllib.request.Request(url, data), timeout=SECONDS) as answer:
            return Page(answer.url, answer.read().decode(errors="replace"))

    def submit(self, page: Page, **filled: str) -> Page:
        """Send the page's form, with its hidden fields as they are, to the page itself."""
        return self.open(page.url, {**page.fields, **filled})

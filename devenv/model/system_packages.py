"""What Python packages need of the operating system to be compiled: named when an installation has failed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from devenv.model import lockfiles
from devenv.model.services import Build


class Need(NamedTuple):
    """`program`: it is there if the machine has what it takes. `debian`, `brew`: the packages that bring it."""

    program: str
    debian: str
    brew: str


# Packages that have no wheels for Linux.
NEEDS = {
    "mysqlclient": Need("mysql_config", "pkg-config default-libmysqlclient-dev", "pkg-config mysql-client"),
    "psycopg2": Need("pg_config", "libpq-dev", "libpq"),
    "psycopg-c": Need("pg_config", "libpq-dev", "libpq"),
    "pycurl": Need("curl-config", "libcurl4-openssl-dev libssl-dev", "curl"),
    "pylibmc": Need("memcstat", "libmemcached-dev zlib1g-dev", "libmemcached"),
    "pyodbc": Need("odbc_config", "unixodbc-dev", "unixodbc"),
    "python-ldap": Need("ldapsearch", "libldap-dev libsasl2-dev", "openldap"),
    "rrdtool": Need("rrdtool", "librrd-dev rrdtool", "rrdtool"),
    "rrdtool-bindings": Need("rrdtool", "librrd-dev rrdtool", "rrdtool"),
    "uwsgi": Need("cc", "", "gcc"),
    "xmlsec": Need("xmlsec1-config", "pkg-config libxml2-dev libxmlsec1-dev", "pkg-config libxmlsec1"),
}
COMPILER = "build-essential"
LISTS = (
    *("pyproject.toml", "setup.*", "requirements/**/*.txt"),
    *(each.pattern for each in lockfiles.FORMATS if each.language == lockfiles.PYTHON),
)


def for_machine(root: Path, has: Callable[[str], bool]) -> list[str]:
    """A hint for each package in the lists of `root` that lacks a program. `has`: whether one is installed."""
    missing = [(name, need) for name, need in _needs(root) if not (has("cc") and has(need.program))]
    return [
        f"{name} may have to be compiled: apt-get install {_debian(need)}, or brew install {need.brew}"
        for name, need in missing
    ]


def for_image(root: Path, build: Build | None) -> list[str]:
    """A hint for each package in the lists of `root` for which a Debian package is missing in the Dockerfile."""
    text = build.dockerfile.read_text(encoding="utf-8", errors="replace") if build else ""
    if not text or "apk add" in text or "alpine" in text:  # with other names of packages
        return []
    missing = [(name, need) for name, need in _needs(root) if not {*_debian(need).split()} <= {*text.split()}]
    return [
        f"{name} may have to be compiled; in {shlex.quote(str(build.dockerfile if build else ''))}, before that: "
        f"RUN apt-get update && apt-get install -y {_debian(need)}"
        for name, need in missing
    ]


def _debian(need: Need) -> str:
    return f"{COMPILER} {need.debian}".strip()


def _needs(root: Path) -> Iterator[tuple[str, Need]]:
    files = [path for pattern in LISTS for path in sorted(root.glob(pattern)) if path.is_file()]
    text = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)
    for name, need in NEEDS.items():
        if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", text, re.IGNORECASE):
            yield name, need

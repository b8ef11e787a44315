"""What packages of Python and Node need of the operating system: the retrofit writes it into Dockerfiles, and a failed
installation names it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from devenv.model import lockfiles
from devenv.model.services import Build

CC = "build-essential"


class Need(NamedTuple):
    """What an image of Debian lacks to build a package (`build`), and to run it (`run`).

    A name that differs between releases of Debian is that of the development package, which brings the library along.
    `program`: it is there if a machine has what a build takes; empty: that is not known. `brew`: the packages for
    macOS. `wheels`: the first version that is not built any more.
    """

    build: str = ""
    run: str = ""
    program: str = ""
    brew: str = ""
    wheels: str = ""


MYSQL = Need(f"{CC} pkg-config default-libmysqlclient-dev", "libmariadb3", "mysql_config", "pkg-config mysql-client")
POSTGRES = Need(f"{CC} libpq-dev", "libpq5", "pg_config", "libpq")
LDAP = Need(f"{CC} libldap-dev libsasl2-dev", "libldap-dev libsasl2-dev", "ldapsearch", "openldap")
XMLSEC = Need(
    f"{CC} pkg-config libxml2-dev libxmlsec1-dev", "libxmlsec1-openssl", "xmlsec1-config", "pkg-config libxmlsec1"
)
CAIRO = Need(f"{CC} pkg-config libcairo2-dev", "libcairo2", "", "pkg-config cairo")
RRD = Need(f"{CC} librrd-dev", "librrd8", "rrdtool", "rrdtool")
# A new package is a row.
NEEDS = {
    "python": {
        "mysqlclient": MYSQL,
        "psycopg2": POSTGRES,
        "psycopg": Need(run="libpq5"),
        "psycopg-c": POSTGRES,
        "uwsgi": Need(CC, "", "cc", "gcc"),
        "lxml": Need(f"{CC} libxml2-dev libxslt1-dev", "libxml2 libxslt1.1", "xslt-config", "libxslt", wheels="5.3"),
        "xmlsec": XMLSEC,
        "python3-saml": XMLSEC,
        "python-ldap": LDAP,
        "django-auth-ldap": LDAP,
        "pygraphviz": Need(f"{CC} pkg-config libgraphviz-dev", "libgraphviz-dev graphviz", "dot", "graphviz"),
        "pycurl": Need(f"{CC} libcurl4-openssl-dev libssl-dev", "libcurl4", "curl-config", "curl"),
        "pycairo": CAIRO,
        "pygobject": Need(
            f"{CC} pkg-config libcairo2-dev libgirepository-2.0-dev", "gir1.2-glib-2.0", "", "pygobject3"
        ),
        "cairosvg": Need(run="libcairo2"),
        "cairocffi": Need(run="libcairo2"),
        "xhtml2pdf": CAIRO,
        "weasyprint": Need(run="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"),
        "python-magic": Need(run="libmagic1"),
        "gitpython": Need(run="git"),
        "pyzbar": Need(run="libzbar0"),
        "pyodbc": Need(f"{CC} unixodbc-dev", "unixodbc", "odbc_config", "unixodbc"),
        "rrdtool": RRD,
        "rrdtool-bindings": RRD,
        "pylibmc": Need(f"{CC} libmemcached-dev zlib1g-dev", "libmemcached11", "memcstat", "libmemcached"),
        "python-snappy": Need(f"{CC} libsnappy-dev", "libsnappy-dev", "", "snappy"),
        "m2crypto": Need(f"{CC} swig libssl-dev", "", "swig", "swig openssl"),
        "misaka": Need(CC, "", "cc", "gcc"),
        "pycrypto": Need(CC, "", "cc", "gcc"),
        "netifaces": Need(CC, "", "cc", "gcc"),
        "gdal": Need(f"{CC} libgdal-dev", "gdal-bin", "gdal-config", "gdal"),
        "borgbackup": Need(
            f"{CC} pkg-config libacl1-dev liblz4-dev libssl-dev libxxhash-dev libzstd-dev", "", "", "borgbackup"
        ),
    },
    "node": {
        "prisma": Need(run="openssl"),
        "@prisma/client": Need(run="openssl"),
        "node-sass": Need(f"python3 {CC}", "", "cc", "gcc"),
        "canvas": Need(
            f"python3 {CC} pkg-config libcairo2-dev libpango1.0-dev libjpeg-dev libgif-dev",
            "",
            "",
            "pkg-config cairo pango jpeg giflib",
        ),
        "node-rdkafka": Need(f"python3 {CC}", "", "cc", "gcc"),
    },
}
LISTS = {
    "python": (
        *("pyproject.toml", "setup.*", "requirements/**/*.txt"),
        *(each.pattern for each in lockfiles.FORMATS if each.language == lockfiles.PYTHON),
    ),
    "node": ("package.json",),
}
NAMED = {"python": r"(?<![\w.-]){}(?![\w.-])", "node": r'"{}"\s*:'}


COMPILED = "if a package could not be compiled"
COMPILER = r"\b(build-essential|gcc|g\+\+|clang)(?=\s)"


def for_machine(root: Path, has: Callable[[str], bool]) -> list[str]:
    """A hint for each package in the lists of `root` that lacks a program. `has`: whether one is installed."""
    missing = [(name, need) for name, need in _needs(root) if not (has("cc") and need.program and has(need.program))]
    hints = [
        f"{name} may have to be compiled: apt-get install {need.build}, or brew install {need.brew}"
        for name, need in missing
    ]
    return hints or ([] if has("cc") else [f"{COMPILED}: apt-get install {CC}, or xcode-select --install"])


def for_image(root: Path, build: Build | None) -> list[str]:
    """A hint for each package in the lists of `root` for which a Debian package is missing in the Dockerfile."""
    text = build.dockerfile.read_text(encoding="utf-8", errors="replace") if build else ""
    if not text or "apk add" in text or "alpine" in text:  # with other names of packages
        return []
    missing = [(name, need) for name, need in _needs(root) if not {*need.build.split()} <= {*text.split()}]
    file = shlex.quote(str(build.dockerfile if build else ""))
    line = f"in {file}, before that: RUN apt-get update && apt-get install -y"
    hints = [f"{name} may have to be compiled; {line} {need.build}" for name, need in missing]
    return hints or ([] if re.search(COMPILER, text) else [f"{COMPILED}; {line} {CC}"])


def _needs(root: Path) -> Iterator[tuple[str, Need]]:
    """The listed packages that are always compiled."""
    for language, table in NEEDS.items():
        files = [path for pattern in LISTS[language] for path in sorted(root.glob(pattern)) if path.is_file()]
        text = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)
        for name, need in table.items():
            known = need.build and not need.wheels
            if known and re.search(NAMED[language].format(re.escape(name)), text, re.IGNORECASE):
                yield name, need

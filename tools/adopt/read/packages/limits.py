"""The newest Python that works with pinned packages, for repositories in which no file names one, or only the lowest.

Django's: https://docs.djangoproject.com/en/stable/faq/install/. The others have to be compiled: there are wheels up to
this Python, and the code of that release does not compile for later ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tools.adopt.found import Found
from tools.adopt.read.packages.project import Package, version_key

# The first release that no longer has this limit, and the limit. Newer ones work with the images of the template.
LIMITS = {
    "django": (("1.11", "3.5"), ("2.2", "3.7"), ("3.2", "3.9"), ("4.1", "3.10"), ("4.2", "3.11"), ("5.1", "3.12")),
    "cffi": (("1.15.1", "3.10"), ("1.16", "3.11"), ("1.17", "3.12")),
    "greenlet": (("2.0", "3.10"), ("3.0", "3.11"), ("3.1", "3.12")),
    "lxml": (("4.9.2", "3.10"), ("4.9.4", "3.11"), ("5.3", "3.12")),
    "numpy": (("1.23.2", "3.10"), ("1.26", "3.11"), ("2.1", "3.12")),
    "pandas": (("1.5", "3.10"), ("2.1.1", "3.11"), ("2.2.3", "3.12")),
    "pillow": (("9.3", "3.10"), ("10.1", "3.11"), ("11", "3.12")),
    "psycopg2-binary": (("2.9.5", "3.10"), ("2.9.9", "3.11"), ("2.9.10", "3.12")),
    "pydantic-core": (("2.20", "3.12"),),
    "pyyaml": (("6.0", "3.9"), ("6.0.1", "3.11"), ("6.0.2", "3.12")),
    "scikit-learn": (("1.1.3", "3.10"), ("1.3.1", "3.11"), ("1.5.2", "3.12")),
    "scipy": (("1.9.2", "3.10"), ("1.11.2", "3.11"), ("1.14.1", "3.12")),
    "uwsgi": (("2.0.21", "3.10"), ("2.0.23", "3.11"), ("2.0.28", "3.12")),
}
PINNED = re.compile(r"(?:==|~=)\s*v?(?P<at>\d[\d.]*)|<\s*v?(?P<below>\d[\d.]*)|\^\s*v?(?P<major>\d+)")


# The first release of Django that needs this Python.
LEAST = (("6", "3.12"), ("5", "3.10"), ("4", "3.8"))


def newest(packages: Mapping[str, Package], tested: Iterable[Found] = ()) -> Found | None:
    """The newest Python for the pinned packages; None if they have no such limit, or are not pinned.

    `tested`: the newest version that their authors tested, if all packages are pinned.
    """
    known = [one for one in tested if version_key(one.value) >= version_key(_least(packages))]
    return min([*_limits(packages), *known], key=lambda found: version_key(found.value), default=None)


def _least(packages: Mapping[str, Package]) -> str:
    """The lowest Python that the pinned Django runs on: classifiers may be older than the list."""
    pinned = PINNED.search(packages["django"].spec) if "django" in packages else None
    release = version_key(pinned["at"].rstrip(".")) if pinned and pinned["at"] else (0,)
    return next((python for first, python in LEAST if release >= version_key(first)), "3")


def _limits(packages: Mapping[str, Package]) -> Iterator[Found]:
    for name, limits in LIMITS.items():
        package = packages.get(name)
        pinned = PINNED.search(package.spec) if package else None
        if package and pinned:
            below = not pinned["at"]
            end = pinned["at"] or pinned["below"] or str(int(pinned["major"]) + 1)  # Poetry's ^1.4 is below 2
            release = version_key(end.rstrip("."))
            ends = ((version_key(end), python) for end, python in limits)
            fit = next((python for end, python in ends if release < end or (below and release == end)), None)
            if fit:
                yield Found(fit, package.where)

"""The variables that take the service's own URL: links, cookies and allowed hosts follow from it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from tools.adopt.found import Found
from tools.adopt.read.values import Values
from tools.adopt.read.variable import Variable

NAME = re.compile(r"(^|_)(SITE|BASE|PUBLIC|ROOT|EXTERNAL|APP|SERVER|APPLICATION)_(URL|ROOT|URI|ADDRESS|BASE_URL)$")
LOCAL = re.compile(r"https?://(localhost|127\.0\.0\.1|0\.0\.0\.0)(:\d+)?/?")
NEAR = re.compile(r"""["'](https?://(?:localhost|127\.0\.0\.1)(?::\d+)?/?)["']""")


def own_urls(read: Mapping[str, Variable], given: Values, taken: Collection[str]) -> Iterator[tuple[str, Found]]:
    """By name, the URL that it has now: in a file, else as the code's default. Only addresses of this machine."""
    for name, one in read.items():
        known = given.get(name)
        near = NEAR.search(one.near)
        value = known.value if known else one.default or (near[1] if near else "")
        if NAME.search(name) and name not in taken and LOCAL.fullmatch(value):
            yield name, Found(value, known.where if known else one.where)

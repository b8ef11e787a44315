"""The variables that take the service's own URL: links, cookies and allowed hosts follow from it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from tools.adopt.found import Found
from tools.adopt.read.containers.values import Values
from tools.adopt.read.text.variable import Variable

NAME = re.compile(r"(^|_)(SITE|BASE|PUBLIC|ROOT|EXTERNAL|APP|SERVER|APPLICATION)_(URL|ROOT|URI|ADDRESS|BASE_URL)$")
LOCAL = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::(?P<port>\d+))?/?")
NEAR = re.compile(r"""["'](https?://(?:localhost|127\.0\.0\.1)(?::\d+)?/?)["']""")


def own_urls(
    read: Mapping[str, Variable], given: Values, taken: Collection[str], port: Found | None
) -> Iterator[tuple[str, Found]]:
    """By name, the URL that it has now: in a file, else as the code's default. Only addresses of this machine.

    `port`: the service's. A name with a prefix may be another service's (`LMS_BASE_URL`): its port decides.
    """
    for name, one in read.items():
        known = given.get(name)
        near = NEAR.search(one.near)
        value = known.value if known else one.default or (near[1] if near else "")
        named, local = NAME.search(name), LOCAL.fullmatch(value)
        if not named or not local or name in taken:
            continue
        if not named.start() or not local["port"] or (port and local["port"] == port.value):
            yield name, Found(value, known.where if known else one.where)

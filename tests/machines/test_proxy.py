"""A network with a proxy, and no word of what is reached without it: a real proxy that records what it is asked for."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.machines import proxy
from tests.machines.proxy import Proxy
from tests.verbs.repo import Repo

NAMES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
# As older services have it, and services whose owners wrote it: it obeys the proxies of its environment.
CHECK = """\
      test:
        - CMD
        - python
        - -c
        - import os, urllib.request as u; u.urlopen("http://127.0.0.1:" + os.environ["PORT"] + "/health", timeout=4)
      interval: 120s
"""
FETCH = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=20).read().decode())"
SEEN = "import json, os; print(json.dumps({name: os.environ.get(name, '') for name in ('no_proxy', 'NO_PROXY')}))"


@pytest.fixture
def company(engine: str) -> Iterator[Proxy]:
    with proxy.running(proxy.bridge() if engine == "compose" else "127.0.0.1") as found:
        yield found


@pytest.fixture
def behind(repo: Repo, company: Proxy) -> Repo:
    """A service whose healthcheck obeys proxies, on a machine with one."""
    text = (repo.path / "compose.yaml").read_text()
    start, end = text.index("      test:\n"), text.index("      interval: 30s\n")
    (repo.path / "compose.yaml").write_text(text[:start] + CHECK + text[end + len("      interval: 30s\n") :])
    repo.env.update(dict.fromkeys(NAMES, company.url), no_proxy="", NO_PROXY="build.example")
    return repo


def test_dev_up_asks_it_for_nothing_here_and_services_reach_the_outside(
    behind: Repo, company: Proxy, engine: str
) -> None:
    for words in (["dev.up"], ["dev.test"], ["dev.down"]):
        behind.ok(*words)
    started = time.monotonic()
    behind.ok("dev.up")
    assert time.monotonic() - started < 100  # without a wait for the second check
    assert behind.status()["healthy"]
    here = [host for host in company.asked if host.startswith("127.") or "localhost" in host]
    assert here == []

    said = behind.ok("dev.run", "--", "python", "-c", FETCH, f"http://{company.outside}/").stdout.strip()
    assert said == "from the outside"
    assert company.outside in company.asked
    direct = json.loads(behind.ok("dev.run", "--", "python", "-c", SEEN).stdout)
    assert direct["no_proxy"] == direct["NO_PROXY"]
    wanted = {"build.example", "localhost", "127.0.0.1", "::1", ".localhost"}
    wanted |= {"app", "db", behind.token} if engine == "compose" else set()
    assert wanted <= set(direct["no_proxy"].split(","))

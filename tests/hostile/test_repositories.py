"""Required repositories that mean harm: names, addresses, versions, files and answers. Real git, real verbs."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gitrepo import commit, git
from tests.hostile.conftest import ANSWER, HEAD, Hostile

Served = Callable[[Path], tuple[str, list[str]]]
LONG = "a" * 5000
OSC = "\x1b]52;c;aGFja2Vk\x07"


def requires(name: object, repo: str = "../other", version: str = "v1.0.0") -> str:
    return f"{HEAD}requires: {json.dumps({name: {'repo': repo, 'version': version}})}\n"


# ---- before and after consent


def test_nothing_is_fetched_before_consent(hostile: Hostile, served: Served) -> None:
    hostile.write(recipe=f"@touch {hostile.canary}/ran")
    hostile.release()
    url, asked = served(hostile.evil)
    hostile.require(url)
    for words in (["dev.plan"], ["dev.up"], ["dev.lock"], ["dev.edit", "evil"]):
        assert hostile.harmless(*words).code == 110, words
    assert asked == []


def test_consent_covers_the_repository_and_not_what_it_requires(hostile: Hostile, served: Served) -> None:
    hostile.write(requires("other", "https://other.invalid/mallory2/x"))
    hostile.release()
    url, asked = served(hostile.evil)
    hostile.require(url)
    trusted = Path(hostile.shop.env["XDG_CONFIG_HOME"], "devenv/trusted")
    trusted.parent.mkdir(parents=True)
    trusted.write_text(url.split("/")[2] + "/mallory\n")
    done = hostile.harmless("dev.plan")
    assert (done.code, "other.invalid/mallory2 is new on this machine" in done.error) == (110, True)
    assert asked


# ---- what a required repository requires


NAMES = [
    *("../../../../canary/x", "/tmp/canary/abs", "a\nb", "-oProxyCommand=x", "--help", "", "a b;touch x"),
    *(f"{OSC}x", "a" * 300, "..", ".", "A", "db", "no", "localhost", "a/b", "$(touch x)", "`touch x`"),
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name)[:30])
def test_names(hostile: Hostile, name: str) -> None:
    hostile.write(requires(name))
    hostile.release()
    assert hostile.harmless("dev.plan").code == 111


ADDRESSES = {
    "ext": 'ext::sh -c "touch CANARY/ext"',
    "ext with blanks": "ext::touch% CANARY/ext2",
    "upload-pack": "--upload-pack=touch CANARY/up",
    "option -o": "-oProxyCommand=touch CANARY/o",
    "option -u": "-u touch CANARY/u",
    "ssh with an option": "ssh://-oProxyCommand=touch%20CANARY/ssh/x",
    "scp with an option": "-oProxyCommand=touch CANARY/scp:x",
    "config": "--config=core.sshCommand=touch CANARY/c",
    "file": "file://CANARY",
    "fd": "fd::3",
    "transport of its own": "canary::CANARY",
    "a folder without git": "/etc",
    "no protocol": "::x",
    "half an address": "http://[::1",
    "tab": "x\ty",
    "long": LONG,
    "osc": f"../{OSC}x",
    "newline": "../x\n../y",
}


@pytest.mark.parametrize("kind", ADDRESSES)
@pytest.mark.parametrize("who", ["shop", "evil"])
def test_addresses(hostile: Hostile, who: str, kind: str) -> None:
    address = ADDRESSES[kind].replace("CANARY", str(hostile.canary))
    if who == "shop":
        hostile.require(address)
    else:
        hostile.write(requires("other", address))
        hostile.release()
    for words in (["dev.plan"], ["dev.up", "--yes"]):
        assert hostile.harmless(*words).code in (110, 111)


VERSIONS = [
    *("--help", "--upload-pack=x", "-x", "../../x", ":/x", "@{-1}", "v1.0.0^{/e}", "v1.0.0:dev.yaml", LONG, "a b"),
    *(f"v1{OSC}", "v1\n", "$(touch x)", "HEAD@{1}", "a..b", "refs/../../x"),
]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: repr(version)[:30])
def test_versions(hostile: Hostile, version: str) -> None:
    hostile.require(version=version)
    assert hostile.harmless("dev.plan").code == 111


# ---- what is in it


LAUGHS = "".join(f"x{i}: &x{i} [{','.join([f'*x{i - 1}'] * 10)}]\n" for i in range(1, 9))
DEV_YAML = {
    "billion laughs": f"{HEAD}x0: &x0 [lol]\n{LAUGHS}",
    "100,000 brackets": f"{HEAD}x: {'[' * 100_000}",
    "5,000 brackets": f"{HEAD}x: {'[' * 5000}{']' * 5000}",
    "an anchor in itself": f"{HEAD}x: &a [*a]",
    "2 MB": f"{HEAD}x: {'a' * 2_000_000}",
    "port is text": HEAD.replace("21500", "x"),
    "port is large": HEAD.replace("21500", "99999999"),
    "port is negative": HEAD.replace("21500", "-1"),
    "another service": HEAD.replace("evil", "other"),
    "a list": "[a, b]",
    "text": "just text",
    "nothing": "",
    "control characters": f"{HEAD}x: {OSC}",
    "requires is a number": f"{HEAD}requires: 5",
    "scenario is a number": f"{HEAD}requires: {{other: {{repo: ../x, version: v1, scenarios: [{{5: {{a: b}}}}]}}}}",
    "env with a line end": f'{HEAD}requires: {{other: {{repo: ../x, version: v1, env: {{"A\\nLD_PRELOAD": x}}}}}}',
    "memory is huge": f"{HEAD}budget: {{memory: {'9' * 400}G}}",
}


@pytest.mark.parametrize("kind", DEV_YAML)
def test_dev_yaml(hostile: Hostile, kind: str) -> None:
    hostile.write(DEV_YAML[kind])
    hostile.release()
    hostile.harmless("dev.plan")
    assert hostile.harmless("dev.up", "--yes").code in (110, 111, 112, 113)


LINKS = ["/etc/shadow", "/dev/zero", "FIFO", "CANARY/alive", "../../../../../etc/passwd", "dev.yaml"]


@pytest.mark.parametrize("target", LINKS)
@pytest.mark.parametrize("name", ["dev.yaml", "Makefile", ".cruft.json", ".dev", ".git-link"])
def test_links(hostile: Hostile, name: str, target: str, tmp_path: Path) -> None:
    if target == "FIFO":
        os.mkfifo(tmp_path / "fifo")
        target = str(tmp_path / "fifo")
    (hostile.evil / name).unlink(missing_ok=True)
    (hostile.evil / name).symlink_to(target.replace("CANARY", str(hostile.canary)))
    hostile.release()
    assert hostile.harmless("dev.plan").code in (0, 110, 111)
    hostile.harmless("dev.up", "--yes")


def test_hooks_filters_and_submodules_do_nothing(hostile: Hostile) -> None:
    """What git would run at a checkout, if the repository could configure it."""
    touch = f"touch {hostile.canary}"
    (hostile.evil / ".gitattributes").write_text("* filter=evil diff=evil merge=evil\n")
    (hostile.evil / ".gitconfig").write_text(f'[filter "evil"]\n\tsmudge = {touch}/smudge\n')
    hooks = hostile.evil / "hooks"
    hooks.mkdir()
    for hook in ("post-checkout", "reference-transaction", "post-merge"):
        (hooks / hook).write_text(f"#!/bin/sh\n{touch}/{hook}\n")
        (hooks / hook).chmod(0o755)
    for url in ("ext::sh -c 'touch x'", f"--upload-pack={touch}/sub", f"file://{hostile.canary}", "../canary"):
        (hostile.evil / ".gitmodules").write_text(f'[submodule "x"]\n\tpath = sub\n\turl = {url}\n')
        git(hostile.evil, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
        hostile.release()
        assert hostile.harmless("dev.plan").code == 0
    git(hostile.evil, "config", "core.hooksPath", str(hooks))  # in its own settings, which are not cloned
    hostile.harmless("dev.lock", "--upgrade", "evil")


def test_a_branch_name_that_is_a_command_is_quoted(hostile: Hostile) -> None:
    name = "main;touch${IFS}x"
    git(hostile.evil, "branch", name)
    hostile.require(version="v9")
    done = hostile.harmless("dev.plan")
    assert done.code == 111
    git(hostile.evil, "tag", "v1;touch${IFS}x")
    assert hostile.harmless("dev.plan").code == 111


def test_osc_in_messages_of_git(hostile: Hostile) -> None:
    commit(hostile.evil, f"{OSC} owned")
    hostile.require(version="main")
    hostile.harmless("dev.plan")
    hostile.harmless("dev.lock")


# ---- what it answers


def text_of(**changed: object) -> str:
    return json.dumps({**ANSWER, "healthy": True, "data": "x", **changed})


ANSWERS = {
    "not JSON": "hello",
    "two objects": "{}{}",
    "deep": "[" * 200_000,
    "wrong types": text_of(service=5, url=[1], internal_url={}, healthy="no", data=[1]),
    "url with a line end": text_of(url="http://x\nLD_PRELOAD=/tmp/x.so"),
    "url with osc": text_of(url=f"http://x{OSC}"),
    "url of another kind": text_of(url="javascript:alert(1)"),
    "another service": text_of(service="other"),
    "status of wrong types": text_of(services=5, logins="x", memory="y", outputs=[], requires={}),
    "nothing": "",
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_answers(hostile: Hostile, kind: str) -> None:
    hostile.write(recipe="@cat answer", answer=ANSWERS[kind])
    hostile.release()
    done = hostile.harmless("dev.up")
    assert (done.code, done.error[:16]) == (112, "error[112]: evil"), done
    hostile.harmless("dev.status")
    hostile.harmless("dev.status", "--json")
    hostile.harmless("dev.down")


FAILURES = {
    "error[0] and exit code 1": "@echo 'error[0]: all is well' >&2; exit 1",
    "a large code": "@echo 'error[99999999999999999999]: big' >&2; exit 1",
    "osc and cursor moves": r"@printf 'error[112]: \033]52;c;aGs=\007\033[2J hi\nhint: \033]8;;x\007run\n' >&2; exit 1",
    "200 MB": "@head -c 200000000 /dev/zero | tr '\\0' a",
    "200 MB of progress": "@head -c 200000000 /dev/zero | tr '\\0' a >&2; exit 1",
    "10 MB of warnings": r"@yes \"warning: \033]52;c;aGk=\007 x\" | head -c 10000000 >&2; exit 1",
    "not UTF-8": r"@printf 'error[112]: \377\376\n' >&2; exit 1",
    "its own kill": "@kill -9 $$PPID",
}


@pytest.mark.parametrize("kind", FAILURES)
def test_failures(hostile: Hostile, kind: str) -> None:
    hostile.write(recipe=FAILURES[kind])
    hostile.release()
    done = hostile.harmless("dev.up")
    assert done.code in (110, 112), done
    assert len(done.stderr) < 100_000


# ---- a server


def test_a_server_that_never_answers(hostile: Hostile) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        hostile.shop.env["GIT_HTTP_LOW_SPEED_TIME"] = "2"
        hostile.require(f"http://127.0.0.1:{port}/x/evil.git")
        done = hostile.harmless("dev.up", "--yes")
        assert (done.code, "cannot be reached" in done.error) == (110, True)

"""Mirrors and checkouts of real repositories: without a network, two at once, killed half-way."""

from __future__ import annotations

import http.server
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devenv.base import toolcache
from devenv.base.errors import CONFIG, MISSING, DevError
from devenv.required import mirrors, trust
from tests.conftest import REPO
from tests.gitrepo import git
from tests.messages import NOT_REACHED

from .conftest import Repo

Make = Callable[[str], Repo]
CHECKOUT = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from devenv.required import mirrors, trust
mirror = mirrors.of(sys.argv[2], Path("/"))
print(mirror.checkout(mirror.commit(sys.argv[3])))
"""


@pytest.fixture
def lms(make_repo: Make) -> Repo:
    repo = make_repo("lms")
    repo.release("v1.0")
    return repo


def mirror_of(repo: Repo) -> mirrors.Mirror:
    return mirrors.of(str(repo.root), Path("/"))


def error_of(act: Callable[[], object]) -> DevError:
    with pytest.raises(DevError) as caught:
        act()
    return caught.value


def apart(repo: Repo, version: str, **options: object) -> subprocess.Popen[str]:
    """The same in a process of its own."""
    command = [sys.executable, "-c", CHECKOUT, str(REPO), str(repo.root), version]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


# ---- versions


def test_the_newest_commit_is_that_of_the_default_branch_now(lms: Repo) -> None:
    """A mirror goes on naming the branch that was the default when it was made."""
    mirror = mirror_of(lms)
    assert mirror.newest() == git(lms.root, "rev-parse", "HEAD")
    git(lms.root, "branch", "--move", "trunk")
    newest = lms.release("v1.1")
    assert mirror.newest() == newest
    lms.root.rename(lms.root.with_name("gone"))
    assert error_of(mirror.newest).code == MISSING


def test_a_tag_a_branch_and_a_commit(lms: Repo) -> None:
    first = git(lms.root, "rev-parse", "HEAD")
    second = lms.release("v1.1")
    mirror = mirror_of(lms)
    assert (mirror.commit("v1.0"), mirror.commit("main"), mirror.commit(first)) == (first, second, first)


def test_an_annotated_tag_is_its_commit_and_a_tag_goes_before_a_branch(lms: Repo) -> None:
    tagged = git(lms.root, "rev-parse", "HEAD")
    git(lms.root, "tag", "-a", "v2.0", "-m", "two")
    git(lms.root, "branch", "v1.0", lms.commit())
    assert mirror_of(lms).commit("v2.0") == mirror_of(lms).commit("v1.0") == tagged


def test_a_new_tag_is_fetched_when_it_is_asked_for(lms: Repo) -> None:
    mirror_of(lms).commit("v1.0")
    commit = lms.release("v1.1")
    assert mirror_of(lms).commit("v1.1") == commit


def test_a_version_that_is_missing_names_the_newest(lms: Repo) -> None:
    for n in range(2, 12):
        git(lms.root, "tag", f"v1.{n}")
    error = error_of(lambda: mirror_of(lms).commit("v9.0"))
    assert (error.code, error.message) == (CONFIG, f"{lms.root} has no version v9.0")
    assert error.hints == ("its newest tags: v1.11, v1.10, v1.9, v1.8, v1.7",)


def test_a_repository_without_tags(make_repo: Make) -> None:
    repo = make_repo("bare")
    repo.commit()
    assert error_of(lambda: mirror_of(repo).commit("v1.0")).hints == ("its newest tags: it has no tags",)


def test_addresses(tmp_path: Path) -> None:
    near = tmp_path / "shop"
    beside = mirrors.of("../lms", near)
    assert beside == mirrors.of(str(tmp_path / "lms"), Path("/elsewhere"))
    assert beside.repo == str(tmp_path / "lms")
    one, other = (mirrors.of(f"https://{host}/lms.git", near) for host in ("a.example.org", "b.example.org"))
    assert one.repo == "https://a.example.org/lms.git"
    assert one.path != other.path
    assert one.path.name.startswith("lms-")
    spellings = [f"https://a.example.org/lms{end}" for end in ("", "/", ".git", ".git/")]
    assert {mirrors.of(repo, near).path for repo in spellings} == {one.path}


@pytest.mark.parametrize(
    ("base", "repo", "found"),
    [
        ("https://git.example.org/team/lms", "../notes", "https://git.example.org/team/notes"),
        ("git@git.example.org:team/lms.git", "../notes.git", "git@git.example.org:team/notes.git"),
        ("/src/lms", "../notes", "../notes"),
        ("/other/lms", "../notes", "../../other/notes"),
        ("/src/lms", "https://git.example.org/notes", "https://git.example.org/notes"),
        ("/src/lms", "/src/notes", "/src/notes"),
    ],
)
def test_what_lies_beside_another_repository(base: str, repo: str, found: str) -> None:
    assert mirrors.relative(Path("/src/shop"), base, repo) == found


# ---- reading


def test_a_file_at_a_commit(lms: Repo) -> None:
    first = git(lms.root, "rev-parse", "HEAD")
    lms.release("v1.1", notes="v1.0")
    mirror = mirror_of(lms)
    assert "requires" not in mirror.read(mirror.commit(first), "dev.yaml").data
    found = mirror.read(mirror.commit("v1.1"), "dev.yaml")
    assert found.data["requires"]["notes"]["version"] == "v1.0"


def test_an_error_in_it_says_whose_file_it_is(lms: Repo) -> None:
    (lms.root / "dev.yaml").write_text("a: [\n")
    commit = lms.commit()
    error = error_of(lambda: mirror_of(lms).read(mirror_of(lms).commit(commit), "dev.yaml"))
    assert error.code == CONFIG
    assert error.message.startswith(f"lms@{commit[:12]}:dev.yaml:2: ")


def test_a_repository_without_dev_yaml(make_repo: Make) -> None:
    repo = make_repo("bare")
    (repo.root / "dev.yaml").unlink()
    mirror, commit = mirror_of(repo), repo.commit()
    error = error_of(lambda: mirror.read(mirror.commit(commit), "dev.yaml"))
    assert (error.code, error.message) == (CONFIG, f"{repo.root} has no dev.yaml at {commit[:12]}")
    assert "it needs a dev.yaml" in error.hints[0]


# ---- the network


def test_after_the_first_fetch_all_works_without_it(lms: Repo, hidden: Callable[[Repo], None]) -> None:
    mirror, commit = mirror_of(lms), git(lms.root, "rev-parse", "HEAD")
    mirror.commit("v1.0")
    hidden(lms)
    assert mirror.commit("v1.0") == commit
    assert mirror.read(commit, "dev.yaml").data["service"] == "lms"
    assert git(mirror.checkout(commit), "rev-parse", "HEAD") == commit


def test_a_locked_commit_is_fetched_where_nothing_is_here_yet(lms: Repo) -> None:
    commit = git(lms.root, "rev-parse", "HEAD")
    assert (mirror_of(lms).checkout(commit) / "dev.yaml").is_file()
    later = lms.release("v1.1")  # someone else wrote a newer dev.lock
    assert git(mirror_of(lms).checkout(later), "rev-parse", "HEAD") == later


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077])
def test_images_can_be_made_of_a_checkout_and_no_other_user_reaches_it(lms: Repo, umask: int) -> None:
    mirror, before = mirror_of(lms), os.umask(umask)
    try:
        checkout = mirror.checkout(mirror.commit("v1.0"))
    finally:
        os.umask(before)
    paths = [checkout, *checkout.rglob("*")]
    assert [path for path in paths if not path.stat().st_mode & stat.S_IROTH] == []
    assert checkout.parent.stat().st_mode & 0o077 == 0
    for path in paths:
        path.chmod(path.stat().st_mode & 0o700)  # as an earlier release made it
    mirror.checkout(mirror.commit("v1.0"))
    assert [path for path in paths if not path.stat().st_mode & stat.S_IROTH] == []


def test_a_commit_that_its_tag_left_stays(lms: Repo) -> None:
    mirror, commit = mirror_of(lms), git(lms.root, "rev-parse", "HEAD")
    mirror.commit("v1.0")
    git(lms.root, "commit", "-q", "--amend", "-m", "rewritten", "--date", "2001-01-01T00:00:00")
    git(lms.root, "tag", "--force", "v1.0")
    mirror.fetch()
    assert mirror.commit("v1.0") != commit
    assert git(mirror.checkout(commit), "rev-parse", "HEAD") == commit


def test_an_unreachable_repository(tmp_path: Path) -> None:
    mirror = mirrors.of("./nowhere", tmp_path)
    error = error_of(lambda: mirror.commit("v1.0"))
    assert error.code == MISSING
    assert error.message.startswith(f"{tmp_path}/nowhere {NOT_REACHED}: ")
    assert error.hints == (f"git ls-remote {tmp_path}/nowhere",)
    assert not mirror.path.exists()


def test_news_that_cannot_be_had_leave_the_mirror_whole(lms: Repo, hidden: Callable[[Repo], None]) -> None:
    mirror = mirror_of(lms)
    commit = mirror.commit("v1.0")
    hidden(lms)
    assert error_of(mirror.fetch).code == MISSING
    assert error_of(lambda: mirror.commit("v1.1")).code == MISSING
    assert mirror.commit("v1.0") == commit


class Locked(http.server.BaseHTTPRequestHandler):
    """A host that wants a password."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="private"')
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def private() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Locked) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/lms"
        server.shutdown()


def test_git_asks_for_no_password(private: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GIT_TERMINAL_PROMPT", raising=False)
    monkeypatch.setattr(trust, "everyone", True)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    error = error_of(lambda: mirrors.of(private, Path("/")).commit("v1.0"))
    assert error.code == MISSING
    assert "terminal prompts disabled" in error.message


# ---- more than one command


def test_several_at_once_make_one_mirror_and_one_checkout_of_each_commit(lms: Repo) -> None:
    lms.release("v1.1")
    running = [apart(lms, version) for version in ("v1.0", "v1.1", "v1.0", "v1.1")]
    answers = [(process.communicate(), process.returncode) for process in running]
    assert [code for _, code in answers] == [0] * 4, answers
    folders = {Path(out.strip()) for (out, _), _ in answers}
    assert len(folders) == 2
    for folder in folders:
        assert git(folder, "status", "--porcelain") == ""
        assert sorted(path.name for path in folder.parent.iterdir()) == sorted(path.name for path in folders)


SLOW_GIT = """#!/bin/sh
case "$*" in *{word}*)
    for last; do :; done
    mkdir -p "{draft}" && echo half > "{draft}/HEAD"
    kill -KILL $PPID; exit 1
esac
exec {git} "$@"
"""


@pytest.mark.parametrize("word", ["--bare", "--no-checkout", "switch"])
def test_what_a_killed_command_left_is_never_taken_for_whole(lms: Repo, tmp_path: Path, word: str) -> None:
    """A git that writes half of what it should and kills the command that started it."""
    mirror, commit = mirror_of(lms), git(lms.root, "rev-parse", "HEAD")
    target = mirror.path if word == "--bare" else toolcache.home() / "checkouts" / f"{mirror.path.stem}-{commit[:12]}"
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    script = tmp_path / "bin" / "git"
    script.parent.mkdir()
    script.write_text(SLOW_GIT.format(word=word, git=real, draft=target.with_name(f".{target.name}.new")))
    script.chmod(0o755)
    killed = apart(lms, "v1.0", env={**os.environ, "PATH": f"{script.parent}:{os.environ['PATH']}"})
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert not target.exists()
    assert any(target.parent.iterdir())  # it did leave something
    again = apart(lms, "v1.0")
    out, err = again.communicate()
    assert again.returncode == 0, err
    assert git(Path(out.strip()), "rev-parse", "HEAD") == commit
    assert [path.name for path in target.parent.iterdir() if path.name.endswith(".new")] == []


def test_a_server_that_never_answers_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "everyone", True)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("GIT_HTTP_LOW_SPEED_TIME", "1")  # of the user; ours is 30
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/lms"
        error = error_of(lambda: mirrors.of(address, Path("/")).commit("v1.0"))
    assert error.code == MISSING
    assert "too slow" in error.message

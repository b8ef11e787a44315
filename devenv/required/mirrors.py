"""Other repositories on this machine: a bare mirror of each, and a checkout of each commit that runs.

They are in `${XDG_CACHE_HOME:-~/.cache}/devenv/`, are shared by all services, and can be removed at any time. After the
first fetch everything works without a network: git only fetches again what the mirror does not have.

A checkout is compared with its commit whenever it is used, by sizes and times as `git status` does. A mirror is
examined after git failed in it. What is damaged is made again.
"""

from __future__ import annotations

import functools
import hashlib
import os
import posixpath
import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from devenv.base import authorities, events, git, locks, process, toolcache
from devenv.base.errors import CONFIG, MISSING, DevError
from devenv.model import document
from devenv.model.resolver import same_repository
from devenv.required import trust

AS_NEW = "devenv-status"  # in the repository of a checkout: what git says about it when it is new
READABLE = 0o055  # of a folder: by everyone
# In pinned checkouts, since images are made of them.
AS_COMMITTED = (
    *("core.autocrlf=false", "core.eol=lf", "core.symlinks=true", "core.fileMode=true"),
    f"core.attributesFile={os.devnull}",
)
KEPT = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")  # hosts have thousands of others, such as refs/pull/*
POINTER = b"version https://git-lfs.github.com/spec/"
SILENCE = 120.0  # seconds that git may print nothing while it waits for a server; over http see `quiet`
WORK = 900.0  # seconds for what it does on this machine, where it prints nothing
AMOUNT = r"\d+% \((\d+)/(\d+)\)"  # how far git is, in any language


class Mirror(NamedTuple):
    """The bare mirror of one repository."""

    repo: str
    path: Path

    def commit(self, version: str) -> str:
        """The commit of a tag, branch or commit id; fetched if it is not here. DevError 110, 111."""
        found = self._find(version)
        if not found:
            self.fetch()
            found = self._find(version)
        if not found and re.fullmatch("[0-9a-f]{40,64}", version):  # pinned, and on no branch or tag any more
            self._git("fetch", "--quiet", "--no-tags", "origin", version)
            found = self._find(version)
        if not found and self._replace_damaged():
            found = self._find(version)
        if not found:
            near = ", ".join(self.tags()[:5]) or "it has no tags"
            raise DevError(CONFIG, f"{self.repo} has no version {version}", f"its newest tags: {near}")
        return found

    def fetch(self) -> None:
        """Update the mirror. DevError 110 if the repository cannot be reached."""
        with self._locked():
            if not (self.path / "HEAD").exists():
                self._clone()
                return
            with events.step("fetch", text=self.repo):
                words = ("fetch", "--quiet", "--progress", "--prune", "--force", "--no-tags", "origin", *KEPT)
                done = process.measured(git.argv("--git-dir", str(self.path), *words), quiet(), _progress, SILENCE)
        if done.code and not self._replace_damaged():
            raise self._unreachable(done.stderr)

    def flaw(self) -> str:
        """What is damaged, in git's words; empty if nothing is."""
        try:
            process.bounded(git.argv("--git-dir", str(self.path), "rev-parse"), quiet(), WORK)
            configured = self._git("config", "--get", "remote.origin.url")
            done = self._git("fsck", "--no-dangling", "--no-progress")
        except OSError as error:
            return str(error)
        words = done.stderr.strip().splitlines()[:1] if done.code else []
        return "".join(words) or ("its settings are lost" if configured.code else "")

    def _replace_damaged(self) -> bool:
        """Clone the mirror again if it is damaged; True if it was. DevError 110 if the repository cannot be reached."""
        with self._locked():
            found = self.flaw()
            if found:
                events.note(f"{self.path} is damaged: {found}")
                self._clone()
        return bool(found)

    def newest(self) -> str:
        """The newest commit of the repository's default branch, which may be renamed. DevError 110."""
        self.fetch()
        done = process.bounded(git.argv("ls-remote", self.repo, "HEAD"), quiet(), SILENCE)
        if done.code or not done.stdout:
            raise self._unreachable(done.stderr)
        return done.stdout.split()[0]

    def is_release(self, version: str, commit: str) -> bool:
        """Whether the version is a tag of this commit: branches move, and a tag may have been moved."""
        if not self._find(version):  # the mirror was removed or damaged
            with suppress(DevError):
                self.fetch()
        return self.has_release(version, commit)

    def has_release(self, version: str, commit: str) -> bool:
        """Like `is_release`, without a network."""
        return self._git("rev-parse", "--quiet", "--verify", f"refs/tags/{version}^{{commit}}").stdout.strip() == commit

    def tags(self) -> list[str]:
        """All tags, the newest first."""
        return self._git("tag", "--sort=-v:refname").stdout.split()

    def read(self, commit: str, name: str) -> document.Document:
        """A YAML file of the repository at a commit. DevError 111 if it is missing."""
        done = self._git("show", f"{commit}:{name}")
        if done.code and self._replace_damaged():
            done = self._git("show", f"{commit}:{name}")
        if done.code:
            hint = "a service is required by its contract: it needs a dev.yaml (see CONTRACT.md)"
            raise DevError(CONFIG, f"{self.repo} has no {name} at {commit[:12]}", hint)
        # The name in errors: it has the repository and the commit instead of a folder.
        return document.parse(Path(f"{self.path.stem.rpartition('-')[0]}@{commit[:12]}:{name}"), done.stdout)

    def place(self, commit: str) -> Path:
        """Where the checkout of a commit is, if there is one."""
        return toolcache.home() / "checkouts" / f"{self.path.stem}-{commit[:12]}"

    def checkout(self, commit: str) -> Path:
        """A folder with the commit, made once, and made again if it is not as its commit."""
        target = self.place(commit)
        if not target.is_dir() or differs(target, commit):
            self.clone(commit, target, "--detach", again=True)
        if target.stat().st_mode & READABLE != READABLE:
            _share(target)
        return target

    def clone(self, commit: str, target: Path, *how: str, again: bool = False) -> None:
        """Make a folder with the commit; `how`: options of `git switch`. It needs the network only for new commits.

        `again`: replace a folder that differs from its commit. It is kept under another name, with what was edited.
        """
        self.commit(commit)  # a dev.lock from another machine may name commits that are not here yet
        with self._locked():
            if target.is_dir() and not (again and differs(target, commit)):
                return
            try:
                self._make_checkout(commit, target, how)
            except DevError:
                if not self.flaw():
                    raise
                self._clone()
                self._make_checkout(commit, target, how)

    def _make_checkout(self, commit: str, target: Path, how: Sequence[str]) -> None:
        tools = trust.template(self._git("show", f"{commit}:.cruft.json").stdout)
        trust.check(tools, f"{self.repo} names the template")
        draft = _draft(target)
        exact = AS_COMMITTED if target == self.place(commit) else ()  # a checkout for `dev.edit` is the person's
        settings = [word for setting in exact for word in ("--config", setting)]
        # Also as options, since variables such as GIT_CONFIG_COUNT come before the settings of a repository.
        inside = git.argv(*(word for setting in exact for word in ("-c", setting)), at=draft)
        for argv in (
            git.argv("clone", "--quiet", "--no-checkout", *settings, str(self.path), str(draft)),
            [*inside, "remote", "set-url", "origin", self.repo],
            [*inside, "switch", "--quiet", *how, commit],
        ):
            done = process.bounded(argv, quiet(), WORK)
            if done.code:
                raise DevError(MISSING, f"{self.repo}: no checkout of {commit[:12]}: {done.stderr.strip()}")
        self._report_lacking(draft, commit)
        # With some settings for line endings, git calls files changed that nobody changed.
        (draft / ".git" / AS_NEW).write_text("\n".join(_status(draft)), encoding="utf-8")
        if target.is_dir():
            _put_aside(target, draft)
        os.replace(draft, target)  # so that the folder is always complete

    def _clone(self) -> None:
        trust.check(self.repo, "the required repository")
        draft = _draft(self.path)
        with events.step("fetch", text=self.repo, said=f"fetching {self.repo}"):
            argv = git.argv("clone", "--quiet", "--progress", "--bare", self.repo, str(draft))
            done = process.measured(argv, quiet(), _progress, SILENCE)
            if done.code:
                raise self._unreachable(done.stderr)
        shutil.rmtree(self.path, ignore_errors=True)  # a damaged one
        os.replace(draft, self.path)

    def _report_lacking(self, checkout: Path, commit: str) -> None:
        """Warn of files that a checkout does not have: submodules, and large files that git does not keep itself."""
        inside = git.argv(at=checkout)
        modules = process.capture([*inside, "config", "--file", ".gitmodules", "--get-regexp", r"\.path$"])
        if paths := [line.partition(" ")[2] for line in modules.stdout.splitlines()]:
            events.warn(f"{self.repo} has submodules, which are not fetched for a required service: {', '.join(paths)}")
        listed = process.capture([*inside, "ls-files", "-z", "--", ":(attr:filter=lfs)"])
        left = [name for name in listed.stdout.split("\0") if name and _is_pointer(checkout / name)]
        if left:
            fix = f"install git-lfs, then: rm -r {shlex.quote(str(self.place(commit)))}; inv dev.up"
            events.warn(f"{self.repo} has files in Git LFS, which were not fetched: {', '.join(left[:3])}; {fix}")

    def _find(self, version: str) -> str:
        for ref in (f"refs/tags/{version}", f"refs/heads/{version}", version):
            done = self._git("rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}")
            if done.code == 0:
                return done.stdout.strip()
        return ""

    def _git(self, *words: str) -> process.Result:
        return process.bounded(git.argv("--git-dir", str(self.path), *words), quiet(), WORK)

    def _unreachable(self, said: str) -> DevError:
        told = "\n".join(line for line in said.splitlines() if line and not re.search(AMOUNT, line))
        reason = told.strip() or "git printed nothing"
        return DevError(MISSING, f"{self.repo} cannot be reached: {reason}", f"git ls-remote {shlex.quote(self.repo)}")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with locks.held(self.path.with_suffix(".lock"), "fetching"):
            yield


def _progress(line: str) -> tuple[int, int, str] | None:
    """How far git is."""
    found = re.search(AMOUNT, line)
    return (int(found[1]), int(found[2]), "objects") if found else None


def _is_pointer(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(POINTER)) == POINTER
    except OSError:
        return False


def quiet() -> dict[str, str]:
    """The environment of git: a wrong address is an error, and git does not ask for a password."""
    limits = {"GIT_HTTP_LOW_SPEED_LIMIT": "1", "GIT_HTTP_LOW_SPEED_TIME": "30"}  # a server that never answers
    return {**limits, **_trusted(authorities.named(os.environ)), **os.environ, "GIT_TERMINAL_PROMPT": "0"}


@functools.cache
def _trusted(named: str) -> dict[str, str]:
    """The network's certificate authorities for git, which only knows the system's and those of its configuration."""
    if not named:
        return {}
    configured = process.capture(git.argv("config", "--get-regexp", r"^http\.(.*\.)?sslcainfo$")).code == 0
    return {} if configured else {"GIT_SSL_CAINFO": authorities.find(os.environ)}


def differs(checkout: Path, commit: str) -> str:
    """How a checkout differs from its commit, in words; empty if it does not. What git ignores is not compared."""
    found = _status(checkout)
    if not found or f"# branch.oid {commit}" not in found:
        return "its repository is damaged"
    try:
        new = (checkout / ".git" / AS_NEW).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):  # made by an earlier release
        new = []
    changed = [line for line in found if not line.startswith("#") and line not in new]
    return f"{len(changed)} files were changed" if changed else ""


def _status(checkout: Path) -> list[str]:
    """What git says about a checkout; empty if its repository is damaged."""
    inside = git.argv(f"--git-dir={checkout}/.git", f"--work-tree={checkout}")
    words = ("status", "--porcelain=v2", "--branch", "--untracked-files=no")
    done = process.bounded([*inside, *words], quiet(), WORK)
    return [] if done.code else done.stdout.splitlines()


def _put_aside(target: Path, draft: Path) -> None:
    """Make room for a new checkout: the old one is kept, and what is local to the folder moves into the new one."""
    aside = target.with_name(f"{target.name}.damaged")
    shutil.rmtree(aside, ignore_errors=True)
    local = Path(".dev", "local")
    if (target / local).is_dir():
        (draft / local).parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(draft / local, ignore_errors=True)
        os.replace(target / local, draft / local)
    os.replace(target, aside)
    events.warn(f"{target} was not as its commit: it was made again, and the old one is {aside}")


def _share(checkout: Path) -> None:
    """Let everyone read a checkout, whatever the umask is: images are made of it, and another user runs in them.

    The folder that all checkouts are in remains private. The checkout itself is last: it says that all is done.
    """
    for where, _, names in os.walk(checkout, topdown=False):
        for path in (*(Path(where, name) for name in names), Path(where)):
            if not path.is_symlink():
                mode = path.stat().st_mode & 0o777
                path.chmod(mode | (READABLE if mode & 0o100 else 0o044))


def _draft(target: Path) -> Path:
    """The draft of a folder before it gets its name. We hold the lock, so leftovers of a killed command are removed."""
    draft = target.with_name(f".{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if draft.parent.parent == toolcache.home():
        draft.parent.chmod(0o700)  # made by an earlier release
    return draft


def of(repo: str, near: Path) -> Mirror:
    """The mirror of a repository; a relative path starts at the folder `near`."""
    address = str((near / repo).resolve()) if repo.startswith((".", "/")) else repo
    same = same_repository(address)
    name = same.rsplit("/", 1)[-1].removesuffix(".git")
    digest = hashlib.sha256(same.encode()).hexdigest()[:8]
    return Mirror(address, toolcache.home() / "mirrors" / f"{name}-{digest}.git")


def relative(near: Path, base: str, repo: str) -> str:
    """The path or address, as seen from `near`, of a repository that another one names by a relative path.

    `base` is the address of the one that names it: `../notes` is next to it, on the same host.
    """
    if not repo.startswith("."):
        return repo
    if base.startswith("/"):
        return os.path.relpath(os.path.join(base, repo), near)
    host, separator, path = base.partition("://") if "://" in base else base.partition(":")
    return f"{host}{separator}{posixpath.normpath(posixpath.join(path, repo))}"

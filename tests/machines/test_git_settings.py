"""Settings of git that people have, one after the other, and all at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from devenv.base.errors import DevError
from devenv.required import mirrors
from tests.conftest import run_quietly
from tests.gitrepo import commit, git
from tests.stack.conftest import Repo, hidden, make_repo, own_machine  # noqa: F401
from tools.adopt.errors import Refusal
from tools.adopt.repository import clean, find
from tools.fleet.releases import identity

HOOK = "#!/bin/sh\necho a hook of the person ran >&2\nexit 1\n"
SETTINGS = {
    "remote": "[clone]\n\tdefaultRemoteName = company\n",
    "crlf": "[core]\n\tautocrlf = true\n\teol = crlf\n",
    "hooks": "[core]\n\thooksPath = {hooks}\n",
    "template": "[init]\n\ttemplateDir = {hooks}/template\n",
    "signing": "[commit]\n\tgpgSign = true\n[tag]\n\tgpgSign = true\n[gpg]\n\tprogram = /nonexistent/gpg\n",
    "pager": "[core]\n\tpager = false\n[pager]\n\tstatus = true\n\ttag = true\n\tconfig = true\n",
    "colours": "[color]\n\tui = always\n[column]\n\tui = always\n",
    "branch": "[init]\n\tdefaultBranch = trunk\n",
    "submodules": "[submodule]\n\trecurse = true\n[fetch]\n\trecurseSubmodules = true\n\tprune = true\n",
    "order": "[tag]\n\tsort = creatordate\n[status]\n\tshowUntrackedFiles = no\n[log]\n\tdecorate = full\n",
    "fsmonitor": "[core]\n\tfsmonitor = /nonexistent/monitor\n",
    "shown": "[status]\n\tshowUntrackedFiles = no\n\tshort = true\n\tbranch = true\n[log]\n\tshowSignature = true\n",
    "diff": "[diff]\n\texternal = false\n\tnoprefix = true\n\trenames = copies\n[merge]\n\tconflictStyle = zdiff3\n",
    "modes": "[core]\n\tfileMode = false\n\tsymlinks = false\n\tignoreCase = true\n",
    "attributes": "[core]\n\tattributesFile = {hooks}/attributes\n\texcludesFile = {hooks}/attributes\n",
    "detached": "[advice]\n\tdetachedHead = true\n[checkout]\n\tdefaultRemote = company\n[push]\n\tdefault = nothing\n",
}


def everything() -> str:
    return "".join(SETTINGS.values())


@pytest.fixture
def set_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """set_git(text): the person's settings from now on."""
    hooks = tmp_path / "hooks"

    def write(text: str) -> None:
        for folder in (hooks, hooks / "template/hooks"):
            folder.mkdir(parents=True, exist_ok=True)
            for name in ("post-checkout", "reference-transaction", "pre-commit", "post-merge"):
                (folder / name).write_text(HOOK)
                (folder / name).chmod(0o755)
        (hooks / "attributes").write_text("* text=auto eol=crlf\n")
        (tmp_path / "gitconfig").write_text(text.format(hooks=hooks))
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))

    return write


@pytest.mark.parametrize("text", [*SETTINGS.values(), everything()], ids=[*SETTINGS, "everything"])
def test_mirrors_and_checkouts(
    make_repo: Callable[[str], Repo],  # noqa: F811
    set_git: Callable[[str], None],
    text: str,
    tmp_path: Path,
) -> None:
    lms = make_repo("lms")
    (lms.root / "run.sh").write_text("#!/bin/sh\necho one\necho two\n")
    (lms.root / "run.sh").chmod(0o755)
    (lms.root / "link").symlink_to("run.sh")
    first = lms.release("v1.0")
    set_git(text)
    mirror = mirrors.of(str(lms.root), Path("/"))
    checkout = mirror.checkout(mirror.commit("v1.0"))
    assert (checkout / "run.sh").read_bytes() == b"#!/bin/sh\necho one\necho two\n"
    assert ((checkout / "link").is_symlink(), os.access(checkout / "run.sh", os.X_OK)) == (True, True)
    assert mirrors.differs(checkout, first) == ""
    assert git(checkout, "remote", "get-url", "origin") == str(lms.root)
    os.environ.pop("GIT_CONFIG_GLOBAL")
    second = lms.release("v1.1")
    set_git(text)
    assert (mirror.commit("v1.1"), mirror.newest()) == (second, second)
    assert mirror.tags() == ["v1.1", "v1.0"]
    mirror.clone(first, tmp_path / "edited", "--create", "from-v1.0")
    assert git(tmp_path / "edited", "branch", "--show-current") == "from-v1.0"


def test_a_setting_in_a_variable(
    make_repo: Callable[[str], Repo],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It comes before those of a repository, and only options of git come before it."""
    lms = make_repo("lms")
    (lms.root / "run.sh").write_text("#!/bin/sh\necho one\n")
    first = lms.release("v1.0")
    for name, value in {"COUNT": "1", "KEY_0": "core.autocrlf", "VALUE_0": "true"}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    checkout = mirrors.of(str(lms.root), Path("/")).checkout(first)
    assert (checkout / "run.sh").read_bytes() == b"#!/bin/sh\necho one\n"
    assert mirrors.differs(checkout, first) == ""


@pytest.mark.parametrize(
    "text", [SETTINGS["shown"], SETTINGS["diff"], everything()], ids=["shown", "diff", "everything"]
)
def test_what_is_not_committed_is_seen(
    make_repo: Callable[[str], Repo],  # noqa: F811
    set_git: Callable[[str], None],
    text: str,
) -> None:
    """Before a retrofit or an update, which refuse it; and in a checkout of the template, whose tests are run."""
    shop = make_repo("shop")
    (shop.root / "page.txt").write_text("first\n")
    shop.commit()
    set_git(text)
    clean(find(shop.root))
    before = identity(shop.root)
    (shop.root / "page.txt").write_text("second\n")
    assert identity(shop.root).startswith(f"{before}+")
    (shop.root / "page.txt").write_text("first\n")
    (shop.root / "new.txt").write_text("")
    with pytest.raises(Refusal, match=r"changes that are not committed: new\.txt"):
        clean(find(shop.root))


def test_a_mirror_has_branches_and_tags_only(make_repo: Callable[[str], Repo]) -> None:  # noqa: F811
    lms = make_repo("lms")
    lms.release("v1.0")
    proposed = commit(lms.root, "a proposal")
    git(lms.root, "update-ref", "refs/pull/1/head", proposed)
    git(lms.root, "reset", "--hard", "--quiet", "v1.0")
    mirror = mirrors.of(str(lms.root), Path("/"))
    mirror.fetch()
    mirror.fetch()
    refs = git(mirror.path, "for-each-ref", "--format=%(refname)").splitlines()
    assert refs == ["refs/heads/main", "refs/tags/v1.0"]
    git(lms.root, "config", "uploadpack.allowAnySHA1InWant", "true")
    assert mirror.commit(proposed) == proposed, "it is pinned somewhere, and its server has it"


@pytest.mark.parametrize(
    "said",
    ["git@git.example: Permission denied (publickey).", "Host key verification failed."],
)
def test_the_reason_of_ssh_is_shown(
    own_machine: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    said: str,
) -> None:
    script = tmp_path / "ssh"
    script.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 255\n")
    script.chmod(0o755)
    monkeypatch.setenv("GIT_SSH", str(script))
    monkeypatch.setattr(mirrors.trust, "check", lambda *_: None)
    with pytest.raises(DevError) as caught:
        mirrors.of("git@git.example:team/lms.git", tmp_path).commit("v1.0")
    assert (caught.value.code, said in caught.value.message) == (110, True)
    assert caught.value.hints[0] == "git ls-remote git@git.example:team/lms.git"


def test_submodules_and_large_files_are_reported(
    make_repo: Callable[[str], Repo],  # noqa: F811
    capfd: pytest.CaptureFixture[str],
) -> None:
    theme, lms = make_repo("theme"), make_repo("lms")
    commit(theme.root)
    run_quietly(
        "git", "-C", lms.root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", theme.root, "theme"
    )
    (lms.root / ".gitattributes").write_text("*.bin filter=lfs\n")
    (lms.root / "model.bin").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    lms.release("v1.0")
    mirror = mirrors.of(str(lms.root), Path("/"))
    mirror.checkout(mirror.commit("v1.0"))
    said = capfd.readouterr().err
    assert f"warning: {lms.root} has submodules, which are not fetched for a required service: theme" in said
    assert f"warning: {lms.root} has files in Git LFS, which were not fetched: model.bin" in said

"""A missing entry is fetched: the one commit, from wherever it is, byte for byte, and nothing else is touched."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import run_quietly
from tests.gitrepo import commit, git
from tests.launcher.conftest import BASE_PYTHON, Machine, Template, make_service, pin
from tests.messages import FETCHING_TOOLS

WHOLE = "fetching the whole history"


def assert_entry_is_the_commit(machine: Machine, repository: Path, made: str) -> None:
    """Each file equals its blob and is in MANIFEST, and other files do not exist."""
    entry = machine.cache / "tools" / made
    listed = run_quietly("git", "-C", repository, "ls-tree", "-r", made).stdout.splitlines()
    names = set()
    for row in listed:
        about, name = row.split("\t")
        mode, _, blob = about.split()
        names.add(name)
        content = subprocess.check_output(["git", "-C", repository, "cat-file", "blob", blob])
        if mode == "120000":
            assert os.readlink(entry / name) == content.decode()
        else:
            assert (entry / name).read_bytes() == content, name
            assert os.access(entry / name, os.X_OK) == (mode == "100755")
    found = [path for path in entry.rglob("*") if path.is_symlink() or path.is_file()]
    ours = {"MANIFEST", f".environment-{os.uname().sysname}-{os.uname().machine}"}
    assert {str(path.relative_to(entry)) for path in found if path.suffix != ".pyc"} - ours == names
    for line in (entry / "MANIFEST").read_text().splitlines():
        assert hashlib.sha256((entry / line[66:]).read_bytes()).hexdigest() == line[:64]


# ---- commits


@pytest.mark.parametrize("which", ["first", "second", "tip"])
def test_a_commit_of_a_branch_is_fetched_alone(machine: Machine, service: Path, small: Template, which: str) -> None:
    made = getattr(small, which)
    pin(service, f"file://{small.bare}", made)
    answer = machine.run(service)
    assert answer.commit == made
    assert answer.err.startswith(f"{FETCHING_TOOLS} {made[:12]} from file://")
    assert WHOLE not in answer.err
    assert_entry_is_the_commit(machine, small.bare, made)
    assert machine.entries == [made]


@pytest.mark.parametrize("tag", [["v9"], ["-m", "annotated", "v9"]], ids=["lightweight", "annotated"])
def test_a_commit_that_only_a_tag_has(machine: Machine, service: Path, small: Template, tag: list[str]) -> None:
    made = small.elsewhere("refs/heads/gone")
    git(small.bare, "tag", *tag, made)
    git(small.bare, "update-ref", "-d", "refs/heads/gone")
    pin(service, small.bare, made)
    assert machine.run(service).commit == made
    git(small.work, "checkout", "-q", "main")


@pytest.mark.parametrize("ref", ["refs/pull/1/head", "refs/x/refs/heads/main", "refs/remotes/origin/HEAD", ""])
@pytest.mark.parametrize("version", ["2", "0"])
def test_a_commit_of_a_fork_is_refused(
    machine: Machine, service: Path, small: Template, ref: str, version: str
) -> None:
    made = small.elsewhere(ref)
    git(small.bare, "config", "uploadpack.allowAnySHA1InWant", "true")
    machine.git_set("protocol.version", version)
    pin(service, small.bare, made)
    machine.run(service).failed(110, f"has the commit {made[:12]} on no branch and no tag", "hint: ")
    assert machine.entries == []


def test_a_commit_that_does_not_exist(machine: Machine, service: Path, small: Template) -> None:
    pin(service, small.bare, "0" * 40)
    machine.run(service).failed(110, "has the commit 000000000000 on no branch and no tag")
    assert machine.entries == []


def test_a_checkout_on_a_detached_head_is_fetched_and_not_run(machine: Machine, service: Path, small: Template) -> None:
    git(small.work, "checkout", "-q", "--detach")
    made = commit(small.work, "detached")
    behind = made
    made = commit(small.work, "further")
    (small.work / "devenv/__main__.py").write_text("raise SystemExit('the checkout itself was started')")
    for each in (made, behind):
        pin(service, small.work, each)
        assert machine.run(service).commit == each


def test_a_shallow_checkout_has_its_tip(machine: Machine, service: Path, small: Template, tmp_path: Path) -> None:
    run_quietly("git", "clone", "-q", "--depth=2", f"file://{small.bare}", tmp_path / "shallow")
    for made in (small.tip, small.second):
        pin(service, tmp_path / "shallow", made)
        assert machine.run(service).commit == made


def test_a_sha256_template(machine: Machine, service: Path, tmp_path: Path) -> None:
    other = Template(tmp_path / "sha256", kind="sha256")
    for made in (other.tip, other.second):
        assert len(made) == 64
        pin(service, other.bare, made)
        assert machine.run(service).commit == made
    assert_entry_is_the_commit(machine, other.bare, other.tip)


@pytest.mark.parametrize("which", ["second", "tip"])
def test_a_server_that_refuses_bare_commits(machine: Machine, service: Path, small: Template, which: str) -> None:
    machine.git_set("protocol.version", "0")
    pin(service, small.bare, getattr(small, which))
    answer = machine.run(service)
    assert answer.commit == getattr(small, which)
    assert answer.err.count(WHOLE) == (which == "second")
    assert_entry_is_the_commit(machine, small.bare, answer.commit)


# ---- settings


def test_unfriendly_git_settings_do_not_matter(machine: Machine, service: Path, small: Template) -> None:
    hooks = machine.folder / "template/hooks"
    hooks.mkdir(parents=True)
    for name in ("post-checkout", "reference-transaction", "post-index-change", "fsmonitor"):
        (hooks / name).write_text(
            f"#!/bin/sh\necho {name} >>'{machine.folder}/hooks-that-ran'\nexec tail -f /dev/null\n"
        )
        (hooks / name).chmod(0o755)
    settings = {
        "init.templateDir": str(hooks.parent),
        "core.hooksPath": str(hooks),
        "core.fsmonitor": str(hooks / "fsmonitor"),
        "core.autocrlf": "true",
        "core.eol": "crlf",
        "core.attributesFile": str(machine.home / "attributes"),
        "core.symlinks": "false",
        "core.fileMode": "false",
        "filter.smudge.smudge": "sed s/e/x/g",
        "filter.smudge.required": "true",
        "init.defaultObjectFormat": "sha256",
        "init.defaultBranch": "a..b",
        "clone.defaultRemoteName": "up",
        "remote.origin.url": "/nonexistent",
        "remote.origin.fetch": "+refs/pull/*/head:refs/remotes/origin/pr/*",
        "remote.origin.tagOpt": "--tags",
        "safe.bareRepository": "explicit",
        "fetch.prune": "true",
        "color.ui": "always",
        "core.quotePath": "true",
        "fetch.fsckObjects": "true",
        "submodule.recurse": "true",
        "maintenance.auto": "true",
        "gc.auto": "1",
    }
    for name, value in settings.items():
        machine.git_set(name, value)
    (machine.home / "attributes").write_text("* text eol=crlf ident\n")
    for made in (small.tip, small.second):
        pin(service, small.bare, made)
        assert machine.run(service, GIT_DEFAULT_HASH="sha256", GIT_TEMPLATE_DIR=str(hooks.parent)).commit == made
        assert_entry_is_the_commit(machine, small.bare, made)
    assert not (machine.folder / "hooks-that-ran").exists()


def state_of(repository: Path) -> list[str]:
    git_dir = Path(git(repository, "rev-parse", "--absolute-git-dir"))
    common = (repository / git(repository, "rev-parse", "--git-common-dir")).resolve()
    index = hashlib.sha256((git_dir / "index").read_bytes()).hexdigest()
    objects = sorted(str(path) for path in (common / "objects").rglob("*"))
    refs = git(repository, "for-each-ref")
    return [index, git(repository, "rev-parse", "HEAD"), refs, (common / "config").read_text(), *objects]


def test_the_variables_of_a_git_hook_do_not_matter(machine: Machine, service: Path, small: Template) -> None:
    variables = {
        "GIT_DIR": str(service / ".git"),
        "GIT_WORK_TREE": str(service),
        "GIT_INDEX_FILE": str(service / ".git/index"),
        "GIT_OBJECT_DIRECTORY": str(service / ".git/objects"),
        "GIT_COMMON_DIR": str(service / ".git"),
        "GIT_PREFIX": ".dev/",
        "GIT_NAMESPACE": "other",
        "GIT_SHALLOW_FILE": "/nonexistent",
        "GIT_QUARANTINE_PATH": str(service / ".git/objects/incoming"),
        "GIT_CONFIG": "/nonexistent",
    }
    for made in (small.tip, small.second):
        pin(service, small.bare, made)
        before = state_of(service)
        assert machine.run(service, **variables).commit == made
        assert state_of(service) == before


def test_it_works_from_a_commit_hook_in_a_linked_worktree(machine: Machine, service: Path, tmp_path: Path) -> None:
    worktree = tmp_path / "linked"
    git(service, "worktree", "add", "-q", str(worktree))
    hook = service / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\nset -e\nsh .dev/run from-the-hook >&2\n")
    hook.chmod(0o755)
    before = state_of(worktree)
    (worktree / "new").write_text("x")
    run_quietly("git", "add", "new", cwd=worktree)
    done = run_quietly("git", "commit", "-m", "with a hook", cwd=worktree, env=machine.env)
    assert "from-the-hook" in done.stderr
    assert git(worktree, "show", "--name-only", "--format=", "HEAD") == "new"
    assert git(worktree, "status", "--porcelain") == ""
    assert state_of(worktree)[3] == before[3]


def test_settings_for_one_command_still_count(machine: Machine, service: Path, small: Template) -> None:
    pin(service, "https://git.example/team/template", small.tip)
    settings = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{small.bare}.insteadOf"}
    answer = machine.run(service, **settings, GIT_CONFIG_VALUE_0="https://git.example/team/template")
    assert answer.commit == small.tip


# ---- addresses


@pytest.mark.parametrize(
    ("short", "url"),
    [
        ("gh:team/template", "https://github.com/team/template.git"),
        ("gl:team/sub/template", "https://gitlab.com/team/sub/template.git"),
        ("bb:team/template", "https://bitbucket.org/team/template"),
        ("https://old.example/template", "https://old.example/template"),
        ("git@old.example:team/template.git", "git@old.example:team/template.git"),
    ],
)
def test_addresses_are_those_of_cookiecutter_and_a_moved_template_is_found(
    machine: Machine, service: Path, small: Template, short: str, url: str
) -> None:
    machine.git_set(f"url.{small.bare}.insteadOf", url)
    pin(service, short, small.tip)
    assert machine.run(service).commit == small.tip


@pytest.mark.parametrize(
    ("remote", "relative", "url"),
    [
        ("git@git.example:team/catalog.git", "../template.git", "git@git.example:team/template.git"),
        ("ssh://git@git.example:22/team/catalog", "../../other/template", "ssh://git@git.example:22/other/template"),
        ("https://git.example/team/catalog.git/", "../template.git", "https://git.example/team/template.git"),
        ("https://git.example/team/catalog.git", "./template.git", "https://git.example/team/catalog.git/template.git"),
        ("file:///srv/team/catalog.git", "../template.git", "file:///srv/team/template.git"),
        ("/srv/team/catalog.git", "../template.git", "/srv/team/template.git"),
    ],
)
@pytest.mark.parametrize("name", ["origin", "up"])
def test_a_relative_address_starts_from_the_remote(
    machine: Machine, service: Path, small: Template, remote: str, relative: str, url: str, name: str
) -> None:
    git(service, "remote", "add", name, remote)
    machine.git_set(f"url.{small.bare}.insteadOf", url)
    pin(service, relative, small.tip)
    assert machine.run(service).commit == small.tip


def test_a_relative_address_follows_the_remote_of_the_branch(machine: Machine, service: Path, small: Template) -> None:
    git(service, "remote", "add", "origin", "https://fork.example/me/catalog.git")
    git(service, "remote", "add", "upstream", "https://git.example/team/catalog.git")
    git(service, "config", "branch.main.remote", "upstream")
    machine.git_set(f"url.{small.bare}.insteadOf", "https://git.example/team/template.git")
    pin(service, "../template.git", small.tip)
    assert machine.run(service).commit == small.tip


def test_a_relative_address_in_a_repository_of_another_owner(machine: Machine, service: Path, small: Template) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a repository to another user")
    git(service, "remote", "add", "origin", "https://git.example/team/catalog.git")
    run_quietly("chown", "-R", "65534", service)
    machine.git_set(f"url.{small.bare}.insteadOf", "https://git.example/team/template.git")
    pin(service, "../template.git", small.tip)
    assert machine.run(service).commit == small.tip


def test_a_relative_address_in_a_monorepo_and_in_its_linked_worktree(
    machine: Machine, small: Template, tmp_path: Path
) -> None:
    mono, linked = tmp_path / "team" / "mono", tmp_path / "linked" / "deep" / "mono"
    service = make_service(mono / "services" / "catalog", "../template.git", small.tip)
    shutil.rmtree(service / ".git")
    run_quietly("git", "init", "-q", "-b", "main", mono)
    commit(mono, "generated")
    git(mono, "worktree", "add", "-q", str(linked))
    small.bare.rename(tmp_path / "team" / "template.git")
    for root in (mono, linked):  # no remote: from the repository itself, and not from the service's folder
        assert machine.run(root / "services/catalog").commit == small.tip
        shutil.rmtree(machine.cache / "tools")
    git(mono, "remote", "add", "origin", "../upstream/mono.git")
    (tmp_path / "team/upstream").mkdir()
    (tmp_path / "team/template.git").rename(tmp_path / "team/upstream/template.git")
    assert machine.run(service).commit == small.tip


def test_a_template_below_the_home_folder(machine: Machine, service: Path, small: Template) -> None:
    small.bare.rename(machine.home / "template.git")
    pin(service, "~/template.git", small.tip)
    assert machine.run(service).commit == small.tip


# ---- failures


def test_a_template_that_is_gone_is_reported_in_full(machine: Machine, service: Path, small: Template) -> None:
    shutil.rmtree(small.bare)
    answer = machine.run(service)
    answer.failed(
        110, "does not appear to be a git repository", "access rights", "inv template.vendor", "git ls-remote"
    )
    assert machine.entries == []


def test_logins_are_masked(machine: Machine, service: Path, small: Template) -> None:
    pin(service, "http://ann:se@cret@127.0.0.1:9/team/template.git", small.tip)
    answer = machine.run(service).failed(110, "http://127.0.0.1:9/team/template.git", "insteadOf")
    assert "cret" not in answer.err
    assert "ann" not in answer.err
    machine.git_set("url.http://token123@127.0.0.1:9/.insteadOf", "https://git.example/")
    pin(service, "https://git.example/template", small.tip)
    assert "token123" not in machine.run(service).failed(110, "127.0.0.1").err


def test_a_broken_git_configuration_is_reported(machine: Machine, service: Path) -> None:
    (machine.home / ".gitconfig").write_text("[user\n")
    machine.run(service).failed(110, "bad config line 1")


def test_without_git_it_says_so(machine: Machine, service: Path) -> None:
    answer = machine.run(service, PATH=machine.path_with("uname", "cmp", "python3"))
    answer.failed(110, "git is not on the path", "hint: install git")


def test_without_python3_it_says_so(machine: Machine, service: Path) -> None:
    machine.run(service, PATH=machine.path_with("uname", "cmp")).failed(110, "python3 is not on the path", "3.9")
    machine.wrap("python3", "echo 'pyenv: python3: command not found' >&2; exit 127")
    machine.run(service).failed(110, "python3 is not on the path, or does not start")


def test_too_old_a_python_is_named(machine: Machine, service: Path) -> None:
    root = Path(os.environ.get("PYENV_ROOT", "/nonexistent"), "versions")
    old = [path for minor in (6, 7, 8) for path in root.glob(f"3.{minor}.*/bin/python3")]
    if not old:
        pytest.skip("no Python older than 3.9 is installed")
    for python in old:
        machine.wrap("python3", f'exec {python} "$@"')
        machine.run(service).failed(110, "Python 3.9 or newer is needed", "hint: ")


def test_a_full_disk_is_reported_and_leaves_nothing(machine: Machine, service: Path, small: Template) -> None:
    disk = machine.folder / "disk"
    disk.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=755", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let root mount")
    try:
        for kilobytes in (0, 16, 32, 48, 64):
            filler, cache = disk / "filler", disk / "devenv"
            shutil.rmtree(cache, ignore_errors=True)
            with suppress(OSError), filler.open("wb", buffering=0) as stream:
                while True:
                    stream.write(b"x" * 4096)
            os.truncate(filler, max(0, filler.stat().st_size - kilobytes * 1024))
            answer = machine.run(service, XDG_CACHE_HOME=str(disk)).failed(110, "hint: check the ", "free space")
            assert "No space left" in answer.err
            assert not list(disk.glob("devenv/tools/.*-part"))
            filler.unlink()
    finally:
        run_quietly("umount", disk)
    assert machine.run(service).commit == small.tip


# ---- .cruft.json


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (None, 1, "cannot be read"),
        (b"", 1, "not as cookiecutter and cruft write it"),
        (b'{\n "template": "x",\n "commit": \n}', 4, "not as cookiecutter"),
        (
            b'{\n<<<<<<< HEAD\n "commit": "a",\n=======\n "commit": "b",\n>>>>>>> x\n}',
            2,
            "a merge left a conflict here",
        ),
        (b'{\n "template": "x",\n "commit": "a"\n>>>>>>> x\n}', 4, "a merge left a conflict here"),
        (b"{\r\n<<<<<<< HEAD\r\n", 2, "a merge left a conflict here"),
        (b'{\n "template": "x",\n "who": "\xe9"}', 3, "utf-8"),
        (b'{\n "template": "x",\n "commit": "abc1234"\n}', 3, "'abc1234' is not the full id of a commit"),
        (b'{\n "template": "x",\n "commit": "' + b"A" * 40 + b'"\n}', 3, "is not the full id of a commit"),
        (b'{\n "template": "x",\n "commit": "../../x"\n}', 3, "is not the full id of a commit"),
        (b'{\n "template": "x",\n "commit": null\n}', 3, '"commit" is missing or not a text'),
        (b'{\n "commit": "' + b"a" * 40 + b'"\n}', 1, '"template" is missing or not a text'),
        (b'{"commit": "' + b"a" * 40 + b'",\n "template": 5}', 2, '"template" is missing or not a text'),
        (b"[]", 1, '"template" is missing or not a text'),
    ],
)
def test_a_pin_that_cannot_be_read_is_named_with_its_line(
    machine: Machine, service: Path, content: bytes | None, line: int, words: str
) -> None:
    page = service / ".cruft.json"
    page.unlink()
    if content is not None:
        page.write_bytes(content)
    machine.run(service).failed(111, f"{page}:{line}: ", words, "hint: ")
    assert not machine.cache.exists()


# ---- launcher and tools that do not belong together


def test_tools_of_another_interface_are_refused_before_their_environment(
    machine: Machine, service: Path, small: Template
) -> None:
    launch = (Path(__file__).parents[2] / "devenv/base/launch.py").read_text()
    (small.work / "devenv/base/launch.py").write_text(launch.replace('INTERFACE = "1"', 'INTERFACE = "2"'))
    (small.work / "devenv/bootstrap.py").write_text("raise SystemExit('another form')")
    made = commit(small.work, "interface 2")
    git(small.work, "push", "-q", "origin", "HEAD:main")
    pin(service, small.bare, made)
    machine.run(service).failed(111, ".dev/run:13: it starts tools of interface 1", "have interface 2", "'*.rej'")
    assert machine.environments == []


def test_a_launcher_of_another_interface_is_refused(machine: Machine, service: Path, small: Template) -> None:
    shutil.copytree(Path(__file__).parents[2] / "devenv/base", small.work / "devenv/base", dirs_exist_ok=True)
    made = commit(small.work, "with launch.py")
    git(small.work, "push", "-q", "origin", "HEAD:main")
    pin(service, small.bare, made)
    run = service / ".dev/run"
    run.write_text(run.read_text().replace("\nINTERFACE=1", "\nINTERFACE=2"))
    machine.run(service).failed(111, ".dev/run:13: it starts tools of interface 2", "have interface 1")


def test_a_template_without_tools_is_named(machine: Machine, service: Path, small: Template) -> None:
    git(small.work, "rm", "-rq", "devenv")
    made = commit(small.work, "before the tools")
    git(small.work, "push", "-q", "origin", "HEAD:main")
    pin(service, small.bare, made)
    words = f".cruft.json:3: the template at {made[:12]} has no tools that .dev/run can start"
    machine.run(service).failed(111, words, "one release")
    assert machine.entries == []


def test_a_blob_that_the_template_lost_is_named(machine: Machine, service: Path, small: Template) -> None:
    blob = git(small.bare, "rev-parse", f"{small.tip}:devenv/__main__.py")
    (small.bare / "objects" / blob[:2] / blob[2:]).unlink()
    machine.run(service).failed(110, "could not be fetched", blob[:12])
    assert machine.entries == []


def test_only_the_folder_is_printed_for_template_vendor(machine: Machine, service: Path, small: Template) -> None:
    command = [BASE_PYTHON, "-I", "-B", service / ".dev/fetch.py", "--fetch"]
    done = run_quietly(*command, env=machine.env, cwd="/")
    assert done.stdout == f"{machine.cache}/tools/{small.tip}\n"

"""A retrofit harms nothing: repositories of every unpleasant kind, before and after."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import run_quietly
from tests.messages import IS_A_LINK, NO_ANSWERS_FILE, NOT_COMMITTED, NOT_IN_GIT

from .conftest import adopt, commit, git, tree

BRANCH = "devenv-retrofit"
INCLUDE = b"include .dev/dev.mk\n"
WIRED = {"Makefile": INCLUDE, "GNUmakefile": INCLUDE, "tasks.py": b"import dev_tasks"}
FLASK = {
    "requirements.txt": "flask==3.1.0\ngunicorn==23.0.0\n",
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get('/health')\ndef health():\n    return 'ok'\n",  # noqa: E501
}

Files = dict[str, "str | bytes"]
Make = Callable[[Files], Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """make({"app.py": "…"}) → a git repository with these files in one commit."""

    def make(files: Files) -> Path:
        repo = tmp_path / "shop"
        for name, content in files.items():
            (repo / name).parent.mkdir(parents=True, exist_ok=True)
            (repo / name).write_bytes(content.encode() if isinstance(content, str) else content)
        git_init(repo)
        return repo

    return make


def git_init(repo: Path) -> None:
    git(repo, "init", "--quiet", "--initial-branch=main")
    commit(repo, "as it was")


def retrofit(template: Path, repo: Path, *flags: str, code: int = 0) -> str:
    """What the command says, on both streams."""
    done = adopt(template, "retrofit", repo, *flags)
    assert done.code == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def on_disk(repo: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and bytes of each file of the work tree; of a link, where it leads."""
    found = {}
    for path in sorted(repo.rglob("*")):
        if ".git" in path.relative_to(repo).parts[:1] or (path.is_dir() and not path.is_symlink()):
            continue
        content = os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes()
        found[str(path.relative_to(repo))] = (path.lstat().st_mode, content)
    return found


def assert_nothing_is_harmed(template: Path, repo: Path, *flags: str) -> str:
    """Each earlier file is as it was, or has one line more; again changes nothing; --undo leaves it as it was."""
    before, start = on_disk(repo), git(repo, "rev-parse", "HEAD")
    said = retrofit(template, repo, *flags)
    after = on_disk(repo)
    for name, (mode, content) in before.items():
        assert after[name][0] == mode, name
        line = WIRED.get(Path(name).name)
        if after[name][1] != content:
            assert line, f"{name} was changed"
            added = [each for each in after[name][1].splitlines(keepends=True) if each.startswith(line)]
            assert len(added) == 1
            theirs = b"DEV_THEIRS := dev.up\n" if b"\ndev.up:" in b"\n" + content else b""
            assert after[name][1].replace(theirs + added[0], b"", 1) in (content, content + b"\n")
    assert git(repo, "status", "--porcelain") == ""
    assert git(repo, "rev-list", "--count", f"{start}..{BRANCH}") == "2"
    head = git(repo, "rev-parse", "HEAD")
    retrofit(template, repo, *flags)
    assert (on_disk(repo), git(repo, "rev-parse", "HEAD")) == (after, head)
    retrofit(template, repo, "--undo")
    assert (on_disk(repo), git(repo, "rev-parse", "HEAD")) == (before, start)
    assert BRANCH not in git(repo, "branch", "--list")
    return said


PLAIN = [
    pytest.param({"README.md": "# nothing but a page\n"}, id="nothing that we know"),
    pytest.param(FLASK, id="flask"),
    pytest.param({**FLASK, "windows.txt": b"one\r\ntwo\r\n", "settings.ini": b"[a]\r\nPORT=1\r\n"}, id="CRLF"),
    pytest.param({**FLASK, "latin.py": b"name = 'caf\xe9'\n", "Dockerfile": b"FROM \xff\n"}, id="not UTF-8"),
    pytest.param({**FLASK, "a b/ü – ☃.py": "x = 1\n", 'quo"te\\.txt': "x", "new\nline.txt": "x"}, id="names"),
    pytest.param({**FLASK, "Makefile": "all:\n\techo all", "docs/Makefile": "x:\n"}, id="Makefile"),
    pytest.param({**FLASK, "Makefile": "dev.up:\n\techo mine\n"}, id="dev targets of its own"),
    pytest.param({**FLASK, "Makefile": b"all:\r\n\techo\r\n"}, id="Makefile with CRLF"),
    pytest.param({**FLASK, "GNUmakefile": "all:\n\techo\n", "Makefile": "all:\n"}, id="GNUmakefile"),
    pytest.param({**FLASK, "tasks.py": "from invoke import task\n\n\n@task\ndef build(c):\n    pass\n"}, id="tasks.py"),
    pytest.param({**FLASK, "tasks.py": "from celery import Celery\n"}, id="tasks.py of Celery"),
    pytest.param({**FLASK, "tasks/__init__.py": "import invoke\n", "tasks/a.py": ""}, id="package tasks"),
    pytest.param({**FLASK, "docker-compose.yml": "services: {web: {image: x}}\n"}, id="compose file"),
    pytest.param({**FLASK, "Dockerfile": "FROM python:3.12\nEXPOSE 8000\n", ".dockerignore": "*\n"}, id="Dockerfile"),
    pytest.param({**FLASK, ".gitignore": ".*\n*.yaml\nDockerfile*\nMakefile\n*.py\n"}, id="ours are ignored"),
    pytest.param({**FLASK, ".gitattributes": "* text eol=crlf\n*.bin binary\n", "b.bin": b"\0\r\n"}, id="attributes"),
    pytest.param(
        {
            "pyproject.toml": "[project\n",
            "package.json": "{",
            "docker-compose.yml": "a: [\n",
            "manage.py": "(",
            ".env.example": "=",
        },
        id="all broken",
    ),
    pytest.param(
        {"package.json": "[]", "docker-compose.yml": "- a\n", "pyproject.toml": "project = 1\n"}, id="other types"
    ),
]


@pytest.mark.parametrize("files", PLAIN)
def test_nothing_is_harmed(history: Path, make: Make, files: Files) -> None:
    assert_nothing_is_harmed(history, make(files))


def test_nothing_of_the_repository_runs(
    history: Path, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = f"open({str(tmp_path / 'trap')!r}, 'w')\n"
    names = (
        "setup.py",
        "manage.py",
        "settings.py",
        "conftest.py",
        "sitecustomize.py",
        "json.py",
        "yaml.py",
        "tools.py",
    )
    repo = make({**FLASK, **dict.fromkeys(names, trap), "Makefile": f"X := $(shell touch {tmp_path}/trap)\nall:\n"})
    monkeypatch.chdir(repo)
    assert_nothing_is_harmed(history, repo)
    assert not (tmp_path / "trap").exists()


def test_links(history: Path, make: Make, tmp_path: Path) -> None:
    (tmp_path / "outside.env").write_text("SECRET_KEY=never-read\n")
    repo = make(FLASK)
    (repo / "Makefile").symlink_to("build/Makefile")
    (repo / "loop").symlink_to("loop")
    (repo / ".env.example").symlink_to(tmp_path / "outside.env")
    (repo / "up").symlink_to("..")
    commit(repo, "links")
    assert f"Makefile {IS_A_LINK}" in assert_nothing_is_harmed(history, repo)
    retrofit(history, repo)
    assert b"never-read" not in b"".join(entry.content for entry in tree(repo).values())


def test_submodule(history: Path, make: Make, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "Makefile").write_text("all:\n")
    git_init(other)
    repo = make(FLASK)
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "lib")
    commit(repo, "a submodule")
    assert_nothing_is_harmed(history, repo)


@pytest.mark.slow
def test_ten_thousand_files(history: Path, make: Make) -> None:
    many = {f"data/{number % 100}/{number}.txt": str(number) for number in range(10_000)}
    assert_nothing_is_harmed(history, make({**FLASK, **many}))


def test_shallow_clone(history: Path, make: Make, tmp_path: Path) -> None:
    repo = make(FLASK)
    commit(repo, "more")
    run_quietly("git", "clone", "--quiet", "--depth=1", f"file://{repo}", tmp_path / "shallow")
    assert_nothing_is_harmed(history, tmp_path / "shallow")


def test_detached_head(history: Path, make: Make) -> None:
    repo = make(FLASK)
    git(repo, "switch", "--quiet", "--detach")
    assert_nothing_is_harmed(history, repo)


def test_service_in_a_folder_of_a_larger_repository(history: Path, make: Make) -> None:
    repo = make(
        {
            "Makefile": "all:\n",
            "services/other/app.py": "x = 1\n",
            **{f"services/till/{n}": t for n, t in FLASK.items()},
        }
    )
    before = on_disk(repo)
    retrofit(history, repo / "services/till")
    after = on_disk(repo)
    assert {name: each for name, each in after.items() if not name.startswith("services/till/")} == {
        name: each for name, each in before.items() if not name.startswith("services/till/")
    }
    assert "services/till/.dev/run" in after
    assert "service: till" in after["services/till/dev.yaml"][1].decode()
    retrofit(history, repo / "services/till", "--undo")
    assert on_disk(repo) == before


def test_owner_s_filters_and_hooks_touch_nothing(history: Path, make: Make) -> None:
    """A commit hook that refuses, line endings that git would change."""
    repo = make({**FLASK, "unix.txt": "a\nb\n"})
    hook = repo / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    git(repo, "config", "core.autocrlf", "input")
    git(repo, "config", "commit.gpgSign", "true")
    assert_nothing_is_harmed(history, repo)


@pytest.mark.parametrize(
    ("spoil", "code", "message"),
    [
        (lambda repo: (repo / "new.txt").write_text("x"), 114, f"{NOT_COMMITTED}: new.txt"),
        (lambda repo: (repo / "app.py").write_text("x"), 114, f"{NOT_COMMITTED}: app.py"),
        (lambda repo: shutil.rmtree(repo / ".git"), 111, NOT_IN_GIT),
        (lambda repo: (shutil.rmtree(repo / ".git"), git(repo, "init", "--quiet")), 114, "has no commit yet"),
        (lambda repo: ((repo / "dev.yaml").write_text("mine: 1\n"), commit(repo)), 113, "dev.yaml already exists"),
        (lambda repo: ((repo / ".cruft.json").write_text("{}"), commit(repo)), 111, NO_ANSWERS_FILE),
        (lambda repo: ((repo / "compose.lean.yaml").touch(), commit(repo)), 113, "compose.lean.yaml already exists"),
    ],
)
def test_what_is_refused_changes_nothing(
    history: Path, make: Make, spoil: Callable[[Path], object], code: int, message: str
) -> None:
    repo = make(FLASK)
    spoil(repo)
    before = on_disk(repo)
    said = retrofit(history, repo, code=code)
    assert message in said
    assert f"error[{code}]: " in said
    assert "hint: " in said
    assert on_disk(repo) == before


def test_undo_keeps_the_owner_s_own_commits(history: Path, make: Make) -> None:
    repo = make(FLASK)
    assert "there is nothing to undo" in retrofit(history, repo, "--undo", code=113)
    retrofit(history, repo)
    (repo / "dev.yaml").write_text((repo / "dev.yaml").read_text() + "# mine\n")
    assert "not committed: dev.yaml" in retrofit(history, repo, "--undo", code=114)
    commit(repo, "mine")
    assert "has commits or changes that are not the retrofit's" in retrofit(history, repo, "--undo", code=114)
    git(repo, "reset", "--quiet", "--soft", "HEAD~1")
    git(repo, "commit", "--quiet", "--amend", "--no-edit")
    assert "has commits or changes that are not the retrofit's" in retrofit(history, repo, "--undo", code=114)
    assert (repo / "dev.yaml").read_text().endswith("# mine\n")


def test_undo_comes_too_late_or_elsewhere(history: Path, make: Make, tmp_path: Path) -> None:
    repo = make(FLASK)
    retrofit(history, repo)
    run_quietly("git", "clone", "--quiet", repo, tmp_path / "clone")
    assert "was not made in this clone" in retrofit(history, tmp_path / "clone", "--undo", code=113)
    (repo / "dev.yaml").write_text((repo / "dev.yaml").read_text() + "# mine\n")
    commit(repo, "mine")
    git(repo, "switch", "--quiet", "main")
    before = git(repo, "rev-parse", "HEAD^{tree}")
    git(repo, "merge", "--quiet", "--no-ff", "--no-edit", BRANCH)
    refused = retrofit(history, repo, "--undo", code=113)
    assert "is merged into main" in refused
    assert BRANCH in git(repo, "branch", "--list")
    run_quietly("sh", "-c", f"cd {repo} && {refused.partition('hint: ')[2]}")
    assert git(repo, "rev-parse", "HEAD^{tree}") == before


def test_undo_removes_what_the_tasks_made_for_themselves(history: Path, make: Make) -> None:
    repo = make(FLASK)
    before = on_disk(repo)
    retrofit(history, repo)
    for name in ("local/venv/bin/python", "devenv/__pycache__/main.cpython-313.pyc"):
        (repo / ".dev" / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / ".dev" / name).touch()
    retrofit(history, repo, "--undo")
    assert on_disk(repo) == before


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state folder of this test's own: two tests at once would have one record of `shop`."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.mark.usefixtures("own_state")
def test_undo_leaves_nothing_running_that_could_not_be_stopped(history: Path, make: Make) -> None:
    repo = make(FLASK)
    retrofit(history, repo)
    page = Path(os.environ["XDG_STATE_HOME"], "devenv/v1/main/shop.json")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(json.dumps({"checkout": str(repo)}))
    try:
        said = retrofit(history, repo, "--undo", code=113)
    finally:
        page.unlink()
    assert "shop (workspace main) still exists on this machine" in said
    assert f"hint: {repo}/.dev/run dev.destroy --yes" in said
    retrofit(history, repo, "--undo")


@pytest.mark.usefixtures("own_state")
def test_undo_refuses_for_the_owners_commits_before_it_hints_at_removing_data(history: Path, make: Make) -> None:
    repo = make(FLASK)
    retrofit(history, repo)
    git(repo, "commit", "--allow-empty", "-q", "-m", "the owner's")
    page = Path(os.environ["XDG_STATE_HOME"], "devenv/v1/main/shop.json")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(json.dumps({"checkout": str(repo)}))
    try:
        assert "dev.destroy" not in retrofit(history, repo, "--undo", code=114)
    finally:
        page.unlink()


def test_ignored_files_of_the_owner_are_never_replaced(history: Path, make: Make) -> None:
    """git switch would, without a word: what git ignores has no copy anywhere."""
    repo = make({**FLASK, ".gitignore": "dev.yaml\n.dev\n"})
    (repo / "dev.yaml").write_text("mine: 1\n")
    assert "dev.yaml already exists" in retrofit(history, repo, code=113)
    (repo / "dev.yaml").unlink()
    (repo / ".dev").write_text("mine\n")
    assert ".dev already exists" in retrofit(history, repo, code=113)
    assert (repo / ".dev").read_text() == "mine\n"
    assert git(repo, "branch", "--show-current") == "main"


@pytest.mark.parametrize("what", ["file", "link", "submodule"])
def test_a_committed_dev_of_another_kind_stays(history: Path, make: Make, tmp_path: Path, what: str) -> None:
    repo = make(FLASK)
    if what == "file":
        (repo / ".dev").write_text("mine\n")
    elif what == "link":
        (repo / ".dev").symlink_to("app.py")
    else:
        git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo), ".dev")
    commit(repo, what)
    before = git(repo, "rev-parse", "HEAD^{tree}")
    assert ".dev already exists" in retrofit(history, repo, code=113).replace("/.dev/", "/.dev ")
    assert git(repo, "rev-parse", "HEAD^{tree}") == before


def test_a_makefile_that_is_generated_is_named(history: Path, make: Make) -> None:
    repo = make({**FLASK, ".gitignore": "Makefile\n", "Makefile.am": "x\n"})
    (repo / "Makefile").write_text("all:\n")
    assert "Makefile is not committed" in retrofit(history, repo)
    assert (repo / "Makefile").read_text() == "all:\n"


def test_a_hook_that_fails_is_not_asked(history: Path, make: Make) -> None:
    repo = make(FLASK)
    hook = repo / ".git/hooks/post-checkout"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert_nothing_is_harmed(history, repo)


def test_our_programs_run_whatever_the_line_endings_are(history: Path, make: Make) -> None:
    repo = make({**FLASK, ".gitattributes": "* text eol=crlf\n"})
    retrofit(history, repo)
    assert b"\r" not in (repo / ".dev/run").read_bytes()


def test_all_doors_lead_to_the_tasks(history: Path, make: Make) -> None:
    """make and inv, beside targets and tasks of the owner's own."""
    repo = make({
        **FLASK,
        "Makefile": "all:\n\t@echo all\n",
        "tasks.py": '"""Ours."""\nfrom invoke import task\nimport own\n\n\n@task\ndef build(c):\n    print("built")\n',
        "own.py": "",
    })  # fmt: skip
    retrofit(history, repo)
    assert run_quietly("make", "-s", "-C", repo).stdout == "all\n"
    assert "dev.up" in run_quietly("make", "-s", "-C", repo, "dev.help").stdout
    assert "Start the service" in run_quietly("inv", "dev.up", "--help", cwd=repo).stdout
    assert run_quietly("inv", "build", cwd=repo).stdout == "built\n"


def test_no_readme_of_ours(template: Path, make: Make) -> None:
    repo = make(FLASK)
    retrofit(template, repo)
    assert not (repo / "README.md").exists()


def test_the_first_update_is_clean(history: Path, make: Make, tmp_path: Path) -> None:
    """By our own command, and by cruft alone."""
    from tests.adopt.test_update import out, taken

    template = shutil.copytree(history, tmp_path / "template", symlinks=True)
    repo = make(
        {**FLASK, "Dockerfile": "FROM python:3.12\n", "docker-compose.yml": "services: {}\n", "Makefile": "all:\n"}
    )
    retrofit(template, repo)
    state = json.loads((repo / ".cruft.json").read_text())
    assert state["context"]["cookiecutter"]["beside"] == "compose dockerfile"
    for name in (".dev/README.md", ".stacks/bare/Dockerfile", ".stacks/bare/dev.yaml"):
        with (template / "{{cookiecutter.repo_name}}" / name).open("a") as page:
            page.write("# news\n")
    out(template)
    shutil.copytree(repo, tmp_path / "by-cruft", symlinks=True)
    before = tree(repo)
    taken(template, repo)
    after = tree(repo)
    assert {name for name in {*before, *after} if before.get(name) != after.get(name)} == {
        ".cruft.json",
        ".dev/README.md",
    }
    run_quietly("cruft", "update", "--skip-apply-ask", "--checkout", "main", cwd=tmp_path / "by-cruft")
    changed = git(tmp_path / "by-cruft", "status", "--porcelain").split("\n")
    assert [line.split()[-1] for line in changed] == [".cruft.json", ".dev/README.md"]

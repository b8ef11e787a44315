"""What can go wrong in an update: each is named, and the work tree is as it was."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from devenv.base.process import Result
from devenv.template import updates
from tests.conftest import REPO, run_quietly
from tests.messages import HAS_BRANCH, NO_ANSWERS_FILE, NOT_COMMITTED, NOT_IN_GIT
from tools.adopt import change, releases
from tools.adopt.render import render
from tools.adopt.repository import find
from tools.adopt.update import update

from .conftest import NEXT, Service, adopt, commit, git, linked, tree, write

BRANCH = f"devenv-template-{NEXT}"
PROJECT = "{{cookiecutter.repo_name}}"


@pytest.fixture
def template(history: Path, tmp_path: Path) -> Path:
    """One of this test's own, which it may change; `out` makes a release of it."""
    return shutil.copytree(history, tmp_path / "template", symlinks=True)


def out(template: Path, version: str = "10.0.0") -> None:
    made = commit(template, f"Release {version}")
    with (template / "releases.txt").open("a") as page:
        page.write(f"{version} {made}\n")
    commit(template, "out")


def taken(template: Path, repo: Path, *flags: str) -> str:
    """What a good update says."""
    done = adopt(template, "update", repo, *flags)
    assert done.code == 0, done.stderr
    return done.stderr


def state(repo: Path) -> tuple[object, ...]:
    """All that an update that failed must leave: commits, branch, index, files."""
    return git(repo, "rev-parse", "HEAD"), git(repo, "branch", "--show-current"), git(repo, "status", "-s"), tree(repo)


def refused(template: Path, repo: Path, code: int, *flags: str) -> str:
    """What it says; nothing has changed but for a branch."""
    before = state(repo) if (repo / ".git").is_dir() else ()
    done = adopt(template, "update", repo, *flags)
    assert done.code == code, done.stderr
    assert done.stderr.count(f"error[{code}]: ") == 1
    assert "Traceback" not in done.stderr
    assert before == (state(repo) if (repo / ".git").is_dir() else ())
    return done.stderr


def edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_check_says_what_is_out_and_changes_nothing(template: Path, service: Service) -> None:
    repo = service("0.2.0", stack="bare")
    before = state(repo)
    done = adopt(template, "check", repo, "--json")
    found = json.loads(done.stdout)
    assert (done.code, found["service"], found["version"]) == (1, "catalog", "0.2.0")
    assert found["lacks"][-1]["version"] == NEXT
    assert "What is new." in found["changes"]
    assert "0.1.0" not in found["changes"]
    assert found["conflicts"] == []
    assert f"error[1]: catalog is at 0.2.0; {NEXT} is out\nhint: inv template.update\n" in done.stderr
    assert before == state(repo)
    taken(template, repo)
    done = adopt(template, "check", repo)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.startswith(f"catalog is at {NEXT} of ")
    assert done.stdout.endswith(", and nothing newer is out\n")


def test_conflict_is_113_and_the_attempt_is_on_its_branch(template: Path, service: Service) -> None:
    repo = service("0.2.0", stack="django")
    edit(repo / "Dockerfile", "AS base", "AS base # ours")
    commit(repo, "ours")
    edit(template / "templates/python/Dockerfile", "AS base", "AS base # theirs")
    out(template)
    assert "Dockerfile: changed here and in the template" in adopt(template, "check", repo).stdout
    said = refused(template, repo, 113)
    branch = "devenv-template-10.0.0"
    assert "  Dockerfile: changed here and in the template, in the same lines" in said
    assert f"hint: git switch {branch}" in said
    attempt = git(repo, "show", f"{branch}:Dockerfile")
    assert "<<<<<<< HEAD" in attempt
    assert f">>>>>>> {branch}" in attempt
    assert git(repo, "show", f"{branch}:.dev/VERSION") == NEXT  # all else was taken
    assert HAS_BRANCH in refused(template, repo, 113)
    git(repo, "switch", "--quiet", branch)
    git(repo, "checkout", "--quiet", "main", "--", "Dockerfile")
    commit(repo, "fixed")
    assert "is already at 10.0.0 of the template" in taken(template, repo)


@pytest.mark.parametrize(
    ("here", "there", "why"),
    [
        ("removed", "changed", "removed here, changed in the template"),
        ("changed", "removed", "changed here, removed from the template"),
        ("made", "made", "made here and in the template, with different contents"),
    ],
)
def test_what_git_cannot_decide_is_named(template: Path, service: Service, here: str, there: str, why: str) -> None:
    repo = service(NEXT, stack="bare")
    name = ".dev/NEW.md" if here == "made" else ".dev/README.md"
    for folder, what in ((repo, here), (template / PROJECT, there)):
        if what == "removed":
            (folder / name).unlink()
        else:
            with (folder / name).open("a") as page:
                page.write(f"{what} in {folder.name}\n")
        commit(folder, what)
    out(template)
    assert f"  {name}: {why}" in refused(template, repo, 113)


def test_removed_on_either_side_alone(template: Path, service: Service) -> None:
    """Removed there: gone here too. Removed here: stays so, and is named."""
    repo = service(NEXT, stack="bare")
    (repo / ".dev/README.md").unlink()
    commit(repo, "not wanted")
    (template / PROJECT / ".dev/schema.json").unlink()
    out(template)
    assert ".dev/README.md: removed here, so it stays removed" in taken(template, repo)
    assert not (repo / ".dev/schema.json").exists()
    assert not (repo / ".dev/README.md").exists()


def test_own_files_are_never_touched(template: Path, service: Service) -> None:
    """Their head comments say so, and `skip` for those that can have none; also for a name that is new there."""
    repo = service(NEXT, stack="django")
    (repo / "seeds/more.py").write_text("mine = True\n")
    (repo / "README.md").unlink()
    commit(repo, "mine")
    stack = template / PROJECT / ".stacks/django"
    edit(template / "templates/dev.yaml", "port:", "# theirs\nport:")
    edit(stack / "uv.lock", "version = 1", "version = 1 # theirs")
    edit(template / "templates/README.md", "## Start", "## Begin")
    for name in ("more", "new"):
        (template / PROJECT / f".stacks/django.database/seeds/{name}.py").write_text("# Owner: this service.\n")
    out(template)
    before = tree(repo)
    assert "seeds/more.py: the template has such a file now; yours is not changed" in taken(template, repo)
    after = tree(repo)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert changed == {".cruft.json", "seeds/new.py"}


def test_new_questions_are_named_and_can_be_answered(template: Path, service: Service) -> None:
    repo = service("0.1.0", stack="bare")
    assert "new question cache: answered with none (another one: --answer cache=VALUE)" in taken(template, repo)
    git(repo, "switch", "--quiet", "main")
    git(repo, "branch", "--quiet", "--delete", "--force", BRANCH)
    taken(template, repo, "--answer", "cache=redis")
    answers = json.loads((repo / ".cruft.json").read_text())["context"]["cookiecutter"]
    assert (answers["cache"], answers["worker"], answers["service"]) == ("redis", "none", "catalog")


class Typed(io.StringIO):
    """A terminal at which somebody types these lines."""

    def isatty(self) -> bool:
        return True


def test_new_questions_are_asked_at_a_terminal(
    template: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One each; what is given on the command line is not asked, and an empty line takes the template's own."""
    repo = service("0.1.0", stack="bare")
    monkeypatch.setattr(sys, "stdin", Typed("queue\n\n"))
    said = taken(template, repo, "--answer", "cache=redis")
    assert "Cache (redis" not in said
    assert "needs the cache redis): none, queue [Enter: as the template has it]" in said
    answers = json.loads((repo / ".cruft.json").read_text())["context"]["cookiecutter"]
    assert (answers["cache"], answers["worker"], answers["beside"]) == ("redis", "queue", "none")


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        ("colour=red", 2, f"the template at {NEXT} does not ask colour"),
        ("cache", 2, "--answer cache is not NAME=VALUE"),
        ("cache=memcached", 111, "cache is 'memcached'; allowed: one of: none, redis"),
    ],
)
def test_answers_that_make_no_sense(template: Path, service: Service, answer: str, code: int, message: str) -> None:
    assert message in refused(template, service("0.1.0", stack="bare"), code, "--answer", answer)


def small_template(folder: Path, question: str, name: str) -> None:
    """Asks three things, and has one file, which is the service's own, with the answer to one of them."""
    shutil.rmtree(folder / PROJECT, ignore_errors=True)
    (folder / PROJECT).mkdir(parents=True)
    asked = {"service": "catalog", "repo_name": "{{ cookiecutter.service }}", question: "18160"}
    (folder / "cookiecutter.json").write_text(json.dumps(asked))
    text = f"# Owner: this service.\nport: {{{{ cookiecutter.{question} }}}}\n"
    (folder / PROJECT / name).write_text(text)
    (folder / PROJECT / "common").write_text(f"{question}\n")


def test_renamed_question_and_file_carry_answers_and_edits(tmp_path: Path) -> None:
    """Also of a file that is the service's own, which no merge would follow."""
    template, repo = tmp_path / "template", tmp_path / "catalog"
    small_template(template, "port", "dev.yaml")
    git(template, "init", "--quiet", "--initial-branch=main")
    (template / "releases.txt").write_text("# none yet\n")
    out(template, "1.0.0")
    at = releases.named(template, "1.0.0").commit
    repo.mkdir()
    made = render(template, at, {"port": "18222"}).files
    answers = {"service": "catalog", "repo_name": "catalog", "port": "18222", "colour": "red"}
    write(repo, {**made, ".cruft.json": linked(template, at, answers)})
    (repo / "dev.yaml").write_text((repo / "dev.yaml").read_text() + "# mine\n")
    git(repo, "init", "--quiet", "--initial-branch=main")
    commit(repo, "mine")
    small_template(template, "listen", "service.yaml")
    renames = [{"version": "2.0.0", "variables": {"port": "listen"}, "files": {"dev.yaml": "service.yaml"}}]
    (template / "migrations.yaml").write_text(yaml.safe_dump(renames))
    out(template, "2.0.0")

    found = change.compute(find(repo), template)
    assert (found.conflicts, found.dropped, found.added) == ((), ("colour",), {})
    update(repo, template)
    assert {name: entry.content for name, entry in tree(repo).items() if name != ".cruft.json"} == {
        "service.yaml": b"# Owner: this service.\nport: 18222\n# mine\n",
        "common": b"listen\n",
    }
    known = json.loads((repo / ".cruft.json").read_text())["context"]["cookiecutter"]
    assert known == {"service": "catalog", "repo_name": "catalog", "listen": "18222"}


def test_history_is_not_needed(template: Path, service: Service, tmp_path: Path) -> None:
    """A shallow clone, and one whose history was squashed: cruft would fall back to rejects for every file."""
    repo = service("0.2.0", stack="bare")
    with (repo / "Dockerfile").open("a") as page:
        page.write("# ours\n")
    commit(repo, "ours")
    run_quietly("git", "clone", "--quiet", "--depth=1", f"file://{repo}", tmp_path / "shallow")
    taken(template, tmp_path / "shallow")
    assert (tmp_path / "shallow/Dockerfile").read_text().endswith("# ours\n")


def test_in_a_folder_of_a_larger_repository(template: Path, service: Service, tmp_path: Path) -> None:
    repo = service("0.2.0", stack="bare")
    shutil.rmtree(repo / ".git")
    mono = tmp_path / "mono"
    mono.mkdir()
    (mono / "Makefile").write_text("all:\n")
    repo.rename(mono / "catalog")
    git(mono, "init", "--quiet", "--initial-branch=main")
    commit(mono, "all of us")
    taken(template, mono / "catalog")
    assert (mono / "catalog/.dev/VERSION").read_text() == f"{NEXT}\n"
    assert git(mono, "diff", "--name-only", "main", "--", ":!catalog") == ""


def test_bytes_modes_and_links_of_the_template_arrive(template: Path, service: Service) -> None:
    repo = service(NEXT, stack="bare")
    new = template / PROJECT / ".dev"
    (new / "latin.txt").write_bytes(b"caf\xe9\r\n\0")
    (new / "tool").write_text("#!/bin/sh\n")
    (new / "tool").chmod(0o755)
    (new / "run").chmod(0o644)
    out(template)
    taken(template, repo)
    after = tree(repo)
    assert after[".dev/latin.txt"].content == b"caf\xe9\r\n\0"
    assert (after[".dev/tool"].mode, after[".dev/run"].mode) == ("100755", "100644")


def test_what_is_not_committed_is_114(template: Path, service: Service) -> None:
    repo = service("0.2.0", stack="bare")
    (repo / "notes.txt").write_text("mine")
    assert f"{NOT_COMMITTED}: notes.txt" in refused(template, repo, 114)


def test_no_service_of_this_template(template: Path, service: Service, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert NOT_IN_GIT in refused(template, tmp_path / "plain", 111)
    repo = service("0.2.0", stack="bare")
    known = json.loads((repo / ".cruft.json").read_text())
    (repo / ".cruft.json").write_text(json.dumps({**known, "commit": "0" * 40}))
    commit(repo, "of another template")
    assert "does not have the template's commit 000000000000" in refused(template, repo, 111)
    (repo / ".cruft.json").write_text("{")
    commit(repo, "broken")
    assert f"{repo}/.cruft.json:1: {NO_ANSWERS_FILE}" in refused(template, repo, 111)
    assert "the template has no release 7.0.0" in refused(template, service_again(repo, known), 2, "--to", "7.0.0")


@pytest.mark.parametrize(
    ("wrong", "value"),
    [("commit", "--output={trap}"), ("commit", 123), ("template", 1), ("skip", None), ("skip", [1]), ("context", {})],
)
def test_a_cruft_json_that_is_not_cruft_s(template: Path, service: Service, wrong: str, value: object) -> None:
    repo = service("0.2.0", stack="bare")
    trap = repo.parent / "trap"
    value = value.format(trap=trap) if isinstance(value, str) else value
    (repo / ".cruft.json").write_text(json.dumps({**json.loads((repo / ".cruft.json").read_text()), wrong: value}))
    (repo / "pyproject.toml").write_text("tool = 3\n")
    commit(repo, "wrong")
    assert NO_ANSWERS_FILE in refused(template, repo, 111)
    assert not trap.exists()


def test_a_commit_after_the_highest_release_is_not_downgraded(template: Path, service: Service) -> None:
    """As a retrofit from a checkout between two releases has it."""
    repo = service(NEXT, stack="bare")
    later = commit(template, "after it")
    state = json.loads((repo / ".cruft.json").read_text())
    (repo / ".cruft.json").write_text(json.dumps({**state, "commit": later}))
    commit(repo, "from a later commit")
    assert "of the template, and nothing newer is out" in taken(template, repo)
    assert adopt(template, "check", repo).code == 0
    taken(template, repo, "--to", NEXT)
    assert git(repo, "branch", "--show-current") == BRANCH


def test_answers_are_never_run(template: Path, service: Service) -> None:
    """fleet.check --try renders the answers of anybody's repository, and cookiecutter runs what is Jinja in them."""
    repo = service("0.2.0", stack="bare")
    known = json.loads((repo / ".cruft.json").read_text())
    trap = repo.parent / "trap"
    known["context"]["cookiecutter"]["service"] = f"{{{{ cycler.__init__.__globals__.os.mkdir('{trap}') }}}}catalog"
    (repo / ".cruft.json").write_text(json.dumps(known))
    commit(repo, "wrong")
    assert "the answer service is code of Jinja" in refused(template, repo, 111)
    assert not trap.exists()


def test_ignored_files_of_the_owner_are_never_replaced(template: Path, service: Service) -> None:
    repo = service(NEXT, stack="bare")
    (repo / ".gitignore").write_text("local.env\n")
    commit(repo, "ignored")
    (repo / "local.env").write_text("my secret\n")
    (template / PROJECT / "local.env").write_text("theirs\n")
    out(template)
    assert "local.env" in refused(template, repo, 113)
    assert (repo / "local.env").read_text() == "my secret\n"
    assert "10.0.0" not in git(repo, "branch", "--list")


def test_a_file_of_the_owner_where_the_template_has_a_folder(template: Path, service: Service) -> None:
    repo = service(NEXT, stack="bare")
    (repo / "notes").write_text("mine\n")
    (repo / "pages").mkdir()
    (repo / "pages/one").write_text("mine\n")
    commit(repo, "mine")
    (template / PROJECT / "notes").mkdir()
    (template / PROJECT / "notes/env.md").write_text("theirs\n")
    (template / PROJECT / "pages").write_text("theirs\n")
    out(template)
    said = refused(template, repo, 113)
    assert "  notes/env.md: notes is in its place" in said
    assert "  pages: pages/ is in its place" in said
    assert git(repo, "show", "devenv-template-10.0.0:notes") == "mine"
    assert git(repo, "show", "devenv-template-10.0.0:pages/one") == "mine"


def test_a_renamed_file_whose_new_name_is_taken(template: Path, service: Service) -> None:
    repo = service(NEXT, stack="bare")
    (repo / "service.yaml").write_text("mine: 1\n")
    commit(repo, "mine")
    renames = [{"version": "10.0.0", "files": {"dev.yaml": "service.yaml"}}]
    (template / "migrations.yaml").write_text(yaml.safe_dump(renames))
    out(template)
    assert "  dev.yaml: it is service.yaml in the template now, and you have both" in refused(template, repo, 113)
    assert "contract:" in git(repo, "show", "devenv-template-10.0.0:dev.yaml")


def test_attributes_of_the_template_decide_nothing(template: Path, service: Service) -> None:
    repo = service(NEXT, stack="bare")
    (template / PROJECT / ".dev/.gitattributes").write_text("* merge=union\n")
    for folder in (repo, template / PROJECT):
        page = folder / ".dev/README.md"
        page.write_text(page.read_text().replace("# .dev:", f"# {folder.name}:", 1))
        commit(folder, "the same line")
    out(template)
    assert ".dev/README.md: changed here and in the template" in refused(template, repo, 113)


def test_other_hashes_than_sha1(template: Path, service: Service, tmp_path: Path) -> None:
    repo = service(NEXT, stack="bare")
    shutil.rmtree(repo / ".git")
    git(repo, "init", "--quiet", "--initial-branch=main", "--object-format=sha256")
    commit(repo, "first")
    (template / PROJECT / ".dev/schema.json").unlink()
    out(template)
    taken(template, repo)
    assert not (repo / ".dev/schema.json").exists()


def test_nothing_to_take_makes_no_branch(template: Path, service: Service) -> None:
    """Also where cruft wrote the file, with keys of its own."""
    repo = service(NEXT, stack="bare")
    state = json.loads((repo / ".cruft.json").read_text())
    state["context"]["cookiecutter"]["_template"] = state["template"]
    (repo / ".cruft.json").write_text(json.dumps({**state, "checkout": "v9.9.9"}))
    commit(repo, "as cruft has it")
    assert f"is already at {NEXT} of the template" in taken(template, repo)
    assert git(repo, "branch", "--list") == "* main"


def service_again(repo: Path, known: dict[str, object]) -> Path:
    (repo / ".cruft.json").write_text(json.dumps(known))
    commit(repo, "fixed")
    return repo


def test_the_service_s_own_commands(service: Service, history: Path) -> None:
    """`.dev/run template.*`: the tools come from the template's newest commit, and the contract is checked after it."""
    repo = service(NEXT, stack="django")
    known = json.loads((repo / ".cruft.json").read_text())
    before = git(history, "rev-parse", f"{known['commit']}~1")
    (repo / ".cruft.json").write_text(json.dumps({**known, "commit": before}))
    commit(repo, "as if it was older")
    done = subprocess.run([repo / ".dev/run", "template.check"], capture_output=True, text=True, check=False)
    assert (done.returncode, f"{NEXT} is out" in done.stderr) == (1, True), done.stderr
    done = subprocess.run([repo / ".dev/run", "template.update"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert git(repo, "branch", "--show-current") == BRANCH
    assert "MUSTs" in done.stdout


def test_an_error_reaches_the_verb_as_it_is(tmp_path: Path) -> None:
    """inv template.update reports it, so that --json has it too."""
    argv = [sys.executable, "-m", "tools.adopt", "update", str(tmp_path)]
    spoken = subprocess.run(argv, cwd=REPO, capture_output=True, text=True, check=False)
    env = {**os.environ, updates.AS_JSON: "1"}
    done = subprocess.run(argv, cwd=REPO, env=env, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    for before in ("", "an answer\n"):
        told = updates._failed("update", Result(done.returncode, before + done.stdout, ""))
        assert told.error
        lines = [f"error[{told.error.code}]: {told.error.message}", *(f"hint: {hint}" for hint in told.error.hints)]
        assert (told.answer, lines) == (before.strip(), spoken.stderr.splitlines())
        assert told.error.code == done.returncode == spoken.returncode
    broken = updates._failed("update", Result(1, "half an ans", ""))
    assert broken.error
    assert (broken.error.code, broken.answer) == (1, "half an ans")


def test_vendored_tools_are_those_of_the_new_release(service: Service, history: Path) -> None:
    """A commit of their own on the same branch; plain `cruft update` leaves them to the owner."""
    repo = service(NEXT, stack="django")
    known = json.loads((repo / ".cruft.json").read_text())
    (repo / ".cruft.json").write_text(
        json.dumps({**known, "commit": git(history, "rev-parse", f"{known['commit']}~1")})
    )
    for argv in (["template.vendor"], ["template.update"]):
        commit(repo, "what is there")
        done = subprocess.run([repo / ".dev/run", *argv], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
    assert "MUSTs" in done.stdout
    assert git(repo, "branch", "--show-current") == BRANCH
    assert (repo / ".dev/tools/COMMIT").read_text().strip() == known["commit"]
    assert git(repo, "status", "--porcelain") == ""
    assert {name.split("/")[1] for name in git(repo, "show", "--name-only", "--format=").splitlines()} == {"tools"}

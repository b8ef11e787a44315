"""However a service was made, it takes the template's changes and keeps its own."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from devenv.base import vendored
from tests.messages import NOT_COMMITTED

from .conftest import PROJECT, STACKS, Tools, tree


@pytest.fixture
def template(template: Path, tmp_path: Path) -> Path:
    """A copy of this test's own, which it may change."""
    return shutil.copytree(template, tmp_path / "template", symlinks=True)


def state(service: Path) -> dict[str, object]:
    return dict(json.loads((service / ".cruft.json").read_text()))


# Both make the same files (the test below); a service that cruft made differs in .cruft.json alone.
MADE = [*(("cookiecutter", stack) for stack in STACKS), ("cruft create", "django")]
OFTEN = ("cookiecutter", "node")  # the others are updated in test-all


@pytest.fixture(
    params=[pytest.param(made, marks=[] if made == OFTEN else pytest.mark.slow, id="-".join(made)) for made in MADE]
)
def made(request: pytest.FixtureRequest) -> tuple[str, str]:
    """How a service is made, and of which stack."""
    return request.param


@pytest.fixture
def repo(made: tuple[str, str], tools: Tools, template: Path, workdir: Path) -> Path:
    """A service in a git repository of its own."""
    how, stack = made
    if how == "cookiecutter":
        tools.cookiecutter(template, f"stack={stack}", cwd=workdir)
    else:
        tools.cruft_create(template, stack=stack, cwd=workdir)
    tools.init(workdir / "catalog")
    return workdir / "catalog"


def append(path: Path, line: str) -> None:
    path.write_text(path.read_text() + line + "\n")


def prepend(path: Path, line: str) -> None:
    path.write_text(line + "\n" + path.read_text())


def append_there(path: Path, line: str) -> None:
    """At the end of what comes of a template's file: of its last block, where it extends another one."""
    if extended := re.fullmatch(r'{% extends "(.*)" %}\n', path.read_text()):
        path = next(folder for folder in path.parents if (folder / "templates").is_dir()) / "templates" / extended[1]
    text, end, rest = path.read_text().rpartition("{% endblock %}")
    path.write_text(f"{text}{line}\n{end}{rest}" if end else f"{rest}{line}\n")


def test_cookiecutter_and_cruft_make_the_same(tools: Tools, template: Path, workdir: Path, stack: str) -> None:
    (workdir / "cruft").mkdir()
    tools.cookiecutter(template, f"stack={stack}", cwd=workdir)
    made_by_cruft = tools.cruft_create(template, stack=stack, cwd=workdir / "cruft")
    assert tree(workdir / "catalog") == tree(made_by_cruft)


def test_cookiecutter_says_where_from(tools: Tools, template: Path, service: Path, stack: str) -> None:
    context = state(service).pop("context")
    assert context == {
        "cookiecutter": {
            "service": "catalog", "repo_name": "catalog", "stack": stack,
            "database": "postgres", "cache": "none", "worker": "none", "port": "18160", "beside": "none",
        }
    }  # fmt: skip
    assert {name: value for name, value in state(service).items() if name != "context"} == {
        "template": str(template),
        "commit": tools.git("rev-parse", "HEAD", cwd=template),
        "checkout": None,
        "directory": None,
    }


def test_origin_is_preferred_to_a_path(tools: Tools, template: Path, workdir: Path) -> None:
    tools.git("clone", "--quiet", str(template), "clone", cwd=workdir)
    tools.cookiecutter(workdir / "clone", cwd=workdir)
    assert state(workdir / "catalog")["template"] == str(template)


def test_path_is_kept_for_what_was_never_pushed(tools: Tools, template: Path, workdir: Path) -> None:
    tools.git("clone", "--quiet", str(template), "clone", cwd=workdir)
    append(workdir / "clone" / "hooks/pre_gen_project.py", "# mine")
    tools.commit(workdir / "clone", "mine")
    done = tools.cookiecutter(workdir / "clone", cwd=workdir)
    assert state(workdir / "catalog")["template"] == str(workdir / "clone")
    assert "teammates cannot fetch them" in done.stderr
    assert NOT_COMMITTED not in done.stderr


def test_a_template_with_changes_says_which_tools_run(tools: Tools, template: Path, workdir: Path) -> None:
    append(template / "hooks/pre_gen_project.py", "# mine")
    done = tools.cookiecutter(template, cwd=workdir)
    assert NOT_COMMITTED in done.stderr
    assert f"DEVENV_TOOLS={template} inv dev.up" in done.stderr


def test_token_in_the_origin_stays_out(tools: Tools, template: Path, workdir: Path) -> None:
    tools.git("clone", "--quiet", str(template), "clone", cwd=workdir)
    tools.git("remote", "set-url", "origin", "https://ci:t0ken@git.example.org/t", cwd=workdir / "clone")
    tools.cookiecutter(workdir / "clone", cwd=workdir)
    assert state(workdir / "catalog")["template"] == "https://git.example.org/t"


@pytest.mark.parametrize("where", [[], ["--output-dir", "out"]])
def test_relative_template(tools: Tools, template: Path, workdir: Path, where: list[str]) -> None:
    tools.cookiecutter("../template", *where, cwd=workdir)
    service = workdir / (where[-1] if where else "") / "catalog"
    assert state(service)["template"] == str(template)


def test_url(tools: Tools, template: Path, workdir: Path) -> None:
    tools.cookiecutter(f"git+file://{template}", cwd=workdir)  # git+: for cookiecutter, whose guess is the name
    assert state(workdir / "catalog")["template"] == f"file://{template}"


def test_template_without_git(tools: Tools, template: Path, workdir: Path) -> None:
    (template / ".git").rename(workdir / "git")
    done = tools.cookiecutter(template, cwd=workdir)
    assert "the template is not a git checkout: its tools are in .dev/tools" in done.stderr
    assert not (workdir / "catalog/.cruft.json").exists()
    listed = tools.run("sh", ".dev/run", "--list", cwd=workdir / "catalog").stdout
    assert "dev.up" in listed
    assert vendored.differences(workdir / "catalog/.dev/tools") == []


def test_check_tells_when_the_template_moved_on(tools: Tools, template: Path, repo: Path) -> None:
    tools.cruft("check", cwd=repo)
    append(template / PROJECT / ".dev/README.md", "News.")
    tools.commit(template, "news")
    with pytest.raises(AssertionError, match="out of date"):
        tools.cruft("check", cwd=repo)


def test_update_takes_the_change_and_keeps_the_edit(
    tools: Tools, template: Path, repo: Path, made: tuple[str, str]
) -> None:
    """There: a line at the end of the shared Dockerfile and two new files. Here: a line at its beginning."""
    prepend(repo / "Dockerfile", "# edited here")
    append(repo / "dev.yaml", "# edited here")
    before = tree(repo)
    tools.commit(repo, "edit")
    overlay = template / PROJECT / ".stacks" / made[1]
    append_there(overlay / "Dockerfile", "# changed there")
    (template / PROJECT / ".dev/other.yaml").write_text("# new\n")
    (overlay / "NEW.md").write_text("new in {{ cookiecutter.service }}\n")
    commit = tools.commit(template, "change")

    tools.cruft("update", "--skip-apply-ask", cwd=repo)

    dockerfile = (repo / "Dockerfile").read_text().splitlines()
    assert (dockerfile[0], dockerfile[-1]) == ("# edited here", "# changed there")
    after = tree(repo)
    assert {name for name in after if after[name] != before.get(name)} == {
        "Dockerfile", ".dev/other.yaml", "NEW.md",
    }  # fmt: skip
    assert after["NEW.md"][1] == b"new in catalog\n"
    assert set(before) <= set(after)
    assert state(repo)["commit"] == commit
    assert tools.git("ls-files", "--unmerged", cwd=repo) == ""


def test_update_leaves_the_service_its_own_files(tools: Tools, template: Path, workdir: Path) -> None:
    """Both sides changed the same line, which would be a conflict."""
    repo = tools.cruft_create(template, stack="django", cwd=workdir)
    tools.init(repo)
    overlay = template / PROJECT / ".stacks/django"
    for name in ("config/urls.py", "compose.yaml", "uv.lock"):
        append_there(overlay / name, "# there")
        append(repo / name, "# here")
    append_there(overlay / "Dockerfile", "# there")
    tools.commit(repo, "edit")
    tools.commit(template, "change")
    tools.cruft("update", "--skip-apply-ask", cwd=repo)
    assert tools.git("diff", "--name-only", "HEAD", cwd=repo).split() == [".cruft.json", "Dockerfile"]


def test_stack_never_replaces_a_common_file(tools: Tools, template: Path, workdir: Path) -> None:
    (template / PROJECT / ".stacks/django/Makefile").write_text("# theirs\n")
    tools.commit(template, "collision")
    done = tools.cookiecutter(template, cwd=workdir, check=False)
    assert "error[113]: django would replace Makefile" in done.stderr
    assert (done.returncode, list(workdir.iterdir())) == (1, [])

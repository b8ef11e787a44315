"""What happens before a verb is read."""

from __future__ import annotations

import re

from devenv.base import launch
from tests.conftest import REPO, run_quietly


def test_of_a_git_hook_only_settings_stay() -> None:
    """Git lists the variables that name a repository. Settings given by variables are not about one."""
    listed = run_quietly("git", "rev-parse", "--local-env-vars").stdout.split()
    environment = dict.fromkeys([*listed, "GIT_AUTHOR_NAME", "PATH"], "x")
    launch.forget_others(environment)
    settings = {"GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"}
    assert {*environment} == {"GIT_AUTHOR_NAME", "PATH", *settings}


def test_git_is_called_in_one_place() -> None:
    """There, what changes the output is taken from the person's settings. The version does not depend on them."""
    call = re.compile(r"""\[\*?["']git["'], (?!"--version)""")
    files = [path for folder in ("devenv", "tools") for path in (REPO / folder).rglob("*.py")]
    called = {str(path.relative_to(REPO)) for path in files if call.search(path.read_text())}
    assert called == {"devenv/base/git.py"}

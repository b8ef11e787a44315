"""The page of errors has each message of the code, and `dev.explain` prints its section."""

from __future__ import annotations

import re
from functools import cache

import pytest

from devenv.base import errors, events
from devenv.base.errors import DevError
from devenv.tasks import explain
from maintain import messages
from tests.conftest import REPO
from tests.messages import ENDED_WITH, HAS_BRANCH, INSTALL_COMPOSE_PLUGIN, NO_COMPOSE_PLUGIN, TAKEN_BY

PAGE = (REPO / "docs/reference/errors.md").read_text()
CODES = {str(value) for value in vars(errors).values() if isinstance(value, int)}
# Functions that pass a message on: it is collected where it is written.
PASS_ON = {
    "devenv/commandline/usage.py",
    "devenv/main.py",  # of invoke
    "devenv/model/compose_file.py",
    "devenv/model/scenarios.py",
    "devenv/required/lockfile.py",
    "devenv/template/updates.py",  # of tools/adopt
    "devenv/required/libraries.py",  # of the installation
    "devenv/tasks/up.py",
    "tools/adopt/errors.py",  # of argparse
    "tools/adopt/repository.py",
}

collected = cache(messages.collect)  # it reads all of the code, which takes a second


def test_every_place_that_raises_an_error_is_collected() -> None:
    found = {message.place for message in collected()}
    for source in messages.SOURCES:
        for path in source.rglob("*.py") if source.is_dir() else [source]:
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if re.search(r"\b(raise|return) (DevError|Refusal|Stop)\(", line):
                    assert f"{path.relative_to(REPO)}:{number}" in found


def test_every_message_is_on_the_page_or_passed_on() -> None:
    page = " ".join(PAGE.split())
    for message in collected():
        if message.text:
            assert " ".join(message.text.split()) in page
        else:
            assert message.place.partition(":")[0] in PASS_ON


@pytest.mark.parametrize(
    ("code", "text", "hint"),
    [
        (113, f"SERVICE: port PORT {TAKEN_BY} …", "inv dev.up --port …"),
        (111, "FILE:LINE: unknown key KEY", ""),
        (110, NO_COMPOSE_PLUGIN, INSTALL_COMPOSE_PLUGIN),
        (2, "DEVENV_TOOLS=GIVEN: not a checkout of the template: MISSING is missing", "unset DEVENV_TOOLS"),
        (110, "python3 is not on the path, or does not start", ""),
        (113, f"PATH {HAS_BRANCH} BRANCH", "git -C PATH branch --delete"),
        (0, f"SERVICE: commands.NAME {ENDED_WITH} CODE", ""),
    ],
)
def test_how_a_message_is_read(code: int, text: str, hint: str) -> None:
    found = [message for message in collected() if (message.code, message.text) == (code, text)]
    assert found
    assert hint in " ".join(found[0].hints)


def test_every_code_is_explained() -> None:
    assert explain.sections().keys() == CODES
    assert all(f"\n## {text}\n" in PAGE for text in explain.sections().values())


def test_the_section_of_a_code_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    explain.explain.body(None, "113")
    said = capsys.readouterr().out
    assert said.startswith("113: a conflict\n")
    assert "inv dev.up --port NUMBER" in said
    assert "## " not in said


def test_a_code_of_another_command_has_no_section() -> None:
    with pytest.raises(DevError, match="77 is not a code of the tools") as raised:
        explain.explain.body(None, "77")
    assert raised.value.code == errors.USAGE
    assert raised.value.hints[0].startswith("known: 1, 2, 110")


def test_an_explanation_fits_the_terminal() -> None:
    for text in explain.sections().values():
        lines = list(explain.fitted(text, 60))
        assert [line for line in lines if len(line) > 60 and "`" not in line] == []
        assert " ".join(lines).split() == re.sub(explain.LINK, r"\1", text).replace("**", "").split()
    assert list(explain.fitted("a b\nc\n\n- d **e**\n  f\n- [g](#g)", 5)) == ["a b c", "", "- d e", "  f", "- g"]


def test_an_error_without_a_hint_names_its_explanation(capsys: pytest.CaptureFixture[str]) -> None:
    events.error(DevError(112, "it stopped"))
    events.error(DevError(112, "it stopped", "look"))
    events.error(DevError(3, f"pytest {ENDED_WITH} 3"))
    assert capsys.readouterr().err.splitlines() == [
        "error[112]: it stopped",
        "hint: inv dev.explain 112",
        "error[112]: it stopped",
        "hint: look",
        f"error[3]: pytest {ENDED_WITH} 3",
    ]

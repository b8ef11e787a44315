"""Shell scripts and Makefiles that users read work on a Mac: sh as POSIX has it, BSD's tools, make 3.81."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.conftest import BIN, REPO, run_quietly

SERVICE = "{{cookiecutter.repo_name}}"
SCRIPTS = [f"{SERVICE}/.dev/run", "devenv/engines/native/keeper.sh", "devenv/engines/build/install.sh"]
MAKEFILES = ["Makefile", f"{SERVICE}/Makefile", f"{SERVICE}/.dev/dev.mk"]
# What only GNU's or Linux's tools know. BSD's tools print an error, or do something else.
GNU = {
    "a program": r"\b(flock|setsid|timeout|nproc|tac|sha256sum|md5sum|getent|realpath|ionice|setpriv|unshare)\s",
    "a long option": r"\b(cat|chmod|chown|cp|cut|date|df|du|find|grep|head|ln|ls|mkdir|mktemp|mv|rm|sed|sleep|sort|stat"
    r"|tail|tar|touch|tr|uniq|wc|xargs)\s[^|;&\n]*--[a-z]",
    "sed": r"\bsed\s[^|;&\n]*-[nE]*i\b|\bsed\b[^|\n]*(\\t|\\n|\\\+|\\\?|\\\|)",
    "readlink": r"\breadlink\s+-[a-z]*[fem]",
    "stat": r"\bstat\s+-[a-z]*c",
    "date": r"\bdate\s+(-d|[^|;&\n]*%N)",
    "grep": r"\bgrep\s+-[a-zA-Z]*P",
    "find": r"\bfind\b[^|;&\n]*-(printf|readable|executable|quit)\b",
    "xargs": r"\bxargs\s+-[a-z]*[rd]",
    "head and tail": r"\bhead\s+-[nc]\s*-",
    "cp and ln": r"\bcp\s+-[a-z]*[altu]|\bln\s+-[a-z]*[rt]",
    "sort": r"\bsort\s+-[a-z]*[zVh]",
    "base64": r"\bbase64\s+-[a-z]*[wd]",
    "du and df": r"\b(du|df)\s+-[a-z]*[bBT]",
    "echo": r"\becho\s+-[neE]",
    "/proc": r"/proc/|/sys/",
}
NEWER_MAKE = (
    r"\.ONESHELL|\.SHELLFLAGS|\.RECIPEPREFIX|\$\(file |::=|!=|^undefine|^define \w+ *[:+?]?=|&:|\$\((let|intcmp|guile)"
)
# In containers, or only after a test that the program is there.
ALLOWED = {"devenv/engines/build/install.sh": {"/proc"}}


def recipes(text: str) -> str:
    """The commands of a Makefile as the shell gets them: a line that ends with a backslash goes on."""
    return re.sub(r"\\\n", " ", "\n".join(re.findall(r"^\t.*(?:\n\t.*)*|.*:= ?\$\(shell .*", text, re.M)))


def uncommented(text: str) -> str:
    return re.sub(r"^\s*#.*|\s# .*$", "", text, flags=re.M)


def found(name: str, text: str) -> list[str]:
    used = {what: re.search(pattern, uncommented(text)) for what, pattern in GNU.items()}
    return [f"{what}: {hit[0]}" for what, hit in used.items() if hit and what not in ALLOWED.get(name, ())]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_uses_what_every_system_has(name: str) -> None:
    assert found(name, (REPO / name).read_text()) == []


@pytest.mark.parametrize("name", MAKEFILES)
def test_a_makefile_works_with_make_3_81_and_bsd_s_tools(name: str) -> None:
    text = (REPO / name).read_text()
    assert re.findall(NEWER_MAKE, text, re.M) == []
    assert found(name, recipes(text)) == []


def test_commands_to_paste_from_the_pages_work_there_too() -> None:
    """Blocks in which a person's commands are shown; lines without `$ ` are what they print."""
    pages = [REPO / "README.md", *(REPO / "docs").glob("*.md")]
    blocks = [
        (page.name, command)
        for page in pages
        for block in re.findall(r"^```(?:console|bash|shell|sh)\n(.*?)^```", page.read_text(), re.M | re.S)
        for command in re.findall(r"^\$ (.*)$", block, re.M) or [block]
    ]
    assert len(blocks) > 30
    wrong = [f"{page}: {each}" for page, command in blocks for each in found(page, command)]
    assert wrong == []


@pytest.mark.parametrize(
    "line",
    [
        *("sed -i s/a/b/ x", "sed 's/a/\\t/' x", "readlink -f x", "stat -c %s x", "date -d yesterday", "timeout 5 x"),
        *(
            "flock x y",
            "setsid x",
            "grep -qP x",
            "cp -a x y",
            "xargs -r rm",
            "head -n -1 x",
            "rm --force x",
            "date +%N",
        ),
        *("echo -e x", "cat /proc/1/stat", "sort -V", "find . -printf x", "base64 -d x", "ln -sr x y", "du -b x"),
    ],
)
def test_each_is_found(line: str) -> None:
    assert len(found("x", line)) == 1


def test_scripts_are_posix_sh() -> None:
    run_quietly(BIN / "shellcheck", "--shell=sh", "--severity=style", *(REPO / name for name in SCRIPTS))


def test_no_two_paths_differ_only_by_case() -> None:
    """The file systems of Macs and of Windows would keep one of them."""
    paths = run_quietly("git", "ls-files", cwd=REPO).stdout.splitlines()
    folded = Counter(path.casefold() for path in paths)
    assert len(paths) > 500
    assert [path for path in paths if folded[path.casefold()] > 1] == []

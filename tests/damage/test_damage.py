"""Every kind of file of the machine's state and caches, damaged in five ways, and then each verb."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.damage.conftest import CACHE, STATE, Folders
from tests.damage.kinds import DECIDED, KINDS, WAYS, damage, files
from tests.faults.small import running
from tests.verbs.repo import Done, Repo

pytestmark = pytest.mark.xdist_group("damage")
DOCUMENTED = {0, 1, 2, 110, 111, 112, 113, 114}
LOOKS = (["dev.status"], ["dev.plan"], ["dev.doctor"])
# Some kinds in every run, in ways that take turns; all of them at night.
SAMPLE = [(kind, list(WAYS)[turn % len(WAYS)]) for turn, kind in enumerate(KINDS) if turn % 4 == 1]
ALL = [(kind, way) for kind in KINDS for way in WAYS]
CASES = [pytest.param(*case, marks=[] if case in SAMPLE else pytest.mark.slow, id=", ".join(case)) for case in ALL]


def run(shop: Repo, words: list[str]) -> Done:
    """A verb on damaged files: a documented code, one error line if it is not 0, and no traceback."""
    done = shop.run(*words)
    assert "Traceback" not in done.stderr, (words, done.stderr)
    assert done.code in DOCUMENTED, (words, done)
    assert len(re.findall(r"^error\[", done.stderr, re.M)) == (done.code != 0), (words, done.stderr)
    return done


def assert_up(shop: Repo, kind: str, path: Path, before: Path) -> None:
    """dev.up ends healthy. If only a person can decide, it names the file and a command, which is enough."""
    done = run(shop, ["dev.up"])
    if done.code:
        assert done.code == DECIDED.get(kind), done.stderr
        assert path.name in done.error, done.stderr
        assert "hint: " in done.stderr
        shutil.copy2(before, path)
        shop.ok("dev.up")
    status = shop.status()
    assert (status["healthy"], [each["healthy"] for each in status["requires"]]) == (True, [True]), status


@pytest.mark.parametrize(("kind", "way"), CASES)
def test_a_damaged_file(shop: Repo, folders: Folders, kind: str, way: str, tmp_path: Path) -> None:
    base = folders[KINDS[kind].base]
    path = sorted(path for path in base.glob(KINDS[kind].pattern) if path.is_file())[0]
    before = Path(shutil.copy2(path, tmp_path / "before"))
    damage(path, way)
    for words in LOOKS:
        run(shop, words)
    assert_up(shop, kind, path, before)
    if not path.exists():  # it is not needed while all runs
        shutil.copy2(before, path)
    damage(path, way)
    done = run(shop, ["dev.down"])
    assert running(shop) == [] or done.code == DECIDED.get(kind), done.stderr  # its pin names the tools
    assert_up(shop, kind, path, before)


def test_every_file_belongs_to_a_kind(folders: Folders) -> None:
    """The files of the database itself are the data: what is damaged there is in its log."""
    for name, base in folders.items():
        if name not in (STATE, CACHE):
            continue
        patterns = [p for kind in KINDS.values() if kind.base == name for p in (kind.pattern, *kind.others)]
        whole = {path for p in patterns if p.endswith("/**") for path in base.glob(p.removesuffix("/**"))}
        known = {path for p in patterns if not p.endswith("/**") for path in base.glob(p)}
        data = base / "lms/native/db/postgres"
        unknown = [path for path in files(base) if path not in known and not {data, *whole} & {*path.parents}]
        assert not unknown, f"a kind in tests/damage/kinds.py for: {unknown[:5]}"

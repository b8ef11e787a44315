"""Every kind of file of the machine's state and caches, damaged in five ways, and then each verb."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.damage.kinds import CACHE, DECIDED, KINDS, ROOT, STATE, WAYS, damage, files
from tests.examples import services
from tests.faults.small import LMS, NEEDS, PROVIDES, SHOP, running, write
from tests.verbs.repo import Done, Repo

pytestmark = pytest.mark.xdist_group("damage")
DOCUMENTED = {0, 1, 2, 110, 111, 112, 113, 114}
LOOKS = (["dev.status"], ["dev.plan"], ["dev.doctor"])
# Some kinds in every run, in ways that take turns; all of them at night.
SAMPLE = [(kind, list(WAYS)[turn % len(WAYS)]) for turn, kind in enumerate(KINDS) if turn % 4 == 1]
ALL = [(kind, way) for kind in KINDS for way in WAYS]
CASES = [pytest.param(*case, marks=[] if case in SAMPLE else pytest.mark.slow, id=", ".join(case)) for case in ALL]
Folders = dict[str, Path]


@pytest.fixture(scope="module")
def kept() -> Iterator[list[Repo]]:
    """The stack is made once: whatever a case damages, the next one starts from what dev.up made of it."""
    made: list[Repo] = []
    yield made
    for shop in made:
        assert shop.run("dev.destroy", "--yes").code == 0
        assert running(shop) == []


@pytest.fixture
def shop(kept: list[Repo], bake: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A root that requires lms, up, on a machine of their own."""
    if not kept:
        folder = tmp_path_factory.mktemp("damage")
        lms = write(bake, folder, "lms", "python lms.py serve", PROVIDES, LMS)
        services.release(lms, "v1.0.0")
        path = write(bake, folder, "shop", "python shop.py", NEEDS.format(service="shop", version="v1.0.0"), SHOP)
        services.release(path, "v1.0.0")
        machine = {f"XDG_{kind.upper()}_HOME": str(folder / kind) for kind in (STATE, CACHE)}
        kept.append(Repo(path, "w", {"DEV_ENGINE": "native", "DEV_WORKSPACE": "w", **machine}))
    kept[0].ok("dev.up")
    return kept[0]


def folders(shop: Repo) -> Folders:
    below = shop.path.parent
    return {STATE: below / "state/devenv/v1/w", CACHE: below / "cache/devenv", ROOT: shop.path}


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
def test_a_damaged_file(shop: Repo, kind: str, way: str, tmp_path: Path) -> None:
    base = folders(shop)[KINDS[kind].base]
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
    assert running(shop) == [], done.stderr
    assert_up(shop, kind, path, before)


def test_every_file_belongs_to_a_kind(shop: Repo) -> None:
    """The files of the database itself are the data: what is damaged there is in its log."""
    for name, base in folders(shop).items():
        if name == ROOT:
            continue
        patterns = [p for kind in KINDS.values() if kind.base == name for p in (kind.pattern, *kind.others)]
        known = {path for pattern in patterns for path in base.glob(pattern)}
        unknown = {path for path in files(base) if not path.relative_to(base).match("lms/native/db/postgres/*")}
        unknown = {path for path in unknown if "lms/native/db/postgres" not in str(path)} - known
        unknown = {path for path in unknown if not {*path.parents} & {p for p in known if p.is_dir()}}
        assert not unknown, f"a kind in tests/damage/kinds.py for: {sorted(unknown)[:5]}"

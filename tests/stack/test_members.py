"""The services that a root drives: order, ports, which checkout of each, and what was chosen for this workspace."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.base import descriptors, records
from devenv.base.errors import CONFIG, CONFLICT, USAGE, DevError
from devenv.engines.native import addresses
from devenv.model.requirements import Requirement
from devenv.model.resolver import Ask
from devenv.required import lockfile, mirrors, sources, stack
from tests.gitrepo import git
from tests.messages import DID_YOU_MEAN, IS_THE_SERVICE, WHOLE_NUMBER

from .conftest import PORT, Repo

Make = Callable[[str], Repo]
NAMES = ("auth", "lms", "mail", "notes")


@dataclass
class Root:
    """As much of an environment as is looked at here."""

    repo: Repo
    workspace: str = "main"
    engine: str = "compose"

    @property
    def env(self) -> Any:
        place = SimpleNamespace(workspace=self.workspace, root=self.repo.root)
        engine = SimpleNamespace(name=self.engine)
        return SimpleNamespace(config=self.repo.config, place=place, engine=engine, port=self.repo.config.port)

    def members(self) -> dict[str, stack.Member]:
        return {member.name: member for member in stack.members_of(self.env)}


@pytest.fixture
def shop(make_repo: Make) -> Root:
    """It needs notes, which needs lms."""
    lms, notes = make_repo("lms"), make_repo("notes")
    lms.release("v1.0")
    lms.release("v1.1")
    notes.release("v1.0", lms="v1.0")
    return Root(make_repo("shop").write(notes="v1.0"))


def beside(shop: Root, name: str) -> Path:
    return shop.repo.root.parent / name


def error_of(act: Callable[..., object], *args: Any) -> DevError:
    with pytest.raises(DevError) as caught:
        act(*args)
    return caught.value


# ---- order


def member(name: str, needs: list[str]) -> stack.Member:
    asks = {other: Requirement(Ask(other, "", "v1", name, ""), (), {}) for other in needs}
    return stack.Member(lockfile.Pin(name, "", "v1", "c", ()), Path("/"), name, 1, False, asks, None)


@given(st.fixed_dictionaries({name: st.lists(st.sampled_from([*NAMES, "shop"]), max_size=3) for name in NAMES}))
def test_each_comes_once_and_without_a_cycle_after_all_that_it_needs(needs: Mapping[str, list[str]]) -> None:
    found = [m.name for m in stack.in_order({name: member(name, others) for name, others in needs.items()})]
    assert sorted(found) == sorted(NAMES)

    def below(name: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        new = {other for other in needs.get(name, []) if other not in seen}
        return frozenset(new).union(*(below(other, seen | new) for other in new))

    for name, others in needs.items():
        for other in others:
            if other in needs and name not in below(other) | {other}:
                assert found.index(other) < found.index(name)


# ---- members of a real root


def test_pinned_members(shop: Root) -> None:
    found = shop.members()
    assert list(found) == ["lms", "notes"]
    assert not found["lms"].edited
    assert git(found["lms"].checkout, "rev-parse", "HEAD") == git(beside(shop, "lms"), "rev-parse", "v1.0")
    assert found["lms"].url == f"http://lms.localhost:{found['lms'].port}"
    assert found["lms"].port >= PORT
    assert list(found["notes"].requires) == ["lms"]


@pytest.mark.parametrize("allowed", [True, False])
def test_without_containers_a_url_has_the_host_that_this_machine_can_give(
    shop: Root, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "_allowed", lambda: allowed)
    monkeypatch.setattr(addresses, "_resolves", lambda name: False)
    found = Root(shop.repo, engine="native").members()["lms"]
    assert found.url == f"http://{'lms.localhost' if allowed else 'localhost'}:{found.port}"


def test_a_lock_that_someone_else_wrote_is_enough(shop: Root, own_machine: Path) -> None:
    shop.members()
    os.rename(own_machine / "cache", own_machine / "cache of someone else")
    assert set(shop.members()) == {"lms", "notes"}


def test_another_workspace_has_ports_of_its_own(shop: Root) -> None:
    ports = {m.port for m in Root(shop.repo, "two").members().values()}
    assert len(ports) == 2
    assert ports.isdisjoint(m.port for m in shop.members().values())


def test_a_port_in_use_so_far_is_kept(shop: Root) -> None:
    records.write(records.Record("lms", "two", port=23456))
    assert Root(shop.repo, "two").members()["lms"].port == 23456


def test_two_services_with_one_port(shop: Root) -> None:
    records.write(records.Record("lms", "main", port=24000))
    records.write(records.Record("notes", "main", port=24000))
    error = error_of(shop.members)
    assert (error.code, error.message) == (CONFLICT, "lms and notes both want port 24000")
    assert error.hints[0] == "inv dev.up --workspace main-2", "--port would be the root's"
    records.write(records.Record("lms", "main", port=shop.env.port))
    error = error_of(shop.members)
    assert error.message == f"shop and lms both want port {shop.env.port}"
    assert error.hints[0].startswith("inv dev.up --port ")


@pytest.mark.parametrize("line", ["", "port: abc", "port:"])
def test_a_required_service_without_a_port(shop: Root, line: str) -> None:
    lms = Repo(beside(shop, "lms"))
    (lms.root / "dev.yaml").write_text(f'contract: "1.0"\nservice: lms\n{line}\n')
    lms.commit()
    git(lms.root, "tag", "v1.2")
    shop.repo.write(lms="v1.2")
    error = error_of(shop.members)
    assert error.code == CONFIG
    assert f"port: {WHOLE_NUMBER}" in error.message


@pytest.mark.parametrize("budget", ["512M", "{memory: much}", "{memory: 5}", "[]", "{}", ""])
def test_a_budget_that_was_not_checked(shop: Root, budget: str) -> None:
    lms = Repo(beside(shop, "lms"))
    with (lms.root / "dev.yaml").open("a") as stream:
        stream.write(f"budget: {budget}\n")
    lms.commit()
    git(lms.root, "tag", "v1.2")
    shop.repo.write(lms="v1.2")
    shop.members()


def test_lean_ones_count_with_their_lean_budget(shop: Root) -> None:
    lms = Repo(beside(shop, "lms"))
    with (lms.root / "dev.yaml").open("a") as stream:
        stream.write("budget: {memory: 512M, lean: 256M}\n")
    lms.commit()
    git(lms.root, "tag", "v1.2")
    shop.repo.write(lms="v1.2")
    assert shop.members()["lms"].memory == 256 * 2**20
    sources.edit(shop.env, "lms", "")
    assert shop.members()["lms"].memory == 512 * 2**20


# ---- which release it is


def test_a_tag_is_a_release_and_source_or_a_branch_is_none(shop: Root) -> None:
    shop.repo.write(lms="v1.0", notes="main")
    assert {name: member.release for name, member in shop.members().items()} == {"lms": "v1.0", "notes": ""}
    sources.use(shop.env, "lms", "v1.1")
    assert shop.members()["lms"].release == "v1.1"
    sources.edit(shop.env, "lms", "")
    assert shop.members()["lms"].release == ""


def test_a_tag_that_moved_on_names_another_release_than_the_locked_one(shop: Root) -> None:
    shop.repo.write(lms="v1.0")
    assert shop.members()["lms"].release == "v1.0"
    Repo(beside(shop, "lms")).release("v1.0")
    mirrors.of("../lms", shop.repo.root).fetch()
    assert shop.members()["lms"].release == ""


# ---- dev.edit and dev.use


def test_edit_takes_the_checkout_beside_us_as_it_is(shop: Root) -> None:
    (beside(shop, "lms") / "uncommitted").touch()
    assert sources.edit(shop.env, "lms", "") == beside(shop, "lms")
    found = shop.members()["lms"]
    assert (found.edited, found.checkout) == (True, beside(shop, "lms"))
    assert (found.checkout / "uncommitted").exists()
    assert not shop.members()["notes"].edited
    assert not Root(shop.repo, "two").members()["lms"].edited  # the choice is this workspace's


def test_edit_clones_what_is_not_there_at_the_pinned_commit(shop: Root, tmp_path: Path) -> None:
    path = sources.edit(shop.env, "lms", str(tmp_path / "work" / "lms"))
    assert git(path, "rev-parse", "HEAD") == git(beside(shop, "lms"), "rev-parse", "v1.0")
    assert git(path, "branch", "--show-current") == "from-v1.0"
    assert git(path, "remote", "get-url", "origin") == str(beside(shop, "lms"))
    assert git(path, "status", "--porcelain") == ""
    git(path, "fetch", "-q", "origin")
    assert [p.name for p in path.parent.iterdir()] == ["lms"]


def test_edit_clones_without_the_network(shop: Root, hidden: Callable[[Repo], None], tmp_path: Path) -> None:
    shop.members()
    hidden(Repo(beside(shop, "lms")))
    path = sources.edit(shop.env, "lms", str(tmp_path / "lms"))
    assert (path / "dev.yaml").is_file()


def test_edit_of_a_folder_that_is_another_service(shop: Root) -> None:
    error = error_of(sources.edit, shop.env, "lms", str(beside(shop, "notes")))
    assert error.code == CONFLICT
    assert f"{IS_THE_SERVICE} notes, not lms" in error.message
    assert not shop.members()["lms"].edited


@pytest.mark.parametrize("text", ["", "- a\n", 'contract: "9.0"\nservice: lms\n'])
def test_edit_of_a_folder_that_keeps_no_contract_of_ours(shop: Root, tmp_path: Path, text: str) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "dev.yaml").write_text(text)
    assert error_of(sources.edit, shop.env, "lms", str(tmp_path / "x")).code == CONFIG
    assert not shop.members()["lms"].edited


@pytest.mark.parametrize("act", [lambda env: sources.edit(env, "lsm", ""), lambda env: sources.use(env, "lsm", "")])
def test_a_service_that_is_not_required(shop: Root, act: Callable[[Any], object]) -> None:
    error = error_of(act, shop.env)
    assert (error.code, error.hints) == (USAGE, (f"{DID_YOU_MEAN} lms? allowed: lms, notes",))


def test_use_goes_back_or_to_another_version(shop: Root) -> None:
    sources.edit(shop.env, "lms", "")
    sources.use(shop.env, "lms", "")
    assert (shop.members()["lms"].edited, shop.members()["lms"].pin.version) == (False, "v1.0")
    sources.use(shop.env, "lms", "v1.1")
    found = shop.members()["lms"]
    assert found.pin.version == "v1.1"
    assert git(found.checkout, "rev-parse", "HEAD") == git(beside(shop, "lms"), "rev-parse", "v1.1")


def test_use_of_a_version_that_there_is_not_leaves_the_choice_as_it_was(shop: Root) -> None:
    sources.use(shop.env, "lms", "v1.1")
    assert error_of(sources.use, shop.env, "lms", "v9.0").code == CONFIG
    assert shop.members()["lms"].pin.version == "v1.1"


def test_the_question_of_destroy_names_all_that_it_removes(shop: Root) -> None:
    """After dev.down this root uses nothing, and what it had started still has its data."""
    members = stack.Stack(shop.env, stack.members_of(shop.env))

    def used_by(users: list[str]) -> None:
        def change(record: records.Record) -> None:
            record.checkout, record.users = "/lms", users

        records.change("main", "lms", "dev.up", change)

    assert members.unshared() == [], "neither of them ran here"
    for users in ([str(shop.repo.root)], []):
        used_by(users)
        assert members.unshared() == ["lms"]
    used_by([str(beside(shop, "notes"))])
    assert members.unshared() == []


# ---- records


def test_changes_at_once_are_all_kept() -> None:
    def add(n: int) -> None:
        records.change("main", "lms", "dev.up", lambda record: record.users.append(str(n)))

    threads = [threading.Thread(target=add, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(records.read("main", "lms").users, key=int) == [str(n) for n in range(20)]


def test_what_other_threads_start_meanwhile_does_not_keep_the_lock() -> None:
    seen: list[set[int]] = []
    records.change("main", "lms", "dev.up", lambda record: seen.append(set(descriptors.inherited)))
    assert seen == [set()]

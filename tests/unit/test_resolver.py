"""The resolver on graphs of its own: no repository, no file, only who asks for what."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from devenv.base.errors import CONFLICT, DevError
from devenv.model import resolver, versions
from devenv.model.resolver import Ask, Choice

ROOT = "shop"
NAMES = ("auth", "lms", "mail", "notes")
Graph = Mapping[tuple[str, str], Sequence[Ask]]  # service and version → what it asks for


def ask(name: str, version: str, by: str = ROOT, repo: str = "", line: int = 1) -> Ask:
    return Ask(name, repo or f"https://git.example.org/{name}", version, by, f"dev.yaml:{line}")


def resolve(asks: Sequence[Ask], graph: Graph, **overrides: str) -> dict[str, Choice]:
    return resolver.resolve(ROOT, asks, overrides, lambda name, repo, version: graph.get((name, version), ()))


def chosen(found: Mapping[str, Choice]) -> dict[str, str]:
    return {name: choice.version for name, choice in found.items()}


def conflict(asks: Sequence[Ask], graph: Graph, **overrides: str) -> DevError:
    with pytest.raises(DevError) as caught:
        resolve(asks, graph, **overrides)
    assert caught.value.code == CONFLICT
    return caught.value


def settlement(error: DevError) -> dict[str, dict[str, object]]:
    """What the hint says to write into dev.yaml, read as YAML."""
    ((hint),) = error.hints
    return dict(yaml.safe_load(hint.partition("dev.yaml: ")[2]))


# ---- generated graphs

same_major = st.sampled_from(["v1.0", "v1.2", "v1.10", "1.3.1"])
any_version = st.one_of(same_major, st.sampled_from(["v2.0", "2.10", "main"]))


def asks_of(by: str, version: st.SearchStrategy[str]) -> st.SearchStrategy[list[Ask]]:
    wanted = st.dictionaries(st.sampled_from([*NAMES, ROOT]), version, max_size=3)
    return wanted.map(lambda found: [ask(name, v, by, line=n) for n, (name, v) in enumerate(found.items(), 1)])


def graphs(version: st.SearchStrategy[str]) -> st.SearchStrategy[Graph]:
    all_versions = ("v1.0", "v1.2", "v1.10", "1.3.1", "v2.0", "2.10", "main")
    return st.fixed_dictionaries({(name, v): asks_of(name, version) for name in NAMES for v in all_versions})


def outcome(asks: Sequence[Ask], graph: Graph, **overrides: str) -> object:
    try:
        return chosen(resolve(asks, graph, **overrides))
    except DevError as error:
        return error.code


@given(asks_of(ROOT, any_version), graphs(any_version), st.randoms(use_true_random=False))
def test_the_order_of_the_asks_does_not_matter(asks: list[Ask], graph: Graph, dice: random.Random) -> None:
    shuffled = {key: dice.sample(list(found), len(found)) for key, found in graph.items()}
    assert outcome(dice.sample(asks, len(asks)), shuffled) == outcome(asks, graph)


@given(asks_of(ROOT, same_major), graphs(same_major))
def test_the_result_satisfies_every_ask_that_is_left(asks: list[Ask], graph: Graph) -> None:
    found = resolve(asks, graph)
    pinned = {one.name for one in asks}
    left = [*asks, *(a for name, choice in found.items() for a in graph[name, choice.version])]
    for wanted in (a for a in left if a.name != ROOT):
        choice = found[wanted.name]
        if wanted.name in pinned:
            assert choice.version in {one.version for one in asks if one.name == wanted.name}
        else:
            assert (versions.order(choice.version) or ()) >= (versions.order(wanted.version) or ())
    assert set(found) == {a.name for a in left} - {ROOT}  # all that is needed, and nothing else
    assert list(found) == sorted(found)


@given(asks_of(ROOT, any_version), graphs(any_version))
def test_a_conflict_is_settled_by_the_line_that_it_names(asks: list[Ask], graph: Graph) -> None:
    overrides: dict[str, str] = {}
    while outcome(asks, graph, **overrides) == CONFLICT:  # when one is settled, another may still be in conflict
        ((name, version),) = settlement(conflict(asks, graph, **overrides))["override"].items()
        assert name not in overrides
        overrides[name] = str(version)


@given(asks_of(ROOT, any_version), graphs(any_version))
def test_the_roots_own_pin_wins(asks: list[Ask], graph: Graph) -> None:
    assume(outcome(asks, graph) != CONFLICT)
    found = chosen(resolve(asks, graph))
    assert all(found[one.name] == one.version for one in asks if one.name != ROOT)


# ---- by hand


def test_the_highest_ask_of_one_major_wins() -> None:
    graph = {("lms", "v1.0"): [ask("auth", "v1.9", "lms")], ("notes", "v1.0"): [ask("auth", "v1.10", "notes")]}
    found = resolve([ask("lms", "v1.0"), ask("notes", "v1.0")], graph)
    assert chosen(found) == {"auth": "v1.10", "lms": "v1.0", "notes": "v1.0"}
    assert [a.by for a in found["auth"].asks] == ["lms", "notes"]


def test_cycles_end_and_the_root_is_not_a_requirement() -> None:
    graph = {
        ("lms", "v1.0"): [ask("notes", "v1.0", "lms"), ask(ROOT, "v9.0", "lms")],
        ("notes", "v1.0"): [ask("lms", "v1.0", "notes"), ask("notes", "v1.0", "notes")],
    }
    assert chosen(resolve([ask("lms", "v1.0")], graph)) == {"lms": "v1.0", "notes": "v1.0"}


def test_what_only_a_lower_version_needed_is_left_out() -> None:
    graph = {
        ("lms", "v1.0"): [ask("auth", "v1.0", "lms")],
        ("notes", "v1.0"): [ask("auth", "v1.1", "notes")],
        ("auth", "v1.0"): [ask("mail", "v1.0", "auth")],
    }
    assert chosen(resolve([ask("lms", "v1.0"), ask("notes", "v1.0")], graph)) == {
        "auth": "v1.1",
        "lms": "v1.0",
        "notes": "v1.0",
    }


@pytest.mark.parametrize(
    ("first", "second", "why", "settled"),
    [
        ("v1.0", "v2.0", "different major versions", {"auth": "v2.0"}),
        ("main", "v1.0", "versions that have no order", {"auth": "v1.0"}),
        ("2.10", "1.9", "different major versions", {"auth": "2.10"}),  # as text: YAML would read 2.1
    ],
)
def test_a_conflict_says_who_wants_what(first: str, second: str, why: str, settled: dict[str, str]) -> None:
    graph = {
        ("lms", "v1.0"): [ask("auth", first, "lms", line=7)],
        ("notes", "v1.0"): [ask("auth", second, "notes", line=9)],
    }
    asks = [ask("lms", "v1.0"), ask("notes", "v1.0")]
    error = conflict(asks, graph)
    assert error.message.splitlines() == [
        f"auth is wanted in {why}",
        f"lms wants auth {first} from https://git.example.org/auth (dev.yaml:7)",
        f"notes wants auth {second} from https://git.example.org/auth (dev.yaml:9)",
    ]
    assert settlement(error) == {"override": settled}
    assert chosen(resolve(asks, graph, **settled))["auth"] == settled["auth"]


def test_two_repositories_of_one_name_are_settled_by_an_ask_of_the_root() -> None:
    graph = {
        ("lms", "v1.0"): [ask("auth", "v1.0", "lms")],
        ("notes", "v1.0"): [ask("auth", "v1.1", "notes", repo="../fork")],
    }
    asks = [ask("lms", "v1.0"), ask("notes", "v1.0")]
    error = conflict(asks, graph)
    assert error.message.startswith("auth is wanted in different repositories\nlms wants auth v1.0 from https://")
    assert settlement(error) == {"requires": {"auth": {"repo": "../fork", "version": "v1.1"}}}
    found = resolve([*asks, ask("auth", "v1.1", repo="../fork")], graph)["auth"]
    assert (found.repo, found.version) == ("../fork", "v1.1")


SPELLINGS = ["https://git.example.org/auth", "https://git.example.org/auth.git", "https://git.example.org/auth.git/"]


@pytest.mark.parametrize("repo", SPELLINGS)
def test_two_spellings_of_one_address_are_one_repository(repo: str) -> None:
    graph = {
        ("lms", "v1.0"): [ask("auth", "v1.0", "lms")],
        ("notes", "v1.0"): [ask("auth", "v1.1", "notes", repo=repo)],
    }
    assert chosen(resolve([ask("lms", "v1.0"), ask("notes", "v1.0")], graph))["auth"] == "v1.1"


def test_folders_are_told_apart_by_their_whole_name() -> None:
    found = {resolver.same_repository(repo) for repo in ("/src/lms", "/src/lms/", "/src/lms.git", "../lms.git")}
    assert found == {"/src/lms", "/src/lms.git", "../lms.git"}


def test_equal_versions_without_an_order_are_not_a_conflict() -> None:
    graph = {("lms", "v1.0"): [ask("auth", "main", "lms")], ("notes", "v1.0"): [ask("auth", "main", "notes")]}
    assert chosen(resolve([ask("lms", "v1.0"), ask("notes", "v1.0")], graph))["auth"] == "main"


def test_an_override_wins_over_the_roots_ask_and_may_be_unused() -> None:
    assert chosen(resolve([ask("lms", "v1.0")], {}, lms="v2.0", mail="v3.0")) == {"lms": "v2.0"}

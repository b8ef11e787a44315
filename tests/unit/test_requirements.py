"""`requires:` of our own dev.yaml and of others, which nobody has checked before us."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.base.errors import CONFIG, DevError
from devenv.model import document, requirements
from devenv.model.requirements import Wiring
from devenv.model.resolver import Ask
from tests.messages import MUST_BE_MAPPING, MUST_BE_TEXT, NOT_ALLOWED, NOT_SUPPORTED

HEAD = 'contract: "1.0"\nservice: shop\n'
LMS = HEAD + "requires:\n  lms:\n    repo: ../lms\n    version: v1.0\n"


def parse(text: str) -> document.Document:
    return document.parse(Path("dev.yaml"), text)


def test_all_of_it() -> None:
    text = (
        LMS
        + "    scenarios: [plain, {oauth-client: {client_id: shop, n: 5}}, {bare: }]\n    env: {ID: '{a.b}', N: 7}\n"
    )
    found = requirements.of(parse(text))["lms"]
    assert found.ask == Ask("lms", "../lms", "v1.0", "shop", "dev.yaml:4")
    assert found.wirings == (
        Wiring("plain", {}),
        Wiring("oauth-client", {"client_id": "shop", "n": "5"}),
        Wiring("bare", {}),
    )
    assert found.env == {"ID": "{a.b}", "N": "7"}


@pytest.mark.parametrize("text", [HEAD, HEAD + "requires:\n", HEAD + "requires: {}\n"])
def test_nothing_is_required(text: str) -> None:
    assert requirements.of(parse(text)) == {}


def test_keys_of_a_newer_template_are_ignored() -> None:
    found = requirements.of(parse(LMS + "    colour: red\n    scenarios:\n    env:\nnewer: [1]\n"))["lms"]
    assert (found.wirings, found.env) == ((), {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "requires: [lms]\n", f"dev.yaml:3: requires: {MUST_BE_MAPPING}"),
        (HEAD + "requires:\n  lms:\n", f"dev.yaml:4: requires.lms: {MUST_BE_MAPPING}, not nothing"),
        (HEAD + "requires:\n  lms: v1\n", f'dev.yaml:4: requires.lms: {MUST_BE_MAPPING}, not "v1"'),
        (HEAD + "requires:\n  lms: {repo: ../lms}\n", "dev.yaml:4: requires.lms: version is missing"),
        (
            HEAD + "requires:\n  lms: {repo: ../lms, version: 1.10}\n",
            f"dev.yaml:4: requires.lms.version: {MUST_BE_TEXT}, not 1.1",
        ),
        (LMS + "    scenarios: oauth\n", "dev.yaml:7: requires.lms.scenarios: must be a list"),
        (LMS + "    scenarios:\n      - {a: {}, b: {}}\n", "dev.yaml:8: scenarios: each must be one name"),
        (LMS + "    scenarios:\n      - {}\n", "dev.yaml:8: scenarios: each must be one name"),
        (
            LMS + "    scenarios:\n      - 5\n",
            f"dev.yaml:8: requires.lms.scenarios.0: {MUST_BE_TEXT} or a mapping, not 5",
        ),
        (
            LMS + "    scenarios:\n      - a\n      - oauth: text\n",
            f"dev.yaml:9: requires.lms.scenarios.1.oauth: {MUST_BE_MAPPING}",
        ),
        (LMS + "    scenarios:\n      - a: {k: 1}\n      - a\n", "dev.yaml:9: scenarios: a is listed twice"),
        (HEAD + "requires: {../../x: {repo: r, version: v}}\n", f'dev.yaml:3: the name "../../x" {NOT_ALLOWED}'),
        (
            HEAD + "requires: {lms: {repo: --x, version: v}}\n",
            f'dev.yaml:3: requires.lms.repo: "--x" {NOT_ALLOWED}',
        ),
        (HEAD + "requires: {lms: {repo: r, version: --x}}\n", 'dev.yaml:3: requires.lms.version: "--x" is not'),
        (LMS + "    env: [A]\n", f"dev.yaml:7: requires.lms.env: {MUST_BE_MAPPING}"),
    ],
)
def test_each_error_names_the_line(text: str, message: str) -> None:
    with pytest.raises(DevError) as caught:
        requirements.of(parse(text))
    assert caught.value.code == CONFIG
    assert caught.value.message.startswith(message)


def test_values_are_passed_on_as_they_are_written() -> None:
    text = "    scenarios:\n      - a: {release: 1.10, mode: 0755}\n    env: {RELEASE: 1.10, FLAG: true}\n"
    [need] = requirements.of(parse(LMS + text)).values()
    assert need.wirings[0].params == {"release": "1.10", "mode": "0755"}
    assert need.env == {"RELEASE": "1.10", "FLAG": "true"}


@pytest.mark.parametrize("item", [r'{a: {key: "x\ny"}}', r'{a: {"x\ny": 1}}', r'"x\ny"'])
def test_what_make_cannot_hand_over_is_refused_where_it_stands(item: str) -> None:
    with pytest.raises(DevError) as caught:
        requirements.of(parse(LMS + f"    scenarios:\n      - b\n      - {item}\n"))
    assert caught.value.code == CONFIG
    assert caught.value.message.startswith("dev.yaml:9: scenarios: ")
    assert "cannot be passed through make" in caught.value.message
    assert len(caught.value.message.splitlines()) == 1


json_values = st.recursive(
    st.one_of(st.none(), st.integers(0, 9), st.sampled_from(["", "a"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@given(json_values, json_values)
def test_whatever_another_repository_writes_is_read_or_refused_with_a_line(scenarios: object, env: object) -> None:
    data = {"service": "shop", "requires": {"lms": {"repo": "r", "version": "v", "scenarios": scenarios, "env": env}}}
    with contextlib.suppress(DevError):
        requirements.of(document.Document(Path("dev.yaml"), data, {}, {}))


@pytest.mark.parametrize("contract", ['"1.0"', '"1.7"', "1.0", "1"])
def test_any_minor_version_of_our_contract_will_do(contract: str) -> None:
    requirements.check_contract(parse(f"contract: {contract}\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('a: 1\ncontract: "2.0"\n', f"dev.yaml:2: contract 2.0 {NOT_SUPPORTED}"),
        ("a: 1\n", f"dev.yaml:1: contract (missing) {NOT_SUPPORTED}"),
        ("", f"dev.yaml:1: contract (missing) {NOT_SUPPORTED}"),
        ("- a\n", f"dev.yaml:1: contract (missing) {NOT_SUPPORTED}"),
        ('contract: "11.0"\n', f"dev.yaml:1: contract 11.0 {NOT_SUPPORTED}"),
    ],
)
def test_another_major_of_the_contract_is_refused(text: str, message: str) -> None:
    with pytest.raises(DevError) as caught:
        requirements.check_contract(parse(text))
    assert (caught.value.code, caught.value.message) == (CONFIG, message)
    assert "inv template.update" in caught.value.hints[0]

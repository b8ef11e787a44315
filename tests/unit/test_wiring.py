"""What services tell each other: when a scenario is due, and the environment that comes of it."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from devenv.base import records
from devenv.base.errors import CONFIG, DevError
from devenv.model import env_file
from devenv.model.requirements import Requirement, Wiring
from devenv.model.resolver import Ask
from devenv.required import wiring

URL = "http://shop.localhost:18100"
CLIENT = Wiring("oauth-client", {"client_id": "shop", "redirect": "{url}/callback/"})


def need(*wirings: Wiring, name: str = "lms", **env: str) -> Requirement:
    return Requirement(Ask(name, "../lms", "v1.0", "shop", "dev.yaml:4"), wirings, env)


class Provider:
    """Remembers what was asked of it."""

    def __init__(self, **answer: Any) -> None:
        self.asked: list[Wiring] = []
        self.answer = answer

    def __call__(self, wanted: Wiring) -> Mapping[str, Any]:
        self.asked.append(wanted)
        return self.answer


# ---- when it is due


def test_parameters_know_the_consumers_url_and_outputs_are_kept() -> None:
    record, provider = records.Record("shop", "main"), Provider(client_id="shop", secret="s")
    assert wiring.wire(record, URL, need(CLIENT), "g1", provider)
    assert provider.asked == [Wiring("oauth-client", {"client_id": "shop", "redirect": f"{URL}/callback/"})]
    assert record.wired["lms"]["outputs"] == {"oauth-client": {"client_id": "shop", "secret": "s"}}


@pytest.mark.parametrize(
    ("generation", "url", "again", "due"),
    [
        ("g1", URL, need(CLIENT), False),
        ("g1", URL, need(CLIENT, X="{oauth-client.secret}"), False),  # only what is made of the outputs
        ("g2", URL, need(CLIENT), True),
        ("g1", "http://shop.localhost:18999", need(CLIENT), True),
        ("g1", URL, need(Wiring("oauth-client", {"client_id": "other"})), True),
        ("g1", URL, need(CLIENT, Wiring("more", {})), True),
    ],
)
def test_it_is_due_when_the_data_or_the_parameters_are_others(
    generation: str, url: str, again: Requirement, due: bool
) -> None:
    record = records.Record("shop", "main")
    wiring.wire(record, URL, need(CLIENT), "g1", Provider())
    provider = Provider()
    assert wiring.wire(record, url, again, generation, provider) is due
    assert bool(provider.asked) is due


def test_providers_are_due_each_for_itself() -> None:
    record, provider = records.Record("shop", "main"), Provider(a=1)
    assert wiring.wire(record, URL, need(CLIENT), "g1", provider)
    assert wiring.wire(record, URL, need(CLIENT, name="mail"), "g1", provider)
    assert not wiring.wire(record, URL, need(CLIENT), "g1", provider)


def test_without_scenarios_nothing_is_run_or_noted() -> None:
    record = records.Record("shop", "main")
    assert not wiring.wire(record, URL, need(), "g1", Provider())
    assert record.wired == {}


def test_a_scenario_that_failed_is_due_again() -> None:
    def fail(_wanted: Wiring) -> Mapping[str, Any]:
        raise DevError(112, "no")

    record = records.Record("shop", "main")
    with pytest.raises(DevError):
        wiring.wire(record, URL, need(CLIENT), "g1", fail)
    assert wiring.wire(record, URL, need(CLIENT), "g1", Provider())


# ---- the environment


def told(requirement: Requirement, **printed: Any) -> dict[str, str]:
    record = records.Record("shop", "main")
    wiring.wire(record, URL, requirement, "g1", Provider(**printed))
    name = requirement.ask.name
    return wiring.variables(record, {name: requirement}, {name: ("http://x.localhost:1", "http://x:1")})


def test_addresses_and_outputs() -> None:
    found = told(
        need(CLIENT, name="big-lms", ID="{oauth-client.client_id}", BOTH="{oauth-client.client_id}:{oauth-client.n}"),
        client_id="shop",
        n=5,
    )
    assert found == {
        "BIG_LMS_URL": "http://x.localhost:1",
        "BIG_LMS_INTERNAL_URL": "http://x:1",
        "ID": "shop",
        "BOTH": "shop:5",
    }


@pytest.mark.parametrize("text", ["plain", "{}", "{url}", '{"a": 1}', "{A.b}", "$HOME", "{a.b"])
def test_other_braces_stay(text: str) -> None:
    assert told(need(CLIENT, X=text))["X"] == text


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (None, "null"), (1.5, "1.5"), ("True", "True"), ([1, "a"], '[1, "a"]')]
)
def test_other_values_than_texts_are_written_as_json(value: object, text: str) -> None:
    assert told(need(CLIENT, X="{oauth-client.k}"), k=value)["X"] == text


@pytest.mark.parametrize("text", ["{oauth-client.secrte}", "{nope.secret}"])
def test_an_output_that_was_not_printed(text: str) -> None:
    with pytest.raises(DevError) as caught:
        told(need(CLIENT, X=text), secret="s")
    assert caught.value.code == CONFIG
    assert caught.value.message == f"dev.yaml:4: lms printed nothing named {text.strip('{}')}"
    assert caught.value.hints == ("it printed: oauth-client.secret",)  # the names, and never the values


# ---- the file


def test_only_the_user_may_read_it_and_it_is_written_when_it_changed(state_home: Path) -> None:
    assert wiring.write("main", "shop", {"B": "2", "A": "1"})
    path = state_home / "main" / "shop.env"
    assert path.read_text() == 'A="1"\nB="2"\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not wiring.write("main", "shop", {"A": "1", "B": "2"})
    assert wiring.write("main", "shop", {"A": "1"})
    assert [p.name for p in path.parent.iterdir()] == ["shop.env"]


values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
tricky = st.text(st.sampled_from("\\'\"$ #={}\n\r\tab\u2028\x85"), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["A", "B_1", "c"]), st.one_of(values, tricky), min_size=1))
@example({"A": "ends with a backslash\\", "B_1": "$HOME ${HOME} $$", "c": "a\n# no comment\nB_1=x"})
def test_any_value_comes_back_as_it_was(state_home: Path, environment: dict[str, str]) -> None:
    wiring.write("main", "shop", environment)
    assert env_file.read(state_home / "main" / "shop.env", {"HOME": "x"}) == environment
    assert not wiring.write("main", "shop", environment)


def test_comments_of_an_env_file(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# A=1\n  #B=2\nC=3 # not this\nD='4 # this\n# and this'\nexport E=5#6\n")
    assert env_file.read(path, {}) == {"C": "3", "D": "4 # this\n# and this", "E": "5#6"}

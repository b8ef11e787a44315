"""dev.yaml as a value: commands are argument lists, and no parameter ever becomes a second argument."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from devenv.base.errors import CONFIG, USAGE, DevError
from devenv.model import config, scenarios, service_names
from tests.messages import ADD_A_LINE, DID_YOU_MEAN, NOT_SUPPORTED

HEAD = 'contract: "1.0"\nservice: catalog\napp: app\nport: 18160\n'


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config")


def load(root: Path, text: str = "") -> config.Config:
    (root / "dev.yaml").write_text(HEAD + text, encoding="utf-8")
    return config.load(root)


def error_of(root: Path, text: str) -> DevError:
    with pytest.raises(DevError) as caught:
        load(root, text)
    return caught.value


def test_what_is_left_out_has_a_default(root: Path) -> None:
    found = load(root)
    assert (found.level, found.compose, found.ready, found.memory) == ("full", "compose.yaml", 60, None)
    assert (found.commands, found.state, found.scenarios, found.logins) == ({}, (), {}, ())


def test_all_of_it_is_read(root: Path) -> None:
    found = load(
        root,
        "level: core\ncompose: other.yaml\nstate: [a, b]\nbudget: {memory: 1.5G, ready: 5m}\n"
        "logins:\n  admin: {username: a, password: b, path: /admin/, help: all}\n  guest: {username: c, password: d}\n"
        "commands: {migrate: python manage.py migrate --noinput}\n",
    )
    assert (found.level, found.compose, found.state) == ("core", "other.yaml", ("a", "b"))
    assert (found.memory, found.ready) == (3 * 2**29, 300)
    assert found.logins == (config.Login("admin", "a", "b", "/admin/", "all"), config.Login("guest", "c", "d", "/", ""))
    assert found.command("migrate") == ("python", "manage.py", "migrate", "--noinput")


def test_a_lean_service_may_have_a_budget_of_its_own(root: Path) -> None:
    assert load(root, "budget: {memory: 512M, lean: 256M}\n").lean == 256 * 2**20
    assert load(root, "budget: {memory: 512M}\n").lean == 512 * 2**20
    assert load(root).lean is None


def test_a_debugger_has_a_port_of_its_own(root: Path) -> None:
    assert load(root).debug is None
    assert load(root, "debug: {port: 5678}\n").debug == config.Debug(5678, "")
    assert load(root, "debug: {port: 9229, help: node inspect}\n").debug == config.Debug(9229, "node inspect")
    assert error_of(root, "debug: {port: 18160}\n").message == "dev.yaml:5: debug.port: 18160 is the app's own port"


def test_an_image_is_of_a_release(root: Path) -> None:
    assert load(root).image == ""
    assert load(root, "image: example.org:5000/catalog:{version}\n").image == "example.org:5000/catalog:{version}"
    assert "example.org/catalog:{version}" in error_of(root, "image: example.org/catalog:latest\n").hints[0]


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("pytest -q", ["pytest", "-q"]),
        ("'sh -c \"a && b\"'", ["sh", "-c", "a && b"]),
        ("echo $HOME *", ["echo", "$HOME", "*"]),  # no shell: nothing is put in
        ("a # b", ["a"]),  # a comment of YAML
        ("'a # b'", ["a", "#", "b"]),
        (r"a\ b", ["a b"]),
    ],
)
def test_commands_are_split_as_a_shell_would(root: Path, text: str, argv: list[str]) -> None:
    assert list(load(root, f"commands: {{test: {text}\n }}\n").command("test")) == argv


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1))
def test_any_arguments_come_back_from_a_quoted_command(root: Path, argv: list[str]) -> None:
    text = yaml.safe_dump({"commands": {"test": shlex.join(argv)}}, default_style='"')
    assert list(load(root, text).command("test")) == argv


@pytest.mark.parametrize("line", ["a && b", "a; b", "a | b", "a > b", "a 2>b", "A=1 a & b", "a ;"])
@pytest.mark.parametrize("place", ["commands: {test: %s}", "scenarios: {default: {run: %s}}", "native: {install: %s}"])
def test_a_command_for_a_shell_is_refused_and_the_hint_runs_it_in_one(root: Path, line: str, place: str) -> None:
    """`&&` would be an argument of the program before it: `node a.js && node b.js` ended with 0 without b.js."""
    error = error_of(root, place % json.dumps(line) + "\n")
    assert error.code == CONFIG
    assert "needs a shell, and none runs this" in error.message
    key, _, command = error.hints[0].partition(": ")
    load(root, place % json.dumps(yaml.safe_load(command)) + "\n")
    assert shlex.split(yaml.safe_load(command)) == ["sh", "-c", line]
    assert f"{key}: " in place


def test_an_operator_within_an_argument_is_a_part_of_it(root: Path) -> None:
    text = "commands: {test: 'pip install fastapi>=0.1 \"a;b\" c;d x\\&y'}\n"
    assert load(root, text).command("test") == ("pip", "install", "fastapi>=0.1", "a;b", "c;d", "x&y")


def test_an_open_quote_is_an_error_with_its_line(root: Path) -> None:
    error = error_of(root, "commands:\n  migrate: a\n  test: a 'b\n")
    assert (error.code, error.message) == (CONFIG, "dev.yaml:7: commands.test: No closing quotation")


def test_a_command_that_is_not_declared_is_an_error_with_the_line_of_the_others(root: Path) -> None:
    with pytest.raises(DevError, match=r"^dev\.yaml:5: commands\.migrate is missing$") as caught:
        load(root, "commands: {test: a}\n").command("migrate")
    assert (caught.value.code, caught.value.hints) == (CONFIG, (f"{ADD_A_LINE} `migrate: ...`",))


@pytest.mark.parametrize("version", ["0.9", "2.0", "10.0"])
def test_an_unknown_contract_is_an_error_with_its_line(root: Path, version: str) -> None:
    (root / "dev.yaml").write_text(HEAD.replace("1.0", version))
    with pytest.raises(DevError, match=rf"^dev\.yaml:1: contract {version} {NOT_SUPPORTED}$") as caught:
        config.load(root)
    assert caught.value.code == CONFIG


def test_a_later_minor_contract_is_known(root: Path) -> None:
    (root / "dev.yaml").write_text(HEAD.replace("1.0", "1.17"))
    assert config.load(root).contract == "1.17"


# ---- scenarios

BIG = "scenarios:\n  big:\n    run: 'seed --n={n} {n} {name}'\n    params: {n: 5, name: x}\n"


def test_defaults_and_given_parameters_are_put_in(root: Path) -> None:
    scenario = load(root, BIG).scenario("big")
    assert scenario.argv({}) == ["seed", "--n=5", "5", "x"]
    assert scenario.argv({"n": "7"}) == ["seed", "--n=7", "7", "x"]


def test_the_braces_of_json_are_left_alone(root: Path) -> None:
    run = """seed '{"n": {n}, "deep": {"Name": "{Name}"}, "none": {}, "list": [{ }]}' ${HOME} {0} {{n}}"""
    found = load(root, f"scenarios:\n  a:\n    run: |-\n      {run}\n    params: {{n: 5}}\n").scenario("a").argv({})
    assert found[1] == '{"n": 5, "deep": {"Name": "{Name}"}, "none": {}, "list": [{ }]}'
    assert found[2:] == ["${HOME}", "{0}", "{5}"]


@pytest.mark.parametrize("text", ["1.10", "0755", "1_000", "1e3", "0x1f", "1.0"])
def test_a_default_is_passed_as_it_is_written(root: Path, text: str) -> None:
    found = load(root, f"scenarios:\n  a:\n    run: seed {{n}}\n    params: {{n: {text}}}\n").scenario("a")
    assert found.argv({}) == ["seed", text]


def test_a_placeholder_that_is_not_a_parameter_is_an_error_with_its_line(root: Path) -> None:
    error = error_of(root, "scenarios:\n  big:\n    params: {learners: 5}\n    run: seed {learner}\n")
    assert (error.code, error.message) == (CONFIG, "dev.yaml:8: {learner} is not a parameter of this scenario")
    assert error.hints == (f"{DID_YOU_MEAN} learners? allowed: learners",)


def test_a_parameter_that_is_not_there_is_a_wrong_command_line(root: Path) -> None:
    with pytest.raises(DevError, match=r"^scenario big has no parameter nam$") as caught:
        load(root, BIG).scenario("big").argv({"nam": "x"})
    assert (caught.value.code, caught.value.hints) == (USAGE, (f"{DID_YOU_MEAN} name? allowed: n, name",))


def test_a_scenario_that_is_not_there_is_a_wrong_command_line(root: Path) -> None:
    with pytest.raises(DevError, match=r"^unknown scenario bik$") as caught:
        load(root, BIG).scenario("bik")
    assert (caught.value.code, caught.value.hints) == (USAGE, (f"{DID_YOU_MEAN} big? allowed: big",))


def test_a_scenario_says_when_it_runs_and_how_one_sees_that_it_did(root: Path) -> None:
    text = """scenarios: {a: {run: seed, once: true, after: up, check: "look --at '{n} talks'", params: {n: 5}}}
"""
    found = load(root, text).scenario("a")
    assert (found.once, found.up, found.after) == (True, True, ())
    assert found.check_argv({}) == ["look", "--at", "5 talks"]
    assert found.check_argv({"n": "7"}) == ["look", "--at", "7 talks"]
    plain = load(root, BIG).scenario("big")
    assert (plain.once, plain.up, plain.after, plain.check_argv({})) == (False, False, (), [])


LAYERS = "scenarios: {a: {run: x}, b: {run: x, after: a}, c: {run: x, after: [a, b, up]}}\n"


def test_a_scenario_comes_after_all_that_it_builds_on(root: Path) -> None:
    settings = load(root, LAYERS)
    assert [s.name for s in settings.chain("c")] == ["a", "b", "c"]
    assert [s.up for s in settings.chain("c")] == [False, False, True]
    assert [s.name for s in settings.chain("a")] == ["a"]


@pytest.mark.parametrize(
    ("scenarios", "message", "hint"),
    [
        ("a: {run: x, after: b}", "scenarios.a.after: unknown scenario b", "allowed: a, up"),
        (
            "a: {run: x, after: [aa]}",
            "scenarios.a.after: unknown scenario aa",
            f"{DID_YOU_MEAN} a? allowed: a, up",
        ),
        ("a: {run: x, after: a}", "scenarios.a.after: a builds on a itself", "remove one of the two"),
        (
            "a: {run: x, after: b}, b: {run: x, after: [up, a]}",
            "scenarios.a.after: b builds on a itself",
            "remove one of the two",
        ),
    ],
)
def test_what_a_scenario_builds_on_is_there_and_not_itself(root: Path, scenarios: str, message: str, hint: str) -> None:
    error = error_of(root, f"scenarios: {{{scenarios}}}\n")
    assert error.message.endswith(message)
    assert "".join(error.hints) == hint


def test_the_parameters_of_a_check_are_known_too(root: Path) -> None:
    error = error_of(root, "scenarios:\n  a:\n    run: seed\n    check: look {m}\n    params: {n: 5}\n")
    assert (error.code, error.message) == (CONFIG, "dev.yaml:8: {m} is not a parameter of this scenario")


@pytest.mark.parametrize(
    ("given_values", "label"),
    [({}, "big"), ({"n": "5"}, "big"), ({"n": "7"}, "big n=7"), ({"name": "y", "n": "7"}, "big n=7 name=y")],
)
def test_a_data_set_is_known_by_what_differs_from_the_defaults(
    root: Path, given_values: dict[str, str], label: str
) -> None:
    assert load(root, BIG).scenario("big").label(given_values) == label


@pytest.fixture(scope="module")
def big(root: Path) -> scenarios.Scenario:
    return load(root, BIG).scenario("big")


@given(st.text(), st.text())
def test_a_parameter_stays_inside_its_argument_whatever_it_holds(big: scenarios.Scenario, n: str, name: str) -> None:
    assert big.argv({"n": n, "name": name}) == ["seed", f"--n={n}", n, name]


@pytest.mark.parametrize("value", ["{name}", "'", "a b", "$(x)", "\\1", r"\g<0>", ""])
def test_a_parameter_is_not_read_again(big: scenarios.Scenario, value: str) -> None:
    assert big.argv({"n": value}) == ["seed", f"--n={value}", value, "x"]


@pytest.mark.parametrize("name", service_names.RESERVED)
def test_a_name_that_means_something_else_is_refused(root: Path, name: str) -> None:
    (root / "dev.yaml").write_text(HEAD.replace("catalog", f'"{name}"'))
    with pytest.raises(DevError) as caught:
        config.load(root)
    assert caught.value.code == CONFIG
    assert caught.value.message == f"dev.yaml:2: service: the name {name} {service_names.RESERVED[name]}"
    error = error_of(root, f'requires:\n  "{name}": {{repo: ../x, version: v1}}\n')
    assert error.message.startswith(f"dev.yaml:6: requires: the name {name} ")

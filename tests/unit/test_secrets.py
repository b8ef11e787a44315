"""Where a secret comes from, and what is said of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devenv.base.errors import CONFIG, MISSING, DevError
from devenv.context import fingerprints
from devenv.engines.secrets import LIMIT, Secrets
from devenv.model import config
from tests.messages import EXPECTED_LOGIN, NOT_KNOWN, STILL_VALID
from tests.unit.conftest import DEV_YAML

VALUE = "s3cret-value"
Declare = Callable[..., Secrets]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's home, in a process that has asked no program yet."""
    monkeypatch.setattr("devenv.engines.secret_places._asked", {})
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture
def declare(repo: Path, home: Path) -> Declare:
    """declare("{from: [...]}", NAME="value") → the secrets of dev.yaml, with these variables of the person."""

    def declare(*entries: str, **env: str) -> Secrets:
        lines = [f"  {name}: {entry}\n" for name, entry in zip(("token", "other", "third"), entries)]
        (repo / "dev.yaml").write_text(f"{DEV_YAML}\nsecrets:\n{''.join(lines)}")
        found = config.load(repo)
        given = {"HOME": str(home), "PATH": "/usr/bin:/bin", **env}
        return Secrets(found.secrets, found.service, repo, given, found.ssh)

    return declare


def error_of(run: Callable[[], object]) -> DevError:
    with pytest.raises(DevError) as caught:
        run()
    return caught.value


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


# ---- each kind of place


def test_a_variable(declare: Declare) -> None:
    assert declare("{from: [{env: TOKEN}]}", TOKEN=VALUE).values("build") == {"token": VALUE}


@pytest.mark.parametrize(
    ("text", "value"),
    [("one\n", "one"), ("one\r\n", "one"), ("one", "one"), ("one\ntwo\n", "one\ntwo\n"), ("\n", ""), ("", "")],
)
def test_a_file_of_one_line_is_a_token_and_others_stay_as_they_are(
    declare: Declare, home: Path, text: str, value: str
) -> None:
    written(home / "token", text)
    assert declare("{from: [{file: ~/token}], optional: true}").values("build").get("token", "") == value


def test_a_file_of_the_repository(declare: Declare, repo: Path) -> None:
    written(repo / "local/token", VALUE)
    assert declare("{from: [{file: local/token}]}").values("build") == {"token": VALUE}


def test_what_a_command_prints(declare: Declare) -> None:
    argv = f"[{sys.executable}, -c, 'print(\"{VALUE}\")']"
    assert declare(f"{{from: [{{command: {argv}}}]}}").values("build") == {"token": VALUE}


@pytest.mark.parametrize("argv", ["[no-such-program-7f3a]", "['false']", "['true']"])
def test_a_command_that_fails_or_prints_nothing_has_no_secret(declare: Declare, argv: str) -> None:
    found = declare(f"{{from: [{{command: {argv}}}, {{env: TOKEN}}]}}", TOKEN=VALUE)
    assert found.values("build") == {"token": VALUE}


def test_a_command_runs_once_for_all_that_this_process_does(declare: Declare, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    entry = f"{{from: [{{command: [sh, -c, 'echo x >>{runs}; cat {runs}']}}], for: [build, run]}}"
    for _ in range(2):
        found = declare(entry)
        assert found.values("build") == found.values("run") == {"token": "x"}


def test_no_shell_runs(declare: Declare, repo: Path) -> None:
    declare("{from: [{command: [echo, '$(touch made)', ';', touch, made]}]}").values("build")
    assert not (repo / "made").exists()


def test_the_line_of_netrc_for_a_host(declare: Declare, home: Path) -> None:
    written(
        home / ".netrc", f"machine other.org login you password no\nmachine acme.org\n login me\n password {VALUE}\n"
    )
    line = f"machine acme.org login me password {VALUE}\n"
    assert declare("{from: [{netrc: acme.org}]}").values("build") == {"token": line}
    assert declare("{from: [{netrc: none.org}], optional: true}").values("build") == {}


def test_netrc_has_no_default_for_others_and_may_be_elsewhere(declare: Declare, home: Path) -> None:
    other = written(home / "netrc", f"default login me password {VALUE}\n")
    assert declare("{from: [{netrc: acme.org}], optional: true}", NETRC=str(other)).values("build") == {}


@pytest.mark.parametrize("password", [VALUE, 'with "quotes"', "a\\b", "#comment"])
def test_the_login_of_gits_credential_helper(declare: Declare, home: Path, password: str) -> None:
    written(home / ".gitconfig", "[credential]\n\thelper = store\n")
    approved = f"protocol=https\nhost=acme.org:8443\nusername=me\npassword={password}\n\n"
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    subprocess.run(["git", "credential", "approve"], input=approved, env=env, text=True, check=True)
    line = declare("{from: [{git: 'acme.org:8443'}]}").values("build")["token"]
    import netrc

    assert netrc.netrc(written(home / "again", line)).hosts == {"acme.org": ("me", "", password)}


def test_git_asks_nobody(declare: Declare) -> None:
    asks = {"GIT_ASKPASS": "/bin/echo", "SSH_ASKPASS": "/bin/echo"}
    assert declare("{from: [{git: acme.org}], optional: true}", **asks).values("build") == {}


@pytest.mark.parametrize(
    ("manager", "file", "env"),
    [
        ("npm", ".npmrc", {}),
        ("npm", "elsewhere", {"NPM_CONFIG_USERCONFIG": "{home}/elsewhere"}),
        ("pip", ".config/pip/pip.conf", {}),
        ("pip", ".pip/pip.conf", {}),
        ("pip", "xdg/pip/pip.conf", {"XDG_CONFIG_HOME": "{home}/xdg"}),
        ("uv", ".config/uv/uv.toml", {}),
        ("uv", "elsewhere", {"UV_CONFIG_FILE": "{home}/elsewhere"}),
    ],
)
def test_the_persons_configuration(declare: Declare, home: Path, manager: str, file: str, env: dict[str, str]) -> None:
    text = f"first = 1\ntoken = {VALUE}\n"
    written(home / file, text)
    given = {name: value.format(home=home) for name, value in env.items()}
    assert declare(f"{{from: [{{config: {manager}}}]}}", **given).values("build") == {"token": text}


def test_the_first_place_that_has_it_counts(declare: Declare, home: Path) -> None:
    written(home / "token", "from the file")
    places = "{from: [{env: TOKEN}, {file: ~/token}, {env: LAST}]}"
    assert declare(places, LAST="last").values("build") == {"token": "from the file"}
    assert declare(places, LAST="last", TOKEN=VALUE).values("build") == {"token": VALUE}
    assert declare(places, LAST="last", TOKEN="").values("build") == {"token": "from the file"}


# ---- missing


def test_all_missing_ones_are_one_error(declare: Declare) -> None:
    entries = (
        "{from: [{env: TOKEN}]}",
        "{from: [{netrc: acme.org}], help: ask the team}",
        "{from: [{env: X}], for: [run]}",
    )
    error = error_of(lambda: declare(*entries).check("build", "run"))
    places = ("token (env TOKEN: not set)", "other (netrc acme.org: no file ~/.netrc)", "third (env X: not set)")
    assert (error.code, error.message) == (MISSING, f"catalog: secrets are not set: {', '.join(places)}")
    assert error.hints == (
        "token: read -rs TOKEN && export TOKEN",
        "other: ask the team",
        "third: read -rs X && export X",
    )


def test_what_is_not_needed_now_may_be_missing(declare: Declare) -> None:
    found = declare("{from: [{env: TOKEN}], for: [run]}", "{from: [{env: OTHER}], optional: true}")
    found.check("build")
    assert found.carriers("build") == {"DEVENV_SECRET_OTHER": ""}
    assert error_of(lambda: found.check("run")).code == MISSING


@pytest.mark.parametrize("value", ["x" * (LIMIT + 1), "a\0b"])
def test_what_no_variable_can_hold(declare: Declare, home: Path, value: str) -> None:
    written(home / "token", value)
    error = error_of(lambda: declare("{from: [{file: ~/token}]}").values("build"))
    assert (error.code, "token" in error.message, value in error.message) == (CONFIG, True, False)


def test_an_agent_is_needed(repo: Path, tmp_path: Path) -> None:
    for agent in ("", str(tmp_path / "gone")):
        found = Secrets((), "catalog", repo, {"SSH_AUTH_SOCK": agent}, ssh=True)
        with pytest.raises(DevError, match="ssh agent") as caught:
            found.check("build")
        assert caught.value.code == MISSING
        found.check("run")


# ---- dev.yaml


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{from: []}", "names no place"),
        ("{from: [{}]}", "expected one place"),
        ("{from: [{env: A, file: b}]}", "expected one place"),
        ("{from: [{command: []}]}", "is empty"),
        ("{from: [{env: A}], variable: A, path: B}", "`path` gives a file"),
        ("{from: [{env: A-B}]}", "A-B"),
        ("{from: [{vault: A}]}", "unknown key vault"),
        ("{from: [{env: A}], for: [test]}", "build, run"),
        ("{}", "from is missing"),
    ],
)
def test_a_wrong_entry_is_named_with_its_line(declare: Declare, repo: Path, entry: str, words: str) -> None:
    error = error_of(lambda: declare(entry))
    line = len(DEV_YAML.splitlines()) + 3
    assert (error.code, words in error.message) == (CONFIG, True), error.message
    assert error.message.startswith(f"dev.yaml:{line}: ")


def test_the_name_of_the_authorities_is_taken(declare: Declare, repo: Path) -> None:
    declare("{from: [{env: A}]}")
    (repo / "dev.yaml").write_text((repo / "dev.yaml").read_text().replace("  token:", "  ca:"))
    assert "belongs to CA_BUNDLE" in error_of(lambda: config.load(repo)).message


@pytest.mark.parametrize(
    ("one", "other", "refused"),
    [
        ("path: NETRC", "path: NETRC", True),
        ("variable: NETRC", "path: NETRC", True),
        ("path: OTHER_FILE", "help: x", True),
        ("path: NETRC", "path: NETRC, for: [run]", False),
        ("help: x", "help: y", False),
    ],
)
def test_two_secrets_with_one_variable(declare: Declare, one: str, other: str, refused: bool) -> None:
    entries = [f"{{from: [{{env: A}}], {one}}}", f"{{from: [{{env: B}}], {other}}}"]
    if not refused:
        assert [secret.name for secret in declare(*entries).declared] == ["token", "other"]
        return
    error = error_of(lambda: declare(*entries))
    line = len(DEV_YAML.splitlines()) + 3
    assert error.message.startswith(f"dev.yaml:{line + 1}: secrets.other: ")
    assert error.message.endswith(f"as secrets.token in line {line}")


# ---- what gets it


def test_the_compose_file_has_names_and_no_values(declare: Declare) -> None:
    entries = (
        "{from: [{env: A}]}",
        "{from: [{env: B}], for: [run]}",
        "{from: [{env: C}], for: [build, run], variable: C}",
    )
    found = declare(*entries, A=VALUE, B=VALUE, C=VALUE).overlay(["app", "worker"], install=False)
    app = {
        "build": {"secrets": ["token", "third"], "ssh": []},
        "secrets": ["other"],
        "environment": {"OTHER_FILE": "/run/secrets/other", "C": "${DEVENV_SECRET_THIRD-}"},
    }
    assert found["services"] == {"app": app, "worker": app}
    assert VALUE not in repr(found)


def test_a_step_without_containers_gets_files_that_are_gone_afterwards(declare: Declare, tmp_path: Path) -> None:
    folder = tmp_path / "state/lent"
    entries = (
        "{from: [{env: A}], path: NETRC}",
        "{from: [{env: B}], variable: TOKEN}",
        "{from: [{env: C}], optional: true}",
    )
    line = f"machine acme.org login me password {VALUE}"
    with declare(*entries, A=line, B="b").lent("build", folder) as given:
        assert given == {"NETRC": str(folder / "token"), "TOKEN": "b", "THIRD_FILE": str(folder / "third")}
        assert (folder / "token").read_text() == line
        assert [path.stat().st_mode & 0o777 for path in (folder, folder / "token")] == [0o700, 0o600]
        assert (folder / "third").read_text() == "", "one that is not set"
    assert not folder.exists()


def test_a_file_of_a_secret_that_is_gone_is_emptied_or_removed(declare: Declare, tmp_path: Path) -> None:
    entry = "{from: [{env: A}], for: [run], optional: true}"
    declare(entry, A=VALUE).placed("run", tmp_path / "secrets")
    assert (tmp_path / "secrets/token").read_text() == VALUE
    declare(entry).placed("run", tmp_path / "secrets")
    assert (tmp_path / "secrets/token").read_text() == ""
    declare(entry.replace("A}]", "A}], variable: A")).placed("run", tmp_path / "secrets")
    assert not (tmp_path / "secrets/token").exists()


def test_a_configuration_that_its_manager_would_not_read_does_not_count(declare: Declare, home: Path) -> None:
    written(home / ".config/pip/pip.conf", VALUE)
    (report,) = declare("{from: [{config: pip}]}", XDG_CONFIG_HOME=str(home / "xdg")).report()
    assert report.missing == "config pip: no file XDG_CONFIG_HOME/pip/pip.conf or no file ~/.pip/pip.conf"


@pytest.mark.parametrize("places", ["{env: C}", "{command: ['false']}", "{env: C}, {command: [no-such-7f3a]}"])
def test_an_optional_variable_that_is_not_set_is_absent_on_both_engines(
    declare: Declare, tmp_path: Path, places: str
) -> None:
    entry = f"{{from: [{places}], for: [run], variable: PLAIN, optional: true}}"
    found = declare(entry)
    assert found.placed("run", tmp_path / "secrets") == {}
    found.carriers("run")  # as before each start
    assert found.overlay(["app"], install=False)["services"]["app"]["environment"] == {}
    if "env" in places:
        found = declare(entry, C=VALUE)
        assert found.placed("run", tmp_path / "secrets") == {"PLAIN": VALUE}
        assert found.overlay(["app"], install=False)["services"]["app"]["environment"] == {
            "PLAIN": "${DEVENV_SECRET_TOKEN-}"
        }


def test_an_optional_file_that_is_not_set_is_empty_in_containers(declare: Declare) -> None:
    found = declare("{from: [{env: C}], for: [run], optional: true}").overlay(["app"], install=False)
    app = found["services"]["app"]
    assert (app["secrets"], app["environment"]) == ([], {"TOKEN_FILE": "/run/secrets/token"})
    assert [(each["source"], each["target"]) for each in app["volumes"]] == [("/dev/null", "/run/secrets/token")]


# ---- logins


@pytest.mark.parametrize(
    "entry",
    [
        "{from: [{git: acme.org}, {env: A}]}",
        "{from: [{env: A}, {git: acme.org}]}",
        "{from: [{env: A}, {netrc: acme.org}]}",
        "{from: [{env: A}], path: NETRC}",
    ],
)
@pytest.mark.parametrize(
    ("value", "ok"),
    [("just-a-token", False), ("me:pw", False), ("# a\n# b\nmachine h login m password p", True), ("# " * 5000, False)],
)
def test_a_login_is_a_line_of_netrc(declare: Declare, entry: str, value: str, ok: bool) -> None:
    found = declare(entry, A=value)
    assert [bool(each.wrong) for each in found.report(run=True)] == [not ok]
    if ok:
        found.check("build")
        return
    error = error_of(lambda: found.check("build"))
    assert (error.code, value in error.message) == (CONFIG, False)
    assert error.hints == (EXPECTED_LOGIN,)


@pytest.mark.parametrize("password", [VALUE, "a b", "p@ss/w:rd", 'q"uote', "per%cent", "s3cr&t/+$HOME"])
def test_git_gets_the_login_of_a_step_and_keeps_it_from_the_persons_helpers(
    declare: Declare, home: Path, tmp_path: Path, password: str
) -> None:
    written(home / ".gitconfig", "[credential]\n\thelper = store\n")
    quoted = password.replace("\\", "\\\\").replace('"', '\\"')
    found = declare("{from: [{git: 'acme.org:8443'}, {env: A}]}", A=f'machine acme.org login me password "{quoted}"')
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin", "GIT_TERMINAL_PROMPT": "0"}
    asked = "protocol=https\nhost=acme.org:8443\n\n"
    with found.lent("build", tmp_path / "it is lent") as given:
        assert password not in repr(given)
        argv, more = ["git", "credential", "fill"], {**env, **given}
        answer = subprocess.run(argv, input=asked, env=more, text=True, capture_output=True, check=True).stdout
        assert {"username=me", f"password={password}"} <= {*answer.splitlines()}
        other = asked.replace("acme", "other")
        assert subprocess.run(argv, input=other, env=more, text=True, capture_output=True, check=False).returncode
        subprocess.run(["git", "credential", "approve"], input=answer, env=more, text=True, check=True)
    assert not (home / ".git-credentials").exists()


def test_hints_of_a_failed_step_name_the_places(declare: Declare) -> None:
    found = declare("{from: [{env: A}]}", "{from: [{env: B}], optional: true}", A=VALUE)
    assert found.origins("build") == [f"the secret token came from env A: {STILL_VALID}"]


# ---- why a place has nothing


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("{env: A}", "env A: not set"),
        ("{env: EMPTY}", "env EMPTY: empty"),
        ("{file: ~/none}", "file ~/none: no file"),
        ("{file: ~/blank}", "file ~/blank: empty"),
        ("{file: '~'}", "file ~: Is a directory"),
        ("{command: ['false']}", "command false: exit code 1"),
        ("{command: ['true']}", "command true: printed nothing"),
        ("{command: [sh, -c, 'echo s3cret-value >&2; exit 4']}", "exit code 4"),
        ("{command: [no-such-7f3a]}", "command no-such-7f3a: not found"),
        ("{command: [/etc/passwd]}", "command /etc/passwd: Permission denied"),
        ("{git: acme.org}", "git acme.org: no credential helper has a login"),
        ("{netrc: acme.org}", "netrc acme.org: not in ~/.netrc"),
        ("{config: uv}", "config uv: no file ~/.config/uv/uv.toml"),
    ],
)
def test_each_place_says_why_it_has_nothing(declare: Declare, home: Path, place: str, why: str) -> None:
    written(home / ".netrc", f"machine other.org login me password {VALUE}\n")
    written(home / "blank", "\n")
    found = declare(f"{{from: [{place}, {{env: LAST}}], help: ask the team}}", EMPTY="")
    (report,) = found.report(run=True)
    error = error_of(lambda: found.check("build"))
    for text in (report.missing, error.message):
        assert why in text
        assert "env LAST: not set" in text
    assert error.hints == ("token: ask the team",)
    said = f"{report} {error.message}".replace("echo s3cret-value", "")
    assert VALUE not in said, "neither a value nor what a program printed"


def test_a_damaged_netrc_is_named_without_its_words(declare: Declare, home: Path) -> None:
    written(home / ".netrc", f"machine acme.org login me password x {VALUE}\n")
    (report,) = declare("{from: [{netrc: acme.org}]}").report()
    assert ".netrc:" in report.missing
    assert VALUE not in repr(report)


def test_looks_start_no_program(declare: Declare, tmp_path: Path) -> None:
    argv = f"[touch, {tmp_path / 'made'}]"
    found = declare(f"{{from: [{{command: {argv}}}], for: [run], variable: TOKEN}}")
    assert [each.place for each in found.report()] == [f"{NOT_KNOWN}: command touch {tmp_path / 'made'}"]
    assert found.quick("run") == {}
    assert not (tmp_path / "made").exists()
    assert [each.place for each in found.report(run=True)] == [""]
    assert (tmp_path / "made").exists()


def test_containers_are_out_of_date_when_another_secret_is_declared(
    repo: Path, make_environment: Callable[..., Any], declare: Declare
) -> None:
    env = make_environment()
    env.place.variables["DEV_ENV_FILE"] = "/dev/null"

    def fingerprint(entry: str, **given: str) -> str:
        return fingerprints.compose(env._replace(place=env.place._replace(secrets=declare(entry, **given))))

    run = "{from: [{env: A}], for: [run]}"
    assert fingerprint(run, A="1") == fingerprint(run, A="2")
    assert fingerprint(run) != fingerprint("{from: [{env: B}], for: [run]}")

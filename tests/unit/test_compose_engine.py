"""The commands that the engine on Docker types, and what it makes of a command that failed."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devenv.base import descriptors, process
from devenv.base.errors import CONFIG, MISSING, UNHEALTHY, DevError
from devenv.engines import choice, docker
from devenv.engines.compose import ComposeEngine
from devenv.engines.interface import Logs, Place, State
from devenv.engines.progress import Progress
from tests.conftest import until
from tests.messages import (
    LOGGED_NOTHING,
    NO_COMPOSE_PLUGIN,
    NO_ENGINE_ANSWERS,
    NOT_BUILDABLE,
    NOT_HEALTHY_WITHIN,
    NOT_PULLED,
)

from .conftest import COMPOSE_YAML, Seam

MakePlace = Callable[..., Place]
BEGIN = "docker compose -p main-catalog -f compose.yaml"
VARIABLES = " --env-file .dev/local/main.env"
ONCE = f"{BEGIN} -f .dev/local/main.once.compose.json"  # without a healthcheck


@pytest.fixture
def engine(seam: Seam, make_place: MakePlace) -> ComposeEngine:
    return ComposeEngine(make_place(PORT="18160", DEV_UID="1000"))


def container(service: str, status: str, *, number: str = "1", oneoff: bool = False, step: str = "") -> str:
    """A line of `docker ps`, as Docker 28 writes it."""
    labels = {
        "com.docker.compose.project": "main-catalog",
        "com.docker.compose.service": service,
        "com.docker.compose.oneoff": str(oneoff),
        "com.docker.compose.project.working_dir": "/src/catalog",
        "com.docker.compose.depends_on": "db:service_healthy:false",
    }
    labels.update({"devenv.step": step} if step else {})
    words = {
        "ID": service + number,
        "State": "running" if status.startswith("Up") else "exited",
        "Status": status,
        "Labels": ",".join(f"{key}={value}" for key, value in labels.items()),
    }
    return json.dumps(words) + "\n"


def error_of(run: Callable[[], object]) -> DevError:
    with pytest.raises(DevError) as caught:
        run()
    return caught.value


# ---- what it types


def test_each_change_is_one_command(engine: ComposeEngine, seam: Seam) -> None:
    engine.build(["app"])
    engine.start(["db", "app"], 59.2)
    engine.stop()
    engine.remove()
    assert seam.typed() == [
        f"{BEGIN}{VARIABLES} build app",
        f"{BEGIN}{VARIABLES} up --detach --no-build --remove-orphans --wait --wait-timeout 60 db app",
        f"{BEGIN}{VARIABLES} stop",
        f"{BEGIN}{VARIABLES} down --volumes --rmi local --remove-orphans",
    ]


LMS = "registry.example.org/catalog:v1.0.0"


@pytest.mark.parametrize(("local", "pull"), [(True, []), (False, [f"docker pull {LMS}"])])
def test_a_released_image_gets_the_name_that_compose_looks_for(
    engine: ComposeEngine, seam: Seam, local: bool, pull: list[str]
) -> None:
    seam.answer(f"image inspect {LMS}", code=0 if local else 1)
    assert engine.take(LMS, ["app"])
    assert seam.typed() == [*pull, f"docker tag {LMS} main-catalog-app"]


def test_an_image_that_cannot_be_had_names_nothing(engine: ComposeEngine, seam: Seam) -> None:
    seam.answer(f"image inspect {LMS}", code=1)
    seam.answer("docker pull", code=1)
    assert not engine.take(LMS, ["app"])
    assert seam.typed() == [f"docker pull {LMS}"]


def test_a_name_that_somebody_chose_is_not_taken_from_an_image(seam: Seam, make_place: MakePlace) -> None:
    ComposeEngine(make_place()).remove()
    untag = ["docker", "image", "rm"]
    assert [*untag, "main-catalog-app"] in seam.asked
    seam.asked.clear()
    ComposeEngine(make_place(COMPOSE_YAML.replace("  app:\n", "  app:\n    image: mine:1\n"))).remove()
    assert not any(argv[:3] == untag for argv in seam.asked)


def test_the_image_of_a_container_need_not_be_asked_for(engine: ComposeEngine, seam: Seam) -> None:
    made = json.loads(container("app", "Up")) | {"Image": "main-catalog-app"}
    seam.answer("docker ps", json.dumps(made) + "\n")
    seam.answer("image inspect", code=1)
    assert not engine.is_built()
    engine.look()
    assert engine.is_built()
    seam.answer("docker ps", json.dumps(made | {"Image": "0123abcd"}) + "\n")  # it has lost its name
    engine.look()
    assert not engine.is_built()


def test_images_of_earlier_builds_are_removed(engine: ComposeEngine, seam: Seam) -> None:
    engine.remove_older()
    assert seam.asked[-1][:3] == ["docker", "image", "prune"]
    assert seam.asked[-1][-1] == "label=com.docker.compose.project=main-catalog"


def test_steps_run_in_containers_of_their_own(engine: ComposeEngine, seam: Seam) -> None:
    seam.answer("run --rm", "{}\n")
    assert engine.step("migrate", ["./migrate", "a b"]) == 0
    assert engine.collect("seed", ["./seed"]).stdout == "{}\n"
    one_off = [*ONCE.split(), *VARIABLES.split(), "run", "--rm", "--no-deps", "-T", "--label"]
    assert seam.ran == [
        [*one_off, "devenv.step=migrate", "app", "./migrate", "a b"],
        [*one_off, "devenv.step=seed", "app", "./seed"],
    ]


@pytest.fixture
def cat(engine: ComposeEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Instead of a container, `cat` itself waits."""
    monkeypatch.setattr(engine, "_one_off", lambda name, argv, *_: ["cat"] if name == "steps" else ["run", *argv])
    with engine.prepared():
        yield
    assert not descriptors.inherited


@pytest.mark.usefixtures("cat")
def test_the_container_of_the_steps_starts_with_the_first_one_that_runs(
    engine: ComposeEngine, seam: Seam, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By then there is the network, which Compose would otherwise create twice at once."""

    def up(*_: object) -> int:
        seam.answer("ps --filter", "other\n")
        looks = len(seam.asked) + 2
        assert until(lambda: len(seam.asked) >= looks)
        assert not descriptors.inherited
        seam.answer("ps --filter", "main-catalog\n")
        assert until(lambda: bool(descriptors.inherited))
        return 0

    monkeypatch.setattr(engine, "_up", up)
    engine.start(["db"], 1)


@pytest.mark.usefixtures("cat")
def test_steps_in_one_container_wait_for_the_one_that_was_begun(
    engine: ComposeEngine, seam: Seam, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at once could need more memory than it may have."""
    monkeypatch.setattr(process, "begin", lambda argv, _: lambda: seam.collect(argv, {}))
    listing = engine.begin("package_migrations", ["./list"])
    engine.step("migrate", ["./migrate"])
    inside = ["docker", "exec", "main-catalog-steps"]
    assert seam.ran == [[*inside, "./list"], [*inside, "./migrate"]]
    assert listing().code == 0
    assert len(seam.ran) == 2


@pytest.mark.usefixtures("cat")
def test_steps_of_a_first_start_run_in_one_container(engine: ComposeEngine, seam: Seam) -> None:
    engine.step("migrate", ["./migrate", "a b"])
    engine.collect("seed", ["./seed"])
    inside = ["docker", "exec", "main-catalog-steps"]
    assert seam.ran == [[*inside, "./migrate", "a b"], [*inside, "./seed"]]
    engine.start(["app"], 1)
    engine.step("migrate", ["./migrate"])
    assert seam.ran[-1] == ["run", "./migrate"], "it ends when the app starts, since both need the memory"


@pytest.mark.parametrize("waiting", ["true", "false", "yes"])
def test_a_container_that_does_not_wait_is_not_used(
    engine: ComposeEngine, seam: Seam, monkeypatch: pytest.MonkeyPatch, waiting: str
) -> None:
    """It ended, it could not be started, or it prints something of its own."""
    monkeypatch.setattr(engine, "_one_off", lambda name, argv, *_: [waiting] if name == "steps" else ["run", *argv])
    with engine.prepared():
        engine.step("migrate", ["./migrate"])
    assert seam.ran == [["run", "./migrate"]]


@pytest.mark.parametrize("where", ["image", "compose.yaml"])
def test_an_entrypoint_is_not_left_out(seam: Seam, make_place: MakePlace, where: str) -> None:
    text = COMPOSE_YAML.replace("  app:\n", "  app:\n    entrypoint: [./enter]\n") if where != "image" else COMPOSE_YAML
    seam.answer("image inspect --format", '["./enter"]\n' if where == "image" else "null\n")
    engine = ComposeEngine(make_place(text))
    with engine.prepared():
        engine.step("migrate", ["./migrate"])
    assert "run --rm" in seam.typed()[-1]


def test_the_code_of_a_step_is_handed_on(engine: ComposeEngine, seam: Seam) -> None:
    seam.answer("run --rm", code=7)
    assert engine.step("migrate", ["x"]) == 7
    assert engine.collect("seed", ["x"]).code == 7


@pytest.mark.parametrize("action", ["step", "collect", "begin", "stop", "remove"])
def test_what_belongs_to_no_service_is_removed_first(engine: ComposeEngine, seam: Seam, action: str) -> None:
    gone = container("gone", "Up") + container("app", "Created", number="2", oneoff=True, step="seed")
    seam.answer("docker ps", gone + container("db", "Up") + container("app", "Up", number="3", oneoff=True))
    act = {
        "step": lambda: engine.step("migrate", ["x"]),
        "collect": lambda: engine.collect("seed", ["x"]),
        "begin": lambda: engine.begin("package_migrations", ["x"])(),
        "stop": engine.stop,
        "remove": engine.remove,
    }
    act[action]()
    assert seam.typed()[0] == "docker rm --force app2 gone1", "the other one may be a person's, who typed dev.run"
    assert len(seam.ran) == (1 if action == "begin" else 2)  # it does not show its command before it has ended


def test_each_command_looks_once_for_what_a_killed_step_left(engine: ComposeEngine, seam: Seam) -> None:
    engine.step("migrate", ["x"])
    engine.collect("seed", ["x"])
    engine.begin("package_migrations", ["x"])()
    looks = [argv for argv in seam.asked if argv[:2] == ["docker", "ps"]]
    assert len(looks) == 1


def test_the_variables_are_in_a_file_that_the_commands_name(engine: ComposeEngine, seam: Seam, repo: Path) -> None:
    (repo / ".env").write_text("OWN=1\n")
    engine.build(["app"])
    assert seam.typed() == [f"{BEGIN} --env-file .env{VARIABLES} build app"]
    assert (repo / ".dev/local/main.env").read_text() == "DEV_UID=1000\nPORT=18160\n"


def test_a_network_is_made_once(engine: ComposeEngine, seam: Seam) -> None:
    engine.start(["app"], 1)
    assert ["docker", "network", "create", "--label", "devenv.workspace", "devenv-main"] in seam.asked
    seam.asked.clear()
    seam.answer("network ls", "0123 devenv-main\n")
    engine.start(["app"], 1)
    assert not any("create" in argv for argv in seam.asked)


@pytest.mark.parametrize(
    ("there", "begin"),
    [("", f"{ONCE} run --rm -T app"), (container("app", "Exited (0) 1 second ago"), f"{ONCE} run --rm -T app"),
     (container("app", "Up 1 second (health: starting)"), f"{BEGIN} exec -T app")],
)  # fmt: skip
def test_attach_enters_a_running_container_else_starts_one(
    engine: ComposeEngine, seam: Seam, there: str, begin: str
) -> None:
    seam.answer("docker ps", there)
    engine.attach("app", ["ls", "-l"])
    assert seam.typed() == [f"{begin} ls -l"]


def test_logs(engine: ComposeEngine, seam: Seam) -> None:
    engine.logs([], Logs(), print)
    engine.logs(["app", "db"], Logs(follow=True, tail=0, since=90), print)
    plain = f"{BEGIN} logs --no-color"
    assert seam.typed() == [plain, f"{plain} --follow --tail 0 --since 90s app db"]


# ---- what it sees


@pytest.mark.parametrize(
    ("status", "running", "healthy"),
    [
        ("Up 5 minutes", True, True),  # no healthcheck
        ("Up 5 minutes (healthy)", True, True),
        ("Up 1 second (health: starting)", True, False),
        ("Up 5 minutes (unhealthy)", True, False),
        ("Exited (1) 2 seconds ago", False, False),
        ("Created", False, False),
    ],
)
def test_a_container_is_a_state(engine: ComposeEngine, seam: Seam, status: str, running: bool, healthy: bool) -> None:
    seam.answer("docker ps", container("app", status))
    assert engine.look() == {"app": State("app1", running, healthy, status, "/src/catalog")}


def test_one_off_containers_are_not_services(engine: ComposeEngine, seam: Seam) -> None:
    seam.answer("docker ps", container("app", "Up", number="2", oneoff=True) + container("db", "Up"))
    assert list(engine.look()) == ["db"]
    engine.tidy()
    assert seam.ran == [], "it may be a person's, who typed dev.run"


def test_what_is_left_of_a_killed_step_is_removed(engine: ComposeEngine, seam: Seam) -> None:
    """Its container may have been created and never started: then Docker does not remove it by itself."""
    seam.answer("docker ps", container("app", "Created", number="2", oneoff=True, step="seed"))
    engine.look()
    engine.tidy()
    assert seam.ran == [["docker", "rm", "--force", "app2"]]


def test_a_service_that_does_not_start_any_more_is_removed(seam: Seam, make_place: MakePlace) -> None:
    """It was taken out of compose.yaml, or it has a profile now: Compose leaves the latter alone."""
    extra = "  extra: {image: extra:1, profiles: [more]}\n"
    engine = ComposeEngine(make_place(COMPOSE_YAML.replace("  db:\n", f"{extra}  db:\n", 1)))
    seam.answer("docker ps", container("db", "Up") + container("extra", "Up") + container("gone", "Up"))
    assert list(engine.look()) == ["db"]
    engine.tidy()
    assert seam.ran == [["docker", "rm", "--force", "extra1", "gone1"]]


NO_CHECK = object()  # then Docker leaves "Health" out
STARTED = "2026-01-01T10:00:00.5Z"
CHECK = {"Start": "2026-01-01T11:00:01.123456789+01:00", "End": "2026-01-01T11:00:02+01:00", "ExitCode": 0}


@pytest.mark.parametrize(
    ("was_running", "checks", "count", "runs"),
    [
        (False, [CHECK], True, False),
        (False, [CHECK], False, True),  # this caller wants to know how it is now
        (True, [CHECK], True, True),  # an earlier command has started it
        (False, [{**CHECK, "Start": "2026-01-01T10:00:00.4Z"}], True, True),  # from an earlier start of the container
        (False, [CHECK, {**CHECK, "ExitCode": 1}], True, True),
        (False, [], True, True),
        (False, None, True, True),
        (False, NO_CHECK, True, True),
    ],
)
def test_a_check_that_passed_since_the_start_is_not_run_again(
    engine: ComposeEngine, seam: Seam, monkeypatch: pytest.MonkeyPatch,
    was_running: bool, checks: object, count: bool, runs: bool
) -> None:  # fmt: skip
    up = container("app", "Up 1 second (healthy)") + container("db", "Up 1 second (healthy)")
    seam.answer("docker ps", up if was_running else "")
    engine.look()
    seam.answer("docker ps", up)
    said = json.dumps({"StartedAt": STARTED, **({} if checks is NO_CHECK else {"Health": {"Log": checks}})})
    seam.answer("docker inspect", f"app1 {said}\ndb1 {said}\n")
    ran: list[str] = []
    monkeypatch.setattr(process, "probe", lambda argv, *_: not ran.append(argv[2]))
    assert engine.failing(engine.look(), started=count) == []
    assert sorted(ran) == (["app1", "db1"] if runs else [])


def test_a_look_at_data_makes_no_volume(engine: ComposeEngine, seam: Seam) -> None:
    seam.answer("volume inspect", code=1)
    assert engine.alone("db", "true").code
    assert not [argv for argv in seam.asked if "run" in argv]
    seam.answer("volume inspect", "main-catalog_db-data 2026-01-01T10:00:00Z\n")
    assert engine.alone("db", "true").code == 0
    assert [argv for argv in seam.asked if "run" in argv]


def test_data_is_known_by_when_its_volume_was_made(engine: ComposeEngine, seam: Seam) -> None:
    seam.answer("volume inspect", code=1)
    assert engine.data_id() == ""
    seam.answer("volume inspect", "main-catalog_db-data 2026-01-01T10:00:00Z\n")
    for _ in range(2):
        assert engine.data_id() == "main-catalog_db-data 2026-01-01T10:00:00Z"
    assert [words[-1] for words in seam.asked] == ["main-catalog_db-data"] * 2


TEN = "2026-01-01T10:00:00"


@pytest.mark.parametrize(
    ("noted", "same"),
    [
        (f"main-catalog_db-data {TEN}Z", True),
        ("main-catalog_db-data 2026-01-01T11:00:00+01:00", True),  # the daemon has another time zone
        ("main-catalog_db-data 2026-01-01 05:30:00.123 -0430 VET", True),  # Podman
        (f"main-catalog_db-data {TEN}Z main-catalog_wheels 2026-05-01T10:00:00Z", True),  # another volume went
        ("main-catalog_wheels 2026-05-01T10:00:00Z", False),  # the database's came
        ("main-catalog_db-data 2026-01-01T10:00:01Z", False),
        ("", False),
        ("no id", False),
    ],
)
@pytest.mark.parametrize("service", ["", "db"])
def test_data_stays_the_same_however_its_volumes_are_written_down(
    engine: ComposeEngine, seam: Seam, noted: str, same: bool, service: str
) -> None:
    seam.answer("volume inspect", f"main-catalog_db-data {TEN}Z\n")
    assert engine.holds(noted, service) is same


def test_an_added_volume_is_not_other_data(seam: Seam, make_place: MakePlace) -> None:
    """It does not exist yet when the plan is made, so Docker cannot inspect all of them."""
    added = COMPOSE_YAML.replace("  app:\n", "  app:\n    volumes: ['wheels:/wheels']\n")
    engine = ComposeEngine(make_place(added.replace("volumes: {db-data: {}}", "volumes: {db-data: {}, wheels: {}}")))
    seam.answer("volume inspect", f"main-catalog_db-data {TEN}Z\n")
    seam.answer("main-catalog_db-data main-catalog_wheels", code=1)
    assert engine.data_id() == ""
    assert engine.holds(f"main-catalog_db-data {TEN}Z")
    assert not engine.holds(f"main-catalog_wheels {TEN}Z")


@pytest.mark.parametrize(
    ("declared", "mount", "asked"),
    [
        ("{}", "db-data:/var/lib/postgresql/data", "volume inspect --format {{.Name}} main-catalog_db-data"),
        ("{name: mine}", "db-data:/var/lib/postgresql/data", "volume inspect --format {{.Name}} mine"),
        ("{external: true}", "db-data:/var/lib/postgresql/data", "volume inspect --format {{.Name}} db-data"),
        ("{}", "./init:/docker-entrypoint-initdb.d", "inspect --format {{json .Config.Env}} main-catalog-db-1"),
        ("{}", "", "inspect --format {{json .Config.Env}} main-catalog-db-1"),
    ],
)
def test_a_database_is_asked_for_where_it_is(
    seam: Seam, make_place: MakePlace, declared: str, mount: str, asked: str
) -> None:
    text = COMPOSE_YAML.replace("volumes: {db-data: {}}", f"volumes: {{db-data: {declared}}}")
    old = "db-data:/var/lib/postgresql/data"
    assert text.count(old) == 1
    engine = ComposeEngine(make_place(text.replace(old, mount) if mount else text.replace(f'["{old}"]', "[]")))
    seam.answer(asked, '["PGDATA=/there"]')
    assert engine.may_hold("db")
    seam.answer(asked, code=1)
    assert not engine.may_hold("db")
    assert {" ".join(words[1:]) for words in seam.asked} == {asked}


def test_volumes_that_were_seen_are_not_asked_for_again(seam: Seam, make_place: MakePlace) -> None:
    engine = ComposeEngine(make_place(COMPOSE_YAML))
    seam.answer("volume inspect", f"main-catalog_db-data {TEN}Z\n")
    assert engine.data_id()
    before = len(seam.asked)
    assert engine.may_hold("db")
    assert len(seam.asked) == before


def test_a_folder_of_the_machine_may_hold_data_once_it_exists(make_place: MakePlace) -> None:
    text = COMPOSE_YAML.replace("db-data:/var/lib/postgresql/data", "./rows:/var/lib/postgresql/data")
    engine = ComposeEngine(make_place(text))
    assert not engine.may_hold("db")
    (engine.place.root / "rows").mkdir()
    assert engine.may_hold("db")


@pytest.mark.parametrize(("image", "name"), [("", "main-catalog-app"), ("    image: mine:1\n", "mine:1")])
def test_an_image_is_known_by_the_name_that_compose_gives_it(
    seam: Seam, make_place: MakePlace, image: str, name: str
) -> None:
    engine = ComposeEngine(make_place(COMPOSE_YAML.replace("  app:\n", f"  app:\n{image}")))
    assert engine.is_built()
    assert seam.asked[-1] == ["docker", "image", "inspect", name]
    seam.answer("image inspect", code=1)
    assert not engine.is_built()


# ---- what it makes of a failure

FAILURES = {"build": "build", "start": "up", "stop": "stop", "remove": "down"}


@pytest.fixture
def fail(engine: ComposeEngine, seam: Seam) -> Callable[[str], DevError]:
    def fail(action: str) -> DevError:
        seam.answer(f".dev/local/main.env {FAILURES[action]}", code=17)
        calls = {"start": lambda: engine.start(["app"], 60), "build": lambda: engine.build(["app"])}
        act = calls.get(action) or getattr(engine, action)
        return error_of(act)

    return fail


@pytest.mark.parametrize("action", FAILURES)
def test_a_missing_engine_is_the_error(fail: Callable[[str], DevError], seam: Seam, action: str) -> None:
    seam.answer("docker version", code=1, stderr="warning\nCannot connect to the Docker daemon\n")
    seam.answer("docker ps", code=1)
    seam.answer("image inspect", code=1)
    error = fail(action)
    assert error.code == MISSING
    assert error.message == f"{NO_ENGINE_ANSWERS}: Cannot connect to the Docker daemon"


@pytest.mark.parametrize("refused", ["Cannot connect", "permission denied"])
def test_an_engine_of_the_user_is_named(
    seam: Seam, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    seam.answer("docker version", code=1, stderr=f"{refused}\n")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "docker.sock").touch()  # a file that is no socket
    (tmp_path / "podman").mkdir()
    monkeypatch.chdir(tmp_path / "podman")  # a socket's path may have about a hundred letters
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("podman.sock")
        hints = docker.no_engine().hints
    assert hints[-1] == f"or use the engine of your own: export DOCKER_HOST=unix://{tmp_path}/podman/podman.sock"
    assert "docker.sock" not in " ".join(hints)


@pytest.mark.parametrize("action", FAILURES)
def test_a_missing_plugin_is_the_error(fail: Callable[[str], DevError], seam: Seam, action: str) -> None:
    seam.answer("docker compose version", code=1)
    seam.answer("config --quiet", code=125, stderr="unknown shorthand flag: 'p' in -p\n")
    assert (fail(action).code, fail(action).message) == (MISSING, NO_COMPOSE_PLUGIN)


@pytest.mark.parametrize("lost", ["docker version", "docker compose version"])
def test_a_step_that_nothing_could_run_has_no_code_of_its_own(engine: ComposeEngine, seam: Seam, lost: str) -> None:
    for verb in ("run", "exec", "logs"):
        for begin in (BEGIN, ONCE):
            seam.answer(f"{begin} {verb}", code=1)
            seam.answer(f"{begin}{VARIABLES} {verb}", code=1)
    seam.answer(lost, code=1)
    acts = [
        lambda: engine.step("migrate", ["x"]),
        lambda: engine.collect("seed", ["x"]),
        lambda: engine.attach("app", ["x"]),
        lambda: engine.logs([], Logs(), print),
    ]
    assert [error_of(act).code for act in acts] == [MISSING] * 4


@pytest.mark.parametrize("action", FAILURES)
def test_a_refused_compose_file_is_the_error(fail: Callable[[str], DevError], seam: Seam, action: str) -> None:
    seam.answer("config --quiet", code=15, stderr="a warning\nservices.app Additional property x is not allowed\n")
    error = fail(action)
    assert error.code == CONFIG
    assert error.message == "compose.yaml: services.app Additional property x is not allowed"


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("build", f"catalog: {NOT_BUILDABLE}"),
        ("stop", "catalog: could not be stopped"),
        ("remove", "catalog: could not be removed"),
    ],
)
@pytest.mark.parametrize("pulled", [True, False])
def test_else_the_command_itself_failed(
    fail: Callable[[str], DevError], seam: Seam, action: str, message: str, pulled: bool
) -> None:
    """Even where the database's image is not there yet, as in every first build."""
    seam.answer("image inspect postgres:17", code=0 if pulled else 1)
    error = fail(action)
    assert (error.code, error.message) == (UNHEALTHY, message)


def test_an_image_that_could_not_be_pulled(fail: Callable[[str], DevError], seam: Seam) -> None:
    seam.answer("image inspect postgres:17", code=1)
    error = fail("start")
    assert (error.code, error.message) == (MISSING, f"catalog: db: the image postgres:17 {NOT_PULLED}")
    assert error.hints == ("docker pull postgres:17",)


def test_an_image_that_is_built_here_is_not_pulled(seam: Seam, make_place: MakePlace) -> None:
    engine = ComposeEngine(make_place(COMPOSE_YAML.replace("  app:\n", "  app:\n    image: mine:1\n")))
    seam.answer("image inspect mine:1", code=1)
    seam.answer(".dev/local/main.env up", code=1)
    assert error_of(lambda: engine.start(["app"], 60)).code == UNHEALTHY


@pytest.mark.parametrize(
    ("containers", "name", "words"),
    [
        ([("db", "Up (healthy)"), ("app", "Up 60 seconds (unhealthy)")], "app", "Up 60 seconds (unhealthy)"),
        ([("app", "Created"), ("db", "Exited (1) 2 seconds ago")], "db", "Exited (1) 2 seconds ago"),
        ([("db", "Up (healthy)"), ("app", "Created")], "app", "Created"),
        ([], "app", "not created"),
    ],
)
def test_what_did_not_get_healthy_is_named_with_its_last_lines(
    fail: Callable[[str], DevError], seam: Seam, containers: list[tuple[str, str]], name: str, words: str
) -> None:
    seam.answer("docker ps", "".join(container(*one) for one in containers))
    seam.answer(f"logs --no-color --no-log-prefix --tail 20 {name}", "line 1\nline 2\n")
    error = fail("start")
    assert error.code == UNHEALTHY
    assert error.message == f"catalog: {name} {NOT_HEALTHY_WITHIN} 60 s: {words}\nline 1\nline 2"
    assert error.hints[0] == f"inv dev.logs -s {name}"


def test_compose_that_ends_with_0_as_the_time_runs_out_is_not_believed(engine: ComposeEngine, seam: Seam) -> None:
    seam.answer("docker ps", container("app", "Up 5 seconds (health: starting)") + container("db", "Up (healthy)"))
    engine.start(["db", "app"], 60)
    assert NOT_HEALTHY_WITHIN in error_of(lambda: engine.start(["db", "app"], 0)).message
    engine.start(["db"], 0)


def test_silence_is_reported_too(fail: Callable[[str], DevError]) -> None:
    assert fail("start").message.splitlines()[1:] == [f"({LOGGED_NOTHING})"]


# ---- how far it is


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("#11 [deps 2/3] RUN uv sync", (2, 3, "steps")),
        ("#7 [1/4] FROM docker.io/library/python:3.13-slim", (1, 4, "steps")),
        ("#11 0.214 [2/3] is what a program printed", None),
        ("#5 [internal] load metadata", None),
        ("", None),
    ],
)
def test_a_build_says_which_step_it_is_at(line: str, found: tuple[int, int, str] | None) -> None:
    assert Progress()(line) == found


@pytest.mark.parametrize("separator", [": ", " "], ids=["docker pull", "docker compose up"])
def test_a_pull_counts_layers(separator: str) -> None:
    progress = Progress()
    layers = ["6e909acdb790", "a1b2c3d4e5f6", "0123456789ab"]
    began = [progress(f"{layer}{separator}Pulling fs layer") for layer in layers]
    assert began == [(0, 1, "layers"), (0, 2, "layers"), (0, 3, "layers")]
    assert progress(f" {layers[0]}{separator}Already exists") == (1, 3, "layers")
    assert progress(f"{layers[1]}{separator}Download complete") is None
    assert progress(f"{layers[1]}{separator}Pull complete") == (2, 3, "layers")
    assert progress("Status: Downloaded newer image for postgres:17") is None


def test_an_engine_that_was_chosen_by_its_version_is_not_queried_again(
    seam: Seam, make_place: Callable[..., Place]
) -> None:
    seam.answer("docker version", "29.1.2\n")
    assert choice.make(choice.choose({}, "compose"), make_place()).version() == "Docker 29.1.2"
    assert len(seam.asked) == 1

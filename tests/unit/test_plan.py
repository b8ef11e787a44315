"""What dev.up has to do, decided from what is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.base.records import Record
from devenv.engines.interface import State
from devenv.lifecycle.plan import Facts, Step, decide
from devenv.model import config, services
from devenv.model.services import Service
from tests.messages import NOT_BUILT

from .conftest import COMPOSE_YAML, DEV_YAML

Services = Mapping[str, Service]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("plan")
    (root / "dev.yaml").write_text(DEV_YAML)
    (root / "compose.yaml").write_text(COMPOSE_YAML)
    return root


@pytest.fixture(scope="module")
def settings(root: Path) -> config.Config:
    return config.load(root)


@pytest.fixture(scope="module")
def both(root: Path) -> Services:
    """app, which is built, and db, which is not."""
    return services.load(root / "compose.yaml", {})


def state(name: str, healthy: bool = True) -> State:
    return State(f"{name}-1", running=True, healthy=healthy, words="Up")


UP = {"build": "B", "compose": "C", "ids": {"app": "app-1", "db": "db-1"}}
ALL_WELL = Facts(
    states={"app": state("app"), "db": state("db")},
    record=Record("catalog", "main", up=UP),
    built=True,
    known={"migrated": "S", "seeded": {"default": {}}},
    build_files="B",
    compose_files="C",
    state_files="S",
)


def facts(up: Mapping[str, Any] | None = None, **changes: Any) -> Facts:
    """All is well, but for this."""
    return ALL_WELL._replace(record=Record("catalog", "main", up={**UP, **(up or {})}), **changes)


NOTHING = {"states": {}, "built": False, "known": {}}
STOPPED = {"app": State("app-1", False, False, "Exited (0)"), "db": State("db-1", False, False, "Exited (0)")}
NEW_DATA = ["migrate (the database is new)", "seed (the default scenario is not in the database)"]
START_DB = "start db (the data steps need it)"


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        pytest.param(facts(), [], id="all is well"),
        pytest.param(
            facts(**NOTHING)._replace(record=Record("catalog", "main")),
            [f"build app ({NOT_BUILT})", START_DB, *NEW_DATA, "start app (not running)"],
            id="the first time",
        ),
        pytest.param(facts(states=STOPPED), ["start app db (not running)"], id="after dev.down"),
        pytest.param(
            facts(states=STOPPED, state_files="S2"),
            [START_DB, "migrate (migrations, seeds or lock files changed)", "start app (not running)"],
            id="after dev.down, with a new migration",
        ),
        pytest.param(
            facts(states={**ALL_WELL.states, "app": state("app", healthy=False)}),
            ["start app (not healthy)"],
            id="the app is sick",
        ),
        pytest.param(
            facts(states={"app": state("app")}), ["start app db (not running)"], id="the database was removed"
        ),
        pytest.param(
            facts(state_files="S2"), ["migrate (migrations, seeds or lock files changed)"], id="a new migration"
        ),
        pytest.param(facts(known={}), NEW_DATA, id="nothing is known of the data"),
        pytest.param(
            facts(states=STOPPED, known={}, looked=False, unseen=True),
            ["start db (to look at its data, which is not on record)"],
            id="stopped, with data that the record does not know",
        ),
        pytest.param(facts(known={**ALL_WELL.known, "seeded": {"big": {}}}), NEW_DATA[1:], id="killed before the seed"),
        pytest.param(
            facts(build_files="B2"),
            ["build app (packages or the Dockerfile changed)", "start app (newly built)"],
            id="a new dependency",
        ),
        pytest.param(
            facts(build_files="B2", libraries={"greeting": "G"}),
            ["build app (greeting is edited)", "start app (newly built)"],
            id="a library is edited",
        ),
        pytest.param(
            facts(up={"libraries": {"greeting": "G"}}, build_files="B2", libraries={"greeting": "G2"}),
            ["build app (the checkout of greeting, or what it needs, changed)", "start app (newly built)"],
            id="an edited library needs other packages",
        ),
        pytest.param(
            facts(up={"libraries": {"greeting": "G"}}, build_files="B2"),
            ["build app (greeting is the release again)", "start app (newly built)"],
            id="a library is given back",
        ),
        pytest.param(
            facts(built=False),
            [f"build app ({NOT_BUILT})", "start app (newly built)"],
            id="the image was removed",
        ),
        pytest.param(
            facts(compose_files="C2"), ["start app db (compose.yaml or a setting changed)"], id="compose.yaml changed"
        ),
        pytest.param(
            facts(up={"ids": {"app": "app-0", "db": "db-1"}}),
            ["start app db (the containers are not those of the last dev.up)"],
            id="somebody else made the containers",
        ),
        pytest.param(
            facts(build_files="B2", states={"app": state("app"), "db": state("db", healthy=False)}),
            ["build app (packages or the Dockerfile changed)", "start app db (not healthy)"],
            id="the database is sick and the app has a new image",
        ),
        pytest.param(
            facts(compose_files="C2", states={"app": state("app"), "db": state("db", healthy=False)}),
            ["start app db (not healthy)"],
            id="the database is sick and compose.yaml changed",
        ),
    ],
)
def test_situations(found: Facts, settings: config.Config, both: Services, steps: list[str]) -> None:
    assert [str(step) for step in decide(found, settings, both)] == steps


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        pytest.param(facts(), [], id="all is well"),
        pytest.param(facts(known={**ALL_WELL.known, "seeded": {}}), [NEW_DATA[1]], id="all runs"),
        pytest.param(
            facts(states=STOPPED, known={}),
            [START_DB, NEW_DATA[0], "start app (not running)", NEW_DATA[1]],
            id="new data",
        ),
        pytest.param(
            facts(states=STOPPED, known={**ALL_WELL.known, "seeded": {}}),
            ["start app db (not running)", NEW_DATA[1]],
            id="stopped before the seed",
        ),
    ],
)
def test_a_scenario_after_up_is_the_last_step(
    found: Facts, settings: config.Config, both: Services, steps: list[str]
) -> None:
    late = settings._replace(scenarios={"default": settings.scenarios["default"]._replace(up=True)})
    assert [str(step) for step in decide(found, late, both)] == steps


IMAGE = "registry.example.org/catalog:v1.0.0"
PULL = f"pull app ({IMAGE} is this release)"


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        pytest.param(facts(built=False, image=IMAGE), [PULL, "start app (newly built)"], id="no image yet"),
        pytest.param(facts(build_files="B2", image=IMAGE), [PULL, "start app (newly built)"], id="another"),
        pytest.param(facts(image=IMAGE), [], id="it runs"),
    ],
)
def test_a_released_image_replaces_a_build(
    found: Facts, settings: config.Config, both: Services, steps: list[str]
) -> None:
    assert [str(step) for step in decide(found, settings, both)] == steps


def test_it_replaces_only_services_that_are_built_like_the_app(settings: config.Config, both: Services) -> None:
    build = both["app"].build
    assert build
    worker, proxy = both["app"]._replace(name="worker"), both["app"]._replace(build=build._replace(target="proxy"))
    steps = decide(facts(built=False, image=IMAGE), settings, {**both, "worker": worker, "proxy": proxy})
    assert [(step.kind, step.services) for step in steps[:2]] == [("pull", ("app", "worker")), ("build", ("proxy",))]


def test_a_service_without_data_commands_is_only_started(settings: config.Config, both: Services) -> None:
    bare = settings._replace(commands={}, scenarios={})
    found = facts(**NOTHING)._replace(record=Record("catalog", "main"))
    assert [step.kind for step in decide(found, bare, both)] == ["build", "start"]


def test_a_service_that_builds_nothing_is_only_started(settings: config.Config, both: Services) -> None:
    found = facts(states={}, built=True, build_files="anything")
    assert [step.kind for step in decide(found, settings, {"db": both["db"]})] == ["start"]


# ---- whatever is there

healths = st.sampled_from([None, "stopped", "sick", "well"])


def state_of(name: str, health: str, number: int = 1) -> State:
    return State(f"{name}-{number}", health != "stopped", health == "well", health)


versions = st.sampled_from(["1", "2"])
known = st.fixed_dictionaries(
    {}, optional={"migrated": versions, "seeded": st.sampled_from([{}, {"default": {}}, {"big": {}}])}
)
ups = st.fixed_dictionaries(
    {},
    optional={
        "build": versions,
        "compose": versions,
        "ids": st.sampled_from([{}, {"app": "app-1"}, {"app": "app-1", "db": "db-1"}, {"app": "app-0", "db": "db-1"}]),
    },
)
any_facts = st.builds(
    lambda app, db, up, built, known, files: Facts(
        {name: state_of(name, health) for name, health in (("app", app), ("db", db)) if health},
        Record("catalog", "main", up=up), built, known, *files,
    ),
    healths, healths, ups, st.booleans(), known,
    st.tuples(versions, versions, versions),
)  # fmt: skip
any_settings = st.tuples(st.booleans(), st.booleans())


def adapted(settings: config.Config, with_data: tuple[bool, bool]) -> config.Config:
    migrate, seed = with_data
    commands = settings.commands if migrate else {}
    return settings._replace(commands=commands, scenarios=settings.scenarios if seed else {})


def carry_out(found: Facts, steps: list[Step]) -> Facts:
    """What dev.up leaves: see lifecycle/up.py and datastates/live.py."""
    states, built, noted = dict(found.states), found.built, dict(found.known)
    for step in steps:
        built = built or step.kind == "build"
        if step.kind == "start":
            states.update({name: state_of(name, "well", 2) for name in step.services})
        fact = {"migrate": {"migrated": found.state_files}, "seed": {"seeded": {"default": {}}}}.get(step.kind)
        if fact:
            noted = {**noted, **fact}
    ids = {name: state.id for name, state in states.items()}
    up = {"build": found.build_files, "compose": found.compose_files, "ids": ids} if steps else found.record.up
    record = replace(found.record, up=up)
    return found._replace(states=states, record=record, built=built, known=noted)


@given(any_facts, any_settings)
def test_after_the_steps_there_is_nothing_to_do(
    settings: config.Config, both: Services, found: Facts, with_data: tuple[bool, bool]
) -> None:
    rules = adapted(settings, with_data)
    after = carry_out(found, decide(found, rules, both))
    assert decide(after, rules, both) == []
    assert all(after.states[name].healthy for name in both)


@given(any_facts, any_settings)
def test_the_steps_come_in_an_order_that_works(
    settings: config.Config, both: Services, found: Facts, with_data: tuple[bool, bool]
) -> None:
    steps = decide(found, adapted(settings, with_data), both)
    kinds = [step.kind for step in steps]
    assert kinds in [
        [*build, *first, *data, *last]
        for build in ([], ["build"])
        for first in ([], ["start"])
        for data in ([], ["migrate"], ["seed"], ["migrate", "seed"])
        for last in ([], ["start"])
    ]
    at = next((number for number, kind in enumerate(kinds) if kind in ("migrate", "seed")), None)
    if at is not None:
        started = {name for step in steps[:at] if step.kind == "start" for name in step.services}
        assert "db" in started or ("db" in found.states and found.states["db"].healthy)


@given(any_facts, any_settings)
def test_no_container_is_left_on_an_old_image_or_an_old_setting(
    settings: config.Config, both: Services, found: Facts, with_data: tuple[bool, bool]
) -> None:
    steps = decide(found, adapted(settings, with_data), both)
    started = [name for step in steps if step.kind == "start" for name in step.services]
    if any(step.kind == "build" for step in steps):
        assert "app" in steps[-1].services
    if found.record.up.get("compose") != found.compose_files:
        assert set(started) == set(both)
    assert len(started) == len({*started}), "each step names what it starts, and nothing that was started before"


@given(any_facts, any_settings)
def test_a_plan_says_why(settings: config.Config, both: Services, found: Facts, with_data: tuple[bool, bool]) -> None:
    assert all(step.why for step in decide(found, adapted(settings, with_data), both))

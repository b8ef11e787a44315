"""`dev.up`: observe, decide, print the plan, carry it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import NamedTuple

from devenv.base import events, ports, records
from devenv.context import claims, fingerprints, health, service_commands, workspace
from devenv.context.environment import Environment
from devenv.databases.states import DRAFT
from devenv.datastates import branches, layers, live, packages, settling, store
from devenv.datastates.layers import Later
from devenv.datastates.live import DEFAULT
from devenv.datastates.steps import carry_out
from devenv.engines.interface import State
from devenv.lifecycle import ending, secrets
from devenv.lifecycle.plan import Facts, Step, decide, images, observe
from devenv.model import libraries, lineage
from devenv.model.secrets import BUILD, RUN


class Done(NamedTuple):
    """What `up` has done: the environment on the live data, the steps that were needed, and what runs now."""

    env: Environment
    steps: list[Step]
    states: Mapping[str, State]


def up(env: Environment, only: bool = False) -> Done:
    """Bring the service up: afterwards, all is healthy, migrated and seeded.

    `only`: another root drives it, and decides which checkout runs.
    """
    place = env.place
    events.note(f"{place.service} · workspace {place.workspace} · {env.engine.version()}")
    _report_renamed(env)
    carry_out(env, ending.earlier(env))
    _stop_other_engine(env)
    _stop_replaced(env)
    states = env.engine.look()
    if not only:
        claims.check(env, states)
    env.engine.tidy()
    # At once: in containers each of them takes a tenth of a second.
    with ThreadPoolExecutor(max_workers=2) as pool:
        made = pool.submit(images, env)
        failing = pool.submit(health.failing, env, states)
        env = live.glance(env, states)
        live.report_lost(env)
        settled = env.seen.survey is not None and settling.unsettled(env)
        if settled:
            settling.settle(env)
        facts = observe(env, states, made.result())
        steps = decide(facts, env.config, place.services)
        _say(steps)
    _check_secrets(env, steps)
    if not only:
        _use(env)
    if steps:
        _claim(env, facts, only)
        env, steps = _carry_out(env, facts, steps)
    if settled or steps or failing.result():  # what was seen before a change does not count
        states = health.see(env)
        _note_up(env, facts, states)
    return Done(env, steps, states)


def _check_secrets(env: Environment, steps: Sequence[Step]) -> None:
    """DevError 110 before anything starts, if a secret is not set that a step needs."""
    kinds = {step.kind for step in steps}
    uses = [BUILD] if "build" in kinds else []
    env.place.secrets.check(*uses, *([RUN] if kinds - {"build", "pull"} else []))


def _say(steps: Sequence[Step]) -> None:
    if steps:
        events.planned(f"will {', '.join(map(str, steps))}", [step.title for step in steps])
    else:
        events.note("nothing to do: all is healthy, migrated and seeded")


def _report_renamed(env: Environment) -> None:
    """Warn before new data is made if this checkout had another name in dev.yaml, under which its data is."""
    service, root = env.config.service, str(env.place.root)
    if env.record.checkout:
        return
    for older in (r for r in records.of_workspace() if r.checkout == root and r.service != service):
        events.warn(
            f"{older.service} was this service's name in {older.workspace}: its data stays, and {service} is new"
        )
        remove = f"inv dev.destroy --gone {older.workspace}/{older.service}"
        events.note(f"to go on with its data: service: {older.service} in dev.yaml; to remove it: {remove}")


def _stop_other_engine(env: Environment) -> None:
    """Stop the other engine: a service runs on one at a time. Each keeps its own data for the next time."""
    other, name = env.record.engine, env.engine.name
    if other in ("", name):
        return
    events.note(f"it ran on {other} until now; its data stays there, and {name} has separate data")
    ending.on_other_engine(env, other, lambda engine: engine.stop())


def _stop_replaced(env: Environment) -> None:
    """What runs may still use a folder that is gone: the checkout was moved, removed, or cloned again at its path."""
    here, other = workspace.folder_id(env.place.root), env.record.checkout
    if other and other != str(env.place.root) and workspace.is_gone(other):
        events.note(f"{other} is gone, from where {env.config.service} ran: this checkout takes over, with its data")
        env.engine.stop()
    elif other and other == str(env.place.root) and env.record.up.get("folder", here) != here:
        events.note(f"{env.place.root} was recreated since the last dev.up")
        env.engine.stop()


def _use(env: Environment) -> None:
    """Record that this repository itself uses the service: `dev.up` was typed here."""
    root = str(env.place.root)
    users = sorted({root, *ending.others(env)})
    if users != env.record.users:
        env.record.root, env.record.users = root, users
        env.save()


def check_free(env: Environment) -> None:
    """DevError 113 if another checkout or a taken port is in the way of `up`. Changes nothing."""
    states = env.engine.look()
    claims.check(env, states)
    _check_ports(env, states, only=False)


def _claim(env: Environment, facts: Facts, only: bool) -> None:
    """Record which checkout runs on which port, before anything is started; DevError 113 if the port is taken."""
    _check_ports(env, facts.states, only)
    record = env.record
    record.up = {**record.up, "debug": env.debug_port}
    record.checkout, record.engine, record.port = str(env.place.root), env.engine.name, env.port
    record.commit = env.commit
    env.save()


def _check_ports(env: Environment, states: Mapping[str, State], only: bool) -> None:
    beside = workspace.another(env.place.workspace)
    # For a required service the root shows the hint, and there `--port` would be the root's port.
    hint = f"stop that one, or use free ports for all: inv dev.up --workspace {beside}" if only else ""
    app = states.get(env.config.app)
    ours = app and app.running and env.record.port in (0, env.port)  # 0: the record was lost
    if not ours:
        workspace.check_port(env.port, env.config.service, hint)
    record = env.record
    if env.debug_port and not (ours and record.up.get("debug", env.debug_port) == env.debug_port):
        hint = f"DEV_DEBUG_PORT={ports.draw()} inv dev.up --debug"
        workspace.check_port(env.debug_port, env.config.service, hint)


def _carry_out(env: Environment, facts: Facts, steps: Sequence[Step]) -> tuple[Environment, list[Step]]:
    """Do the steps one after the other.

    Returns the final environment and the steps that were done. Once a server that was down can be looked at, the rest
    is decided again if it does not hold what the record says.
    """
    done: list[Step] = []
    left = list(steps)
    with ExitStack() as stack:
        later = stack.enter_context(layers.storing())
        while left:
            step = left.pop(0)
            looks = _looks(env, facts, step)
            migrates = looks and any(other.kind == "migrate" for other in left)
            if migrates:
                stack.enter_context(env.engine.prepared())
            with events.step(step.kind, " ".join(step.services), step.why):
                env = _do(env, step, later)
            done.append(step)
            if step.kind in ("pull", "build"):
                _note_built(env, facts)
            if looks:
                if migrates:
                    packages.begin(env)
                before, env = env.database, live.opened(env)
                if env.database != before or _is_other(env, facts):
                    facts = observe(env, env.engine.look())._replace(started=_started(done))
                    left = decide(facts, env.config, env.place.services)
                    _say(left)
                facts = facts._replace(looked=True)
        if DEFAULT in env.config.scenarios and DEFAULT not in live.known(env).get("seeded", {}):
            _seed(env, later)  # after a switch that was not in the plan
    return env, done


def _note_built(env: Environment, facts: Facts) -> None:
    env.record.up = {**env.record.up, "build": facts.build_files, "libraries": dict(facts.libraries)}
    env.save()
    if facts.built:
        env.engine.remove_older()


def _looks(env: Environment, facts: Facts, step: Step) -> bool:
    """Whether the database's server can be looked at for the first time after this step."""
    starts = step.kind == "start" and not facts.looked
    return starts and env.database is not None and env.database.service in step.services


def _is_other(env: Environment, facts: Facts) -> bool:
    """Whether the server, which can be looked at now, holds something else than `facts`, from which was decided."""
    known = live.known(env)
    return facts.unseen or known != facts.known or branches.due(env, known, store.files(env)) != facts.switch


def _started(done: Sequence[Step]) -> tuple[str, ...]:
    return tuple(name for step in done if step.kind == "start" for name in step.services)


def _note_up(env: Environment, facts: Facts, states: Mapping[str, State]) -> None:
    """Record what runs, and what it was made from."""
    ids = {name: state.id for name, state in states.items()}
    made = {
        "build": facts.build_files,
        "compose": fingerprints.compose(env),
        "ids": ids,
        "folder": workspace.name_folder(env.place.root),
    }
    env.record.up = {**env.record.up, **made}
    env.save()


def _do(env: Environment, step: Step, later: Later) -> Environment:
    """Do one step. Returns the environment for the next ones, since the live database may be another one.

    `later`: what can be done while the app starts.
    """
    if step.kind == "pull":
        _pull(env, step.services)
    elif step.kind == "build":
        libraries.check_locked(env.config.service, env.place.root, env.place.libraries)
        env.engine.build(step.services)
    elif step.kind == "start":
        _start(env, step.services, later)
    elif step.kind == "restore":
        return _restore(env, later)
    elif step.kind == "switch":
        return _switch(env, step.why, later)
    elif step.kind == "migrate":
        return _migrate_or_switch(env, later)
    elif step.kind == "seed":
        _seed(env, later)
    return env


def _pull(env: Environment, services: Sequence[str]) -> None:
    """Let services run the released image. If the registry does not answer, they are built."""
    pulled = env.engine.take(env.image, services)
    if pulled:
        events.note(f"{env.config.service} runs image {env.image}")
    else:
        events.warn(f"the image {env.image} cannot be pulled: building instead")
        env.engine.build(services)
    env.record.up = {**env.record.up, "image": env.image if pulled else ""}


def _start(env: Environment, services: Sequence[str], later: Later) -> None:
    if any(env.place.services[name].build for name in services):
        live.used(env)
        secrets.note_lost(env)
    with ThreadPoolExecutor(max_workers=1) as pool:
        stored = pool.submit(events.carried(layers.finish), later)
        health.start(env, services)
    stored.result()


def _restore(env: Environment, later: Later) -> Environment:
    """Fill a new database from a stored state. If it already has rows, they stay and are migrated."""
    env = _take_stored(env)
    if live.known(env):
        return env
    _migrate(env, later)
    if DEFAULT in env.config.scenarios:
        _seed(env, later)
    return env


def _take_stored(env: Environment) -> Environment:
    """Data for a new, empty database from the stored state of the default scenario, if there is one."""
    wanted = layers.of(env, live.early(env))[-1]
    stored = layers.find(env, wanted)
    if not stored or not live.is_fresh(env):
        return env
    layers.say(env, wanted, stored)
    return store.use(env, stored, DRAFT, "")


def _switch(env: Environment, why: str, later: Later) -> Environment:
    """Switch to this branch's database, and migrate and seed it: it may be older than the checkout."""
    env = branches.switch(env, why)
    if live.known(env).get("migrated") != lineage.key(store.files(env)):
        _migrate(env, later)
    return env


def _migrate_or_switch(env: Environment, later: Later) -> Environment:
    """Migrate, or switch if a package's migration is missing: that is only known once packages are installed."""
    lost = packages.lost(env, live.known(env))
    if lost:
        return _switch(env, lost[0], later)
    _migrate(env, later)
    return env


def _migrate(env: Environment, later: Later) -> None:
    if "migrate" in env.config.commands and _is_pending(env):
        service_commands.within("dev.up", "migrate", live.migrate, env, later)


def _is_pending(env: Environment) -> bool:
    """Whether there may be migrations to apply, according to the service's pending command if it has one."""
    if "migrated" not in live.known(env) or "pending" not in env.config.commands:
        return True
    if code := env.engine.step("pending", env.config.command("pending")):
        events.note(f"there is something to migrate: commands.pending ended with {code}")
        return True
    live.note(env, **live.migrated_facts(env))
    return False


def _seed(env: Environment, later: Later) -> None:
    service_commands.within("dev.up", "seed", live.seed, env, DEFAULT, {}, later)

"""Another branch: the live database steps aside where a migration that was applied in it is not in the checkout.

New migrations do not come here: they are applied to the live database, rows and all.
"""

from __future__ import annotations

from devenv.base import output
from devenv.context import service_commands
from devenv.context.environment import Environment
from devenv.datastates import branches, build, live, store, swap
from devenv.datastates.store import ASIDE, State


def switch(env: Environment, why: str) -> Environment:
    """This branch's own database becomes the live one: the one that stepped aside before, else a fresh one."""
    branch = str(env.data.get("branch", ""))
    if not env.database or not (env.database.renames or env.chooses_database):
        output.warn(f"{why}, but the app's database is fixed in {env.place.compose}: it stays as it is")
        return env
    output.say(f"the data of {branch or 'the last branch'} steps aside with its rows: {why}")
    back = branches.back(env, store.files(env))
    return live.restart(_bring_back(env, back, branch) if back else _begin(env, branch))


def _bring_back(env: Environment, back: State, branch: str) -> Environment:
    output.say(f"the data of {back.name} comes back with its rows")
    return swap.swap(env, back, {**back.data, "branch": store.branch(env)}, ASIDE, branch)


def _begin(env: Environment, branch: str) -> Environment:
    chain = build.early(env)
    if env.chooses_database:
        stored = build.provide(env, build.layers(env, chain), "dev.up")
        return swap.use(env, stored, ASIDE, branch)
    env = swap.use_empty(env, ASIDE, branch)
    service_commands.within("dev.up", "migrate", live.migrate, env)
    for scenario in chain[-1:]:
        service_commands.within("dev.up", "seed", live.seed, env, scenario.name, {})
    return env

"""The blocks of dev.yaml."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from tools.adopt.fill import commands, environment, examples, image, install, lines, others, programs
from tools.adopt.found import Found, Reading

LOCKS = (
    *("uv.lock", "poetry.lock", "Pipfile.lock"),
    *("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock"),
)
# The columns into which the tools write a time. Alembic has none.
VOLATILE = {
    "django": "[django_migrations.applied]",
    "knex": "[knex_migrations.migration_time]",
    "prisma": "[_prisma_migrations.started_at, _prisma_migrations.finished_at]",
}
NO_ROWS = {"python": "python -c \"print('{}')\"", "node": "node -e \"console.log('{}')\""}
SHOWN = 8  # notes in the head of dev.yaml
OLDEST = {"python": "3.10", "node": "20"}  # if no file names a version: the oldest maintained ones


def parts(reading: Reading, answers: Mapping[str, str]) -> dict[str, str | int]:
    """By name of the block in dev.yaml, its text."""
    return {
        "head": lines.block(notes(reading), 0),
        "level": " # full: once contract.check passes for it, too",
        "service": _after(reading.service, reading.service.value == answers["service"]),
        "port": _port(reading, answers),
        "commands": lines.block(command_lines(reading, answers), 0),
        "data": lines.block(data(reading, answers), 0),
        "native": lines.block(native(reading), 0),
        "workers": budget(reading, answers),
    }


def budget(reading: Reading, answers: Mapping[str, str]) -> int:
    """The memory of the workers in MB, on top of what the template counts for its own."""
    first = programs.MEMORY // 2 if answers["worker"] != "none" else 0
    return first + programs.MEMORY * len(programs.others(reading, answers))


def notes(reading: Reading) -> list[str]:
    """Other findings, for the owner."""
    open_ = environment.needed(reading).values()  # they are in the compose file
    found = [f"{note.value} ({note.where})" for note in reading.notes if note not in open_]
    if len(found) > SHOWN:
        found = [*found[: SHOWN - 1], f"and {len(found) - SHOWN + 1} more, which the report of template.retrofit lists"]
    return ["# Also found, and not changed:", *(f"#   {lines.comment(note)}" for note in found)] if found else []


def _after(found: Found, same: bool) -> str:
    return f" # {lines.comment(found.where if same else f'{found.where}: {found.value}')}"


def _port(reading: Reading, answers: Mapping[str, str]) -> str:
    found = reading.port
    if found and found.value == answers["port"]:
        return f"; {lines.comment(found.where)}"
    return f"; {lines.comment(f'{found.where} has {found.value}')}" if found else "; no file names one"


def has_schema(reading: Reading, answers: Mapping[str, str]) -> bool:
    """Whether there is something to migrate: a database, or SQLite with a migration tool."""
    return answers["database"] != "none" or bool(reading.commands.migrate)


def command_lines(reading: Reading, answers: Mapping[str, str]) -> list[str]:
    """The mapping `commands`, with an open point for each that the contract's core needs."""
    wanted = ["migrate", "pending", "test"] if has_schema(reading, answers) else ["test"]
    known = [name for name in wanted if getattr(reading.commands, name)]
    if not known:
        needed = {name: _example(name, reading) for name in wanted if name != "pending"}
        pairs = ", ".join(f"{name}: {lines.item(text)}" for name, text in needed.items())
        return lines.open_point("the service's own commands, run in the app's container", f"commands: {{{pairs}}}")
    head = "commands: # run in the app's container; split like in a shell, but no shell runs"
    return [head, *(f"  {line}" for name in wanted for line in _command(name, reading))]


def _command(name: str, reading: Reading) -> list[str]:
    found: Found | None = getattr(reading.commands, name)
    if found:
        remark = "exit 0: nothing to apply" if name == "pending" else None
        return [lines.noted(f"{name}: {commands.in_dev(found.value)}", remark, found)]
    what = {"migrate": "the command that brings the schema up to date", "test": "the command that runs the tests"}
    example = f"{name}: {_example(name, reading)}"
    if name in what:
        return lines.open_point(what[name], example)
    return [f"# {example} # optional; exit 0: nothing to apply"] if _example(name, reading) else []


def _example(name: str, reading: Reading) -> str:
    if others.is_other(reading):
        return others.example(name, reading)
    tables = {"migrate": examples.MIGRATE, "pending": examples.PENDING, "test": examples.TEST}
    return examples.of(tables[name], reading)


def data(reading: Reading, answers: Mapping[str, str]) -> list[str]:
    """The blocks about data: state, volatile, scenarios, logins. Empty without a schema."""
    if not has_schema(reading, answers):
        return []
    return [*extensions(reading), *state(reading), *volatile(reading), "", *scenarios(reading), "", *LOGINS, ""]


def extensions(reading: Reading) -> list[str]:
    """Those of PostgreSQL that the app's account may not create."""
    names = ", ".join(one.value for one in reading.extensions)
    comment = "# A superuser creates them, also in databases that tests make."
    return [comment, lines.noted(f"database: {{extensions: [{names}]}}", *reading.extensions), ""] if names else []


LOGINS = [
    "# Optional: who can log in after dev.up, if a scenario creates accounts; shown by dev.up and dev.status.",
    "# logins:",
    "#   admin: {username: admin, password: admin, path: /admin/, help: may change everything}",
]


def state(reading: Reading) -> list[str]:
    """The files that the database's content depends on: migrations, the seed, and lock files for packages' ones."""
    files = reading.dependencies.files if reading.dependencies else ()
    locks = [name for name in files if name.rpartition("/")[2] in LOCKS] or files
    patterns = ", ".join(lines.item(name) for name in [*reading.migration_files, *_of_seed(reading), *locks])
    where = f" Migrations: {reading.migrations.value}, {reading.migrations.where}." if reading.migrations else ""
    return [f"# The files that the database's content depends on.{lines.comment(where)}", f"state: [{patterns}]"]


def _of_seed(reading: Reading) -> list[str]:
    """The pattern of the seed's files. A script of package.json does not say which they are."""
    seed = reading.commands.seed
    file = seed.where.partition(":")[0] if seed else ""
    folder = file.rpartition("/")[0]
    if reading.commands.seed_files:
        return list(reading.commands.seed_files)
    if not file or (file.endswith(".json") and "/fixtures/" not in f"/{file}"):
        return []
    if folder.rpartition("/")[2] in ("fixtures", "seeds"):  # with those next to it
        return [f"{folder}/**"]
    return [file]


def volatile(reading: Reading) -> list[str]:
    """Columns that differ between two fresh databases."""
    known = VOLATILE.get(reading.migrations.value if reading.migrations else "")
    comment = "# Columns that differ between two fresh databases: times, salted hashes."
    return [comment, f"volatile: {known}" if known else "# volatile: [users.password_hash, users.created_at]"]


def scenarios(reading: Reading) -> list[str]:
    """The scenario `default`: the seed that was found, else only the migrations' rows."""
    found, language = reading.commands.seed, examples.language(reading)
    example = examples.of(examples.SEED, reading)
    none = "echo {}" if others.is_other(reading) else NO_ROWS[language]
    seed = [
        f"    run: {lines.scalar(_telling(found.value if found else ''))}",
        "    once: true # it is not known whether it can run twice; if it can, remove this line",
        "    help: the example data",
    ]
    django = reading.application is not None and reading.application.framework.value == "django"
    if found and not django:
        return [lines.noted("scenarios:", "data sets", found), "  default:", *seed]
    remark = f"no seed was found; one of yours: {example}" if not found else "dev.up runs it"
    guessed = [lines.noted("  example:", "inv dev.seed example", found), *seed] if found else []
    return [
        "scenarios: # data sets: run twice, they leave the same rows; the last line on stdout is one JSON object",
        "  default:",
        f"    run: {lines.scalar(none)} # {remark}",
        "    help: what the migrations leave",
        *guessed,  # Django's commands are found by their names: one may need arguments, or other data first
    ]


def _below(newest: str) -> str:
    """What excludes the releases after this one: `,<3.11` for 3.10."""
    major, minor = newest.split(".")[:2]
    return f",<{major}.{int(minor) + 1}"


def _telling(command: str) -> str:
    """A command whose output is progress, followed by a scenario's JSON object."""
    return f"sh -c {shlex.quote(f'{command} >&2 && echo {{}}')}"


def native(reading: Reading) -> list[str]:
    """How the app's environment is made without containers."""
    if others.is_other(reading):
        return others.native(reading)
    language, command = examples.language(reading), install.native(reading)
    least = image.version(reading) or OLDEST[language]
    if not command or not reading.dependencies:
        example = f'native: {{{language}: ">={least}", install: {examples.INSTALL[language]}}}'
        return lines.open_point("how the dependencies are installed without containers", example)
    where = reading.version or "no file says which version"
    if reading.oldest:
        least, where = reading.oldest.value, reading.oldest
    return [
        "# How the app's environment is made without containers. DEV_ENGINE=native chooses that, too.",
        "native:",
        lines.noted(f'  {language}: ">={least}{_below(reading.newest.value) if reading.newest else ""}"', where),
        lines.noted(f"  install: {lines.scalar(command)}", reading.dependencies.manager),
    ]

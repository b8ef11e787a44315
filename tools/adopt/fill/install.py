"""How the dependencies get into the environment: on this machine (`native:` in dev.yaml) and into the image.

In Python always by uv, which both have, whatever the project's own manager is: what it locked is what is installed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tools.adopt.found import Dependencies, Reading

# Reads poetry.lock and nothing else, so that no configuration of Poetry's own counts. Pinned like uv itself.
EXPORT = "uv tool run --from poetry==2.1.4 --with poetry-plugin-export==1.9.0 poetry export --without-hashes"
LIST = '"$VIRTUAL_ENV/locked.txt"'
DEVELOPMENT = re.compile(r"(^|[-_./])(dev|develop|development|test|tests|testing|local|lint)([-_./]|$)")
LISTS = (".txt", ".in")
CODE = "."  # the whole source, where the project itself is installed


@dataclass(frozen=True)
class Step:
    """One step in the image: the files (or folders) that it sees, and its command.

    `of`: where it sees all of the source, the files of it whose change is a reason to run it again.
    """

    sees: tuple[str, ...]
    command: str
    of: tuple[str, ...] = ()


def native(reading: Reading) -> str:
    """The command of `native.install`; empty where nothing says how."""
    dependencies = _known(reading)
    if not dependencies:
        return ""
    manager = manager_of(dependencies)
    if manager == "npm":
        return _and_generate(_npm(dependencies), reading, "sh -c ")
    if manager == "uv":
        return f"uv sync --locked{_flags(dependencies, True)}"
    if manager == "poetry":
        whole = f"{_poetry(dependencies, True)}{' && uv pip install --no-deps --editable .' * dependencies.build}"
        return f"sh -c {shlex.quote(whole)}"
    editable = f" --editable {_itself(dependencies, True)}" if dependencies.build else ""
    return f"uv pip install{_lists(_python_files(dependencies))}{editable}"


def production(reading: Reading) -> list[Step]:
    """The steps of stage deps: what production needs."""
    return _steps(reading, False)


def development(reading: Reading) -> list[Step]:
    """The steps of stage dev, after those of deps in Python: what only development needs; often none."""
    return _steps(reading, True)


def manager_of(dependencies: Dependencies) -> str:
    """What installs: uv, poetry, npm or pip, which is also what there is for a uv or Poetry project without a lock."""
    name = dependencies.manager.value
    return name if dependencies.locked or name == "npm" else "pip"


def _known(reading: Reading) -> Dependencies | None:
    """The dependencies. Without its lock, what Poetry declares is read by its build system alone."""
    found = reading.dependencies
    if found and found.manager.value == "poetry" and not found.locked:
        return replace(found, build=True)
    return found


def _steps(reading: Reading, dev: bool) -> list[Step]:
    dependencies = _known(reading)
    if not dependencies:
        return []
    manager = manager_of(dependencies)
    if manager == "npm":
        prisma = ("prisma",) if _is_prisma(reading) else ()
        command = _npm(dependencies, "" if dev else "--omit=dev")
        return [Step(_sees([*dependencies.files, *prisma]), _and_generate(command, reading))]
    if manager == "uv":
        return _uv(dependencies, dev)
    if manager == "poetry":
        return [Step(_sees(dependencies.files), _poetry(dependencies, dev)), *([] if dev else _project(dependencies))]
    return _pip(dependencies, dev)


def _npm(dependencies: Dependencies, flags: str = "") -> str:
    # Without a lock it writes none: what commands write into the checkout, git ignores.
    verb = "npm ci" if dependencies.locked else "npm install --no-package-lock"
    return " ".join(filter(None, [verb, flags, "--no-audit --no-fund"]))


def _is_prisma(reading: Reading) -> bool:
    return bool(reading.migrations and reading.migrations.value == "prisma")


def _and_generate(command: str, reading: Reading, shell: str = "") -> str:
    """Prisma's client is made from the schema, among the modules, which the service may not write to later."""
    if not _is_prisma(reading):
        return command
    whole = f"{command} && npx prisma generate"
    return f"{shell}{shlex.quote(whole)}" if shell else whole


def _uv(dependencies: Dependencies, dev: bool) -> list[Step]:
    command = f"uv sync --locked{'' if dev else ' --no-dev'}{_flags(dependencies, dev)}"
    if not dependencies.build:
        return [Step(_sees(dependencies.files), command)]
    whole = Step((CODE,), command, dependencies.files)
    return [whole] if dev else [Step(_sees(dependencies.files), f"{command} --no-install-project"), whole]


def _poetry(dependencies: Dependencies, dev: bool) -> str:
    groups = " --all-groups" if dev else ""
    return f"{EXPORT}{groups}{_flags(dependencies, dev, 'extras')} --output {LIST} && uv pip install -r {LIST}"


def _pip(dependencies: Dependencies, dev: bool) -> list[Step]:
    chosen = [name for name in _python_files(dependencies) if bool(DEVELOPMENT.search(name)) == dev]
    if not dependencies.build:
        return [Step(_sees(dependencies.files), f"uv pip install{_lists(chosen)}")] if chosen else []
    # Together, since a list may name the project itself: `-e .`
    itself = _itself(dependencies, dev)
    if dev and not chosen and itself == _itself(dependencies, False):
        return []
    return [Step((CODE,), f"uv pip install{_lists(chosen)} --editable {itself}", dependencies.files)]


def _extras(dependencies: Dependencies, dev: bool) -> list[str]:
    """The project's own extras that are wanted; those for tests and the like in development alone."""
    return [name for name in dependencies.extras if dev or not DEVELOPMENT.search(name)]


def _flags(dependencies: Dependencies, dev: bool, name: str = "extra") -> str:
    return "".join(f" --{name} {extra}" for extra in _extras(dependencies, dev))


def _itself(dependencies: Dependencies, dev: bool) -> str:
    extras = ",".join(_extras(dependencies, dev))
    return f"'.[{extras}]'" if extras else "."


def _project(dependencies: Dependencies) -> list[Step]:
    return [Step((CODE,), "uv pip install --no-deps --editable .", dependencies.files)] if dependencies.build else []


def _python_files(dependencies: Dependencies) -> list[str]:
    """The files to install from. Those of a project that is installed itself are read by that."""
    return [name for name in dependencies.files if name.endswith(LISTS) or not dependencies.build]


def _lists(files: Iterable[str]) -> str:
    return "".join(f" {'-c' if 'constraint' in name else '-r'} {shlex.quote(name)}" for name in files)


def _sees(files: Iterable[str]) -> tuple[str, ...]:
    """What the step is shown: files of the top folder one by one, others by their folder, as they read each other."""
    return tuple(dict.fromkeys(name.partition("/")[0] for name in files))

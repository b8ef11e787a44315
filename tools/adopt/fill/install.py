"""How the dependencies are installed: on this machine (`native:` in dev.yaml) and into the image.

Python always uses uv, which both have, with every project manager. The locked versions are installed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tools.adopt.found import Dependencies, Reading

# It reads only poetry.lock, so the user's configuration of Poetry does not matter. Pinned like uv.
EXPORT = "uv tool run --from poetry==2.1.4 --with poetry-plugin-export==1.9.0 poetry export --without-hashes"
# It reads only Pipfile.lock. The index of this machine counts, not the one that the lock was made with.
REQUIREMENTS = "uv tool run --from pipenv==2026.10.3 pipenv requirements --exclude-index"
LIST = '"$VIRTUAL_ENV/locked.txt"'
DEVELOPMENT = re.compile(r"(^|[-_./])(dev|develop|development|test|tests|testing|local|lint)([-_./]|$)")
LISTS = (".txt", ".in")
# Node's managers, with the folder of their downloads for root, if it is not that of npm.
NODE = {"npm": "", "pnpm": "/root/.local/share/pnpm/store,id=pnpm", "yarn": "/usr/local/share/.cache/yarn,id=yarn"}
BERRY_CACHE = "/root/.yarn/berry/cache,id=yarn-berry"
# Deletes the scripts of manifests in the image. Not --ignore-scripts: packages have to run theirs.
NO_SCRIPTS = (
    "node -e 'for (const name of process.argv.slice(1)) { const made = require(`./${name}`); delete made.scripts; "
    'require("fs").writeFileSync(name, JSON.stringify(made)) }\''
)
CODE = "."  # the whole source, if the project itself is installed


@dataclass(frozen=True)
class Step:
    """One step in the image: the files (or folders) that it sees, and its command.

    `edits`: those of the files that the command changes, in the image only. `of`: if it sees the whole source, the
    files whose change makes it run again. `cache`: the folder of the manager's downloads with its name, if it is not
    the language's usual one.
    """

    sees: tuple[str, ...]
    command: str
    of: tuple[str, ...] = ()
    cache: str = ""
    edits: tuple[str, ...] = ()


def native(reading: Reading) -> str:
    """The command of `native.install`; empty if it is not known."""
    dependencies = _known(reading)
    if not dependencies:
        return ""
    manager = manager_of(dependencies)
    if manager in NODE:
        return _and_generate(_node(dependencies, True, native=True), reading, "sh -c ")
    if manager == "uv":
        return f"uv sync --locked{_member(dependencies)}{_flags(dependencies, True)}"
    if manager == "poetry":
        whole = f"{_poetry(dependencies, True)}{' && uv pip install --no-deps --editable .' * dependencies.build}"
        return f"sh -c {shlex.quote(whole)}"
    if manager == "pipenv":
        return f"sh -c {shlex.quote(_pipenv(dependencies, True))}"
    editable = f" --editable {_itself(dependencies, True)}" if dependencies.build else ""
    return f"uv pip install{_lists(_python_files(dependencies))}{editable}{_more(dependencies, False)}"


def production(reading: Reading) -> list[Step]:
    """The steps of stage deps: production's dependencies."""
    return _steps(reading, False)


def development(reading: Reading) -> list[Step]:
    """The steps of stage dev: only development's dependencies; in Python after those of deps. Often none."""
    return _steps(reading, True)


def manager_of(dependencies: Dependencies) -> str:
    """The installer: uv, poetry, pipenv, one of Node's, or pip; pip also for a uv or Poetry project without a lock."""
    name = dependencies.manager.value
    return name if dependencies.locked or name in NODE else "pip"


def _known(reading: Reading) -> Dependencies | None:
    """The dependencies. Without a lock, only Poetry's build system can read what Poetry declares."""
    found = reading.dependencies
    if found and found.manager.value == "poetry" and not found.locked:
        return replace(found, build=True)
    return found


def _steps(reading: Reading, dev: bool) -> list[Step]:
    dependencies = _known(reading)
    if not dependencies:
        return []
    manager = manager_of(dependencies)
    if manager in NODE:
        return [_in_image(reading, dependencies, dev)]
    if manager == "uv":
        return _uv(dependencies, dev)
    if manager == "poetry":
        return [Step(_sees(dependencies.files), _poetry(dependencies, dev)), *([] if dev else _project(dependencies))]
    if manager == "pipenv":
        return [Step(_sees(dependencies.files), _pipenv(dependencies, dev))]
    return _pip(dependencies, dev)


def _in_image(reading: Reading, dependencies: Dependencies, dev: bool) -> Step:
    """The step of npm, pnpm or Yarn."""
    sees, cache = _sees(dependencies.files), NODE[dependencies.manager.value]
    command = _node(dependencies, dev)
    if dependencies.hooks:
        command = f"{NO_SCRIPTS} {' '.join(map(shlex.quote, dependencies.hooks))} && {command}"
    if dependencies.patched:
        command = f"{command} && npx patch-package"
    if dependencies.is_berry:  # in `/`, where the modules have to be, it sees no project
        cache = BERRY_CACHE
        there = f"mkdir -p /install/node_modules && cp -R --parents {' '.join(map(shlex.quote, sees))} /install"
        command = f"{there} && cd /install && {command} && mv node_modules / && cd /"
    command = _and_generate(command, reading)
    return Step((*sees, *_schema(reading)), command, cache=cache, edits=dependencies.hooks)


def _node(dependencies: Dependencies, dev: bool, native: bool = False) -> str:
    """The command of npm, pnpm or Yarn. Natively, npx brings the release: the machine may have another one, or none.

    Not corepack: Node 25 has none, and it fetches Yarn from another host than the registry.
    """
    name = dependencies.manager.value
    program = f"npx --yes {dependencies.release}" if native and dependencies.release else name
    if name == "pnpm":
        # Below / or the checkout, a member of a workspace finds only what is in the root.
        flat = " --config.node-linker=hoisted" * dependencies.shared
        production = "" if dev else " --prod"
        return f"{program} install --frozen-lockfile{production}{flat} --config.confirm-modules-purge=false"
    if dependencies.is_berry:
        # Plug'n'Play has no folder that a mount could have. Only Yarn 4 knows how to leave development's packages out.
        focus = not dev and not dependencies.release.startswith(("@yarnpkg/cli-dist@2", "@yarnpkg/cli-dist@3"))
        verb = "workspaces focus --all --production" if focus else "install --immutable"
        return f"env YARN_NODE_LINKER=node-modules {program} {verb}"
    if name == "yarn":
        return f"{program} install --frozen-lockfile{'' if dev else ' --production'} --non-interactive"
    # Without a lock, npm must not write one into the checkout.
    verb = "npm ci" if dependencies.locked else "npm install --no-package-lock"
    return f"{verb}{'' if dev else ' --omit=dev'} --no-audit --no-fund"


def _is_prisma(reading: Reading) -> bool:
    return bool(reading.migrations and reading.migrations.value == "prisma")


def _schema(reading: Reading) -> tuple[str, ...]:
    """The folder of Prisma's schema, or the schema itself in the top folder."""
    if not (_is_prisma(reading) and reading.migrations):
        return ()
    path = reading.migrations.where.partition(":")[0]
    return (path.rpartition("/")[0] or path,)


def _and_generate(command: str, reading: Reading, shell: str = "") -> str:
    """Also generate Prisma's client from the schema: the service cannot write into the modules later."""
    if not _is_prisma(reading):
        return command
    folder = "".join(_schema(reading))
    usual = folder in ("prisma", "schema.prisma")
    whole = f"{command} && npx prisma generate{'' if usual else f' --schema {folder}/schema.prisma'}"
    return f"{shell}{shlex.quote(whole)}" if shell else whole


def _uv(dependencies: Dependencies, dev: bool) -> list[Step]:
    command = f"uv sync --locked{_member(dependencies)}{'' if dev else ' --no-dev'}{_flags(dependencies, dev)}"
    if not dependencies.build:
        return [Step(_sees(dependencies.files), command)]
    whole = Step((CODE,), command, dependencies.files)
    without = "--no-install-workspace" if dependencies.package else "--no-install-project"
    return [whole] if dev else [Step(_sees(dependencies.files), f"{command} {without}"), whole]


def _member(dependencies: Dependencies) -> str:
    return f" --package {dependencies.package}" if dependencies.package else ""


def _poetry(dependencies: Dependencies, dev: bool) -> str:
    groups = " --all-groups" if dev else ""
    return f"{EXPORT}{groups}{_flags(dependencies, dev, 'extras')} --output {LIST} && uv pip install -r {LIST}"


def _pipenv(dependencies: Dependencies, dev: bool) -> str:
    more = f" && uv pip install{_more(dependencies, False)}" if dependencies.more else ""
    return f"{REQUIREMENTS}{' --dev' if dev else ''} > {LIST} && uv pip install -r {LIST}{more}"


def _pip(dependencies: Dependencies, dev: bool) -> list[Step]:
    chosen = [name for name in _python_files(dependencies) if bool(DEVELOPMENT.search(name)) == dev]
    if not dependencies.build:
        command = f"uv pip install{_lists(chosen)}{_more(dependencies, dev)}"
        return [Step(_sees(dependencies.files), command)] if chosen else []
    # Together, since a list may name the project itself: `-e .`
    itself = _itself(dependencies, dev)
    if dev and not chosen and itself == _itself(dependencies, False):
        return []
    command = f"uv pip install{_lists(chosen)} --editable {itself}{_more(dependencies, dev)}"
    return [Step((CODE,), command, dependencies.files)]


def _more(dependencies: Dependencies, dev: bool) -> str:
    """The packages that no file lists; the step before the one for development has them."""
    return "" if dev else "".join(f" {shlex.quote(name)}" for name in dependencies.more)


def _extras(dependencies: Dependencies, dev: bool) -> list[str]:
    """The required extras of the project; those for tests and the like only in development."""
    return [name for name in dependencies.extras if dev or not DEVELOPMENT.search(name)]


def _flags(dependencies: Dependencies, dev: bool, name: str = "extra") -> str:
    return "".join(f" --{name} {extra}" for extra in _extras(dependencies, dev))


def _itself(dependencies: Dependencies, dev: bool) -> str:
    extras = ",".join(_extras(dependencies, dev))
    return f"'.[{extras}]'" if extras else "."


def _project(dependencies: Dependencies) -> list[Step]:
    return [Step((CODE,), "uv pip install --no-deps --editable .", dependencies.files)] if dependencies.build else []


def _python_files(dependencies: Dependencies) -> list[str]:
    """The files to install from. If the project itself is installed, it reads its own files."""
    return [name for name in dependencies.files if name.endswith(LISTS) or not dependencies.build]


def _lists(files: Iterable[str]) -> str:
    return "".join(f" {'-c' if 'constraint' in name else '-r'} {shlex.quote(name)}" for name in files)


def _sees(files: Iterable[str]) -> tuple[str, ...]:
    """The paths that the step sees: manifests, and the folders of lists as a whole, for their includes."""
    return tuple(dict.fromkeys(name.partition("/")[0] if name.endswith(LISTS) else name for name in files))

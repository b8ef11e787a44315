"""How the repository's tests are run."""

from __future__ import annotations

import re
from dataclasses import replace

from tools.adopt.found import Application, Found
from tools.adopt.read.packages.project import Project
from tools.adopt.read.programs import makefile
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.formats import ini_of, table, toml_of

PYTEST = ("pytest", "pytest-django", "pytest-cov", "pytest-asyncio")
RUNS_TESTS = re.compile(r"(python3? -m )?(pytest|py\.test|coverage run)\b|(python3? )?(\S*/)?manage\.py test\b")
SETTINGS = "DJANGO_SETTINGS_MODULE"
UNITTEST = re.compile(r"^\s*class \w+\((?:\w+\.)?(?:Isolated\w*)?TestCase\)", re.MULTILINE)
STUB = re.compile(r"no test specified|^\s*(exit 1|true|:)\s*$")


def python_test(files: Files, project: Project, application: Application | None) -> Found | None:
    """The Makefile's test program; pytest if a file configures or requires it; else Django's; else tox; else make."""
    made = makefile.test(files)
    if made and RUNS_TESTS.match(made.value):
        return made
    tool = table(toml_of(files, "pyproject.toml"), "tool", "pytest")
    places = [("pyproject.toml", bool(tool), r"^\[tool\.pytest"), ("pytest.ini", files.has("pytest.ini"), "^")]
    places += [("tox.ini", "pytest" in ini_of(files, "tox.ini"), r"^\[pytest\]")]
    places += [("setup.cfg", "tool:pytest" in ini_of(files, "setup.cfg"), r"^\[tool:pytest\]")]
    configured = next((Found("pytest", files.where(name, pattern)) for name, there, pattern in places if there), None)
    package = project.uses(*PYTEST)
    found = configured or (Found("pytest", package.where) if package else None) or _conftest(files)
    if found:
        return found
    manage = application.manage if application else None
    if manage:
        folder = manage.value.removeprefix("python ").rpartition("/")[0] if manage.value.endswith("/manage.py") else ""
        # From the top, no test is found in a folder that is not a package.
        return Found(f"{manage.value} test {f'{folder} ' if folder else ''}--noinput", manage.where)
    return Found("tox", "tox.ini") if files.has("tox.ini") else made or _unittest(files)


def _unittest(files: Files) -> Found | None:
    """Python's own test runner, for the folder of the first test that is written for it."""
    names = [
        name for name in files.named("test.py", "tests.py", "test_*.py", depth=2) if UNITTEST.search(files.text(name))
    ]
    if not names:
        return None
    where = files.where(names[0], UNITTEST.pattern)
    folder, _, file = names[0].rpartition("/")
    if not folder and not file.startswith("test_"):
        return Found(f"python -m unittest {file.removesuffix('.py')}", where)
    top = " -t ." if files.has(f"{folder}/__init__.py") else ""
    return Found(f"python -m unittest discover{f' -s {folder}' if folder else ''}{top}", where)


def with_settings(files: Files, test: Found | None, settings: str) -> Found | None:
    """pytest with the settings module of its own configuration, before which the variable would come.

    `settings`: the module that the variable names for all commands.
    """
    places = {
        "pytest.ini": ini_of(files, "pytest.ini").get("pytest", {}),
        "setup.cfg": ini_of(files, "setup.cfg").get("tool:pytest", {}),
        "tox.ini": ini_of(files, "tox.ini").get("pytest", {}),
        "pyproject.toml": table(toml_of(files, "pyproject.toml"), "tool", "pytest", "ini_options"),
    }
    own = next((str(each[key]) for each in places.values() for key in (SETTINGS, SETTINGS.lower()) if key in each), "")
    if not test or not own or own == settings or not re.match(r"(python3? -m )?pytest\b", test.value):
        return test
    return test if "--ds" in test.value else replace(test, value=f"{test.value} --ds={own}")


def _conftest(files: Files) -> Found | None:
    return next((Found("pytest", name) for name in files.named("conftest.py", depth=1)), None)


def node_test(files: Files, project: Project) -> Found | None:
    script = project.scripts.get("test")
    return Found("npm test", script.where) if script and not STUB.search(script.value) else makefile.test(files)

"""The reading half of a retrofit: finds the facts about any repository, with their places. It runs none of its code."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tools.adopt.found import Application, Commands, Dependencies, Found, Open, Reading, Store
from tools.adopt.read import dropped, others, python
from tools.adopt.read.containers.above import Above
from tools.adopt.read.containers.compose import Stack, aimed, stack
from tools.adopt.read.containers.docker import Image, images
from tools.adopt.read.containers.values import Values, values
from tools.adopt.read.django import called, debugging, django, importable
from tools.adopt.read.framework import application, framework_of
from tools.adopt.read.health import health
from tools.adopt.read.notes import notes
from tools.adopt.read.packages import node, workspaces
from tools.adopt.read.packages.hooks import points as hook_points
from tools.adopt.read.packages.packages import packages
from tools.adopt.read.packages.pip import with_driver
from tools.adopt.read.packages.project import Project, host_name, normal
from tools.adopt.read.programs import flask, own_server, routed
from tools.adopt.read.programs.checks import PYTEST, with_settings
from tools.adopt.read.programs.commands import commands
from tools.adopt.read.programs.migrations import migrations
from tools.adopt.read.programs.starts import Start, starts
from tools.adopt.read.stores import fixed, fixed_cache
from tools.adopt.read.stores.backing import backing
from tools.adopt.read.stores.backing import taken as servers_taken
from tools.adopt.read.stores.extensions import extensions
from tools.adopt.read.stores.kinds import KINDS, NO_DRIVER, Facts
from tools.adopt.read.stores.stores import NO_ADDRESS, stores
from tools.adopt.read.text.files import SOURCES, Files
from tools.adopt.read.text.variable import Variable
from tools.adopt.read.variables import dynaconf
from tools.adopt.read.variables.candidates import candidates
from tools.adopt.read.variables.configured import configurations
from tools.adopt.read.variables.environment import environment, missing, of_stores
from tools.adopt.read.variables.homes import homes
from tools.adopt.read.variables.own_url import own_urls
from tools.adopt.read.variables.variables import variables
from tools.adopt.read.variables.web import ports, reads_address


def read(root: Path, files: Sequence[str], above: Above | None = None) -> Reading:
    """`root`: the service's folder. `files`: the tracked files in it, relative and with `/`. `above`: the repository
    around the folder, if it is one of a larger repository.

    No code is run or imported, no link out of the folder is followed, and no content makes this raise. Facts that no
    file contains are None or empty.
    """
    whole = Files(root, files)
    lone = not whole.has("manage.py") and serves(whole) is None
    if lone and (member := workspaces.serving(whole, serves)):
        return workspaces.lifted(_read(root, member, member), member)
    return _read(root, whole, None, above)


def serves(files: Files) -> Project | None:
    """The project, if it has a framework that serves."""
    project = choose(files, images(files))
    return project if project and framework_of(project) else None


def _read(root: Path, known: Files, member: workspaces.Member | None, above: Above | None = None) -> Reading:
    built = images(known)
    project = choose(known, built)
    other = others.language_of(known, project, framework_of(project) if project else None)
    service = name_of(root, None if other or member else project)
    around = stack(known, service.value)
    shared = above if above and not around.services else None  # its own compose file is enough
    around = shared.stack(service.value) if shared else around
    built = aimed(built, around)
    given = values(known, around, built)
    given = shared.values(given) if shared and around.app else given
    if other:
        return _other(known, other, service, built, around, given)
    if project and project.dependencies and member:
        project = replace(project, dependencies=workspaces.dependencies(project.dependencies, member, project))
    if project is None:
        found = notes(known, around, built, found_project=False)
        return Reading(service, port=_first(ports(known, around, built, [], given, {}, "PORT")), notes=_sorted(found))
    return _reading(known, project, service, built, around, given)


def _other(files: Files, language: Found, service: Found, built: list[Image], around: Stack, given: Values) -> Reading:
    """A language without a stack: what containers need, and what does not depend on the language."""
    title = others.LANGUAGES[language.value].title
    every = candidates({}, given)
    database, cache, about = stores(Facts(files, None, "", ()), around, every)
    database = others.without_tls(database or others.database(files, language.value), language.value)
    servers, more = backing(every, around, None)
    taken = {*of_stores(database, cache), *servers_taken(servers), "PORT"}
    dockerfile = next((image.file for image in built if "/" not in image.file), None)
    needed, points = others.of_production(files, built if dockerfile else [])
    kept = "FROM, build and command of the Dockerfile are kept" if dockerfile else "no Dockerfile says how it is built"
    said = Found(f"{title} ({language.where}) is not known here: {kept}", language.where)
    every_port = ports(files, around, built, [], given, {}, "PORT")
    return Reading(
        service=service,
        language=language,
        version=others.version(files, language.value),
        commands=others.commands(files, language.value, built if dockerfile else []),
        database=database,
        cache=cache,
        backing=servers,
        port=_first(every_port),
        environment={**needed, **environment(given, taken, {})},
        migration_files=others.migration_files(files),
        open=tuple(points),
        own_image=Found(files.text(dockerfile), dockerfile) if dockerfile else None,
        own_ignore=files.text(".dockerignore"),
        notes=_sorted([said, *about, *more, *given.notes, *notes(files, around, built, found_project=True)]),
    )


def choose(files: Files, built: list[Image]) -> Project | None:
    """If a repository has two languages, the one that serves: with Django, package.json is for the frontend."""
    both = [each for each in (python.project(files, built), node.project(files, built)) if each]
    serving = [each for each in both if framework_of(each)]
    manage = [each for each in both if each.language.value == "python" and files.has("manage.py")]
    return next(iter([*manage, *serving, *both]), None)


def _file_that_runs(
    files: Files, given: Values, around: Stack, database: Store | None, notes: list[Found]
) -> tuple[Store | None, list[Found]]:
    """SQLite instead of the database, if the settings that run have it; and the notes about stores."""
    file = django.file_that_runs(files, given, database, around)
    if not file or not database:
        return database, notes
    text = f"{database.kind.value} is possible too; {file.kind.where} has SQLite and no variable for an address"
    others = [note for note in notes if database.kind.value not in note.value]
    return file, [Found(text, database.kind.where), *others]


def _fixed(
    facts: Facts, served: Application | None, given: Values, database: Store | None, cache: Store | None
) -> tuple[Store | None, Store | None, list[Open]]:
    """The stores with the variables that have to replace constants in code: Redis of Django, else the database."""
    if not _is_django(served):
        database, points = fixed.with_variable(facts, database)
        host = flask.server_name(facts.files, facts.project, facts.code) if facts.project else None
        cache = cache or fixed_cache.prefixed(facts)
        return database, cache, [*points, *([host] if host else [])]
    runs = django.files_that_run(facts.files, given)
    database = dynaconf.with_variables(facts.files, runs, database)
    database, points = fixed.with_port(facts.files, runs, database)
    if cache:
        return database, cache, points
    cache, point = fixed_cache.cache(facts.files, runs)
    return database, cache, [*points, point] if point else points


def name_of(root: Path, project: Project | None) -> Found:
    if project and project.name:
        return Found(host_name(project.name.value), project.name.where)
    return Found(host_name(root.resolve().name), "the folder's name")


def _reading(
    files: Files, project: Project, service: Found, built: list[Image], around: Stack, given: Values
) -> Reading:
    language = project.language.value
    started = starts(files, around, built)
    served = application(files, project, started)
    given, about_settings = django.corrected(files, given) if _is_django(served) else (given, [])
    migrated = migrations(files, project, served, started)
    said = variables(files, language, django.aside(files, given) if _is_django(served) else ())
    facts = Facts(files, project, served.framework.value if served else "", tuple(files.code(*SOURCES)))
    every = candidates(said, given)
    database, cache, about_stores = stores(facts, around, every)
    if _is_django(served):
        database, about_stores = _file_that_runs(files, given, around, database, about_stores)
    database, cache, constant = _fixed(facts, served, given, database, cache)
    about_stores = [note for note in about_stores if not (cache and note.value == NO_ADDRESS)]
    servers, more = backing(every, around, project)
    ways = routed.corrected(files, project, served, commands(files, project, served, migrated, started), said)
    if project.language.value == "python":
        ways = own_server.added(files, project, ways, reads_address(said, given, service.value, "python")[0])
    remarks = [*project.notes, *_optional(project, served), *more]
    remarks += migrated.notes if migrated else ()
    remarks += _built(files, served.target if served and not ways.build else None, language)
    settings = django.examined(files, given, database, said.values()) if _is_django(served) else django.Settings()
    remarks += [*settings.notes, *about_settings]
    dependencies, about_lists = _dependencies(files, project, served, ways, settings.loaded, database, about_stores)
    remarks += about_lists
    run_packages, build_packages, about_packages, unnamed = packages(files, project, built, ways)
    remarks += about_packages
    given = _with_module(files, given, served, settings.module)
    if _is_django(served):
        given = importable.with_path(files, _with_debug(files, given, said), django.running(files, given, []))
    if set_module := given.get(django.NAME):
        ways = replace(ways, test=with_settings(files, ways.test, set_module.value))
    programs = called.needed(files, django.files_that_run(files, given) if _is_django(served) else (), dependencies)
    points = [*_left_out(files, project, ways, built, around), *configurations(files, said.values(), given)]
    found = Reading(
        service=service,
        language=project.language,
        version=project.version,
        newest=project.newest,
        oldest=project.oldest,
        dependencies=programs.dependencies,
        application=served,
        migrations=migrated.tool if migrated else None,
        migration_files=migrated.files if migrated else (),
        commands=ways,
        database=database,
        extensions=extensions(facts, database),
        cache=cache,
        backing=servers,
        packages=(*run_packages, *programs.packages),
        build_packages=build_packages,
        variant=next((one for image in built if (one := image.variant(language))), None),
        open=(*settings.open, *constant, *unnamed, *programs.open, *points),
        notes=(*remarks, *programs.notes),
    )
    return _addressed(found, files, built, around, given, said, started)


def _left_out(files: Files, project: Project, ways: Commands, built: list[Image], around: Stack) -> list[Open]:
    """The steps, scripts and copied files of theirs that are not written."""
    steps = dropped.steps(built, ways)
    return [
        *hook_points(project, ways, bool(steps)),
        *steps,
        *dropped.start_scripts(around),
        *dropped.copies(files),
    ]


def _with_module(files: Files, given: Values, served: Application | None, module: Found | None) -> Values:
    """The values with the settings module that all commands get."""
    if served and served.manage and not served.manage.value.endswith("manage.py"):
        module = module or django.running(files, given, [])  # not all entry points set one; servers need it, too
    return replace(given, run={**given.run, django.NAME: module}) if module else given


def _with_debug(files: Files, given: Values, said: Mapping[str, Variable]) -> Values:
    """The values with the variable that turns DEBUG on, if the settings of commands need one."""
    switch = debugging.switch(files, django.files_that_run(files, given), given, said)
    return replace(given, run={**given.run, switch[0]: switch[1]}) if switch else given


def _dependencies(
    files: Files,
    project: Project,
    served: Application | None,
    ways: Commands,
    loaded: Collection[str],
    database: Store | None,
    about_stores: Sequence[Found],
) -> tuple[Dependencies | None, list[Found]]:
    """How the dependencies are installed, with what the code needs and no file of the project's lists; and notes."""
    found, notes, more_lists = with_extras(project, database, served, ways, loaded), [*about_stores], False
    if not found:
        return None, notes
    if database and any(note.value.startswith(NO_DRIVER) for note in notes):
        lists = with_driver(files, found.files, database.kind.value)
        if lists != found.files:
            notes = [note for note in notes if not note.value.startswith(NO_DRIVER)]
            found, more_lists = replace(found, files=lists), True
    unlisted = python.unlisted(files, project, loaded, ways.serve) if project.language.value == "python" else {}
    driver = fixed.driver(project, database) if database and not more_lists else None
    if driver:
        text = f"no file lists a driver for SQLAlchemy: {driver.value} is installed, too"
        notes = [note for note in notes if not note.value.startswith(NO_DRIVER)]
        unlisted = {**unlisted, driver.value: Found(text, driver.where)}
    return replace(found, more=(*found.more, *unlisted)), [*notes, *unlisted.values()]


def _is_django(served: Application | None) -> bool:
    return served is not None and served.framework.value == "django"


def _addressed(
    found: Reading,
    files: Files,
    built: list[Image],
    around: Stack,
    given: Values,
    said: Mapping[str, Variable],
    started: list[Start],
) -> Reading:
    """Add the address, the health page, and the variables that are neither an address nor a store's."""
    language = found.language.value if found.language else ""
    port, host = reads_address(said, given, found.service.value, language)
    every_port = ports(files, around, built, started, given, said, port.value if port else "PORT")
    well = health(files, around, built, found, given)
    taken = {
        *of_stores(found.database, found.cache),
        *servers_taken(found.backing),
        *(one.value for one in (port, host) if one),
        "PORT",
    }
    urls = dict(own_urls(said, given, taken, _first(every_port)))
    folders = {
        name: one for name, one in homes(files, said.values()).items() if name not in taken and not given.get(name)
    }
    taken |= {*urls, *folders}
    remarks = [
        *found.notes,
        *well.notes,
        *_differing(every_port),
        *given.differing,
        *given.notes,
        *missing(said, given, taken),
    ]
    written = {**environment(given, taken, said), **folders}
    return replace(
        found,
        open=(*found.open, *well.open, *dropped.addresses(said, given, taken, written)),
        port=_first(every_port),
        reads_port=port,
        reads_host=host,
        health=well.page,
        renders=well.renders,
        own_urls=urls,
        environment=written,
        notes=_sorted([*remarks, *notes(files, around, built, found_project=True)]),
    )


def with_extras(
    project: Project, database: Store | None, served: Application | None, said: Commands, loaded: Iterable[str] = ()
) -> Dependencies | None:
    """The dependencies, with the extras for the driver, the framework, production's server and the tests.

    `loaded`: modules that settings name; `debug_toolbar` is in django-debug-toolbar.
    """
    if project.dependencies is None or not project.dependencies.build:
        return project.dependencies
    drivers = KINDS[database.kind.value] if database else ()
    frameworks = [name for name, one in project.packages.items() if served and one.where == served.framework.where]
    server = [said.serve.value.split()[0]] if said.serve else []
    named = [(normal(name), f"django-{normal(name)}") for name in sorted(loaded)]
    needed = [project.uses(*names) for names in (frameworks, drivers, server, PYTEST, *named)]
    extras = tuple(dict.fromkeys(one.group for one in needed if one and one.extra))
    return replace(project.dependencies, extras=extras)


def _first(found: Sequence[Found]) -> Found | None:
    return next(iter(found), None)


def _differing(every: Sequence[Found]) -> list[Found]:
    """Other ports in files, each once."""
    first = every[0] if every else None
    others = {one.value: one for one in reversed(every) if first and one.value != first.value}
    return [
        Found(f"port {one.value} here, but {first.value} in {first.where}", one.where)
        for one in others.values()
        if first
    ]


def _built(files: Files, target: Found | None, language: str) -> list[Found]:
    """A note if the server's target is not tracked, since a build creates it."""
    if language != "node" or not target or files.has(target.value) or re.search(r"\.[cm]?ts$", target.value):
        return []
    return [Found(f"{target.value} is not a tracked file: a build makes it", target.where)]


def _optional(project: Project, served: Application | None) -> list[Found]:
    """A note about a framework that a plain installation does not include."""
    packages = [
        one for one in project.packages.values() if served and one.where == served.framework.where and one.group
    ]
    return [Found(f"{one.name} is in the extra or group `{one.group}`", one.where) for one in packages]


def _sorted(found: Iterable[Found]) -> tuple[Found, ...]:
    """Each once, in the order of their discovery."""
    return tuple(dict.fromkeys(found))

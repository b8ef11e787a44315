"""The package manager of a Node project: npm, pnpm or Yarn, with the version that wrote its lock file."""

from __future__ import annotations

import re
from typing import NamedTuple

from tools.adopt.found import Dependencies, Found
from tools.adopt.read.packages import hooks
from tools.adopt.read.text.files import Files
from tools.adopt.read.text.formats import json_of, yaml_of

MANIFEST = "package.json"
LOCKS = {
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
}
OTHERS = {"bun.lockb": "Bun", "bun.lock": "Bun"}
PINNED = re.compile(r"(npm|pnpm|yarn)@(\d+\.\d+\.\d+[\w.-]*)")  # packageManager; a hash may follow
RELEASE = re.compile(r"""^yarnPath:\s*["']?\S*?yarn-(\d+\.\d+\.\d+)\.c?js""", re.MULTILINE)
# By the lock file's own version, the last release that writes it.
# https://github.com/pnpm/spec/tree/master/lockfile, https://yarnpkg.com/configuration/manifest
PNPM = {"5": "7.33.7", "6": "8.15.9", "9": "9.15.9"}
PNPM_SETTINGS = "10.34.6"  # the first major version with settings in pnpm-workspace.yaml
YARN = {"4": "2.4.3", "5": "3.2.4", "6": "3.8.7", "7": "3.8.7", "8": "4.12.0"}
CLASSIC = "1.22.22"
# Next to the manifest and the lock, what an installation reads: registries, settings, patches, Yarn itself.
READ = {
    "npm": (".npmrc",),
    "pnpm": (".npmrc", "pnpm-workspace.yaml", ".pnpmfile.cjs"),
    "yarn": (".npmrc", ".yarnrc", ".yarnrc.yml"),
}
FOLDERS = {"pnpm": ("patches",), "yarn": (".yarn/releases", ".yarn/plugins", ".yarn/patches", "patches")}


class Manager(NamedTuple):
    """`release`: the manager as an npm package, `pnpm@9.15.9`; empty for npm, which the image has."""

    found: Found
    lock: str
    release: str


def manager(files: Files) -> Manager:
    """The one that packageManager names, if its lock is there; else that of the first lock; else npm."""
    locks = {lock: name for lock, name in LOCKS.items() if files.has(lock)}
    field = json_of(files, MANIFEST).get("packageManager")
    pinned = PINNED.match(field) if isinstance(field, str) else None
    fit = [lock for lock, name in locks.items() if pinned and name == pinned[1]]
    lock = next(iter([*fit, *locks]), "")
    name = locks.get(lock, "npm")
    version = pinned[2] if pinned and pinned[1] == name else _written_by(files, name, lock)
    package = "@yarnpkg/cli-dist" if name == "yarn" and not version.startswith("1.") else name
    where = files.where(MANIFEST, r'^\s*"packageManager"\s*:') if fit and name != "npm" else lock or MANIFEST
    return Manager(Found(name, where), lock, "" if name == "npm" else f"{package}@{version}")


def _written_by(files: Files, name: str, lock: str) -> str:
    if name == "yarn":
        release = RELEASE.search(files.text(".yarnrc.yml"))
        form = re.search(r"^__metadata:\n\s+version: (\d+)", files.text(lock), re.MULTILINE)
        return release[1] if release else YARN.get(form[1], YARN["8"]) if form else CLASSIC
    if name == "pnpm":
        form = re.search(r"^lockfileVersion:\s*['\"]?(\d+)", files.text(lock), re.MULTILINE)
        settings = {*yaml_of(files, "pnpm-workspace.yaml")} - {"packages", "catalog", "catalogs"}
        return PNPM_SETTINGS if settings else PNPM.get(form[1] if form else "", PNPM["9"])
    return ""


def dependencies(files: Files) -> Dependencies:
    """How it is installed. Only npm works without a lock."""
    made, patched = manager(files), hooks.patches(files, MANIFEST)
    more = [name for name in READ[made.found.value] if files.has(name)]
    folders = [
        folder
        for folder in dict.fromkeys([*FOLDERS.get(made.found.value, ()), *(["patches"] if patched else [])])
        if any(name.startswith(f"{folder}/") for name in files.names)
    ]
    locks = [made.lock] if made.lock else []
    return Dependencies(
        made.found,
        (MANIFEST, *locks, *more, *folders),
        bool(made.lock),
        release=made.release,
        hooks=hooks.manifests(files, [MANIFEST]),
        patched=patched and "patches" in folders,
    )


def notes(files: Files) -> tuple[Found, ...]:
    """Lock files that are not installed from."""
    made = manager(files)
    others = [Found(f"{tool} is not supported; npm is used", name) for name, tool in OTHERS.items() if files.has(name)]
    if not made.lock:
        return (*others, Found("no package-lock.json: `npm install --package-lock-only` makes one", MANIFEST))
    return tuple(
        Found(f"a lock of {name}; {made.found.value} is used, see {made.found.where}", lock)
        for lock, name in LOCKS.items()
        if files.has(lock) and name != made.found.value
    )

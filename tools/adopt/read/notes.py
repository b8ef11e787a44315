"""Notes for the owner about existing files of other tools."""

from __future__ import annotations

from tools.adopt.found import Found
from tools.adopt.read.containers.compose import Stack
from tools.adopt.read.containers.docker import Image
from tools.adopt.read.programs.makefile import targets
from tools.adopt.read.text.files import Files

MANIFESTS = ("pyproject.toml", "requirements.txt", "setup.py", "package.json", "manage.py")
TOOLS = {
    "justfile": "just",
    "Justfile": "just",
    "Taskfile.yml": "task",
    "noxfile.py": "nox",
    "Tiltfile": "Tilt",
    "Vagrantfile": "Vagrant",
}


def notes(files: Files, stack: Stack, images: list[Image], found_project: bool) -> list[Found]:
    return [
        *(Found(f"an existing {image.file.rpartition('/')[2]}", image.file) for image in images),
        *(Found("an existing compose file", name) for name in stack.names),
        *(
            Found(f"compose service {one.name}", one.where)
            for one in stack.services
            if not one.kind and one != stack.app
        ),
        *_makefile(files),
        *(Found(f"tasks of {tool}", name) for name, tool in TOOLS.items() if files.has(name)),
        *(Found("an existing tasks.py", "tasks.py") for _ in range(files.has("tasks.py"))),
        *(() if found_project else _deeper(files)),
    ]


def _makefile(files: Files) -> list[Found]:
    found = targets(files)
    if not found:
        return []
    text = f"makefile targets {found.value}" if found.value else "an existing makefile without targets"
    return [Found(text, found.where)]


def _deeper(files: Files) -> list[Found]:
    """The folder has no service itself; perhaps a subfolder has."""
    names = files.named(*MANIFESTS, depth=2)
    return [Found(f"perhaps the service is in {name.rpartition('/')[0]}/", name) for name in names[:3]]

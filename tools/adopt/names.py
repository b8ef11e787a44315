"""The names of our files in a repository that already has files with the usual names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


@dataclass(frozen=True)
class Names:
    """The names of our files: the usual ones if they are free, else names that no other tool looks for."""

    compose: str = "compose.yaml"
    dockerfile: str = "Dockerfile"
    ignore: str = ".dockerignore"
    tasks: str = "tasks.py"

    @property
    def beside(self) -> str:
        """The answer for the template: the kinds with another name than the usual one, `compose dockerfile`."""
        usual = Names()
        kinds = ("compose", "dockerfile", "tasks")
        return " ".join(kind for kind in kinds if getattr(self, kind) != getattr(usual, kind)) or "none"


def choose(existing: Iterable[str]) -> Names:
    """Names that replace nothing, and do not change what `docker compose up` and `docker build` did before.

    `existing`: the names in the service's folder. A compose file of ours under the first name that Compose looks
    for would hide a docker-compose.yml; a .dockerignore of ours would apply to their Dockerfile; a tasks.py of ours
    would hide a package `tasks`.
    """
    has = set(existing)
    beside = bool(has & {"Dockerfile", ".dockerignore"})
    return Names(
        compose="compose.devenv.yaml" if has & set(COMPOSE) else "compose.yaml",
        dockerfile="Dockerfile.devenv" if beside else "Dockerfile",
        ignore="Dockerfile.devenv.dockerignore" if beside else ".dockerignore",
        tasks="dev_tasks.py" if has & {"tasks.py", "tasks"} else "tasks.py",
    )

"""Renders the files of a service from a Reading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from tools.adopt.fill import compose, dev, examples, image, others, programs
from tools.adopt.found import Reading
from tools.adopt.names import Names

OWN = Path(__file__).with_name("templates")


def files(reading: Reading, answers: Mapping[str, str], names: Names, templates: Path) -> dict[str, str]:
    """Name in the repository → text. `templates`: the folder of the common templates, which these extend.

    `answers`: those of answers.py; `names`: the names of our files next to the repository's.
    """
    language = examples.language(reading)
    more = bool(programs.others(reading, answers))  # services that share settings with the app
    jinja = environment(templates)

    def rendered(name: str, parts: Mapping[str, object]) -> str:
        return jinja.get_template(f"adopt/{name}").render(
            cookiecutter={**answers, "beside": names.beside}, fill=parts, more=more
        )

    return {
        "dev.yaml": rendered("dev.yaml", dev.parts(reading, answers)),
        names.compose: rendered("compose.yaml", compose.parts(reading, answers)),
        "compose.lean.yaml": rendered("compose.lean.yaml", compose.lean_parts(reading, answers, names)),
        names.dockerfile: others.dockerfile(reading)
        if others.is_other(reading)
        else rendered(f"Dockerfile.{language}", image.parts(reading)),
        names.ignore: others.ignore(reading)
        if others.is_other(reading)
        else rendered("dockerignore", {"language": language}),
    }


def environment(templates: Path) -> Environment:
    """Jinja with cookiecutter's settings; our templates are found as `adopt/NAME`."""
    settings = json.loads((templates.parent / "cookiecutter.json").read_text(encoding="utf-8"))
    how: dict[str, Any] = {"keep_trailing_newline": True, "undefined": StrictUndefined, **settings["_jinja2_env_vars"]}
    own = PrefixLoader({"adopt": FileSystemLoader(OWN)})  # since both folders have a dev.yaml
    return Environment(loader=ChoiceLoader([own, FileSystemLoader(templates)]), **how)

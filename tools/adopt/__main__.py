"""python -m tools.adopt check|update|retrofit PATH: what `inv template.*` calls, here and in each service.

Exit codes and error lines are those of CONTRACT.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from tools.adopt.address import notes, of
from tools.adopt.change import news
from tools.adopt.check import Standing, check
from tools.adopt.errors import FOUND, USAGE, Parser, Refusal, end
from tools.adopt.output import say
from tools.adopt.report import report
from tools.adopt.repository import clean, find
from tools.adopt.retrofit import retrofit, undo
from tools.adopt.update import update

TEMPLATE = Path(__file__).resolve().parents[2]


def arguments(argv: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = Parser(prog="template", description=__doc__)
    parser.add_argument(
        "--template", type=Path, default=TEMPLATE, help="a checkout of the template that has its history"
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("check", "update", "retrofit"):
        verbs.add_parser(verb).add_argument("path", type=Path)
    verbs.choices["check"].add_argument("--json", action="store_true")
    verbs.choices["update"].add_argument("--to", default="")
    verbs.choices["update"].add_argument("--answer", action="append", default=[], metavar="NAME=VALUE")
    verbs.choices["retrofit"].add_argument("--service", default="")
    verbs.choices["retrofit"].add_argument("--port", type=int, default=0)
    verbs.choices["retrofit"].add_argument("--undo", action="store_true")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Run one verb; returns its exit code."""
    options = arguments(argv)
    path = options.path.resolve()
    if not path.is_dir():
        raise Refusal(USAGE, f"{path} is not a folder")
    return {"check": checked, "update": updated, "retrofit": retrofitted}[options.verb](path, options)


def checked(path: Path, options: argparse.Namespace) -> int:
    standing = check(path, options.template)
    print(json.dumps(standing.as_dict()) if options.json else described(standing))
    if not standing.lacks:
        return 0
    newest = standing.lacks[-1].version
    raise Refusal(FOUND, f"{standing.service} is at {standing.version}; {newest} is out", "inv template.update")


def described(standing: Standing) -> str:
    """For people."""
    if not standing.lacks:
        return f"{standing.service} is at {standing.version} of {standing.template}, and nothing newer is out"
    out = ", ".join(f"{each.version} ({each.day})" for each in standing.lacks)
    first = f"{standing.service} is at {standing.version} of {standing.template}; out: {out}"
    would = ["An update would need a person for:", *(f"  {each}" for each in standing.conflicts)]
    tried = "\n".join(would) if standing.conflicts else "An update would go through without a conflict."
    return "\n\n".join([first, standing.changes, tried])


def updated(path: Path, options: argparse.Namespace) -> int:
    given = dict(pair(text) for text in options.answer)
    if sys.stdin.isatty():
        clean(find(path))  # before any question
        given = {**asked(news(find(path), options.template, options.to), given), **given}
    branch = update(path, options.template, options.to, given)
    if branch:
        print(branch)
    return 0


def retrofitted(path: Path, options: argparse.Namespace) -> int:
    if options.undo:
        say(f"{path} is on {undo(path)} again, unchanged")
    elif done := retrofit(path, options.template, options.service, options.port):
        print(report(done))
        for line in notes(options.template, of(options.template)):
            say(line)
    return 0


def asked(questions: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """A person's answers to new questions; an empty line takes the template's default."""
    answers = {}
    for name, prompt in questions.items():
        if name not in given:
            print(f"{prompt} [Enter: as the template has it]\n{name}: ", end="", file=sys.stderr, flush=True)
            if answer := sys.stdin.readline().strip():
                answers[name] = answer
    return answers


def pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Refusal(USAGE, f"--answer {text} is not NAME=VALUE", "--answer cache=redis")
    return name, value


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Refusal as refusal:
        end(refusal)
    except KeyboardInterrupt:
        end(Refusal(130, "interrupted; nothing was changed"))
    except BrokenPipeError:  # a reader that has enough, such as head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

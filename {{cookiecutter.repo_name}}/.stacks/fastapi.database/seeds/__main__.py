# Owner: this service. The template wrote it once and leaves it to you.
"""Fills a scenario into the database: `python -m seeds default`. If it runs twice, it leaves the same rows."""

import argparse
import asyncio
import json

from app.database import engine, open_session
from app.settings import settings
from seeds import scenarios
from seeds.guard import refuse_outside_development


def main(words: list[str] | None = None) -> None:
    arguments = parse(words)
    refuse_outside_development(settings.public_host)
    # The last line of stdout is the answer, for dev.seed and for services that require this one.
    print(json.dumps(asyncio.run(seed(arguments))))


def parse(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m seeds", description=__doc__)
    choice = parser.add_subparsers(dest="scenario", required=True)
    choice.add_parser("default")
    big = choice.add_parser("big-tenant")
    big.add_argument("--learners", type=size, default=1000)
    big.add_argument("--courses", type=size, default=1)
    return parser.parse_args(words)


def size(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: a whole number from 1")
    return int(text)


async def seed(arguments: argparse.Namespace) -> dict[str, int]:
    async with open_session.begin() as session:
        if arguments.scenario == "default":
            rows = await scenarios.default(session)
        else:
            rows = await scenarios.big_tenant(session, arguments.learners, arguments.courses)
    await engine.dispose()
    return rows


if __name__ == "__main__":
    main()

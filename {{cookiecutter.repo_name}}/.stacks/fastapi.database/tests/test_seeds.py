# Owner: this service. The template wrote it once and leaves it to you.
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Base, Course
from seeds import __main__ as seed
from seeds import scenarios


async def rows(session: AsyncSession) -> list[Any]:
    tables = Base.metadata.sorted_tables
    return [
        row for table in tables for row in await session.execute(select(table).order_by(*table.primary_key.columns))
    ]


@pytest.mark.parametrize("scenario", [scenarios.default, lambda session: scenarios.big_tenant(session, 20)])
async def test_second_run_changes_nothing(
    session: AsyncSession, scenario: Callable[[AsyncSession], Awaitable[object]]
) -> None:
    await scenario(session)
    before = await rows(session)
    await scenario(session)
    assert await rows(session) == before


async def test_seed_mends_a_changed_row(session: AsyncSession) -> None:
    await scenarios.default(session)
    await session.execute(update(Course).where(Course.code == "welding").values(title="Changed"))
    await scenarios.default(session)
    found = await session.scalar(select(Course.title).where(Course.code == "welding"))
    assert found == scenarios.COURSES["welding"]


async def test_rows_hold_no_clock(session: AsyncSession) -> None:
    await scenarios.default(session)
    times = {row.enrolled_at.replace(tzinfo=None) for row in await rows(session) if hasattr(row, "enrolled_at")}
    assert times == {scenarios.NOW.replace(tzinfo=None)}


def test_last_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    seed.main(["big-tenant", "--learners", "5"])
    last = capsys.readouterr().out.splitlines()[-1]
    assert json.loads(last) == {"courses": 4, "learners": 9, "enrolments": 10}


def test_refused_where_the_public_url_is_not_local() -> None:
    seed.refuse_outside_development("courses.localhost")
    with pytest.raises(SystemExit, match="this is courses"):
        seed.refuse_outside_development("courses.example.org")

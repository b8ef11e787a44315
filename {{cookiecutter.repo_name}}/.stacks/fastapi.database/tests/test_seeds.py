# Owner: this service. The template wrote it once and leaves it to you.
import json
from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.courses import courses_with_learners
from app.models import Base, Course
from seeds import __main__ as seed
from seeds import guard, scenarios


async def rows(session: AsyncSession) -> list[Any]:
    tables = Base.metadata.sorted_tables
    return [
        row for table in tables for row in await session.execute(select(table).order_by(*table.primary_key.columns))
    ]


@pytest.mark.parametrize("scenario", [scenarios.default, lambda session: scenarios.big_tenant(session, 20, 3)])
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


async def test_enrolments_are_spread_over_the_year_before_the_fixed_clock(session: AsyncSession) -> None:
    await scenarios.big_tenant(session, 20)
    times = [row.enrolled_at.replace(tzinfo=UTC) for row in await rows(session) if hasattr(row, "enrolled_at")]
    assert len(set(times)) > 20
    assert all(scenarios.NOW - scenarios.YEAR < time <= scenarios.NOW for time in times)


async def test_courses_of_the_tenant_take_its_learners_in_turn(session: AsyncSession) -> None:
    await scenarios.big_tenant(session, 5, 2)
    counts = {course.code: course.learner_count for course in await courses_with_learners(session)}
    assert (counts["onboarding"], counts["onboarding-2"]) == (3, 2)


@pytest.mark.parametrize("size", ["0", "-1", "many"])
def test_size_that_makes_no_sense_is_refused(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        seed.main(["big-tenant", f"--courses={size}"])
    assert "allowed: a whole number from 1" in capsys.readouterr().err


def test_last_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    seed.main(["big-tenant", "--learners", "5"])
    last = capsys.readouterr().out.splitlines()[-1]
    assert json.loads(last) == {"courses": 4, "learners": 9, "enrolments": 10}


def test_refused_where_the_public_url_is_not_local() -> None:
    guard.refuse_outside_development("courses.localhost")
    with pytest.raises(SystemExit, match="this is courses"):
        guard.refuse_outside_development("courses.example.org")

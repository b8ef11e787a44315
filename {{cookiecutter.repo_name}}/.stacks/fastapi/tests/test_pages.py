# Owner: this service. The template wrote it once and leaves it to you.
from httpx import AsyncClient
{% if cookiecutter.database != "none" %}
from sqlalchemy.ext.asyncio import AsyncSession

from seeds import scenarios


async def test_index_lists_courses_with_their_learners(client: AsyncClient, session: AsyncSession) -> None:
    await scenarios.default(session)
    await session.commit()
    assert "Astronomy for everybody: 3 learners" in (await client.get("/")).text


async def test_index_says_when_there_are_no_courses(client: AsyncClient) -> None:
    assert "None yet." in (await client.get("/")).text


async def test_api_counts_learners_of_each_course(client: AsyncClient, session: AsyncSession) -> None:
    await scenarios.default(session)
    await session.commit()
{% else %}


async def test_index_lists_courses_with_their_learners(client: AsyncClient) -> None:
    assert "Astronomy for everybody: 3 learners" in (await client.get("/")).text


async def test_api_counts_learners_of_each_course(client: AsyncClient) -> None:
{% endif %}
    courses = (await client.get("/api/courses")).json()["courses"]
    assert {course["code"]: course["learner_count"] for course in courses} == {
        "astronomy": 3,
        "statistics": 2,
        "welding": 0,
    }

# Owner: this service. The template wrote it once and leaves it to you.
import pytest
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


@pytest.mark.parametrize("host", ["{{ cookiecutter.service }}", "{{ cookiecutter.service }}.localhost:1234", "127.0.0.1"])
async def test_names_of_the_service_are_answered(client: AsyncClient, host: str) -> None:
    assert (await client.get("/health", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("path", ["/", "/health", "/nothing"])
async def test_other_names_are_refused(client: AsyncClient, path: str) -> None:
    assert (await client.get(path, headers={"Host": "evil.example.org"})).status_code == 400

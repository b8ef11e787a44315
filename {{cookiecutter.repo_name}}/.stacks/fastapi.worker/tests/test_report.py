# Owner: this service. The template wrote it once and leaves it to you.
from httpx import AsyncClient
from saq import Worker
{% if cookiecutter.database != "none" %}
from sqlalchemy.ext.asyncio import AsyncSession
{% endif %}

from app import queue, worker
{% if cookiecutter.database != "none" %}
from seeds import scenarios
{% endif %}


async def work() -> None:
    """Do what `saq` does until the first job is done."""
    jobs = {name: value for name, value in worker.settings.items() if name != "shutdown"}
    await Worker(**jobs, burst=True, max_burst_jobs=1, dequeue_timeout=5).start()


{% if cookiecutter.database != "none" %}
async def test_worker_makes_the_report(client: AsyncClient, session: AsyncSession) -> None:
    await scenarios.default(session)
    await session.commit()
{% else %}
async def test_worker_makes_the_report(client: AsyncClient) -> None:
{% endif %}
    assert (await client.post("/api/report")).status_code == 202
    assert (await client.get("/api/report")).status_code == 404
    await work()
{% if cookiecutter.database != "none" %}
    assert (await client.get("/api/report")).json() == {"learners": {"astronomy": 3, "statistics": 2, "welding": 0}}
{% else %}
    assert (await client.get("/api/report")).json() == {"courses": 3}
{% endif %}


async def test_asking_twice_makes_one_job(client: AsyncClient) -> None:
    for _ in range(2):
        await client.post("/api/report")
    assert await queue.queue.count("queued") == 1

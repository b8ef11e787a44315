# Owner: this service. The template wrote it once and leaves it to you.
import json
from typing import Any

import pytest
from pydantic import HttpUrl
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Learner
from seeds import scenarios, scrub


async def learners(session: AsyncSession) -> list[Any]:
    return list(await session.execute(select(Learner.id, Learner.name, Learner.email).order_by(Learner.id)))


async def test_a_person_keeps_the_key_alone(session: AsyncSession) -> None:
    await scenarios.default(session)
    jane = Learner(name="Jane Doe", email="jane@real.example.com")
    session.add(jane)
    await session.flush()
    assert await scrub.scrub_learners(session) == 1
    assert (await learners(session))[-1] == (jane.id, f"Learner {jane.id}", f"learner-{jane.id}@scrubbed.example.org")
    assert await scrub.scrub_learners(session) == 0


async def test_what_the_seeds_made_stays(session: AsyncSession) -> None:
    await scenarios.big_tenant(session, 3)
    before = await learners(session)
    assert await scrub.scrub_learners(session) == 0
    assert await learners(session) == before


async def test_a_seed_that_somebody_renamed_is_a_stranger(session: AsyncSession) -> None:
    await scenarios.big_tenant(session, 3)
    await session.execute(update(Learner).where(Learner.name.in_(["Ada", "Learner 1"])).values(name="Jane Doe"))
    assert await scrub.scrub_learners(session) == 2
    assert "Jane Doe" not in str(await learners(session))


def test_it_says_in_one_line_what_it_changed(capsys: pytest.CaptureFixture[str]) -> None:
    scrub.main()
    assert json.loads(capsys.readouterr().out) == {"learners": 0}


def test_refused_where_the_public_url_is_not_local(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = scrub.settings.model_copy(update={"public_url": HttpUrl("https://courses.example.org")})
    monkeypatch.setattr(scrub, "settings", elsewhere)
    with pytest.raises(SystemExit, match="this is courses"):
        scrub.main()

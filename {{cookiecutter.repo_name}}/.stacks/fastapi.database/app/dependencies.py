# Owner: this service. The template wrote it once and leaves it to you.
"""The routes' dependencies. They are not in database.py, so that migrations, seeds and jobs do not import FastAPI."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import open_session


async def session_of_request() -> AsyncIterator[AsyncSession]:
    async with open_session() as session:
        yield session


Session = Annotated[AsyncSession, Depends(session_of_request)]

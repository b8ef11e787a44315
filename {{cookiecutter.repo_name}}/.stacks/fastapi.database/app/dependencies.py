# Owner: this service. The template wrote it once and leaves it to you.
"""What the routes ask for. Not in database.py: migrations, seeds and jobs need not wait until FastAPI is loaded."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import open_session


async def session_of_request() -> AsyncIterator[AsyncSession]:
    async with open_session() as session:
        yield session


Session = Annotated[AsyncSession, Depends(session_of_request)]

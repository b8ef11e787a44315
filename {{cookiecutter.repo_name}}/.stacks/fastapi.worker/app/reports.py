# Owner: this service. The template wrote it once and leaves it to you.
"""The web's side of the queue: it asks for a report and shows the last one. app/worker.py makes it."""

import json
from typing import Any

from fastapi import APIRouter, HTTPException, status

from app import cache
from app.queue import queue

router = APIRouter()


@router.post("/api/report", status_code=status.HTTP_202_ACCEPTED)
async def ask_for_report() -> dict[str, str]:
    # With the key, a second request adds no second job while one waits.
    await queue.enqueue("report", key="report")
    return {"status": "accepted"}


@router.get("/api/report")
async def last_report() -> dict[str, Any]:
    report = await cache.client.get("report")
    if report is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "no report yet; POST to this address to request one")
    return json.loads(report)

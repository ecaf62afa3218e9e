"""Long work over HTTP: a ticket with an address, progress as it comes, an outcome, and a way to stop it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import AwareDatetime

from grid_models.quantities import Data
from services.forecast.errors import NotFound
from services.forecast.known import aware
from services.forecast.store import Store
from services.forecast.store.jobs import ENDED, JobRecord, Status

POLL_S = 0.5


class Ticket(Data):
    """Work that was asked for, and how far it is."""

    id: str
    kind: str
    status: Status
    url: str
    """Where this ticket is; its events are at `/events` below."""
    created_at: AwareDatetime
    changed_at: AwareDatetime
    progress: dict[str, Any] | None
    result: dict[str, Any] | None
    error: str | None


def ticket(job: JobRecord, base: str) -> Ticket:
    """The job as the client sees it."""
    return Ticket(
        id=job.id,
        kind=job.kind,
        status=job.status,
        url=f"{base}/{job.id}",
        created_at=aware(job.created_at),
        changed_at=aware(job.changed_at),
        progress=job.progress,
        result=job.result,
        error=job.error,
    )


def job_of(store: Store, identity: str, kind: str) -> JobRecord:
    """The job, if it is of that kind."""
    job = store.jobs.get(identity)
    if job.kind != kind:
        raise NotFound(f"{identity} is no {kind} but a {job.kind}", job=identity)
    return job


def accepted(job: JobRecord, base: str) -> JSONResponse:
    """202 with the address at which the outcome will be."""
    told = ticket(job, base)
    return JSONResponse(told.model_dump(mode="json"), 202, headers={"Location": told.url})


def events(request: Request, store: Store, identity: str, base: str) -> StreamingResponse:
    """Server-sent events: the ticket whenever it changes, until it has ended."""

    async def stream() -> AsyncIterator[str]:
        before: Ticket | None = None
        while not await request.is_disconnected():
            job = await run_in_threadpool(store.jobs.get, identity)
            told = ticket(job, base)
            if before is None or (told.status, told.progress) != (before.status, before.progress):
                yield f"event: {told.status}\ndata: {json.dumps(told.model_dump(mode='json'))}\n\n"
                before = told
            if job.status in ENDED:
                return
            await asyncio.sleep(POLL_S)

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

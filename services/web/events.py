"""Server-sent events: a thing as it changes, until it has ended."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Protocol, TypeVar

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

POLL_S = 0.25
SILENCE_S = 15.0
"""After so long a comment is sent, so that nobody between us and the listener takes the line for dead."""


class Told(Protocol):
    """What is told of: JSON, whose `status` names the event."""

    @property
    def status(self) -> str: ...

    def model_dump_json(self) -> str: ...


T = TypeVar("T", bound=Told)


def as_it_changes(
    request: Request, look: Callable[[], T], same: Callable[[T, T], bool], ended: Callable[[T], bool]
) -> StreamingResponse:
    """An event at once, and one whenever it is not the same any more."""

    async def stream() -> AsyncIterator[str]:
        before: T | None = None
        silent_s = 0.0
        while not await request.is_disconnected():
            now = await run_in_threadpool(look)
            if before is None or not same(before, now):
                yield f"event: {now.status}\ndata: {now.model_dump_json()}\n\n"
                before, silent_s = now, 0.0
            if ended(now):
                return
            if silent_s >= SILENCE_S:
                yield ": still there\n\n"
                silent_s = 0.0
            await asyncio.sleep(POLL_S)
            silent_s += POLL_S

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

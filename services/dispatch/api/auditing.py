"""Every change that is asked for, and every refusal, is written down before it is answered."""

from typing import Any

import structlog
from fastapi.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)
READING = ("GET", "HEAD", "OPTIONS")
REFUSED = (401, 403)


class Audit:
    """Stands around the routes and knows who asked once they have found out."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def audited(message: Message) -> None:
            if message["type"] == "http.response.start" and _matters(scope, message["status"]):
                await run_in_threadpool(_write, scope, message["status"])
            await send(message)

        return await self.app(scope, receive, audited)


def _matters(scope: Scope, status: int) -> bool:
    return scope["method"] not in READING or status in REFUSED


def _write(scope: Scope, status: int) -> None:
    state: dict[str, Any] = scope.get("state", {})
    store = scope["app"].state.store
    try:
        store.audit.write(
            state.get("who", "nobody"), scope["method"], scope["path"], status, state.get("request_id", "")
        )
    except Exception as error:
        # What was done is done: the answer must not be lost with the entry. The log keeps it.
        log.error("audit entry lost", error=type(error).__name__, who=state.get("who"), path=scope["path"])

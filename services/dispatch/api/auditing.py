"""Changes that are asked for, and refusals, are written down before they are answered; what is handed out, soon."""

import asyncio
import threading
from typing import Any

import structlog
from fastapi.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.dispatch.store import Store
from services.dispatch.store.audit import Noted
from services.dispatch.store.moments import now_ms

log = structlog.get_logger(__name__)
READING = ("GET", "HEAD", "OPTIONS")
REFUSED = (401, 403)
HANDED_OUT = frozenset(
    (
        "/v1/cases/{identity}",
        "/v1/cases/{identity}/versions",
        "/v1/plans/{identity}/result",
        "/v1/plans/{identity}/calls",
        "/v1/plans/{identity}/diff/{other}",
        "/v1/plans/{identity}/verdict",
        "/v1/assessments/{identity}/result",
        "/v1/assessments/{identity}/report",
    )
)
"""Reads that are written down: of what a plan or a case says, not of lists and of how far a plan is."""
EVERY_S = 1.0
KEPT_AT_MOST = 100_000


class Reads:
    """Reads that are not written down yet: together they cost one transaction a second."""

    def __init__(self, store: Store):
        self._store = store
        self._noted: list[Noted] = []
        self._lock = threading.Lock()

    def note(self, one: Noted) -> None:
        with self._lock:
            self._noted.append(one)

    def flush(self) -> None:
        """What cannot be written now is tried again, as long as there is room."""
        with self._lock:
            noted, self._noted = self._noted, []
        if not noted:
            return
        try:
            self._store.audit.write_all(noted)
        except Exception as error:
            log.error("audit entries wait", error=type(error).__name__, entries=len(noted))
            with self._lock:
                self._noted = (noted + self._noted)[-KEPT_AT_MOST:]

    async def kept_up(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            await run_in_threadpool(self.flush)


class Audit:
    """Stands around the routes and knows who asked once they have found out."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def audited(message: Message) -> None:
            if message["type"] == "http.response.start":
                if _matters(scope, message["status"]):
                    await run_in_threadpool(_write, scope, message["status"])
                elif _hands_out(scope, message["status"]):
                    scope["app"].state.reads.note(_noted(scope, message["status"]))
            await send(message)

        return await self.app(scope, receive, audited)


def _matters(scope: Scope, status: int) -> bool:
    return scope["method"] not in READING or status in REFUSED


def _hands_out(scope: Scope, status: int) -> bool:
    return status == 200 and getattr(scope.get("route"), "path", "") in HANDED_OUT


def _noted(scope: Scope, status: int) -> Noted:
    state: dict[str, Any] = scope.get("state", {})
    return Noted(
        now_ms(), state.get("who", "nobody"), scope["method"], scope["path"], status, state.get("request_id", "")
    )


def _write(scope: Scope, status: int) -> None:
    noted = _noted(scope, status)
    try:
        scope["app"].state.store.audit.write_all([noted])
    except Exception as error:
        # What was done is done: the answer must not be lost with the entry. The log keeps it.
        log.error("audit entry lost", error=type(error).__name__, who=noted.who, path=noted.path)

"""What happens to every request: it gets a number, its size is limited, its time is measured."""

import time
import uuid
from typing import Any

import structlog
from prometheus_client import Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.web.errors import TooLarge
from services.web.problems import answer

log = structlog.get_logger(__name__)
REQUEST_ID_MAX_LENGTH = 80


class Watch:
    """Numbers every request, measures it and writes it down."""

    def __init__(self, app: ASGIApp, seconds: Histogram):
        """`seconds` is labelled by method, route and status."""
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        identity = _identity(scope)
        scope.setdefault("state", {})["request_id"] = identity
        begun, told = time.perf_counter(), {"status": 500}

        async def with_number(message: Message) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = identity
            await send(message)

        with structlog.contextvars.bound_contextvars(request=identity):
            try:
                await self.app(scope, receive, with_number)
            finally:
                self._measure(scope, told["status"], time.perf_counter() - begun)
        return None

    def _measure(self, scope: Scope, status: int, seconds: float) -> None:
        # The template of the route, never the path: names of series would be labels without end.
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in ("GET", "POST", "PUT", "DELETE", "HEAD") else "other"
        self.seconds.labels(method, route, str(status)).observe(seconds)
        log.info("request answered", method=method, path=scope["path"], status=status, seconds=round(seconds, 4))


def _identity(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    fits = given.isascii() and given.isprintable() and 0 < len(given) <= REQUEST_ID_MAX_LENGTH
    return given if fits else uuid.uuid4().hex


class SizeLimit:
    """Refuses a body that is too long, whether it says so or only turns out to be."""

    def __init__(self, app: ASGIApp, max_bytes: int):
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        stated = Headers(scope=scope).get("content-length", "0")
        if stated.isdigit() and int(stated) > self.max_bytes:
            return await self._refuse(scope, receive, send)
        return await self.app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.max_bytes:
                raise TooLarge(self._words())
            return message

        return counted

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        response: Any = answer(Request(scope), TooLarge.status, TooLarge.type, TooLarge.title, self._words())
        await response(scope, receive, send)

    def _words(self) -> str:
        return f"the body has more than {self.max_bytes:,} bytes; send it in several parts"


SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "Cache-Control": "no-store",
}
"""What an answer says unless its route says otherwise: it is data, to be shown by nobody and kept by no cache."""


class SecurityHeaders:
    """Tells browsers to do nothing clever with our answers."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        return await self.app(scope, receive, guarded)

"""Where calls go out: one transport waits, the other is awaited; what they do is the same."""

import asyncio
import json
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

import httpx

from gridflex.client.calls import Call
from gridflex.client.patience import Patience, Tries
from gridflex.client.problems import StillGoing
from gridflex.client.progress import Asked, Tell, telling
from gridflex.client.tickets import ENDED, Ticket

T = TypeVar("T")
Waited = TypeVar("Waited", bound=Ticket)
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
SILENCE_MAX_S = 60.0
"""Services say something at least every 15 s; after so long a line is taken for dead, and called anew."""
LOOK_AGAIN_S = 0.5


def _arguments(call: Call[Any]) -> dict[str, Any]:
    headers = dict(call.headers)
    if call.once:
        headers.setdefault("Idempotency-Key", uuid.uuid4().hex)
    return {
        "method": call.method,
        "url": call.path,
        "params": dict(call.params),
        "json": call.json,
        "content": call.content,
        "headers": headers,
    }


def _left_s(deadline_s: float, ticket: Ticket) -> float:
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:
        raise StillGoing(f"{ticket.what} {ticket.id} goes on; wait for it again, or cancel it")
    return left_s


class Transport:
    """Waits for every answer."""

    def __init__(self, client: httpx.Client, patience: Patience):
        self._client = client
        self._patience = patience
        self._pause = threading.Event()

    def run(self, call: Call[T]) -> T:
        tries, arguments = Tries(self._patience, call), _arguments(call)
        while True:
            outcome: httpx.Response | httpx.TransportError
            try:
                outcome = self._client.request(**arguments)
            except httpx.TransportError as error:
                outcome = error
            pause_s = tries.pause_after(outcome)
            if pause_s is None:
                assert isinstance(outcome, httpx.Response)
                return call.read(outcome)
            self._pause.wait(pause_s)

    def waited(self, ticket: Waited, progress: Asked, for_s: float) -> Waited:
        """The ticket once its work has ended well."""
        deadline_s = time.monotonic() + for_s
        with telling(progress) as tell:
            while True:
                self._listen(ticket, tell, deadline_s)
                self.run(Call(ticket.heard, "GET", ticket.url))
                if ticket.status in ENDED:
                    return ticket.ended()
                pause_s = min(LOOK_AGAIN_S, _left_s(deadline_s, ticket))
                self._pause.wait(pause_s)

    def _listen(self, ticket: Ticket, tell: Tell, deadline_s: float) -> None:
        """Until the line ends; whoever looks afterwards finds out why."""
        timeout = httpx.Timeout(min(SILENCE_MAX_S, _left_s(deadline_s, ticket)))
        try:
            with self._client.stream("GET", f"{ticket.url}/events", timeout=timeout) as response:
                for line in response.iter_lines():
                    if line.startswith("data:") and response.is_success:
                        tell(json.loads(line.removeprefix("data:")))
                    _left_s(deadline_s, ticket)
        except httpx.TransportError:
            return

    def each(self, page: Callable[[str], Call[dict[str, Any]]], name: str) -> Iterator[dict[str, Any]]:
        """Every entry of a list in pages."""
        cursor: str | None = ""
        while cursor is not None:
            found = self.run(page(cursor))
            yield from found[name]
            cursor = found["next"]


class AsyncTransport:
    """Is awaited for every answer."""

    def __init__(self, client: httpx.AsyncClient, patience: Patience):
        self._client = client
        self._patience = patience

    async def run(self, call: Call[T]) -> T:
        tries, arguments = Tries(self._patience, call), _arguments(call)
        while True:
            outcome: httpx.Response | httpx.TransportError
            try:
                outcome = await self._client.request(**arguments)
            except httpx.TransportError as error:
                outcome = error
            pause_s = tries.pause_after(outcome)
            if pause_s is None:
                assert isinstance(outcome, httpx.Response)
                return call.read(outcome)
            await asyncio.sleep(pause_s)

    async def waited(self, ticket: Waited, progress: Asked, for_s: float) -> Waited:
        """The ticket once its work has ended well."""
        deadline_s = time.monotonic() + for_s
        with telling(progress) as tell:
            while True:
                await self._listen(ticket, tell, deadline_s)
                await self.run(Call(ticket.heard, "GET", ticket.url))
                if ticket.status in ENDED:
                    return ticket.ended()
                pause_s = min(LOOK_AGAIN_S, _left_s(deadline_s, ticket))
                await asyncio.sleep(pause_s)

    async def _listen(self, ticket: Ticket, tell: Tell, deadline_s: float) -> None:
        """Until the line ends; whoever looks afterwards finds out why."""
        timeout = httpx.Timeout(min(SILENCE_MAX_S, _left_s(deadline_s, ticket)))
        try:
            async with self._client.stream("GET", f"{ticket.url}/events", timeout=timeout) as response:
                async for line in response.aiter_lines():
                    if line.startswith("data:") and response.is_success:
                        tell(json.loads(line.removeprefix("data:")))
                    _left_s(deadline_s, ticket)
        except httpx.TransportError:
            return

    async def each(self, page: Callable[[str], Call[dict[str, Any]]], name: str) -> AsyncIterator[dict[str, Any]]:
        """Every entry of a list in pages."""
        cursor: str | None = ""
        while cursor is not None:
            found = await self.run(page(cursor))
            for one in found[name]:
                yield one
            cursor = found["next"]

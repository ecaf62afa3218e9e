"""Long work: a ticket for what was asked, that can be waited for, looked at and cancelled, whatever the work is."""

from typing import Any, ClassVar, Self

import httpx

from gridflex.client.calls import OPERATIONS, Call, Speaker, document
from gridflex.client.problems import Failed
from gridflex.client.progress import Asked

ENDED = ("done", "failed", "cancelled")
FOR_EVER_S = 1e9


class Ticket(Speaker):
    """Work that a service does; `document` is what the service last said of it."""

    what: ClassVar[str] = "work"

    def __init_subclass__(cls, what: str, place: str):
        """`place` is the path of such tickets, as the service documents it."""
        cls.what = what
        OPERATIONS.update((("GET", place), ("DELETE", place), ("GET", f"{place}/events")))

    def __init__(self, transport: Any, document: dict[str, Any]):
        super().__init__(transport)
        self.document = document

    @property
    def state(self) -> dict[str, Any]:
        """The part of the document that says how far the work is."""
        return self.document

    @property
    def id(self) -> str:
        return str(self.state["id"])

    @property
    def url(self) -> str:
        """Its path at the service."""
        return str(self.state["url"])

    @property
    def status(self) -> str:
        """queued, running, done, failed or cancelled, as far as we have heard."""
        return str(self.state["status"])

    def wait(self, progress: Asked = False, timeout_s: float = FOR_EVER_S) -> Self:
        """This ticket once the work is done; raises `Failed` where it failed, `StillGoing` after `timeout_s`."""
        return self._transport.waited(self, progress, timeout_s)  # type: ignore[no-any-return]

    def look(self) -> Self:
        """This ticket as the service tells of it now."""
        return self._transport.run(Call(self.heard, "GET", self.url))  # type: ignore[no-any-return]

    def cancel(self) -> Self:
        """Stop the work, wherever it runs."""
        return self._transport.run(Call(self.heard, "DELETE", self.url))  # type: ignore[no-any-return]

    def heard(self, response: httpx.Response) -> Self:
        self.document = document(response)
        return self

    def ended(self) -> Self:
        """This ticket where its work was done; an exception where there is no result."""
        if self.status == "done":
            return self
        if self.status == "cancelled":
            raise Failed(f"{self.what} {self.id} was cancelled", "", 409, self)
        error = self.state.get("error") or "it gave no reason"
        if isinstance(error, str):
            raise Failed(f"{self.what} {self.id} failed", error, 409, self)
        words = f"{error.get('title', '')}: {error.get('detail', '')}"
        facts = {"type": error.get("type", "about:blank")}
        raise Failed(f"{self.what} {self.id} failed", words, int(error.get("status", 500)), self, **facts)

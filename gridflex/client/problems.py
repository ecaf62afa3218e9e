"""What a service refuses, in its own words: `application/problem+json` as exceptions."""

from typing import Any, ClassVar

import httpx


class Problem(Exception):
    """A service said no; the message is what it said."""

    def __init__(self, title: str, detail: str, status: int, **facts: Any):
        super().__init__(f"{title}: {detail}" if detail else title)
        self.title = title
        self.detail = detail
        self.status = status
        self.facts = facts
        """Whatever else stands in the problem: `type`, `problems`, `request_id`."""

    @property
    def type(self) -> str:
        """The stable name of the problem, such as /problems/naive-time."""
        return str(self.facts.get("type", "about:blank"))


class Unusable(Problem):
    """What was sent cannot be used."""


class NotSignedIn(Problem):
    """The key or token is missing, unknown or has expired."""


class NotAllowed(Problem):
    """The key does not open this door."""


class NotFound(Problem):
    """There is nothing of that name."""


class Conflict(Problem):
    """It contradicts what is there: not done yet, issued already, failed."""


class Changed(Problem):
    """What was to be changed has changed meanwhile, or it was not said what is changed."""


class Busy(Problem):
    """Asked too often, or the queue is full, also after waiting as long as we were told to."""


class Away(Problem):
    """The service does not answer, or cannot work at the moment."""

    of_nobody: ClassVar[int] = 503


class Failed(Problem):
    """Work that was asked for has failed or was cancelled; `ticket` has what is known of it."""

    def __init__(self, title: str, detail: str, status: int, ticket: Any, **facts: Any):
        super().__init__(title, detail, status, **facts)
        self.ticket = ticket


class StillGoing(TimeoutError):
    """The work goes on; it was only not waited for any longer."""


BY_STATUS: dict[int, type[Problem]] = {
    400: Unusable,
    401: NotSignedIn,
    403: NotAllowed,
    404: NotFound,
    406: Unusable,
    409: Conflict,
    412: Changed,
    413: Unusable,
    415: Unusable,
    422: Unusable,
    428: Changed,
    429: Busy,
    503: Away,
}


def problem_in(response: httpx.Response) -> Problem:
    """The problem that this answer is, also where a proxy before the service has written it."""
    status = response.status_code
    kind = BY_STATUS.get(status, Problem)
    try:
        told = response.json()
        title, detail = told.pop("title"), told.pop("detail", "")
        told.pop("status", None)
    except (ValueError, KeyError, AttributeError, TypeError):
        request = response.request
        return kind(f"{request.method} {request.url} was answered {status} {response.reason_phrase}", "", status)
    told.setdefault("request_id", response.headers.get("X-Request-ID"))
    return kind(title, detail, status, **told)


def away(error: httpx.TransportError) -> Away:
    """Nobody answered."""
    where = f"{error.request.url.scheme}://{error.request.url.netloc.decode()}"
    words = f"{type(error).__name__}: {error}; start it with `gridflex up`, or name its address"
    return Away(f"{where} does not answer", words, Away.of_nobody)

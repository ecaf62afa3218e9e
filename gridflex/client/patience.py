"""When to ask again, and after how long: as the service says, and never all clients at the same moment."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from gridflex.client.calls import Call
from gridflex.client.problems import away, problem_in

LATER = (429, 503)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 30.0


@dataclass(frozen=True)
class Patience:
    """How often, and for how long, a call is tried."""

    attempts: int = 6
    for_s: float = 120.0
    clock: Callable[[], float] = time.monotonic
    dice: Callable[[float, float], float] = random.uniform


@dataclass
class Tries:
    """The tries of one call."""

    patience: Patience
    call: Call[Any]
    made: int = 0
    begun_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.begun_s = self.patience.clock()

    def pause_after(self, outcome: httpx.Response | httpx.TransportError) -> float | None:
        """Seconds until the next try; None where this is the answer. Raises the problem where it is one."""
        self.made += 1
        if isinstance(outcome, httpx.Response) and outcome.status_code < 400:
            return None
        pause_s = self._pause_s(outcome)
        late = pause_s is not None and self.patience.clock() + pause_s - self.begun_s > self.patience.for_s
        if pause_s is None or late or self.made >= self.patience.attempts:
            if isinstance(outcome, httpx.Response):
                raise problem_in(outcome)
            raise away(outcome) from outcome
        return pause_s

    def _pause_s(self, outcome: httpx.Response | httpx.TransportError) -> float | None:
        if isinstance(outcome, httpx.Response):
            if outcome.status_code not in LATER:
                return None
            told_s = retry_after_s(outcome)
            # A little later than we were told: those who were told the same shall not all come at once.
            return self._jittered_s() if told_s is None else told_s * self.patience.dice(1.0, 1.2)
        never_arrived = isinstance(outcome, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        return self._jittered_s() if never_arrived or self.call.repeatable else None

    def _jittered_s(self) -> float:
        return self.patience.dice(0.0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**self.made))


def retry_after_s(response: httpx.Response) -> float | None:
    """Seconds, from either form of `Retry-After`."""
    told = response.headers.get("Retry-After", "").strip()
    if told.isdigit():
        return float(told)
    try:
        return max(0.0, (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None

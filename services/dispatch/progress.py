"""How a solve goes: its phases, and word of bound and incumbent to whoever listens."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

POOR_GAP = 0.05
"""Above this a plan is poor, as a rule because demand is not served that could be: another is worth some waiting."""


@dataclass(frozen=True)
class Progress:
    """Where the work stands."""

    phase: str
    seconds: float
    incumbent: float | None = None
    bound: float | None = None
    gap: float | None = None


Listener = Callable[[Progress], None]


def ignore(_: Progress) -> None:
    """Hear nothing."""


class Watch:
    """Time by phase, and word of it to whoever listens."""

    def __init__(self, listen: Listener, time_limit_s: float):
        self.began = time.monotonic()
        self.seconds: dict[str, float] = {}
        self._listen = listen
        self._limit_s = time_limit_s
        self._phase, self._since = "", self.began

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.began

    @property
    def left_s(self) -> float:
        return self._limit_s - self.elapsed_s

    def enter(self, phase: str) -> None:
        now = time.monotonic()
        if self._phase:
            self.seconds[self._phase] = round(self.seconds.get(self._phase, 0.0) + now - self._since, 3)
        self._phase, self._since = phase, now
        if phase:
            self._listen(Progress(phase, self.elapsed_s))

    def tell(self, incumbent: float | None, bound: float | None) -> None:
        gap = relative_gap(incumbent, bound) if incumbent is not None and bound is not None else None
        self._listen(Progress(self._phase, self.elapsed_s, incumbent, bound, gap))


def relative_gap(cost: float, lower_bound: float) -> float:
    """`(cost - lower_bound) / |cost|`, 0 where both are nothing."""
    difference = max(cost - lower_bound, 0.0)
    return difference / abs(cost) if abs(cost) > 1e-9 else (0.0 if difference < 1e-6 else np.inf)

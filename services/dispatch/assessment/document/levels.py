"""What a fleet brings at four levels, and where every lost megawatt went."""

from datetime import date
from typing import Literal

from grid_models.quantities import Data, NonNegative

Cause = Literal[
    "baseline", "other hours", "availability", "delivery", "notice", "energy", "block", "calls", "rest", "rebound",
    "zone", "losses spared",
]  # fmt: skip


CAUSES: tuple[Cause, ...] = (
    "availability", "delivery", "notice", "energy", "block", "calls", "rest", "rebound", "zone", "losses spared",
)  # fmt: skip
"""Limits between theoretical and deliverable, in the order in which they are put back."""


class Loss(Data):
    """Megawatts that one cause takes between two levels; below 0 it gives."""

    cause: Cause
    mw: float


class Test(Data):
    """A measured event of one responder."""

    __test__ = False  # no test case of pytest's

    responder: str
    date: date
    ratio: NonNegative
    """Measured response over contracted power."""


class Share(Data):
    """What one responder brings at each level, MW."""

    name: str
    source: str
    programme: str
    contracted_mw: float
    theoretical_mw: float
    deliverable_mw: float
    verified_mw: float | None
    """None: not tested."""
    note: str = ""
    calls_per_year: int | None = None
    """How often it may be called; None: as often as there are events."""


class Capability(Data):
    """A fleet before a load, by one definition."""

    peak_mw: float
    duration_h: float
    notice_h: float
    windows: int
    """Events of the year, each with its hours."""
    contracted_mw: float
    theoretical_mw: float
    deliverable_mw: float
    deliverable_bound_mw: float
    """No more than this can be proven; above `deliverable_mw` only where the search ran out of time."""
    verified_mw: float | None
    """None: nothing was tested."""
    losses: tuple[Loss, ...]
    """From contracted to deliverable."""
    shares: tuple[Share, ...]
    """They add up to the levels; deliverable as at the step that binds."""

    def ratio(self, mw: float) -> float:
        """Of the peak."""
        return mw / self.peak_mw

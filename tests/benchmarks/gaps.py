"""The proven gap of a solve as time goes by."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

TOLERANCE = 1e-6
"""Relative: a gap this little above a level has reached it, or rounding would decide."""


@dataclass(frozen=True)
class Point:
    """The best plan and the best bound after so many seconds; None: none yet."""

    seconds: float
    cost: float | None = None
    bound: float | None = None

    @property
    def gap(self) -> float:
        """`(cost - bound) / |cost|`; infinite while either is missing."""
        if self.cost is None or self.bound is None:
            return math.inf
        difference = max(self.cost - self.bound, 0.0)
        return difference / abs(self.cost) if self.cost else (0.0 if difference < TOLERANCE else math.inf)


def reached(points: Iterable[Point], level: float) -> float | None:
    """When the gap was first proven to be at most the level."""
    return next((point.seconds for point in points if point.gap <= level * (1 + TOLERANCE)), None)


def gap_at(points: Iterable[Point], seconds: float) -> float | None:
    """The best gap proven by then; None: none."""
    gap = min((point.gap for point in points if point.seconds <= seconds), default=math.inf)
    return gap if math.isfinite(gap) else None


def upheld(points: Iterable[Point], end: Point) -> tuple[Point, ...]:
    """The points with the end, where no point claims a better plan or a better bound than what came out at the end."""
    claims = [point for point in points if point.seconds < end.seconds]
    return (*(_checked(point, end) for point in claims), end)


def _checked(point: Point, end: Point) -> Point:
    cost = point.cost if point.cost is None or end.cost is None else max(point.cost, end.cost)
    bound = point.bound if point.bound is None or end.bound is None else min(point.bound, end.bound)
    return replace(point, cost=cost, bound=bound)

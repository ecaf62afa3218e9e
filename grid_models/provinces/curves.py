"""The shapes of a day from a few stated figures: eased between points, held in steps, or following the sun."""

from itertools import pairwise

import numpy as np

from grid_models.horizon import Horizon
from grid_models.quantities import Floats

Points = dict[float, float]
"""Values by hour of the day."""


def hours_of_day(horizon: Horizon) -> Floats:
    """The middle of every step, in hours since the horizon began."""
    return np.asarray((np.arange(horizon.steps) + 0.5) * horizon.step_h, dtype=np.float64)


def eased(hours: Floats, points: Points) -> Floats:
    """Through every point, flat at each, half a cosine between two."""
    known = sorted(points.items())
    values = np.full_like(hours, known[-1][1])
    for (start, low), (end, high) in pairwise(known):
        inside = (start <= hours) & (hours < end)
        rise = (1 - np.cos(np.pi * (hours[inside] - start) / (end - start))) / 2
        values[inside] = low + (high - low) * rise
    return values


def in_steps(hours: Floats, points: Points) -> Floats:
    """Each value holds from its hour until the next."""
    starts = np.array(sorted(points))
    values = np.array([points[start] for start in sorted(points)])
    return np.asarray(values[np.searchsorted(starts, hours, side="right") - 1], dtype=np.float64)


def daylight(hours: Floats, sunrise_h: float, sunset_h: float, power: float) -> Floats:
    """From 0 at sunrise over 1 at solar noon to 0 at sunset: a sine raised to a power."""
    height = np.sin(np.pi * np.clip((hours - sunrise_h) / (sunset_h - sunrise_h), 0, 1))
    return np.asarray(np.clip(height, 0, 1) ** power, dtype=np.float64)


def tenths(values: Floats) -> tuple[float, ...]:
    """As a series of the case, to a tenth of a megawatt."""
    return tuple(float(value) for value in np.round(values, 1) + 0.0)

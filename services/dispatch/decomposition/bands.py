"""A unit's bands: stretches of output within which its curve is convex and its ramps are the same.

Bands end at forbidden zones (T13), at the edges of slow deep-peaking tiers (T14) and where the cost curve bends down
(T9). Bands that touch share their edge, so a unit on it counts to whichever suits it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from grid_models.quantities import Floats
from grid_models.resources import ThermalUnit
from services.dispatch.formulations.thermal_bands import allowed_bands, slow_tiers
from services.dispatch.formulations.thermal_cost import SLOPE_TOLERANCE

EDGE_MW = 1e-9
WAS_DEEP_MW = 1e-6


@dataclass(frozen=True)
class Band:
    """One band, in MW above the unit's minimum; money per step."""

    low: float
    high: float
    floor: float
    """Least output less down-awards: where the allowed band around it begins."""
    roof: float
    """Most output with up-awards."""
    slow: float
    """Ramp of the tiers that hold it, MW per step; infinite outside all."""
    mw: Floats
    """Breakpoints of the curve."""
    cost: Floats


def bands_of(unit: ThermalUnit, step_h: float) -> list[Band]:
    """The bands of a unit, from its minimum up."""
    above, money = _curve(unit, step_h)
    tiers = [(edge - unit.min_mw, ramp * step_h) for edge, ramp in slow_tiers(unit) if _slows(unit, ramp)]
    bends = _bends_down(above, money)
    found = []
    for floor, roof in ((low - unit.min_mw, high - unit.min_mw) for low, high in allowed_bands(unit)):
        for low, high in _pieces(floor, roof, [edge for edge, _ in tiers], bends):
            slow = min((ramp for edge, ramp in tiers if low < edge - EDGE_MW), default=np.inf)
            if low <= above[-1]:
                high = min(high, float(above[-1]))
                found.append(Band(low, high, floor, roof, slow, *_curve_within(above, money, low, high)))
    return found


def _pieces(floor: float, roof: float, tiers: list[float], bends: list[float]) -> Iterator[tuple[float, float]]:
    """An allowed band cut at these outputs; a tier that ends where the band ends leaves its edge outside the tier."""
    inside = sorted({edge for edge in (*tiers, *bends) if floor + EDGE_MW < edge < roof - EDGE_MW})
    yield from pairwise([floor, *inside, roof])
    if any(abs(edge - roof) <= EDGE_MW for edge in tiers) and roof > floor + EDGE_MW:
        yield roof, roof


def _curve(unit: ThermalUnit, step_h: float) -> tuple[Floats, Floats]:
    """The curve above the minimum, by step; where it is one line, the line goes on to the maximum."""
    mw, cost = unit.curve
    if len(mw) > 2:
        return mw - mw[0], cost * step_h
    room = unit.max_mw - unit.min_mw
    slope = (cost[-1] - cost[0]) / (mw[-1] - mw[0]) if len(mw) > 1 else 0.0
    return np.array([0.0, room]), np.array([cost[0], cost[0] + slope * room]) * step_h


def _slows(unit: ThermalUnit, ramp_mw_per_h: float) -> bool:
    """Whether a tier's ramp is slower than one of the unit's own."""
    own = (unit.ramp_up_mw_per_h, unit.ramp_down_mw_per_h)
    return any(ramp is None or ramp_mw_per_h < ramp for ramp in own)


def slow_before(unit: ThermalUnit, above_mw: float, step_h: float) -> float:
    """The deep-peaking ramp that holds from the output before the horizon, MW per step."""
    ramps = [ramp * step_h for edge, ramp in slow_tiers(unit) if above_mw < edge - unit.min_mw - WAS_DEEP_MW]
    return min(ramps, default=np.inf)


def _bends_down(mw: Floats, cost: Floats) -> list[float]:
    if len(mw) < 3:
        return []
    slope = np.diff(cost) / np.diff(mw)
    return [float(at) for at in mw[1:-1][slope[1:] < slope[:-1] - SLOPE_TOLERANCE]]


def _curve_within(mw: Floats, cost: Floats, low: float, high: float) -> tuple[Floats, Floats]:
    """The curve between two outputs, by its lower hull: what bends down by rounding only is straightened."""
    at = np.array(
        [low, *mw[(mw > low + EDGE_MW) & (mw < high - EDGE_MW)], high][: 1 if high - low <= EDGE_MW else None]
    )
    money = np.interp(at, mw, cost)
    hull: list[int] = []
    for point in range(len(at)):
        while len(hull) > 1 and _is_above(at, money, hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return at[hull], money[hull]


def _is_above(mw: Floats, cost: Floats, left: int, middle: int, right: int) -> bool:
    rise, run = cost[right] - cost[left], mw[right] - mw[left]
    return bool((cost[middle] - cost[left]) * run >= rise * (mw[middle] - mw[left]))

"""What the compiled pricing reads of one unit, and of a fleet: arrays with the unit first."""

from typing import NamedTuple

import numpy as np

from services.dispatch.decomposition.compiled.curves import add, leaf
from services.dispatch.decomposition.compiled.moves import Awards, Bounds, reach

NEVER = 1e30
NARROW = 1e-9


class Unit(NamedTuple):
    """One unit: MW above its minimum, MW per step, steps. A band is a stretch of output with one convex curve."""

    rise: float
    drop: float
    start: float
    """Most output with up-awards in the first step on; below 0: cannot start."""
    stop: float
    """The same in the last step on."""
    fall: float
    """Most output alone in the last step on."""
    min_up: int
    min_down: int
    bands: int
    low: np.ndarray
    high: np.ndarray
    floor: np.ndarray
    """Least output less down-awards, by band: the edge of the forbidden zone below."""
    roof: np.ndarray
    """Most output with up-awards, by band."""
    slow: np.ndarray
    """Ramp of the deep-peaking tiers that hold the band."""
    curve_x: np.ndarray
    curve_s: np.ndarray
    pieces: np.ndarray
    curve_v: np.ndarray
    """Cost of a step at the low end of the band."""
    warm: np.ndarray
    """Start cost by steps off."""
    first: np.ndarray
    """Start cost by step, off since before the horizon."""
    cold: int
    """Steps off from which a start may follow at a cost that no longer changes."""
    starts: int
    """Most starts of a day; below 0: no limit."""
    was_on: bool
    before: float
    before_slow: float
    must: np.ndarray
    may: np.ndarray
    day: np.ndarray
    """Number of the day of each step."""


class Prices(NamedTuple):
    """What the links charge one unit, by step, and pay it for reserve, by step and product, dearest first."""

    on: np.ndarray
    above: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    up_worth: np.ndarray
    up_most: np.ndarray
    down_worth: np.ndarray
    down_most: np.ndarray


@leaf
def awards_at(prices, t):
    """The awards of one step."""
    return Awards(prices.up_worth[t], prices.up_most[t], prices.down_worth[t], prices.down_most[t])


@leaf
def can_stop(unit, T, k):
    """Whether k may be the last step on, but for its minimum time: in the last step of all nothing stops."""
    return k < T - 1 and unit.stop > -NARROW and not unit.must[k + 1]


@leaf
def can_start(unit, h):
    return unit.may[h] and unit.start > -NARROW


@leaf
def slow_of(unit, band):
    """The deep-peaking ramp of a band; band -1 is the output before the horizon."""
    return unit.before_slow if band < 0 else unit.slow[band]


@leaf
def same_day(unit, t, later):
    return unit.day[t] == unit.day[later]


@leaf
def move_bounds(unit, band, slow, starts, ends):
    """How far a step may go that stands in a band: slow as the slower of the bands, or over a start or a stop."""
    roof, high = unit.roof[band], unit.high[band]
    rise, drop = min(unit.rise, slow), min(unit.drop, slow)
    if starts:
        rise, drop = NEVER, NEVER
        roof, high = min(roof, unit.start), min(high, unit.start)
    if ends:
        roof, high = min(roof, unit.stop), min(high, unit.fall)
    return Bounds(rise, drop, unit.floor[band], roof, unit.low[band], high)


@leaf
def stand(unit, prices, t, band, bounds, x, s, n, work, y, q):
    """The least cost of standing at p in step t, over every way there from x, s, n, the step's own cost included.

    Into y, q; returns n and the value.
    """
    m, w = reach(x, s, n, 0.0, bounds, awards_at(prices, t), work, work.x[6], work.s[6])
    if m < 0:
        return m, w
    fixed = unit.curve_v[band] + prices.on[t] + prices.above[t] * unit.low[band]
    return add(
        work.x[6], work.s[6], m, w, unit.curve_x[band], unit.curve_s[band], unit.pieces[band], fixed, prices.above[t],
        y, q,
    )  # fmt: skip

"""The cheapest dispatch of every interval that a unit may be on, compiled.

A forward recursion over convex piecewise-linear functions of output (Frangioni, Gentile 2006) gives, for every step at
which the unit may have started, what it costs to have come so far and to stand at each output. `T` is the number of
steps; row `T` of a table is the run that began before the horizon.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from services.dispatch.decomposition.curves import MOST_POINTS, add, bend, lowest, same, spread, step_function

NEVER = 1e30
NARROW = 1e-9


class Unit(NamedTuple):
    """One unit: MW above its minimum, MW per step, steps."""

    room: float
    start: float
    stop: float
    fall: float
    rise: float
    drop: float
    up: int
    down: int
    curve_x: np.ndarray
    curve_s: np.ndarray
    pieces: int
    no_load: float
    table: np.ndarray
    """Start cost by steps off."""
    first: np.ndarray
    """Start cost by step, off since before."""
    was_on: bool
    before: float
    held_on: int
    first_on: int
    must: np.ndarray
    may: np.ndarray


class Prices(NamedTuple):
    """What the links pay and charge one unit, by step."""

    on: np.ndarray
    above: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    up_worth: np.ndarray
    up_most: np.ndarray
    down_worth: np.ndarray
    down_most: np.ndarray
    endless: np.ndarray
    """The worth of an up-product that only headroom limits."""


class Intervals(NamedTuple):
    """By first and last step on: the cost, and how to walk back."""

    cost: np.ndarray
    last: np.ndarray
    """Output in the last step."""
    before: np.ndarray
    """Best output before a step that goes on."""
    before_stop: np.ndarray
    """Best output before a last step."""


class Curves(NamedTuple):
    """One function of output per step; `n` below 0: none."""

    x: np.ndarray
    s: np.ndarray
    n: np.ndarray
    v: np.ndarray


class Scratch(NamedTuple):
    """Room to work in."""

    x: np.ndarray
    s: np.ndarray
    y: np.ndarray
    q: np.ndarray
    z: np.ndarray
    r: np.ndarray


@njit(cache=True)
def interval_costs(T, unit, prices, table):
    """Fill the table for every run of the unit."""
    ramped = unit.rise < unit.room - NARROW or unit.drop < unit.room - NARROW
    normal = _step_curves(T, unit, prices, unit.room, unit.room)
    ending = _step_curves(T, unit, prices, unit.stop, max(unit.fall, 0.0))
    kept = _no_curves(T)
    work = Scratch(*_rows())
    earlier = -1
    for row in range(-1, T):
        h = T if row < 0 else row
        if not _begins(T, unit, h):
            continue
        n, v, top = _first_step(T, unit, prices, h, work)
        _stop_at_once(T, unit, prices, h, n, top, work, table)
        if ramped:
            _ramped_run(T, unit, prices, h, n, v, normal, ending, kept, earlier, work, table)
            earlier = h
        else:
            _free_run(T, unit, prices, h, n, v, normal, ending, work, table)


@njit(cache=True)
def _rows():
    return (
        np.zeros(MOST_POINTS), np.zeros(MOST_POINTS), np.zeros(MOST_POINTS),
        np.zeros(MOST_POINTS), np.zeros(MOST_POINTS), np.zeros(MOST_POINTS),
    )  # fmt: skip


@njit(cache=True)
def _no_curves(T):
    n = np.full(T, -1, np.int64)
    return Curves(np.zeros((T, MOST_POINTS)), np.zeros((T, MOST_POINTS)), n, np.zeros(T))


@njit(cache=True)
def _step_curves(T, unit, prices, top, limit):
    curves = _no_curves(T)
    for k in range(T):
        n, v = _step_curve(unit, prices, k, top, limit, curves.x[k], curves.s[k])
        curves.n[k], curves.v[k] = n, v + prices.on[k] + unit.no_load
    return curves


@njit(cache=True)
def _step_curve(unit, prices, k, top, limit, x, s):
    return step_function(
        unit.curve_x, unit.curve_s, unit.pieces, prices.above[k],
        prices.up_worth[k], prices.up_most[k], prices.down_worth[k], prices.down_most[k], top, limit, x, s,
    )  # fmt: skip


@njit(cache=True)
def _begins(T, unit, h):
    """Whether a run may begin at h."""
    if h == T:
        return unit.was_on and unit.may[0]
    barred = h < unit.first_on or unit.start < -NARROW or (h == 0 and unit.was_on)
    return not barred and unit.may[h]


@njit(cache=True)
def _first_step(T, unit, prices, h, work):
    """The first step of a run into x, s: n, v, and the most that may be awarded up to if it is the last one too."""
    t0 = 0 if h == T else h
    fixed = prices.on[t0] + unit.no_load
    if h < T:
        n, v = _step_curve(unit, prices, t0, unit.start, unit.start, work.x, work.s)
        return n, v + fixed, min(unit.stop, unit.start)
    top = min(unit.room, unit.before + unit.rise)
    low = min(max(0.0, unit.before - unit.drop), unit.room)
    zn, zv = _step_curve(unit, prices, 0, top, unit.room, work.z, work.r)
    n, v = _between(work.x, work.s, low, top, work.z, work.r, zn, zv)
    return n, v + fixed, min(unit.stop, top)


@njit(cache=True)
def _between(x, s, low, top, fx, fs, fn, fv):
    """The function f on low..top, into x, s."""
    x[0], n = low, 0
    if top - low > NARROW:
        x[1], s[0], n = top, 0.0, 1
    return add(x, s, n, 0.0, fx, fs, fn, fv)


@njit(cache=True)
def _stop_at_once(T, unit, prices, h, n, top, work, table):
    """A run of one step."""
    t0 = 0 if h == T else h
    if t0 == T - 1 or unit.stop < -NARROW:
        return
    limit = min(unit.fall, work.x[n])
    zn, zv = _step_curve(unit, prices, t0, top, max(limit, 0.0), work.z, work.r)
    fixed = prices.on[t0] + unit.no_load
    if h < T:
        output, best = lowest(work.z, work.r, zn, zv)
    elif work.x[0] <= unit.fall + NARROW:
        m, v = _between(work.y, work.q, work.x[0], max(limit, work.x[0]), work.z, work.r, zn, zv)
        output, best = lowest(work.y, work.q, m, v)
    else:
        return
    table.last[h, t0], table.cost[h, t0] = output, best + fixed


@njit(cache=True)
def _free_run(T, unit, prices, h, n, v, normal, ending, work, table):
    """Without ramps that bind, every step stands alone."""
    t0 = 0 if h == T else h
    output, so_far = lowest(work.x, work.s, n, v)
    table.before[h, t0] = output
    if t0 == T - 1:
        table.cost[h, t0], table.last[h, t0] = so_far, output
    for k in range(t0 + 1, T):
        if not unit.may[k]:
            return
        if k < T - 1 and unit.stop > -NARROW:
            table.last[h, k], best = lowest(ending.x[k], ending.s[k], ending.n[k], ending.v[k])
            table.cost[h, k] = so_far + best
        output, best = lowest(normal.x[k], normal.s[k], normal.n[k], normal.v[k])
        so_far += best
        table.before[h, k] = output
        if k == T - 1:
            table.cost[h, k], table.last[h, k] = so_far, output


@njit(cache=True)
def _ramped_run(T, unit, prices, h, n, v, normal, ending, kept, earlier, work, table):
    """Step by step through the ramps, until the run has become like the one before it but for a constant."""
    t0 = 0 if h == T else h
    kept.n[:t0] = -1
    for k in range(t0, T):
        if k > t0:
            alive = unit.may[k]
            if alive:
                _stop_here(T, unit, prices, h, k, n, v, ending, work, table)
                n, v, alive = _go_on(unit, prices, h, k, n, v, normal, work, table)
            if not alive:
                kept.n[k:] = -1
                return
        if earlier >= 0 and kept.n[k] >= 0 and same(work.x, work.s, n, kept.x[k], kept.s[k], kept.n[k]):
            _continue_like(T, h, k, v - kept.v[k], kept, earlier, table)
            break
        kept.n[k], kept.v[k] = n, v
        kept.x[k, : n + 1] = work.x[: n + 1]
        kept.s[k, :n] = work.s[:n]
    if kept.n[T - 1] >= 0 and table.cost[h, T - 1] >= NEVER:
        table.last[h, T - 1], table.cost[h, T - 1] = lowest(kept.x[T - 1], kept.s[T - 1], kept.n[T - 1], kept.v[T - 1])


@njit(cache=True)
def _stop_here(T, unit, prices, h, k, n, v, ending, work, table):
    """k as the last step, before a stop: from where the run was, within ramps, under the stop limit."""
    if k == T - 1 or unit.stop <= -NARROW:
        return
    work.y[: n + 1] = work.x[: n + 1]
    work.q[:n] = work.s[:n]
    m, w = n, v
    if prices.endless[k] > 0.0:
        m, w = _short_headroom(work.y, work.q, m, w, unit.stop - unit.rise, prices.endless[k])
    table.before_stop[h, k], _ = lowest(work.y, work.q, m, w)
    m, w, reached = spread(work.y, work.q, m, w, unit.rise, unit.drop, max(unit.fall, 0.0), work.z, work.r)
    if reached:
        m, w = add(work.z, work.r, m, w, ending.x[k], ending.s[k], ending.n[k], ending.v[k])
        table.last[h, k], table.cost[h, k] = lowest(work.z, work.r, m, w)


@njit(cache=True)
def _go_on(unit, prices, h, k, n, v, normal, work, table):
    """k as a step that goes on: n, v and whether any output is in reach."""
    if prices.endless[k] > 0.0:
        n, v = _short_headroom(work.x, work.s, n, v, unit.room - unit.rise, prices.endless[k])
    table.before[h, k], _ = lowest(work.x, work.s, n, v)
    n, v, reached = spread(work.x, work.s, n, v, unit.rise, unit.drop, unit.room, work.y, work.q)
    if not reached:
        return n, v, False
    n, v = add(work.y, work.q, n, v, normal.x[k], normal.s[k], normal.n[k], normal.v[k])
    work.x[: n + 1] = work.y[: n + 1]
    work.s[:n] = work.q[:n]
    return n, v, True


@njit(cache=True)
def _continue_like(T, h, k, shift, kept, earlier, table):
    """From k on the run is the earlier one, dearer by a constant."""
    for j in range(k, T):
        if kept.n[j] < 0:
            break
        kept.v[j] += shift
    for j in range(k + 1, T):
        if table.cost[earlier, j] < NEVER:
            table.cost[h, j] = table.cost[earlier, j] + shift
        table.last[h, j], table.before[h, j] = table.last[earlier, j], table.before[earlier, j]
        table.before_stop[h, j] = table.before_stop[earlier, j]


@njit(cache=True)
def _short_headroom(x, s, n, v, at, worth):
    """Add `worth * max(0, at - p)`: reserve that the ramp does not let a low output offer."""
    if at <= x[0]:
        return n, v
    v += worth * (at - x[0])
    for i in range(n):
        s[i] -= worth
    return bend(x, s, n, at, worth), v

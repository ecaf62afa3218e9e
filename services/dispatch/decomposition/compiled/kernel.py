"""The exact price of every thermal unit of a fleet, compiled and in parallel."""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from services.dispatch.decomposition.compiled.backward import gaps
from services.dispatch.decomposition.compiled.forward import forward
from services.dispatch.decomposition.compiled.unit import Prices, Unit
from services.dispatch.decomposition.compiled.walk import Schedule, cheapest, walk_back


class Fleet(NamedTuple):
    """The fields of `Unit`, one row per unit; `day` is the same for all."""

    rise: np.ndarray
    drop: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    fall: np.ndarray
    min_up: np.ndarray
    min_down: np.ndarray
    bands: np.ndarray
    low: np.ndarray
    high: np.ndarray
    floor: np.ndarray
    roof: np.ndarray
    slow: np.ndarray
    curve_x: np.ndarray
    curve_s: np.ndarray
    pieces: np.ndarray
    curve_v: np.ndarray
    warm: np.ndarray
    first: np.ndarray
    cold: np.ndarray
    starts: np.ndarray
    was_on: np.ndarray
    before: np.ndarray
    before_slow: np.ndarray
    must: np.ndarray
    may: np.ndarray
    day: np.ndarray


class Answers(NamedTuple):
    """What pricing fills in, by unit (and step)."""

    value: np.ndarray
    on: np.ndarray
    above: np.ndarray
    head: np.ndarray
    foot: np.ndarray
    cheapest_on: np.ndarray
    cheapest_off: np.ndarray


@njit(cache=True)
def price_unit(T, unit, prices, with_gaps, schedule, cheapest_on, cheapest_off):
    """The least reduced cost of a unit; fills its schedule, and the cheapest by step if asked."""
    book, stops, work = forward(T, unit, prices)
    best, label, stop, count = cheapest(T, unit, book, stops)
    walk_back(T, unit, prices, book, stops, label, stop, count, schedule)
    if with_gaps:
        gaps(T, unit, prices, book, stops, work, cheapest_on, cheapest_off)
    return best


@njit(cache=True, parallel=True)
def price_fleet(T, fleet, prices, with_gaps, answers):
    """Every unit at the given prices, in parallel."""
    for g in prange(fleet.rise.size):
        _price_one(T, fleet, prices, with_gaps, answers, g)


@njit(cache=True)
def _price_one(T, fleet, prices, with_gaps, answers, g):
    unit = Unit(
        fleet.rise[g], fleet.drop[g], fleet.start[g], fleet.stop[g], fleet.fall[g], fleet.min_up[g],
        fleet.min_down[g], fleet.bands[g], fleet.low[g], fleet.high[g], fleet.floor[g], fleet.roof[g],
        fleet.slow[g], fleet.curve_x[g], fleet.curve_s[g], fleet.pieces[g], fleet.curve_v[g], fleet.warm[g],
        fleet.first[g], fleet.cold[g], fleet.starts[g], fleet.was_on[g], fleet.before[g], fleet.before_slow[g],
        fleet.must[g], fleet.may[g], fleet.day,
    )  # fmt: skip
    paid = Prices(
        prices.on[g], prices.above[g], prices.start[g], prices.stop[g], prices.up_worth[g], prices.up_most[g],
        prices.down_worth[g], prices.down_most[g],
    )  # fmt: skip
    schedule = Schedule(answers.on[g], answers.above[g], answers.head[g], answers.foot[g])
    answers.value[g] = price_unit(
        T, unit, paid, with_gaps, schedule, answers.cheapest_on[g], answers.cheapest_off[g]
    )  # fmt: skip


@njit(cache=True)
def own_cost(T, curve_x, curve_cost, points, warm, first, was_on, on, above):
    """What a schedule costs the unit itself: production along its curve, starts by steps off."""
    cost, since = 0.0, 0
    before, known = (1.0 if was_on else 0.0), was_on
    for t in range(T):
        if on[t] > 0.5:
            j = 0
            while j < points - 2 and above[t] > curve_x[j + 1]:
                j += 1
            cost += curve_cost[0]
            if points > 1:
                share = (above[t] - curve_x[j]) / (curve_x[j + 1] - curve_x[j])
                cost += curve_cost[j] - curve_cost[0] + share * (curve_cost[j + 1] - curve_cost[j])
            if before < 0.5:
                cost += warm[t - since] if known else first[t]
        elif before > 0.5:
            since, known = t, True
        before = on[t]
    return cost


@njit(cache=True, parallel=True)
def own_costs(T, curve_x, curve_cost, points, warm, first, was_on, on, above, cost):
    """The same for every unit."""
    for g in prange(points.size):
        cost[g] = own_cost(T, curve_x[g], curve_cost[g], points[g], warm[g], first[g], was_on[g], on[g], above[g])

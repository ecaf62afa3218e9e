"""The exact price of a thermal unit: an interval dynamic programme over its starts and stops, compiled.

Intervals on are joined by start costs and minimum times. A second, backward pass gives for every step the cheapest
schedule with the unit on and with it off.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from services.dispatch.decomposition.intervals import NARROW, NEVER, Intervals, Prices, Unit, interval_costs


class Fleet(NamedTuple):
    """The arrays of every unit; fields as in `Unit`, one row per unit."""

    room: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    fall: np.ndarray
    rise: np.ndarray
    drop: np.ndarray
    up: np.ndarray
    down: np.ndarray
    curve_x: np.ndarray
    curve_s: np.ndarray
    pieces: np.ndarray
    no_load: np.ndarray
    table: np.ndarray
    first: np.ndarray
    was_on: np.ndarray
    before: np.ndarray
    held_on: np.ndarray
    first_on: np.ndarray
    must: np.ndarray
    may: np.ndarray


class Answers(NamedTuple):
    """What pricing fills in, by unit (and step)."""

    value: np.ndarray
    on: np.ndarray
    above: np.ndarray
    cheapest_on: np.ndarray
    cheapest_off: np.ndarray


class Entries(NamedTuple):
    """What it costs to change state, prices included."""

    first: np.ndarray
    """To start at a step for the first time in the horizon."""
    start: np.ndarray
    """The price of a start, without its own cost by steps off."""
    stop: np.ndarray
    at_once: float
    """To stop in the first step; NEVER where the unit cannot, 0 where it was off."""
    must_before: np.ndarray
    """How many steps before each one demand the unit on."""


class Ways(NamedTuple):
    """The cheapest way to start at h, to be on up to k, and where each came from; and the cheapest rest."""

    start: np.ndarray
    start_from: np.ndarray
    on: np.ndarray
    on_from: np.ndarray
    rest_after: np.ndarray
    rest_from: np.ndarray


@njit(cache=True)
def price_unit(T, unit, prices, gaps, on, above, cheapest_on, cheapest_off):
    """The least reduced cost of a unit; fills its schedule, and the cheapest by step if asked."""
    shape = (T + 1, T)
    table = Intervals(np.full(shape, NEVER), np.zeros(shape), np.zeros(shape), np.zeros(shape))
    interval_costs(T, unit, prices, table)
    entry = _entries(T, unit, prices)
    ways = Ways(
        np.full(T, NEVER), np.full(T, -2), np.full(T, NEVER), np.full(T, -1), np.zeros(T), np.full(T, NEVER),
    )  # fmt: skip
    _forward(T, unit, entry, table, ways)
    best, last = NEVER, -1
    if entry.must_before[T] == 0:
        best = entry.at_once
    for k in range(T):
        if ways.on[k] < NEVER and _free(entry, k + 1, T):
            cost = ways.on[k] + (entry.stop[k + 1] if k < T - 1 else 0.0)
            if cost < best:
                best, last = cost, k
    if gaps:
        _backward(T, unit, entry, table, ways)
        _cheapest_on(T, unit, table, ways, cheapest_on)
        _cheapest_off(T, unit, entry, ways, cheapest_off)
    _walk_back(T, unit, table, ways, last, on, above)
    return best


@njit(cache=True)
def _entries(T, unit, prices):
    must_before = np.zeros(T + 1)
    for t in range(T):
        must_before[t + 1] = must_before[t] + unit.must[t]
    at_once = 0.0
    if unit.was_on:
        can_stop = unit.held_on <= 0 and unit.before <= unit.fall + NARROW
        at_once = prices.stop[0] if can_stop else NEVER
    first = np.empty(T)
    for h in range(T):
        first[h] = unit.first[h] + prices.start[h] + (at_once if at_once < NEVER else 0.0)
    return Entries(first, prices.start, prices.stop, at_once, must_before)


@njit(cache=True)
def _free(entry, begin, end):
    """Whether the unit may be off from begin up to (not including) end."""
    return entry.must_before[end] - entry.must_before[begin] == 0


@njit(cache=True)
def _forward(T, unit, entry, table, ways):
    for k in range(T):
        if unit.was_on and k + 1 >= unit.held_on and table.cost[T, k] < NEVER:
            ways.on[k], ways.on_from[k] = table.cost[T, k], T
    for h in range(T):
        rested = not unit.was_on or (h >= unit.down and h >= 1)
        if entry.at_once < NEVER and rested and _free(entry, 0, h):
            ways.start[h], ways.start_from[h] = entry.first[h], -1
        for k in range(h - unit.down):
            if ways.on[k] < NEVER and _free(entry, k + 1, h):
                cost = ways.on[k] + entry.stop[k + 1] + unit.table[h - k - 1] + entry.start[h]
                if cost < ways.start[h]:
                    ways.start[h], ways.start_from[h] = cost, k
        if ways.start[h] < NEVER:
            for k in range(h, T):
                long_enough = k - h + 1 >= unit.up or k == T - 1
                if long_enough and table.cost[h, k] < NEVER and ways.start[h] + table.cost[h, k] < ways.on[k]:
                    ways.on[k], ways.on_from[k] = ways.start[h] + table.cost[h, k], h


@njit(cache=True)
def _backward(T, unit, entry, table, ways):
    for k in range(T - 1, -1, -1):
        ways.rest_after[k] = 0.0
        if k < T - 1:
            best = entry.stop[k + 1] if _free(entry, k + 1, T) else NEVER
            for h in range(k + 1 + unit.down, T):
                if ways.rest_from[h] < NEVER and _free(entry, k + 1, h):
                    best = min(best, entry.stop[k + 1] + unit.table[h - k - 1] + entry.start[h] + ways.rest_from[h])
            ways.rest_after[k] = best
        for last in range(k, T):
            long_enough = last - k + 1 >= unit.up or last == T - 1
            if long_enough and table.cost[k, last] < NEVER and ways.rest_after[last] < NEVER:
                ways.rest_from[k] = min(ways.rest_from[k], table.cost[k, last] + ways.rest_after[last])


@njit(cache=True)
def _cheapest_on(T, unit, table, ways, cheapest):
    cheapest[:] = NEVER
    for h in range(T + 1):
        begun = 0.0 if h == T else ways.start[h]
        if (h == T and not unit.was_on) or begun >= NEVER:
            continue
        best = NEVER
        for k in range(T - 1, (0 if h == T else h) - 1, -1):
            allowed = k + 1 >= unit.held_on if h == T else (k - h + 1 >= unit.up or k == T - 1)
            if allowed and table.cost[h, k] < NEVER and ways.rest_after[k] < NEVER:
                best = min(best, begun + table.cost[h, k] + ways.rest_after[k])
            cheapest[k] = min(cheapest[k], best)


@njit(cache=True)
def _cheapest_off(T, unit, entry, ways, cheapest):
    cheapest[:] = NEVER
    for k in range(-1, T - 1):
        before = NEVER
        if k < 0:
            before = entry.at_once
        elif ways.on[k] < NEVER:
            before = ways.on[k] + entry.stop[k + 1]
        if before >= NEVER:
            continue
        rest = before if _free(entry, k + 1, T) else NEVER
        for h in range(T - 1, k, -1):
            if _free(entry, k + 1, h + 1):
                cheapest[h] = min(cheapest[h], rest)
            if ways.rest_from[h] >= NEVER or not _free(entry, k + 1, h):
                continue
            if k < 0:
                if not unit.was_on or h >= unit.down:
                    rest = min(rest, entry.first[h] + ways.rest_from[h])
            elif h - k - 1 >= unit.down:
                rest = min(rest, before + unit.table[h - k - 1] + entry.start[h] + ways.rest_from[h])


@njit(cache=True)
def _walk_back(T, unit, table, ways, last, on, above):
    on[:], above[:] = 0.0, 0.0
    ramped = unit.rise < unit.room - NARROW or unit.drop < unit.room - NARROW
    k = last
    while k >= 0:
        h = ways.on_from[k]
        t0 = 0 if h == T else h
        above[k] = table.last[h, k]
        on[t0 : k + 1] = 1.0
        for t in range(k, t0, -1):
            if ramped:
                best = table.before_stop[h, t] if (t == k and k < T - 1) else table.before[h, t]
                above[t - 1] = min(max(best, above[t] - unit.rise), above[t] + unit.drop)
            else:
                above[t - 1] = table.before[h, t - 1]
        k = -1 if h == T else ways.start_from[h]


@njit(cache=True, parallel=True)
def price_fleet(T, fleet, prices, gaps, answers):
    """Every unit at the given prices, in parallel."""
    # Arrays are taken out of their tuple first: the compiler gives every thread a tuple of its own.
    value, on, above = answers.value, answers.on, answers.above
    cheapest_on, cheapest_off = answers.cheapest_on, answers.cheapest_off
    for g in prange(fleet.room.size):
        unit = Unit(
            fleet.room[g], fleet.start[g], fleet.stop[g], fleet.fall[g], fleet.rise[g], fleet.drop[g], fleet.up[g],
            fleet.down[g], fleet.curve_x[g], fleet.curve_s[g], fleet.pieces[g], fleet.no_load[g], fleet.table[g],
            fleet.first[g], fleet.was_on[g], fleet.before[g], fleet.held_on[g], fleet.first_on[g], fleet.must[g],
            fleet.may[g],
        )  # fmt: skip
        paid = Prices(
            prices.on[g], prices.above[g], prices.start[g], prices.stop[g], prices.up_worth[g], prices.up_most[g],
            prices.down_worth[g], prices.down_most[g], prices.endless[g],
        )  # fmt: skip
        value[g] = price_unit(T, unit, paid, gaps, on[g], above[g], cheapest_on[g], cheapest_off[g])


@njit(cache=True)
def own_cost(T, curve_x, curve_cost, points, table, first, was_on, on, above):
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
                cost += table[t - since] if known else first[t]
        elif before > 0.5:
            since, known = t, True
        before = on[t]
    return cost


@njit(cache=True, parallel=True)
def own_costs(T, curve_x, curve_cost, points, table, first, was_on, on, above, cost):
    """The same for every unit."""
    for g in prange(points.size):
        cost[g] = own_cost(T, curve_x[g], curve_cost[g], points[g], table[g], first[g], was_on[g], on[g], above[g])

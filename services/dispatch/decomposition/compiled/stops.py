"""What it costs to stop, to rest and to start again, compiled: one number per step and count of the day's starts."""

from typing import NamedTuple

import numpy as np
from numba import njit

from services.dispatch.decomposition.compiled.curves import leaf
from services.dispatch.decomposition.compiled.unit import NARROW, NEVER, can_start, same_day

STOP_TOLERANCE_MW = 1e-6
NEVER_ON = -1


class Stops(NamedTuple):
    """The cheapest way to stop at a step, and to start at one, by starts of the day so far (step x count)."""

    cost: np.ndarray
    above: np.ndarray
    """Output in the last step on."""
    band: np.ndarray
    parent: np.ndarray
    """Label of the step before the last one on; BEGUN where the run had one step only."""
    begun: np.ndarray
    """Starts so far in that one step."""
    start: np.ndarray
    start_from: np.ndarray
    """The stop before, as `step * counts + starts`; NEVER_ON without one."""
    rested: np.ndarray
    """By count: the cheapest of the stops after which a start costs no more with time."""
    rested_from: np.ndarray
    last_must: np.ndarray
    """The last step so far at which the unit must be on; -1: none."""


@njit(cache=True)
def no_stops(T, unit, prices):
    """Nothing known yet but a stop at once."""
    counts = max(unit.starts, 0) + 1
    shape = (T, counts)
    stops = Stops(
        np.full(shape, NEVER), np.zeros(shape), np.zeros(shape, np.int64),
        np.full(shape, -1), np.zeros(shape, np.int64),
        np.full(shape, NEVER), np.full(shape, NEVER_ON), np.full(counts, NEVER), np.full(counts, NEVER_ON),
        np.full(1, -1),
    )  # fmt: skip
    if unit.was_on and not unit.must[0] and unit.before <= unit.fall + STOP_TOLERANCE_MW and unit.fall > -NARROW:
        stops.cost[0, 0] = prices.stop[0]
    return stops


@leaf
def note_stop(unit, stops, k, cost, above, band, parent, starts):
    """k as the last step on, at a cost that has the price of the stop in it."""
    count = starts if same_day(unit, k, k + 1) else 0
    if cost < stops.cost[k + 1, count]:
        stops.cost[k + 1, count], stops.above[k + 1, count] = cost, above
        stops.band[k + 1, count], stops.parent[k + 1, count], stops.begun[k + 1, count] = band, parent, starts


@leaf
def find_starts(unit, prices, stops, h):
    """The cheapest ways to start at h."""
    if h > 0 and unit.must[h - 1]:
        stops.last_must[0] = h - 1
        stops.rested[:] = NEVER
    if h > 0 and not same_day(unit, h - 1, h):
        _new_day(stops)
    latest_cold = h - max(unit.min_down, unit.cold)
    if latest_cold > stops.last_must[0]:
        _rest(unit, stops, latest_cold, h)
    if not can_start(unit, h):
        return
    if not unit.was_on and stops.last_must[0] < 0:
        _offer(unit, stops, h, 0, unit.first[h] + prices.start[h], NEVER_ON)
    counts = stops.rested.size
    cold = unit.warm[max(unit.min_down, unit.cold)] + prices.start[h]
    for u in range(counts):
        if stops.rested[u] < NEVER:
            _offer(unit, stops, h, u, stops.rested[u] + cold, stops.rested_from[u])
    for j in range(max(latest_cold, stops.last_must[0]) + 1, h - unit.min_down + 1):
        for u in range(counts):
            if j >= 0 and stops.cost[j, u] < NEVER:
                so_far = u if same_day(unit, j, h) else 0
                _offer(unit, stops, h, so_far, stops.cost[j, u] + unit.warm[h - j] + prices.start[h], j * counts + u)


@leaf
def any_start(stops, h):
    """Whether the unit can start at h at all."""
    least = NEVER
    for u in range(stops.start.shape[1]):
        least = min(least, stops.start[h, u])
    return least < NEVER


@leaf
def _new_day(stops):
    best = 0
    for u in range(stops.rested.size):
        if stops.rested[u] < stops.rested[best]:
            best = u
    cost, origin = stops.rested[best], stops.rested_from[best]
    stops.rested[:] = NEVER
    stops.rested[0], stops.rested_from[0] = cost, origin


@leaf
def _rest(unit, stops, j, h):
    counts = stops.rested.size
    for u in range(counts):
        so_far = u if same_day(unit, j, h) else 0
        if stops.cost[j, u] < stops.rested[so_far]:
            stops.rested[so_far], stops.rested_from[so_far] = stops.cost[j, u], j * counts + u


@leaf
def _offer(unit, stops, h, so_far, cost, origin):
    counted = so_far + (1 if unit.starts >= 0 else 0)
    if counted < stops.rested.size and cost < stops.start[h, counted]:
        stops.start[h, counted], stops.start_from[h, counted] = cost, origin

"""The best schedule of one unit while all others keep theirs, at what each step costs by merit order.

The cost of a step hangs on the unit being off, on, or on and near a start or a stop, where ramps keep it low. Runs from
a start to a stop are put together by dynamic programming.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from services.dispatch.decomposition.compiled.merit import NOTHING, filled_with, missing

EDGE = 6
"""So many steps after a start or before a stop a unit may be held low."""
NEVER = 1e15


class Steps(NamedTuple):
    """What the steps cost with the unit off or on (sums up to each step), and what edges of a run add."""

    off: np.ndarray
    on: np.ndarray
    not_off: np.ndarray
    """How many steps up to each forbid it."""
    not_on: np.ndarray
    started: np.ndarray
    """By step and steps since the start."""
    stopping: np.ndarray
    first: np.ndarray
    """By step, where it has run since before the horizon."""
    fall: np.ndarray
    """By last step of a long run, what its stop adds: nothing at the end of the horizon."""


class Rest(NamedTuple):
    """The fleet without the unit."""

    base: np.ndarray
    most: np.ndarray
    up: np.ndarray
    down: np.ndarray
    with_off: np.ndarray
    """By step, what the fleet gives above its minima if the unit is off."""
    with_on: np.ndarray


@njit(cache=True, nogil=True)
def answer(g, units, pieces, need, state, force, found):
    """The unit's best schedule, with steps forced on (1) or off (-1)."""
    _runs(g, units, _steps(g, units, pieces, need, state, force), found)


@njit(cache=True, nogil=True)
def _rest(g, units, need, state):
    rest = Rest(
        state.base.copy(), state.most.copy(), state.up.copy(), state.down.copy(), state.base.copy(), state.base.copy()
    )
    for t in range(state.base.size):
        if state.on[t, g]:
            room = state.room[t, g]
            rest.base[t] += units.low[g]
            rest.most[t] -= room
            for k in range(need.depth):
                rest.up[k, t] -= min((k + 1) * units.rise[g], room)
                rest.down[k, t] -= min((k + 1) * units.drop[g], room)
        rest.with_off[t] = max(rest.base[t] - need.cheap[t], 0.0)
        rest.with_on[t] = max(rest.base[t] - units.low[g] - need.cheap[t], 0.0)
    return rest


@njit(cache=True, nogil=True)
def _edge(first, by_step, room):
    """Over how many steps a unit is held below its room that may be `first` at first."""
    steps = 0
    while steps < EDGE and first + steps * by_step < room - NOTHING:
        steps += 1
    return steps


@njit(cache=True, nogil=True)
def _steps(g, units, pieces, need, state, force):
    count, rest = state.base.size, _rest(g, units, need, state)
    room, dear = units.room[g], need.dear
    rising = _edge(units.start[g], units.rise[g], room)
    falling = _edge(units.stop[g], units.drop[g], room)
    since = _edge(units.before[g] + units.rise[g], units.rise[g], room) if units.was_on[g] else 0
    steps = Steps(
        np.zeros(count + 1), np.zeros(count + 1), np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64),
        np.zeros((count, rising)), np.zeros((count, falling)), np.zeros(since), np.zeros(count),
    )  # fmt: skip
    for t in range(count):
        may_on, may_off = units.may[g, t] and force[t] >= 0, not units.must[g, t] and force[t] <= 0
        steps.not_off[t + 1] = steps.not_off[t] + (0 if may_off else 1)
        steps.not_on[t + 1] = steps.not_on[t] + (0 if may_on else 1)
        steps.off[t + 1], steps.on[t + 1] = steps.off[t], steps.on[t]
        if may_off:
            mw = rest.with_off[t]
            cost, _ = filled_with(t, pieces, state, g, 0.0, mw, dear)
            cost += missing(t, need, rest.base[t], rest.most[t], mw)
            steps.off[t + 1] += cost + _ramps(t, g, units, need, rest, mw, 0.0, True, True)
        if may_on:
            mw, base = rest.with_on[t], rest.base[t] - units.low[g]
            filled, given = filled_with(t, pieces, state, g, room, mw, dear)
            full = filled + missing(t, need, base, rest.most[t] + room, mw)
            full += _ramps(t, g, units, need, rest, mw, room, False, False)
            steps.on[t + 1] += units.idle[g] + full
            for age in range(rising):
                low = units.start[g] + age * units.rise[g]
                cost = filled if given <= low else filled_with(t, pieces, state, g, low, mw, dear)[0]
                cost += missing(t, need, base, rest.most[t] + low, mw) - full
                steps.started[t, age] = cost + _ramps(t, g, units, need, rest, mw, low, age == 0, False)
            for age in range(falling):
                low = units.stop[g] + age * units.drop[g]
                cost = filled if given <= low else filled_with(t, pieces, state, g, low, mw, dear)[0]
                cost += missing(t, need, base, rest.most[t] + low, mw) - full
                steps.stopping[t, age] = cost + _ramps(t, g, units, need, rest, mw, low, False, age == 0)
            if t < since:
                low = units.before[g] + (t + 1) * units.rise[g]
                cost = filled if given <= low else filled_with(t, pieces, state, g, low, mw, dear)[0]
                cost += missing(t, need, base, rest.most[t] + low, mw) - full
                steps.first[t] = cost + _ramps(t, g, units, need, rest, mw, low, False, False)
    for t in range(falling - 1, count - 1):
        for left in range(falling):
            steps.fall[t] += steps.stopping[t - left, left]
    return steps


@njit(cache=True, nogil=True)
def _ramps(t, g, units, need, rest, mw, room, off_before, off_after):
    """What steps before and after pay for this one, beyond what they give anyway, because ramps are slow."""
    early = 0.0
    for k in range(need.depth):
        if t > k:
            before = rest.with_off[t - k - 1] if off_before else rest.with_on[t - k - 1]
            risen = rest.up[k, t] + min((k + 1) * units.rise[g], room)
            early += max(mw + need.reserve[t] - risen - before, 0.0)
        if t + k + 1 < rest.base.size:
            after = rest.with_off[t + k + 1] if off_after else rest.with_on[t + k + 1]
            fallen = rest.down[k, t] + min((k + 1) * units.drop[g], room)
            early += max(mw - fallen - after, 0.0)
    return early * need.early


@njit(cache=True, nogil=True)
def _runs(g, units, steps, found):
    """The cheapest way through the horizon: runs from a start to a stop, and what lies between."""
    count, was_on = steps.off.size - 1, units.was_on[g]
    ended, begun = np.full(count, NEVER), np.full(count, -1)
    stopped = np.full(count, -1)
    for a in range(count):
        start, stopped[a] = _started(a, g, units, steps, ended)
        if start < NEVER:
            _end_runs(a, start, g, units, steps, ended, begun)
    best, last = (steps.off[count] if steps.not_off[count] == 0 else NEVER), -1
    for b in range(count):
        if ended[b] < NEVER and steps.not_off[count] == steps.not_off[b + 1]:
            cost = ended[b] + steps.off[count] - steps.off[b + 1]
            if cost < best:
                best, last = cost, b
    found[:] = 0
    while last >= 0:
        found[begun[last] : last + 1] = 1
        last = -1 if begun[last] == 0 and was_on else stopped[begun[last]]


@njit(cache=True, nogil=True)
def _started(a, g, units, steps, ended):
    """The least cost of having started in a step, and the last step on before it (-1: none)."""
    if a == 0 and units.was_on[g]:
        return 0.0, -1
    best, last, rest = NEVER, -1, units.min_down[g]
    if steps.not_off[a] == 0:
        if not units.was_on[g]:
            best = steps.off[a] + units.first[g, a]
        elif a >= rest:
            best = steps.off[a] + units.warm[g, a]
    for b in range(a - rest - 1, -1, -1):
        if steps.not_off[a] > steps.not_off[b + 1]:
            break
        cost = ended[b] + steps.off[a] - steps.off[b + 1] + units.warm[g, a - b - 1]
        if cost < best:
            best, last = cost, b
    return best, last


@njit(cache=True, nogil=True)
def _end_runs(a, start, g, units, steps, ended, begun):
    """Every run that begins in a step."""
    count, since_before = steps.off.size - 1, a == 0 and units.was_on[g]
    rising, falling = steps.started.shape[1], steps.stopping.shape[1]
    edge = _rising(a, rising, steps)
    # What must have run on from before is in the bounds already; a run up to the end may still go on.
    least = a if since_before else min(a + units.min_up[g] - 1, count - 1)
    for b in range(least, count):
        if steps.not_on[b + 1] > steps.not_on[a]:
            break
        cost = start + steps.on[b + 1] - steps.on[a]
        if since_before or b - a + 1 < rising + falling:
            cost += _edges(a, b, since_before, steps)
        else:
            cost += edge + steps.fall[b]
        if cost < ended[b]:
            ended[b], begun[b] = cost, a


@njit(cache=True, nogil=True)
def _rising(a, rising, steps):
    """What a long run costs more after its start."""
    cost = 0.0
    for age in range(min(rising, steps.off.size - 1 - a)):
        cost += steps.started[a + age, age]
    return cost


@njit(cache=True, nogil=True)
def _edges(a, b, since_before, steps):
    """What a short run, or one since before the horizon, costs more because it is held low at its ends."""
    rising = steps.first.size if since_before else steps.started.shape[1]
    falling = 0 if b == steps.off.size - 2 else steps.stopping.shape[1]
    length, cost = b - a + 1, 0.0
    for age in range(min(rising, length)):
        more = steps.first[age] if since_before else steps.started[a + age, age]
        left = length - 1 - age
        cost += max(more, steps.stopping[a + age, left]) if left < falling else more
    for left in range(min(falling, length - min(rising, length))):
        cost += steps.stopping[b - left, left]
    return cost

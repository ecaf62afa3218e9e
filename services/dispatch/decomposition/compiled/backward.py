"""Backward through the horizon: the cheapest way to go on from every state, and so what each decision costs, compiled.

The mirror of `forward`: a label at a step is one undominated way to go on from it, with a function of output there; its
age says how many steps its next stop is still away (up to the minimum time), its starts those still to come that day.
Paired with the forward labels, it gives for every step the cheapest schedule with the unit on, and with it off.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from services.dispatch.decomposition.compiled.curves import add, leaf, lowest
from services.dispatch.decomposition.compiled.forward import new_moves, roomy, start_curve
from services.dispatch.decomposition.compiled.moves import approach
from services.dispatch.decomposition.compiled.store import (
    BEGUN,
    new_book,
    prune,
    put_label,
    settle_shape,
    shape_of,
)
from services.dispatch.decomposition.compiled.unit import (
    NARROW,
    NEVER,
    awards_at,
    can_stop,
    move_bounds,
    same_day,
)


class Rests(NamedTuple):
    """The cheapest way to go on after a stop, and with a start, by starts still to come that day."""

    stop: np.ndarray
    start: np.ndarray


@njit(cache=True)
def gaps(T, unit, prices, book, stops, work, cheapest_on, cheapest_off):
    """By step, the cheapest schedule with the unit on and with it off."""
    counts = stops.cost.shape[1]
    rests = Rests(np.full((T + 1, counts), NEVER), np.full((T, counts), NEVER))
    cheapest_on[:] = NEVER
    back = new_book(T, 256)
    back, work = roomy(back, work, 0, unit, prices)
    _last_step(T, unit, back)
    for t in range(T - 1, -1, -1):
        place = T - 1 - t
        back, work = roomy(back, work, place, unit, prices)
        if unit.may[t]:
            _starts_at(T, unit, prices, back, rests, work, t)
            cheapest_on[t] = min(
                _pairs(unit, book, back, t + 1, place, work), _ends_at(T, unit, prices, stops, rests, t)
            )
        _stops_at(T, unit, prices, rests, t)
        back.first_shape[place + 1], back.first_label[place + 1] = back.size[0], back.size[1]
        if t > 0 and unit.may[t]:
            moves = new_moves(back.size[0] - back.first_shape[place], unit.bands)
            _come_from(T, unit, prices, back, rests, work, moves, t)
            prune(back, place + 1)
    _cheapest_off(T, unit, stops, rests, cheapest_off)


@leaf
def _last_step(T, unit, back):
    """After the last step nothing costs anything, and no minimum time binds."""
    f = back.shapes
    for band in range(unit.bands):
        at, n = back.size[2], 0
        f.x[at] = unit.low[band]
        if unit.high[band] - unit.low[band] > NARROW:
            f.x[at + 1], f.s[at], n = unit.high[band], 0.0, 1
        shape = settle_shape(back, 0, band, n)
        put_label(back, 0, shape, 0.0, unit.min_up - 1, 0, BEGUN)


@leaf
def _starts_at(T, unit, prices, back, rests, work, t):
    """A start at t with all that follows; without its own cost, which depends on the stop before."""
    if unit.start <= -NARROW:
        return
    place, one = T - 1 - t, 1 if unit.starts >= 0 else 0
    at = back.size[2]
    y, q = back.shapes.x[at:], back.shapes.s[at:]
    g = back.labels
    for band in range(unit.bands):
        n, v = start_curve(unit, prices, back, work, t, band, False)
        if n < 0:
            continue
        for i in range(back.first_shape[place], back.size[0]):
            if back.shapes.band[i] != band or back.shapes.used[i] == 0:
                continue
            x, s, k = shape_of(back, i)
            m, w = add(y, q, n, v, x, s, k, 0.0, 0.0, work.x[5], work.s[5])
            if m < 0:
                continue
            least = lowest(work.x[5], work.s[5], m, w)[1] + prices.start[t]
            for a in range(back.first_label[place], back.size[1]):
                if g.shape[a] == i and g.age[a] >= unit.min_up - 1 and g.starts[a] + one < rests.start.shape[1]:
                    count = g.starts[a] + one
                    rests.start[t, count] = min(rests.start[t, count], least + g.cost[a])
    if unit.min_up == 1 and can_stop(unit, T, t):
        for band in range(unit.bands):
            n, v = start_curve(unit, prices, back, work, t, band, True)
            if n >= 0:
                _start_and_stop(unit, rests, t, one, lowest(y, q, n, v)[1] + prices.start[t])


@leaf
def _start_and_stop(unit, rests, t, one, cost):
    for u in range(rests.stop.shape[1]):
        count = one + (u if same_day(unit, t, t + 1) else 0)
        if count < rests.start.shape[1] and rests.stop[t + 1, u] < NEVER:
            rests.start[t, count] = min(rests.start[t, count], cost + rests.stop[t + 1, u])


@leaf
def _stops_at(T, unit, prices, rests, j):
    """A stop at j with all that follows: rest to the end, or a start after the minimum time down."""
    end = free_until(T, unit, j)
    if end == T:
        rests.stop[j, 0] = prices.stop[j]
    for h in range(j + unit.min_down, min(end, T - 1) + 1):
        for u in range(rests.start.shape[1]):
            if rests.start[h, u] < NEVER:
                count = u if same_day(unit, j, h) else 0
                cost = prices.stop[j] + unit.warm[h - j] + rests.start[h, u]
                rests.stop[j, count] = min(rests.stop[j, count], cost)


@leaf
def free_until(T, unit, j):
    """The first step from j on at which the unit must be on; T where there is none."""
    end = j
    while end < T and not unit.must[end]:
        end += 1
    return end


@leaf
def _ends_at(T, unit, prices, stops, rests, t):
    """The cheapest schedule whose last step on, of some run, is t."""
    best = NEVER
    if t == T - 1:
        return best
    for u in range(stops.cost.shape[1]):
        for k in range(stops.cost.shape[1] - u):
            if stops.cost[t + 1, u] < NEVER and rests.stop[t + 1, k] < NEVER:
                best = min(best, stops.cost[t + 1, u] - prices.stop[t + 1] + rests.stop[t + 1, k])
    return best


@leaf
def _pairs(unit, book, back, step, place, work):
    """The cheapest of all pairs of a way to come to a step and a way to go on from it."""
    best = NEVER
    for i in range(book.first_shape[step], book.first_shape[step + 1]):
        for j in range(back.first_shape[place], back.size[0]):
            if book.shapes.band[i] != back.shapes.band[j]:
                continue
            around = _around(unit, book, back, step, place, i, j)
            if around + book.shapes.least[i] + back.shapes.least[j] >= best:
                continue
            x, s, n = shape_of(book, i)
            y, q, m = shape_of(back, j)
            k, w = add(x, s, n, 0.0, y, q, m, 0.0, 0.0, work.x[5], work.s[5])
            if k >= 0:
                best = min(best, around + lowest(work.x[5], work.s[5], k, w)[1])
    return best


@leaf
def _around(unit, book, back, step, place, i, j):
    """The cheapest pair of labels of two shapes that agree in minimum time and starts of the day."""
    best, f, g = NEVER, book.labels, back.labels
    most = max(unit.starts, 0)
    for b in range(back.first_label[place], back.size[1]):
        if g.shape[b] != j:
            continue
        for a in range(book.first_label[step], book.first_label[step + 1]):
            fits = f.shape[a] == i and f.age[a] + g.age[b] >= unit.min_up - 1 and f.starts[a] + g.starts[b] <= most
            if fits and f.cost[a] + g.cost[b] < best:
                best = f.cost[a] + g.cost[b]
    return best


@leaf
def _come_from(T, unit, prices, back, rests, work, moves, t):
    """From standing at t, and all that follows, back to the step before."""
    place = T - 1 - t
    first, last = back.first_shape[place], back.first_shape[place + 1]
    target, shift = moves.target, moves.shift
    for i in range(first, last):
        if back.shapes.used[i] > 0:
            x, s, n = shape_of(back, i)
            for band in range(unit.bands):
                target[i - first, band], shift[i - first, band] = _back(
                    unit, prices, back, work, t, place, back.shapes.band[i], band, x, s, n, False
                )
    g = back.labels
    for a in range(back.first_label[place], back.first_label[place + 1]):
        i = g.shape[a] - first
        starts = g.starts[a] if same_day(unit, t - 1, t) else 0
        for band in range(unit.bands):
            if target[i, band] >= 0:
                age = min(g.age[a] + 1, unit.min_up - 1)
                put_label(back, place + 1, target[i, band], g.cost[a] + shift[i, band], age, starts, a)
    if can_stop(unit, T, t):
        _come_from_end(unit, prices, back, rests, work, t, place)


@leaf
def _come_from_end(unit, prices, back, rests, work, t, place):
    """From t as the last step on."""
    for ending in range(unit.bands):
        if unit.low[ending] > unit.fall + NARROW:
            continue
        x, s, n = work.x[4], work.s[4], 0
        x[0], x[1], s[0] = unit.low[ending], unit.high[ending], 0.0
        if x[1] - x[0] > NARROW:
            n = 1
        for band in range(unit.bands):
            shape, v = _back(unit, prices, back, work, t, place, ending, band, x, s, n, True)
            for u in range(rests.stop.shape[1]):
                if shape >= 0 and rests.stop[t + 1, u] < NEVER:
                    starts = u if same_day(unit, t - 1, t) and same_day(unit, t, t + 1) else 0
                    age = min(1, unit.min_up - 1)
                    put_label(back, place + 1, shape, rests.stop[t + 1, u] + v, age, starts, BEGUN)


@leaf
def _back(unit, prices, back, work, t, place, here, band, x, s, n, ends):
    """What it costs to come from a band to the function x, s, n in the band `here`: its shape, and the cost on top."""
    bounds = move_bounds(unit, here, min(unit.slow[here], unit.slow[band]), False, ends)
    fixed = unit.curve_v[here] + prices.on[t] + prices.above[t] * unit.low[here]
    m, w = add(
        x, s, n, 0.0, unit.curve_x[here], unit.curve_s[here], unit.pieces[here], fixed, prices.above[t],
        work.x[6], work.s[6],
    )  # fmt: skip
    if m < 0:
        return -1, 0.0
    at = back.size[2]
    n, v = approach(
        work.x[6], work.s[6], m, w, unit.low[band], unit.high[band], bounds, awards_at(prices, t), work,
        back.shapes.x[at:], back.shapes.s[at:],
    )  # fmt: skip
    return (settle_shape(back, place + 1, band, n), v) if n >= 0 else (-1, 0.0)


@leaf
def _cheapest_off(T, unit, stops, rests, cheapest):
    """Every rest between a stop and a start, or to the end, or from the beginning, covers its steps."""
    cheapest[:] = NEVER
    if not unit.was_on:
        _cover(T, unit, rests, unit.first, 0, 0, 0, 0.0, cheapest)
    for j in range(T):
        for u in range(stops.cost.shape[1]):
            if stops.cost[j, u] < NEVER:
                _cover(T, unit, rests, unit.warm, j, j + unit.min_down, u, stops.cost[j, u], cheapest)


@leaf
def _cover(T, unit, rests, delay, j, earliest, u, cost, cheapest):
    """Off from j on, to start no earlier than `earliest` at a cost by delay: fill the cheapest by step."""
    end = free_until(T, unit, j)
    rest = cost if end == T else NEVER
    for h in range(min(end, T - 1), j - 1, -1):
        if h < end:
            cheapest[h] = min(cheapest[h], rest)
        if h >= earliest:
            used = u if same_day(unit, j, h) else 0
            for k in range(rests.start.shape[1] - used):
                if rests.start[h, k] < NEVER:
                    rest = min(rest, cost + delay[h - j] + rests.start[h, k])

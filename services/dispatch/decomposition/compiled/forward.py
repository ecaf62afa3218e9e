"""Forward through the horizon: every undominated way to have come to a step on, compiled.

Label setting over (band, steps on up to the minimum time, starts of the day), each label with a convex function of
output. It generalises the interval programme of Frangioni, Gentile (2006), doi 10.1287/opre.1060.0309, and is linear in
the number of steps. Step -1 is the state before the horizon; a step's labels stand in the book at `step + 1`.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from services.dispatch.decomposition.compiled.curves import leaf, lowest
from services.dispatch.decomposition.compiled.moves import award_points, scratch_for
from services.dispatch.decomposition.compiled.stops import any_start, find_starts, no_stops, note_stop
from services.dispatch.decomposition.compiled.store import (
    BEGUN,
    new_book,
    prune,
    put_label,
    settle_shape,
    shape_of,
    with_room,
)
from services.dispatch.decomposition.compiled.unit import (
    NEVER,
    can_stop,
    move_bounds,
    same_day,
    slow_of,
    stand,
)


class Moves(NamedTuple):
    """By shape of a step: into which shape of the next step it turns, by band, at what cost; and the best end."""

    target: np.ndarray
    shift: np.ndarray
    end_cost: np.ndarray
    end_above: np.ndarray
    end_band: np.ndarray


@njit(cache=True)
def new_moves(shapes, bands):
    """No move yet."""
    return Moves(
        np.full((shapes, bands), -1), np.zeros((shapes, bands)),
        np.full(shapes, NEVER), np.zeros(shapes), np.zeros(shapes, np.int64),
    )  # fmt: skip


@njit(cache=True)
def forward(T, unit, prices):
    """All labels and all stops of a unit, and room to work in."""
    stops = no_stops(T, unit, prices)
    book, work = new_book(T, 256), scratch_for(64)
    if unit.was_on:
        _before(book, unit)
    book.first_shape[1], book.first_label[1] = book.size[0], book.size[1]
    for t in range(T):
        find_starts(unit, prices, stops, t)
        if unit.may[t]:
            book, work = roomy(book, work, t, unit, prices)
            moves = new_moves(book.first_shape[t + 1] - book.first_shape[t], unit.bands)
            _go_on(T, unit, prices, book, stops, work, moves, t)
            _begin(T, unit, prices, book, stops, work, t)
            prune(book, t + 1)
        if t + 2 < book.first_shape.size:
            book.first_shape[t + 2], book.first_label[t + 2] = book.size[0], book.size[1]
    return book, stops, work


@leaf
def _before(book, unit):
    """A unit that was on: one label, at its output before the horizon."""
    book.shapes.x[0] = unit.before
    shape = settle_shape(book, 0, -1, 0)
    put_label(book, 0, shape, 0.0, unit.min_up - 1, 0, BEGUN)


@njit(cache=True)
def roomy(book, work, step, unit, prices):
    """The book and the scratch with room for all that can follow from the labels of a step of the book."""
    first, last = book.first_shape[step], book.size[0]
    longest = 1
    for i in range(first, last):
        longest = max(longest, book.shapes.n[i])
    # A step may split a function in three by what limits its awards, each part with their bends and the curve's.
    points = (
        3 * (longest + award_points(prices.up_worth.shape[1] + prices.down_worth.shape[1]) + unit.curve_x.shape[1]) + 8
    )
    if work.x.shape[1] < points:
        work = scratch_for(2 * points)
    # Besides what goes on, a start begins in every band; backward, a stop in every band is come to from every band.
    shapes = (last - first + unit.bands) * unit.bands
    labels = (book.size[1] - book.first_label[step] + (max(unit.starts, 0) + 1) * unit.bands) * unit.bands
    return with_room(book, shapes + 1, labels, (shapes + 1) * points), work


@leaf
def _go_on(T, unit, prices, book, stops, work, moves, t):
    """From every label of the step before into every band; and as the last step on."""
    first, count = book.first_shape[t], book.first_shape[t + 1] - book.first_shape[t]
    target, shift = moves.target, moves.shift
    end_cost, end_above, end_band = moves.end_cost, moves.end_above, moves.end_band
    for i in range(count):
        if book.shapes.used[first + i] == 0:
            continue
        for band in range(unit.bands):
            target[i, band], shift[i, band] = _move(unit, prices, book, work, t, first + i, band)
        if can_stop(unit, T, t):
            end_cost[i], end_above[i], end_band[i] = _end(unit, prices, book, work, t, first + i, target[i], shift[i])
    g = book.labels
    for a in range(book.first_label[t], book.first_label[t + 1]):
        i = g.shape[a] - first
        age = min(g.age[a] + 1, unit.min_up - 1)
        starts = g.starts[a] if t > 0 and same_day(unit, t - 1, t) else 0
        if age == unit.min_up - 1 and end_cost[i] < NEVER:
            cost = g.cost[a] + end_cost[i] + prices.stop[t + 1]
            note_stop(unit, stops, t, cost, end_above[i], end_band[i], a, starts)
        for band in range(unit.bands):
            if target[i, band] >= 0:
                put_label(book, t + 1, target[i, band], g.cost[a] + shift[i, band], age, starts, a)


@leaf
def _move(unit, prices, book, work, t, shape, band):
    """The shape into which a shape turns, and what it then costs more; -1 where the band is out of reach."""
    x, s, n = shape_of(book, shape)
    slow = min(slow_of(unit, book.shapes.band[shape]), unit.slow[band])
    at = book.size[2]
    n, v = stand(
        unit, prices, t, band, move_bounds(unit, band, slow, False, False), x, s, n, work,
        book.shapes.x[at:], book.shapes.s[at:],
    )  # fmt: skip
    return (settle_shape(book, t + 1, band, n), v) if n >= 0 else (-1, 0.0)


@leaf
def _end(unit, prices, book, work, t, shape, target, shift):
    """The cheapest last step on after a shape: cost, output, band."""
    best, above, best_band = NEVER, 0.0, 0
    before = slow_of(unit, book.shapes.band[shape])
    for band in range(unit.bands):
        if unit.low[band] > unit.fall + 1e-9:
            continue
        if unit.stop >= unit.roof[band] and unit.fall >= unit.high[band]:
            if target[band] < 0:
                continue
            x, s, n = shape_of(book, target[band])
            p, cost = lowest(x, s, n, shift[band])
        else:
            x, s, n = shape_of(book, shape)
            at = book.size[2]
            y, q = book.shapes.x[at:], book.shapes.s[at:]
            bounds = move_bounds(unit, band, min(before, unit.slow[band]), False, True)
            n, v = stand(unit, prices, t, band, bounds, x, s, n, work, y, q)
            if n < 0:
                continue
            p, cost = lowest(y, q, n, v)
        if cost < best:
            best, above, best_band = cost, p, band
    return best, above, best_band


@leaf
def _begin(T, unit, prices, book, stops, work, t):
    """A start at t, into every band below the start limit; and, where one step is enough, a stop after it."""
    if not any_start(stops, t):
        return
    for band in range(unit.bands):
        n, v = start_curve(unit, prices, book, work, t, band, False)
        if n < 0:
            continue
        shape = settle_shape(book, t + 1, band, n)
        for starts in range(stops.start.shape[1]):
            if stops.start[t, starts] < NEVER:
                put_label(book, t + 1, shape, stops.start[t, starts] + v, 0, starts, BEGUN)
    if unit.min_up == 1 and can_stop(unit, T, t):
        for band in range(unit.bands):
            n, v = start_curve(unit, prices, book, work, t, band, True)
            if n < 0:
                continue
            at = book.size[2]
            above, cost = lowest(book.shapes.x[at:], book.shapes.s[at:], n, v + prices.stop[t + 1])
            for starts in range(stops.start.shape[1]):
                if stops.start[t, starts] < NEVER:
                    note_stop(unit, stops, t, stops.start[t, starts] + cost, above, band, BEGUN, starts)


@leaf
def start_curve(unit, prices, book, work, t, band, ends):
    """What a start step costs by output, written behind the book's last function: n and v."""
    at = book.size[2]
    bounds = move_bounds(unit, band, NEVER, True, ends)
    if bounds.high < bounds.low - 1e-9:
        return -1, 0.0
    work.x[4, 0] = 0.0
    return stand(
        unit, prices, t, band, bounds, work.x[4], work.s[4], 0, work, book.shapes.x[at:], book.shapes.s[at:]
    )  # fmt: skip

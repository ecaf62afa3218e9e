"""The schedule behind the cheapest label: back from the end, with the room left for awards, compiled."""

from typing import NamedTuple

import numpy as np

from services.dispatch.decomposition.compiled.curves import leaf, lowest
from services.dispatch.decomposition.compiled.moves import best_before, rooms
from services.dispatch.decomposition.compiled.stops import NEVER_ON
from services.dispatch.decomposition.compiled.store import BEGUN, shape_of
from services.dispatch.decomposition.compiled.unit import NEVER, awards_at, move_bounds, slow_of


class Schedule(NamedTuple):
    """By step: on, output above the minimum, room for up-awards and for down-awards."""

    on: np.ndarray
    above: np.ndarray
    head: np.ndarray
    foot: np.ndarray


@leaf
def cheapest(T, unit, book, stops):
    """The least cost of all, and its last label or its last stop (as step and count; -1 where there is none)."""
    best, label, stop, count = NEVER, -1, -1, -1
    for a in range(book.first_label[T], book.size[1]):
        shape = book.labels.shape[a]
        if book.labels.cost[a] + book.shapes.least[shape] < best:
            best, label = book.labels.cost[a] + book.shapes.least[shape], a
    must = T - 1
    while must >= 0 and not unit.must[must]:
        must -= 1
    for j in range(must + 1, T):
        for u in range(stops.cost.shape[1]):
            if stops.cost[j, u] < best:
                best, label, stop, count = stops.cost[j, u], -1, j, u
    if not unit.was_on and must < 0 and best > 0.0:
        best, label, stop = 0.0, -1, -1
    return best, label, stop, count


@leaf
def walk_back(T, unit, prices, book, stops, label, stop, count, schedule):
    """Fill the schedule that ends in a label, or in a stop."""
    schedule.on[:], schedule.above[:], schedule.head[:], schedule.foot[:] = 0.0, 0.0, 0.0, 0.0
    if label >= 0:
        x, s, n = shape_of(book, book.labels.shape[label])
        stop, count = _run(unit, prices, book, stops, T - 1, label, lowest(x, s, n, 0.0)[0], schedule)
    while stop > 0:
        above, band = stops.above[stop, count], stops.band[stop, count]
        parent, t = stops.parent[stop, count], stop - 1
        if parent == BEGUN:
            bounds = move_bounds(unit, band, NEVER, True, True)
            _stand(schedule, t, above, 0.0, bounds)
            stop, count = _origin(stops, t, stops.begun[stop, count])
        else:
            before = _step(unit, prices, book, parent, t, above, band, True, schedule)
            stop, count = _run(unit, prices, book, stops, t - 1, parent, before, schedule)


@leaf
def _run(unit, prices, book, stops, t, label, above, schedule):
    """Back from a label to the start of its run; returns the stop before it."""
    while t >= 0:
        band, parent = book.shapes.band[book.labels.shape[label]], book.labels.parent[label]
        if parent == BEGUN:
            _stand(schedule, t, above, 0.0, move_bounds(unit, band, NEVER, True, False))
            return _origin(stops, t, book.labels.starts[label])
        above = _step(unit, prices, book, parent, t, above, band, False, schedule)
        t, label = t - 1, parent
    return -1, -1


@leaf
def _step(unit, prices, book, parent, t, above, band, ends, schedule):
    """Write one step down; returns the output before it."""
    shape = book.labels.shape[parent]
    x, s, n = shape_of(book, shape)
    slow = min(slow_of(unit, book.shapes.band[shape]), unit.slow[band])
    bounds = move_bounds(unit, band, slow, False, ends)
    before = best_before(above, x, s, n, bounds, awards_at(prices, t))
    _stand(schedule, t, above, before, bounds)
    return before


@leaf
def _stand(schedule, t, above, before, bounds):
    schedule.on[t], schedule.above[t] = 1.0, above
    schedule.head[t], schedule.foot[t] = rooms(above, before, bounds)


@leaf
def _origin(stops, h, starts):
    origin = stops.start_from[h, starts]
    if origin == NEVER_ON:
        return -1, -1
    return origin // stops.cost.shape[1], origin % stops.cost.shape[1]

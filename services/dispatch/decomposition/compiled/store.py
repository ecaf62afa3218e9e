"""Labels and the functions that they share, compiled: they grow with the data and never overflow.

A label is one undominated way to have come to a step: a function of output (its *shape*, shared by all labels that
differ by a constant only), its cost on top, how many steps towards its minimum time it has made, how many of the day's
starts it has used, and the label before it.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from services.dispatch.decomposition.compiled.curves import NARROW_MW, excess, leaf, lowest, same

NEVER = 1e30
BEGUN = -2
"""Parent of a label that begins here."""
SLACK = 1e-13
"""Relative to the cost, how much dearer a label may be and still be dominated: rounding."""


class Shapes(NamedTuple):
    """Functions one behind another in x and s; `at` says where each begins."""

    x: np.ndarray
    s: np.ndarray
    at: np.ndarray
    n: np.ndarray
    band: np.ndarray
    least: np.ndarray
    """Least value."""
    used: np.ndarray
    """How many labels it has."""


class Labels(NamedTuple):
    """One entry per label."""

    shape: np.ndarray
    cost: np.ndarray
    age: np.ndarray
    starts: np.ndarray
    parent: np.ndarray


class Book(NamedTuple):
    """All labels of one pass, step by step."""

    shapes: Shapes
    labels: Labels
    size: np.ndarray
    """Shapes, labels, breakpoints so far."""
    first_shape: np.ndarray
    first_label: np.ndarray
    """By step: where its own begin."""


@njit(cache=True)
def new_book(T, points):
    """An empty book."""
    shapes = Shapes(
        np.zeros(points), np.zeros(points), np.zeros(64, np.int64), np.zeros(64, np.int64), np.zeros(64, np.int64),
        np.zeros(64), np.zeros(64, np.int64),
    )  # fmt: skip
    labels = Labels(
        np.zeros(64, np.int64), np.zeros(64), np.zeros(64, np.int64), np.zeros(64, np.int64), np.zeros(64, np.int64),
    )  # fmt: skip
    return Book(shapes, labels, np.zeros(3, np.int64), np.zeros(T + 2, np.int64), np.zeros(T + 2, np.int64))


@njit(cache=True)
def longer(array, size):
    """The same entries with room for `size`; the array itself where it has it."""
    if size <= array.size:
        return array
    grown = np.empty(max(size, 2 * array.size), array.dtype)
    grown[: array.size] = array
    return grown


@njit(cache=True)
def with_room(book, shapes, labels, points):
    """The book with room for so many more."""
    a, b, c = book.size[0] + shapes, book.size[1] + labels, book.size[2] + points
    f, g = book.shapes, book.labels
    if a <= f.at.size and b <= g.cost.size and c <= f.x.size:
        return book
    f = Shapes(
        longer(f.x, c), longer(f.s, c), longer(f.at, a), longer(f.n, a), longer(f.band, a), longer(f.least, a),
        longer(f.used, a),
    )  # fmt: skip
    g = Labels(longer(g.shape, b), longer(g.cost, b), longer(g.age, b), longer(g.starts, b), longer(g.parent, b))
    return Book(f, g, book.size, book.first_shape, book.first_label)


@leaf
def shape_of(book, i):
    """Breakpoints, slopes and length of a shape."""
    f = book.shapes
    at, n = f.at[i], f.n[i]
    return f.x[at : at + n + 1], f.s[at : at + n], n


@leaf
def settle_shape(book, step, band, n):
    """Keep the function that was written behind all others, or find its like in this step. Returns its number."""
    f, i = book.shapes, book.size[0]
    at = book.size[2]
    for j in range(book.first_shape[step], i):
        if f.band[j] == band:
            x, s, k = shape_of(book, j)
            if same(f.x[at : at + n + 1], f.s[at : at + n], n, x, s, k):
                return j
    f.at[i], f.n[i], f.band[i], f.used[i] = at, n, band, 0
    f.least[i] = lowest(f.x[at : at + n + 1], f.s[at : at + n], n, 0.0)[1]
    book.size[0], book.size[2] = i + 1, at + n + 1
    return i


@leaf
def put_label(book, step, shape, cost, age, starts, parent):
    """A label more, unless one of its shape is as good in all; labels come oldest first."""
    g, last = book.labels, book.size[1]
    if book.shapes.used[shape] > 0:
        for i in range(last - 1, book.first_label[step] - 1, -1):
            if g.shape[i] != shape or g.cost[i] >= NEVER:
                continue
            if g.starts[i] <= starts and g.age[i] >= age and g.cost[i] <= cost:
                return
            if g.starts[i] >= starts and g.age[i] <= age and g.cost[i] >= cost:
                g.cost[i] = NEVER
                book.shapes.used[shape] -= 1
    g.shape[last], g.cost[last], g.age[last], g.starts[last], g.parent[last] = shape, cost, age, starts, parent
    book.size[1] = last + 1
    book.shapes.used[shape] += 1


@leaf
def prune(book, step):
    """Drop every label of the step that another one undercuts at each of its outputs, then close the gaps."""
    f = book.shapes
    for better in range(book.first_shape[step], book.size[0]):
        for worse in range(book.first_shape[step], book.size[0]):
            if better == worse or f.band[better] != f.band[worse] or f.used[better] == 0 or f.used[worse] == 0:
                continue
            a, b = f.at[better], f.at[worse]
            if f.x[a] > f.x[b] + NARROW_MW or f.x[a + f.n[better]] < f.x[b + f.n[worse]] - NARROW_MW:
                continue
            _prune_pair(book, step, better, worse)
    _close_gaps(book, step)


@leaf
def _prune_pair(book, step, better, worse):
    g, first, last = book.labels, book.first_label[step], book.size[1]
    f = book.shapes
    dearest, cheapest = -NEVER, NEVER
    for i in range(first, last):
        if g.cost[i] < NEVER:
            if g.shape[i] == worse:
                dearest = max(dearest, g.cost[i])
            elif g.shape[i] == better:
                cheapest = min(cheapest, g.cost[i])
    if cheapest + f.least[better] > dearest + f.least[worse]:
        return
    x, s, n = shape_of(book, better)
    fx, fs, fn = shape_of(book, worse)
    above = excess(x, s, n, 0.0, fx, fs, fn, 0.0)
    if cheapest + above > dearest + SLACK * abs(dearest):
        return
    for i in range(first, last):
        if g.shape[i] == worse and g.cost[i] < NEVER and _undercut(book, first, last, i, better, above):
            g.cost[i] = NEVER
            f.used[worse] -= 1


@leaf
def _undercut(book, first, last, i, better, above):
    g = book.labels
    enough = g.cost[i] + SLACK * abs(g.cost[i]) - above
    for j in range(first, last):
        if g.shape[j] == better and g.cost[j] <= enough and g.age[j] >= g.age[i] and g.starts[j] <= g.starts[i]:
            return True
    return False


@leaf
def _close_gaps(book, step):
    g, kept = book.labels, book.first_label[step]
    for i in range(book.first_label[step], book.size[1]):
        if g.cost[i] < NEVER:
            if kept != i:
                g.shape[kept], g.cost[kept], g.age[kept] = g.shape[i], g.cost[i], g.age[i]
                g.starts[kept], g.parent[kept] = g.starts[i], g.parent[i]
            kept += 1
    book.size[1] = kept

"""Arrays of linear expressions: what a formulation writes its physics in.

A `Linear` of shape (units, steps) is one sparse matrix with a row per entry, and a constant. Every operation is a
handful of sparse-matrix calls, so no formulation loops over units and steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from grid_models.quantities import Floats

Shape = tuple[int, ...]


class Linear:
    """An array of linear expressions in the columns of one model."""

    __slots__ = ("constant", "matrix", "shape")
    __array_ufunc__ = None  # numpy hands `array * linear` to us

    def __init__(self, shape: Shape, matrix: Any, constant: Floats):
        self.shape = shape
        self.matrix = matrix
        self.constant = constant

    @property
    def size(self) -> int:
        return int(self.matrix.shape[0])

    def __add__(self, other: "Linear | ArrayLike") -> "Linear":
        if not isinstance(other, Linear):
            shape = np.broadcast_shapes(self.shape, np.shape(other))
            mine = self.broadcast_to(shape)
            values = np.broadcast_to(np.asarray(other, dtype=float), shape)
            return Linear(shape, mine.matrix, mine.constant + values.ravel())
        shape = np.broadcast_shapes(self.shape, other.shape)
        one, two = self.broadcast_to(shape), other.broadcast_to(shape)
        width = max(one.matrix.shape[1], two.matrix.shape[1])
        return Linear(shape, _widened(one.matrix, width) + _widened(two.matrix, width), one.constant + two.constant)

    __radd__ = __add__

    def __neg__(self) -> "Linear":
        return Linear(self.shape, -self.matrix, -self.constant)

    def __sub__(self, other: "Linear | ArrayLike") -> "Linear":
        return self + (-other if isinstance(other, Linear) else -np.asarray(other, dtype=float))

    def __rsub__(self, other: ArrayLike) -> "Linear":
        return -self + other

    def __mul__(self, factor: ArrayLike) -> "Linear":
        shape = np.broadcast_shapes(self.shape, np.shape(factor))
        mine = self.broadcast_to(shape)
        factors = np.broadcast_to(np.asarray(factor, dtype=float), shape).ravel()
        matrix = mine.matrix
        data = matrix.data * np.repeat(factors, np.diff(matrix.indptr))
        return Linear(shape, csr_array((data, matrix.indices, matrix.indptr), matrix.shape), mine.constant * factors)

    __rmul__ = __mul__

    def __truediv__(self, divisor: ArrayLike) -> "Linear":
        return self * (1 / np.asarray(divisor, dtype=float))

    def __getitem__(self, key: Any) -> "Linear":
        chosen = np.arange(self.size).reshape(self.shape)[key]
        return self._rows(np.asarray(chosen).ravel(), np.shape(chosen))

    def __le__(self, other: "Linear | ArrayLike") -> "Relation":
        return _relation(self - other, -np.inf, 0.0)

    def __ge__(self, other: "Linear | ArrayLike") -> "Relation":
        return _relation(self - other, 0.0, np.inf)

    def equals(self, other: "Linear | ArrayLike") -> "Relation":
        return _relation(self - other, 0.0, 0.0)

    def broadcast_to(self, shape: Shape) -> "Linear":
        if shape == self.shape:
            return self
        rows = np.broadcast_to(np.arange(self.size).reshape(self.shape), shape).ravel()
        return self._rows(rows, shape)

    def sum(self, axis: int | None = None) -> "Linear":
        """The sum over one axis, or over everything."""
        if axis is None:
            return self.grouped(np.zeros(self.size, dtype=int), (1,))
        kept = tuple(length for place, length in enumerate(self.shape) if place != axis % len(self.shape))
        labels = np.expand_dims(np.arange(int(np.prod(kept))).reshape(kept), axis)
        return self.grouped(np.broadcast_to(labels, self.shape).ravel(), kept)

    def grouped(self, labels: NDArray[Any], shape: Shape) -> "Linear":
        """The sums of the entries that share a label, as an array of the given shape."""
        collect = csr_array(
            (np.ones(self.size), (labels, np.arange(self.size))), shape=(int(np.prod(shape)), self.size)
        )
        return self.applied(collect, shape)

    def applied(self, mixing: Any, shape: Shape) -> "Linear":
        """A matrix (new entries x these entries) times this."""
        return Linear(shape, csr_array(mixing @ self.matrix), np.asarray(mixing @ self.constant, dtype=float))

    def scattered(self, rows: NDArray[Any], count: int) -> "Linear":
        """These rows (first axis) at the given places of `count` rows; zero elsewhere."""
        shape = (count, *self.shape[1:])
        inner = int(np.prod(self.shape[1:]))
        places = (np.asarray(rows)[:, None] * inner + np.arange(inner)).ravel()
        spread = csr_array((np.ones(self.size), (places, np.arange(self.size))), shape=(count * inner, self.size))
        return self.applied(spread, shape)

    def before(self, initial: ArrayLike) -> "Linear":
        """The same one step earlier; `initial` is what it was before the first step."""
        return self.lagged(1) + _at_first_step(initial, self.shape)

    def lagged(self, steps: int) -> "Linear":
        """The same so many steps earlier (later, where below 0), zero outside the horizon."""
        units, count = self.shape
        entry = np.arange(self.size).reshape(self.shape)
        here, there = entry[:, max(steps, 0) : count + min(steps, 0)], entry[:, max(-steps, 0) : count - max(steps, 0)]
        if abs(steps) >= count:
            here = there = entry[:, :0]
        shift = csr_array((np.ones(here.size), (here.ravel(), there.ravel())), shape=(self.size, self.size))
        return self.applied(shift, (units, count))

    def last_before_first(self, rows: ArrayLike) -> "Linear":
        """The last step's value placed at the first step, for rows under the mask: a horizon closed on itself."""
        units, count = self.shape
        chosen = np.flatnonzero(rows)
        first, last = chosen * count, chosen * count + count - 1
        return self.applied(csr_array((np.ones(chosen.size), (first, last)), shape=(self.size,) * 2), (units, count))

    def over_last(self, lengths: ArrayLike) -> "Linear":
        """The sum over the last so many steps (per unit), this one included, inside the horizon."""
        return self.weighted_past(_window(np.broadcast_to(np.asarray(lengths, dtype=int), (self.shape[0],))))

    def weighted_past(self, weights: Floats, ahead: bool = False) -> "Linear":
        """Sum over k of `weights[unit, k]` times this k steps earlier (later, if `ahead`), inside the horizon."""
        count = self.shape[1]
        unit, lag = np.nonzero(weights[:, :count])
        reach = count - lag
        entry = np.repeat(unit * count, reach) + _ranges(reach)
        here, there = entry + np.repeat(lag, reach), entry
        if ahead:
            here, there = there, here
        values = np.repeat(weights[unit, lag], reach)
        return self.applied(csr_array((values, (here, there)), shape=(self.size, self.size)), self.shape)

    def at(self, values: Floats) -> Floats:
        """The numbers that it takes at given values of the columns."""
        result: Floats = (self.matrix @ values[: self.matrix.shape[1]] + self.constant).reshape(self.shape)
        return result

    def _rows(self, rows: NDArray[Any], shape: Shape) -> "Linear":
        return Linear(shape, self.matrix[rows], self.constant[rows])


@dataclass(frozen=True)
class Relation:
    """Rows of a model: `lower <= linear <= upper`, entry by entry."""

    linear: Linear
    lower: Floats
    upper: Floats

    def where(self, mask: NDArray[np.bool_]) -> tuple["Relation", NDArray[Any]]:
        """Only the entries under the mask, flattened, with their places."""
        places = np.flatnonzero(np.broadcast_to(mask, self.linear.shape))
        chosen = Linear((places.size,), self.linear.matrix[places], self.linear.constant[places])
        return Relation(chosen, self.lower[places], self.upper[places]), places


def columns(first: int, shape: Shape) -> Linear:
    """New columns of a model, numbered from `first`, as an array of expressions."""
    size = int(np.prod(shape))
    indices = np.arange(first, first + size, dtype=np.int32)
    matrix = csr_array((np.ones(size), indices, np.arange(size + 1, dtype=np.int32)), shape=(size, first + size))
    return Linear(shape, matrix, np.zeros(size))


def zero(shape: Shape) -> Linear:
    """Nothing, in the given shape."""
    size = int(np.prod(shape))
    return Linear(shape, csr_array((size, 1)), np.zeros(size))


def total(parts: Sequence[Linear], shape: Shape) -> Linear:
    """The sum of expressions of one shape; zero where there are none."""
    result = zero(shape)
    for part in parts:
        result = result + part
    return result


def stacked(matrices: Sequence[Any], width: int) -> Any:
    """Matrices above one another, as wide as the model."""
    if not matrices:
        return csr_array((0, width))
    data = np.concatenate([matrix.data for matrix in matrices])
    indices = np.concatenate([matrix.indices for matrix in matrices])
    counts = np.concatenate([np.diff(matrix.indptr) for matrix in matrices])
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return csr_array((data, indices, indptr), shape=(len(counts), width))


def _relation(linear: Linear, lower: float, upper: float) -> Relation:
    # The constant moves to the right-hand side; the open side stays open, whatever stands there.
    bare = Linear(linear.shape, linear.matrix, np.zeros(linear.size))
    low, high = (np.full(linear.size, side) if np.isinf(side) else side - linear.constant for side in (lower, upper))
    return Relation(bare, low, high)


def _widened(matrix: Any, width: int) -> Any:
    if matrix.shape[1] == width:
        return matrix
    return csr_array((matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], width))


def _at_first_step(initial: ArrayLike, shape: Shape) -> Floats:
    values = np.zeros(shape)
    values[:, 0] = initial
    return values


def _window(lengths: NDArray[Any]) -> Floats:
    longest = int(lengths.max(initial=0))
    return (np.arange(longest) < lengths[:, None]).astype(float)


def _ranges(counts: NDArray[Any]) -> NDArray[Any]:
    """0..n-1 for every n, one after the other."""
    ends = np.cumsum(counts)
    steps: NDArray[Any] = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)
    return steps

"""What is left of a linear programme while it is reduced: rows and columns that are still undecided."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from grid_models.quantities import Floats
from services.dispatch.model import Matrix

Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]

CLOSE = 1e-9
"""Limits nearer than this are one number."""
ROUNDING = 1e-12
"""Relative: what sums of a row may lose."""


@dataclass(frozen=True)
class Remainder:
    """Rows and columns that are left, with the limits that they have by now."""

    rows: Any
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    row_of: Numbers
    """Of every row, its number in the whole matrix."""
    column_of: Numbers

    @property
    def lengths(self) -> Numbers:
        """Entries by row."""
        counts: Numbers = np.diff(self.rows.indptr)
        return counts

    @property
    def size(self) -> int:
        return len(self.row_of) + len(self.column_of)


def whole(matrix: Matrix) -> Remainder:
    """Everything, before anything is decided."""
    height, width = matrix.shape
    return Remainder(
        rows=matrix.rows,
        lower=matrix.lower,
        upper=matrix.upper,
        row_lower=matrix.row_lower,
        row_upper=matrix.row_upper,
        row_of=np.arange(height),
        column_of=np.arange(width),
    )


def without_rows(rest: Remainder, gone: Mask) -> Remainder:
    """The same less some rows."""
    if not gone.any():
        return rest
    kept = ~gone
    return replace(
        rest,
        rows=_restricted(rest.rows, kept, None),
        row_lower=rest.row_lower[kept],
        row_upper=rest.row_upper[kept],
        row_of=rest.row_of[kept],
    )


def without_fixed(rest: Remainder) -> tuple[Remainder, Numbers, Floats]:
    """The same with every decided column moved to the right-hand side; their numbers and values."""
    fixed = rest.upper - rest.lower <= CLOSE
    if not fixed.any():
        return rest, np.zeros(0, np.int64), np.zeros(0)
    moved = rest.rows @ np.where(fixed, rest.lower, 0.0)
    kept = ~fixed
    left = Remainder(
        rows=_restricted(rest.rows, None, kept),
        lower=rest.lower[kept],
        upper=rest.upper[kept],
        row_lower=rest.row_lower - moved,
        row_upper=rest.row_upper - moved,
        row_of=rest.row_of,
        column_of=rest.column_of[kept],
    )
    return left, rest.column_of[fixed], rest.lower[fixed]


def reach(rest: Remainder) -> tuple[Floats, Floats]:
    """By row, the least and the most that its columns' limits let it be."""
    weights, places = rest.rows.data, rest.rows.indices
    low, high = rest.lower[places], rest.upper[places]
    rising = weights > 0
    return (
        _row_sums(rest.rows, weights * np.where(rising, low, high)),
        _row_sums(rest.rows, weights * np.where(rising, high, low)),
    )


def tolerance(side: Floats) -> Floats:
    """How near a sum must come to a limit to be at it."""
    near: Floats = CLOSE + ROUNDING * np.where(np.isfinite(side), np.abs(side), 0.0)
    return near


def _row_sums(rows: Any, entries: Floats) -> Floats:
    sums = np.zeros(rows.shape[0])
    filled = rows.indptr[1:] > rows.indptr[:-1]
    if filled.any():
        sums[filled] = np.add.reduceat(entries, rows.indptr[:-1][filled])
    return sums


def _restricted(rows: Any, kept_rows: Mask | None, kept_columns: Mask | None) -> Any:
    """Some rows and columns of a sparse matrix; fancy indexing of both would take several times as long."""
    entries = np.ones(rows.nnz, dtype=bool) if kept_columns is None else kept_columns[rows.indices]
    if kept_rows is not None:
        entries &= np.repeat(kept_rows, np.diff(rows.indptr))
    before = np.concatenate([[0], np.cumsum(entries)])
    counts = before[rows.indptr[1:]] - before[rows.indptr[:-1]]
    if kept_rows is not None:
        counts = counts[kept_rows]
    indices, width = rows.indices[entries], rows.shape[1]
    if kept_columns is not None:
        indices = (np.cumsum(kept_columns, dtype=np.int32) - 1)[indices]
        width = int(kept_columns.sum())
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return csr_array((rows.data[entries], indices, indptr), shape=(len(counts), width))

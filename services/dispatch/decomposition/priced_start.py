"""A linear programme that begins at prices instead of at nothing.

At given prices of the rows that link resources, what is left falls apart into many small programmes, and their optimal
bases are one basis of the whole: each linking row is held by a column of its own that is fixed at zero and costs the
row's price, so the row's dual is that price. Such a basis is dual feasible, and the dual simplex method only has to
mend what does not add up in the linking rows.
"""

from dataclasses import replace
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack
from scipy.sparse.csgraph import connected_components

from grid_models.quantities import Floats
from services.dispatch.decomposition.blocks import side_by_side
from services.dispatch.model import Matrix
from services.dispatch.solve.highs import loaded

Numbers = NDArray[np.int64]
Statuses = NDArray[np.object_]
STATUS = highspy.HighsBasisStatus
DUAL_SIMPLEX = 1
GROUPS = 8
"""Into so many programmes the small ones are put together: one for each would take longer to load than to solve."""


def loaded_at(matrix: Matrix, prices: Floats) -> Any:
    """The relaxed problem in HiGHS, at the basis of these prices (of its rows; nan for rows that link nothing).

    Behind the columns of the matrix come those that hold the linking rows. Where something has no limit at these
    prices there is no such basis, and the solver begins at nothing.
    """
    linking = np.flatnonzero(~np.isnan(prices))
    solver = loaded(_with_holders(matrix, linking, prices[linking]), relaxed=True, options={"threads": 1})
    statuses = _apart(matrix, linking, prices[linking])
    if statuses is not None:
        columns, rows = statuses
        rows[linking] = _sides(matrix, linking, prices[linking])
        basis = highspy.HighsBasis()
        basis.col_status = [*columns, *[STATUS.kBasic] * linking.size]
        basis.row_status = list(rows)
        basis.valid = True
        solver.setBasis(basis)
        solver.setOptionValue("simplex_strategy", DUAL_SIMPLEX)
    return solver


def _with_holders(matrix: Matrix, linking: Numbers, prices: Floats) -> Matrix:
    count, nothing = linking.size, np.zeros(linking.size)
    holders = csr_array((np.ones(count), (linking, np.arange(count))), shape=(matrix.shape[0], count))
    return replace(
        matrix,
        cost=np.r_[matrix.cost, prices],
        lower=np.r_[matrix.lower, nothing],
        upper=np.r_[matrix.upper, nothing],
        integer=np.r_[matrix.integer, np.zeros(count, dtype=bool)],
        rows=csr_array(hstack([matrix.rows, holders])),
    )


def _sides(matrix: Matrix, linking: Numbers, prices: Floats) -> Statuses:
    """The limit of each linking row at which its price lets it stand."""
    has_lower, has_upper = np.isfinite(matrix.row_lower[linking]), np.isfinite(matrix.row_upper[linking])
    sides = np.full(linking.size, STATUS.kLower, dtype=object)
    sides[has_upper & ((prices < 0) | ~has_lower)] = STATUS.kUpper
    sides[~has_upper & ~has_lower] = STATUS.kZero
    return sides


def _apart(matrix: Matrix, linking: Numbers, prices: Floats) -> tuple[Statuses, Statuses] | None:
    """Of columns and rows, the optimal basis without the linking rows; None where something has no limit."""
    cost = matrix.cost - csr_array(matrix.rows[linking]).T @ prices
    own = np.setdiff1d(np.arange(matrix.shape[0]), linking)
    rows = csr_array(matrix.rows[own])
    groups = _groups(rows)

    def ask(group: tuple[Numbers, Numbers]) -> Any:
        some, among = group
        at = own[among]
        return _basis(replace(
            matrix, cost=cost[some], lower=matrix.lower[some], upper=matrix.upper[some], integer=matrix.integer[some],
            rows=csr_array(rows[among][:, some]), row_lower=matrix.row_lower[at], row_upper=matrix.row_upper[at],
        ))  # fmt: skip

    of_columns, of_rows = np.empty(matrix.shape[1], dtype=object), np.empty(matrix.shape[0], dtype=object)
    for (some, among), basis in zip(groups, side_by_side(ask, groups), strict=True):
        if basis is None:
            return None
        of_columns[some], of_rows[own[among]] = list(basis.col_status), list(basis.row_status)
    return of_columns, of_rows


def _basis(matrix: Matrix) -> Any:
    solver = loaded(matrix, relaxed=True, options={"threads": 1})
    solver.run()
    return solver.getBasis() if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal else None


def _groups(rows: csr_array) -> list[tuple[Numbers, Numbers]]:
    """Columns and rows of what hangs together, in groups of about as many rows."""
    height, width = rows.shape
    places = rows.tocoo()
    graph = csr_array((np.ones(rows.nnz), (places.row, places.col + height)), shape=(height + width, height + width))
    count, label = connected_components(graph, directed=False)
    size = np.bincount(label[:height], minlength=count)
    group = ((np.cumsum(size) - size) * GROUPS // max(1, height))[label]
    by_row, by_column = group[:height], group[height:]
    return [(np.flatnonzero(by_column == number), np.flatnonzero(by_row == number)) for number in np.unique(group)]

"""Every other resource with rules of its own as a small problem: priced like a unit, so that the master stays small.

A battery, a pumped hydro station, an interruptible load or a virtual power plant meets the rest of the system only in
the linking rows. At given prices of those its best schedule is a small linear programme, which stays loaded: a change
of prices costs a few steps of the simplex method. Whole numbers are relaxed here, so the value is always a bound.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import highspy
import numba
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from grid_models.quantities import Floats
from services.dispatch.decomposition.split import Block, Split
from services.dispatch.model import Matrix, Names
from services.dispatch.solve.highs import loaded
from services.dispatch.solve.rounding import WHOLE

PRIMAL_SIMPLEX = 4
STAY_LOADED = 300
"""So many blocks stay loaded, the largest: each takes a megabyte, loading one anew 40 % more time."""
IMPOSSIBLE = 1e20
"""The value of a party that has no schedule."""
TOLERANCE = 1e-4
"""Absolute for columns, relative for rows: what rounding may leave of a schedule's rules; the dispatch decides anew."""
NOTHING = Names(())
Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Offers:
    """What the blocks would do at some prices."""

    value: Floats
    """Least reduced cost by block; -inf where it has no limit."""
    values: Floats
    """Of all columns of the matrix; zero where no block owns them."""
    cost: Floats
    """What each block's schedule costs the block itself."""


class Blocks:
    """The blocks of a split: the largest stay loaded, the others begin at their last basis."""

    def __init__(self, parts: Split):
        self.parts = parts
        self.matrices = [_matrix(parts, block) for block in parts.blocks]
        self.largest_first = sorted(range(len(self.matrices)), key=lambda number: -int(self.matrices[number].rows.nnz))
        self.solvers = {number: _loaded(self.matrices[number]) for number in self.largest_first[:STAY_LOADED]}
        self.bases: dict[int, Any] = {}

    def __call__(self, row_prices: Floats, only: NDArray[np.bool_] | None = None) -> Offers:
        """Every block's best schedule at these prices of the master's rows, or only that of some."""
        parts = self.parts
        reduced = parts.matrix.cost - parts.links.T @ row_prices
        count = len(parts.blocks)
        value, cost, values = np.full(count, -np.inf), np.zeros(count), np.zeros(len(reduced))

        def ask(number: int) -> tuple[float, Floats] | None:
            return self._cheapest(number, reduced[parts.blocks[number].columns])

        asked = [number for number in self.largest_first if only is None or only[number]]
        for number, found in zip(asked, side_by_side(ask, asked), strict=True):
            if found is not None:
                block = parts.blocks[number]
                value[number], values[block.columns] = found
                cost[number] = parts.matrix.cost[block.columns] @ values[block.columns]
        return Offers(value, values, cost)

    def _cheapest(self, number: int, reduced: Floats) -> tuple[float, Floats] | None:
        if number in self.solvers:
            return _cheapest(self.solvers[number], reduced)
        solver = _loaded(replace(self.matrices[number], cost=reduced))
        if number in self.bases:
            solver.setBasis(self.bases[number])
            solver.setOptionValue("simplex_strategy", PRIMAL_SIMPLEX)
        found = _cheapest(solver, reduced)
        if found is not None:
            self.bases[number] = solver.getBasis()
        return found

    def followed(self, values: Floats) -> Offers:
        """What the blocks do in these values of all columns, nan where not known; of no value where rules forbid it."""
        parts, count = self.parts, len(self.matrices)
        value, cost, done = np.full(count, IMPOSSIBLE), np.zeros(count), np.zeros(len(values))
        for number, (block, matrix) in enumerate(zip(parts.blocks, self.matrices, strict=True)):
            own = values[block.columns]
            if obeys(matrix, own):
                value[number], cost[number] = 0.0, parts.matrix.cost[block.columns] @ own
                done[block.columns] = own
        return Offers(value, done, cost)

    def broken(self, values: Floats) -> list[int]:
        """The blocks whose whole numbers are not whole, smallest first."""
        found = [number for number in range(len(self.matrices)) if self._fraction(number, values) > WHOLE]
        return sorted(found, key=lambda number: int(self.matrices[number].rows.nnz))

    def _fraction(self, number: int, values: Floats) -> float:
        chosen = values[self.parts.blocks[number].columns][self.matrices[number].integer]
        return float(np.abs(chosen - np.round(chosen)).max(initial=0.0))


def side_by_side(ask: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
    """The answers in the order of the items, by as many threads as price the units: HiGHS leaves Python to others."""
    with ThreadPoolExecutor(numba.get_num_threads()) as threads:
        return list(threads.map(ask, items))


def obeys(matrix: Matrix, values: Floats) -> bool:
    """Whether these values keep all limits of columns and rows; never where one of them is not known."""
    rows = matrix.rows @ values
    slack = TOLERANCE * np.maximum(1.0, np.abs(rows))
    in_rows = (matrix.row_lower - slack <= rows) & (rows <= matrix.row_upper + slack)
    in_columns = (matrix.lower - TOLERANCE <= values) & (values <= matrix.upper + TOLERANCE)
    return bool(in_rows.all() and in_columns.all())


def _matrix(parts: Split, block: Block) -> Matrix:
    """The block's own problem, without a price."""
    whole = parts.matrix
    rows, (height, width) = whole.rows[block.rows], (len(block.rows), len(block.columns))
    # All entries are in the block's own columns, which are sorted; picking columns would look at every one there is.
    places = np.searchsorted(block.columns, rows.indices)
    return Matrix(
        cost=np.zeros(len(block.columns)),
        lower=whole.lower[block.columns],
        upper=whole.upper[block.columns],
        integer=whole.integer[block.columns],
        rows=csr_array((rows.data, places, rows.indptr), shape=(height, width)),
        row_lower=whole.row_lower[block.rows],
        row_upper=whole.row_upper[block.rows],
        offset=0.0,
        column_names=NOTHING,
        row_names=NOTHING,
    )


def _loaded(matrix: Matrix) -> Any:
    return loaded(matrix, relaxed=True, options={"threads": 1})


def _cheapest(solver: Any, reduced: Floats) -> tuple[float, Floats] | None:
    """Value and schedule at these costs; None where there is no limit to what it could gain."""
    places = np.arange(len(reduced), dtype=np.int32)
    solver.changeColsCost(len(places), places, np.ascontiguousarray(reduced))
    solver.run()
    # From now on only costs change: the basis stays primal feasible.
    solver.setOptionValue("simplex_strategy", PRIMAL_SIMPLEX)
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return float(solver.getInfo().objective_function_value), np.array(solver.getSolution().col_value)

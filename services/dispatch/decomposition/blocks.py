"""Every other resource with rules of its own as a small problem: priced like a unit, so that the master stays small.

A battery, a pumped hydro station, an interruptible load or a virtual power plant meets the rest of the system only in
the linking rows. At given prices of those its best schedule is a small linear programme, which stays loaded: a change
of prices costs a few steps of the simplex method. Whole numbers are relaxed here, so the value is always a bound.
"""

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array, hstack, vstack

from grid_models.quantities import Floats
from services.dispatch.decomposition.rounding_dive import whole_near
from services.dispatch.decomposition.split import Block, Split
from services.dispatch.model import Matrix, Names
from services.dispatch.solve.highs import loaded

PRIMAL_SIMPLEX = 4
WHOLE = 1e-6
DEVIATION = 0.1
"""Share of a balance's price that it costs to give the system more or less than the master has planned with."""
NOTHING = Names(())


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
    """The blocks of a split, each loaded once."""

    def __init__(self, parts: Split):
        self.parts = parts
        self.matrices = [_matrix(parts, block) for block in parts.blocks]
        self.solvers = [loaded(matrix, relaxed=True, options={"threads": 1}) for matrix in self.matrices]
        self.held = np.zeros(len(self.matrices), np.int8)
        """Of every block, whether it keeps the whole numbers that it was given."""

    def __call__(self, row_prices: Floats) -> Offers:
        """Every block's best schedule at these prices of the master's rows."""
        parts = self.parts
        reduced = parts.matrix.cost - parts.links.T @ row_prices
        count = len(parts.blocks)
        value, cost, values = np.full(count, -np.inf), np.zeros(count), np.zeros(len(reduced))
        for number, (block, solver) in enumerate(zip(parts.blocks, self.solvers, strict=True)):
            found = _cheapest(solver, reduced[block.columns])
            if found is not None:
                value[number], values[block.columns] = found
                cost[number] = parts.matrix.cost[block.columns] @ values[block.columns]
        return Offers(value, values, cost)

    def broken(self, values: Floats) -> list[int]:
        """The blocks whose whole numbers are not whole, smallest first."""
        found = [number for number in range(len(self.matrices)) if self._fraction(number, values) > WHOLE]
        return sorted(found, key=lambda number: int(self.matrices[number].rows.nnz))

    def _fraction(self, number: int, values: Floats) -> float:
        chosen = values[self.parts.blocks[number].columns][self.matrices[number].integer]
        return float(np.abs(chosen - np.round(chosen)).max(initial=0.0))

    def hold_whole(self, number: int, values: Floats, row_prices: Floats, abs_gap: float, seconds: float) -> bool:
        """From now on the block keeps whole numbers near what it has given the system; False where none were found."""
        block, matrix = self.parts.blocks[number], self.matrices[number]
        near = _near(self.parts, block, matrix, values[block.columns], row_prices)
        found = whole_near(near, seconds, abs_gap)
        if found is None:
            return False
        places = np.flatnonzero(matrix.integer).astype(np.int32)
        chosen = np.round(found[places])
        self.solvers[number].changeColsBounds(len(places), places, chosen, chosen)
        self.held[number] += 1
        return True

    def release(self) -> None:
        """Every block is free again."""
        for number in np.flatnonzero(self.held).tolist():
            matrix = self.matrices[number]
            places = np.flatnonzero(matrix.integer).astype(np.int32)
            self.solvers[number].changeColsBounds(len(places), places, matrix.lower[places], matrix.upper[places])
        self.held[:] = 0


def _matrix(parts: Split, block: Block) -> Matrix:
    """The block's own problem, without a price."""
    whole = parts.matrix
    return Matrix(
        cost=np.zeros(len(block.columns)),
        lower=whole.lower[block.columns],
        upper=whole.upper[block.columns],
        integer=whole.integer[block.columns],
        rows=csr_array(whole.rows[block.rows][:, block.columns]),
        row_lower=whole.row_lower[block.rows],
        row_upper=whole.row_upper[block.rows],
        offset=0.0,
        column_names=NOTHING,
        row_names=NOTHING,
    )


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


def _near(parts: Split, block: Block, matrix: Matrix, values: Floats, row_prices: Floats) -> Matrix:
    """The block's problem in whole numbers, where every link that it gives more or less to than before has a cost."""
    links = csr_array(parts.links[:, block.columns])
    touched: NDArray[np.int64] = np.flatnonzero(np.diff(links.indptr))
    links, prices = links[touched], np.abs(row_prices[touched])
    count = len(touched)
    rows = parts.matrix.row_lower[parts.master_rows[touched]], parts.matrix.row_upper[parts.master_rows[touched]]
    less, more = (_penalty(prices, np.isfinite(side), np.isfinite(other)) for side, other in (rows, rows[::-1]))
    given = links @ values
    more_and_less = hstack([links, eye_array(count), -eye_array(count)])
    own = hstack([matrix.rows, csr_array((matrix.rows.shape[0], 2 * count))])
    return Matrix(
        cost=np.r_[parts.matrix.cost[block.columns] - parts.links.T[block.columns] @ row_prices, less, more],
        lower=np.r_[matrix.lower, np.zeros(2 * count)],
        upper=np.r_[matrix.upper, np.full(2 * count, np.inf)],
        integer=np.r_[matrix.integer, np.zeros(2 * count, dtype=bool)],
        rows=csr_array(vstack([own, more_and_less])),
        row_lower=np.r_[matrix.row_lower, given],
        row_upper=np.r_[matrix.row_upper, given],
        offset=0.0,
        column_names=NOTHING,
        row_names=NOTHING,
    )


def _penalty(prices: Floats, limited: NDArray[np.bool_], both: NDArray[np.bool_]) -> Floats:
    """What a deviation towards the limit of each row costs: in a balance little, in a requirement all that it is worth.

    Where a row has no limit on that side, nothing.
    """
    usual = np.maximum(prices, prices.mean() if prices.size else 0.0)
    penalty: Floats = np.where(both, DEVIATION, 1.0) * usual * limited
    return penalty

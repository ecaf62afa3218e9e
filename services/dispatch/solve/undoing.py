"""The steps of a reduction, each able to say which duals its rows have once everything after it is known.

Signs as in HiGHS, for a minimum: the dual of a row is at least 0 at its lower limit, at most 0 at its upper one, and
the reduced cost of a column is its cost less what the rows' duals pay for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.model import Matrix

Numbers = NDArray[np.int64]


class Step(Protocol):
    """What took rows away; rows and columns by their numbers in the whole matrix."""

    def duals(self, row_dual: Floats, reduced_cost: Floats) -> tuple[Numbers, Floats]:
        """Rows, and the duals that they have now."""
        ...


@dataclass(frozen=True)
class Limited:
    """Rows that became a limit of their only column: where it binds, they take over its reduced cost."""

    rows: Numbers
    columns: Numbers
    weight: Floats
    lower: bool

    def duals(self, row_dual: Floats, reduced_cost: Floats) -> tuple[Numbers, Floats]:
        cost = reduced_cost[self.columns]
        binds = cost > 0 if self.lower else cost < 0
        return self.rows[binds], cost[binds] / self.weight[binds]


@dataclass(frozen=True)
class Forced:
    """Rows whose limit fixed all their columns, entry by entry: the smallest dual that holds every column there."""

    rows: Numbers
    columns: Numbers
    weight: Floats
    at_upper: NDArray[np.bool_]

    def duals(self, row_dual: Floats, reduced_cost: Floats) -> tuple[Numbers, Floats]:
        rows, place = np.unique(self.rows, return_inverse=True)
        ratio = reduced_cost[self.columns] / self.weight
        least, most = np.zeros(rows.size), np.zeros(rows.size)
        np.minimum.at(least, place[self.at_upper], ratio[self.at_upper])
        np.maximum.at(most, place[~self.at_upper], ratio[~self.at_upper])
        return rows, least + most


@dataclass(frozen=True)
class Merged:
    """Rows that were multiples of one another: the dual belongs to the one whose limit was kept."""

    rows: Numbers
    lower_from: Numbers
    upper_from: Numbers
    lower_ratio: Floats
    upper_ratio: Floats

    def duals(self, row_dual: Floats, reduced_cost: Floats) -> tuple[Numbers, Floats]:
        dual = row_dual[self.rows]
        upper = dual < 0
        source = np.where(upper, self.upper_from, self.lower_from)
        moved = dual * np.where(upper, self.upper_ratio, self.lower_ratio)
        return np.concatenate([self.rows, source]), np.concatenate([np.zeros(dual.size), moved])


def undone(matrix: Matrix, row_dual: Floats, steps: Sequence[Step]) -> tuple[Floats, Floats]:
    """The duals of all rows and the reduced costs of all columns, from the duals of the rows that were solved."""
    full = row_dual.copy()
    cost = matrix.cost - matrix.rows.T @ full
    for step in reversed(steps):
        rows, duals = step.duals(full, cost)
        before = full.copy()
        full[rows] = duals
        touched = np.flatnonzero(full != before)
        if touched.size:
            cost = cost - matrix.rows[touched].T @ (full[touched] - before[touched])
    return full, cost

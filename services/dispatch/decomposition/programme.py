"""A linear programme that stays loaded while limits of its columns change."""

import time
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.decomposition.priced_start import DUAL_SIMPLEX, loaded_at
from services.dispatch.model import Matrix
from services.dispatch.solve.highs import loaded

Columns = NDArray[np.int64]


@dataclass(frozen=True)
class Point:
    """A solution of the relaxed problem."""

    objective: float
    """Infinite where there is none."""
    values: Floats


class OutOfTime(Exception):
    """The deadline came before the programme was solved."""


class Programme:
    """In HiGHS, near its solution where the prices are known (of its rows; nan for rows that link nothing)."""

    def __init__(self, matrix: Matrix, prices: Floats | None, deadline: float):
        self.matrix, self.deadline = matrix, deadline
        # Columns that HiGHS has behind those of the matrix are none of our business.
        self.solver: Any = (
            loaded(matrix, relaxed=True, options={"threads": 1}) if prices is None else loaded_at(matrix, prices)
        )
        self.lower, self.upper = matrix.lower.copy(), matrix.upper.copy()

    def limit(self, columns: Columns, lower: Floats, upper: Floats) -> None:
        """Other limits for some columns."""
        self.lower[columns], self.upper[columns] = lower, upper
        self.solver.changeColsBounds(
            len(columns), columns.astype(np.int32), np.ascontiguousarray(lower), np.ascontiguousarray(upper)
        )

    def release(self, columns: Columns) -> None:
        """The limits that the matrix gives them."""
        self.limit(columns, self.matrix.lower[columns], self.matrix.upper[columns])

    def solved(self) -> Point:
        """The solution within the limits as they are; `OutOfTime` where it does not come in time."""
        left_s = self.deadline - time.monotonic()
        if left_s <= 0:
            raise OutOfTime
        self.solver.setOptionValue("time_limit", float(self.solver.getRunTime() + left_s))
        self.solver.run()
        # From now on only limits change: the basis stays dual feasible.
        self.solver.setOptionValue("simplex_strategy", DUAL_SIMPLEX)
        status = self.solver.getModelStatus()
        if status == highspy.HighsModelStatus.kTimeLimit:
            raise OutOfTime
        values = np.array(self.solver.getSolution().col_value)[: self.matrix.cost.size]
        found = status == highspy.HighsModelStatus.kOptimal
        return Point(float(self.solver.getInfo().objective_function_value) if found else np.inf, values)

    def row_dual(self) -> Floats:
        """What a unit of each row is worth in the last solution."""
        return np.array(self.solver.getSolution().row_dual)

    def worth(self, columns: Columns) -> Floats:
        """What a unit more of each of these costs in the last solution."""
        return np.array(self.solver.getSolution().col_dual)[columns]

    def blame(self, columns: Columns, moved: Floats) -> Floats:
        """What each of these, by having moved so far, adds at the most to the cost of the last solution.

        Where there was none, it is the part of each in the proof that there is none (a dual ray); where HiGHS has no
        proof, those that come later are more to blame.
        """
        if self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            return np.maximum(self.worth(columns) * moved, 0.0)
        _, has_ray, ray = self.solver.getDualRay()
        if not has_ray:
            return np.arange(1.0, 1.0 + columns.size)
        share: Floats = np.abs(self.matrix.rows[:, columns].T @ np.array(ray)) * np.abs(moved)
        return share

"""Small matrices written by hand, HiGHS without any of our reductions, and what an optimum must satisfy."""

from typing import Any

import numpy as np
from scipy.sparse import csr_array

from grid_models.quantities import Floats
from services.dispatch.model import Matrix, Names
from services.dispatch.solve.highs import Outcome, loaded

NEAR = 1e-6


def matrix(
    cost: list[float], rows: list[list[float]], sides: list[tuple[float, float]], limits: list[tuple[float, float]]
) -> Matrix:
    """A linear programme of a few numbers."""
    low, high = np.array(limits, dtype=float).reshape(-1, 2).T
    least, most = np.array(sides, dtype=float).reshape(-1, 2).T
    return Matrix(
        cost=np.array(cost, dtype=float), lower=low, upper=high, integer=np.zeros(len(cost), dtype=bool),
        rows=csr_array(np.array(rows, dtype=float).reshape(-1, len(cost))), row_lower=least, row_upper=most,
        offset=0.0, column_names=Names([]), row_names=Names([]),
    )  # fmt: skip


def unreduced(whole: Matrix) -> tuple[Any, float]:
    """How HiGHS ends with the relaxed problem as it is, and its objective."""
    solver = loaded(whole, relaxed=True, options={"threads": 1})
    solver.run()
    return solver.getModelStatus(), solver.getInfo().objective_function_value


def assert_optimal(whole: Matrix, found: Outcome) -> None:
    """Feasible values, duals of the right signs, and both sides of the duality worth the same."""
    assert found.values is not None
    assert found.row_dual is not None
    assert found.column_dual is not None
    size = 1 + abs(found.objective)
    activity = whole.rows @ found.values
    assert _stray(activity, whole.row_lower, whole.row_upper) <= NEAR
    assert _stray(found.values, whole.lower, whole.upper) <= NEAR
    reduced_cost = whole.cost - whole.rows.T @ found.row_dual
    assert np.abs(reduced_cost - found.column_dual).max(initial=0.0) <= NEAR * size
    assert _slack(activity, whole.row_lower, whole.row_upper, found.row_dual) <= NEAR * size
    assert _slack(found.values, whole.lower, whole.upper, found.column_dual) <= NEAR * size
    assert abs(found.objective - (whole.cost @ found.values + whole.offset)) <= NEAR * size


def _stray(values: Floats, lower: Floats, upper: Floats) -> float:
    return float(np.maximum(lower - values, values - upper).max(initial=0.0))


def _slack(values: Floats, lower: Floats, upper: Floats, dual: Floats) -> float:
    """What duals at limits that do not bind would cost: 0 at an optimum, endless for a dual of the wrong sign."""
    at_work = np.abs(dual) > 1e-9
    side = np.where(dual > 0, values - lower, upper - values)[at_work]
    return float((np.abs(dual[at_work]) * np.maximum(side, 0.0)).sum())

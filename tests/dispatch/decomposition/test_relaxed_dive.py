"""The dive through the relaxed problem: it ends in a plan, with the prices of its exact dispatch."""

import time

import numpy as np
import pytest
from building import case, thermal
from reference_cases import reference_cases

from grid_models.provinces import builtin_case
from services.dispatch.assembly import build
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.hunt import with_commitment
from services.dispatch.decomposition.neighbourhoods import near, open_width, without_shortage
from services.dispatch.decomposition.relaxed_dive import relaxed_dive
from services.dispatch.decomposition.split import split
from services.dispatch.model import Matrix
from services.dispatch.solve.highs import dispatch
from services.dispatch.solve.rounding import is_whole


def in_time() -> float:
    return time.monotonic() + 60


def narrowed(grid) -> tuple[Matrix, np.ndarray, float]:
    """What is near the schedules of the bound, the columns of the commitment, and the bound."""
    matrix = build(grid).pack()
    parts = split(grid, matrix)
    assert parts is not None
    generation = Generation(grid, parts, lambda _: None)
    generation.run(1e-3, in_time())
    lower, upper = near(parts, generation, open_width(generation, 20), None)
    return with_commitment(matrix, parts, lower, upper), parts.decisions["on"].ravel(), generation.bound


def check(matrix: Matrix, on: np.ndarray, bound: float) -> None:
    """Whole, within every limit, no cheaper than the bound, and no dearer than its own exact dispatch."""
    found = relaxed_dive(matrix, on, in_time(), 1.001 * bound)
    assert found is not None
    assert found.values is not None
    assert found.row_dual is not None
    assert is_whole(matrix, found.values)
    assert (found.values >= matrix.lower - 1e-6).all()
    assert (found.values <= matrix.upper + 1e-6).all()
    activity = matrix.rows @ found.values
    assert (activity >= matrix.row_lower - 1e-4).all()
    assert (activity <= matrix.row_upper + 1e-4).all()
    assert matrix.cost @ found.values + matrix.offset == pytest.approx(found.objective, rel=1e-9)
    assert found.objective >= bound - 1e-6 * abs(bound)
    exact = dispatch(matrix, found.values)
    assert exact.objective == pytest.approx(found.objective, rel=1e-6)


@pytest.mark.parametrize("name", ["everything", "province"])
def test_a_dive_ends_in_a_plan_and_its_exact_dispatch(name: str):
    check(*narrowed(builtin_case("zhejiang") if name == "province" else reference_cases()[name]))


def test_what_costs_more_than_the_most_is_given_up():
    """
    Two units of 60 MW for 100 MW: 5,000 CNY a start, so any plan costs more than the 1 CNY that is allowed.
    """
    grid = case([100.0] * 4, thermal("first", low=10, high=60), thermal("second", low=10, high=60))
    matrix, on, _ = narrowed(grid)
    assert relaxed_dive(matrix, on, in_time(), enough=1.0, most=1.0) is None


def test_out_of_time_there_is_no_plan():
    matrix, on, bound = narrowed(reference_cases()["everything"])
    assert relaxed_dive(matrix, on, time.monotonic() - 1, 1.001 * bound) is None


def test_shortage_is_closed_only_where_there_was_none():
    matrix = build(case([100.0] * 4, thermal("one", low=10, high=120))).pack()
    names = {family.name: family for family in matrix.column_names.families}
    unserved = names["unserved_mw"].first
    values = np.zeros(matrix.shape[1])
    assert without_shortage(matrix, values).upper[unserved] == 0.0
    values[unserved] = 1.0
    assert np.isinf(without_shortage(matrix, values).upper[unserved])

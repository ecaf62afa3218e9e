"""A linear programme that begins at prices ends where it would have ended without them."""

import time

import highspy
import numpy as np
import pytest
from reference_cases import reference_cases
from scipy.sparse import csr_array

from grid_models.provinces import builtin_case
from services.dispatch.assembly import build
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.priced_start import loaded_at
from services.dispatch.decomposition.split import split
from services.dispatch.model import Matrix, Names
from services.dispatch.solve.highs import loaded
from services.dispatch.solve.reduction import reduced

OPTIMAL = highspy.HighsModelStatus.kOptimal


def priced(grid) -> tuple[Matrix, np.ndarray]:
    """The relaxed problem, reduced, and the prices of the bound by row."""
    matrix = build(grid).pack()
    parts = split(grid, matrix)
    assert parts is not None
    generation = Generation(grid, parts, lambda _: None)
    generation.run(1e-3, time.monotonic() + 60)
    reduction = reduced(matrix)
    return reduction.matrix, generation.row_prices[reduction.rest.row_of]


@pytest.fixture(scope="module")
def province() -> tuple[Matrix, np.ndarray]:
    return priced(builtin_case("zhejiang"))


def solved(solver) -> tuple[float, int]:
    solver.run()
    assert solver.getModelStatus() == OPTIMAL
    return solver.getInfo().objective_function_value, solver.getInfo().simplex_iteration_count


def cold(matrix: Matrix) -> tuple[float, int]:
    return solved(loaded(matrix, relaxed=True, options={"threads": 1, "simplex_strategy": 1}))


def test_the_prices_of_the_bound_save_most_of_the_way(province):
    matrix, prices = province
    objective, steps = solved(loaded_at(matrix, prices))
    without, all_steps = cold(matrix)
    assert objective == pytest.approx(without, rel=1e-9)
    assert steps < 0.5 * all_steps


@pytest.mark.parametrize("wrong", ["nothing", "noise", "the other sign"])
def test_wrong_prices_lead_to_the_same_end(wrong: str):
    matrix, prices = priced(reference_cases()["everything"])
    known = ~np.isnan(prices)
    noise = np.random.default_rng(1).normal(0, 1e3, len(prices))
    bad = {"nothing": 0.0 * prices, "noise": noise, "the other sign": -prices}[wrong]
    assert solved(loaded_at(matrix, np.where(known, bad, np.nan)))[0] == pytest.approx(cold(matrix)[0], rel=1e-9)


def test_where_nothing_limits_a_column_at_these_prices_it_begins_at_nothing():
    """5 MW are needed for 1 CNY each; at 2 CNY each the column would sell without end."""
    one = np.ones(1)
    matrix = Matrix(
        cost=one, lower=0 * one, upper=np.inf * one, integer=np.zeros(1, dtype=bool), rows=csr_array(np.ones((1, 1))),
        row_lower=5 * one, row_upper=np.inf * one, offset=0.0, column_names=Names(()), row_names=Names(()),
    )  # fmt: skip
    solver = loaded_at(matrix, 2 * one)
    assert not solver.getBasis().valid
    assert solved(solver)[0] == 5.0

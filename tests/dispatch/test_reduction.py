"""The reduced dispatch is the whole one: same cost, values that fit every row, duals that prove it."""

from dataclasses import replace

import highspy
import numpy as np
import pytest
from building import approx
from fleets import cases, single_units
from hypothesis import HealthCheck, given, settings
from reference_cases import reference_cases
from solving import assert_optimal, matrix, unreduced

from grid_models.case import Case
from services.dispatch.assembly import build
from services.dispatch.model import Matrix
from services.dispatch.solve import guarded, highs
from services.dispatch.solve.highs import Settings, dispatch, search
from services.dispatch.solve.reduction import reduced

INF = np.inf
RANDOM = settings(
    deadline=None, derandomize=True, database=None, max_examples=40, suppress_health_check=list(HealthCheck)
)


def fixed(whole: Matrix, values: object) -> Matrix:
    chosen = np.round(np.asarray(values, dtype=float))
    lower, upper = (np.where(whole.integer, chosen, side) for side in (whole.lower, whole.upper))
    return replace(whole, lower=lower, upper=upper)


def assert_as_the_whole(whole: Matrix, values: object = None) -> None:
    """The dispatch through the reduction against HiGHS with every row."""
    found = dispatch(whole, None if values is None else np.asarray(values))
    remaining = whole if values is None else fixed(whole, values)
    status, objective = unreduced(remaining)
    if status == highspy.HighsModelStatus.kOptimal:
        assert "optimal" == found.end
        assert objective == approx(found.objective)
        assert_optimal(remaining, found)
    else:
        assert found.values is None


@RANDOM
@given(study=cases())
def test_any_kind_at_a_good_commitment_and_at_rest(study: Case) -> None:
    whole = build(study).pack()
    found = search(whole, Settings(gap=0.05, seconds=5, threads=1))
    if found.values is not None:
        assert_as_the_whole(whole, found.values)
    assert_as_the_whole(whole, np.clip(0.0, whole.lower, np.maximum(whole.upper, whole.lower)))


@RANDOM
@given(study=single_units())
def test_any_unit_with_its_binaries_relaxed(study: Case) -> None:
    assert_as_the_whole(build(study).pack())


@pytest.mark.parametrize("name", sorted(reference_cases()))
def test_the_reference_cases(name: str) -> None:
    whole = build(reference_cases()[name]).pack()
    found = search(whole, Settings(gap=0.05, seconds=5, threads=1))
    assert_as_the_whole(whole, found.values)
    assert_as_the_whole(whole)


def test_what_is_large_is_solved_in_a_process_of_its_own_with_the_same_duals(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = build(reference_cases()["zones"]).pack()
    here = dispatch(whole)
    monkeypatch.setattr(highs, "LARGE_NONZEROS", 0)
    monkeypatch.setattr(guarded, "SMALL_NONZEROS", 0)
    there = dispatch(whole, seconds=30)
    assert "optimal" == there.end
    assert here.objective == approx(there.objective)
    assert_optimal(whole, there)


def test_a_row_with_one_column_is_its_limit_and_has_its_dual() -> None:
    """
    Sell x at 3 with 2 x <= 8 and x <= 10: x = 4 by the row, whose unit more is half an x, worth -1.5.

    A row taken for a mere limit would leave its dual to the column: 0 and -3.
    """
    whole = matrix([-3], [[2]], [(-INF, 8)], [(0, 10)])
    found = dispatch(whole)
    assert [4] == approx(found.values)
    assert [-1.5] == approx(found.row_dual)
    assert [0] == approx(found.column_dual)
    assert 0 == reduced(whole).matrix.rows.nnz


def test_of_two_limits_of_a_column_the_tighter_has_the_dual() -> None:
    """Sell x at 3, x <= 6, then y = 0 leaves x + y <= 5: by hand x = 5, and the second row earns it all."""
    whole = matrix([-3, 0], [[1, 0], [1, 1]], [(-INF, 6), (-INF, 5)], [(0, 10), (0, 0)])
    found = dispatch(whole)
    assert [5, 0] == approx(found.values)
    assert [0, -3] == approx(found.row_dual)


def test_a_row_that_forces_its_columns_has_the_least_dual_that_holds_them() -> None:
    """
    Sell x at 3 and y at 8 with x + 2 y <= 0: both stay at 0, and only a dual of -4 makes neither worth selling.
    """
    whole = matrix([-3, -8], [[1, 2]], [(-INF, 0)], [(0, 10), (0, 10)])
    found = dispatch(whole)
    assert [0, 0] == approx(found.values)
    assert [-4] == approx(found.row_dual)
    assert [1, 0] == approx(found.column_dual)


def test_multiples_become_one_row_and_the_tighter_has_the_dual() -> None:
    """
    Sell x and y at 1 with x + y <= 4 and -2 x - 2 y >= -6: 3 in all by the second, whose unit is worth half.
    """
    whole = matrix([-1, -1], [[1, 1], [-2, -2]], [(-INF, 4), (-6, INF)], [(0, 9), (0, 9)])
    found = dispatch(whole)
    assert -3 == approx(found.objective)
    assert [0, 0.5] == approx(found.row_dual)
    assert 1 == len(reduced(whole).matrix.row_lower)


def test_rows_of_one_length_and_first_weight_that_differ_later_stay_apart() -> None:
    whole = matrix([-1, -1], [[1, 1], [1, 2]], [(-INF, 4), (-INF, 5)], [(0, 9), (0, 9)])
    assert 2 == len(reduced(whole).matrix.row_lower)
    assert -4 == approx(dispatch(whole).objective)


@pytest.mark.parametrize("side", [(5, INF), (-INF, -1)])
def test_a_contradiction_is_told_not_dropped(side: tuple[float, float]) -> None:
    """x between 0 and 3 shall be at least 5, or at most -1; the same where x is decided already."""
    for limits in ((0, 3), (2, 2)):
        assert "infeasible" == dispatch(matrix([1], [[1]], [side], [limits])).end


def test_when_every_column_is_decided_the_cost_is_known() -> None:
    found = dispatch(matrix([4, 1], [[1, 1]], [(3, INF)], [(1, 1), (2, 2)]))
    assert "optimal" == found.end
    assert 6 == approx(found.objective)
    assert [1, 2] == approx(found.values)

"""The dive through the relaxed problem: it ends in a plan, with the prices of its exact dispatch."""

import time
from dataclasses import replace

import numpy as np
import pytest
from building import case, thermal
from reference_cases import reference_cases
from scipy.sparse import csr_array
from test_parties import fleet

from grid_models.provinces import builtin_case
from services.dispatch.assembly import build
from services.dispatch.decomposition import relaxed_dive as module
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.hunt import with_commitment
from services.dispatch.decomposition.neighbourhoods import near, open_width, standing_in, without_shortage
from services.dispatch.decomposition.programme import Point, Programme
from services.dispatch.decomposition.relaxed_dive import Wish, relaxed_dive
from services.dispatch.decomposition.split import split
from services.dispatch.decomposition.strengthening import capacity_mw
from services.dispatch.decomposition.whole_blocks import held, whole_blocks
from services.dispatch.model import Matrix, Names
from services.dispatch.solve.highs import Settings, dispatch
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
    matrix = held(matrix, parts, whole_blocks(generation, Settings(), in_time()))
    return with_commitment(matrix, parts, lower, upper), parts.decisions["on"].ravel(), generation.bound


def check(matrix: Matrix, on: np.ndarray, bound: float) -> None:
    """Whole, within every limit, no cheaper than the bound, and no dearer than its own exact dispatch."""
    found = relaxed_dive(matrix, Wish(on, in_time(), 1.001 * bound))
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


def programmes(monkeypatch: pytest.MonkeyPatch, matrix: Matrix, wish: Wish) -> int:
    """How many a dive that ends in a plan has solved."""
    solved: list[float] = []
    once = Programme.solved

    def counted(programme: Programme) -> Point:
        here = once(programme)
        solved.append(here.objective)
        return here

    with monkeypatch.context() as patch:
        patch.setattr(Programme, "solved", counted)
        assert relaxed_dive(matrix, wish) is not None
    return len(solved)


def of_the_fleet() -> tuple[Matrix, np.ndarray]:
    grid = fleet(120, 0)
    matrix = build(grid).pack()
    parts = split(grid, matrix)
    assert parts is not None
    return matrix, parts.decisions["on"].ravel()


def test_batches_grow_while_they_cost_next_to_nothing(monkeypatch: pytest.MonkeyPatch):
    """With any room it takes fewer programmes to a plan than with batches that never grow."""
    matrix, on = of_the_fleet()
    wish = Wish(on, in_time(), 1e12)
    grown = programmes(monkeypatch, matrix, wish)
    monkeypatch.setattr(module, "CHEAP", -1.0)
    assert grown < programmes(monkeypatch, matrix, wish)


def test_only_what_is_to_blame_leaves_a_batch(monkeypatch: pytest.MonkeyPatch):
    """
    Ten decisions that are needed by 0.4; what else there is costs 1 % more, but for the last a thousand times as much.
    All ten are rounded down at once, the last is set aside, then tried down and up, and all is settled.
    """
    nothing = Names(())
    other = np.full(10, 1.01)
    other[9] = 1000.0
    matrix = Matrix(
        cost=np.concatenate([np.ones(10), other]), lower=np.zeros(20), upper=np.ones(20),
        integer=np.arange(20) < 10, rows=csr_array(np.hstack([np.eye(10), np.eye(10)])),
        row_lower=np.full(10, 0.4), row_upper=np.full(10, np.inf), offset=0.0, column_names=nothing, row_names=nothing,
    )  # fmt: skip
    monkeypatch.setattr(module, "FEW", 10)
    # 9 x 0.4 x 1.01 + 1
    found = relaxed_dive(matrix, Wish(np.arange(10), in_time(), enough=6.0))
    assert found is not None
    assert found.objective == pytest.approx(4.636)
    assert programmes(monkeypatch, matrix, Wish(np.arange(10), in_time(), enough=6.0)) <= 7


def test_what_is_too_little_does_not_go_from_one_unit_to_the_next(monkeypatch: pytest.MonkeyPatch):
    """
    Sixty like units of which 0.3 of one is needed: rounded down, it would be wanted of the next one, sixty times.
    All that are off in that step are held off with it, in ever larger company, until one must be on.
    """
    nothing = Names(())
    matrix = Matrix(
        cost=np.ones(60) + 1e-6 * np.arange(60), lower=np.zeros(60), upper=np.ones(60),
        integer=np.ones(60, dtype=bool), rows=csr_array(np.ones((1, 60))),
        row_lower=np.array([0.3]), row_upper=np.array([np.inf]), offset=0.0, column_names=nothing, row_names=nothing,
    )  # fmt: skip
    wish = Wish(np.arange(60).reshape(60, 1), in_time(), enough=2.0)
    found = relaxed_dive(matrix, wish)
    assert found is not None
    assert found.objective == pytest.approx(1.0, abs=1e-4)
    assert programmes(monkeypatch, matrix, wish) < 20


def test_what_costs_more_than_the_most_is_given_up():
    """
    Two units of 60 MW for 100 MW: 5,000 CNY a start, so any plan costs more than the 1 CNY that is allowed.
    """
    grid = case([100.0] * 4, thermal("first", low=10, high=60), thermal("second", low=10, high=60))
    matrix, on, _ = narrowed(grid)
    assert relaxed_dive(matrix, Wish(on, in_time(), enough=1.0, most=1.0)) is None


def test_where_a_large_unit_is_needed_in_part_a_small_one_is_opened_to_stand_in():
    """
    105 MW, of which the open first unit gives 100: a fraction of the large one, 50,000 CNY a start, or shortage.
    The small one is closed at first; it costs 4 h x 5 MW x 400 CNY/MWh, the first 4 h x 100 MW x 300 CNY/MWh.
    """
    grid = case(
        [105.0] * 4,
        thermal("first", low=0, high=100),
        thermal("large", low=0, high=500, start_costs=[{"hours_off": 0, "cost": 50_000.0}]),
        thermal("small", low=0, high=10, price=400),
    )
    matrix = build(grid).pack()
    parts = split(grid, matrix)
    assert parts is not None
    generation = Generation(grid, parts, lambda _: None)
    generation.run(1e-3, in_time())
    upper = np.ones((3, 4))
    upper[2] = 0
    narrowed = without_shortage(with_commitment(matrix, parts, np.zeros((3, 4)), upper), np.zeros(matrix.shape[1]))
    opening = standing_in(generation, capacity_mw(grid), upper)
    wish = Wish(parts.decisions["on"].ravel(), in_time(), 135_000.0)
    closed, opened = relaxed_dive(narrowed, wish), relaxed_dive(narrowed, replace(wish, opening=opening))
    assert closed is not None
    assert opened is not None
    assert closed.objective > 150_000
    assert 128_000 == pytest.approx(opened.objective)


def test_out_of_time_there_is_no_plan():
    matrix, on, bound = narrowed(reference_cases()["everything"])
    assert relaxed_dive(matrix, Wish(on, time.monotonic() - 1, 1.001 * bound)) is None


def test_shortage_is_closed_only_where_there_was_none():
    matrix = build(case([100.0] * 4, thermal("one", low=10, high=120))).pack()
    names = {family.name: family for family in matrix.column_names.families}
    unserved = names["unserved_mw"].first
    values = np.zeros(matrix.shape[1])
    assert without_shortage(matrix, values).upper[unserved] == 0.0
    values[unserved] = 1.0
    assert np.isinf(without_shortage(matrix, values).upper[unserved])


def test_a_row_with_one_decision_holds_whichever_way_is_nearer():
    """x >= 0.4 of a yes or no is a yes, though 0.4 is nearer to a no; y goes along for free."""
    nothing = Names(())
    matrix = Matrix(
        cost=np.array([1.0, 0.0]), lower=np.zeros(2), upper=np.ones(2), integer=np.array([True, False]),
        rows=csr_array([[1.0, 0.0], [1.0, 1.0]]), row_lower=np.array([0.4, 0.5]), row_upper=np.array([np.inf, 1.5]),
        offset=0.0, column_names=nothing, row_names=nothing,
    )  # fmt: skip
    found = relaxed_dive(matrix, Wish(np.arange(1), in_time(), enough=2.0))
    assert found is not None
    assert found.values is not None
    assert found.values[0] == 1.0


def test_where_nothing_fits_the_dive_ends():
    """x + y = 1 and x = y leave both at a half: whole numbers there are none, whichever way it is rounded."""
    nothing = Names(())
    halves = Matrix(
        cost=np.ones(2), lower=np.zeros(2), upper=np.ones(2), integer=np.ones(2, dtype=bool),
        rows=csr_array([[1.0, 1.0], [1.0, -1.0]]), row_lower=np.array([1.0, 0.0]), row_upper=np.array([1.0, 0.0]),
        offset=0.0, column_names=nothing, row_names=nothing,
    )  # fmt: skip
    began = time.monotonic()
    assert relaxed_dive(halves, Wish(np.arange(2), in_time(), enough=2.0)) is None
    assert time.monotonic() - began < 30

"""Identical units as one: never dearer than apart, and back again a plan that the referee accepts."""

import numpy as np
import pytest
from building import approx, case, free, reserve, thermal

from grid_models.case import Case
from services.dispatch.assembly import build
from services.dispatch.decomposition.aggregation import in_turn, interchangeable
from services.dispatch.decomposition.split import Split, split
from services.dispatch.decomposition.strengthening import with_class_counts
from services.dispatch.model import Matrix
from services.dispatch.solve.highs import Settings, dispatch, search

EXACT = Settings(gap=0.0, seconds=30, threads=1)


def fleet(seed: int, steps: int = 8) -> Case:
    """Two to four each of two identical units and two of their own kind, with reserve, over eight hours."""
    chance = np.random.default_rng(seed)
    units = []
    for kind in range(2):
        low = 10.0 * chance.integers(2, 5)
        more = {
            "min_up_h": int(chance.integers(1, 5)), "min_down_h": int(chance.integers(1, 5)),
            "start_costs": [{"hours_off": 1, "cost": 2_000}, {"hours_off": 6, "cost": 1e3 * chance.integers(2, 9)}],
            "start_max_mw": low, "stop_max_mw": low, "was": low if chance.random() < 0.5 else None,
        }  # fmt: skip
        price = float(chance.integers(200, 600))
        count = chance.integers(2, 5)
        units += [thermal(f"{kind} {row}", low, 2.5 * low, price, **more) for row in range(count)]
    units += [thermal(f"own {row}", 60, 150, 250 + 40 * row, was=60, ramp_up_mw_per_h=30) for row in range(2)]
    demand = 150 + 110 * np.sin(np.arange(steps) / 2) + 30 * chance.random(steps)
    return case(demand.tolist(), *units, free("wind", 40), reserves=[reserve(20)])


def split_of(grid: Case) -> tuple[Matrix, Split]:
    matrix = build(grid).pack()
    parts = split(grid, matrix)
    assert parts is not None
    return matrix, parts


@pytest.mark.parametrize("seed", range(5))
def test_units_as_one_are_never_dearer_and_come_back_as_a_plan(seed: int):
    matrix, parts = split_of(fleet(seed))
    together = interchangeable(parts)
    assert 2 == len(together.groups)
    optimum, found = search(matrix, EXACT), search(together.of(matrix), EXACT)
    assert optimum.values is not None
    assert found.values is not None
    assert found.bound <= optimum.objective * (1 + 1e-7)
    apart = dispatch(matrix, together.decisions(found.values))
    assert "optimal" == apart.end
    assert optimum.objective * (1 - 1e-7) <= apart.objective == approx(found.objective, rel=5e-3)


@pytest.mark.parametrize("seed", range(2))
def test_a_plan_apart_is_a_plan_together_at_the_same_cost(seed: int):
    matrix, parts = split_of(fleet(seed))
    together = interchangeable(parts)
    optimum = search(matrix, EXACT)
    assert optimum.values is not None
    small, values = together.of(matrix), together.values(optimum.values)
    assert optimum.objective == approx(small.cost @ values + small.offset)
    assert (small.lower - 1e-6 <= values).all()
    assert (values <= small.upper + 1e-6).all()
    apart = optimum.values[parts.decisions["on"]]
    for group in together.groups:
        assert apart[group.units].sum(axis=0) == approx(together.committed(np.round(values))[group.units].sum(axis=0))
    activity = small.rows @ values
    assert (small.row_lower - 1e-5 <= activity).all()
    assert (activity <= small.row_upper + 1e-5).all()


def test_a_ramp_or_another_price_keeps_units_apart():
    units = [thermal("a", 20, 60, 300), thermal("b", 20, 60, 300), thermal("c", 20, 60, 301)]
    _, parts = split_of(case([90.0] * 6, *units))
    assert [[0, 1]] == [group.units.tolist() for group in interchangeable(parts).groups]
    slow = [thermal(name, 20, 60, 300, ramp_up_mw_per_h=10) for name in "ab"]
    assert () == interchangeable(split_of(case([90.0] * 6, *slow))[1]).groups


def test_who_has_stood_longest_starts_first_and_who_has_run_longest_stops_first():
    """Two of three run; one stops, then two start: first the third, which stood all the while, then the stopped one."""
    on, start, stop = (np.array(numbers) for numbers in ([2, 1, 2, 3], [0, 0, 1, 1], [0, 1, 0, 0]))
    running, _, _ = in_turn(3, on, start, stop)
    assert [[1, 0, 0, 1], [1, 1, 1, 1], [0, 0, 1, 1]] == running.tolist()


def test_class_counts_leave_out_no_plan_that_holds_reserve_from_off():
    """
    Two gas units of 20-80 MW at 9,000 that may start in time, 100 MW from off, 20 MW asked for.

    Both off hold the reserve, 20 MWh go unserved: 200,000. Capacity that is off is no capacity on the counts.
    """
    pair = [thermal(f"gas {row}", 20, 80, 9_000, start_time_min=10, starts_per_day_max=1) for row in (1, 2)]
    grid = case([0, 20], *pair, reserves=[reserve(100, "non_spinning")])
    matrix, parts = split_of(grid)
    assert 200_000 == approx(search(matrix, EXACT).objective)
    assert 200_000 == approx(search(with_class_counts(grid, matrix, parts), EXACT).objective)

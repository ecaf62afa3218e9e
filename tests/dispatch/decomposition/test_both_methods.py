"""Direct and decomposed search: the same optimum, and a bound that never lies above it."""

import pytest
from building import UNSERVED, case, reserve, thermal
from random_units import random_case
from reference_cases import reference_cases

from services.dispatch.errors import Infeasible
from services.dispatch.planning import Options, plan_case


@pytest.mark.parametrize("name", sorted(reference_cases()))
def test_direct_and_decomposed_agree_and_the_bound_is_below_the_optimum(name: str):
    grid = reference_cases()[name]
    optimum = plan_case(grid, Options(gap=0, method="direct", time_limit_s=600))
    found = plan_case(grid, Options(gap=1e-4, method="decomposed", time_limit_s=600))
    assert found.lower_bound <= optimum.cost + 1e-6 * abs(optimum.cost)
    assert optimum.cost == pytest.approx(found.cost, rel=2e-4)
    assert found.gap <= 1e-4 + 1e-6


@pytest.mark.parametrize("method", ["direct", "decomposed"])
def test_what_cannot_be_is_said_by_either_method(method: str):
    """It must run twelve hours at 40 MW or more, 480 MWh, and may give 100 MWh a day."""
    unit = thermal(low=40, high=100, was=40, must_run=True, energy_per_day_max_mwh=100)
    with pytest.raises(Infeasible, match="energy per day"):
        plan_case(case([60.0] * 12, unit), Options(method=method, time_limit_s=30))


def test_one_process_makes_plans_by_either_method_with_any_threads_in_any_order():
    """The solver's threads are shared by the whole process; a solve that left them wrong once broke the next."""
    grid = reference_cases()["everything"]
    order = [("decomposed", 2), ("direct", 1), ("decomposed", 1), ("direct", 2), ("decomposed", 2)]
    costs = [
        plan_case(grid, Options(gap=1e-4, method=method, threads=threads, time_limit_s=600)).cost
        for method, threads in order
    ]
    assert costs == pytest.approx([costs[0]] * len(order), rel=2e-4)


def test_reserve_from_off_is_the_same_by_either_method():
    """
    Two gas units of 20-80 MW at 9,000 may start once a day; 20 MW in the second of two hours; 100 MW from off.

    By hand: both hold 50 MW or more while off, so 20 MWh go unserved, 200,000. If one runs in the second hour, its
    start is used up: 20 MW in both hours are missing and 180,000 paid for energy, 380,000.
    """
    fleet = [thermal(f"gas {n}", low=20, high=80, price=9_000, start_time_min=10, starts_per_day_max=1) for n in (1, 2)]
    grid = case([0, 20], *fleet, reserves=[reserve(100, "non_spinning")])
    for method in ("direct", "decomposed"):
        found = plan_case(grid, Options(gap=1e-6, method=method, time_limit_s=60))
        assert 20 * UNSERVED == pytest.approx(found.cost)
        assert found.lower_bound <= 20 * UNSERVED + 1e-3


@pytest.mark.parametrize("seed", [2, 3, 6, 11])
def test_the_bound_holds_whatever_units_hold_from_off(seed: int):
    """Random fleets with every rule and products that may be held from off."""
    grid = random_case(seed)
    assert any(product.product == "non_spinning" for product in grid.reserves)
    optimum = plan_case(grid, Options(gap=0, method="direct", time_limit_s=600))
    found = plan_case(grid, Options(gap=1e-5, method="decomposed", time_limit_s=600))
    assert found.lower_bound <= optimum.cost + 1e-6 * abs(optimum.cost)
    assert optimum.cost == pytest.approx(found.cost, rel=2e-5)

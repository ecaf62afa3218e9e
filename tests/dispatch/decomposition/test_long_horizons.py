"""Many days: first prices come day by day, a dive goes through stretch by stretch, and the plan is whole and proven."""

import time
from dataclasses import replace

import numpy as np
import pytest
from building import battery, case, reserve, thermal

from grid_models.window import window
from services.dispatch.assembly import build
from services.dispatch.decomposition import search
from services.dispatch.decomposition.daily import daily_prices, one_after_the_other
from services.dispatch.decomposition.generation import GENTLE, Generation
from services.dispatch.decomposition.hunt import with_commitment
from services.dispatch.decomposition.neighbourhoods import near, open_width, without_shortage
from services.dispatch.decomposition.relaxed_dive import Wish, relaxed_dive
from services.dispatch.decomposition.split import Split, split
from services.dispatch.decomposition.stretches import dive_by_stretches, is_long
from services.dispatch.decomposition.whole_blocks import held, whole_blocks
from services.dispatch.planning import Options, plan_case
from services.dispatch.solve.highs import Settings, dispatch
from services.dispatch.solve.rounding import is_whole

DAYS = 4
LEVELS = (1.0, 0.92, 1.05, 0.85, 0.97, 1.02, 0.9)
"""Of the demand of the days of a week."""


def days(count: int = DAYS, step_min: int = 60):
    """A fleet that starts and stops every day, with slow units, a limit on a day's energy, and stores."""
    units = [
        thermal(
            f"unit {number}", low=10 + number % 7, high=30 + number % 11, price=200 + 6 * number,
            start_costs=[{"hours_off": 0, "cost": 500.0 + 60 * number}],
            min_up_h=3 + number % 12, min_down_h=2 + number % 9,
            energy_per_day_max_mwh=400.0 if number == 2 else None,
        )
        for number in range(24)
    ]  # fmt: skip
    stores = [battery(mw=10 + number, mwh=40, name=f"store {number}") for number in range(3)]
    per_hour = 60 // step_min
    hours = np.arange(24 * count * per_hour) / per_hour
    level = np.array([LEVELS[int(hour // 24)] for hour in hours])
    demand = 24 * 18.0 * level * (1 - 0.45 * np.cos(2 * np.pi * (hours % 24) / 24))
    return case(demand.tolist(), *units, *stores, step_min=step_min, reserves=[reserve(40)])


def in_time() -> float:
    return time.monotonic() + 60


def parts_of(grid) -> Split:
    parts = split(grid, build(grid).pack())
    assert parts is not None
    return parts


def generated(grid, prices=None) -> Generation:
    generation = Generation(grid, parts_of(grid), lambda _: None)
    if prices is not None:
        generation.start_at(prices, GENTLE)
    generation.run(1e-4, in_time())
    return generation


def test_prices_of_single_days_nearly_prove_the_bound_of_them_all():
    grid = days()
    prices = daily_prices(grid, parts_of(grid), in_time())
    assert prices is not None
    cold, first = generated(grid), Generation(grid, parts_of(grid), lambda _: None)
    alone = first.price(first.master.signed(prices)).value.sum() + first.master.rest_value(first.master.signed(prices))
    assert cold.bound == pytest.approx(alone, rel=5e-3)
    warm = generated(grid, prices)
    assert warm.rounds < cold.rounds
    assert cold.bound == pytest.approx(warm.bound, rel=1e-3)
    warm.run(1e-5, in_time())
    assert cold.bound == pytest.approx(warm.bound, rel=1e-4)
    assert warm.bound <= cold.master.objective


def test_a_short_horizon_has_no_days_and_without_time_there_are_no_prices():
    two = days(2)
    assert daily_prices(two, parts_of(two), in_time()) is None
    assert not is_long(two)
    grid = days()
    assert is_long(grid)
    assert daily_prices(grid, parts_of(grid), time.monotonic() - 1) is None


def test_days_that_were_not_solved_in_time_have_the_prices_of_the_day_before():
    """Days of 2, 3 and 2 steps, the second at the prices of the first; a row that does not count steps has its own."""
    first = {"zone: balance": {"system": (100.0, 200.0)}, "fuel": {"gas": (7.0,)}}
    last = {"zone: balance": {"system": (300.0, 400.0)}, "fuel": {"gas": (9.0,)}}
    joined = one_after_the_other([first, first, last], [2, 3, 2])
    assert (100, 200, 100, 200, 200, 300, 400) == joined["zone: balance"]["system"]
    assert (7.0,) == joined["fuel"]["gas"]


@pytest.mark.parametrize("step_min", [60, 30])
def test_a_dive_by_stretches_ends_in_a_whole_plan_near_the_bound(step_min: int):
    grid = days(step_min=step_min)
    generation = generated(grid)
    parts = generation.parts
    lower, upper = near(parts, generation, open_width(generation, 20), None)
    matrix = without_shortage(parts.matrix, generation.master.others())
    matrix = held(matrix, parts, whole_blocks(generation, Settings(), in_time()))
    matrix = with_commitment(matrix, parts, lower, upper)
    wish = Wish(parts.decisions["on"].ravel(), in_time(), generation.bound * 1.004, prices=generation.row_prices)
    found = dive_by_stretches(grid, parts, matrix, [matrix], wish)
    assert found is not None
    assert found.values is not None
    assert is_whole(matrix, found.values)
    activity = matrix.rows @ found.values
    assert (activity >= matrix.row_lower - 1e-4).all()
    assert (activity <= matrix.row_upper + 1e-4).all()
    assert generation.bound <= found.objective
    assert dispatch(parts.matrix, found.values).objective == pytest.approx(found.objective, rel=1e-4)
    at_once = relaxed_dive(matrix, wish)
    assert at_once is not None
    assert found.objective <= 1.003 * at_once.objective


def test_a_dive_by_stretches_heeds_its_time_and_ends_where_nothing_fits():
    grid = days(3)
    parts = parts_of(grid)
    wish = Wish(parts.decisions["on"].ravel(), in_time(), np.inf)
    late = replace(wish, deadline=time.monotonic() - 1)
    assert dive_by_stretches(grid, parts, parts.matrix, [parts.matrix], late) is None
    off = with_commitment(parts.matrix, parts, np.zeros((24, 72)), np.zeros((24, 72)))
    nothing_missing = without_shortage(off, np.zeros(parts.matrix.shape[1]))
    assert dive_by_stretches(grid, parts, off, [nothing_missing], wish) is None
    dark = dive_by_stretches(grid, parts, off, [nothing_missing, off], wish)
    assert dark is not None
    assert dark.values is not None
    assert not dark.values[parts.decisions["on"]].any()


def test_a_week_is_planned_to_its_gap_with_nothing_missing(monkeypatch: pytest.MonkeyPatch):
    """The referee judges it."""
    monkeypatch.setattr(search, "EASIER_FIRST", 0)
    grid = days(7)
    plan = plan_case(grid, Options(gap=5e-3, method="decomposed", time_limit_s=120))
    assert plan.gap <= 5e-3
    assert plan.lower_bound <= plan.cost
    assert not plan.shortage.unserved_mw["system"] or max(plan.shortage.unserved_mw["system"]) < 1e-6
    assert max(plan.shortage.reserve_mw["spinning"]) < 1e-6


def test_a_day_in_the_middle_is_the_same_day_by_itself():
    """What a day is asked: its own hours of the demand, from its own beginning."""
    grid = days()
    second = window(grid, 24, 24)
    assert second.zones[0].demand_mw == grid.zones[0].demand_mw[24:48]

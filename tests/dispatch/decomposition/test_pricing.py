"""The price of a unit, against the integer programme of that unit alone; and what the whole search then proves."""

from dataclasses import replace

import numpy as np
import pytest
from building import case, reserve, thermal
from reference_cases import reference_cases

from grid_models.case import Case
from grid_models.resources import ThermalUnit
from services.dispatch.assembly import build
from services.dispatch.decomposition.pricing import Pricer
from services.dispatch.decomposition.split import Split, split
from services.dispatch.errors import Infeasible
from services.dispatch.planning import Options, plan_case
from services.dispatch.solve.highs import Settings, search

STEPS = 12
UNITS = 12
EXACT = Settings(gap=0.0, seconds=60, threads=1)


def random_unit(draw: np.random.Generator, number: int) -> ThermalUnit:
    """A unit with every rule that pricing knows, each as likely to bind as not."""
    low = float(draw.integers(2, 8) * 10)
    high = low + float(draw.integers(1, 12) * 10)
    slopes = np.sort(draw.uniform(5, 40, 3))
    mw = np.linspace(low, high, 4)
    cost = np.r_[low * slopes[0], low * slopes[0] + np.cumsum(np.diff(mw) * slopes)]
    ramp = [None, float(draw.integers(1, 8) * 10)][draw.integers(2)]
    on, before = bool(draw.integers(2)), float(np.clip(low + draw.integers(0, 4) * 10, low, high))
    return thermal(
        f"unit {number}", low=low, high=high, cost=[list(pair) for pair in zip(mw, cost, strict=True)],
        initial={"on": on, "hours": float(draw.integers(1, 9)), "power_mw": before if on else 0.0},
        min_up_h=float(draw.integers(0, 5)), min_down_h=float(draw.integers(0, 5)),
        ramp_up_mw_per_h=ramp, ramp_down_mw_per_h=ramp,
        start_max_mw=low + float(draw.integers(0, 4) * 10) if draw.integers(2) else None,
        stop_max_mw=low + float(draw.integers(0, 4) * 10) if draw.integers(2) else None,
        start_costs=[{"hours_off": 0, "cost": 100}, {"hours_off": 3, "cost": 700}, {"hours_off": 6, "cost": 900}],
        must_run=on and bool(draw.integers(6) == 0),
    )  # fmt: skip


def fleet(seed: int, *products) -> tuple[Case, Split, np.ndarray]:
    """A random fleet, its split and random prices of the master's rows."""
    draw = np.random.default_rng(seed)
    units = [random_unit(draw, number) for number in range(UNITS)]
    grid = case([300.0] * STEPS, *units, reserves=products)
    parts = split(grid, build(grid).pack())
    assert parts is not None
    prices = draw.uniform(-5, 60, len(parts.master_rows))
    prices[STEPS:] = draw.uniform(0, 15, len(prices) - STEPS)
    return grid, parts, prices


def unit_programme(parts: Split, prices: np.ndarray, unit: int | None, **fixed: float):
    """The least reduced cost by branch and bound over the private rows, of one unit or of all."""
    matrix = parts.matrix
    mine = np.flatnonzero(parts.owner >= 0 if unit is None else parts.owner == unit)
    private = np.setdiff1d(np.arange(matrix.shape[0]), parts.master_rows)
    rows = matrix.rows[private][:, mine]
    touched = np.diff(rows.indptr) > 0
    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    if unit is not None and fixed:
        column = parts.decisions["on"][unit, int(fixed["step"])]
        lower[column], upper[column] = max(lower[column], fixed["on"]), min(upper[column], fixed["on"])
    reduced = matrix.cost - parts.links.T @ prices
    small = replace(
        matrix, cost=reduced[mine], lower=lower[mine], upper=upper[mine], integer=matrix.integer[mine],
        rows=rows[touched], row_lower=matrix.row_lower[private][touched], row_upper=matrix.row_upper[private][touched],
        offset=0.0,
    )  # fmt: skip
    return search(small, EXACT)


@pytest.mark.parametrize("seed", range(12))
def test_pricing_is_exact_for_energy_and_a_reserve_that_only_headroom_limits(seed: int):
    """Twelve random units each: the programme's value is that of branch and bound, unit by unit in sum."""
    grid, parts, prices = fleet(seed, reserve(30))
    priced = Pricer(grid, parts)(prices)
    assert unit_programme(parts, prices, None).objective == pytest.approx(priced.value.sum(), abs=1e-4)
    credit = parts.matrix.cost - parts.links.T @ prices
    owned = parts.owner >= 0
    answered = priced.schedules.cost.sum() + ((credit - parts.matrix.cost) * priced.schedules.values)[owned].sum()
    assert priced.value.sum() == pytest.approx(answered, abs=1e-4), "the schedule costs what was promised"


@pytest.mark.parametrize("seed", range(6))
def test_pricing_several_products_is_a_bound_and_without_ramps_exact(seed: int):
    products = (
        reserve(30), reserve(20, "regulation_up", response_min=5), reserve(20, "regulation_down", response_min=5),
    )  # fmt: skip
    grid, parts, prices = fleet(100 + seed, *products)
    value = Pricer(grid, parts)(prices).value
    for unit, resource in enumerate(grid.resources):
        exact = unit_programme(parts, prices, unit).objective
        assert value[unit] <= exact + 1e-4
        if resource.ramp_up_mw_per_h is None:
            assert value[unit] == pytest.approx(exact, abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_price_gaps_say_what_the_other_decision_costs(seed: int):
    """For every unit and some steps: forced on, and forced off, by branch and bound."""
    grid, parts, prices = fleet(200 + seed, reserve(30))
    priced = Pricer(grid, parts)(prices, gaps=True)
    for unit in range(UNITS):
        for step in (0, 3, 7, STEPS - 1):
            for on, gap in ((1.0, priced.gap_on), (0.0, priced.gap_off)):
                forced = unit_programme(parts, prices, unit, step=step, on=on)
                if forced.values is None:
                    assert gap[unit, step] > 1e20
                else:
                    assert gap[unit, step] == pytest.approx(forced.objective - priced.value[unit], abs=1e-4)


@pytest.mark.parametrize("name", sorted(reference_cases()))
def test_direct_and_decomposed_agree_and_the_bound_is_below_the_optimum(name: str):
    grid = reference_cases()[name]
    optimum = plan_case(grid, Options(gap=0, method="direct", time_limit_s=60))
    found = plan_case(grid, Options(gap=1e-4, method="decomposed", time_limit_s=60))
    assert found.lower_bound <= optimum.cost + 1e-6 * abs(optimum.cost)
    assert optimum.cost == pytest.approx(found.cost, rel=2e-4)
    assert found.gap <= 1e-4 + 1e-6


def test_a_rule_on_what_pricing_does_not_decide_rules_it_out():
    grid = case([100.0] * STEPS, thermal(low=10, high=100, cost=[[10, 100], [50, 700], [100, 2_000]]))
    matrix = build(grid).pack()
    assert split(grid, matrix) is not None
    family = next(family for family in matrix.column_names.families if family.name == "piece_mw")
    rows = matrix.rows.copy()
    rows.indices[rows.indptr[-2]] = family.first  # the balance of the last step now holds a piece
    assert split(grid, replace(matrix, rows=rows)) is None


@pytest.mark.parametrize("method", ["direct", "decomposed"])
def test_what_cannot_be_is_said_by_either_method(method: str):
    """It must run twelve hours at 40 MW or more, 480 MWh, and may give 100 MWh a day."""
    unit = thermal(low=40, high=100, was=40, must_run=True, energy_per_day_max_mwh=100)
    with pytest.raises(Infeasible, match="energy per day"):
        plan_case(case([60.0] * STEPS, unit), Options(method=method, time_limit_s=30))

"""The price of a unit, against the integer programme of that unit alone."""

from dataclasses import replace

import numpy as np
import pytest
from building import case, reserve, thermal
from random_units import random_case, random_prices, rows_of, split_of, unit_programme

from grid_models.case import Case
from services.dispatch.assembly import build
from services.dispatch.balance import BALANCE
from services.dispatch.decomposition.compiled.unit import NEVER
from services.dispatch.decomposition.pricing import Priced, Pricer
from services.dispatch.decomposition.split import Split, split
from services.dispatch.reserves import REQUIREMENT

CENT = 1e-4


def reduced_cost(parts: Split, prices: np.ndarray, priced: Priced, unit: int) -> float:
    """What a unit's schedule costs at the prices, by the matrix."""
    values, mine = priced.schedules.values, parts.owner == unit
    return float(priced.schedules.cost[unit] - ((parts.links.T @ prices) * values)[mine].sum())


def check(seed: int, gaps: bool = True) -> None:
    """Every unit of a random fleet: value, schedule, and at one random step the price gaps."""
    grid = random_case(seed)
    if not grid.resources:
        return
    parts = split_of(grid)
    prices = random_prices(seed, parts)
    priced = Pricer(grid, parts)(prices, gaps=True)
    steps = np.random.default_rng(seed).integers(0, grid.steps, len(grid.resources))
    for unit, step in enumerate(steps):
        exact = unit_programme(parts, prices, unit)
        if exact.values is None:
            assert priced.value[unit] >= NEVER / 2
            continue
        assert exact.objective == pytest.approx(priced.value[unit], abs=CENT, rel=1e-7)
        assert priced.value[unit] == pytest.approx(reduced_cost(parts, prices, priced, unit), abs=CENT)
        for on, gap in ((1.0, priced.gap_on), (0.0, priced.gap_off)) if gaps else ():
            forced = unit_programme(parts, prices, unit, step=int(step), on=on)
            if forced.values is None:
                assert gap[unit, step] > NEVER / 2
            else:
                assert forced.objective - exact.objective == pytest.approx(gap[unit, step], abs=2 * CENT)


@pytest.mark.parametrize("block", range(5))
def test_pricing_is_exact_whatever_rules_a_unit_has(block: int):
    """A few hundred units: ramps, awards by minutes, tiers, zones, bent curves, starts per day, days, quarter hours."""
    for seed in range(8 * block, 8 * block + 8):
        check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(4))
def test_pricing_is_exact_over_a_thousand_units(block: int):
    for seed in range(10_000 + 45 * block, 10_000 + 45 * block + 45):
        check(seed, gaps=False)


@pytest.mark.parametrize("seed", range(6))
def test_a_narrower_commitment_is_priced_as_if_the_case_had_it(seed: int):
    """Bounds that a schedule obeys give a value not below the free one, and bounds that say it give it back."""
    grid = random_case(500 + seed)
    parts = split_of(grid)
    prices = random_prices(seed, parts)
    pricer = Pricer(grid, parts)
    free = pricer(prices)
    possible = free.value < NEVER / 2
    again = pricer(prices, lower=free.schedules.on, upper=free.schedules.on)
    assert free.value[possible] == pytest.approx(again.value[possible], abs=CENT)
    off = pricer(prices, upper=np.zeros_like(free.schedules.on))
    assert (off.value >= free.value - CENT).all()
    assert not off.schedules.on[off.value < NEVER / 2].any()


def test_bounds_that_no_schedule_obeys_cost_never():
    unit = thermal("held", low=10, high=50, was=20, ramp_down_mw_per_h=5)
    grid = case([30.0] * 4, unit)
    parts = split_of(grid)
    priced = Pricer(grid, parts)(np.zeros(len(parts.master_rows)), upper=np.zeros((1, 4)))
    assert priced.value[0] == NEVER, "it runs at 20 MW and falls 5 MW an hour: it cannot be off at once"


def identical_fleet() -> Case:
    twins = [thermal(f"twin {number}", low=10, high=50, price=200) for number in range(3)]
    other = thermal("other", low=10, high=50, price=201)
    own_row = thermal("own row", low=10, high=50, price=200, energy_per_day_max_mwh=300)
    return case(
        [120.0] * 6, *twins, other, own_row, reserves=[reserve(10), reserve(5, "regulation_up", response_min=5)]
    )


def test_identical_units_are_priced_once_and_answer_alike():
    """Three twins, one with another price, one with a row of its own in the master."""
    grid = identical_fleet()
    parts = split_of(grid)
    prices = random_prices(3, parts)
    pricer = Pricer(grid, parts)
    assert [0, 0, 0, 3, 4] == pricer.classes.tolist()
    priced = pricer(prices)
    for unit in range(5):
        assert unit_programme(parts, prices, unit).objective == pytest.approx(priced.value[unit], abs=CENT)
        assert priced.value[unit] == pytest.approx(reduced_cost(parts, prices, priced, unit), abs=CENT)


def test_a_long_horizon_and_a_curve_of_three_hundred_pieces():
    """Buffers grow with the data: a flat ramp keeps many breakpoints alive."""
    mw = np.linspace(100, 700, 301)
    curve = [[float(at), float(0.02 * at**2 + 100 * at)] for at in mw]
    unit = thermal(low=100, high=700, cost=curve, ramp_up_mw_per_h=7, ramp_down_mw_per_h=11, was=150)
    grid = case([400.0] * 672, unit, reserves=[reserve(5)])
    parts = split_of(grid)
    draw = np.random.default_rng(0)
    prices = draw.uniform(0, 5, len(parts.master_rows))
    prices[rows_of(parts, BALANCE)] = draw.uniform(90, 140, 672)
    priced = Pricer(grid, parts)(prices, gaps=True)
    assert priced.value[0] == pytest.approx(reduced_cost(parts, prices, priced, 0), rel=1e-9)
    best = np.minimum(priced.gap_on, priced.gap_off)
    assert best == pytest.approx(np.zeros_like(best), abs=1e-3), "at every step it is on or off"


def test_a_rule_on_what_pricing_does_not_decide_rules_it_out():
    grid = case([100.0] * 12, thermal(low=10, high=100, cost=[[10, 100], [50, 700], [100, 2_000]]))
    matrix = build(grid).pack()
    assert split(grid, matrix) is not None
    family = next(family for family in matrix.column_names.families if family.name == "piece_mw")
    rows = matrix.rows.copy()
    rows.indices[rows.indptr[-2]] = family.first  # the balance of the last step now holds a piece
    assert split(grid, replace(matrix, rows=rows)) is None


def test_rest_earns_the_dearest_product_from_the_minimum_time_down_on():
    """
    Gas of 80 MW runs at its only output, 72,000 an hour, and must rest 2 h; no price of energy, 4 h.

    Reserve from off pays 100, 100, 300, 100 a MW, a slower product 50, 50, 50, 150, and one within five minutes 900,
    which is not in time. By hand: stopped at once the unit has rested for the last two hours,
    80 * (300 + 150) = 36,000; with no need of rest 52,000. On in the third hour it pays for that and never has rested.
    """
    gas = thermal("gas", low=80, high=80, price=900, was=80, min_down_h=2, start_time_min=10)
    products = [reserve(5, "non_spinning", name=f"within {minutes}", response_min=minutes) for minutes in (10, 30, 5)]
    grid = case([0.0] * 4, gas, reserves=products)
    parts = split_of(grid)
    prices = np.zeros(len(parts.master_rows))
    prices[rows_of(parts, REQUIREMENT)] = [100, 100, 300, 100, 50, 50, 50, 150, 900, 900, 900, 900]
    priced = Pricer(grid, parts)(prices, gaps=True)
    assert -36_000 == pytest.approx(priced.value[0])
    held = [priced.schedules.values[award.columns[0]].tolist() for award in parts.offline]
    assert [[0, 0, 80, 0], [0, 0, 0, 80]] == held
    assert 36_000 + 72_000 == pytest.approx(priced.gap_on[0, 2])


def test_reserve_from_off_leaves_no_row_in_the_master_but_that_of_the_starts_of_a_day():
    """Two units, of which one has a limit of starts: balance, requirement and its row, by step."""
    free, limited = (
        thermal(f"gas {most}", low=20, high=80, start_time_min=10, starts_per_day_max=most) for most in (None, 1)
    )
    parts = split_of(case([0.0] * 6, free, limited, reserves=[reserve(50, "non_spinning")]))
    assert 3 * 6 == len(parts.master_rows)

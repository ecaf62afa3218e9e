"""Reserve products, by hand: who may serve them, how much, and what missing them costs."""

from typing import Any

import pytest
from building import PRICES, RESERVE_SHORT, UNSERVED, Data, approx, case, cost, reserve, solve, thermal

from grid_models.case import Case, Zone

UP = ("regulation_up", "spinning", "flexible_ramp_up", "non_spinning")
DOWN = ("regulation_down", "flexible_ramp_down")


@pytest.mark.parametrize("product", UP)
def test_up_reserve_takes_headroom(product: str) -> None:
    """
    Coal of 100 MW at 300, gas at 900 that may hold none; demand 90, up 30 MW. By hand: 70 * 300 + 20 * 900.
    Without headroom for it 27,000.
    """
    gas = thermal("gas", price=900, was=0)
    needed = reserve(30, product, eligible=["coal"])
    assert 21_000 + 18_000 == approx(cost([90], thermal(was=0), gas, reserves=[needed]))


@pytest.mark.parametrize("product", DOWN)
def test_down_reserve_takes_footroom(product: str) -> None:
    """
    Coal 40-100 MW at 900 runs 30 MW above its minimum to hold 30 MW down, gas at 300 gives the rest of 100.

    By hand: 70 * 900 + 30 * 300. Without footroom for it 40 * 900 + 60 * 300.
    """
    coal = thermal(low=40, price=900, was=40, must_run=True)
    needed = reserve(30, product, eligible=["coal"])
    assert 63_000 + 9_000 == approx(cost([100], coal, thermal("gas", was=0), reserves=[needed]))


def test_products_share_one_headroom() -> None:
    """
    Regulation 20 and spinning 30 MW from coal of 100 MW alone: 50 MW of energy are left. Demand 90, gas at 900.

    By hand: 15,000 + 36,000. If a megawatt counted in both: 70 * 300 + 20 * 900.
    """
    products = [reserve(20, "regulation_up", eligible=["coal"]), reserve(30, eligible=["coal"])]
    assert 51_000 == approx(cost([90], thermal(was=0), thermal("gas", price=900, was=0), reserves=products))


def test_response_minutes_limit_an_award() -> None:
    """
    60 MW/h is 1 MW per minute: 10 MW in ten minutes, of 25 required: 15 are missing. A unit without ramp: none.
    """
    spin = reserve(25, response_min=10)
    coal = thermal(high=200, was=50, ramp_up_mw_per_h=60, ramp_down_mw_per_h=60)
    assert 50 * 300 + 15 * RESERVE_SHORT == approx(cost([50], coal, reserves=[spin]))
    assert 50 * 300 == approx(cost([50], thermal(high=200, was=50), reserves=[spin]))


def test_an_award_never_needs_a_ramp_that_the_schedule_uses() -> None:
    """
    Coal climbs 60 MW/h from 50; demand 110 uses it all; spinning 20 MW. Gas at 900 may hold none.

    By hand: 20 MW of gas let coal keep 20 MW of ramp: 90 * 300 + 20 * 900. Without it 33,000.
    """
    coal = thermal(high=200, was=50, ramp_up_mw_per_h=60)
    spin = reserve(20, eligible=["coal"])
    assert 27_000 + 18_000 == approx(cost([110], coal, thermal("gas", price=900, was=0), reserves=[spin]))


def test_only_on_units_spin_but_quick_starters_serve_non_spinning_from_off() -> None:
    """
    Gas 20-80 MW starts in ten minutes and stands off; demand 100 takes all of coal.

    Non-spinning 50 MW within ten minutes: free. Within five, or spinning: gas must run at 20 MW and 900:
    80 * 300 + 20 * 900, holding 60.
    """
    gas = thermal("gas", low=20, high=80, price=900, start_time_min=10)
    coal = thermal(was=100)
    assert 30_000 == approx(cost([100], coal, gas, reserves=[reserve(50, "non_spinning", response_min=10)]))
    for needed in (reserve(50, "non_spinning", response_min=5), reserve(50)):
        only = needed.model_copy(update={"eligible": ("gas",)})
        assert 24_000 + 18_000 == approx(cost([100], coal, gas, reserves=[only]))


def rested(**terms: Any) -> float:
    """What 50 MW of non-spinning reserve from gas that has stood off for an hour cost beside free energy."""
    gas = thermal("gas", low=20, high=80, price=900, start_time_min=10, initial={"on": False, "hours": 1}, **terms)
    return cost([0, 0], gas, reserves=[reserve(50, "non_spinning")])


def test_a_unit_serves_from_off_only_where_it_may_start() -> None:
    """
    Off for 1 h of 2 h minimum: one hour of 50 MW missing. On outage, forbidden, or with no start left: both hours.
    """
    assert 0 == approx(rested())
    assert 50 * RESERVE_SHORT == approx(rested(min_down_h=2))
    assert 50 * RESERVE_SHORT == approx(rested(commitment=[None, False]))
    assert 100 * RESERVE_SHORT == approx(rested(starts_per_day_max=0))
    assert 20 * RESERVE_SHORT * 2 == approx(rested(start_max_mw=30))


def test_a_start_that_the_schedule_uses_backs_no_reserve() -> None:
    """
    Gas 20-80 MW at 9,000 may start once a day; 20 MW of demand in the second of two hours; non-spinning 50 MW.

    By hand: left off it holds 50 MW in both hours, and 20 MWh go unserved: 200,000. Running in the second hour leaves
    no start behind the reserve of the first (180,000 and 250,000), running in both spills 20 MW (380,000).
    If the start counted twice: 180,000.
    """
    gas = thermal("gas", low=20, high=80, price=9_000, start_time_min=10, starts_per_day_max=1)
    assert 20 * UNSERVED == approx(cost([0, 20], gas, reserves=[reserve(50, "non_spinning")]))


def test_shortage_is_priced_slice_by_slice_and_never_gets_cheaper() -> None:
    """
    30 MW missing: 10 at 100, 10 at 7,000, the rest at the case's 5,000, or 7,000 as the last slice is dearer.

    By hand: 1,000 + 70,000 + 70,000. An endless slice: 1,000 + 20 * 200. No slice: 150,000.
    """
    slices = [{"mw": 10, "price_per_mwh": 100}, {"mw": 10, "price_per_mwh": 7_000}]
    assert 141_000 == approx(cost([0], reserves=[reserve(30, shortage=slices)]))
    endless = [{"mw": 10, "price_per_mwh": 100}, {"price_per_mwh": 200}]
    assert 5_000 == approx(cost([0], reserves=[reserve(30, shortage=endless)]))
    assert 150_000 == approx(cost([0], reserves=[reserve(30)]))


def test_reserve_is_bought_only_where_missing_it_is_dearer() -> None:
    """30 MW missing at 100 for half an hour cost 1,500, less than starting gas would."""
    gas = thermal("gas", low=20, price=900)
    cheap = reserve(30, shortage=[{"price_per_mwh": 100}])
    plan = solve(case([0], gas, reserves=[cheap], step_min=30))
    assert 1_500 == approx(plan.cost)
    assert "relaxed" == plan.status
    assert {"spinning": [30]} == plan.shortage.reserve_mw


def two_zones(*products: Any, **fields: Any) -> Case:
    """Coal of 100 MW in the north, gas of 100 MW in the south, 50 MW of demand each, nothing between them."""
    zones = [Zone(name="north", demand_mw=(50.0,)), Zone(name="south", demand_mw=(50.0,))]
    units = thermal(zone="north", was=50), thermal("gas", price=900, zone="south", was=50)
    document: Data = {"zones": zones, "reserves": products} | fields
    return case([0], *units, **document)


def test_a_zone_requirement_is_served_in_the_zone() -> None:
    """
    Spinning 60 MW of the system: 50 in each zone suffice. Of the south: 50 there, 10 are missing.
    """
    base = 50 * 300 + 50 * 900
    assert base == approx(solve(two_zones(reserve(60))).cost)
    assert base + 10 * RESERVE_SHORT == approx(solve(two_zones(reserve(60, zones=["south"]))).cost)


def test_eligibility_by_kind_and_by_name() -> None:
    """60 MW by batteries alone are all missing; by gas alone 10; by both names none."""
    base = 50 * 300 + 50 * 900
    for missing, terms in (
        (60, {"eligible_kinds": ["battery"]}),
        (10, {"eligible": ["gas"]}),
        (0, {"eligible": ["gas", "coal"], "eligible_kinds": ["thermal"]}),
    ):
        assert base + missing * RESERVE_SHORT == approx(solve(two_zones(reserve(60, **terms))).cost)


def test_the_requirement_may_change_by_the_step() -> None:
    """0 then 120 MW from coal of 100 that serves 50: 70 missing in the second hour only."""
    assert 100 * 300 + 70 * RESERVE_SHORT == approx(cost([50, 50], thermal(was=50), reserves=[reserve([0, 120])]))


def test_the_price_of_reserve_is_what_one_more_megawatt_costs() -> None:
    """
    Up 30 MW from coal at 300 that gas at 900 makes room for: one more MW moves one MWh: 600. Energy: 900 by gas.

    Half hours: the same prices per MWh.
    """
    gas = thermal("gas", price=900, was=0)
    for step_min in (60, 30):
        study = case([90], thermal(was=0), gas, reserves=[reserve(30, eligible=["coal"])], step_min=step_min)
        plan = solve(study, threads=1)
        assert [600] == approx(plan.prices["spinning"])
        assert [900] == approx(plan.prices["system"])


def test_prices_of_failure_are_the_case_s_own() -> None:
    """10 MW missing at 77 per MWh."""
    prices = PRICES.model_copy(update={"reserve_shortage_per_mwh": 77.0})
    assert 770 == approx(cost([0], reserves=[reserve(10)], prices=prices))

"""Thermal units: every rule by a case that is solved by hand. Demand in MW per hour, prices per MWh."""

import pytest
from building import MIDNIGHT, RESERVE_SHORT, UNSERVED, approx, case, cost, free, reserve, solve, thermal

from grid_models.resources import ThermalUnit
from grid_models.resources.thermal import CostPoint, DeepPeakingTier

PEAKER = thermal("peaker", 0, 300, 900, was=0)
"""Whatever else fails to serve costs 900."""


def test_a_unit_stays_above_its_minimum_while_on() -> None:
    """
    Coal 60-100 MW at 300; demand 100, 50, 100; it must run throughout, so 10 MW are spilled at 1,000 for an hour.

    By hand: (100 + 60 + 100) * 300 + 10 * 1,000. Without the minimum output nothing is spilled: 75,000.
    """
    coal = thermal(low=60, was=100, must_run=True)
    assert 260 * 300 + 10 * 1_000 == approx(cost([100, 50, 100], coal))


def test_no_load_cost_is_paid_for_every_hour_on() -> None:
    """
    An hour on costs 2,000 before the first MWh at 100; demand 50 for two hours.

    By hand: 2 * (2,000 + 50 * 100). Without the no-load cost: 10,000.
    """
    unit = thermal(cost=[[0, 2_000], [100, 12_000]], was=50)
    assert 2 * (2_000 + 50 * 100) == approx(cost([50, 50], unit))


def test_half_hours_cost_half() -> None:
    """Two half hours of 50 MW at 300 are 50 MWh; taking steps for hours would give 30,000."""
    assert 50 * 300 == approx(cost([50, 50], thermal(was=50), step_min=30))


STARTS = [{"hours_off": 0, "cost": 1_000}, {"hours_off": 2, "cost": 3_000}, {"hours_off": 4, "cost": 9_000}]


@pytest.mark.parametrize(
    ("idle", "start"),
    [(1, 1_000), (2, 3_000), (3, 3_000), (4, 9_000), (5, 9_000)],
)
def test_a_start_costs_by_the_hours_off(idle: int, start: float) -> None:
    """
    Running at 60-100 MW against nothing to serve spills 60 MW, so the unit stops for the idle hours.

    A start is hot up to 2 h off, warm up to 4 h, then cold; with one price for all, every case would cost the same.
    """
    coal = thermal(low=60, was=100, start_costs=STARTS)
    assert 2 * 100 * 300 + start == approx(cost([100, *[0] * idle, 100], coal))


@pytest.mark.parametrize(("off_before", "start"), [(0.5, 1_000), (1, 3_000), (2.5, 3_000), (3, 9_000)])
def test_hours_off_before_the_horizon_count(off_before: float, start: float) -> None:
    """
    Nothing to serve in the first hour, 100 MW in the second: the start comes after the hours before plus one.

    Warm from 2 h, cold from 4 h. Counting only the hour of the horizon, every start would cost 1,000.
    """
    coal = thermal(low=60, start_costs=STARTS, initial={"on": False, "hours": off_before})
    assert 100 * 300 + start == approx(cost([0, 100], coal))


@pytest.mark.parametrize("cold_after", [30, 40])
def test_long_delays_by_windows_cost_the_same(cold_after: int) -> None:
    """
    Off from hour 1 to hour 33, 33 h in all, longer than stops and starts are matched pair by pair.

    Warm (2,000) while cold begins at 40 h, cold (8,000) where it begins at 30 h.
    """
    coal = thermal(
        low=60, was=100, start_costs=[{"hours_off": 0, "cost": 2_000}, {"hours_off": cold_after, "cost": 8_000}]
    )
    start = 2_000 if cold_after == 40 else 8_000
    assert 200 * 300 + start == approx(cost([100, *[0] * 33, 100], coal))


def test_a_unit_that_starts_stays_on_for_its_minimum() -> None:
    """
    Coal 50-100 MW at 100 must stay on 3 h; the peaker costs 900. Demand 100, 0, 0, 0.

    By hand: starting spills 50 MW for two hours: 10,000 + 2 * (5,000 + 50,000) = 120,000, so the peaker serves: 90,000.
    Without the minimum up time coal serves alone for 10,000.
    """
    coal = thermal(low=50, price=100, min_up_h=3)
    assert 100 * 900 == approx(cost([100, 0, 0, 0], coal, PEAKER))


def test_minimum_up_time_rounds_up_to_steps_and_the_horizon_cuts_it() -> None:
    """
    Minimum up 1.5 h is two hourly steps. Demand 0, 100, 100: coal runs both hours for 20,000.

    Demand 0, 0, 100: the end of the horizon cuts the time, so coal serves for 10,000 instead of the peaker's 90,000.
    """
    coal = thermal(low=50, price=100, min_up_h=1.5)
    assert 20_000 == approx(cost([0, 100, 100], coal, PEAKER))
    assert 10_000 == approx(cost([0, 0, 100], coal, PEAKER))
    assert min(90_000, 10_000 + 5_000 + 50_000) == approx(cost([100, 0, 0], coal, PEAKER))


def test_a_unit_that_stops_stays_off_for_its_minimum() -> None:
    """
    Coal 80-100 MW at 100 stays off 3 h once it stops; demand 100, 0, 100, 100 and a peaker at 900.

    By hand: keep on and spill 80 MW: 10,000 + 8,000 + 80,000 + 20,000 = 118,000; stop and miss two hours:
    10,000 + 180,000. Without the minimum down time: 30,000.
    """
    coal = thermal(low=80, price=100, was=100, min_down_h=3)
    assert 118_000 == approx(cost([100, 0, 100, 100], coal, PEAKER))


def test_hours_on_and_off_before_the_horizon_count() -> None:
    """
    On for 1 h of 3 h minimum: it must stay two more hours, spilling 50 MW each: 2 * (5,000 + 50,000).
    Off for 1 h of 3 h: the peaker serves the first two hours. Without the initial state: 0 and 30,000.
    """
    running = thermal(low=50, price=100, min_up_h=3, initial={"on": True, "hours": 1, "power_mw": 50})
    resting = thermal(low=50, price=100, min_down_h=3, initial={"on": False, "hours": 1})
    assert 110_000 == approx(cost([0, 0, 0], running))
    assert 180_000 + 10_000 == approx(cost([100, 100, 100], resting, PEAKER))


def test_ramps_bind_output_above_the_minimum() -> None:
    """
    Coal 20-100 MW at 100 from 20 MW, ramp 30 MW/h; demand 100 twice, the peaker at 900 fills up.

    By hand: 50 then 80 from coal: 13,000 + (50 + 20) * 900 = 76,000. Without the ramp: 20,000.
    """
    coal = thermal(low=20, price=100, was=20, ramp_up_mw_per_h=30)
    assert 13_000 + 63_000 == approx(cost([100, 100], coal, PEAKER))


def test_ramps_scale_with_the_step() -> None:
    """Half hours: 35 then 50 MW from coal, so (85 * 100 + 115 * 900) / 2; hourly ramps would give 38,000."""
    coal = thermal(low=20, price=100, was=20, ramp_up_mw_per_h=30)
    assert (85 * 100 + 115 * 900) / 2 == approx(cost([100, 100], coal, PEAKER, step_min=30))


def test_ramp_down_spills_what_it_cannot_shed() -> None:
    """
    From 100 MW, 30 MW/h down, demand 40: 70 MW in the first hour spill 30, in the second 40 fit.

    By hand: 110 * 100 + 30 * 1,000. Without the ramp: 8,000.
    """
    coal = thermal(low=20, price=100, was=100, ramp_down_mw_per_h=30, must_run=True)
    assert 11_000 + 30_000 == approx(cost([40, 40], coal))


def test_start_limit_holds_output_in_the_first_step_on() -> None:
    """
    Coal 20-100 MW may start at 40 MW; demand 100 twice: 40 then 100 from coal, 60 from the peaker.

    By hand: 14,000 + 54,000. Without the limit: 20,000. It does not scale with the step: half hours cost half.
    """
    coal = thermal(low=20, price=100, start_max_mw=40)
    assert 68_000 == approx(cost([100, 100], coal, PEAKER))
    assert 34_000 == approx(cost([100, 100], coal, PEAKER, step_min=30))


def test_stop_limit_holds_output_in_the_last_step_on() -> None:
    """
    Coal 30-100 MW at 100 may stop from 40 MW; demand 100, 0, 0, the peaker at 900.

    By hand: 40 from coal and 60 from the peaker, then off: 4,000 + 54,000. Staying on for an hour instead spills
    30 MW: 10,000 + 3,000 + 30,000 = 43,000, then off. Without the limit: 10,000.
    If it falls by 10 MW/h at most it cannot leave 100 MW so soon, and the first way is all there is: 58,000.
    """
    coal = thermal(low=30, price=100, was=50, stop_max_mw=40)
    assert 43_000 == approx(cost([100, 0, 0], coal, PEAKER))
    assert 58_000 == approx(cost([100, 0, 0], coal.model_copy(update={"ramp_down_mw_per_h": 10.0}), PEAKER))


def test_a_unit_that_cannot_start_does_not() -> None:
    """A start limit below the minimum output rules starts out: the peaker serves at 900 instead of coal at 100."""
    assert 90_000 == approx(cost([100], thermal(low=50, price=100, start_max_mw=40), PEAKER))


def test_ramps_and_start_limits_carry_up_reserve() -> None:
    """
    Coal 20-100 MW at 100 from 20 MW, ramp 30 MW/h, spinning 30 MW from it alone, the peaker at 900 for energy.

    By hand: energy and reserve share the ramp: p + 30 <= 20 + 30 leaves 20 MW of energy in the first hour; in the
    second p + 30 <= 50: 20 again. 40 * 100 + 160 * 900. Without reserve in the ramp coal gives 50 and 70: 84,000.
    """
    coal = thermal(low=20, price=100, was=20, ramp_up_mw_per_h=30)
    spin = reserve(30, eligible=["coal"])
    assert 4_000 + 144_000 == approx(cost([100, 100], coal, PEAKER, reserves=[spin]))


def test_ramp_down_carries_down_reserve() -> None:
    """
    Coal 20-100 MW at 100 from 80 MW, 30 MW/h down, must run; demand 60 and 20 MW of down-reserve from it.

    By hand: it falls by 10 so that 20 more stay possible: 70 MW, 10 of them spilled at 1,000, less than 10 MW missing
    at 5,000. Without reserve in the ramp 60 * 100.
    """
    coal = thermal(low=20, price=100, was=80, ramp_down_mw_per_h=30, must_run=True)
    assert 7_000 + 10_000 == approx(cost([60], coal, reserves=[reserve(20, "regulation_down")]))


def test_the_last_step_on_carries_up_reserve_within_the_stop_limit() -> None:
    """
    Coal 20-100 MW at 100 stops from at most 40 MW and must be off in the second hour; spinning 15 MW from it alone.

    By hand: 25 MW of energy, 75 from the peaker: 2,500 + 67,500, and 15 MW short of reserve afterwards at 5,000.
    Without reserve in the stop limit 40 MW of energy: 58,000 + 75,000.
    """
    coal = thermal(low=20, price=100, was=20, stop_max_mw=40, commitment=[None, False])
    spin = reserve(15, eligible=["coal"])
    expected = 2_500 + 67_500 + 15 * RESERVE_SHORT
    assert expected == approx(cost([100, 0], coal, PEAKER, reserves=[spin]))


def test_convex_pieces_fill_in_order() -> None:
    """
    100 per MWh up to 50 MW, 400 beyond; a second unit at 250. Demand 80.

    By hand: 50 * 100 + 30 * 250. One straight line at 250 would give 20,000.
    """
    bent = thermal("bent", cost=[[0, 0], [50, 5_000], [100, 25_000]], was=0)
    assert 5_000 + 7_500 == approx(cost([80], bent, thermal("flat", price=250, was=0)))


def test_quadratic_cost_errs_by_no_more_than_it_says() -> None:
    """
    10 p + 0.1 p^2 at p = 12.5, the middle of the first of 4 secants over 0-100 MW.

    By hand: exact 125 + 15.625; the secant from 0 to 25 MW costs 12.5 per MWh, 156.25, above by 0.1 * 12.5^2 = 15.625,
    which is the stated error. At p = 25, where secants meet, there is none.
    """
    curve = {"linear_per_mwh": 10, "quadratic_per_mw2h": 0.1, "pieces": 4}
    unit = ThermalUnit.model_validate(thermal(was=0).model_dump() | {"cost": curve})
    assert 125 + 15.625 + unit.cost.error_per_h(0, 100) == approx(cost([12.5], unit))
    assert 250 + 62.5 == approx(cost([25], unit))


def test_non_convex_cost_is_exact() -> None:
    """
    400 per MWh up to 50 MW, 100 beyond; the peaker at 300. Demand 30: the peaker for 9,000.
    Demand 80: the bent unit for 20,000 + 3,000 = 23,000 beats the peaker's 24,000.

    Filling the cheap piece first would give 3,000 and 8,000 + 30 * 300.
    """
    bent = thermal("bent", cost=[[0, 0], [50, 20_000], [100, 25_000]], was=0)
    other = thermal("other", price=300, was=0)
    assert 9_000 == approx(cost([30], bent, other))
    assert 23_000 == approx(cost([80], bent, other))


def test_must_run_and_fixed_and_forbidden_commitment() -> None:
    """
    Coal 40-100 MW at 500 beside water for nothing; demand 50 for three hours.

    Must-run: 3 * 40 * 500. Fixed on in the second hour only: 20,000. Free: nothing.
    Forbidden in the second hour where coal at 500 would serve alone: 50 MWh unserved at 10,000.
    """
    water = free(available=50)
    assert 60_000 == approx(cost([50, 50, 50], thermal(low=40, price=500, must_run=True, was=40), water))
    assert 20_000 == approx(cost([50, 50, 50], thermal(low=40, price=500, commitment=[None, True, None]), water))
    assert 0 == approx(cost([50, 50, 50], thermal(low=40, price=500), water))
    forbidden = thermal(low=40, price=500, commitment=[None, False, None], was=40)
    assert 2 * 25_000 + 50 * UNSERVED == approx(cost([50, 50, 50], forbidden))


def test_a_planned_outage_takes_the_unit_off_even_if_it_must_run() -> None:
    """
    On outage from 01:30 to 02:00, which touches the second hour: the peaker serves it at 900.

    By hand: 2 * 50 * 300 + 50 * 900. Without the outage: 45,000.
    """
    away = {"start": MIDNIGHT.replace(hour=1, minute=30), "end": MIDNIGHT.replace(hour=2)}
    coal = thermal(was=50, must_run=True, outages=[away])
    assert 30_000 + 45_000 == approx(cost([50, 50, 50], coal, PEAKER))


def test_output_avoids_a_forbidden_zone() -> None:
    """
    Coal at 100 may not stand between 30 and 70 MW; the peaker costs 900; demand 50.

    By hand: 30 from coal, 20 from the peaker: 3,000 + 18,000. (70 MW and 20 spilled: 27,000.) Without the zone: 5,000.
    """
    coal = thermal(price=100, was=0, forbidden_zones=[{"from_mw": 30, "to_mw": 70}])
    assert 21_000 == approx(cost([50], coal, PEAKER))


def test_reserve_does_not_cross_a_forbidden_zone() -> None:
    """
    As above at demand 25 with spinning 10 MW from coal alone: below the zone 20 + 10 fit.

    By hand: 20 * 100 + 5 * 900. Without the zone, or if reserve might cross it: 2,500.
    """
    coal = thermal(price=100, was=0, forbidden_zones=[{"from_mw": 30, "to_mw": 70}])
    assert 2_000 + 4_500 == approx(cost([25], coal, PEAKER, reserves=[reserve(10, eligible=["coal"])]))


def test_starts_per_day() -> None:
    """
    Coal 80-100 MW at 100 may start once a day; demand 100, 0, 100, then the next day 100 after an idle midnight hour.

    Steps from 22:00: 100, 0 | 100, 0, 100. Off before. The first start at 22:00, the second and third at 00:00 and
    02:00 of the next day, of which only one is left: the peaker serves 100 at 900, or 80 MW are spilled for an hour
    at 8,000 + 80,000, which is dearer than the 80,000 that the peaker costs more.
    By hand: 20,000 + 90,000. Without the limit: 30,000.
    """
    coal = thermal(low=80, price=100, starts_per_day_max=1)
    study = case([100, 0, 100, 0, 100], coal, PEAKER)
    evening = study.horizon.model_copy(update={"start": MIDNIGHT.replace(hour=22)})
    assert 110_000 == approx(solve(study.replaced(horizon=type(evening).model_validate(evening.model_dump()))).cost)


def test_energy_per_day() -> None:
    """
    Coal at 100 may give 120 MWh a day; the peaker costs 900; demand 100, 100.

    By hand: 12,000 + 80 * 900. Without the limit: 20,000.
    """
    assert 84_000 == approx(cost([100, 100], thermal(price=100, was=0, energy_per_day_max_mwh=120), PEAKER))


DEEP = [{"below_mw": 50, "price_per_mwh": 100}, {"below_mw": 40, "price_per_mwh": 300}]


def test_deep_peaking_costs_by_the_depth_in_each_tier() -> None:
    """
    Coal at 300 runs at 30 MW: 10 MW deep in the tier below 50 at 100, 10 MW deep in the tier below 40 at 300.

    By hand: 9,000 + 1,000 + 3,000. Without the tiers: 9,000; by the deeper price alone: 15,000.
    """
    assert 13_000 == approx(cost([30], thermal(low=20, was=50, deep_peaking=DEEP)))


def test_deep_peaking_moves_slowly() -> None:
    """
    Coal 20-100 MW at 100 moves 10 MW/h where either step is below 50 MW; it must run; from 30 MW, demand 80, 80, 80.

    By hand: 40, 50, then from 50 on freely 80; the peaker gives 40 + 30 at 900: 17,000 + 63,000.
    Without the slow ramp: 24,000.
    """
    tier = [{"below_mw": 50, "ramp_mw_per_h": 10}]
    coal = thermal(low=20, price=100, was=30, must_run=True, deep_peaking=tier)
    assert 17_000 + 63_000 == approx(cost([80, 80, 80], coal, PEAKER))


def test_a_tier_above_the_maximum_holds_at_full_output_too() -> None:
    """
    All of 0-40 MW lies below the tier at 50 MW, so coal at 100 climbs 10 MW/h from 10 up to its full 40 MW.

    By hand: 20 + 30 + 40 = 90 MWh of 120, the peaker gives 30 at 900. Were full output out of the tier, 40 at once
    would be no move within it: 12,000.
    """
    coal = thermal(high=40, price=100, was=10, deep_peaking=[{"below_mw": 50, "ramp_mw_per_h": 10}])
    assert 9_000 + 27_000 == approx(cost([40, 40, 40], coal, PEAKER))


def test_fuel_per_day_counts_energy_no_load_and_starts() -> None:
    """
    10 GJ per MWh, 20 GJ per hour on, 100 GJ per start; 1,000 GJ a day; the peaker costs 900; demand 50, 50.

    By hand: 100 for the start, 40 for two hours on leave 860 GJ: 86 MWh at 100, 14 MWh at 900.
    Without the limit: 10,000; without start and no-load fuel all 100 MWh fit too.
    """
    use = {"fuel": "gas", "gj_per_mwh": 10, "no_load_gj_per_h": 20, "start_gj": 100}
    unit = thermal("gas", price=100, fuel_use=use)
    fuels = [{"name": "gas", "day_max_gj": 1_000}]
    assert 8_600 + 12_600 == approx(cost([50, 50], unit, PEAKER, fuels=fuels))


def test_the_carbon_price_changes_the_merit_order() -> None:
    """
    Coal at 300 with 0.9 t/MWh, gas at 400 with 0.4 t/MWh, carbon at 300 per tonne; demand 100 of 100 each.

    By hand: gas costs 520, coal 570: 52,000 and 40 t. Without the carbon price coal runs: 30,000.
    """
    fleet = thermal(emission_t_per_mwh=0.9, was=0), thermal("gas", price=400, emission_t_per_mwh=0.4, was=0)
    plan = solve(case([100], *fleet, carbon_price_per_t=300))
    assert 52_000 == approx(plan.cost)
    assert {"thermal": 40, "total": 40} == approx(plan.emissions_t)
    assert 12_000 == approx(plan.cost_by_kind["thermal"]["carbon"])


def test_a_unit_above_its_maximum_before_the_horizon_comes_down() -> None:
    """From 130 MW, 40 MW/h down, it can be at 90 in the first hour; demand 90 needs no spill: 27,000."""
    coal = thermal(ramp_down_mw_per_h=40, initial={"on": True, "hours": 9, "power_mw": 130})
    assert 27_000 == approx(cost([90], coal))


def test_points_of_a_curve_that_only_rounding_keeps_apart_are_one():
    """A tier that ends 1e-14 MW beside a cost point adds no piece that could be entered for nothing."""
    edge = 0.1 + 0.2
    unit = thermal(low=0.1, high=1.0, price=300).model_copy(
        update={
            "cost": (
                CostPoint(mw=0.1, cost_per_h=30),
                CostPoint(mw=0.3, cost_per_h=90),
                CostPoint(mw=1, cost_per_h=300),
            ),
            "deep_peaking": (DeepPeakingTier(below_mw=edge, price_per_mwh=50),),
        }
    )
    mw, cost = unit.curve
    assert edge != 0.3
    assert [0.1, 0.3, 1.0] == approx(mw.tolist())
    assert [30 + 50 * 0.2, 90, 300] == approx(cost.tolist())

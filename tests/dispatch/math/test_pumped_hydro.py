"""Pumped-hydro stations, by hand. Cheap power costs 300 up to 200 MW, dear power 900; water is worth 250 at the end."""

from typing import Any

import pytest
from building import RESERVE_SHORT, approx, case, cost, free, reserve, solve, station, thermal, turbine

from grid_models.case import Case
from grid_models.resources import PumpedHydro

CHEAP, DEAR = thermal(high=200, was=0), thermal("dear", high=500, price=900, was=0)
FREE_END = {"min_mwh": 0}


def test_it_pumps_cheap_water_up_and_generates_from_it_dear() -> None:
    """
    Demand 100, 300; fixed-speed 100 MW pump at 80 %, turbine at 90 %.

    By hand: 100 MW pumped give 80 MWh of water and 72 MWh back: 200 * 300 + 200 * 300 + 28 * 900.
    Lossless there were 0 at 900; without the station 100.
    """
    plant = station(pump_efficiency=0.8, generate_efficiency=0.9)
    assert 120_000 + 28 * 900 == approx(cost([100, 300], CHEAP, DEAR, plant))


def test_a_fixed_speed_set_pumps_at_its_rated_power_or_not_at_all() -> None:
    """
    Demand 150 leaves 50 MW cheap; then 300. Pumping 100 MW takes 50 dear ones.

    By hand fixed: 250 MW at 60,000 + 45,000, then 200 * 300: 165,000; idle: 45,000 + 60,000 + 90,000 = 195,000.
    A variable-speed set of 30-100 MW pumps 50: 60,000 + 60,000 + 50 * 900 = 165,000 as well, but with a room of only
    60 MWh above, the fixed one must stay idle and the variable one still pumps 50.
    """
    fixed, variable = turbine(), turbine(pump=(30, 100))
    assert 165_000 == approx(cost([150, 300], CHEAP, DEAR, station(fixed)))
    assert 195_000 == approx(cost([150, 300], CHEAP, DEAR, station(fixed, most=560)))
    assert 165_000 == approx(cost([150, 300], CHEAP, DEAR, station(variable, most=560)))


def test_a_variable_speed_set_does_not_pump_below_its_range() -> None:
    """
    Room for 20 MWh above and at least 30 MW to pump: it stays idle, 195,000. Without the least it would save 12,000.
    """
    assert 195_000 == approx(cost([150, 300], CHEAP, DEAR, station(turbine(pump=(30, 100)), most=520)))


def test_a_turbine_does_not_generate_below_its_range() -> None:
    """
    10 MWh of water above its least level and at least 40 MW to generate: not for an hour, but for a quarter.

    By hand: 100 MW at 900 for an hour; for a quarter hour 40 MW come from water: 60 * 900 / 4.
    """
    plant = station(turbine(generate=(40, 100)), water=510, upper_min_mwh=500, end=FREE_END)
    assert 90_000 == approx(cost([100], DEAR, plant))
    assert 60 * 900 / 4 == approx(cost([100], DEAR, plant, step_min=15))


def test_one_unit_never_pumps_while_another_generates() -> None:
    """
    250 MW cannot be curtailed against 200 MW of demand. Unit two must generate on; unit one could pump 100.

    Unit two has just begun to generate 60 MW or more, for two hours at least. By hand: it adds 60 MW, so 110 MW are
    spilled at 1,000, unless the station may short-circuit: then 100 of them are pumped and 10 are spilled.
    """
    units = turbine(), turbine("two", generate=(60, 100), initial_mode="generate", initial_hours=1)
    river = free(available=250, min_mw=250)
    plant = station(*units, min_generate_h=2, end=FREE_END)
    assert 110_000 == approx(cost([200], river, plant))
    both = plant.model_copy(update={"may_short_circuit": True})
    assert 10_000 == approx(cost([200], river, both))


def test_time_off_between_pumping_and_generating() -> None:
    """
    Pumping 100 MW in the first hour, generating 100 in the second, or after an hour off in the third.

    Demand 100, 300, 300 with 200 cheap. By hand: water of 100 MWh serves the second hour, or with an hour off the
    third; the cost is the same. Where only the second hour is dear, time off makes the water useless: it idles.
    """
    quick, slow = station(), station(changeover_h=0.5)
    assert 200 * 300 * 2 + 100 * 300 == approx(cost([100, 300, 100], CHEAP, DEAR, quick))
    assert 100 * 300 + 200 * 300 + 90_000 + 30_000 == approx(cost([100, 300, 100], CHEAP, DEAR, slow))
    assert 3 * 60_000 + 90_000 == approx(cost([100, 300, 300], CHEAP, DEAR, slow))


def test_time_off_counts_from_before_the_horizon() -> None:
    """Pumping until the horizon begins, 1 h off: the first hour's 100 MW are dear, the second's come from water."""
    plant = station(turbine(initial_mode="pump"), changeover_h=1, end=FREE_END)
    assert 90_000 == approx(cost([100, 100], DEAR, plant))


def test_least_time_in_a_mode() -> None:
    """
    Generating 50-100 MW for at least two hours; 60 MWh of water above the least level; demand 60, 0.

    By hand: two hours need 100 MWh of water: it stays idle, 54,000. Without the rule it serves alone: 0.
    """
    plant = station(turbine(generate=(50, 100)), water=560, upper_min_mwh=500, end=FREE_END, min_generate_h=2)
    assert 54_000 == approx(cost([60, 0], DEAR, plant))
    assert 0 == approx(cost([60, 0], DEAR, plant.model_copy(update={"min_generate_h": 0.0})))


def test_least_time_to_pump_counts_hours_before() -> None:
    """
    Pumping for 1 of 3 h: it goes on for two hours at 900 per MWh. By hand: 180,000. Without the rule: nothing.
    """
    plant = station(turbine(initial_mode="pump", initial_hours=1), min_pump_h=3)
    assert 180_000 == approx(cost([0, 0, 0], DEAR, plant))


def test_starts_per_day_and_their_cost() -> None:
    """
    Two dear hours of 100 MW with an idle hour between them, 500 per start, free water.

    By hand: two starts, 1,000; with one start a day and 40-100 MW, going on through the idle hour spills 40 MW:
    500 + 40,000, still less than 90,000. Without the cost of starts: 0.
    """
    plant = station(turbine(generate=(40, 100)), end=FREE_END, start_cost=500)
    assert 1_000 == approx(cost([100, 0, 100], DEAR, plant))
    assert 500 + 40_000 == approx(cost([100, 0, 100], DEAR, plant.model_copy(update={"starts_per_day_max": 1})))
    running = station(turbine(initial_mode="generate"), end=FREE_END, start_cost=500, starts_per_day_max=0)
    assert 0 == approx(cost([100, 100], DEAR, running)), "who runs already needs no start"


def test_a_change_of_mode_is_a_start() -> None:
    """Pumping before and generating in the first hour is one start at 500, with no time off asked for."""
    plant = station(turbine(initial_mode="pump"), end=FREE_END, start_cost=500)
    assert 500 == approx(cost([100], DEAR, plant))


def test_the_upper_reservoir_runs_dry() -> None:
    """150 MWh of water above 100 at 90 %: 45 MWh serve two hours of 100 MW. By hand: 155 * 900."""
    plant = station(water=150, upper_min_mwh=100, generate_efficiency=0.9, end=FREE_END)
    assert 155 * 900 == approx(cost([100, 100], DEAR, plant))


def test_the_lower_reservoir_overflows_and_runs_dry() -> None:
    """
    The lower reservoir has room for 30 MWh: 27 MWh at 90 % are generated of 100. By hand: 73 * 900.
    It holds 40 MWh: at 80 % a fixed pump of 100 MW would lift 80 in an hour, so it cannot; in a half hour it can.
    """
    narrow = station(generate_efficiency=0.9, end=FREE_END, lower_max_mwh=80, lower_start_mwh=50)
    assert 73 * 900 == approx(cost([100], DEAR, narrow))
    shallow = station(pump_efficiency=0.8, lower_max_mwh=80, lower_start_mwh=40)
    assert 100 * 300 + 60_000 + 90_000 == approx(cost([100, 300], CHEAP, DEAR, shallow))
    assert (120_000 + 20 * 900) / 2 == approx(cost([100, 300], CHEAP, DEAR, shallow, step_min=30))


def test_inflow_fills_the_reservoir_and_is_spilled_when_full() -> None:
    """
    30 MW of inflow into a full reservoir for two hours, then 100 MW at 900 are wanted for an hour; end no lower.

    By hand: the first two hours' inflow is let go; 30 MWh of the third serve: 70 * 900. Were the reservoir larger,
    90 MWh serve; without a spill there were no plan at all.
    """
    full = station(water=1000, inflow_mw=30)
    assert 70 * 900 == approx(cost([0, 0, 100], DEAR, full))
    assert 10 * 900 == approx(cost([0, 0, 100], DEAR, station(water=500, inflow_mw=30)))


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ({}, 90_000),
        ({"min_mwh": 460}, 60 * 900),
        ({"value_per_mwh": 250}, -400 * 250),
        ({"value_per_mwh": 950}, 180_000 - 600 * 950),
    ],
)
def test_end_level(end: dict[str, float], expected: float) -> None:
    """
    500 MWh of water, one dear hour of 100 MW. By default the level stays; to 460 it gives 40; at 250 per MWh kept all
    100 are given and 400 are kept; at 950 it pumps 100 more at 900. With no rule all is given for nothing.
    """
    assert expected == approx(cost([100], DEAR, station(end=end)))


def test_generating_may_cost() -> None:
    """100 MWh of free water at 20 per MWh."""
    assert 2_000 == approx(cost([100], DEAR, station(end=FREE_END, cost_per_mwh=20)))


def spinning(mw: float, plant: PumpedHydro, demand: float = 100, **fields: Any) -> Case:
    """Up-reserve from the station alone beside cheap and dear power."""
    return case([demand], CHEAP, DEAR, plant, reserves=[reserve(mw, eligible=["station"], **fields)])


def test_a_running_turbine_holds_its_headroom() -> None:
    """
    60 MW of spinning from a turbine of 100 MW with water at 250 (cheap power at 300); demand 100.

    By hand: 40 MW from water, 60 from coal, 500 - 40 MWh kept: 18,000 - 460 * 250. Without reserve 100 from water.
    """
    plan = solve(spinning(60, station(end={"value_per_mwh": 250})))
    assert 18_000 - 460 * 250 == approx(plan.cost)


def test_water_backs_the_reserve_of_turbines_from_both_ends() -> None:
    """
    60 MW for two hours need 120 MWh of water: with 130 above the least level, 10 MWh serve; demand 100 at 300.

    By hand: 90 * 300. Without water behind the reserve 40 MWh would serve.
    """
    plan = solve(spinning(60, station(water=130, end=FREE_END), duration_h=2))
    assert 90 * 300 == approx(plan.cost)


def test_fixed_speed_pumps_offer_whole_units_tripped() -> None:
    """
    Two fixed pumps of 100 MW must pump on; spinning 150 MW from them: tripping one gives 100, two 200.

    By hand: both can trip: nothing missing; if only one pumps, 50 MW are missing. No water is needed.
    """
    pumping = {"initial_mode": "pump", "initial_hours": 0}
    pair = station(turbine(**pumping), turbine("two", **pumping), water=0, min_pump_h=2)
    assert 60_000 + 100 * 900 == approx(solve(spinning(150, pair)).cost)
    alone = station(turbine(generate=(0, 0), **pumping), water=0, min_pump_h=2)
    assert 60_000 + 50 * RESERVE_SHORT == approx(solve(spinning(150, alone)).cost)


def test_a_whole_unit_is_no_half_unit() -> None:
    """
    A fixed pump of 100 MW and 60 MW of down-reserve from the station: it offers none, 60 MW are missing.

    A variable-speed one at 60-100 MW pumping 60 offers 40 more: 20 are missing. Water to 250 keeps it low.
    """
    down = reserve(60, "regulation_down", eligible=["station"])
    pumping = {"initial_mode": "pump", "initial_hours": 0}
    fixed = station(turbine(generate=(0, 0), **pumping), min_pump_h=2)
    assert 100 * 300 + 60 * RESERVE_SHORT == approx(cost([0], CHEAP, fixed, reserves=[down]))
    variable = station(turbine(generate=(0, 0), pump=(60, 100), **pumping), min_pump_h=2)
    assert 60 * 300 + 20 * RESERVE_SHORT == approx(cost([0], CHEAP, variable, reserves=[down]))


def test_a_variable_speed_pump_eases_for_up_reserve() -> None:
    """
    60-100 MW of pumping must go on; spinning 30 MW from it: it pumps 90 and could ease to 60: 90 * 300.

    Without reserve 60 * 300.
    """
    pumping = {"initial_mode": "pump", "initial_hours": 0}
    plant = station(turbine(generate=(0, 0), pump=(60, 100), **pumping), min_pump_h=2)
    assert 90 * 300 == approx(solve(spinning(30, plant, demand=0)).cost)


def test_down_reserve_needs_room_above() -> None:
    """
    A turbine at 100 MW could turn down 50 MW for two hours, 100 MWh of room; only 40 are there at the start.

    By hand: 20 MW are held, 30 are missing. Without room asked for: none.
    """
    down = reserve(50, "regulation_down", duration_h=2, eligible=["station"])
    plant = station(water=960, end=FREE_END)
    assert 30 * RESERVE_SHORT == approx(cost([100], DEAR, plant, reserves=[down]))

"""Batteries, by hand. Cheap power costs 300 and ends at 60 MW; dear power costs 900."""

import pytest
from building import RESERVE_SHORT, UNSERVED, approx, battery, case, cost, free, given, reserve, solve, thermal

CHEAP, DEAR = thermal(high=60, was=0), thermal("dear", high=300, price=900, was=0)


def test_it_carries_cheap_energy_to_the_dear_hour() -> None:
    """
    Demand 50, 50, 100: charge 10 MW twice, give 10 back (its power) in the dear hour.

    By hand: only 10 of 20 MWh fit through, so charge 10: 170 * 300 + 30 * 900. At 20 MW it gives 20 back.
    Without the battery the last hour buys 40 at 900.
    """
    assert 170 * 300 + 30 * 900 == approx(cost([50, 50, 100], CHEAP, DEAR, battery(mw=10)))
    assert 180 * 300 + 20 * 900 == approx(cost([50, 50, 100], CHEAP, DEAR, battery(mw=20)))
    assert 160 * 300 + 40 * 900 == approx(cost([50, 50, 100], CHEAP, DEAR))


def test_half_hours_store_half() -> None:
    """A half hour at 10 MW stores 5 MWh, given back as 10 MW: 60 and 60 at 300, 30 at 900, each for half an hour."""
    assert (60 * 300 + 60 * 300 + 30 * 900) / 2 == approx(cost([50, 100], CHEAP, DEAR, battery(mw=10), step_min=30))


def test_efficiencies_lose_energy_each_way() -> None:
    """
    Charge 10 MW at 80 % in, 50 % out: 4 MW come back.

    By hand: 60 * 300 + 60 * 300 + 36 * 900. Lossless: 30 at 900; with the product on one side only, 32 or 35.
    """
    lossy = battery(charge_efficiency=0.8, discharge_efficiency=0.5)
    assert 36_000 + 36 * 900 == approx(cost([50, 100], CHEAP, DEAR, lossy))


def test_it_never_burns_spare_energy_both_ways_at_once() -> None:
    """
    30 MW of surplus that is spilled at 1,000; a full battery of 80 % each way could burn it by doing both.

    By hand: nothing fits, all 30 MW are spilled. Charging 10 while discharging 6.4 would spill 26.4.
    If it may do both, it does: 26,400.
    """
    full = battery(mw=10, mwh=100, start=100, charge_efficiency=0.8, discharge_efficiency=0.8)
    surplus = given(30)
    assert 30_000 == approx(cost([0], surplus, full))
    both = full.model_copy(update={"may_charge_while_discharging": True})
    assert 26_400 == approx(cost([0], surplus, both))


def test_a_lossless_battery_shows_one_direction_though_both_cost_the_same() -> None:
    """Whatever the solver fancies, the referee would refuse a plan that charges and discharges at once."""
    plan = solve(case([60, 100, 60, 100], CHEAP, DEAR, battery(start=20, end={"min_mwh": 20, "max_mwh": 20})))
    columns = plan.resources["battery"]
    assert all(min(ways) == 0 for ways in zip(columns["charge_mw"], columns["discharge_mw"], strict=True))


def test_self_discharge() -> None:
    """
    10 MWh kept for an hour at 10 % an hour, twice: 8.1 MWh are left of what began.

    By hand: 100 - 8.1 MWh are bought at 900 in the second hour (the last level is free). Without it: 90 at 900.
    """
    leaking = battery(mw=50, start=10, self_discharge_per_h=0.1, end={"min_mwh": 0})
    assert (100 - 8.1) * 900 == approx(cost([0, 100], DEAR, leaking))


def test_self_discharge_of_a_half_hour_is_its_root() -> None:
    """10 MWh at 19 % an hour are 9 after half an hour: 0.9 = 0.81 ** 0.5. 18 MW for the half hour come from it."""
    leaking = battery(mw=50, start=10, self_discharge_per_h=0.19, end={"min_mwh": 0})
    assert (100 - 18) / 2 * 900 == approx(cost([100], DEAR, leaking, step_min=30))


def test_limits_by_step() -> None:
    """
    Charging 0 then 5 MW, discharging 50 MW, at most 4 MWh at the end of the second hour; demand 50, 50, 100.

    By hand: 4 MWh are carried: 50 + 54 + 60 at 300 and 36 at 900. Without the charge limit but with the level 4 too;
    without the level 5; without either 10 + 10.
    """
    by_step = battery(charge_max_mw=[0, 5, 0], discharge_max_mw=50, energy_max_mwh=[100, 4, 100])
    assert 164 * 300 + 36 * 900 == approx(cost([50, 50, 100], CHEAP, DEAR, by_step))
    by_power = battery(charge_max_mw=[0, 5, 0], discharge_max_mw=50)
    assert 165 * 300 + 35 * 900 == approx(cost([50, 50, 100], CHEAP, DEAR, by_power))


def test_a_level_kept_for_an_hour_is_kept() -> None:
    """
    8 MWh in store, at least 5 after the first hour; demand 100 at 900 then 100 at nothing: 3 MWh serve the first hour.

    By hand: 97 * 900. Without the least level: 92 * 900.
    """
    kept = battery(mw=50, start=8, energy_min_mwh=[5, 0], end={"min_mwh": 0})
    assert 97 * 900 == approx(cost([100, 100], DEAR, free(available=[0, 100]), kept))


def test_least_power_of_a_converter() -> None:
    """
    Charging needs at least 8 MW; cheap power has 5 MW to spare, the other 3 are dear; demand 55, 100.

    By hand: 8 MWh carried save 900 each and cost 5 * 300 + 3 * 900: 18,000 + 3 * 900 + 18,000 + 32 * 900.
    Without the least power 5 MWh are carried at 300: 18,000 + 18,000 + 35 * 900.
    With room for 6 MWh only it stays out: 16,500 + 18,000 + 40 * 900. 5 MWh are too few to give 8 MW for an hour.
    """
    clumsy = battery(mw=10, charge_min_mw=8)
    assert 36_000 + 3 * 900 + 32 * 900 == approx(cost([55, 100], CHEAP, DEAR, clumsy))
    small = battery(mw=10, mwh=6, charge_min_mw=8)
    assert 16_500 + 18_000 + 40 * 900 == approx(cost([55, 100], CHEAP, DEAR, small))
    stiff = battery(mw=10, discharge_min_mw=8, start=5, end={"min_mwh": 0})
    assert 45 * 300 == approx(cost([45], CHEAP, stiff))


def test_cycles_per_day_count_energy_drawn_over_capacity() -> None:
    """
    Half a cycle of 20 MWh a day draws 10 MWh from the store, 8 MWh at 80 % out; two dear hours of 100 MW.

    By hand: 20 MWh in store, 192 MWh at 900. Without the limit 16 MWh come back: 184.
    """
    worn = battery(mw=50, mwh=20, start=20, discharge_efficiency=0.8, cycles_per_day_max=0.5, end={"min_mwh": 0})
    assert 192 * 900 == approx(cost([100, 100], DEAR, worn))


def test_wear_and_charging_cost() -> None:
    """
    10 MWh moved from 300 to 900: 100 for charging, 200 of wear. Wear above 500 keeps it idle.

    By hand: 36,000 + 27,000 + 1,000 + 2,000; idle: 15,000 + 18,000 + 36,000.
    """
    priced = battery(charge_cost_per_mwh=100, wear_cost_per_mwh=200)
    assert 66_000 == approx(cost([50, 100], CHEAP, DEAR, priced))
    assert 69_000 == approx(cost([50, 100], CHEAP, DEAR, battery(wear_cost_per_mwh=601)))


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ({}, 50 * 900),
        ({"min_mwh": 4}, 44 * 900),
        ({"min_mwh": 12, "max_mwh": 12}, 52 * 900),
        ({"value_per_mwh": 100}, 40 * 900),
        ({"value_per_mwh": 100, "min_mwh": 1}, 41 * 900 - 100),
        ({"value_per_mwh": 1_000}, 60 * 900 - 20 * 1_000),
    ],
)
def test_it_ends_no_lower_than_it_began_unless_told_otherwise(end: dict[str, float], expected: float) -> None:
    """
    10 MWh in store, one dear hour of 50 MW, 10 MW of power.

    By hand: by default it stays idle; down to a floor of 4 it gives 6; to a target of 12 it buys 2; a value of 100 is
    less than the price, so all is given; a value of 1,000 makes it charge 10 more. With no rule: 40 * 900 for all.
    """
    assert expected == approx(cost([50], DEAR, battery(mw=10, start=10, end=end)))


def test_up_reserve_lasts_from_both_ends_of_the_step() -> None:
    """
    12 MWh in store, spinning 10 MW for an hour from it alone; one dear hour; the end is free.

    By hand: 10 MWh stay behind the reserve, 2 serve: 98 * 900. Without energy behind it, 10 MWh would serve.
    From the beginning too: with 8 MWh at the start only 8 MW are held, 2 are missing, whatever is charged meanwhile.
    """
    spin = reserve(10, eligible=["battery"], duration_h=1)
    assert 98 * 900 == approx(cost([100], DEAR, battery(mw=50, start=12, end={"min_mwh": 0}), reserves=[spin]))
    assert 102 * 900 + 2 * RESERVE_SHORT == approx(
        cost([100], DEAR, battery(mw=50, start=8, end={"min_mwh": 10}), reserves=[spin])
    )


def test_the_duration_and_the_efficiency_scale_the_energy_behind_reserve() -> None:
    """
    Half an hour of 10 MW at 50 % out needs 10 MWh in store. With 12: 2 MWh in store give 1 MWh.

    By hand: 99 * 900. An hour would need 20; without the efficiency 7 MWh would be free: 3.5.
    """
    spin = reserve(10, eligible=["battery"], duration_h=0.5)
    store = battery(mw=50, start=12, discharge_efficiency=0.5, end={"min_mwh": 0})
    assert 99 * 900 == approx(cost([100], DEAR, store, reserves=[spin]))


def test_down_reserve_needs_room() -> None:
    """
    Down 10 MW for an hour from a battery of 100 MWh that holds 95, at 80 % in: 8 MWh of room; 3 MWh too full.

    By hand: at the start 5 MWh of room back 6.25 MW, 3.75 are missing, whatever is given away meanwhile.
    """
    down = reserve(10, "regulation_down", eligible=["battery"])
    store = battery(mw=50, start=95, charge_efficiency=0.8, end={"min_mwh": 0})
    assert 3.75 * RESERVE_SHORT == approx(cost([100], free(available=100), store, reserves=[down]))


def test_a_charging_battery_stops_and_turns_for_reserve() -> None:
    """
    Charging 10 MW while holding 20 MW of spinning: stopping gives 10, discharging 10 more.

    It must end with 60 of 50 MWh, so it charges 10: 20 MW fit its converter of 10. Demand 50 at 300.
    By hand: 60 * 300, nothing missing. Counting only its discharge power 10 MW were missing: 50,000.
    """
    spin = reserve(20, eligible=["battery"])
    store = battery(mw=10, start=50, end={"min_mwh": 60})
    assert 18_000 == approx(cost([50], CHEAP, store, reserves=[spin]))


def test_what_a_store_must_end_with_is_bought_at_any_price() -> None:
    """5 MWh must be in store with nothing to charge from: 5 MWh unserved, never an impossible case."""
    assert 5 * UNSERVED == approx(cost([0], battery(end={"min_mwh": 5})))

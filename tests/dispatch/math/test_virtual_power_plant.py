"""Virtual power plants, by hand: envelopes seen from outside, members behind one connection."""

import pytest
from building import (
    RESERVE_SHORT,
    SPILLED,
    approx,
    battery,
    case,
    contract,
    cost,
    envelope,
    free,
    given,
    park,
    reserve,
    solve,
    thermal,
)
from pydantic import ValidationError

CHEAP, DEAR = thermal(high=60, was=0), thermal("dear", high=500, price=900, was=0)


def test_power_band_and_availability() -> None:
    """
    0-40 MW for nothing, of which 75 % answer; demand 100 at 900. By hand: 70 * 900; 60 * 900 at full availability.
    """
    assert 70 * 900 == approx(cost([100], DEAR, envelope((0, 40), availability=0.75)))


def test_a_plant_that_must_draw_or_give() -> None:
    """10 MW drawn at least: 110 * 900. 10 MW given at least against nothing: spilled."""
    assert 110 * 900 == approx(cost([100], DEAR, envelope((-10, -10))))
    assert 10 * SPILLED == approx(cost([0], envelope((10, 10))))


def test_energy_band_is_cumulative_from_the_beginning() -> None:
    """
    30 MW either way, between -5 and 20 MWh; demand 50, 50, 100 with 60 cheap.

    By hand: absorb 5 while cheap, then give 25 up to the level of 20: 105 * 300 + 60 * 300 + 15 * 900.
    Without the floor it absorbs 10 and gives 30: 60,000; without the roof it gives 30 in every hour: 39,000.
    """
    plant = envelope((-30, 30), energy_min_mwh=-5, energy_max_mwh=20)
    assert 105 * 300 + 60 * 300 + 15 * 900 == approx(cost([50, 50, 100], CHEAP, DEAR, plant))


def test_availability_scales_the_energy_band_too() -> None:
    """40 MWh at half availability are 20 of two dear hours of 50 MW: 80 * 900. Unscaled 40 MWh would be given."""
    assert 80 * 900 == approx(cost([50, 50], DEAR, envelope((0, 100), availability=0.5, energy_max_mwh=40)))


def test_ramp_from_nothing() -> None:
    """10 MW/h from 0: 10, 20, 30 of 40 MW; in half hours 5, 10, 15. By hand: (300 - 60) * 900; (300 - 30) * 450."""
    plant = envelope((0, 40), ramp_mw_per_h=10)
    assert 240 * 900 == approx(cost([100, 100, 100], DEAR, plant))
    assert 270 * 900 / 2 == approx(cost([100, 100, 100], DEAR, plant, step_min=30))


def test_ramp_binds_the_way_down_too() -> None:
    """
    Two hours of 20 MW at 900, then nothing to serve: what it gives in the second hour it still half gives after.

    10 MW/h, 0-40 MW: 10, then x <= 20, then at least x - 10 spilled at 1,000: giving more than 10 saves 900 a MW and
    spills 1,000: so 10, 10, 0. By hand: 20 * 900. Without the ramp down 10 * 900.
    """
    assert 20 * 900 == approx(cost([20, 20, 0], DEAR, envelope((0, 40), ramp_mw_per_h=10)))


def test_bids_are_paid_slice_by_slice() -> None:
    """
    10 MW at 200, 10 at 500, beyond at 500 too; 40 MW band; then a third slice above 900. Demand 100 at 900.

    By hand: 2,000 + 30 * 500 + 60 * 900. At the first price alone: 8,000 + 54,000.
    """
    bids = [{"mw": 10, "price_per_mwh": 200}, {"mw": 10, "price_per_mwh": 500}]
    assert 2_000 + 15_000 + 54_000 == approx(cost([100], DEAR, envelope((0, 40), up_bids=bids)))
    dearer = [*bids, {"mw": 1, "price_per_mwh": 1_200}]
    assert 2_000 + 5_000 + 80 * 900 == approx(cost([100], DEAR, envelope((0, 40), up_bids=dearer)))


def test_it_is_paid_to_absorb() -> None:
    """
    20 MW of surplus; absorbing costs 400 for the first 10 MW, then 1,500, above the price of spilling (1,000).

    By hand: 10 * 400 + 10 * 1,000. At the first price 8,000.
    """
    bids = [{"mw": 10, "price_per_mwh": 400}, {"mw": 10, "price_per_mwh": 1_500}]
    assert 4_000 + 10_000 == approx(cost([0], given(20), envelope((-20, 0), down_bids=bids)))


def test_a_plant_may_pay_for_what_it_absorbs_but_not_for_standing_still() -> None:
    """
    It pays 100 per MWh drawn, so it draws 20 MW of free water for 2,000. If it could give for nothing at the same time
    it were paid for doing nothing: refused in words.
    """
    paying = [{"mw": 20, "price_per_mwh": -100}]
    assert -2_000 == approx(cost([0], free(available=50), envelope((-20, 0), down_bids=paying)))
    with pytest.raises(ValidationError, match="pay for standing still"):
        envelope((-20, 20), down_bids=paying)


def test_standing_cost_is_paid_for_every_hour() -> None:
    """100 per hour over two hours, whatever happens."""
    assert 200 == approx(cost([0, 0], envelope((0, 10)).model_copy(update={"standing_cost_per_h": 100.0})))


def test_reserve_stays_within_band_ramp_and_energy() -> None:
    """
    0-40 MW free, spinning 30 MW from it alone, cheap power at 300, demand 40.

    Band: 10 given, 30 held: 30 * 300. Ramp of 20 MW/h: 20 between them, reserve first: 40 * 300 + 10 MW missing.
    Energy of 15 MWh for half an hour of 30 MW: all of it behind the reserve: 40 * 300.
    """
    spin = reserve(30, eligible=["plant"], duration_h=0.5)
    assert 30 * 300 == approx(cost([40], CHEAP, envelope((0, 40)), reserves=[spin]))
    slow = envelope((0, 40), ramp_mw_per_h=20)
    assert 40 * 300 + 10 * RESERVE_SHORT == approx(cost([40], CHEAP, slow, reserves=[spin]))
    short = envelope((0, 40), energy_max_mwh=15)
    assert 40 * 300 == approx(cost([40], CHEAP, short, reserves=[spin]))


def test_down_reserve_of_a_plant() -> None:
    """-10 to 0 MW: down 15 MW from it alone: 10 held, 5 missing. Without the band none is missing."""
    down = reserve(15, "regulation_down", eligible=["plant"])
    assert 5 * RESERVE_SHORT == approx(cost([0], envelope((-10, 0)), reserves=[down]))


def test_members_are_scheduled_behind_one_connection() -> None:
    """
    Solar of 30 MW, a battery of 10 MW with 10 MWh, 25 MW of connection; demand 50, 50 at 900.

    By hand: the connection gives 25 in both hours: 50 * 900.
    Without the connection: 30 + 30 + 10 MWh: 30 * 900. Its members' schedules add up to it.
    """
    solar, store = free("solar", 30), battery(mw=10, start=10, end={"min_mwh": 0})
    plan = solve(case([50, 50], DEAR, park(solar, store, export=25)))
    assert 50 * 900 == approx(plan.cost)
    assert [25, 25] == approx(plan.resources["park"]["power_mw"])
    members = [plan.power_mw["solar"], plan.power_mw["battery"]]
    assert [25, 25] == approx([sum(step) for step in zip(*members, strict=True)])
    assert "park" == plan.resources["solar"]["within"]


def test_every_rule_of_a_member_holds_behind_the_connection() -> None:
    """
    An engine of 20-40 MW at 100 with two hours minimum; demand 10, 0 at 900: it never pays to run, 9,000.

    Without its minimum it gives 10 MW for 1,000. A contract in the park sheds 10 MW at 500: 5,000.
    """
    engine = thermal("engine", low=20, high=40, price=100, min_up_h=2)
    assert 9_000 == approx(cost([10, 0], DEAR, park(engine)))
    assert 5_000 == approx(cost([10, 0], DEAR, park(engine, contract(10, 500))))


def test_availability_scales_the_connection() -> None:
    """Half of 40 MW answers: 20 of 50 MW of solar pass: 80 * 900."""
    assert 80 * 900 == approx(cost([100], DEAR, park(free("solar", 50), export=40, availability=0.5)))


def test_the_draw_of_a_connection_is_limited() -> None:
    """
    A battery of 20 MW behind 5 MW of draw: 5 MWh are carried from cheap to dear: 55 * 300 + 60 * 300 + 35 * 900.

    Without the limit 10 MWh: 30 at 900.
    """
    assert 55 * 300 + 60 * 300 + 35 * 900 == approx(cost([50, 100], CHEAP, DEAR, park(battery(mw=20), draw=5)))


def test_the_reserve_of_members_passes_the_connection() -> None:
    """
    Solar of 30 MW gives 20; a full battery of 20 MW holds 15 MW ready; 30 MW of connection; cheap power at 300.

    By hand: 15 MW pass, 15 held: demand 40 takes 25 * 300. Without reserve in the connection: 10 * 300.
    """
    store = battery(mw=20, start=100)
    plant = park(free("solar", 30), store, export=30)
    spin = reserve(15, eligible=["battery"])
    assert 25 * 300 == approx(cost([40], CHEAP, plant, reserves=[spin]))


def test_the_down_reserve_of_members_passes_the_connection() -> None:
    """A battery of 20 MW behind 5 MW of draw holds 5 of 20 MW down: 15 are missing."""
    down = reserve(20, "regulation_down", eligible=["battery"])
    assert 15 * RESERVE_SHORT == approx(cost([0], park(battery(mw=20), draw=5), reserves=[down]))

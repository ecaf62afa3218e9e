"""Renewable plants, by hand."""

from building import RESERVE_SHORT, SPILLED, approx, case, cost, free, reserve, solve, thermal


def test_curtailment_is_paid_and_free_energy_is_not() -> None:
    """
    100 MW available against 60: 40 MW curtailed at 50. Without the price nothing is paid; spilling would cost 1,000.
    """
    assert 40 * 50 == approx(cost([60], free(available=100, curtailment_price_per_mwh=50)))


def test_coal_backs_down_as_far_as_curtailment_is_dearer() -> None:
    """
    Coal 40-100 MW at 300 must run; 80 MW of wind, 50 per MWh curtailed; demand 100.

    By hand: coal at its minimum, 20 MW curtailed: 12,000 + 1,000. Wind served first at any price needs 20 MW spilled.
    """
    coal = thermal(low=40, was=40, must_run=True)
    wind = free("wind", 80, curtailment_price_per_mwh=50)
    assert 12_000 + 1_000 == approx(cost([100], coal, wind))


def test_a_paid_plant_and_a_subsidised_one() -> None:
    """
    Biogas at 400 gives 20 MW that coal at 300 would give for less; a subsidy of 30 per MWh lowers the bill.

    By hand: 50 * 300 without the biogas; 50 * -30 with the subsidised plant.
    """
    assert 15_000 == approx(cost([50], thermal(was=0), free(available=20, cost_per_mwh=400)))
    assert -1_500 == approx(cost([50], thermal(was=0), free(available=80, cost_per_mwh=-30)))


def test_what_cannot_be_curtailed_is_spilled() -> None:
    """Run-of-river of at least 30 MW against 10 MW: 20 MW are spilled; without the minimum nothing is paid."""
    assert 20 * SPILLED == approx(cost([10], free(available=50, min_mw=30)))


def test_least_utilisation_over_the_horizon() -> None:
    """
    Solar of 100 MW in both hours at 500 per MWh beside coal at 300; 30 % of 200 MWh must be used; demand 100, 100.

    By hand: 60 * 500 + 140 * 300. Without the rule coal alone: 60,000.
    """
    solar = free("solar", [100, 100], cost_per_mwh=500, utilisation_min=0.3)
    plan = solve(case([100, 100], thermal(high=200, was=0), solar))
    assert 30_000 + 42_000 == approx(plan.cost)
    assert 0.3 == approx(plan.utilisation["solar"])


def test_up_reserve_comes_from_what_is_curtailed() -> None:
    """
    Wind of 50 MW against 40 MW, spinning 20 MW from wind alone, missing reserve at 5,000, coal at 300.

    By hand: every MW of wind kept back spares 5,000 and costs 300: 30 MW of wind, 10 from coal, all 20 MW held.
    Without the limit what is available: nothing.
    """
    spin = reserve(20, eligible=["wind"])
    assert 10 * 300 == approx(cost([40], free("wind", 50), thermal(was=0), reserves=[spin]))


def test_down_reserve_stays_above_what_cannot_be_curtailed() -> None:
    """
    Wind of 50 MW, at least 30, against 50 MW: 20 MW can be turned down of the 25 required, 5 are missing.
    Without the minimum none is missing.
    """
    down = reserve(25, "regulation_down")
    assert 5 * RESERVE_SHORT == approx(cost([50], free("wind", 50, min_mw=30), reserves=[down]))

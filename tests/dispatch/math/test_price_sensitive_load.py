"""Loads that buy below a price, by hand."""

from building import approx, buyer, case, solve, thermal


def test_it_buys_what_is_worth_more_than_it_costs() -> None:
    """
    30 MW worth 500 beside 50 MW of demand; coal of 60 MW at 300, gas at 600.

    By hand: the buyer takes the 10 MW that coal has left: 60 * 300 - 10 * 500. If it had to be served like any
    demand: 18,000 + 20 * 600 - 15,000; without its value: 18,000.
    """
    plan = solve(case([50], buyer(30, 500), thermal(high=60, was=0), thermal("gas", price=600, was=0)))
    assert 18_000 - 5_000 == approx(plan.cost)
    assert [10] == approx(plan.resources["buyer"]["served_mw"])
    assert [500] == approx(plan.prices["system"])


def test_its_worth_may_change_by_the_step() -> None:
    """Worth 200 then 400 against coal at 300: served in the second hour only: 60 * 300 - 10 * 400."""
    plan = solve(case([25, 25], buyer(10, 0).model_copy(update={"value_per_mwh": (200.0, 400.0)}), thermal(was=0)))
    assert 18_000 - 4_000 == approx(plan.cost)

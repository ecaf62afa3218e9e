"""Interruptible load, by hand. Dear power costs 900; a contract of 40 MW sheds at 500 unless a test says otherwise."""

from typing import Any

import pytest
from building import MIDNIGHT, RESERVE_SHORT, approx, case, contract, cost, reserve, solve, thermal

DEAR = thermal("dear", high=500, price=900, was=0)


def shed(**terms: Any) -> Any:
    """A contract of 40 MW at 500 per MWh on these terms."""
    return contract(**({"price": 500} | terms))


def test_shed_reduces_load_at_its_price() -> None:
    """Demand 100: 40 at 500, 60 at 900. Without the contract 90,000."""
    assert 20_000 + 54_000 == approx(cost([100], DEAR, shed()))


def test_price_by_call_and_for_standing_ready() -> None:
    """
    10,000 per call and 2 per contracted MW and hour over two hours; demand 100, 100.

    By hand: one call of two hours saves 2 * 40 * 400 = 32,000 for 10,000; ready: 2 * 40 * 2. Paying the call by the
    hour would cost 20,000; a call at 33,000 is not made.
    """
    terms = {"price_per_call": 10_000, "availability_price_per_mw_h": 2}
    assert 180_000 - 32_000 + 10_000 + 160 == approx(cost([100, 100], DEAR, shed(**terms)))
    assert 180_000 + 160 == approx(cost([100, 100], DEAR, shed(**terms | {"price_per_call": 33_000})))


def test_a_block_sheds_the_same_for_the_whole_call() -> None:
    """
    Demand 40, 10, 40, 0, 0 at 900; calls last three hours, and there is one.

    By hand divisible: 90 * 500. A block beyond 10 MW spills at 1,000 in the second hour, which is more than two hours
    save (400 each): 10 MW throughout, 30 * 500 + 60 * 900. Free to change within the call it would cost 45,000 too.
    """
    terms = {"call_min_h": 3, "calls_max": 1}
    assert 45_000 == approx(cost([40, 10, 40, 0, 0], DEAR, shed(**terms)))
    assert 15_000 + 54_000 == approx(cost([40, 10, 40, 0, 0], DEAR, shed(form="block", **terms)))


def test_all_or_nothing() -> None:
    """At least 40 MW against 30: 10 are spilled at 1,000, so 20,000 + 10,000 against 27,000: it is not called."""
    assert 27_000 == approx(cost([30], DEAR, shed(shed_min_mw=40)))


def test_the_floor_under_the_baseline_and_the_share_that_answers() -> None:
    """
    The works draw 35 MW and keep 10: 25 MW of 40 can be shed; 80 % answer: 20. Demand 100.

    By hand: 20 * 500 + 80 * 900. By the contract alone 32 MW.
    """
    assert 10_000 + 72_000 == approx(cost([100], DEAR, shed(baseline_mw=35, floor_mw=10, availability=0.8)))


def test_notice_counts_from_the_decision() -> None:
    """
    Two hours of notice. Decided at the beginning: the third hour is the first that can be called. Decided an hour
    earlier: the second. Without notice all three: 60,000.
    """
    works = shed(notice_h=2)
    assert 80 * 900 + 20_000 == approx(cost([40, 40, 40], DEAR, works))
    earlier = MIDNIGHT.replace(day=14, hour=23)
    assert 40 * 900 + 40_000 == approx(cost([40, 40, 40], DEAR, works, decision_time=earlier))


def test_shortest_and_longest_call() -> None:
    """
    Shortest 2 h: one dear hour of 40 MW and one of 5: at least 20 MW shed while called spills 15 for an hour.

    By hand: 20,000 + 10,000 + 15,000 = 45,000 is dearer than 36,000 + 4,500. Without the least length: 24,500.
    Longest 2 h with 1 h of rest over four hours: three of four are shed.
    """
    assert 40_500 == approx(cost([40, 5], DEAR, shed(call_min_h=2, shed_min_mw=20)))
    assert 3 * 20_000 + 36_000 == approx(cost([40] * 4, DEAR, shed(call_max_h=2, rest_h=1)))


def test_call_lengths_round_towards_what_is_allowed() -> None:
    """At least 1.5 h is two hourly steps, at most 1.5 h is one. Demand 40, 40, 40 once: shed for one hour."""
    assert 20_000 + 72_000 == approx(cost([40] * 3, DEAR, shed(call_max_h=1.5, calls_max=1)))
    assert 40_500 == approx(cost([40, 5], DEAR, shed(call_min_h=1.5, shed_min_mw=20)))


def test_calls_by_day_and_over_the_horizon() -> None:
    """
    Calls of one hour, demand 40 in the 1st, 3rd and 5th of six hours of a day, then once on the next: 25 hours.

    One call a day: two are shed. At most one in all, or two of which one is used before: one. Free: all four.
    """
    demand = [40, 0, 40, 0, 40, *[0] * 19, 40]
    terms = {"call_max_h": 1}
    for calls, limit in (
        (4, {}),
        (2, {"calls_per_day_max": 1}),
        (1, {"calls_max": 1}),
        (1, {"calls_max": 2, "initial": {"calls_used": 1}}),
        (3, {"calls_per_day_max": 3, "initial": {"calls_used_today": 1}}),
    ):
        assert calls * 20_000 + (4 - calls) * 36_000 == approx(cost(demand, DEAR, shed(**terms, **limit)))


def test_rest_from_the_end_of_a_call_to_the_next() -> None:
    """
    Calls of one hour, two hours of rest, demand 40 throughout: the 1st and 4th hour are shed, 2nd and 3rd are not.

    A call that ended half an hour before the horizon keeps the first two hours free: 3rd hour only, as the
    next would be the 6th.
    """
    works = shed(call_max_h=1, rest_h=2)
    assert 40_000 + 72_000 == approx(cost([40] * 4, DEAR, works))
    tired = works.model_copy(update={"initial": works.initial.model_copy(update={"hours_since_call": 0.5})})
    assert 20_000 + 108_000 == approx(cost([40] * 4, DEAR, tired))


def test_a_call_in_progress_goes_on_and_counts() -> None:
    """
    A block of 30 MW for 1 h of at least 3 h and at most 4 h: 30 MW are shed for two hours at least, three at most.

    Against demand of 30 at 900: three hours shed, the fourth not, for it is used up. Against demand of 0: two hours
    spilled at 1,000 and paid. Without the state carried in: 4 * 15,000 and 0.
    """
    state = {"in_progress_h": 1, "in_progress_mw": 30, "in_progress_mwh": 30, "calls_used": 1}
    works = shed(form="block", call_min_h=3, call_max_h=4, calls_max=1, initial=state)
    assert 45_000 + 27_000 == approx(cost([30] * 4, DEAR, works))
    assert 2 * (15_000 + 30_000) == approx(cost([0] * 4, DEAR, works))


def test_rebound_is_spread_over_its_window() -> None:
    """
    Half of 40 MWh comes back over two hours after the call: 10 MW each at 900; demand 40, 0, 0.

    By hand: 20,000 + 18,000 = 38,000, dearer than 36,000: no call. A quarter: 20,000 + 9,000. Without rebound 20,000.
    """
    terms = {"call_max_h": 1, "calls_max": 1, "rebound_window_h": 2}
    assert 36_000 == approx(cost([40, 0, 0], DEAR, shed(rebound_share=0.5, **terms)))
    plan = solve(case([40, 0, 0], DEAR, shed(rebound_share=0.25, **terms)))
    assert 29_000 == approx(plan.cost)
    assert [0, 5, 5] == approx(plan.resources["works"]["rebound_mw"])


def test_the_rebound_cap_holds_within_and_beyond_the_horizon() -> None:
    """
    A quarter comes back in an hour, at most 5 MW: 20 MWh may be shed. Demand 40 then 0, or 0 then 40.

    By hand: 10,000 + 18,000 + 5 * 900. In the last hour the rebound falls beyond, at 600 per MWh, and is capped too:
    10,000 + 18,000 + 5 * 600. Without the cap 40 MWh: 29,000 and 26,000.
    """
    works = shed(call_max_h=1, rebound_share=0.25, rebound_window_h=1, rebound_max_mw=5)
    prices = {"unserved_per_mwh": 10_000, "after_horizon_per_mwh": 600}
    assert 32_500 == approx(cost([40, 0], DEAR, works, prices=prices))
    assert 31_000 == approx(cost([0, 40], DEAR, works, prices=prices))


def test_rebound_beyond_the_horizon_is_reported_and_charged() -> None:
    """
    Half of 40 MWh over four hours from the second of three hours: 5 MW in the third, 15 MWh beyond, at 100.

    By hand: 20,000 + 5 * 900 + 15 * 100. Free beyond the horizon: 24,500.
    """
    works = shed(rebound_share=0.5, rebound_window_h=4, calls_max=1, call_max_h=1)
    plan = solve(case([0, 40, 0], DEAR, works, prices={"after_horizon_per_mwh": 100}))
    assert 20_000 + 4_500 + 1_500 == approx(plan.cost)
    assert {"works": 15} == approx(plan.rebound_after_horizon_mwh)


def test_the_call_carried_in_rebounds_with_what_it_shed_before() -> None:
    """
    30 MWh shed before, ending at once: half comes back in the first hour: 15 MW at 900. Forgotten: 0.
    """
    state = {"in_progress_h": 2, "in_progress_mw": 30, "in_progress_mwh": 30}
    works = shed(call_max_h=2, rebound_share=0.5, rebound_window_h=1, initial=state)
    assert 15 * 900 == approx(cost([0, 0], DEAR, works))


def reserve_of(works: Any, demand: list[float], mw: float = 30, **product: Any) -> float:
    """What it costs to hold up-reserve with the contract alone."""
    return cost(demand, DEAR, works, reserves=[reserve(mw, eligible=["works"], **product)])


def test_a_contract_at_rest_is_an_up_reserve() -> None:
    """
    30 MW held by a contract of 40 that is not called: demand of 40 at 900 stays: 36,000. Called, it holds nothing:
    20,000 and 30 MW missing at 5,000. Down-reserve it has none.
    """
    assert 36_000 == approx(reserve_of(shed(), [40]))
    down = reserve(10, "regulation_down", eligible=["works"])
    assert 10 * RESERVE_SHORT == approx(cost([0], DEAR, shed(), reserves=[down]))


@pytest.mark.parametrize(
    "terms",
    [{"notice_h": 0.5}, {"call_max_h": 1}, {"calls_max": 0}, {"calls_per_day_max": 0}],
)
def test_no_reserve_where_it_could_not_be_called(terms: dict[str, Any]) -> None:
    """
    15 minutes of response for two hours: not with half an hour's notice, not for one hour, not without a call left.

    Each leaves 30 MW missing; ignoring the rule nothing would be.
    """
    assert 30 * RESERVE_SHORT == approx(reserve_of(shed(**terms), [0], response_min=15, duration_h=2))


def test_reserve_keeps_clear_of_the_calls_and_rests_of_the_schedule() -> None:
    """
    A call worth 20 MW at 12,000 in the last of four hours (unserved), 30 MW of reserve for an hour, an hour of rest.

    A call for reserve in the third hour would rest in the fourth; in the second it is over in time. By hand:
    20 * 500, and the reserve of the third and fourth hour missing: 300,000, against 36,000 more for the peaker to
    serve: so it is never called. With no alternative (demand unserved at 20,000): called, two hours missing.
    """
    works = shed(mw=40, rest_h=1, call_max_h=1)
    spin = reserve(30, eligible=["works"], duration_h=1)
    prices = {"unserved_per_mwh": 20_000, "reserve_shortage_per_mwh": RESERVE_SHORT}
    assert 20_000 + 2 * 30 * RESERVE_SHORT == approx(cost([0, 0, 0, 40], works, reserves=[spin], prices=prices))

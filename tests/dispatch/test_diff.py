"""Two tiny plans, and what lies between them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from grid_models.plan import Call, Plan
from services.dispatch.diff import Difference, difference, step_h
from services.dispatch.rendering import print_difference
from services.dispatch.report import as_json

NOON = datetime(2024, 7, 29, 4, tzinfo=UTC)
TIMES = [NOON + timedelta(minutes=15 * step) for step in range(4)]


def call(hours: float) -> Call:
    return Call(
        name="works", kind="interruptible_load", start=NOON, hours=hours, energy_mwh=10 * hours, peak_mw=10, cost=100,
        reason="evening peak",
    )  # fmt: skip


def plan(**changes: Any) -> Plan:
    told: dict[str, Any] = {
        "case_hash": "a" * 64,
        "times": TIMES,
        "status": "optimal",
        "cost": 1000.0,
        "objective": 1000.0,
        "lower_bound": 999.0,
        "gap": 0.001,
        "cost_by_kind": {"thermal": {"production": 900.0, "start": 100.0}},
        "resources": {"coal": {"kind": "thermal"}, "gas": {"kind": "thermal"}},
        "prices": {"north": [300.0, 300.0, 500.0, 500.0]},
        "emissions_t": {"total": 50.0},
        "calls": [call(0.5)],
        "commitment": {"coal": [1, 1, 1, 1], "gas": [0, 0, 1, 1]},
        "power_mw": {"coal": [100.0] * 4, "gas": [0.0, 0.0, 40.0, 40.0]},
    }
    return Plan(**(told | changes))


CHEAPER = {
    "cost": 940.0,
    "lower_bound": 939.5,
    "cost_by_kind": {"thermal": {"production": 930.0}, "interruptible_load": {"energy": 10.0}},
    "prices": {"north": [300.0, 300.0, 300.0, 300.0]},
    "emissions_t": {"total": 45.0},
    "calls": [call(1.0)],
    "commitment": {"coal": [1, 1, 1, 1], "gas": [0, 0, 0, 0]},
    "power_mw": {"coal": [110.0] * 4, "gas": [0.0] * 4},
}


def test_a_plan_does_not_differ_from_itself():
    same = difference(plan(), plan())
    nothing = (same.costs, same.energy_mwh, same.commitment, same.calls, same.prices, same.shortage_mwh)
    assert ((), (), (), (), (), ()) == nothing
    assert 0 == same.cost.by == same.starts.by


def test_cost_changes_item_by_item_largest_first():
    """The start of 100 falls away, production rises by 30, a call costs 10: 60 saved."""
    change = difference(plan(), plan(**CHEAPER))
    assert -60 == change.cost.by
    items = [(row.name, row.by) for row in change.costs]
    assert [("thermal start", -100.0), ("thermal production", 30.0), ("interruptible_load energy", 10.0)] == items


def test_energy_is_counted_by_the_length_of_a_step():
    """Coal gives 10 MW more for an hour, gas 40 MW less for half an hour: 10 MWh less; by steps it would be 40."""
    (row,) = difference(plan(), plan(**CHEAPER)).energy_mwh
    assert ("thermal", -10.0) == (row.name, pytest.approx(row.by))


def test_commitment_names_the_unit_and_its_hours():
    change = difference(plan(), plan(**CHEAPER))
    (row,) = change.commitment
    assert ("gas", 0.5, 0.0, 0.5, -1) == (row.unit, row.hours_before, row.hours_after, row.hours_changed, row.starts)
    assert (1, 0) == (change.starts.before, change.starts.after)


def test_a_longer_call_is_another_call():
    dropped, made = difference(plan(), plan(**CHEAPER)).calls
    assert (False, 0.5) == (dropped.made, dropped.call.hours)
    assert (True, 1.0) == (made.made, made.call.hours)


def test_prices_compare_their_means():
    (row,) = difference(plan(), plan(**CHEAPER)).prices
    assert ("north", 400.0, 300.0) == (row.name, row.before, row.after)


def test_plans_of_other_times_compare_only_totals():
    later = [moment + timedelta(days=1) for moment in TIMES[:2]]
    other = plan(times=later, commitment={"coal": [1, 1]}, power_mw={"coal": [100.0, 100.0]}, case_hash="b" * 64)
    change = difference(plan(), other)
    assert (False, False, ()) == (change.same_times, change.same_case, change.commitment)
    assert "cover different times" in drawn(change)


def test_resources_that_came_and_went_are_named():
    change = difference(plan(), plan(resources={"coal": {"kind": "thermal"}, "sun": {"kind": "renewable"}}))
    assert (("sun",), ("gas",)) == (change.resources_added, change.resources_removed)


def test_a_single_step_lasts_an_hour():
    assert 0.25 == step_h(plan())
    assert 1 == step_h(plan(times=TIMES[:1]))


def test_difference_as_json():
    document = as_json(difference(plan(), plan(**CHEAPER)))
    assert {"name": "cost", "before": 1000.0, "after": 940.0} == document["cost"]
    assert ["works", "works"] == [change["call"]["name"] for change in document["calls"]]


def test_the_terminal_shows_what_changed_and_what_it_cost():
    text = drawn(difference(plan(), plan(**CHEAPER)))
    for words in ("cost 1,000 -> 940 CNY (-60)", "thermal start", "Commitment: 1 units differ", "evening peak"):
        assert words in text


def drawn(change: Difference) -> str:
    console = Console(width=160)
    with console.capture() as capture:
        print_difference(change, console)
    return capture.get()

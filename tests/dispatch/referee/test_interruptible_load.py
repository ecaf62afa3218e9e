"""Interruptible load before the referee."""

from datetime import UTC, datetime, timedelta

import pytest

from grid_models.case import Prices
from grid_models.resources import InterruptibleLoad

from .conftest import down, rules, spin

START = datetime(2026, 7, 1, tzinfo=UTC)
EVENING = START + timedelta(hours=23)


def load(**fields):
    return InterruptibleLoad.model_validate({"name": "steel", "contract_mw": 100} | fields)


def runs(*shed_mw, rebound_mw=()):
    return {
        "called": [int(mw > 0) for mw in shed_mw], "shed_mw": list(shed_mw),
        "rebound_mw": list(rebound_mw) or [0.0] * len(shed_mw),
    }  # fmt: skip


def held(product, *mw):
    return {"products": (product,), "awards": {product.name: list(mw)}}


REBOUND = {"rebound_share": 0.5, "rebound_window_h": 2}
RUNNING = {"in_progress_h": 2, "in_progress_mw": 60, "in_progress_mwh": 120}

OBEYS = {
    "divisible": (load(), runs(0, 50, 100), {}),
    "availability": (load(availability=0.8), runs(80), {}),
    "baseline less floor": (load(baseline_mw=[100, 60], floor_mw=20), runs(80, 40), {}),
    "a block": (load(form="block"), runs(60, 60, 0, 70), {}),
    "a block in progress": (load(form="block", initial=RUNNING), runs(60, 0, 0), {}),
    "notice": (load(notice_h=2), runs(0, 0, 10), {}),
    "decided the day before": (load(notice_h=2), runs(10, 10), {"decision_time": START - timedelta(hours=2)}),
    "call lengths": (load(call_min_h=2, call_max_h=3), runs(10, 10, 0, 10, 10, 10, 0, 10), {}),
    "a call in progress counts its hours": (load(call_min_h=3, call_max_h=3, initial=RUNNING), runs(60, 0), {}),
    "a call on each day": (load(calls_per_day_max=1), runs(10, 0, 10), {"start": EVENING - timedelta(hours=1)}),
    "calls in all": (load(calls_max=3, initial={"calls_used": 1}), runs(10, 0, 10), {}),
    "the call in progress was counted": (load(calls_max=1, initial=RUNNING | {"calls_used": 1}), runs(60, 0), {}),
    "rest": (load(rest_h=2, initial={"hours_since_call": 1}), runs(0, 10, 0, 0, 10), {}),
    "rebound": (load(**REBOUND), runs(100, 0, 0, 0, rebound_mw=[0, 25, 25, 0]), {}),
    "rebounds add up": (load(**REBOUND), runs(100, 0, 100, 0, 0, rebound_mw=[0, 25, 25, 25, 25]), {}),
    "an hour and a half of rebound": (
        load(rebound_share=0.5, rebound_window_h=1.5), runs(100, 0, 0, 0, rebound_mw=[0, 25, 25, 0]), {},
    ),
    "rebound of a call that just ended": (
        load(initial=RUNNING, **REBOUND), runs(0, 0, rebound_mw=[30, 30]), {},
    ),
    "rebound beyond the horizon": (
        load(**REBOUND), runs(0, 100, 0, rebound_mw=[0, 0, 25]),
        {"prices": Prices(after_horizon_per_mwh=3), "plan": {"rebound_after_horizon_mwh": {"steel": 25}}},
    ),
    "reserve of what answers": (load(availability=0.8), runs(0, 0), held(spin(), 80, 80)),
    "reserve within its notice": (load(notice_h=0.25), runs(0), held(spin(response_min=15), 50)),
    "reserve early enough before a call": (load(rest_h=1), runs(0, 0, 10), held(spin(), 50, 0, 0)),
}  # fmt: skip

BREAKS = {
    "shed without a call": (load(), runs(0, 5) | {"called": [0, 0]}, {}),
    "least shed": (load(shed_min_mw=20), runs(10), {}),
    "shed limit": (load(availability=0.8), runs(81), {}),
    "constant block": (load(form="block"), runs(60, 50), {}),
    "notice": (load(notice_h=2), runs(0, 10), {}),
    "shortest call": (load(call_min_h=2), runs(10, 0), {}),
    "longest call": (load(call_max_h=2), runs(10, 10, 10), {}),
    "calls per day": (load(calls_per_day_max=1), runs(10, 0, 10), {}),
    "calls in all": (load(calls_max=2, initial={"calls_used": 1}), runs(10, 0, 10), {}),
    "rest": (load(rest_h=2), runs(10, 0, 10), {}),
    "rebound": (load(**REBOUND), runs(100, 0, 0, rebound_mw=[0, 50, 0]), {}),
    "rebound limit": (load(rebound_max_mw=20, **REBOUND), runs(100, 0, 0, rebound_mw=[0, 25, 25]), {}),
    "rebound beyond": (
        load(**REBOUND), runs(100, 0, rebound_mw=[0, 25]),
        {"prices": Prices(after_horizon_per_mwh=3), "plan": {"rebound_after_horizon_mwh": {"steel": 5}}},
    ),
    "price beyond": (
        load(**REBOUND), runs(100, 0, rebound_mw=[0, 25]), {"plan": {"rebound_after_horizon_mwh": {"steel": 25}}},
    ),
    "up reserve": (load(baseline_mw=80, floor_mw=20), runs(0), held(spin(), 61)),
    "no down reserve": (load(), runs(0), held(down(), 1)),
    "reserve notice": (load(notice_h=0.5), runs(0), held(spin(response_min=15), 1)),
    "reserve of a load that may not be called": (load(), runs(0, 50), held(spin(), 0, 1)),
}  # fmt: skip

BARRED = "reserve of a load that may not be called"
BREAKS_TOO = {
    "below the floor": ("shed limit", load(baseline_mw=80, floor_mw=20), runs(61), {}),
    "another block than the one in progress": (
        "constant block", load(form="block", initial=RUNNING), runs(50, 0), {},
    ),
    "a call in progress ends too early": ("shortest call", load(call_min_h=4, initial=RUNNING), runs(60, 0), {}),
    "a call in progress ends at once": ("shortest call", load(call_min_h=4, initial=RUNNING), runs(0, 0), {}),
    "a call in progress goes on too long": ("longest call", load(call_max_h=3, initial=RUNNING), runs(60, 60), {}),
    "used today": ("calls per day", load(calls_per_day_max=1, initial={"calls_used_today": 1}), runs(0, 10), {}),
    "rest since before": ("rest", load(rest_h=2, initial={"hours_since_call": 0.5}), runs(0, 10), {}),
    "reserve while resting": (BARRED, load(rest_h=2), runs(10, 0, 0), held(spin(), 0, 0, 1)),
    "reserve while resting from before": (
        BARRED, load(rest_h=2, initial={"hours_since_call": 1}), runs(0, 0), held(spin(), 1, 0),
    ),
    "reserve too close to a call": (BARRED, load(rest_h=1), runs(0, 0, 10), held(spin(), 0, 1, 0)),
    "no call of the day left": (BARRED, load(calls_per_day_max=1), runs(0, 0, 0, 10), held(spin(), 1, 0, 0, 0)),
    "no call left": (BARRED, load(calls_max=1, initial={"calls_used": 1}), runs(0), held(spin(), 1)),
    "calls too short for the product": (BARRED, load(call_max_h=1), runs(0), held(spin(duration_h=2), 1)),
    "notice without a response time": ("reserve notice", load(notice_h=0.5), runs(0), held(spin(), 1)),
    "a running call's rebound must be reported": (
        "rebound beyond", load(**REBOUND), runs(0, 100), {"prices": Prices(after_horizon_per_mwh=3)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", OBEYS)
def test_a_plan_that_obeys_is_accepted(trial, story):
    contract, columns, circumstances = OBEYS[story]
    assert trial(contract, columns, **circumstances).violations == ()


@pytest.mark.parametrize("rule", BREAKS)
def test_a_broken_rule_is_named(trial, rule):
    contract, columns, circumstances = BREAKS[rule]
    assert {rule} == rules(trial(contract, columns, **circumstances))


@pytest.mark.parametrize("story", BREAKS_TOO)
def test_a_rule_is_broken_in_other_ways(trial, story):
    rule, contract, columns, circumstances = BREAKS_TOO[story]
    assert {rule} == rules(trial(contract, columns, **circumstances))


def test_energy_calls_availability_and_rebound_beyond(trial):
    """150 MWh at 2 in two calls at 30; 100 MW * 4 h at 0.5; the second call rebounds 25 MWh, half of it beyond at 4."""
    contract = load(price_per_mwh=2, price_per_call=30, availability_price_per_mw_h=0.5, **REBOUND)
    columns = runs(100, 0, 50, 0, rebound_mw=[0, 25, 25, 12.5])
    circumstances = {"plan": {"rebound_after_horizon_mwh": {"steel": 12.5}}, "prices": Prices(after_horizon_per_mwh=4)}
    verdict = trial(contract, columns, **circumstances)
    due = {"energy": 300, "calls": 60, "availability": 200, "rebound_after_horizon": 50}
    assert due == verdict.cost_by_kind["interruptible_load"]
    assert not verdict.violations

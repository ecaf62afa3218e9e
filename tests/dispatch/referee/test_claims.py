"""What a plan says about itself before the referee: case, times, cost, bound, gap, status and short views."""

import math
from datetime import timedelta

import pytest

from grid_models.case import Case, Zone
from grid_models.plan import Shortage
from grid_models.resources import KINDS, ThermalUnit
from services.dispatch.referee import INSPECTORS, judge

from .conftest import draft, horizon, rules, spin

UNIT = ThermalUnit.model_validate(
    {"name": "u", "min_mw": 0, "max_mw": 100, "cost": [[0, 0], [100, 1000]],
     "initial": {"on": True, "hours": 9, "power_mw": 50}}
)  # fmt: skip
CASE = Case(horizon=horizon(2), zones=(Zone(name="system", demand_mw=50),), resources=(UNIT,), reserves=(spin(),))
COLUMNS = {"u": {"on": [1, 1], "power_mw": [50.0, 50.0]}}


def verdict(**claims):
    """50 MW for two hours cost 1000."""
    return judge(draft(CASE, COLUMNS, reserves_mw={"spin": {"u": [10.0, 10.0]}}).model_copy(update=claims), CASE)


def test_every_kind_has_its_inspector():
    assert set(KINDS) == set(INSPECTORS)


def test_honest_claims_are_accepted():
    assert verdict(lower_bound=900, gap=0.1, status="optimal", solver={"gap": 0.1}).violations == ()
    assert verdict(cost_by_kind={"thermal": {"production": 990, "start": 10}}).accepted
    assert verdict(cost=1000.0009, objective=1000.0009).accepted


@pytest.mark.parametrize(
    ("rule", "claims"),
    [
        ("case hash", {"case_hash": "0" * 64}),
        ("times", {"times": [moment + timedelta(hours=1) for moment in CASE.horizon.times]}),
        ("times", {"times": list(CASE.horizon.times[:1])}),
        ("objective", {"objective": 1001}),
        ("cost", {"cost": 1001, "gap": 1 / 1001}),
        ("lower bound", {"lower_bound": 1001, "gap": -0.001}),
        ("gap", {"lower_bound": 900, "gap": 0.05}),
        ("finite", {"lower_bound": -math.inf}),
        ("status", {"status": "relaxed"}),
        ("status", {"status": "optimal", "lower_bound": 900, "gap": 0.1, "solver": {"gap": 0.01}}),
        ("cost by kind", {"cost_by_kind": {"thermal": {"production": 990}}}),
        ("commitment view", {"commitment": {"u": [1, 0]}}),
        ("commitment view", {"commitment": {}}),
        ("commitment view", {"commitment": {"u": [1, 1], "x": [1, 1]}}),
        ("power view", {"power_mw": {"u": [50.0, 51.0]}}),
        ("power view", {"power_mw": {"u": [50.0]}}),
        ("power view", {"power_mw": {}}),
        ("reserve view", {"reserve_mw": {"u": [10.0, 0.0]}}),
        ("reserve view", {"reserve_mw": {}}),
    ],
)
def test_a_false_claim_is_named(rule, claims):
    assert {rule} == rules(verdict(**claims))


def test_a_plan_that_uses_shortage_says_so():
    case = Case(horizon=horizon(2), zones=(Zone(name="system", demand_mw=60),), resources=(UNIT,))
    plan = draft(case, COLUMNS, shortage=Shortage(unserved_mw={"system": [10, 10]}))
    assert judge(plan, case).accepted
    assert {"status"} == rules(judge(plan.model_copy(update={"status": "feasible"}), case))

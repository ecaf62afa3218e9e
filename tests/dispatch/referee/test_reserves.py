"""Reserve products before the referee."""

import pytest

from grid_models.case import Case, Prices, ShortageStep, Zone
from grid_models.plan import Shortage
from grid_models.resources import Renewable
from services.dispatch.referee import judge

from .conftest import draft, horizon, rules, spin


def verdict(product, awards_mw, missing_mw=(0, 0)):
    """Two curtailed wind plants, in the north and in the south, with 100 MW of room each."""
    case = Case(
        horizon=horizon(2), zones=(Zone(name="north", demand_mw=0), Zone(name="south", demand_mw=0)),
        resources=tuple(Renewable(name=zone[0], zone=zone, available_mw=100) for zone in ("north", "south")),
        reserves=(product,), prices=Prices(reserve_shortage_per_mwh=1000),
    )  # fmt: skip
    columns = {"n": {"power_mw": [0, 0]}, "s": {"power_mw": [0, 0]}}
    shortage = Shortage(reserve_mw={"spin": list(missing_mw)} if any(missing_mw) else {})
    return judge(draft(case, columns, reserves_mw={"spin": awards_mw}, shortage=shortage), case)


def test_awards_and_what_is_missing_meet_the_requirement():
    assert verdict(spin(requirement_mw=[50, 60]), {"n": [50, 10], "s": [0, 20]}, [0, 30]).violations == ()


@pytest.mark.parametrize(
    ("rule", "product", "awards_mw", "missing_mw"),
    [
        ("reserve requirement", spin(requirement_mw=[50, 60]), {"n": [50, 50]}, [0, 9]),
        ("reserve sign", spin(), {"n": [50, 50], "s": [-1, 0]}, [0, 0]),
        ("reserve admission", spin(zones=("north",)), {"s": [0, 1]}, [0, 0]),
        ("reserve admission", spin(eligible=("n",)), {"s": [0, 1]}, [0, 0]),
        ("reserve admission", spin(eligible_kinds=("thermal",)), {"s": [0, 1]}, [0, 0]),
        ("reserve shortage", spin(), {"n": [50, 50]}, [0, -1]),
    ],
)
def test_a_broken_rule_is_named(rule, product, awards_mw, missing_mw):
    found = rules(verdict(product, awards_mw, missing_mw))
    assert {rule} == found - ({"status"} if rule == "reserve shortage" else set())


def test_missing_reserve_costs_slice_by_slice():
    """30 MW missing: 10 at 5, 10 at 20, the rest at the case's 1000; a slice without an end takes all the rest."""
    slices = (ShortageStep(mw=10, price_per_mwh=5), ShortageStep(mw=10, price_per_mwh=20))
    required = spin(requirement_mw=[30, 0], shortage=slices)
    assert {"spin": 50 + 200 + 10_000} == verdict(required, {}, [30, 0]).cost_by_kind["reserve_shortage"]
    endless = spin(requirement_mw=[30, 0], shortage=(slices[0], ShortageStep(price_per_mwh=20)))
    assert {"spin": 50 + 400} == verdict(endless, {}, [30, 0]).cost_by_kind["reserve_shortage"]

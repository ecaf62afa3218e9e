"""A plan that cannot be read is refused for that alone."""

import math

import pytest

from grid_models.case import Case, Link, Zone
from grid_models.resources import Battery, Profile, VirtualPowerPlant
from services.dispatch.referee import judge

from .conftest import draft, horizon, rules

MEMBER = {"kind": "profile", "name": "m", "power_mw": 0}
CASE = Case(
    horizon=horizon(2), zones=(Zone(name="a", demand_mw=0), Zone(name="b", demand_mw=0)),
    links=(Link(name="tie", from_zone="a", to_zone="b", forward_max_mw=1, back_max_mw=1),),
    resources=(
        Battery(name="s", zone="a", charge_max_mw=1, discharge_max_mw=1, energy_max_mwh=1, energy_start_mwh=0),
        Profile(name="p", zone="b", power_mw=0),
        VirtualPowerPlant.model_validate(
            {"name": "v", "zone": "a",
             "model": {"form": "composition", "members": [MEMBER], "export_max_mw": 1, "import_max_mw": 1}}
        ),
    ),
)  # fmt: skip
IDLE = [0.0, 0.0]
COLUMNS = {
    "s": {"charge_mw": IDLE, "discharge_mw": IDLE, "energy_mwh": IDLE},
    "p": {"power_mw": IDLE}, "v": {"power_mw": IDLE}, "m": {"power_mw": IDLE},
}  # fmt: skip
PLAN = draft(CASE, COLUMNS, flows_mw={"tie": IDLE})


def with_column(name, **columns):
    return {"resources": PLAN.resources | {name: PLAN.resources[name] | columns}}


def test_a_whole_plan_is_read():
    assert judge(PLAN, CASE).violations == ()


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("missing", {"resources": {name: PLAN.resources[name] for name in "spv"}}),
        ("missing", {"flows_mw": {}}),
        ("missing", {"resources": PLAN.resources | {"p": {"kind": "profile"}}}),
        ("unknown name", {"resources": PLAN.resources | {"x": {"kind": "profile"}}}),
        ("unknown name", {"reserves_mw": {"spin": {}}}),
        ("unknown name", {"shortage": PLAN.shortage.model_copy(update={"unserved_mw": {"x": IDLE}})}),
        ("unknown name", {"rebound_after_horizon_mwh": {"x": 0}}),
        ("kind", with_column("p", kind="renewable")),
        ("member", with_column("m", within="p")),
        ("member", with_column("p", within="v")),
        ("length", with_column("p", power_mw=[0])),
        ("length", with_column("p", power_mw=[[0], [0, 0]])),
        ("length", with_column("p", power_mw=["0", "0"])),
        ("length", with_column("p", power_mw=None)),
        ("finite", with_column("p", power_mw=[0, math.nan])),
        ("finite", {"flows_mw": {"tie": [0, math.inf]}}),
        ("finite", {"rebound_after_horizon_mwh": {"p": math.nan}}),
    ],
)
def test_what_cannot_be_read_is_named(rule, change):
    verdict = judge(PLAN.model_copy(update=change), CASE)
    assert {rule} == rules(verdict)
    assert math.isnan(verdict.cost)


def test_a_decision_is_yes_or_no(trial):
    from .test_thermal import runs, unit

    halfway = runs(60, 60) | {"on": [1, 0.5]}
    assert "integrality" in rules(trial(unit(), halfway, plan={"commitment": {"u": [1, 1]}}))

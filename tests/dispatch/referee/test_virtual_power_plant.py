"""Virtual power plants before the referee: an envelope from outside, a composition by its members."""

import pytest

from grid_models.case import Fuel
from grid_models.resources import VirtualPowerPlant

from .conftest import down, rules, spin


def envelope(availability=1.0, standing_cost_per_h=0.0, **fields):
    """-20 to 40 MW."""
    model = {"form": "envelope", "power_min_mw": -20, "power_max_mw": 40} | fields
    return VirtualPowerPlant.model_validate(
        {"name": "v", "model": model, "availability": availability, "standing_cost_per_h": standing_cost_per_h}
    )


def runs(*power_mw):
    return {"power_mw": list(power_mw), "energy_mwh": [sum(power_mw[: step + 1]) for step in range(len(power_mw))]}


def held(product, *mw):
    return {"products": (product,), "awards": {product.name: list(mw)}}


OBEYS = {
    "within the band": (envelope(), runs(-20, 40), {}),
    "availability scales power and energy": (
        envelope(availability=[1, 0.5], energy_max_mwh=60), runs(10, 20), {},
    ),
    "the ramp from 0": (envelope(ramp_mw_per_h=15), runs(15, 0, -15), {}),
    "reserve to the edges": (
        envelope(), runs(10, 0),
        {"products": (spin(), down()), "awards": {"spin": [30, 40], "down": [30, 20]}},
    ),
    "reserve within the ramp": (envelope(ramp_mw_per_h=20), runs(10, 10), held(spin(), 10, 20)),
    "reserve within the energy": (envelope(energy_max_mwh=30), runs(10, 10), held(spin(), 20, 10)),
    "a band that rises": (envelope(energy_min_mwh=[0, 10]), runs(10, 10), held(down(), 10, 10)),
    "ten minutes of ramp": (envelope(ramp_mw_per_h=60), runs(0, 0), held(spin(response_min=10), 10, 10)),
}  # fmt: skip

BREAKS = {
    "power band": (envelope(availability=0.5), runs(0, 21), {}),
    "energy band": (envelope(energy_min_mwh=-30), runs(-20, -11), {}),
    "ramp": (envelope(ramp_mw_per_h=15), runs(16, 16), {}),
    "cumulative energy": (envelope(), runs(10, 10) | {"energy_mwh": [10, 10]}, {}),
    "up reserve": (envelope(), runs(10, 10), held(spin(), 0, 31)),
    "down reserve": (envelope(), runs(10, 10), held(down(), 0, 31)),
    "reserve ramp": (envelope(ramp_mw_per_h=20), runs(10, 15), held(down(), 0, 26)),
    "up reserve energy": (envelope(energy_max_mwh=30), runs(10, 10), held(spin(), 0, 11)),
    "down reserve energy": (envelope(energy_min_mwh=-5), runs(0, 10), held(down(), 0, 6)),
    "response time": (envelope(ramp_mw_per_h=60), runs(0, 0), held(spin(response_min=10), 0, 11)),
}  # fmt: skip


@pytest.mark.parametrize("story", OBEYS)
def test_an_envelope_that_obeys_is_accepted(trial, story):
    plant, columns, circumstances = OBEYS[story]
    assert trial(plant, columns, **circumstances).violations == ()


@pytest.mark.parametrize("rule", BREAKS)
def test_a_broken_rule_is_named(trial, rule):
    plant, columns, circumstances = BREAKS[rule]
    assert {rule} == rules(trial(plant, columns, **circumstances))


def test_bids_by_slice_and_the_standing_cost(trial):
    """25 MW up: 10 at 5, 10 at 8, 5 beyond at 8; 12 MW down at 3 paid to the plant; 2 hours at 7 standing."""
    slices = [{"mw": 10, "price_per_mwh": 5}, {"mw": 10, "price_per_mwh": 8}]
    plant = envelope(standing_cost_per_h=7, up_bids=slices, down_bids=[{"mw": 10, "price_per_mwh": 3}])
    verdict = trial(plant, runs(25, -12))
    assert {"bids": 50 + 80 + 40 + 36, "standing": 14} == verdict.cost_by_kind["virtual_power_plant"]
    assert not verdict.violations


GEN_SET = {
    "kind": "thermal", "name": "set", "min_mw": 5, "max_mw": 20, "cost": [[5, 50], [20, 200]],
    "initial": {"on": True, "hours": 5, "power_mw": 10}, "fuel_use": {"fuel": "diesel", "gj_per_mwh": 10},
}  # fmt: skip
STORE = {
    "kind": "battery", "name": "store", "charge_max_mw": 10, "discharge_max_mw": 10, "energy_max_mwh": 40,
    "energy_start_mwh": 20, "charge_efficiency": 1, "discharge_efficiency": 1, "end": {"min_mwh": 0},
}  # fmt: skip
DIESEL = {"fuels": (Fuel(name="diesel", day_max_gj=200),)}


def composition(export_max_mw=20.0, import_max_mw=10.0, availability=1.0):
    model = {"form": "composition", "members": [GEN_SET, STORE], "export_max_mw": export_max_mw}
    model["import_max_mw"] = import_max_mw
    return VirtualPowerPlant.model_validate(
        {"name": "v", "zone": "system", "model": model, "availability": availability, "standing_cost_per_h": 4}
    )


def members(set_mw=(10, 10), store_mw=(5, -5)):
    return {
        "set": {"on": [1, 1], "power_mw": list(set_mw)},
        "store": {
            "charge_mw": [max(-mw, 0) for mw in store_mw], "discharge_mw": [max(mw, 0) for mw in store_mw],
            "energy_mwh": [20 - store_mw[0], 20 - store_mw[0] - store_mw[1]],
        },
    }  # fmt: skip


def test_members_and_their_sum_are_accepted(trial):
    verdict = trial(
        composition(), {"power_mw": [15, 5]}, members=members(), products=(spin(zones=("system",)),),
        awards={"spin/set": [3, 10], "spin/store": [2, 5]}, **DIESEL,
    )  # fmt: skip
    assert verdict.violations == ()
    assert {"bids": 0, "standing": 8} == verdict.cost_by_kind["virtual_power_plant"]
    assert pytest.approx(200) == verdict.cost_by_kind["thermal"]["production"]


@pytest.mark.parametrize(
    ("rule", "plant", "columns", "circumstances"),
    [
        ("sum of members", composition(), {"power_mw": [15, 6]}, {}),
        ("connection limit", composition(export_max_mw=14), {"power_mw": [15, 5]}, {}),
        ("connection limit", composition(availability=0.7), {"power_mw": [15, 5]}, {}),
        (
            "connection limit", composition(), {"power_mw": [15, 5]},
            {"products": (spin(),), "awards": {"spin/set": [3, 0], "spin/store": [3, 0]}},
        ),
        (
            "connection limit", composition(import_max_mw=1), {"power_mw": [15, 5]},
            {"products": (down(),), "awards": {"down/set": [0, 5], "down/store": [0, 2]}},
        ),
        (
            "reserve of members", composition(), {"power_mw": [15, 5]},
            {"products": (spin(),), "awards": {"spin": [1, 0]}},
        ),
    ],
)  # fmt: skip
def test_the_connection_is_judged(trial, rule, plant, columns, circumstances):
    verdict = trial(plant, columns, members=members(), **circumstances, **DIESEL)
    assert {rule} == rules(verdict)


def test_every_member_is_judged(trial):
    verdict = trial(composition(export_max_mw=30), {"power_mw": [26, 5]}, members=members(set_mw=(21, 10)),
                    fuels=(Fuel(name="diesel", day_max_gj=400),))  # fmt: skip
    assert {"maximum output"} == rules(verdict)


def test_a_member_burns_the_fuel_of_the_day(trial):
    verdict = trial(composition(), {"power_mw": [15, 5]}, members=members(),
                    fuels=(Fuel(name="diesel", day_max_gj=199),))  # fmt: skip
    assert {"fuel per day"} == rules(verdict)


def test_a_member_serves_the_zone_of_its_plant(trial):
    """The members name no zone of their own; a product of another zone does not admit them."""
    other = spin(eligible_kinds=("battery",))
    verdict = trial(composition(), {"power_mw": [15, 5]}, members=members(), products=(other,),
                    awards={"spin/set": [1, 0], "spin/store": [1, 0]}, **DIESEL)  # fmt: skip
    assert {"reserve admission"} == rules(verdict)

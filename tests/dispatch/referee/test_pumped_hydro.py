"""Pumped-hydro stations before the referee."""

from datetime import UTC, datetime

import numpy as np
import pytest

from grid_models.resources import PumpedHydro

from .conftest import down, rules, spin

FIXED = {"name": "a", "generate_min_mw": 50, "generate_max_mw": 100, "pump_min_mw": 80, "pump_max_mw": 80}
TWIN = FIXED | {"name": "b"}
VARIABLE = FIXED | {"name": "v", "pump_min_mw": 60, "pump_max_mw": 90}


def station(*units, **fields):
    """Half of the water comes back: 1 out of the turbines, 0.5 up by the pumps; 1000 of 2000 MWh."""
    base = {
        "name": "s", "units": units or (FIXED,), "generate_efficiency": 1.0, "pump_efficiency": 0.5,
        "upper_max_mwh": 2000, "upper_start_mwh": 1000, "end": {"min_mwh": 0},
    }  # fmt: skip
    return PumpedHydro.model_validate(base | fields)


def runs(*rows, plant=None, spill_mw=0.0):
    """A row of MW per unit: above 0 generating, below 0 pumping; the levels follow."""
    plant, table = plant or station(), np.array(rows, dtype=float)
    generate, pump = np.maximum(table, 0), np.maximum(-table, 0)
    water = plant.pump_efficiency * pump.sum(axis=0) - generate.sum(axis=0) / plant.generate_efficiency
    upper = plant.upper_start_mwh + np.cumsum(water + plant.inflow_mw - spill_mw)
    columns = {
        "generate_mw": generate.sum(axis=0), "pump_mw": pump.sum(axis=0), "upper_mwh": upper,
        "spill_mw": np.full(len(water), spill_mw), "unit_generate_mw": generate, "unit_pump_mw": pump,
        "unit_generating": (generate > 0) * 1, "unit_pumping": (pump > 0) * 1,
    }  # fmt: skip
    if plant.lower_max_mwh is not None:
        columns["lower_mwh"] = plant.lower_start_mwh - np.cumsum(water)
    return {name: values.tolist() for name, values in columns.items()}


def held(product, *mw):
    return {"products": (product,), "awards": {product.name: list(mw)}}


LAKES = {"lower_max_mwh": 600, "lower_start_mwh": 500}
EVENING = datetime(2026, 7, 1, 23, tzinfo=UTC)
LOW = station(upper_start_mwh=100)
NEARLY_FULL = station(upper_start_mwh=1990, end={"min_mwh": 0})
NEARLY_FULL_RUN = runs([60], plant=NEARLY_FULL)

OBEYS = {
    "up and down": (station(), runs([-80, 0, 100]), {}),
    "one minute is enough": (station(), runs([-80, 100, -80]), {}),
    "both reservoirs": (station(**LAKES), runs([-80, 100], plant=station(**LAKES)), {}),
    "inflow and spill": (
        station(inflow_mw=30), runs([0, 100], plant=station(inflow_mw=30), spill_mw=10), {},
    ),
    "short circuit where allowed": (station(FIXED, TWIN, may_short_circuit=True), runs([-80], [50]), {}),
    "an hour between": (station(changeover_h=1), runs([-80, 0, 100, 0, -80]), {}),
    "long enough, cut at the end": (station(min_generate_h=2, min_pump_h=3), runs([60, 60, 0, -80]), {}),
    "hours before count": (station(FIXED | {"initial_mode": "generate", "initial_hours": 1}, min_generate_h=2),
                           runs([60, 0]), {}),
    "two starts a day": (station(starts_per_day_max=2), runs([60, 0, -80, -80]), {}),
    "a start on each day": (station(starts_per_day_max=1), runs([60, -80]), {"start": EVENING}),
    "the turbine's headroom": (station(), runs([60, 0]), held(spin(), 40, 0)),
    "the turbine's footroom": (station(), runs([60, 0]), held(down(), 10, 0)),
    "a whole pump let off": (station(FIXED, TWIN), runs([-80, -80], [-80, 0]), held(spin(), 160, 80)),
    "a variable pump let down": (station(VARIABLE), runs([-75, -75]), held(spin(), 12, 75)),
    "one let off, one let down": (station(FIXED, VARIABLE), runs([-80], [-75]), held(spin(), 92)),
    "a variable pump takes more": (station(VARIABLE), runs([-75]), held(down(), 15)),
    "a pump let off needs no water": (station(upper_start_mwh=0), runs([-80], plant=station(upper_start_mwh=0)),
                                      held(spin(duration_h=9), 80)),
    "turbine and pump together": (station(FIXED, TWIN, may_short_circuit=True), runs([-80], [50]), held(spin(), 130)),
}  # fmt: skip

BREAKS = {
    "sum of units": (station(), runs([60]) | {"generate_mw": [50], "upper_mwh": [950]}, {}),
    "generate range": (station(), runs([101]), {}),
    "pump range": (station(), runs([-70]), {}),
    "one mode": (station(), runs([60]) | {"unit_pumping": [[1]], "unit_pump_mw": [[80]], "pump_mw": [80],
                                          "upper_mwh": [980]}, {}),
    "short circuit": (station(FIXED, TWIN), runs([-80], [50]), {}),
    "changeover": (station(changeover_h=1), runs([-80, 100]), {}),
    "minimum generating time": (station(min_generate_h=2), runs([60, 0, 0]), {}),
    "minimum pumping time": (station(min_pump_h=2), runs([-80, 0, 0]), {}),
    "starts per day": (station(starts_per_day_max=1), runs([60, -80]), {}),
    "spill": (station(), runs([0, 0], spill_mw=-5), {}),
    "upper level": (station(), runs([60]) | {"upper_mwh": [1000]}, {}),
    "upper limit": (station(upper_min_mwh=950), runs([60]), {}),
    "lower level": (station(**LAKES), runs([60], plant=station(**LAKES)) | {"lower_mwh": [500]}, {}),
    "lower limit": (station(**LAKES), runs([60, 60], plant=station(**LAKES)), {}),
    "end level": (station(end={}), runs([60]), {}),
    "up reserve": (station(), runs([60]), held(spin(), 41)),
    "down reserve": (station(), runs([60]), held(down(), 11)),
    "up reserve energy": (LOW, runs([60], plant=LOW), held(spin(duration_h=1.5), 40)),
    "down reserve energy": (NEARLY_FULL, NEARLY_FULL_RUN, held(down(duration_h=3), 10)),
}  # fmt: skip

BREAKS_TOO = {
    "below the least": ("generate range", station(), runs([40]), {}),
    "a half pump": ("up reserve", station(FIXED, TWIN), runs([-80], [-80]), held(spin(), 100)),
    "more than the pumps": ("up reserve", station(FIXED, TWIN), runs([-80], [-80]), held(spin(), 161)),
    "between let down and let off": ("up reserve", station(VARIABLE), runs([-75]), held(spin(), 40)),
    "no down-reserve of a fixed pump": ("down reserve", station(), runs([-80]), held(down(), 1)),
    "nothing from off": ("up reserve", station(), runs([0]), held(spin(), 50)),
    "a changeover from before": (
        "changeover", station(FIXED | {"initial_mode": "pump"}, changeover_h=2), runs([0, 60]), {},
    ),
    "a minimum from before": (
        "minimum pumping time", station(FIXED | {"initial_mode": "pump", "initial_hours": 1}, min_pump_h=3),
        runs([-80, 0]), {},
    ),
    "no room below": (
        "up reserve energy", station(**LAKES), runs([60], plant=station(**LAKES)), held(spin(duration_h=1.5), 40),
    ),
    "too high at the end": ("end level", station(end={"max_mwh": 900}), runs([60]), {}),
}  # fmt: skip


@pytest.mark.parametrize("story", OBEYS)
def test_a_plan_that_obeys_is_accepted(trial, story):
    plant, columns, circumstances = OBEYS[story]
    assert trial(plant, columns, **circumstances).violations == ()


@pytest.mark.parametrize("rule", BREAKS)
def test_a_broken_rule_is_named(trial, rule):
    plant, columns, circumstances = BREAKS[rule]
    assert {rule} == rules(trial(plant, columns, **circumstances))


@pytest.mark.parametrize("story", BREAKS_TOO)
def test_a_rule_is_broken_in_other_ways(trial, story):
    rule, plant, columns, circumstances = BREAKS_TOO[story]
    assert {rule} == rules(trial(plant, columns, **circumstances))


def test_starts_in_either_mode_production_and_what_is_left(trial):
    """Two starts of a, one of b at 500; 160 MWh at 2; 1000 + 40 - 160 = 880 MWh left at 3."""
    plant = station(FIXED, TWIN, start_cost=500, cost_per_mwh=2, end={"value_per_mwh": 3})
    verdict = trial(plant, runs([-80, 100], [0, 60], plant=plant))
    assert {"start": 1500, "production": 320, "end_value": -2640} == verdict.cost_by_kind["pumped_hydro"]
    assert not verdict.violations

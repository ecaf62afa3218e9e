"""Thermal units before the referee: a plan that obeys, and the same plan broken in one rule at a time."""

from datetime import UTC, datetime, timedelta

import pytest

from grid_models.case import Fuel
from grid_models.quantities import Period
from grid_models.resources import ThermalUnit
from grid_models.resources.thermal import ThermalState

from .conftest import cold, down, rules, spin

START = datetime(2026, 7, 1, tzinfo=UTC)
ON = {"on": True, "hours": 10, "power_mw": 60}
OFF = {"on": False, "hours": 10}


def unit(**fields):
    """50-100 MW at 10 per MWh plus 100 an hour, on at 60 MW."""
    base = {"name": "u", "min_mw": 50, "max_mw": 100, "cost": [[50, 600], [100, 1100]], "initial": ON}
    return ThermalUnit.model_validate(base | fields)


def runs(*power_mw):
    return {"on": [int(mw > 0) for mw in power_mw], "power_mw": list(power_mw)}


SPIN, DOWN, COLD = (spin(),), (down(),), (cold(),)

OBEYS = {
    "steady": (unit(), runs(60, 100, 50), {}),
    "ramps reach their limits": (unit(ramp_up_mw_per_h=20, ramp_down_mw_per_h=15), runs(80, 65, 85), {}),
    "a start at the minimum needs no ramp": (unit(initial=OFF, ramp_up_mw_per_h=5), runs(0, 50, 55), {}),
    "start limit": (unit(initial=OFF, start_max_mw=70), runs(0, 70, 100), {}),
    "stop limit": (unit(stop_max_mw=70), runs(100, 70, 0), {}),
    "no stop limit in the last step": (unit(stop_max_mw=70), runs(100, 100, 100), {}),
    "minimum up time, cut at the end": (unit(initial=OFF, min_up_h=3), runs(0, 0, 60), {}),
    "hours before count": (unit(min_up_h=11), runs(60, 0, 0), {}),
    "minimum down time": (unit(min_down_h=1.5), runs(0, 0, 60), {}),
    "outage frees must-run": (
        unit(must_run=True, outages=[{"start": START + timedelta(hours=1), "end": START + timedelta(hours=2)}]),
        runs(60, 0, 60), {},
    ),
    "band by band": (unit(forbidden_zones=[{"from_mw": 70, "to_mw": 80}]), runs(70, 80, 65), {}),
    "a new day, a new start": (
        unit(starts_per_day_max=1, initial=OFF), runs(60, 0, 60), {"start": START + timedelta(hours=23)},
    ),
    "energy per day": (unit(energy_per_day_max_mwh=180), runs(60, 60, 60), {}),
    "deep peaking at its pace": (unit(deep_peaking=[{"below_mw": 70, "ramp_mw_per_h": 10}]), runs(70, 60, 50), {}),
    "above the tier it is free": (unit(deep_peaking=[{"below_mw": 70, "ramp_mw_per_h": 10}]), runs(70, 100, 70), {}),
    "headroom": (unit(), runs(60, 60, 60), {"products": SPIN, "awards": {"spin": [40, 40, 40]}}),
    "footroom": (unit(), runs(60, 60, 60), {"products": DOWN, "awards": {"down": [10, 10, 10]}}),
    "ten minutes of ramp": (
        unit(ramp_up_mw_per_h=120), runs(60, 60, 60),
        {"products": (spin(response_min=10),), "awards": {"spin": [20, 20, 20]}},
    ),
    "cold reserve": (
        unit(initial=OFF, start_time_min=20, start_max_mw=70, ramp_up_mw_per_h=60), runs(0, 0, 0),
        {"products": COLD, "awards": {"cold": [70, 70, 70]}},
    ),
    "fuel of the day": (
        unit(fuel_use={"fuel": "gas", "gj_per_mwh": 10, "no_load_gj_per_h": 5}), runs(60, 60, 60),
        {"fuels": (Fuel(name="gas", day_max_gj=1815),)},
    ),
    "assumed arrival": (unit(initial=None), runs(60, 60, 60), {"initial": ThermalState(on=True, hours=1, power_mw=60)}),
}  # fmt: skip

BREAKS = {
    "output while off": (unit(), {"on": [1, 0, 0], "power_mw": [60, 1, 0]}, {}),
    "minimum output": (unit(), runs(60, 49, 60), {}),
    "maximum output": (unit(), runs(60, 101, 60), {}),
    "ramp up": (unit(ramp_up_mw_per_h=20), runs(60, 81, 100), {}),
    "ramp down": (unit(ramp_down_mw_per_h=15), runs(80, 64, 60), {}),
    "start limit": (unit(initial=OFF, start_max_mw=70), runs(0, 71, 100), {}),
    "stop limit": (unit(stop_max_mw=70), runs(100, 71, 0), {}),
    "minimum up time": (unit(initial=OFF, min_up_h=3), runs(60, 60, 0, 0), {}),
    "minimum down time": (unit(min_down_h=1.5), runs(60, 0, 60), {}),
    "must run": (unit(must_run=True), runs(60, 60, 0), {}),
    "may not run": (unit(outages=[Period(start=START, end=START + timedelta(minutes=1))]), runs(60, 60, 60), {}),
    "forbidden zone": (unit(forbidden_zones=[{"from_mw": 70, "to_mw": 80}]), runs(70, 71, 80), {}),
    "reserve across a forbidden zone": (
        unit(forbidden_zones=[{"from_mw": 70, "to_mw": 80}]), runs(60, 60, 60),
        {"products": SPIN, "awards": {"spin": [0, 11, 0]}},
    ),
    "starts per day": (unit(starts_per_day_max=1, initial=OFF), runs(60, 0, 60), {}),
    "energy per day": (unit(energy_per_day_max_mwh=179), runs(60, 60, 60), {}),
    "deep-peaking ramp": (unit(deep_peaking=[{"below_mw": 70, "ramp_mw_per_h": 10}]), runs(60, 71, 80), {}),
    "down reserve": (unit(), runs(60, 60, 60), {"products": DOWN, "awards": {"down": [10, 11, 10]}}),
    "response time": (
        unit(ramp_up_mw_per_h=120), runs(60, 60, 60),
        {"products": (spin(response_min=10),), "awards": {"spin": [20, 21, 20]}},
    ),
    "reserve while off": (unit(initial=OFF), runs(0, 0, 0), {"products": SPIN, "awards": {"spin": [0, 1, 0]}}),
    "non-spinning limit": (
        unit(initial=OFF, start_time_min=20, start_max_mw=70), runs(0, 0, 0),
        {"products": COLD, "awards": {"cold": [70, 71, 70]}},
    ),
    "start for reserve": (
        unit(start_time_min=20, min_down_h=2), runs(60, 0, 0), {"products": COLD, "awards": {"cold": [0, 0, 60]}},
    ),
    "fuel per day": (
        unit(fuel_use={"fuel": "gas", "gj_per_mwh": 10, "no_load_gj_per_h": 5}), runs(60, 60, 60),
        {"fuels": (Fuel(name="gas", day_max_gj=1814),)},
    ),
    "initial state": (unit(initial=None), runs(60, 60, 60), {}),
}  # fmt: skip

BREAKS_TOO = {
    "up-reserve counts in the ramp": (
        "ramp up", unit(ramp_up_mw_per_h=20), runs(60, 75, 75), {"products": SPIN, "awards": {"spin": [0, 6, 0]}},
    ),
    "down-reserve counts in the ramp": (
        "ramp down", unit(ramp_down_mw_per_h=20), runs(75, 60, 60), {"products": DOWN, "awards": {"down": [0, 6, 0]}},
    ),
    "up-reserve counts in the start limit": (
        "start limit", unit(initial=OFF, start_max_mw=70), runs(0, 65, 65),
        {"products": SPIN, "awards": {"spin": [0, 6, 0]}},
    ),
    "up-reserve counts in the stop limit": (
        "stop limit", unit(stop_max_mw=70), runs(65, 65, 0), {"products": SPIN, "awards": {"spin": [0, 6, 0]}},
    ),
    "a stop at once from too high": ("stop limit", unit(stop_max_mw=55), runs(0, 0, 0), {}),
    "two products share the headroom": (
        "maximum output", unit(), runs(60, 60, 60),
        {"products": (spin(), spin(name="reg", product="regulation_up")),
         "awards": {"spin": [0, 30, 0], "reg": [0, 11, 0]}},
    ),
    "a fresh start must last": ("minimum up time", unit(min_up_h=11.5), runs(60, 0, 0), {}),
    "a rest before the horizon": (
        "minimum down time", unit(initial={"on": False, "hours": 1}, min_down_h=2), runs(60, 60, 60), {},
    ),
    "forbidden by schedule": ("may not run", unit(commitment=[None, False, None]), runs(60, 60, 60), {}),
    "fixed on by schedule": ("must run", unit(commitment=[None, True, None]), runs(60, 0, 0), {}),
    "no cold reserve without a start time": (
        "reserve while off", unit(initial=OFF), runs(0, 0, 0), {"products": COLD, "awards": {"cold": [0, 1, 0]}},
    ),
    "too slow for cold reserve": (
        "reserve while off", unit(initial=OFF, start_time_min=31), runs(0, 0, 0),
        {"products": COLD, "awards": {"cold": [0, 1, 0]}},
    ),
    "no cold reserve on outage": (
        "start for reserve", unit(initial=OFF, start_time_min=20, commitment=[None, False, None]), runs(0, 0, 0),
        {"products": COLD, "awards": {"cold": [0, 50, 0]}},
    ),
    "no start left for cold reserve": (
        "start for reserve", unit(initial=OFF, start_time_min=20, starts_per_day_max=1), runs(60, 60, 0),
        {"products": COLD, "awards": {"cold": [0, 0, 60]}},
    ),
    "assumed beyond its limits": (
        "initial state", unit(initial=None), runs(60, 60, 60), {"initial": ThermalState(on=True, hours=1, power_mw=10)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", OBEYS)
def test_a_plan_that_obeys_is_accepted(trial, story):
    units, columns, circumstances = OBEYS[story]
    assert () == trial(units, columns, **circumstances).violations


@pytest.mark.parametrize("rule", BREAKS)
def test_a_broken_rule_is_named(trial, rule):
    units, columns, circumstances = BREAKS[rule]
    assert {rule} == rules(trial(units, columns, **circumstances))


@pytest.mark.parametrize("story", BREAKS_TOO)
def test_a_rule_is_broken_in_other_ways(trial, story):
    rule, units, columns, circumstances = BREAKS_TOO[story]
    assert {rule} == rules(trial(units, columns, **circumstances))


def test_the_words_say_who_when_how_much_and_the_limit(trial):
    (violation,) = trial(unit(), runs(60, 101, 60)).violations
    assert 1 == violation.step
    assert 1 == pytest.approx(violation.amount)
    assert violation.words == ("u at 2026-07-01 01:00: output with up-reserve is 101 MW, at most 100 MW is allowed")


def test_production_and_carbon(trial):
    """60 MW: 600 + 10*10 = 700; 75 MW: 850; half-hour steps; 135 MW * 0.5 h * 0.8 t * 50 = 2700."""
    verdict = trial(unit(emission_t_per_mwh=0.8), runs(60, 75), step_min=30, carbon_price_per_t=50)
    assert {"production": pytest.approx(775), "start": 0, "carbon": pytest.approx(2700)} == verdict.cost_by_kind[
        "thermal"
    ]
    assert 3475 == pytest.approx(verdict.cost)


def test_a_start_costs_by_hours_off(trial):
    """Off 3 h before and 1 h within: 4 h, warm (200). Then off 1 h: before the first delay passes, the first (100)."""
    costs = [{"hours_off": 2, "cost": 100}, {"hours_off": 4, "cost": 200}, {"hours_off": 5, "cost": 900}]
    verdict = trial(unit(start_costs=costs, initial={"on": False, "hours": 3}), runs(0, 60, 0, 60))
    assert 300 == pytest.approx(verdict.cost_by_kind["thermal"]["start"])


def test_a_quadratic_costs_as_its_secants(trial):
    """p^2 between 0 and 100 by two secants: at 25 MW half of 50^2, 1250, not 625."""
    quadratic = {"linear_per_mwh": 0, "quadratic_per_mw2h": 1, "pieces": 2}
    verdict = trial(unit(min_mw=0, cost=quadratic), {"on": [1, 1], "power_mw": [25, 100]})
    assert 11250 == pytest.approx(verdict.cost)


def test_deep_peaking_pays_by_the_depth_in_every_tier(trial):
    """Tiers 80 at 3 and 60 at 7: at 50 MW 20 MW in the first and 10 in the second, 60 + 70 on top of 600."""
    tiers = [{"below_mw": 80, "price_per_mwh": 3}, {"below_mw": 60, "price_per_mwh": 7}]
    verdict = trial(unit(deep_peaking=tiers), runs(50, 70, 80))
    assert 600 + 130 + 800 + 30 + 900 == pytest.approx(verdict.cost)

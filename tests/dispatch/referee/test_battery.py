"""Batteries before the referee."""

from datetime import UTC, datetime

import pytest

from grid_models.resources import Battery

from .conftest import down, rules, spin


def battery(**fields):
    """10 MW and 40 MWh, half full; 0.8 into and 0.5 out of the store, so that the sums are easy."""
    base = {
        "name": "b", "charge_max_mw": 10, "discharge_max_mw": 10, "energy_max_mwh": 40, "energy_start_mwh": 20,
        "charge_efficiency": 0.8, "discharge_efficiency": 0.5, "end": {"min_mwh": 0},
    }  # fmt: skip
    return Battery.model_validate(base | fields)


def runs(*power_mw, store=None, step_h=1.0):
    """Discharge above 0, charge below; the levels follow."""
    store, levels = store or battery(), []
    level = store.energy_start_mwh
    for mw in power_mw:
        level *= (1 - store.self_discharge_per_h) ** step_h
        level += (store.charge_efficiency * max(-mw, 0) - max(mw, 0) / store.discharge_efficiency) * step_h
        levels.append(level)
    return {
        "charge_mw": [max(-mw, 0) for mw in power_mw], "discharge_mw": [max(mw, 0) for mw in power_mw],
        "energy_mwh": levels,
    }  # fmt: skip


LEAKY = battery(self_discharge_per_h=0.19)
BOTH = {"charge_mw": [5, 0], "discharge_mw": [2, 0], "energy_mwh": [20, 20]}
EVENING = datetime(2026, 7, 1, 23, tzinfo=UTC)

OBEYS = {
    "through the cycle": (battery(), runs(-10, 10), {}),
    "half hours and self-discharge": (LEAKY, runs(-10, 10, store=LEAKY, step_h=0.5), {"step_min": 30}),
    "both ways where allowed": (battery(may_charge_while_discharging=True), BOTH, {}),
    "a least power": (battery(charge_min_mw=4, discharge_min_mw=3), runs(-4, 3, 0), {}),
    "a cycle on each day": (battery(cycles_per_day_max=0.25), runs(5, 5), {"start": EVENING}),
    "no lower than it began, by default": (battery(end={}), runs(10, -10, -10, -5), {}),
    "up-reserve turns charging round": (
        battery(), runs(-5, 0), {"products": (spin(duration_h=0.5),), "awards": {"spin": [15, 0]}},
    ),
    "down-reserve fills it up": (battery(), runs(0, 0), {"products": (down(duration_h=2.5),),
                                                        "awards": {"down": [10, 10]}}),
}  # fmt: skip

BREAKS = {
    "discharge limit": (battery(energy_start_mwh=40), runs(11, store=battery(energy_start_mwh=40)), {}),
    "charge limit": (battery(), runs(-11), {}),
    "least charge": (battery(charge_min_mw=4), runs(-3), {}),
    "least discharge": (battery(discharge_min_mw=4), runs(3), {}),
    "one way at a time": (battery(), BOTH, {}),
    "state of charge": (battery(), {"charge_mw": [10, 0], "discharge_mw": [0, 0], "energy_mwh": [30, 30]}, {}),
    "energy limit": (battery(energy_max_mwh=[40, 27]), runs(-10, 0), {}),
    "end level": (battery(end={}), runs(1), {}),
    "cycles per day": (battery(cycles_per_day_max=0.25), runs(5, 1), {}),
    "up reserve": (battery(), runs(-5, 0), {"products": (spin(duration_h=0.25),), "awards": {"spin": [16, 0]}}),
    "down reserve": (battery(), runs(5, 0), {"products": (down(duration_h=0.5),), "awards": {"down": [16, 0]}}),
    "up reserve energy": (battery(), runs(-10, 0), {"products": (spin(),), "awards": {"spin": [10.1, 0]}}),
    "down reserve energy": (battery(), runs(5, 0), {"products": (down(duration_h=2.5),), "awards": {"down": [11, 0]}}),
}  # fmt: skip


@pytest.mark.parametrize("story", OBEYS)
def test_a_plan_that_obeys_is_accepted(trial, story):
    store, columns, circumstances = OBEYS[story]
    assert trial(store, columns, **circumstances).violations == ()


@pytest.mark.parametrize("rule", BREAKS)
def test_a_broken_rule_is_named(trial, rule):
    store, columns, circumstances = BREAKS[rule]
    assert {rule} == rules(trial(store, columns, **circumstances))


@pytest.mark.parametrize(
    ("end", "accepted"),
    [({"min_mwh": 30}, False), ({"max_mwh": 15}, False), ({"max_mwh": 20}, True), ({"value_per_mwh": 5}, True)],
)
def test_the_end_is_a_target_a_floor_or_a_value(trial, end, accepted):
    assert accepted == trial(battery(end=end), runs(0)).accepted


def test_energy_must_last_from_both_ends_of_the_step(trial):
    """20 MWh give 5 MW for two hours before the discharge of 5 MW, but only 2.5 MW after it."""
    held = {"products": (spin(duration_h=2),)}
    assert {"up reserve energy"} == rules(trial(battery(), runs(5), awards={"spin": [2.6]}, **held))
    assert trial(battery(), runs(5), awards={"spin": [2.5]}, **held).accepted


def test_charging_wear_and_what_is_left(trial):
    """10 MWh charged at 2, 5 MWh given at 7, and 20 + 8 - 10 = 18 MWh left at 30."""
    paid = battery(charge_cost_per_mwh=2, wear_cost_per_mwh=[1, 7], end={"value_per_mwh": 30})
    verdict = trial(paid, runs(-10, 5))
    assert {"charge": 20, "wear": 35, "end_value": -540} == verdict.cost_by_kind["battery"]
    assert not verdict.violations

"""Renewable plants before the referee."""

import pytest

from grid_models.resources import Renewable

from .conftest import down, rules, spin


def plant(**fields):
    return Renewable.model_validate({"name": "w", "available_mw": [10, 20, 30], "min_mw": 5} | fields)


BREAKS = {
    "minimum output": (plant(), [10, 4, 30], {}),
    "available power": (plant(), [11, 20, 30], {}),
    "utilisation": (plant(utilisation_min=0.76), [10, 5, 30], {}),
    "up reserve": (plant(), [10, 15, 30], {"products": (spin(),), "awards": {"spin": [0, 6, 0]}}),
    "down reserve": (plant(), [10, 15, 30], {"products": (down(),), "awards": {"down": [0, 11, 0]}}),
}


def test_a_plan_that_obeys_is_accepted(trial):
    verdict = trial(
        plant(utilisation_min=0.75), {"power_mw": [10, 5, 30]}, products=(spin(), down()),
        awards={"spin": [0, 15, 0], "down": [5, 0, 25]},
    )  # fmt: skip
    assert not verdict.violations


@pytest.mark.parametrize("rule", BREAKS)
def test_a_broken_rule_is_named(trial, rule):
    wind, power_mw, circumstances = BREAKS[rule]
    assert {rule} == rules(trial(wind, {"power_mw": power_mw}, **circumstances))


def test_what_is_curtailed_is_paid(trial):
    """15 of 60 MWh curtailed at 40, 45 MWh generated with a subsidy of 10."""
    verdict = trial(plant(cost_per_mwh=-10, curtailment_price_per_mwh=40), {"power_mw": [10, 5, 30]})
    assert {"production": -450, "curtailment": 600} == verdict.cost_by_kind["renewable"]
    assert not verdict.violations

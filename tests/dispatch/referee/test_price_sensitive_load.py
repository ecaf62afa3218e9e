"""Price-sensitive loads before the referee."""

import pytest

from grid_models.resources import PriceSensitiveLoad

from .conftest import rules, spin

LOAD = PriceSensitiveLoad(name="furnace", demand_mw=(10, 20), value_per_mwh=(50, 40))


def test_what_is_served_lowers_the_cost(trial):
    """10 MWh worth 50 and 5 MWh worth 40."""
    verdict = trial(LOAD, {"served_mw": [10, 5]})
    assert not verdict.violations
    assert {"value": -700} == verdict.cost_by_kind["price_sensitive_load"]


@pytest.mark.parametrize("served_mw", [[11, 0], [0, -1]])
def test_more_than_it_would_take_or_less_than_nothing_is_refused(trial, served_mw):
    assert {"served load"} == rules(trial(LOAD, {"served_mw": served_mw}))


def test_it_holds_nothing_ready(trial):
    assert {"no reserve"} == rules(trial(LOAD, {"served_mw": [5, 5]}, products=(spin(),), awards={"spin": [0, 1]}))

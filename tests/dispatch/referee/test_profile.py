"""Given series before the referee."""

from grid_models.resources import Profile

from .conftest import rules, spin

IMPORT = Profile(name="line", power_mw=(10, -5), cost_per_mwh=3)


def test_the_series_and_nothing_else_is_accepted(trial):
    verdict = trial(IMPORT, {"power_mw": [10, -5]})
    assert not verdict.violations
    assert {"production": 15} == verdict.cost_by_kind["profile"]


def test_another_power_is_refused(trial):
    assert {"given series"} == rules(trial(IMPORT, {"power_mw": [10, -4]}))


def test_it_holds_nothing_ready(trial):
    verdict = trial(IMPORT, {"power_mw": [10, -5]}, products=(spin(),), awards={"spin": [0, 1]})
    assert {"no reserve"} == rules(verdict)

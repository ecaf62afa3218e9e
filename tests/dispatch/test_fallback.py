"""The plan for when no time is left: it exists, it is whole, and it needs no search where rounding is enough."""

import numpy as np
import pytest
from building import approx, battery, case, thermal
from fleets import cases
from hypothesis import HealthCheck, given, settings
from reference_cases import reference_cases

from grid_models.case import Case
from services.dispatch import fallback
from services.dispatch.assembly import build
from services.dispatch.errors import Infeasible
from services.dispatch.merit import merit_order_commitment
from services.dispatch.model import Matrix
from services.dispatch.solve.highs import Outcome, Settings
from services.dispatch.solve.rounding import is_whole, rounded
from services.dispatch.starting import start_values

FEW = settings(deadline=None, derandomize=True, database=None, max_examples=15, suppress_health_check=list(HealthCheck))


def still(study: Case) -> tuple[Matrix, Outcome | None]:
    model = build(study)
    whole = model.pack()
    start = start_values(model, whole, merit_order_commitment(study))
    return whole, fallback.standing_still(whole, start, Settings(seconds=1, threads=1))


def assert_a_plan(whole: Matrix, found: Outcome) -> None:
    assert found.values is not None
    assert is_whole(whole, found.values)
    activity = whole.rows @ found.values
    assert np.maximum(whole.row_lower - activity, activity - whole.row_upper).max(initial=0.0) < 1e-5
    assert np.maximum(whole.lower - found.values, found.values - whole.upper).max(initial=0.0) < 1e-5


@pytest.mark.parametrize("name", sorted(reference_cases()))
def test_every_reference_case_has_one(name: str) -> None:
    whole, found = still(reference_cases()[name])
    assert found is not None
    assert_a_plan(whole, found)


@FEW
@given(study=cases())
def test_what_it_finds_is_a_plan(study: Case) -> None:
    whole, found = still(study)
    if found is not None:
        assert_a_plan(whole, found)


def test_a_battery_that_loses_energy_keeps_its_level_without_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    40 MWh, 1 % lost by the hour, to end as it began; demand 50, 100, 150, 200 MW all from coal at 300.

    By hand: the least-loaded half charges. The cheapest is to make up for all at 02:00, the last hour that may charge:
    40 / 0.99^2 - 40 * 0.99^2 MWh. Without charging, the level could not be kept, and a search would have to mend it.
    """

    def no_search(*_: object) -> None:
        raise Infeasible("searched")

    monkeypatch.setattr(fallback, "guarded_search", no_search)
    coal = thermal(low=0, high=300, was=50)
    store = battery(20, 80, start=40, self_discharge_per_h=0.01, charge_efficiency=0.99)
    whole, found = still(case([50, 100, 150, 200], coal, store))
    assert found is not None
    lost_mwh = 40 / 0.99**2 - 40 * 0.99**2
    assert 300 * (500 + lost_mwh / 0.99) == approx(found.objective)
    assert_a_plan(whole, found)


def test_a_tier_that_is_touched_counts_as_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Below 60 MW of 40-120 a unit moves 10 MW an hour, else freely; demand 60, 50, 60; missing power costs 10,000.

    By hand: relaxed, half of the tier would do for the dip; rounded, it is in the tier at 02:00 and 10 MW an hour
    are enough: 170 MWh at 300. Were it rounded down, it would be out of the tier and spill 10 MW at 1,000 each.
    """
    monkeypatch.setattr(fallback, "guarded_search", lambda *_: (Outcome("stopped", np.inf, -np.inf, None), ""))
    tier = [{"below_mw": 60, "price_per_mwh": 0, "ramp_mw_per_h": 10}]
    coal = thermal(low=40, high=120, was=60, deep_peaking=tier, must_run=True)
    whole, found = still(case([60, 50, 60], coal))
    assert found is not None
    assert 170 * 300 == approx(found.objective)
    assert_a_plan(whole, found)


def test_the_fullest_band_is_chosen_where_a_unit_runs() -> None:
    """Two bands over four hours: the larger share wins, where the unit is off none does."""
    coal = thermal(low=10, high=100, forbidden_zones=[{"from_mw": 40, "to_mw": 60}])
    whole = build(case([50] * 4, coal)).pack()
    family = next(family for family in whole.column_names.families if family.name == "in_band")
    values = np.zeros(whole.shape[1])
    mine = slice(family.first, family.first + family.size)
    values[mine] = [0.7, 0.2, 0.0, 1.0, 0.3, 0.8, 0.0, 0.0]
    assert [[1, 0, 0, 1], [0, 1, 0, 0]] == rounded(whole, values)[mine].reshape(2, 4).tolist()

"""Every model of wind and sun: quantiles that rise, within capacity, from what was known, and kept as bytes."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import plants_in_small as small
import pytest

from grid_models.forecast import CapacityFrom
from services.forecast.known import NOTHING_OBSERVED, Known, Observed, Vintages, steps_from
from services.forecast.models.base import NotEnoughHistory, Task
from services.forecast.models.climatology import Climatology
from services.forecast.models.persistence import Persistence
from services.forecast.models.physical_solar import PhysicalSolar
from services.forecast.models.physical_wind import PhysicalWind
from services.forecast.models.renewable_boosting import RenewableBoosting
from services.forecast.models.renewable_brought import RenewableBrought, between_parts
from services.forecast.models.renewable_catboost import RenewableCatBoost

TASK = Task(last_lead_h=24.0, origins_utc_h=(0.0,), threads=1)
LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
ORIGIN = small.START + np.timedelta64(50, "D")
TIMES = steps_from(ORIGIN, 24, 60)
QUICK = RenewableBoosting(points_max=2000, parameters={"rounds": 60})


def brought(known: Known) -> Known:
    """With a forecast of its own that is right but for 2 MW."""
    said = {"mean": known.observed.values + 2}
    return replace(known, brought={"own": small.issues(60, said)})


CASES = {
    "boosted wind": (QUICK, small.wind_farm()),
    "boosted solar": (QUICK, small.solar_plant()),
    "wind by CatBoost": (RenewableCatBoost(points_max=2000, parameters={"rounds": 60}), small.wind_farm()),
    "physical wind": (PhysicalWind(), small.wind_farm()),
    "physical solar": (PhysicalSolar(), small.solar_plant()),
    "climatology": (Climatology(), small.solar_plant()),
    "persistence": (Persistence(), small.wind_farm()),
    "brought": (RenewableBrought(), brought(small.wind_farm())),
}


@pytest.fixture(scope="module")
def learned():
    return {name: model.train([known.as_of(ORIGIN)], TASK) for name, (model, known) in CASES.items()}


@pytest.mark.parametrize("case", CASES)
def test_quantiles_rise_within_capacity_and_survive_as_bytes(case, learned):
    trained, known = learned[case], CASES[case][1].as_of(ORIGIN)
    said = trained.quantiles([known], TIMES, LEVELS)
    assert (1, 24, 5) == said.shape
    assert np.isfinite(said).all()
    assert (np.diff(said, axis=2) >= 0).all()
    assert said.min() >= 0
    assert said.max() <= small.CAPACITY_MW
    again = type(trained).from_bytes(trained.to_bytes())
    assert again.quantiles([known], TIMES, LEVELS) == pytest.approx(said, abs=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_what_became_known_later_changes_nothing(case, learned):
    """Every value that is known after the origin is replaced by nonsense: the forecast stays the same."""
    known = CASES[case][1]
    mad = replace(
        known,
        observed=_mad_observed(known.observed),
        weather={name: _mad(of) for name, of in known.weather.items()},
        brought={name: _mad(of) for name, of in known.brought.items()},
    )
    said, of_mad = (learned[case].quantiles([one.as_of(ORIGIN)], TIMES, LEVELS) for one in (known, mad))
    assert (said == of_mad).all()


@pytest.mark.parametrize("case", ["boosted wind", "physical wind", "physical solar"])
def test_the_weather_of_the_day_counts(case, learned):
    """Without any weather the forecast is what is usual, and wider."""
    known = CASES[case][1].as_of(ORIGIN)
    blind = replace(known, weather={})
    said, usual = (learned[case].quantiles([one], TIMES, LEVELS) for one in (known, blind))
    assert np.isfinite(usual).all()
    assert (usual[..., -1] - usual[..., 0]).mean() > (said[..., -1] - said[..., 0]).mean()


@pytest.mark.parametrize("model", [PhysicalWind(), PhysicalSolar()])
def test_physics_needs_no_history(model):
    known = small.wind_farm() if "wind" in model.kinds else small.solar_plant()
    new = replace(known.as_of(ORIGIN), observed=NOTHING_OBSERVED)
    said = model.train([new], TASK).quantiles([new], TIMES, LEVELS)[0]
    actual = known.observed.at(TIMES)
    assert np.abs(said[:, 2] - actual).mean() < 0.15 * small.CAPACITY_MW
    assert ((actual >= said[:, 0]) & (actual <= said[:, -1])).mean() >= 0.8


def test_a_plant_never_seen_is_forecast_from_the_others(learned):
    stranger = small.wind_farm(seed=3, name="stranger")
    said = learned["boosted wind"].quantiles([stranger.as_of(ORIGIN)], TIMES, LEVELS)
    assert np.abs(said[0, :, 2] - stranger.observed.at(TIMES)).mean() < 0.2 * small.CAPACITY_MW


def test_too_little_to_learn_from_says_what_forecasts_until_then():
    with pytest.raises(NotEnoughHistory, match="physical_wind"):
        QUICK.train([replace(small.wind_farm(), observed=NOTHING_OBSERVED)], TASK)


def test_quarter_hours_lie_between_the_hours_that_are_told(learned):
    known = CASES["boosted wind"][1].as_of(ORIGIN)
    trained = replace(learned["boosted wind"], step_min=15)
    quarters = trained.quantiles([known], steps_from(ORIGIN, 96, 15), LEVELS)[0]
    assert (96, 5) == quarters.shape
    assert quarters[42] == pytest.approx((quarters[40] + quarters[44]) / 2)


@pytest.mark.parametrize("model", [QUICK, PhysicalSolar()])
def test_panels_that_stand_nowhere_are_refused(model):
    known = small.solar_plant()
    nowhere = replace(known, series=known.series.model_copy(update={"latitude": None, "longitude": None}))
    with pytest.raises(NotEnoughHistory, match="latitude"):
        model.train([nowhere], TASK)


def test_night_is_dark(learned):
    said = learned["boosted solar"].quantiles([CASES["boosted solar"][1].as_of(ORIGIN)], TIMES, LEVELS)[0]
    hour = (TIMES.astype(np.int64) // 3600 + 8) % 24
    assert 0.0 == said[(hour < 4) | (hour > 20)].max()


def _mad(of: Vintages) -> Vintages:
    later = of.known_at > ORIGIN
    return replace(of, values={name: np.where(later, 1e3, values) for name, values in of.values.items()})


def _mad_observed(of: Observed) -> Observed:
    return replace(of, values=np.where(of.known_at > ORIGIN, 1e3, of.values))


@pytest.mark.parametrize("plant", [small.wind_farm(), small.solar_plant()], ids=["wind", "solar"])
def test_what_a_few_readings_tell_is_wide(plant: Known):
    """After three readings of one noon: by day the interval is a good part of the capacity, at night no sun shines."""
    first = small.START + np.arange(4, 7) * np.timedelta64(3600, "s")  # noon in China, where the plant stands
    few = replace(plant, observed=Observed.promptly(first, np.array([20.0, 22.0, 21.0])))
    said = Climatology().train([few], TASK).quantiles([few], TIMES, LEVELS)[0]
    width_mw = said[:, -1] - said[:, 0]
    lit = np.arange(24) < 9 if plant.series.kind == "solar" else np.full(24, True)
    assert width_mw[lit].mean() > 0.25 * small.CAPACITY_MW
    if plant.series.kind == "solar":
        assert 0 == said[14:18].max()


def test_a_total_lies_between_its_own_answer_and_the_sum_of_its_parts():
    """Its own mean is 40 MW, its parts say 10 and 20 MW: 35 MW, as far spread as before, and never above 36 MW."""
    parts = [small.wind_farm(name=name) for name in ("a", "b")]
    since = [CapacityFrom(since=datetime(2020, 1, 1, tzinfo=UTC), capacity_mw=36.0)]
    series = parts[0].series.model_copy(update={"name": "total", "members": ("a", "b"), "capacity_mw": tuple(since)})
    known = [*parts, replace(parts[0], series=series)]
    said = np.array([[[9.0, 10.0, 11.0]], [[18.0, 20.0, 22.0]], [[36.0, 40.0, 44.0]]])
    moved = between_parts(said, np.arange(3), known, TIMES[:1])
    assert [31.0, 35.0, 36.0] == moved[2, 0].tolist()
    assert (said[:2] == moved[:2]).all()
    assert (said[2:] == between_parts(said[2:], np.arange(3), known[2:], TIMES[:1])).all()

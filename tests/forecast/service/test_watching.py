"""What /metrics says of forecasts, worked out by hand."""

import numpy as np
import pytest

from grid_models.forecast import SeriesDescription
from services.forecast.known import steps_from
from services.forecast.store import Arrivals, Readings, Store
from services.forecast.store.forecasts import Issue
from services.forecast.telemetry import REGISTRY
from services.forecast.watching import refresh

ISSUED = np.datetime64("2030-07-15T00:00:00")
NOW = ISSUED + np.timedelta64(30, "h")


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/forecast.db") as opened:
        yield opened


def forecast_of(store, median_mw):
    """A farm that gave 40 MW all day and 60 MW the next, which was forecast."""
    store.series.put([SeriesDescription(name="farm", kind="wind", step_min=60)], ISSUED - np.timedelta64(90, "D"))
    times = steps_from(ISSUED - np.timedelta64(24, "h"), 48, 60)
    values = np.repeat([40.0, 60.0], 24)
    readings = Readings.of(times, values, times + np.timedelta64(1, "h"))
    store.observations.add({"farm": Arrivals(readings, np.zeros(48, dtype=bool))}, NOW)
    quantiles = np.full((24, 1), median_mw)
    store.save_forecasts([Issue("farm", "wind", "MW", ISSUED, ISSUED, 60, (0.5,), quantiles, "full", "wind day-ahead")])


def skill(lead):
    return REGISTRY.get_sample_value("gridflex_forecast_skill_ratio", {"kind": "wind", "lead": lead})


@pytest.mark.parametrize(("median_mw", "saved"), [(60.0, 1.0), (50.0, 0.5), (40.0, 0.0), (30.0, -0.5)])
def test_skill_is_the_share_of_the_loss_that_repeating_the_last_day_would_have(store, median_mw, saved):
    """Repeating 40 MW misses the 60 MW by 20; a median of 50 by 10."""
    forecast_of(store, median_mw)
    refresh(store, NOW)
    assert [pytest.approx(saved)] * 2 == [skill("le_1h"), skill("le_24h")]


def test_what_waits_is_told_with_its_age(store):
    refresh(store, NOW)
    assert 0 == REGISTRY.get_sample_value("gridflex_forecast_queue_length_jobs")
    store.jobs.submit("training", {})
    refresh(store, np.datetime64("now", "s") + np.timedelta64(90, "s"))
    assert 1 == REGISTRY.get_sample_value("gridflex_forecast_queue_length_jobs")
    assert pytest.approx(90, abs=2) == REGISTRY.get_sample_value("gridflex_forecast_queue_age_seconds")

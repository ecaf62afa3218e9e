"""Models of load by weather and recent load: trees, lines, similar days."""

from dataclasses import replace

import numpy as np
import pytest
from towns import DAY, HOUR, START, poisoned

from services.forecast.features.load import load_columns
from services.forecast.known import NOTHING_OBSERVED, Observed
from services.forecast.models.base import NotEnoughHistory, Task
from services.forecast.models.climatology import Climatology
from services.forecast.models.linear_quantiles import LinearQuantiles
from services.forecast.models.load_boosting import LoadBoosting
from services.forecast.models.registry import MODELS
from services.forecast.models.similar_day import SimilarDay

ORIGIN = START + 130 * DAY
TOMORROW = ORIGIN + np.arange(24) * HOUR
LEVELS = np.array([0.05, 0.5, 0.95])
TASK = Task(60, 0.0, 24.0, (0.0,), threads=1)
EVERY = pytest.mark.parametrize(
    "model", [LoadBoosting(), LinearQuantiles(), SimilarDay()], ids=lambda model: model.name
)


@EVERY
def test_tomorrow_is_like_the_days_before(season, model):
    trained = model.train([season.as_of(ORIGIN)], TASK)
    back = type(trained).from_bytes(trained.to_bytes())
    known, later = season.as_of(ORIGIN), poisoned(season, ORIGIN).as_of(ORIGIN)
    said = trained.quantiles([known], TOMORROW, LEVELS)
    assert np.array_equal(said, back.quantiles([known], TOMORROW, LEVELS))
    assert np.array_equal(said, trained.quantiles([later], TOMORROW, LEVELS))
    assert (np.diff(said, axis=2) >= 0).all()
    came = season.observed.at(TOMORROW)
    assert np.abs(said[0, :, 1] / came - 1).mean() < 0.08
    assert ((said[0, :, 0] - 3 < came) & (came < said[0, :, 2] + 3)).mean() > 0.5
    assert model.name in MODELS


@EVERY
def test_without_load_it_says_so(season, model):
    trained = model.train([season.as_of(ORIGIN)], TASK)
    silent = replace(season.as_of(ORIGIN), observed=NOTHING_OBSERVED)
    with pytest.raises(NotEnoughHistory, match="town"):
        trained.quantiles([silent], TOMORROW, LEVELS)


def test_columns_by_hand(season):
    """The load of a day ago over the mean of two weeks, as a logarithm."""
    known = season.as_of(ORIGIN)
    columns = load_columns(known, TOMORROW, 60)
    level = known.observed.values[-14 * 24 :].mean()
    assert np.log(known.observed.at(TOMORROW[5] - DAY) / level) == pytest.approx(columns["load_1d_ago"][5])
    assert 5 == columns["lead_h"][5]


def test_similar_day_of_a_holiday_is_free(season):
    """National Day has no like in 130 days of spring but weekends and other holidays; it is lower than a workday."""
    trained = SimilarDay().train([season.as_of(ORIGIN)], TASK)
    workday = START + 131 * DAY + np.arange(24) * HOUR  # Wednesday 12 May 2021
    saturday = START + 134 * DAY + np.arange(24) * HOUR
    known = [season.as_of(ORIGIN)]
    mean = [trained.quantiles(known, times, np.array([0.5])).mean() for times in (workday, saturday)]
    assert mean[0] > mean[1] + 3


def test_a_load_that_was_seen_three_times_is_not_zero_at_other_hours(season):
    """Three readings about 60 MW: at any hour the median is near them, and the interval tens of per cent wide."""
    few = replace(
        season.as_of(ORIGIN),
        observed=Observed.promptly(ORIGIN - np.array([4, 3, 2]) * HOUR, np.array([59.0, 60.0, 61.0])),
    )
    said = Climatology().train([few], TASK).quantiles([few], TOMORROW, LEVELS)[0]
    assert np.full(24, 60.0) == pytest.approx(said[:, 1], abs=2)
    assert (said[:, 2] - said[:, 0]).min() > 0.3 * 60

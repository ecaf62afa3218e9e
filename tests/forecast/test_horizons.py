"""Which steps a forecast covers."""

import numpy as np
import pytest

from services.forecast.horizons import HORIZONS, BeyondHorizon, horizon_of
from services.forecast.known import moment


def test_tomorrow_is_the_local_day():
    """At 08:30 in Beijing on 14 July, tomorrow begins at 16:00 UTC of that day and has 96 points."""
    times = HORIZONS["day-ahead"].times(moment("2030-07-14T00:30:00"), 15, "Asia/Shanghai")
    assert moment("2030-07-14T16:00:00") == times[0]
    assert moment("2030-07-15T15:45:00") == times[-1]


def test_a_day_of_25_hours_has_25_hours():
    assert 25 == len(HORIZONS["day-ahead"].times(moment("2024-11-02T12:00:00"), 60, "America/New_York"))
    assert 23 == len(HORIZONS["day-ahead"].times(moment("2024-03-09T12:00:00"), 60, "America/New_York"))


def test_the_next_hours_begin_at_the_next_step():
    times = HORIZONS["intraday"].times(moment("2030-07-14T00:31:00"), 15, "Asia/Shanghai")
    assert moment("2030-07-14T00:45:00") == times[0]
    assert 16 == len(times)
    assert np.timedelta64(15 * 60, "s") == times[1] - times[0]


@pytest.mark.parametrize(
    ("name", "lead_h", "step_min"), [("intraday", 4, 15), ("day-ahead", 40, 15), ("ten-days", 240, 60)]
)
def test_the_finest_horizon_that_reaches_is_taken(name: str, lead_h: float, step_min: int):
    assert name == horizon_of(lead_h, step_min).name


def test_what_no_horizon_reaches_is_refused():
    with pytest.raises(BeyondHorizon, match="no model forecasts steps of 15 min up to 72 h ahead"):
        horizon_of(72, 15)

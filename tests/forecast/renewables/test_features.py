"""Features: the newest weather that was known, rates from sums, what a farm and panels teach."""

import numpy as np
import plants_in_small as small
import pytest

from grid_models.forecast import SolarSite, WindSite
from services.forecast.features.questions import Questions, latest_observed_share, now
from services.forecast.features.weather import deaccumulated, grids, read_at, rolling_mean
from services.forecast.known import Known, Vintages, steps_from
from services.forecast.physical import farm_response, panel_response
from services.forecast.physical.solar import light
from services.forecast.physical.sun import clear_sky_w_per_m2, sun

HOUR = np.timedelta64(1, "h")


def test_sums_become_rates():
    """3600 J, then 7200 J in all, then a new issue with 1800 J: 1, 1 and 0.5 W."""
    sums, starts = np.array([3600.0, 7200.0, 1800.0]), np.array([True, False, True])
    assert deaccumulated(sums, 1.0, starts) == pytest.approx([1.0, 1.0, 0.5])


def test_the_newest_issue_that_was_known_counts():
    """Two issues about the same hours, the second known at 6 h: asked at 5 h the first speaks, at 7 h the second."""
    times = steps_from(small.START, 48, 60)
    issued = np.concatenate([np.full(48, small.START), np.full(48, small.START + 6 * HOUR)])
    values = {"wind_speed_100m_m_per_s": np.concatenate([np.full(48, 5.0), np.full(48, 9.0)])}
    weather = {"nwp": Vintages.sorted(np.tile(times, 2), issued, issued, values)}
    known = Known(small.wind_farm().series, small.START + 48 * HOUR, small.wind_farm().observed, weather)
    origins = small.START + np.array([5, 7]) * HOUR
    asked = Questions([known], np.array([0, 0]), origins, np.tile(times[20:22], (2, 1)), 60)
    grid = grids(asked, ("nwp",))["nwp"]
    said = read_at(grid.values["wind_speed_100m_m_per_s"], grid.places(asked.times))
    assert said == pytest.approx(np.array([[5.0, 5.0], [9.0, 9.0]]))
    former = read_at(grid.former["wind_speed_100m_m_per_s"], grid.places(asked.times))
    assert 5.0 == former[1, 0]
    assert np.isnan(former[0, 0])


def test_a_mean_is_of_what_is_there():
    assert rolling_mean(np.array([[1.0, np.nan, 3.0, 5.0]]), 3)[0] == pytest.approx([1.0, 2.0, 4.0, 4.0])


def test_the_newest_reading_is_as_old_as_it_is():
    """Readings come at the end of their hour: at noon the newest began at 11 h and is one hour old."""
    known = small.wind_farm().as_of(small.START + 12 * HOUR)
    values, ages_h = latest_observed_share(now([known], steps_from(known.origin, 2, 60), 60), 72.0, 2)
    assert [1.0, 2.0] == ages_h[0].tolist()
    assert values[0] == pytest.approx(known.observed.values[[11, 10]] / small.CAPACITY_MW)


def test_panels_say_which_way_they_look():
    """Output of panels that look west at 30 degrees, described as facing south: the direction is found."""
    times = steps_from(np.datetime64("2024-05-01T00:00:00", "s"), 24 * 60, 60)
    of = sun(times, 30.0, 120.0)
    parts = light(clear_sky_w_per_m2(of) * np.tile([0.4, 0.7, 1.0], 480), of)
    west = panel_response.as_described(SolarSite(tilt_deg=30, azimuth_deg=270, inverter_to_panel=1.2))
    described = panel_response.as_described(SolarSite(inverter_to_panel=1.2))
    found = panel_response.learned(
        described, west.share(parts, of, np.full(1440, 20.0)), parts, of, np.full(1440, 20.0)
    )
    assert west.gains[0] == pytest.approx(found.gains[0], abs=0.05)
    of_found, of_west, of_described = (one.share(parts, of, np.full(1440, 20.0)) for one in (found, west, described))
    assert np.abs(of_found - of_west).max() < 0.2 * np.abs(of_described - of_west).max()


def test_a_farm_says_how_fast_its_wind_is_and_when():
    described = farm_response.as_described(WindSite())
    chance = np.random.default_rng(1)
    speed = 7 + 3 * np.sin(np.arange(2000) / 5) + chance.normal(size=2000)
    actual = farm_response.FarmResponse(described.curve, 1.3, 0.9).share(np.roll(speed, -1))
    hubs = {lag: np.roll(speed, -int(lag)) for lag in farm_response.LAGS_H}
    found = farm_response.learned(described, actual, hubs)
    assert 1.0 == found.lag_h
    assert (found.factor, found.gain) == pytest.approx((1.3, 0.9), abs=0.04)


def test_without_history_a_farm_is_as_described():
    described = farm_response.as_described(WindSite())
    nothing = {lag: np.array([]) for lag in farm_response.LAGS_H}
    found = farm_response.learned(described, np.array([]), nothing)
    assert 1.0 == pytest.approx(found.factor, rel=0.02)
    assert (1.0, 0.0) == pytest.approx((found.gain, found.lag_h))

"""The sun stands where almanacs say, and a clear sky sends what it should."""

import numpy as np
import pandas as pd
import pytest

from services.forecast.physical import sun

DAY = np.datetime64("2020-06-21T00:00:00", "s") + np.arange(24) * np.timedelta64(3600, "s")


def test_the_sun_stands_where_the_exact_algorithm_says():
    from pvlib import solarposition

    exact = solarposition.get_solarposition(pd.DatetimeIndex(DAY, tz="UTC"), 30.0, 120.0)
    ours = sun.sun(DAY, 30.0, 120.0)
    assert exact["zenith"].to_numpy() == pytest.approx(ours.zenith_deg, abs=0.2)
    assert exact["azimuth"].to_numpy() == pytest.approx(ours.azimuth_deg, abs=1.0)


def test_noon_of_midsummer_under_a_clear_sky():
    """At the tropic the sun stands overhead: 1098 * exp(-0.059) = 1035 W/m2; at midnight nothing."""
    noon, midnight = np.array(["2020-06-21T12:02", "2020-06-21T00:00"], dtype="datetime64[s]")
    assert 1035 == pytest.approx(sun.clear_sky_w_per_m2(sun.sun(np.array([noon]), 23.44, 0.0))[0], abs=1)
    assert 0.0 == pytest.approx(sun.clear_sky_w_per_m2(sun.sun(np.array([midnight]), 23.44, 0.0))[0], abs=1e-9)


def test_overcast_leaves_a_quarter():
    assert 250.0 == pytest.approx(sun.under_cloud_w_per_m2(np.array([1000.0]), np.array([1.0]))[0])


def test_many_places_at_once_are_as_each_alone():
    both = sun.clear_sky_over_step_w_per_m2(DAY[None, :], 60, np.array([[30.0], [-35.0]]), np.array([[120.0], [149.0]]))
    assert both[1] == pytest.approx(sun.clear_sky_over_step_w_per_m2(DAY, 60, -35.0, 149.0))

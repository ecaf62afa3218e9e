"""From sunlight to power: the plane, the heat and the inverter."""

import numpy as np
import pytest

from grid_models.forecast import SolarSite
from services.forecast.physical import solar
from services.forecast.physical.sun import Sun, clear_sky_w_per_m2, sun

MORNING = np.array(["2020-03-20T00:00"], dtype="datetime64[s]")
COOL, STILL = np.array([25.0]), np.array([1.0])


def at(zenith_deg: float, azimuth_deg: float) -> Sun:
    return Sun(np.array([zenith_deg]), np.array([azimuth_deg]))


def test_more_sun_than_the_inverter_takes_is_clipped():
    sunny, overhead = np.array([1000.0]), at(0.0, 180.0)
    small = solar.output_share(SolarSite(tilt_deg=0, inverter_to_panel=0.5), sunny, overhead, COOL, STILL)
    assert 1.0 == small[0]


def test_a_level_plate_in_the_sun_by_hand():
    """
    1000 W/m2 at 25 degrees, 1 m/s: the cell is 1000 / (25 + 6.84) = 31.4 warmer.

    Output 1 * (1 - 0.004 * 31.4) * 0.86 = 0.752; without the heat it would be 0.86.
    """
    level = SolarSite(tilt_deg=0, inverter_to_panel=1.0)
    assert 0.752 == pytest.approx(
        solar.output_share(level, np.array([1000.0]), at(0.0, 180.0), COOL, STILL)[0], abs=0.002
    )


def test_panels_that_turn_see_more_of_the_morning():
    early = sun(MORNING, 30.0, 120.0)
    clear = clear_sky_w_per_m2(early)
    fixed = solar.output_share(SolarSite(), clear, early, COOL, STILL)
    turning = solar.output_share(SolarSite(tracking="single_axis"), clear, early, COOL, STILL)
    assert turning[0] > fixed[0] > 0


def test_no_light_no_power():
    assert 0.0 == solar.output_share(SolarSite(), np.array([0.0]), at(120.0, 10.0), COOL, STILL)[0]

"""From wind to power: the farm's curve, the air, the height."""

import numpy as np
import pytest

from grid_models.forecast import WindSite
from services.forecast.errors import Unusable
from services.forecast.physical import wind


def test_calm_and_gale_stand_still_and_between_wakes_take_their_share():
    curve = wind.farm_curve(None, 0.9)
    assert curve.share(np.array([0.0, 16.0, 35.0])) == pytest.approx([0.0, 0.9, 0.0], abs=0.01)


def test_half_of_the_farm_is_switched_off_at_the_cut_out_speed():
    curve = wind.farm_curve(None, 1.0)
    assert 0.5 == pytest.approx(curve.share(np.array([25.0]))[0], abs=0.02)


def test_unknown_wind_is_unknown_power():
    assert np.isnan(wind.output_share(WindSite(), np.array([np.nan]))[0])


def test_wind_grows_with_height():
    """Ten times as high: 10 ** (1/7) = 1.3895 as fast; the exponent is found again from the two speeds."""
    high = wind.at_hub_m_per_s(np.array([5.0]), 10, 100)
    assert 5 * 1.3895 == pytest.approx(high[0], abs=0.001)
    assert 1 / 7 == pytest.approx(wind.shear_between(np.array([5.0]), 10, high, 100)[0])


def test_thin_air_carries_less():
    """Standard pressure at 15 degrees is standard air; at 800 hPa density is 0.79 of it, speed counts cbrt(0.79)."""
    air = wind.air_kg_per_m3(np.array([101325.0, 80000.0]), np.array([15.0, 15.0]))
    assert 1.225 == pytest.approx(air[0], abs=0.001)
    same = wind.in_standard_air_m_per_s(np.array([10.0, 10.0]), air)
    assert same == pytest.approx([10.0, 10.0 * np.cbrt(0.79)], abs=0.01)


def test_an_unknown_turbine_says_where_to_look():
    with pytest.raises(Unusable, match="no power curve is known for"):
        wind.farm_curve("none of ours", 0.9)

"""Heat and cold told apart from the season, the weekend and each other."""

from datetime import datetime

import numpy as np
import pytest

from grid_models.quantities import Floats
from services.dispatch.assessment.peaks import LoadYear
from services.dispatch.assessment.weather_sensitivity import WeatherSensitivity, weather_sensitivity

approx = pytest.approx
JANUARY = datetime(2030, 1, 1)  # noqa: DTZ001 - local time
DAYS = 365
LEVEL = np.array([700.0, 600, 800, 900, 1000, 1000, 1100, 1100, 1000, 900, 900, 800])
"""Of the months: industry rests when it is cold."""


def found(
    temperatures: Floats, cooling: float = 50, heating: float = 20, festival: slice = slice(0, 0)
) -> WeatherSensitivity:
    """A load of that level, 40 MW less on days of rest, so much more for each degree above 24 and below 18."""
    dates = [LoadYear(np.ones(DAYS * 24), JANUARY).moment(24 * day) for day in range(DAYS)]
    peaks = np.array([LEVEL[day.month - 1] - 40 * (day.weekday() >= 5) for day in dates])
    peaks = peaks + cooling * np.maximum(0, temperatures - 24) + heating * np.maximum(0, 18 - temperatures)
    peaks[festival] -= 300
    return weather_sensitivity(LoadYear(np.repeat(peaks, 24), JANUARY), np.repeat(temperatures, 24))


def around(mean_c: float, swing_c: float) -> Floats:
    """Warm in July, cold in January, and from day to day."""
    day = np.arange(DAYS)
    return mean_c - swing_c * np.cos(2 * np.pi * (day - 15) / DAYS) + np.random.default_rng(1).normal(0, 3, DAYS)


def test_a_load_that_follows_the_weather_is_recognised_though_industry_rests_in_winter():
    """The levels of the months alone would have made a degree of cold take load away."""
    seen = found(around(16, 13))
    assert (50, 20, 1) == approx((seen.cooling_mw_per_c, seen.heating_mw_per_c, seen.explained))


def test_a_festival_in_the_cold_is_not_taken_for_the_cold():
    """The coldest week of February draws a third less, and more for each degree nevertheless."""
    temperatures = around(16, 13)
    february = slice(33, 41)
    temperatures[february] -= 5
    seen = found(temperatures, festival=february)
    assert (50, 20) == approx((seen.cooling_mw_per_c, seen.heating_mw_per_c), abs=1e-6)


def test_a_load_that_does_not_rise_with_the_cold_has_no_figure_for_it():
    seen = found(around(16, 13), heating=-20)
    assert seen.heating_mw_per_c is None
    assert 50 == approx(seen.cooling_mw_per_c)


def test_a_few_cold_days_say_nothing_of_the_cold():
    """Around 26 °C, hardly ever below 18."""
    seen = found(around(26, 4))
    assert seen.heating_mw_per_c is None
    assert seen.cooling_mw_per_c is not None
    assert 50 == approx(seen.cooling_mw_per_c, abs=1)

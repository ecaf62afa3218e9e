"""What temperature leaves behind, by hand."""

import numpy as np
import pytest

from services.forecast.features.temperature_memory import lagged, mean_of_last, memory_columns, without_gaps

RISING = np.arange(30.0)


def test_lag_and_mean():
    """Of 0, 1, 2 ...: three hours before hour 10 it was 7; the mean of hours 8, 9 and 10 is 9."""
    assert 7 == lagged(RISING, 3)[10]
    assert 9 == mean_of_last(RISING, 3)[10]
    assert np.isnan(mean_of_last(RISING, 3)[1])


def test_extremes_of_a_day():
    """Of 24 hours up to hour 29 the lowest was at hour 6."""
    columns = memory_columns(RISING, 60)
    assert (6, 29) == (columns["temperature_min_24h"][29], columns["temperature_max_24h"][29])


def test_a_day_is_96_quarters():
    columns = memory_columns(np.arange(400.0), 15)
    assert 300 - 96 == columns["temperature_24h_ago"][300]


def test_scenarios_side_by_side_are_as_one_by_one():
    both = np.stack([RISING, -RISING])
    together = memory_columns(both, 60)
    for row, alone in enumerate(both):
        for name, of in memory_columns(alone, 60).items():
            np.testing.assert_array_equal(of, together[name][row])


def test_gaps_are_drawn_over():
    assert [1, 2, 3, 3] == pytest.approx(without_gaps(np.array([1, np.nan, 3, np.nan])))

"""Odds that operators ask for, counted by hand on a few futures."""

import numpy as np
import pytest

from services.forecast.questions import passes, ramps, response_needed

FUTURES_MW = np.array([[90.0, 110.0, 120.0], [95.0, 99.0, 98.0], [101.0, 90.0, 90.0], [80.0, 80.0, 80.0]])


def test_odds_of_passing_a_threshold():
    """Above 100: the first future in two hours by 10 and 20 MW, the third in one by 1 MW."""
    odds = passes(FUTURES_MW, 100.0, 1.0)
    assert [0.25, 0.25, 0.25] == pytest.approx(odds.by_step.tolist())
    assert 0.5 == pytest.approx(odds.at_any_time)
    assert 31 / 4 == pytest.approx(odds.expected_energy_mwh)
    assert 1.5 == pytest.approx(odds.expected_duration_h)


def test_odds_of_a_ramp_within_a_time():
    """A rise of 25 MW needs two hours in the first future (90 to 120); a fall of 10 within one is the third's."""
    assert 0.0 == ramps(FUTURES_MW, 25.0, 1.0, 1.0).at_any_time
    assert [0.0, 0.0, 0.25] == pytest.approx(ramps(FUTURES_MW, 25.0, 2.0, 1.0).by_step.tolist())
    assert [0.0, 0.25, 0.0] == pytest.approx(ramps(FUTURES_MW, -10.0, 1.0, 1.0).by_step.tolist())


def test_odds_count_by_probability():
    weights = np.array([0.7, 0.1, 0.1, 0.1])
    assert 0.8 == pytest.approx(response_needed(FUTURES_MW, 100.0, 0.25, weights).at_any_time)

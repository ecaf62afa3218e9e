"""Scores against hand computation."""

import numpy as np
import pytest

from services.forecast.scoring import scores

LEVELS = np.array([0.1, 0.5, 0.9])


def test_pinball_weighs_a_miss_by_the_side_it_falls_on():
    """Actual 10; quantiles 6, 9, 14: 0.1 x 4, 0.5 x 1, (1 - 0.9) x 4."""
    assert np.array([0.4, 0.5, 0.4]) == pytest.approx(
        scores.pinball(np.array(10.0), np.array([6.0, 9.0, 14.0]), LEVELS)
    )


def test_crps_of_many_levels_is_that_of_the_uniform_distribution():
    """Uniform on 0..1, actual 0.5: CRPS = integral of (u - 1[u >= 0.5])^2 = 2 x 0.5^3 / 3 = 1/12."""
    levels = (np.arange(999) + 1) / 1000
    assert 1 / 12 == pytest.approx(scores.crps(np.array([0.5]), levels[None], levels), rel=2e-3)


def test_a_point_without_an_actual_value_does_not_count():
    actual, quantiles = np.array([10.0, np.nan]), np.array([[6.0, 9.0, 14.0], [0.0, 0.0, 0.0]])
    assert (0.4 + 0.5 + 0.4) / 3 == pytest.approx(scores.mean_pinball(actual, quantiles, LEVELS))
    assert scores.coverage(actual, quantiles[:, 0], quantiles[:, 2]) == 1.0


def test_reliability_counts_how_often_a_quantile_was_not_exceeded():
    actual = np.arange(10.0)
    quantiles = np.tile([0.0, 4.0, 8.0], (10, 1))
    assert np.array([0.1, 0.5, 0.9]) == pytest.approx(scores.reliability(actual, quantiles, LEVELS))


def test_energy_score_is_distance_less_half_the_spread():
    """Scenarios (0, 0) and (3, 4), actual (0, 0): mean distance 2.5, half the mean spread (5 + 5) / 4 / 2 = 1.25."""
    assert 1.25 == pytest.approx(scores.energy_score(np.zeros(2), np.array([[0.0, 0.0], [3.0, 4.0]])))


def test_variogram_score_sees_what_differs_together():
    """Actual (0, 4): |0-4|^0.5 = 2. Scenarios (0, 0) and (0, 16): mean 0.5 x 0 + 0.5 x 4 = 2, so nothing is missing.

    With (0, 0) twice the mean is 0 and both orders of the pair miss by 2: 2 x 4 = 8.
    """
    assert 0 == pytest.approx(scores.variogram_score(np.array([0.0, 4.0]), np.array([[0.0, 0.0], [0.0, 16.0]])))
    assert 8 == pytest.approx(scores.variogram_score(np.array([0.0, 4.0]), np.zeros((2, 2))))


def test_weighted_scenarios_count_by_their_probability():
    twice = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 4.0]])
    once = np.array([[0.0, 0.0], [3.0, 4.0]])
    weights = np.array([2 / 3, 1 / 3])
    actual = np.array([1.0, 1.0])
    assert scores.energy_score(actual, twice) == pytest.approx(scores.energy_score(actual, once, weights))
    assert scores.variogram_score(actual, twice) == pytest.approx(scores.variogram_score(actual, once, weights=weights))

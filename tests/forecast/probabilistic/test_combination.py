"""Weights that the past has earned."""

import numpy as np
import pytest

from services.forecast.probabilistic.combination import Weights, combined, fitted

LEVELS = np.array([0.1, 0.5, 0.9])
EDGES_H = np.array([6.0])


def past(points: int = 6000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Actual values, a good and a poor forecast of them, and leads of 0 to 12 h."""
    rng = np.random.default_rng(2)
    signal, lead_h = rng.normal(size=points), np.tile(np.arange(12.0), points // 12)
    actual = signal + 0.2 * rng.normal(size=points)
    spread = 0.2 * np.array([-1.28, 0, 1.28])
    good = signal[:, None] + spread
    poor = np.array([-1.28, 0, 1.28]) + np.zeros((points, 3))
    return actual, np.stack([good, poor]), lead_h


def test_the_better_forecast_earns_nearly_all():
    weights = fitted(*past()[:2], LEVELS, past()[2], EDGES_H)
    assert (weights.shares[:, 0] > 0.9).all()
    assert np.ones(2) == pytest.approx(weights.shares.sum(axis=1))


def test_weights_go_by_lead_where_skill_does():
    """Up to 6 h the first knows the signal, beyond it the second does."""
    actual, members, lead_h = past()
    late = lead_h >= 6
    members[:, late] = members[::-1, late]
    weights = fitted(actual, members, LEVELS, lead_h, EDGES_H)
    assert weights.shares[0, 0] > 0.85
    assert weights.shares[1, 1] > 0.85


def test_two_forecasts_whose_errors_cancel_are_better_together():
    rng = np.random.default_rng(4)
    one, two = rng.normal(size=(2, 5000, 1))
    members = np.stack([one + np.zeros(3), two + np.zeros(3)])
    weights = fitted((one + two)[:, 0] / 2, members, LEVELS, np.zeros(5000), EDGES_H)
    assert np.array([0.5, 0.5]) == pytest.approx(weights.shares[0], abs=0.05)


def test_without_history_all_count_alike():
    weights = fitted(np.array([]), np.empty((2, 0, 3)), LEVELS, np.array([]), EDGES_H)
    assert np.full((2, 2), 0.5) == pytest.approx(weights.shares)


def test_where_one_is_silent_the_others_take_over():
    members = np.array(
        [[[1.0, 2.0, 3.0], [np.nan] * 3, [np.nan] * 3], [[3.0, 4.0, 5.0], [7.0, 8.0, 9.0], [np.nan] * 3]]
    )
    mixed = combined(Weights(EDGES_H, np.array([[1.0, 0.0], [0.5, 0.5]])), members, np.array([1.0, 1.0, 1.0]))
    assert [1.0, 2.0, 3.0] == mixed[0].tolist()
    assert [7.0, 8.0, 9.0] == mixed[1].tolist()
    assert np.isnan(mixed[2]).all()

"""Least squares with a rein."""

import numpy as np
import pytest

from services.forecast.models.linear_quantiles import quantile_line
from services.forecast.models.ridge import ByHour, Ridge, by_hour, ridge

X = np.arange(10.0)[:, None]


def test_without_rein_a_line_is_found():
    assert 2 * 4.5 + 1 == pytest.approx(ridge(X, 2 * X[:, 0] + 1, np.ones(10), 0.0)(np.array([[4.5]]))[0])


def test_a_rein_of_one_halves_the_slope():
    """y = x around its mean 4.5: at 8.5 a slope of 1/2 says 4.5 + 2."""
    assert 6.5 == pytest.approx(ridge(X, X[:, 0], np.ones(10), 1.0)(np.array([[8.5]]))[0])


def test_a_gap_counts_as_average():
    assert 4.5 == pytest.approx(ridge(X, X[:, 0], np.ones(10), 0.0)(np.array([[np.nan]]))[0])


def test_a_column_that_never_varied_says_nothing():
    fixed = np.column_stack([X, np.full(10, 3.0)])
    assert 4 == pytest.approx(ridge(fixed, X[:, 0], np.ones(10), 1e-9)(np.array([[4.0, 99.0]]))[0])


def test_kept_and_brought_back():
    hour = np.arange(10.0) % 2
    of = by_hour(X, X[:, 0] * (1 + hour), np.ones(10), hour, 0.1)
    back = ByHour.from_array(of.to_array())
    assert of(X, hour).tolist() == back(X, hour).tolist()
    line = of.hours[1]
    assert line(X).tolist() == Ridge.from_array(line.to_array())(X).tolist()


def test_quantile_line_leaves_its_share_below():
    """Noise of 0 to 1 on a rising line: 9 of 10 values lie below the line, wherever on it."""
    chance = np.random.default_rng(1)
    x = chance.uniform(size=(2000, 1))
    y = 3 * x[:, 0] + chance.uniform(size=2000)
    below = y < quantile_line(x, y, 0.9)(x)
    assert 0.9 == pytest.approx(below.mean(), abs=0.02)
    assert 0.9 == pytest.approx(below[x[:, 0] > 0.5].mean(), abs=0.05)

"""Scores of probabilistic forecasts: how far, how sharp, how honest.

Arrays are `actual` [...] and `quantiles` [..., levels]; a NaN in either leaves that point out.
Gneiting and Raftery (2007), Strictly Proper Scoring Rules; Scheuerer and Hamill (2015) for the variogram score.
"""

import numpy as np

from grid_models.quantities import Floats


def pinball(actual: Floats, quantiles: Floats, levels: Floats) -> Floats:
    """How dear it was to trust each quantile: under-forecasts weigh `level`, over-forecasts the rest."""
    miss = np.asarray(actual)[..., None] - quantiles
    loss: Floats = np.maximum(levels * miss, (levels - 1) * miss)
    return loss


def mean_pinball(actual: Floats, quantiles: Floats, levels: Floats) -> float:
    """The pinball loss over all points and levels."""
    return float(np.nanmean(pinball(actual, quantiles, levels)))


def crps(actual: Floats, quantiles: Floats, levels: Floats) -> float:
    """Continuous ranked probability score: twice the pinball loss over all levels, weighed by the gaps between them.

    Between the outermost levels and 0 or 1 the outermost loss stands for the tail.
    """
    edges = np.concatenate(([0.0], (levels[1:] + levels[:-1]) / 2, [1.0]))
    return float(2 * np.nanmean(pinball(actual, quantiles, levels) @ np.diff(edges)))


def coverage(actual: Floats, lower: Floats, upper: Floats) -> float:
    """Share of the points inside the interval, its ends included."""
    known = np.isfinite(actual) & np.isfinite(lower) & np.isfinite(upper)
    return float(np.mean((actual >= lower)[known] & (actual <= upper)[known]))


def reliability(actual: Floats, quantiles: Floats, levels: Floats) -> Floats:
    """How often each quantile was not exceeded; an honest forecast gives the levels back."""
    known = np.isfinite(actual) & np.isfinite(quantiles).all(axis=-1)
    shares: Floats = np.mean(np.asarray(actual)[known][:, None] <= quantiles[known], axis=0)
    return shares


def width(lower: Floats, upper: Floats) -> float:
    """Mean width of the interval: of two honest forecasts the narrower is better."""
    return float(np.nanmean(upper - lower))


def root_mean_square_error(actual: Floats, point: Floats) -> float:
    return float(np.sqrt(np.nanmean((actual - point) ** 2)))


def mean_absolute_error(actual: Floats, point: Floats) -> float:
    return float(np.nanmean(np.abs(actual - point)))


def mean_absolute_percentage_error(actual: Floats, point: Floats) -> float:
    """Relative to the actual value, as a share; points without load are left out."""
    known = actual != 0
    return float(np.nanmean(np.abs((actual - point)[known] / actual[known])))


def skill(score: float, of_reference: float) -> float:
    """1 for perfection, 0 for no better than the reference, below 0 for worse."""
    return 1 - score / of_reference


def energy_score(actual: Floats, scenarios: Floats, weights: Floats | None = None) -> float:
    """Distance of joint scenarios [scenarios, dimensions] from what came, less half their own spread."""
    weights = _even(scenarios) if weights is None else weights
    distance = weights @ np.linalg.norm(scenarios - actual, axis=1)
    squares = (scenarios**2).sum(axis=1)
    between = np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2 * scenarios @ scenarios.T, 0))
    return float(distance - weights @ between @ weights / 2)


def variogram_score(actual: Floats, scenarios: Floats, power: float = 0.5, weights: Floats | None = None) -> float:
    """Whether scenarios [scenarios, dimensions] differ between places and times as much as what came did."""
    weights = _even(scenarios) if weights is None else weights
    dimensions = len(actual)
    expected = np.zeros((dimensions, dimensions))
    for weight, scenario in zip(weights, scenarios, strict=True):
        expected += weight * np.abs(scenario[:, None] - scenario[None, :]) ** power
    came = np.abs(actual[:, None] - actual[None, :]) ** power
    return float(((came - expected) ** 2).sum())


def _even(scenarios: Floats) -> Floats:
    return np.full(len(scenarios), 1 / len(scenarios))

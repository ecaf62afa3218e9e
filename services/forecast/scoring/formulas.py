"""How an accuracy comes out of a forecast and what came: sums over the points of a day, and a verdict on the sums.

As every point only adds to a handful of sums, a change of one submitted value is judged anew without the other points.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats

Terms = Callable[[Floats, Floats, Floats, Floats], tuple[Floats, ...]]
"""Forecast, actual and on-line capacity in MW and the local hour (broadcast together) -> what each point adds to every
sum. The hour is NaN where nobody said it."""
Spans = tuple[tuple[float, float], ...]
"""Hours of the day, from and to."""


@dataclass(frozen=True)
class Formula:
    """How accuracy comes out of sums over points."""

    terms: Terms
    accuracy: Callable[..., Floats]
    """Of the sums, in the order of the terms; between 0 and 1, NaN where no point counts."""
    by_capacity: bool = True
    """Whether errors are measured by capacity; load has none."""


@dataclass(frozen=True)
class Hours:
    """When a miss is dearer, and by what factor: more than was said at one time, less than was said at another."""

    renewables_peak: Spans
    under_forecast: float
    """At the renewables' peak, of more output than was forecast."""
    load_peak: Spans
    over_forecast: float
    """At the peak of load, of less output than was forecast."""

    def weights(self, forecast: Floats, actual: Floats, hour: Floats) -> Floats:
        more = _inside(hour, self.renewables_peak) & (actual > forecast)
        less = _inside(hour, self.load_peak) & (actual < forecast)
        weights: Floats = np.where(more, self.under_forecast, np.where(less, self.over_forecast, 1.0))
        return weights


def _inside(hour: Floats, spans: Spans) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = np.logical_or.reduce([(hour >= first) & (hour < last) for first, last in spans])
    return inside


def _share(numerator: Floats, denominator: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


def _weighed_by_error(forecast: Floats, actual: Floats, capacity: Floats, _hour: Floats) -> tuple[Floats, ...]:
    miss = np.abs(forecast - actual) / capacity
    return miss**3, miss, np.ones_like(miss)


def _accuracy_weighed_by_error(cubes: Floats, misses: Floats, points: Floats) -> Floats:
    # A perfect day has no misses to weigh by: its accuracy is one.
    perfect = (np.asarray(misses) == 0) & (np.asarray(points) > 0)
    return np.where(perfect, 1.0, 1 - np.sqrt(_share(cubes, misses)))


def _squares(forecast: Floats, actual: Floats, capacity: Floats, _hour: Floats) -> tuple[Floats, ...]:
    miss = (forecast - actual) / capacity
    return miss**2, np.ones_like(miss)


def _accuracy_of_squares(squares: Floats, points: Floats) -> Floats:
    return 1 - np.sqrt(_share(squares, points))


def _not_below_zero(squares: Floats, points: Floats) -> Floats:
    accuracy: Floats = np.maximum(_accuracy_of_squares(squares, points), 0.0)
    return accuracy


def _absolutes(forecast: Floats, actual: Floats, capacity: Floats, _hour: Floats) -> tuple[Floats, ...]:
    miss = np.abs(forecast - actual) / capacity
    return miss, np.ones_like(miss)


def _accuracy_of_absolutes(misses: Floats, points: Floats) -> Floats:
    return 1 - _share(misses, points)


def _relative_to_output(forecast: Floats, actual: Floats, capacity: Floats, _hour: Floats) -> tuple[Floats, ...]:
    miss = (forecast - actual) / np.maximum(actual, 0.2 * capacity)
    counts = ((forecast >= 0.1 * capacity) | (actual >= 0.1 * capacity)).astype(float)
    return counts * miss**2, counts


def _relative_up_to_one(forecast: Floats, actual: Floats, _capacity: Floats, _hour: Floats) -> tuple[Floats, ...]:
    """Nothing forecast and nothing come is no miss; where nothing came, whatever was forecast is one whole miss."""
    miss = np.abs(forecast - actual)
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.where(miss > 0, np.where(actual > 0, miss / actual, 1.0), 0.0)
    return np.minimum(relative, 1.0) ** 2, np.ones_like(miss)


def _within_tenth(forecast: Floats, actual: Floats, capacity: Floats, _hour: Floats) -> tuple[Floats, ...]:
    inside = (np.abs(forecast - actual) <= 0.1 * capacity).astype(float)
    return inside, np.ones_like(inside)


def beyond_tolerance(tolerance: float, hours: Hours) -> Formula:
    """What misses the output by more than a share of it counts, by the hour; near standstill nothing does."""

    def terms(forecast: Floats, actual: Floats, capacity: Floats, hour: Floats) -> tuple[Floats, ...]:
        beyond = np.maximum(np.abs(forecast - actual) - tolerance * actual, 0.0) / capacity
        counts = _above_standstill(forecast, actual, capacity)
        return counts * beyond * hours.weights(forecast, actual, hour), np.ones_like(beyond)

    return Formula(terms, _accuracy_of_absolutes)


def _above_standstill(forecast: Floats, actual: Floats, capacity: Floats) -> Floats:
    counts: Floats = (np.maximum(forecast, actual) > 0.03 * capacity).astype(float)
    return counts


def _harmonic(forecast: Floats, actual: Floats, capacity: Floats, _hour: Floats) -> tuple[Floats, ...]:
    counts = _above_standstill(forecast, actual, capacity)
    miss = counts * np.abs(forecast - actual) / capacity
    both = forecast + actual
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.where(both > 0, np.abs(actual / both - 0.5), 0.0)
    return apart * miss, miss, np.ones_like(miss)


def _accuracy_harmonic(apart: Floats, misses: Floats, points: Floats) -> Floats:
    perfect = (np.asarray(misses) == 0) & (np.asarray(points) > 0)
    return np.where(perfect, 1.0, 1 - 2 * _share(apart, misses))


def _relative_to_load(forecast: Floats, actual: Floats, capacity: Floats, _hour: Floats) -> tuple[Floats, ...]:
    counts = (actual > 0).astype(float) + 0 * capacity
    with np.errstate(invalid="ignore", divide="ignore"):
        miss = np.where(actual > 0, (forecast - actual) / actual, 0.0)
    return miss**2, counts


BY_ERROR = Formula(_weighed_by_error, _accuracy_weighed_by_error)
ROOT_MEAN_SQUARE = Formula(_squares, _accuracy_of_squares)
MEAN_ABSOLUTE = Formula(_absolutes, _accuracy_of_absolutes)
RELATIVE_TO_OUTPUT = Formula(_relative_to_output, _not_below_zero)
RELATIVE_UP_TO_ONE = Formula(_relative_up_to_one, _accuracy_of_squares)
SHARE_WITHIN_TENTH = Formula(_within_tenth, lambda inside, points: _share(inside, points))
HARMONIC = Formula(_harmonic, _accuracy_harmonic)
RELATIVE_TO_LOAD = Formula(_relative_to_load, _accuracy_of_squares, by_capacity=False)

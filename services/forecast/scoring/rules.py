"""The accuracy rules by which Chinese plants and dispatch centres are paid, as data with their sources.

Every rule is a handful of sums over the points of a day of what each point contributes (`terms`), and a verdict on
those sums (`accuracy`); so a change of one submitted value is re-judged without looking at the other points.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from grid_models.forecast import SeriesKind
from grid_models.quantities import Floats

Terms = Callable[[Floats, Floats, Floats], tuple[Floats, ...]]
"""Forecast, actual and on-line capacity in MW (broadcast together) -> what each point adds to every sum."""
Certainty = Literal["sourced", "unverified"]


@dataclass(frozen=True)
class Formula:
    """How accuracy comes out of sums over points."""

    terms: Terms
    accuracy: Callable[..., Floats]
    """Of the sums, in the order of the terms; between 0 and 1, NaN where no point counts."""
    by_capacity: bool = True
    """Whether errors are measured by capacity; load has none."""


@dataclass(frozen=True)
class AccuracyRule:
    """What a region asks of a forecast, and what missing it costs."""

    id: str
    region: str
    kinds: frozenset[SeriesKind]
    what: str
    formula: Formula
    required: float
    """Least accuracy, as a share; of a rule without a threshold 1."""
    penalty_h: float
    """Energy charged per missing share of accuracy: hours of the on-line capacity."""
    source: str
    certainty: Certainty
    window_points: int | None = None
    """Points that are judged together; None: all that are given."""
    notes: str = field(default="")

    def accuracy(self, forecast_mw: Floats, actual_mw: Floats, capacity_mw: Floats) -> float:
        """Of one series; points where any of the three is missing do not count. NaN where no point counts."""
        if not self.formula.by_capacity:
            capacity_mw = np.ones_like(actual_mw)
        known = np.isfinite(forecast_mw) & np.isfinite(actual_mw) & np.isfinite(capacity_mw)
        terms = self.formula.terms(forecast_mw[known], actual_mw[known], capacity_mw[known])
        return float(self.formula.accuracy(*(np.sum(term) for term in terms)))

    def shortfall(self, accuracy: Floats | float) -> Floats:
        """What is missing to the required accuracy, as a share."""
        short: Floats = np.maximum(self.required - np.asarray(accuracy), 0.0)
        return short

    def penalty_mwh(self, accuracy: Floats | float, capacity_mw: float) -> Floats:
        """Energy that is charged for one judged window."""
        return self.penalty_h * capacity_mw * self.shortfall(accuracy)


def _share(numerator: Floats, denominator: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


def _weighed_by_error(forecast: Floats, actual: Floats, capacity: Floats) -> tuple[Floats, ...]:
    miss = np.abs(forecast - actual) / capacity
    return miss**3, miss, np.ones_like(miss)


def _accuracy_weighed_by_error(cubes: Floats, misses: Floats, points: Floats) -> Floats:
    # A perfect day has no misses to weigh by: its accuracy is one.
    perfect = (np.asarray(misses) == 0) & (np.asarray(points) > 0)
    return np.where(perfect, 1.0, 1 - np.sqrt(_share(cubes, misses)))


def _squares(forecast: Floats, actual: Floats, capacity: Floats) -> tuple[Floats, ...]:
    miss = (forecast - actual) / capacity
    return miss**2, np.ones_like(miss)


def _accuracy_of_squares(squares: Floats, points: Floats) -> Floats:
    return 1 - np.sqrt(_share(squares, points))


def _absolutes(forecast: Floats, actual: Floats, capacity: Floats) -> tuple[Floats, ...]:
    miss = np.abs(forecast - actual) / capacity
    return miss, np.ones_like(miss)


def _accuracy_of_absolutes(misses: Floats, points: Floats) -> Floats:
    return 1 - _share(misses, points)


def _relative_to_output(forecast: Floats, actual: Floats, capacity: Floats) -> tuple[Floats, ...]:
    miss = (forecast - actual) / np.maximum(actual, 0.2 * capacity)
    counts = ((forecast >= 0.1 * capacity) | (actual >= 0.1 * capacity)).astype(float)
    return counts * miss**2, counts


def _within_tenth(forecast: Floats, actual: Floats, capacity: Floats) -> tuple[Floats, ...]:
    inside = (np.abs(forecast - actual) <= 0.1 * capacity).astype(float)
    return inside, np.ones_like(inside)


def _beyond_tolerance(tolerance: float) -> Terms:
    def terms(forecast: Floats, actual: Floats, capacity: Floats) -> tuple[Floats, ...]:
        beyond = np.maximum(np.abs(forecast - actual) - tolerance * actual, 0.0) / capacity
        return beyond, np.ones_like(beyond)

    return terms


def _harmonic(forecast: Floats, actual: Floats, capacity: Floats) -> tuple[Floats, ...]:
    miss = np.abs(forecast - actual) / capacity
    both = forecast + actual
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.where(both > 0, np.abs(actual / both - 0.5), 0.0)
    return apart * miss, miss, np.ones_like(miss)


def _accuracy_harmonic(apart: Floats, misses: Floats, points: Floats) -> Floats:
    perfect = (np.asarray(misses) == 0) & (np.asarray(points) > 0)
    return np.where(perfect, 1.0, 1 - 2 * _share(apart, misses))


def _relative_to_load(forecast: Floats, actual: Floats, capacity: Floats) -> tuple[Floats, ...]:
    counts = (actual > 0).astype(float) + 0 * capacity
    with np.errstate(invalid="ignore", divide="ignore"):
        miss = np.where(actual > 0, (forecast - actual) / actual, 0.0)
    return miss**2, counts


BY_ERROR = Formula(_weighed_by_error, _accuracy_weighed_by_error)
ROOT_MEAN_SQUARE = Formula(_squares, _accuracy_of_squares)
MEAN_ABSOLUTE = Formula(_absolutes, _accuracy_of_absolutes)
RELATIVE_TO_OUTPUT = Formula(_relative_to_output, _accuracy_of_squares)
SHARE_WITHIN_TENTH = Formula(_within_tenth, lambda inside, points: _share(inside, points))
HARMONIC = Formula(_harmonic, _accuracy_harmonic)
RELATIVE_TO_LOAD = Formula(_relative_to_load, _accuracy_of_squares, by_capacity=False)

WIND: frozenset[SeriesKind] = frozenset({"wind"})
SOLAR: frozenset[SeriesKind] = frozenset({"solar"})
BOTH = WIND | SOLAR
DAY = 96

_NORTHWEST_HOURS: tuple[tuple[SeriesKind, tuple[float, ...]], ...] = (
    ("wind", (0.80, 0.75, 0.70, 0.65)),
    ("solar", (0.85, 0.80, 0.75, 0.70)),
)
_TWO_RULES = "regional rules for grid operation and auxiliary services (liang ge xi ze)"


def _northwest_tolerance(kind: SeriesKind, tolerance: float) -> AccuracyRule:
    return AccuracyRule(
        id=f"northwest-2023-{kind}",
        region="Northwest",
        kinds=frozenset({kind}),
        what=f"day-ahead: what misses the actual output by more than {tolerance:.0%} of it is charged",
        formula=Formula(_beyond_tolerance(tolerance), _accuracy_of_absolutes),
        required=1.0,
        penalty_h=24.0,
        source=f"Northwest 2023 {_TWO_RULES}",
        certainty="unverified",
        window_points=DAY,
        notes="weights by hour are set by each province and taken as one here; the charge is the energy beyond",
    )


def _northwest_hour(kind: SeriesKind, hour: int, required: float) -> AccuracyRule:
    return AccuracyRule(
        id=f"northwest-2023-{kind}-hour-{hour}",
        region="Northwest",
        kinds=frozenset({kind}),
        what=f"ultra-short, hour {hour}: harmonic accuracy of at least {required:.0%}",
        formula=HARMONIC,
        required=required,
        penalty_h=0.0,
        source=f"Northwest 2023 {_TWO_RULES}",
        certainty="unverified",
        window_points=DAY,
        notes="1 - 2 sum(|a/(a+f) - 1/2| |e|)/sum|e|; its charge differs by province and is left out",
    )


def _all_rules() -> tuple[AccuracyRule, ...]:
    return (
        AccuracyRule(
            "north", "North", BOTH, "1 - sqrt(sum|e|^3 / sum|e|) / Cap of at least 85 %", BY_ERROR, 0.85, 0.4,
            f"North China {_TWO_RULES}; figures as in the product's requirements", "unverified", DAY,
        ),
        AccuracyRule(
            "central-wind", "Central, Sichuan", WIND, "1 - RMSE/Cap of at least 80 %", ROOT_MEAN_SQUARE, 0.80, 0.0,
            f"Central China {_TWO_RULES}", "unverified", DAY, "the charge differs by province and is left out",
        ),
        AccuracyRule(
            "central-solar", "Central, Sichuan", SOLAR, "1 - MAE/Cap of at least 85 %", MEAN_ABSOLUTE, 0.85, 0.0,
            f"Central China {_TWO_RULES}", "unverified", DAY, "the charge differs by province and is left out",
        ),
        AccuracyRule(
            "southern-2022-wind", "Southern", WIND,
            "error over max(P, 0.2 Cap), points with both under 10 % of Cap dropped; at least 60 %",
            RELATIVE_TO_OUTPUT, 0.60, 0.0, f"Southern 2022 {_TWO_RULES}", "unverified", DAY,
        ),
        AccuracyRule(
            "southern-2022-solar", "Southern", SOLAR,
            "error over max(P, 0.2 Cap), points with both under 10 % of Cap dropped; at least 65 %",
            RELATIVE_TO_OUTPUT, 0.65, 0.0, f"Southern 2022 {_TWO_RULES}", "unverified", DAY,
        ),
        AccuracyRule(
            "jiangsu", "Jiangsu", BOTH, "at most 2 % of the points beyond 10 % of Cap", SHARE_WITHIN_TENTH, 0.98, 0.0,
            "Jiangsu provincial rules; figures as in the product's requirements", "unverified",
        ),
        AccuracyRule(
            "shandong-solar", "Shandong", SOLAR, "RMSE of at most 15 % of Cap", ROOT_MEAN_SQUARE, 0.85, 0.0,
            "Shandong provincial rules; figures as in the product's requirements", "unverified", DAY,
        ),
        _northwest_tolerance("wind", 0.25),
        _northwest_tolerance("solar", 0.20),
        *(
            _northwest_hour(kind, hour, required)
            for kind, all_required in _NORTHWEST_HOURS
            for hour, required in enumerate(all_required, start=1)
        ),
        AccuracyRule(
            "load", "all", frozenset({"load"}), "1 - sqrt(mean(((f - a)/a)^2)); 97-98 % is expected", RELATIVE_TO_LOAD,
            0.97, 0.0, "practice of provincial dispatch centres; figures as in the product's requirements",
            "unverified", DAY,
        ),
    )  # fmt: skip


RULES: Mapping[str, AccuracyRule] = {rule.id: rule for rule in _all_rules()}


class UnknownRule(ValueError):
    """No accuracy rule has this name."""

    status = 422

    def __init__(self, asked: str):
        super().__init__(f"there is no accuracy rule '{asked}'; accepted are {', '.join(RULES)}")


def rule_of(name: str) -> AccuracyRule:
    """The rule of that name."""
    try:
        return RULES[name]
    except KeyError:
        raise UnknownRule(name) from None

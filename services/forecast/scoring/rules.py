"""The accuracy rules by which Chinese plants and dispatch centres are paid, as data with their sources.

`sourced` means that a published text or program states the same formula and figures, and the source names it; none of
the notices themselves was at hand in full.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grid_models.forecast import SeriesKind
from grid_models.quantities import Floats
from services.forecast.known import Moments
from services.forecast.scoring.formulas import (
    BY_ERROR,
    HARMONIC,
    MEAN_ABSOLUTE,
    RELATIVE_TO_LOAD,
    RELATIVE_TO_OUTPUT,
    RELATIVE_UP_TO_ONE,
    ROOT_MEAN_SQUARE,
    SHARE_WITHIN_TENTH,
    Formula,
    Hours,
    beyond_tolerance,
)

Certainty = Literal["sourced", "unverified"]
Window = Literal["day", "month"]
Durations = NDArray[np.timedelta64]
DUE_BEFORE = np.timedelta64(15, "h")
"""Forecasts of a day are due by nine in the morning of the day before: so long before it begins."""


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
    window: Window = "day"
    """Points of one local day, or month, are judged together."""
    notes: str = field(default="")
    ahead_h: int | None = None
    """Of ultra-short forecasts, which hour ahead is judged; None: what was said by 09:00 of the day before."""

    def accuracy(
        self, forecast_mw: Floats, actual_mw: Floats, capacity_mw: Floats, local_hour: Floats | None = None
    ) -> float:
        """Of one series; points where any of the three is missing do not count. NaN where no point counts.

        `local_hour` matters to rules that weigh by the hour; without it all hours count alike.
        """
        if not self.formula.by_capacity:
            capacity_mw = np.ones_like(actual_mw)
        hour = np.full(np.shape(actual_mw), np.nan) if local_hour is None else local_hour
        known = np.isfinite(forecast_mw) & np.isfinite(actual_mw) & np.isfinite(capacity_mw)
        terms = self.formula.terms(forecast_mw[known], actual_mw[known], capacity_mw[known], hour[known])
        return float(self.formula.accuracy(*(np.sum(term) for term in terms)))

    def looks_at(self, shown: Moments, issued: Moments, lead: Durations) -> NDArray[np.bool_]:
        """Whether the rule judges what was issued then about a step; step and issue as the clocks there show them."""
        if self.ahead_h is not None:
            hour = np.timedelta64(3600, "s")
            return np.asarray((lead >= (self.ahead_h - 1) * hour) & (lead < self.ahead_h * hour))
        midnight = shown.astype("datetime64[D]").astype("datetime64[s]")
        return np.asarray(midnight - issued >= DUE_BEFORE)

    def windows(self, shown: Moments, *columns: Floats) -> list[tuple[Floats, ...]]:
        """The columns, cut where the local day or month ends; `shown` rises."""
        begun = shown.astype("datetime64[D]" if self.window == "day" else "datetime64[M]")
        cuts = np.flatnonzero(begun[1:] != begun[:-1]) + 1
        return list(zip(*(np.split(column, cuts) for column in columns), strict=True)) if len(shown) else []

    def shortfall(self, accuracy: Floats | float) -> Floats:
        """What is missing to the required accuracy, as a share."""
        short: Floats = np.maximum(self.required - np.asarray(accuracy), 0.0)
        return short

    def penalty_mwh(self, accuracy: Floats | float, capacity_mw: float) -> Floats:
        """Energy that is charged for one judged window."""
        return self.penalty_h * capacity_mw * self.shortfall(accuracy)


WIND: frozenset[SeriesKind] = frozenset({"wind"})
SOLAR: frozenset[SeriesKind] = frozenset({"solar"})
BOTH = WIND | SOLAR

_TWO_RULES = "regional rules for grid operation and auxiliary services (liang ge xi ze)"
_PROGRAM = "as calculated by the package libeeepy 2.0.0 on PyPI"
_NORTHWEST = f"Northwest {_TWO_RULES} of 8 November 2023, annex 1, {_PROGRAM}"
_NORTHWEST_PEAKS = Hours(((10, 16),), 2.0, ((6, 9), (17, 22)), 3.0)
"""0.05 points per 10 MWh beyond; 0.1 for more output than forecast at the renewables' peak, 0.15 for less at load's."""
_NORTHWEST_HOURS: tuple[tuple[SeriesKind, tuple[float, ...]], ...] = (
    ("wind", (0.80, 0.75, 0.70, 0.65)),
    ("solar", (0.85, 0.80, 0.75, 0.70)),
)


def _northwest_tolerance(kind: SeriesKind, tolerance: float) -> AccuracyRule:
    return AccuracyRule(
        id=f"northwest-2023-{kind}",
        region="Northwest",
        kinds=frozenset({kind}),
        what=f"day-ahead: what misses the actual output by more than {tolerance:.0%} of it is charged; twice for more "
        "output than forecast at 10-16 h, three times for less at 6-9 and 17-22 h; below 3 % of Cap nothing counts",
        formula=beyond_tolerance(tolerance, _NORTHWEST_PEAKS),
        required=1.0,
        penalty_h=24.0,
        source=_NORTHWEST,
        certainty="sourced",
        notes="the charge is the weighed energy beyond, at 0.05 points per 10 MWh; in Xinjiang the hours are one later",
    )


def _northwest_hour(kind: SeriesKind, hour: int, required: float) -> AccuracyRule:
    return AccuracyRule(
        id=f"northwest-2023-{kind}-hour-{hour}",
        region="Northwest",
        kinds=frozenset({kind}),
        what=f"ultra-short, hour {hour}: harmonic accuracy of at least {required:.0%}; below 3 % of Cap nothing counts",
        formula=HARMONIC,
        required=required,
        penalty_h=0.0,
        source=_NORTHWEST,
        certainty="sourced",
        ahead_h=hour,
        notes="1 - 2 sum(|a/(a+f) - 1/2| |e|)/sum|e|; per missing point of per cent and 10 MW 0.0015 points at the "
        "peaks, 0.0003 at other hours, which is no energy and left out",
    )


_ALL: tuple[AccuracyRule, ...] = (
    AccuracyRule(
        "north", "North", BOTH, "1 - sqrt(sum|e|^3 / sum|e|) / Cap of at least 85 %", BY_ERROR, 0.85, 0.4,
        f"North China {_TWO_RULES} of 25 September 2019: 85 % in a digest of 30 April 2020 (tastyfever.com, "
        f"article 192997); formula and charge {_PROGRAM}", "sourced",
    ),
    AccuracyRule(
        "central-wind", "Central, Sichuan", WIND, "1 - RMSE/Cap of at least 80 %", ROOT_MEAN_SQUARE, 0.80, 1.0,
        f"Central China {_TWO_RULES}, {_PROGRAM}", "sourced",
        notes="Sichuan charges for a low correlation of the day as well, which is left out",
    ),
    AccuracyRule(
        "central-solar", "Central, Sichuan", SOLAR, "1 - MAE/Cap of at least 85 %", MEAN_ABSOLUTE, 0.85, 1.5,
        f"Central China {_TWO_RULES}, {_PROGRAM}", "sourced",
    ),
    AccuracyRule(
        "southern-2022-wind", "Southern", WIND,
        "error over max(P, 0.2 Cap), points with both under 10 % of Cap dropped; at least 60 %",
        RELATIVE_TO_OUTPUT, 0.60, 0.2,
        f"Southern {_TWO_RULES}, notice 91 of 2022 of the energy regulator's southern office, {_PROGRAM}",
        "sourced", notes="an accuracy below zero counts as zero",
    ),
    AccuracyRule(
        "southern-2022-solar", "Southern", SOLAR,
        "error over max(P, 0.2 Cap), points with both under 10 % of Cap dropped; at least 65 %",
        RELATIVE_TO_OUTPUT, 0.65, 1.0,
        f"Southern {_TWO_RULES}, notice 91 of 2022 of the energy regulator's southern office, {_PROGRAM}",
        "sourced", notes="an accuracy below zero counts as zero",
    ),
    AccuracyRule(
        "jiangsu", "Jiangsu", BOTH, "at most 2 % of a month's points beyond 10 % of Cap", SHARE_WITHIN_TENTH, 0.98,
        0.0, f"Jiangsu {_TWO_RULES}, {_PROGRAM}", "sourced", "month",
        "judged by the month: give whole months; 1.5 CNY per MW of Cap and point beyond, no energy",
    ),
    AccuracyRule(
        "shandong-solar", "Shandong", SOLAR, "RMSE of at most 15 % of Cap", ROOT_MEAN_SQUARE, 0.85, 1.0,
        f"Shandong {_TWO_RULES}, {_PROGRAM}", "sourced",
    ),
    AccuracyRule(
        "zhejiang", "Zhejiang", BOTH, "1 - RMS of the error over output, each at most 100 %, of at least 80 %",
        RELATIVE_UP_TO_ONE, 0.80, 0.2, f"Zhejiang {_TWO_RULES} as of 18 March 2022, {_PROGRAM}", "sourced",
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
        "unverified",
    ),
)  # fmt: skip

RULES: Mapping[str, AccuracyRule] = {rule.id: rule for rule in _ALL}


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

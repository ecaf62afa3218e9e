"""Least squares with a rein on the coefficients, one for each hour of the day or for all together.

Ridge regression (Hoerl and Kennard 1970) on standardised columns: what never varied weighs nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from grid_models.quantities import Floats

BEYOND = 6.0
"""Standard deviations beyond which a column is not believed: a line must not run away with an odd value."""


@dataclass(frozen=True)
class Ridge:
    """One regression; columns that are NaN count as average."""

    mean: Floats
    spread: Floats
    slopes: Floats
    level: float

    def __call__(self, design: Floats) -> Floats:
        said: Floats = self.level + _standardised(design, self.mean, self.spread) @ self.slopes
        return said

    def to_array(self) -> Floats:
        return np.concatenate([self.mean, self.spread, self.slopes, [self.level]])

    @classmethod
    def from_array(cls, kept: Floats) -> "Ridge":
        columns = (len(kept) - 1) // 3
        return cls(kept[:columns], kept[columns : 2 * columns], kept[2 * columns : -1], float(kept[-1]))


def ridge(design: Floats, actual: Floats, weights: Floats, rein: float) -> Ridge:
    """From rows x columns; `rein` is in units of the columns' variance, so 1 halves the slope of a lone column."""
    share = weights / weights.sum()
    mean = np.nansum(share[:, None] * design, axis=0)
    spread = np.sqrt(np.nansum(share[:, None] * (design - mean) ** 2, axis=0))
    spread = np.where(spread > 1e-9 * (1 + np.abs(mean)), spread, np.inf)
    level = float(share @ actual)
    columns = _standardised(design, mean, spread)
    weighed = columns * share[:, None]
    slopes = np.linalg.solve(weighed.T @ columns + rein * np.eye(design.shape[1]), weighed.T @ (actual - level))
    return Ridge(mean, spread, slopes, level)


def _standardised(design: Floats, mean: Floats, spread: Floats) -> Floats:
    away = np.nan_to_num((design - mean) / spread)
    return np.clip(away, -BEYOND, BEYOND)


@dataclass(frozen=True)
class ByHour:
    """One regression for each hour of the day."""

    hours: Mapping[int, Ridge]

    def __call__(self, design: Floats, hour: Floats) -> Floats:
        said = np.full(len(design), np.nan)
        nearest = np.array(sorted(self.hours))
        for asked in np.unique(hour.astype(int)):
            mine = hour.astype(int) == asked
            said[mine] = self.hours[int(nearest[np.abs(nearest - asked).argmin()])](design[mine])
        return said

    def to_array(self) -> Floats:
        return np.array([np.concatenate([[hour], of.to_array()]) for hour, of in self.hours.items()])

    @classmethod
    def from_array(cls, kept: Floats) -> "ByHour":
        return cls({int(row[0]): Ridge.from_array(row[1:]) for row in kept})


def by_hour(design: Floats, actual: Floats, weights: Floats, hour: Floats, rein: float) -> ByHour:
    whole = hour.astype(int)
    rows = {int(one): np.flatnonzero(whole == one) for one in np.unique(whole)}
    return ByHour({one: ridge(design[mine], actual[mine], weights[mine], rein) for one, mine in rows.items()})

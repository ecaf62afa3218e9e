"""Honest quantiles: each is moved by what the past of its kind taught, and keeps learning as actual values arrive.

How far a value came to lie above a quantile, measured in spreads of that forecast, is its score:

    s(t, level) = (actual(t) - quantile(t, level)) / spread(t)        spread = distance of the 10 and 90 % quantiles

Moving every quantile by the `level`-quantile of its past scores makes it honest whatever the model was, as long as the
future resembles the past (conformalized quantile regression: Romano, Patterson and Candes 2019, one side at a time).
It does so by lead time and regime: a cell with little history leans on the next larger group, and that one on zero.
When the future does not resemble the past the moves follow it: after every actual value a move takes a small step up
if the value lay above, and a smaller one down if not, so that in the long run the share is right for any sequence
(adaptive conformal inference: Gibbs and Candes 2021; quantile tracking: Angelopoulos, Candes and Tibshirani 2023).

Output has atoms: no wind gives exactly zero, a gale exactly the capacity. A quantile that rests there cannot be told
from its neighbours by counting, so a value on an atom belongs to the whole range of probabilities that the forecast
gave to it (`probability_range`), and an interval covers it by the share of that range (the mean of a randomised
probability integral transform: Czado, Gneiting and Held 2009).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from grid_models.quantities import Floats
from services.forecast.probabilistic.quantile_functions import at_levels, rising

Places = NDArray[np.intp]

POINTS_OF_DOUBT = 300.0
"""History that a cell must have to weigh as much as the group around it; hours in a row resemble each other."""
DAYS_OF_DOUBT = 10.0
"""The same for all history together, in days: before that, the model's own word weighs more."""
FLOOR_SHARE = 0.05
"""The spread of a forecast that is surer of itself than this share of the usual spread is not believed."""


@dataclass(frozen=True)
class Calibration:
    """How far quantiles must be moved, in spreads of the forecast, by lead time and regime."""

    levels: Floats
    lead_edges_h: Floats
    """Between the groups of lead time."""
    moves: Floats
    """Groups of lead time x regimes x levels."""
    points: Floats
    """How many values each group of lead time and regime has seen."""
    days: float
    """How many days of history all this rests on."""
    spread_floor: float
    """Least spread, in the unit of the quantiles."""

    def to_arrays(self) -> dict[str, Floats]:
        """As plain arrays, to be kept."""
        numbers = np.array([self.days, self.spread_floor])
        return {
            "levels": self.levels,
            "lead_edges_h": self.lead_edges_h,
            "moves": self.moves,
            "points": self.points,
            "days_and_floor": numbers,
        }

    @classmethod
    def from_arrays(cls, kept: Mapping[str, Floats]) -> "Calibration":
        days, floor = (float(value) for value in kept["days_and_floor"])
        return cls(kept["levels"], kept["lead_edges_h"], kept["moves"], kept["points"], days, floor)


def fitted(
    actual: Floats,
    quantiles: Floats,
    levels: Floats,
    *,
    lead_h: Floats,
    regime: Places,
    days: Places,
    lead_edges_h: Floats,
    regimes: int,
    weights: Floats | None = None,
) -> Calibration:
    """What past forecasts [points, levels], made without knowing their actual values [points], were wrong by.

    `days` numbers the day of each point: hours of a day tell less than as many days. `regime` counts from 0.
    `weights` let recent points tell more. Points with a NaN are left out.
    """
    known = np.isfinite(actual) & np.isfinite(quantiles).all(axis=1)
    actual, quantiles, regime, lead = (
        actual[known],
        quantiles[known],
        regime[known],
        _group(lead_h[known], lead_edges_h),
    )
    weights = np.ones(len(actual)) if weights is None else weights[known]
    spread = _spread(quantiles, levels)
    floor = FLOOR_SHARE * float(spread.mean()) if len(spread) else 0.0
    scores = (actual[:, None] - quantiles) / np.maximum(spread, max(floor, 1e-9))[:, None]
    history_days = float(len(np.unique(days[known])))
    moves, points = _moves(scores, levels, lead, regime, (len(lead_edges_h) + 1, regimes), weights, history_days)
    return Calibration(
        np.asarray(levels, dtype=np.float64), np.asarray(lead_edges_h), moves, points, history_days, floor
    )


def calibrated(
    calibration: Calibration,
    quantiles: Floats,
    levels: Floats,
    *,
    lead_h: Floats,
    regime: Places,
    lower: Floats | float = -np.inf,
    upper: Floats | float = np.inf,
) -> Floats:
    """Quantiles [points, levels] moved to where they belong, rising, within the bounds of the points.

    Any levels; they need not be those of the calibration. The fewer days it rests on, the wider they get.
    """
    moves = calibration.moves[_group(lead_h, calibration.lead_edges_h), regime]
    spread = np.maximum(_spread(quantiles, levels), calibration.spread_floor)
    moved = quantiles + spread[:, None] * _moves_at(moves, calibration.levels, levels)
    honest = widened(rising(moved), levels, calibration.days)
    clipped: Floats = np.clip(honest, _column(lower), _column(upper))
    return clipped


def updated(
    calibration: Calibration,
    actual: Floats,
    quantiles: Floats,
    *,
    lead_h: Floats,
    regime: Places,
    rate: float = 0.01,
    lower: Floats | float = -np.inf,
    upper: Floats | float = np.inf,
) -> Calibration:
    """After actual values came: every move takes a small step to where its share of them would be right.

    `quantiles` [points, levels] are those of the model, before calibration, at the levels of the calibration.
    """
    known = np.isfinite(actual) & np.isfinite(quantiles).all(axis=1)
    lead = _group(lead_h, calibration.lead_edges_h)
    bounds = np.broadcast_to(lower, actual.shape), np.broadcast_to(upper, actual.shape)
    said = calibrated(
        calibration, quantiles, calibration.levels, lead_h=lead_h, regime=regime, lower=bounds[0], upper=bounds[1]
    )
    step = np.where(actual[:, None] > said, calibration.levels, calibration.levels - 1.0)
    # On an atom the quantile is right over a whole range of levels: there is nothing to learn.
    step[(actual[:, None] == said) & ((said == bounds[0][:, None]) | (said == bounds[1][:, None]))] = 0.0
    moves, points = calibration.moves.copy(), calibration.points.copy()
    np.add.at(moves, (lead[known], regime[known]), rate * step[known])
    np.add.at(points, (lead[known], regime[known]), 1.0)
    return replace(calibration, moves=moves, points=points)


def widened(quantiles: Floats, levels: Floats, days: float) -> Floats:
    """Spread that was learned from few days is itself uncertain: wider by what Student's t is wider than the normal.

    The interval for one more value after `days` of them (Student 1908): t(days - 1) * sqrt(1 + 1/days).
    """
    if days > 400:
        return quantiles
    days = max(days, 3.0)
    level = np.where(np.abs(levels - 0.5) < 1e-6, 0.6, levels)
    factor = stdtrit(days - 1, level) / ndtri(level) * np.sqrt(1 + 1 / days)
    median = at_levels(quantiles, levels, np.array([0.5]))
    wider: Floats = median + (quantiles - median) * factor
    return wider


def probability_range(actual: Floats, quantiles: Floats, levels: Floats) -> tuple[Floats, Floats]:
    """The probabilities to be below, and to be at or below, the actual value, as the quantiles [points, levels] said.

    They differ where several quantiles agree (an atom) and beyond the outermost quantiles, where nothing was said.
    """
    count = quantiles.shape[-1]
    below = (quantiles < actual[..., None]).sum(axis=-1)
    reached = (quantiles <= actual[..., None]).sum(axis=-1)
    edges = np.concatenate(([0.0], levels, [1.0]))
    low = np.where(below == 0, 0.0, np.where(reached > below, edges[np.minimum(below + 1, count)], edges[below]))
    high = np.where(reached == count, 1.0, edges[np.minimum(reached, count)])
    inside = (reached == below) & (below > 0) & (below < count)
    between = _between(actual, quantiles, edges, np.clip(below, 1, count - 1))
    return np.where(inside, between, low), np.where(inside, between, high)


def covered(actual: Floats, quantiles: Floats, levels: Floats, share: float = 0.9) -> Floats:
    """How far the central interval covers each value: 0 or 1, and a share on an atom; NaN where a value is missing."""
    low, high = probability_range(actual, quantiles, levels)
    start, end = (1 - share) / 2, (1 + share) / 2
    overlap = np.clip(np.minimum(high, end) - np.maximum(low, start), 0, None)
    point = (low >= start - 1e-9) & (low <= end + 1e-9)
    result = np.where(high > low, overlap / np.where(high > low, high - low, 1.0), point)
    return np.where(np.isfinite(actual) & np.isfinite(quantiles).all(axis=-1), result, np.nan)


def level_regime(median: Floats, scale: Floats | float, edges: Floats) -> Places:
    """Regime by how much is predicted, as a share of a scale such as the capacity."""
    return np.searchsorted(edges, median / scale, side="right")


def _between(actual: Floats, quantiles: Floats, edges: Floats, place: Places) -> Floats:
    """The level that the value has on the line between its two neighbours."""
    left = np.take_along_axis(quantiles, place[..., None] - 1, axis=-1)[..., 0]
    right = np.take_along_axis(quantiles, place[..., None], axis=-1)[..., 0]
    gap = np.where(right > left, right - left, 1.0)
    share: Floats = edges[place] + np.clip((actual - left) / gap, 0, 1) * (edges[place + 1] - edges[place])
    return share


def _moves(
    scores: Floats,
    levels: Floats,
    lead: Places,
    regime: Places,
    shape: tuple[int, int],
    weights: Floats,
    days: float,
) -> tuple[Floats, Floats]:
    """Moves of every cell, and its points: all history, then its regime, then its lead, each as far as it has seen."""
    whole = _score_quantiles(scores, levels, weights) * days / (days + DAYS_OF_DOUBT)
    moves = np.tile(whole, (*shape, 1))
    points = np.zeros(shape)
    np.add.at(points, (lead, regime), 1.0)
    for axis, group in ((1, regime), (0, lead)):
        rest = scores - moves[lead, regime]
        for place in np.unique(group):
            mine = group == place
            trust = mine.sum() / (mine.sum() + POINTS_OF_DOUBT)
            more = trust * _score_quantiles(rest[mine], levels, weights[mine])
            moves[(slice(None), place) if axis else (place, slice(None))] += more
    return moves, points


def _score_quantiles(scores: Floats, levels: Floats, weights: Floats) -> Floats:
    """For each level the score at that level, with the one value more that is yet to come (Vovk et al. 2005)."""
    if not len(scores):
        return np.zeros(len(levels))
    outward = np.clip(0.5 + (levels - 0.5) * (1 + 1 / len(scores)), 0, 1)
    by_level = np.ascontiguousarray(scores.T)
    if (weights == weights[0]).all():
        shares = (np.arange(len(scores)) + 0.5) / len(scores)
        return np.array([np.interp(at, shares, ranked) for at, ranked in zip(outward, np.sort(by_level), strict=True)])
    order = np.argsort(by_level)
    ranked, weighed = np.take_along_axis(by_level, order, axis=1), weights[order]
    shares = (np.cumsum(weighed, axis=1) - weighed / 2) / weights.sum()
    return np.array([np.interp(outward[j], shares[j], ranked[j]) for j in range(len(levels))])


def _moves_at(moves: Floats, levels: Floats, wanted: Floats) -> Floats:
    """Moves [points, levels] at other levels: on the line between, beyond the outermost ones as those."""
    if len(levels) == len(wanted) and np.allclose(levels, wanted):
        return moves
    place = np.clip(np.searchsorted(levels, wanted) - 1, 0, len(levels) - 2)
    share = np.clip((wanted - levels[place]) / (levels[place + 1] - levels[place]), 0, 1)
    read: Floats = moves[:, place] + share * (moves[:, place + 1] - moves[:, place])
    return read


def _spread(quantiles: Floats, levels: Floats) -> Floats:
    ends = at_levels(quantiles, levels, np.array([0.1, 0.9]))
    spread: Floats = ends[:, 1] - ends[:, 0]
    return spread


def _group(lead_h: Floats, edges_h: Floats) -> Places:
    return np.searchsorted(edges_h, lead_h, side="right")


def _column(bound: Floats | float) -> Floats | float:
    return bound[:, None] if isinstance(bound, np.ndarray) and bound.ndim == 1 else bound

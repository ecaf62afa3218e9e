"""Wind and solar by boosted quantiles, one model for all plants of a kind.

Every plant's own answer to the weather (its panels' direction, its hill) is learned first, by physics with few numbers,
and handed to trees that all plants share; so a plant with a month of history, or none, profits from the others.
The quantiles are then made honest on forecasts of weeks that the trees had not seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from grid_models.forecast import SeriesKind
from grid_models.quantities import Floats
from services.forecast.features.questions import Questions, now
from services.forecast.features.table import Table
from services.forecast.features.weather import sources_of
from services.forecast.known import Known, Moments
from services.forecast.models import kept
from services.forecast.models.base import Need, NotEnoughHistory, Task, Trained
from services.forecast.models.boosted import Boosted, boosted
from services.forecast.models.plants import KINDS, Plants
from services.forecast.models.training_rows import training_questions
from services.forecast.probabilistic import conformal
from services.forecast.probabilistic.conformal import Calibration
from services.forecast.probabilistic.quantile_functions import at_levels, rising

POINTS_MAX = 150_000
"""More rows cost minutes and tell little: quarter hours of one day resemble each other."""
CALIBRATION_POINTS_MAX = 45_000
NEAR_H = 4.0
TOLD_EVERY_MIN = {"wind": 60, "solar": 30}
"""The sun moves on within an hour, and trees know it; of the wind only the hours are forecast."""
KNOWN_AT_LEAST = 0.3
"""A feature that is missing more often, such as news where readings come once a month, would only be noise."""
POINTS_MIN = 500
FOLDS = 3
"""Parts into which the past is cut, week by week, to see how good forecasts of unseen weeks are."""
REGIME_EDGES = np.array([0.05, 0.2, 0.45, 0.7])
"""Of the predicted median, over capacity: calm, low, middle, high, full."""
LEAD_EDGES_H = np.array([6.0, 24.0, 72.0])


@dataclass(frozen=True)
class TrainedRenewables:
    """Trees for all plants, the answers of each, and what makes the quantiles honest."""

    plants: Plants
    features: tuple[str, ...]
    trees: Boosted
    calibration: Calibration
    step_min: int
    threads: int

    def quantiles(self, known: Sequence[Known], times: Moments, levels: Floats) -> Floats:
        asked = now(known, times, self.step_min)
        shares = self.shares(asked, levels)
        return shares * asked.capacity_mw[:, :, None]

    def shares(self, asked: Questions, levels: Floats) -> Floats:
        """Quantiles of output over capacity: rows x steps x levels."""
        told = told_steps(asked, TOLD_EVERY_MIN[self.plants.kind])
        if len(told) == asked.times.shape[1]:
            return self._shares(asked, levels)
        said = self._shares(replace(asked, times=asked.times[:, told]), levels)
        steps = np.arange(asked.times.shape[1])
        upper = np.searchsorted(told, steps)
        lower = np.maximum(upper - 1, 0)
        share = ((steps - told[lower]) / np.maximum(told[upper] - told[lower], 1))[:, None]
        between: Floats = said[:, lower] + share * (said[:, upper] - said[:, lower])
        return between

    def _shares(self, asked: Questions, levels: Floats) -> Floats:
        seen = self.plants.seen(asked)
        answers = np.zeros((asked.times.size, len(levels)))
        chosen = np.flatnonzero(seen.possible.ravel() & np.isfinite(seen.expected).ravel())
        matrix = seen.table.matrix(self.features, asked.times.shape)[chosen]
        said = raw_quantiles(self.trees, matrix, self.threads, levels)
        answers[chosen] = honest(self.calibration, said, levels, asked.lead_h.ravel()[chosen])
        blind = np.flatnonzero(seen.possible.ravel() & ~np.isfinite(seen.expected).ravel())
        answers[blind] = self.plants.usual_shares(asked, levels).reshape(-1, len(levels))[blind] if len(blind) else 0.0
        return answers.reshape(*asked.times.shape, len(levels))

    def to_bytes(self) -> bytes:
        document = {
            "plants": self.plants.document(),
            "features": self.features,
            "levels": self.trees.levels.tolist(),
            "trees": self.trees.texts,
            "step_min": self.step_min,
            "threads": self.threads,
        }
        return kept.packed(document, {**self.calibration.to_arrays(), "usual": self.plants.usual})

    @classmethod
    def from_bytes(cls, kept_bytes: bytes) -> Self:
        document, arrays = kept.unpacked(kept_bytes)
        plants = Plants.from_document(document["plants"], arrays.pop("usual"))
        trees = Boosted(np.array(document["levels"]), tuple(document["trees"]))
        calibration = Calibration.from_arrays(arrays)
        return cls(plants, tuple(document["features"]), trees, calibration, document["step_min"], document["threads"])


@dataclass(frozen=True)
class RenewableBoosting:
    """Shared trees; `parameters` are LightGBM's, where they should differ from ours."""

    name: ClassVar[str] = "renewable_boosting"
    kinds: ClassVar[frozenset[SeriesKind]] = frozenset({"wind", "solar"})
    needs: ClassVar[frozenset[Need]] = frozenset({"weather"})
    trained: ClassVar[type[Trained]] = TrainedRenewables
    points_max: int = POINTS_MAX
    parameters: Mapping[str, Any] | None = None

    def train(self, known: Sequence[Known], task: Task) -> TrainedRenewables:
        kind = _one_kind(known)
        asked = training_questions(known, task, self.points_max)
        actual = asked.actual_share
        if not np.isfinite(actual).any():
            raise _too_little(kind, 0)
        plants = Plants.learned(kind, asked, actual, sources_of(asked))
        seen = plants.seen(asked)
        use = np.flatnonzero((np.isfinite(actual) & np.isfinite(seen.expected) & seen.possible).ravel())
        if len(use) < POINTS_MIN:
            raise _too_little(kind, len(use))
        features, matrix = _told(tuple(sorted(seen.table.columns)), seen.table, asked, use)
        shares = np.clip(actual.ravel()[use], 0, 1)
        wish = {**KINDS[kind].parameters, **(self.parameters or {}), "seed": task.seed, "threads": task.threads}
        times, lead_h = asked.times.ravel()[use], asked.lead_h.ravel()[use]
        calibration = calibration_of(matrix, shares, times, lead_h, wish)
        trees = boosted(matrix, shares, **wish)
        return TrainedRenewables(plants, features, trees, calibration, task.step_min, task.threads)


def told_steps(asked: Questions, every_min: int) -> Any:
    """The steps that the trees are asked about; the others lie on the line between them.

    Weather comes by the hour, so after the first hours a step in two or four tells all, in a fraction of the time.
    """
    count = asked.times.shape[1]
    every = np.arange(count)
    if asked.step_min >= every_min or count < 3:
        return every
    near = (asked.lead_h < NEAR_H).any(axis=0)
    return every[near | (every % round(every_min / asked.step_min) == 0) | (every == count - 1)]


def _told(names: tuple[str, ...], table: Table, asked: Questions, use: Any) -> tuple[tuple[str, ...], Any]:
    """The features that are known often enough to be learned from, and their values."""
    matrix = table.matrix(names, asked.times.shape)[use]
    often = np.isfinite(matrix).mean(axis=0) >= KNOWN_AT_LEAST
    return tuple(name for name, chosen in zip(names, often, strict=True) if chosen), matrix[:, often]


def raw_quantiles(trees: Boosted, matrix: Any, threads: int, levels: Floats) -> Floats:
    """What the trees say at these levels, before it is made honest."""
    if not len(matrix):
        return np.zeros((0, len(levels)))
    return np.clip(rising(at_levels(rising(trees.quantiles(matrix, threads)), trees.levels, levels)), 0, 1)


def honest(calibration: Calibration, said: Floats, levels: Floats, lead_h: Floats) -> Floats:
    regime = conformal.level_regime(_median(said, levels), 1.0, REGIME_EDGES)
    return conformal.calibrated(calibration, said, levels, lead_h=lead_h, regime=regime, lower=0.0, upper=1.0)


def calibration_of(
    matrix: Any,
    shares: Floats,
    times: Moments,
    lead_h: Floats,
    wish: Mapping[str, Any],
    half_life_d: float | None = None,
) -> Calibration:
    """From forecasts of weeks that were left out of the learning; those of long ago may count less."""
    some = np.random.default_rng(wish["seed"]).permutation(len(shares))[:CALIBRATION_POINTS_MAX]
    matrix, shares, times, lead_h = matrix[some], shares[some], times[some], lead_h[some]
    levels = np.array([0.01, *np.arange(0.05, 0.96, 0.05), 0.99])
    said = np.full((len(shares), len(levels)), np.nan)
    fold = times.astype("datetime64[D]").astype(np.int64) // 7 % FOLDS
    for place in range(FOLDS):
        apart, rest = fold == place, fold != place
        if apart.any() and rest.any():
            trees = boosted(matrix[rest], shares[rest], **wish)
            said[apart] = raw_quantiles(trees, matrix[apart], wish["threads"], levels)
    days = times.astype("datetime64[D]").astype(np.intp)
    return conformal.fitted(
        shares,
        said,
        levels,
        lead_h=lead_h,
        regime=conformal.level_regime(_median(said, levels), 1.0, REGIME_EDGES),
        days=days,
        lead_edges_h=LEAD_EDGES_H,
        regimes=len(REGIME_EDGES) + 1,
        weights=None if half_life_d is None else 0.5 ** ((days.max() - days) / half_life_d),
    )


def _median(said: Floats, levels: Floats) -> Floats:
    middle: Floats = at_levels(said, levels, np.array([0.5]))[:, 0] if len(levels) > 1 else said[:, 0]
    return middle


def _too_little(kind: SeriesKind, points: int) -> NotEnoughHistory:
    return NotEnoughHistory(
        f"{points} observed steps with a weather forecast: {POINTS_MIN} are needed to learn from; "
        f"until then physical_{kind} forecasts without history"
    )


def _one_kind(known: Sequence[Known]) -> SeriesKind:
    kinds = {one.series.kind for one in known}
    if len(kinds) != 1:
        raise ValueError(f"one model serves one kind of plant, not {' and '.join(sorted(kinds)) or 'none'}")
    return kinds.pop()

"""Wind and solar by boosted quantiles, one model for all plants of a kind.

Every plant's own answer to the weather (its panels' direction, its hill) is learned first, by physics with few numbers,
and handed to trees that all plants share; so a plant with a month of history, or none, profits from the others.
The quantiles are then made honest on forecasts of weeks that the trees had not seen.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np

from grid_models.forecast import SeriesKind
from grid_models.quantities import Floats
from services.forecast.features.questions import Questions, now
from services.forecast.features.table import Table
from services.forecast.features.weather import sources_of
from services.forecast.known import NOTHING_OBSERVED, Known, Moments
from services.forecast.models import kept
from services.forecast.models.base import Need, NotEnoughHistory, Task, Trained
from services.forecast.models.boosted import PARAMETERS, ROUNDS, Boosted, QuantileTrees, boosted
from services.forecast.models.catboosted import CatBoosted, catboosted
from services.forecast.models.plants import KINDS, Plants
from services.forecast.models.training_rows import training_questions
from services.forecast.probabilistic import conformal
from services.forecast.probabilistic.conformal import Calibration
from services.forecast.probabilistic.quantile_functions import at_levels, rising

POINTS_MAX = 150_000
"""More rows cost minutes and tell little: quarter hours of one day resemble each other."""
POINTS_ENOUGH, POINTS_PER_PLANT = 60_000, 1_000
"""Some dozens of plants are learned from so many rows, more plants from more."""
CALIBRATION_POINTS_MAX = 24_000
STRANGERS_FROM = 4
"""With so many plants each can be left out in turn, to see how good forecasts of plants never seen are."""
STRANGER_POINTS_MAX = 20_000
STRANGER_FOLDS = 4
STRANGER_DAYS = 60.0
"""A plant with less history is between one never seen and one that is known: one season is not the next."""
FEWER_ROUNDS = 0.5
"""For forecasts that only serve to be calibrated: as many times larger steps make nearly the same errors."""
WITHOUT_NEWS = 0.15
"""Share of the rows that are learned from as if no output had been read, as of a plant that is not metered yet."""
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
CALIBRATED_LEVELS = np.array([0.01, *np.arange(0.05, 0.96, 0.05), 0.99])
Maker = Literal["lightgbm", "catboost"]
LIGHTGBM: Maker = "lightgbm"
Learner = Callable[..., QuantileTrees]
LEARNERS: Mapping[str, Learner] = {LIGHTGBM: boosted, "catboost": catboosted}
READERS: Mapping[str, Callable[[Mapping[str, Any]], QuantileTrees]] = {
    LIGHTGBM: Boosted.from_document,
    "catboost": CatBoosted.from_document,
}


@dataclass(frozen=True)
class TrainedRenewables:
    """Trees for all plants, the answers of each, and what makes the quantiles honest."""

    plants: Plants
    days_seen: Mapping[str, float]
    """How long a history of each plant was learned from."""
    features: tuple[str, ...]
    trees: QuantileTrees
    maker: Maker
    calibration: Calibration
    strangers: Calibration
    """The same for plants with no or little history."""
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
        lead_h = asked.lead_h.ravel()[chosen]
        answers[chosen] = honest(self.calibration, said, levels, lead_h)
        strange = np.repeat(self._strange(asked), asked.times.shape[1])[chosen]
        if (new := strange > 0).any():
            as_stranger = honest(self.strangers, said[new], levels, lead_h[new])
            answers[chosen[new]] += strange[new, None] * (as_stranger - answers[chosen[new]])
        blind = np.flatnonzero(seen.possible.ravel() & ~np.isfinite(seen.expected).ravel())
        answers[blind] = self.plants.usual_shares(asked, levels).reshape(-1, len(levels))[blind] if len(blind) else 0.0
        return answers.reshape(*asked.times.shape, len(levels))

    def _strange(self, asked: Questions) -> Any:
        """Of each row: from 0 for a plant that is well known to 1 for one never seen."""
        days = np.array([self.days_seen.get(one.series.name, 0.0) for one in asked.known])
        return np.maximum(1 - days / STRANGER_DAYS, 0)[asked.who]

    def to_bytes(self) -> bytes:
        document = {
            "plants": self.plants.document(),
            "days_seen": dict(self.days_seen),
            "features": self.features,
            "maker": self.maker,
            **self.trees.document(),
            "step_min": self.step_min,
            "threads": self.threads,
        }
        strangers = {f"strangers {name}": of for name, of in self.strangers.to_arrays().items()}
        return kept.packed(document, {**self.calibration.to_arrays(), **strangers, "usual": self.plants.usual})

    @classmethod
    def from_bytes(cls, kept_bytes: bytes) -> Self:
        document, arrays = kept.unpacked(kept_bytes)
        strangers = {name.split(" ", 1)[1]: arrays.pop(name) for name in [*arrays] if name.startswith("strangers ")}
        return cls(
            plants=Plants.from_document(document["plants"], arrays.pop("usual")),
            days_seen=document["days_seen"],
            features=tuple(document["features"]),
            trees=READERS[document.get("maker", LIGHTGBM)](document),
            maker=document.get("maker", LIGHTGBM),
            calibration=Calibration.from_arrays(arrays),
            strangers=Calibration.from_arrays(strangers),
            step_min=document["step_min"],
            threads=document["threads"],
        )


@dataclass(frozen=True)
class RenewableBoosting:
    """Shared trees; `parameters` are those of their maker, where they should differ from ours."""

    name: ClassVar[str] = "renewable_boosting"
    kinds: ClassVar[frozenset[SeriesKind]] = frozenset({"wind", "solar"})
    needs: ClassVar[frozenset[Need]] = frozenset({"weather"})
    trained: ClassVar[type[Trained]] = TrainedRenewables
    maker: ClassVar[Maker] = LIGHTGBM
    points_max: int = POINTS_MAX
    parameters: Mapping[str, Any] | None = None

    def train(self, known: Sequence[Known], task: Task) -> TrainedRenewables:
        kind = _one_kind(known)
        enough = max(POINTS_ENOUGH, POINTS_PER_PLANT * len(known))
        asked = training_questions(known, task, min(self.points_max, enough))
        actual = asked.actual_share
        if not np.isfinite(actual).any():
            raise _too_little(kind, 0)
        plants = Plants.learned(kind, asked, actual, sources_of(asked))
        lessons = _Lessons.of(plants, asked, actual)
        if len(lessons.shares) < POINTS_MIN:
            raise _too_little(kind, len(lessons.shares))
        features = tuple(np.array(sorted(lessons.table.columns))[lessons.often_known()].tolist())
        learn = LEARNERS[self.maker]
        usual = KINDS[kind].parameters if self.maker == LIGHTGBM else {}
        wish = {**usual, **(self.parameters or {}), "seed": task.seed, "threads": task.threads}
        matrix = _some_without_news(lessons.matrix(features), features, task.seed)
        calibration = calibration_of(matrix, lessons.shares, lessons.times, lessons.lead_h, wish, learn=learn)
        return TrainedRenewables(
            plants,
            _days_seen(asked, actual),
            features,
            learn(matrix, lessons.shares, **wish),
            self.maker,
            calibration,
            _calibration_of_strangers(plants, features, asked, actual, wish, learn) or calibration,
            task.step_min,
            task.threads,
        )


@dataclass(frozen=True)
class _Lessons:
    """Steps of the past with everything that can be learned from them."""

    table: Table
    shape: tuple[int, ...]
    use: Any
    """Places of the steps that had weather, light and an observed output."""
    shares: Floats
    times: Moments
    lead_h: Floats
    who: Any

    @classmethod
    def of(cls, plants: Plants, asked: Questions, actual: Floats) -> Self:
        seen = plants.seen(asked)
        use = np.flatnonzero((np.isfinite(actual) & np.isfinite(seen.expected) & seen.possible).ravel())
        who = np.repeat(asked.who, asked.times.shape[1])[use]
        shares = np.clip(actual.ravel()[use], 0, 1)
        return cls(seen.table, asked.times.shape, use, shares, asked.times.ravel()[use], asked.lead_h.ravel()[use], who)

    def matrix(self, features: tuple[str, ...]) -> Any:
        return self.table.matrix(features, self.shape)[self.use]

    def often_known(self) -> Any:
        """Which of all features, by name, are known often enough to be learned from."""
        return np.isfinite(self.matrix(tuple(sorted(self.table.columns)))).mean(axis=0) >= KNOWN_AT_LEAST


def _some_without_news(matrix: Any, features: tuple[str, ...], seed: int) -> Any:
    """Trees take a feature that never lacked for zero where it does: so it lacks in some rows."""
    blind = np.random.default_rng(seed).random(len(matrix)) < WITHOUT_NEWS
    news = [place for place, name in enumerate(features) if "newest" in name]
    matrix[np.flatnonzero(blind)[:, None], news] = np.nan
    return matrix


def _days_seen(asked: Questions, actual: Floats) -> dict[str, float]:
    """From the first to the last observed step of each plant."""
    days = {}
    for one in np.unique(asked.who):
        mine = asked.rows_of(one)
        times = asked.times[mine][np.isfinite(actual[mine])]
        days[asked.known[one].series.name] = (
            float((times.max() - times.min()) / np.timedelta64(1, "D")) if len(times) else 0.0
        )
    return days


def _calibration_of_strangers(
    plants: Plants, features: tuple[str, ...], asked: Questions, actual: Floats, wish: Mapping[str, Any], learn: Learner
) -> Calibration | None:
    """From forecasts of plants that were left out of the learning, in weeks that were left out; None for few plants."""
    if len(np.unique(asked.who)) < STRANGERS_FROM:
        return None
    count = max(STRANGER_POINTS_MAX // asked.times.shape[1], 1)
    rows = np.sort(np.random.default_rng(wish["seed"]).permutation(len(asked.who))[:count])
    asked, actual = asked.chosen(rows), actual[rows]
    own = _Lessons.of(plants, asked, actual)
    matrix = _some_without_news(own.matrix(features), features, wish["seed"])
    said = np.full((len(own.shares), len(CALIBRATED_LEVELS)), np.nan)
    week = _week(own.times)
    for place in range(STRANGER_FOLDS):
        apart = (own.who % STRANGER_FOLDS == place) & (week % STRANGER_FOLDS == place)
        rest = (own.who % STRANGER_FOLDS != place) & (week % STRANGER_FOLDS != place)
        if not (apart.any() and rest.any()):
            continue
        names = {one.series.name for number, one in enumerate(asked.known) if number % STRANGER_FOLDS == place}
        unmetered = replace(asked, known=[replace(one, observed=NOTHING_OBSERVED) for one in asked.known])
        strange = plants.without(names).seen(unmetered).table.matrix(features, asked.times.shape)[own.use]
        trees = learn(matrix[rest], own.shares[rest], **_quicker(wish))
        said[apart] = raw_quantiles(trees, strange[apart], wish["threads"], CALIBRATED_LEVELS)
    return _fitted(own.shares, said, own.times, own.lead_h)


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


def raw_quantiles(trees: QuantileTrees, matrix: Any, threads: int, levels: Floats) -> Floats:
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
    learn: Learner = boosted,
) -> Calibration:
    """From forecasts of weeks that were left out of the learning; those of long ago may count less."""
    some = np.random.default_rng(wish["seed"]).permutation(len(shares))[:CALIBRATION_POINTS_MAX]
    matrix, shares, times, lead_h = matrix[some], shares[some], times[some], lead_h[some]
    said = np.full((len(shares), len(CALIBRATED_LEVELS)), np.nan)
    fold = _week(times) % FOLDS
    for place in range(FOLDS):
        apart, rest = fold == place, fold != place
        if apart.any() and rest.any():
            trees = learn(matrix[rest], shares[rest], **_quicker(wish))
            said[apart] = raw_quantiles(trees, matrix[apart], wish["threads"], CALIBRATED_LEVELS)
    return _fitted(shares, said, times, lead_h, half_life_d)


def _fitted(
    shares: Floats, said: Floats, times: Moments, lead_h: Floats, half_life_d: float | None = None
) -> Calibration:
    days = times.astype("datetime64[D]").astype(np.intp)
    return conformal.fitted(
        shares,
        said,
        CALIBRATED_LEVELS,
        lead_h=lead_h,
        regime=conformal.level_regime(_median(said, CALIBRATED_LEVELS), 1.0, REGIME_EDGES),
        days=days,
        lead_edges_h=LEAD_EDGES_H,
        regimes=len(REGIME_EDGES) + 1,
        weights=None if half_life_d is None else 0.5 ** ((days.max() - days) / half_life_d),
    )


def _quicker(wish: Mapping[str, Any]) -> dict[str, Any]:
    """The same trees in fewer and larger steps."""
    rounds, rate = wish.get("rounds", ROUNDS), wish.get("learning_rate", PARAMETERS["learning_rate"])
    return {**wish, "rounds": max(round(FEWER_ROUNDS * rounds), 1), "learning_rate": rate / FEWER_ROUNDS}


def _week(times: Moments) -> Any:
    return times.astype("datetime64[D]").astype(np.int64) // 7


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

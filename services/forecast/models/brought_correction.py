"""A forecast that somebody brought, corrected by what it was wrong by, as far as that can be known at the origin.

Four learners say the error: what is usual lately at this hour, a regression of the series itself, trees of the series
itself, trees of all series together. They are weighed by how well each would have done on weeks that it had not learned
from; what weight is left stays with the forecast as it was brought. The errors that remain in those weeks, in units of
how wrong one must expect to be, make the quantiles.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from grid_models.forecast import SeriesKind
from grid_models.quantities import Floats
from services.forecast.features.brought_errors import error_columns, lately, positive, said
from services.forecast.features.people import Columns, calendar_columns
from services.forecast.known import Known, Moment, Moments, steps_from
from services.forecast.models.base import Need, NotEnoughHistory, Task, Trained
from services.forecast.models.kept import packed, unpacked
from services.forecast.models.ridge import Ridge, ridge
from services.forecast.models.trees import Trees, trees
from services.forecast.probabilistic.quantile_functions import at_levels, rising

LEAST_DAYS = 30
BLOCKS = 4
"""Every block of the past is forecast by learners that have seen the others."""
GAP_D = 2
"""Days beside a block that are not learned from either: errors last longer than a day."""
REIN = 0.6
SMALL_TREES = {
    "objective": "l1",
    "learning_rate": 0.04,
    "num_leaves": 8,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "min_data_in_leaf": 100,
    "max_bin": 63,
}
SHARED_TREES = {
    "learning_rate": 0.05,
    "num_leaves": 15,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.35,
    "bagging_freq": 1,
    "min_data_in_leaf": 60,
    "lambda_l2": 5.0,
    "max_bin": 63,
}
SMALL_ROUNDS, SHARED_ROUNDS = 200, 200
SIZE_REIN = 0.03
LATELY_D = 14.0
"""Half-life of how much larger or smaller errors are than expected."""
LATELY_RANGE = (0.85, 1.5)
EVEN = 0.1
"""How strongly the weights of the learners are drawn to equal ones, against one unit of their mean square."""
USUAL = "error_same_hour_faded_21d"
"""The plainest learner: errors at an hour go on as they faded in."""
ODD_ERROR = 0.5
"""A load beyond half as much again, or below two thirds of what was said, is a fault in the data: not learned from."""
LEVELS = np.arange(1, 100) / 100
CROSSED = (
    "error_same_hour_0",
    "error_same_hour_mean_3",
    "error_same_hour_faded_7d",
    "error_mean_6h",
    "error_mean_24h",
    "said_over_day",
    "said_against_1d_ago",
)
"""Columns whose slope differs from hour to hour."""
NOT_STRAIGHT = frozenset({"hour", "weekday", "hour_of_week", "festival", "holiday_rank", "tariff"})
"""Columns that no straight line can use."""
SEASONAL = ("year_", "day_of_year", "school_out", "lunar_days")
"""Errors of a year or two tell nothing of seasons that trees and lines would not make too much of."""
SIZES = ("error_same_hour_size", "error_size_7d")


@dataclass(frozen=True)
class Rows:
    """Questions of the past and their answers."""

    columns: Columns
    error: Floats
    origins: Moments


@dataclass(frozen=True)
class Spread:
    """How wrong one must expect to be, and the errors in units of that."""

    size: Ridge
    least: float
    quantiles: Floats
    """At `LEVELS`."""

    def at(self, columns: Columns, levels: Floats) -> Floats:
        expected = np.maximum(self.size(_size_design(columns)), self.least)
        spread: Floats = expected[:, None] * at_levels(self.quantiles, LEVELS, levels)
        return spread


@dataclass(frozen=True)
class Correction:
    """What was learned about one forecast of one series."""

    straight: Ridge
    own: Trees
    weights: Floats
    """Of the usual error, the regression, the own trees and the shared ones."""
    spread: Spread
    miss: float
    """Mean size of the errors that remain, a share of the load."""


@dataclass(frozen=True)
class TrainedCorrection:
    """Corrections by series and by who made the forecast, and the trees that all share."""

    step_min: int
    shared: Trees
    of: Mapping[tuple[str, str], Correction]

    def quantiles(self, known: Sequence[Known], times: Moments, levels: Floats) -> Floats:
        return np.stack([self._of_one(one, times, levels) for one in known])

    def _of_one(self, known: Known, times: Moments, levels: Floats) -> Floats:
        """Of several forecasts each is corrected, and the better ones weigh more."""
        sources = [source for source in sorted(known.brought) if (known.series.name, source) in self.of]
        if not sources:
            raise NotEnoughHistory(f"{known.series.name}: nobody brought a forecast that was learned from")
        trust = np.array([self.of[known.series.name, source].miss ** -2 for source in sources])
        each = np.stack([self._corrected(known, source, times, levels) for source in sources])
        return rising(np.asarray(np.tensordot(trust / trust.sum(), each, axes=1)))

    def _corrected(self, known: Known, source: str, times: Moments, levels: Floats) -> Floats:
        of = self.of[known.series.name, source]
        columns = question(known, source, times, self.step_min)
        members = _members(columns, of.straight, of.own, self.shared)
        log_load = np.log(_said_or_last_week(known, source, times)) + of.weights @ members
        return np.asarray(np.exp(log_load[:, None] + of.spread.at(columns, levels)))

    def to_bytes(self) -> bytes:
        arrays: dict[str, Floats] = {}
        about: list[Any] = []
        for place, ((series, source), of) in enumerate(self.of.items()):
            about.append([series, source, of.own.text, of.miss, of.spread.least])
            arrays[f"straight {place}"] = of.straight.to_array()
            arrays[f"weights {place}"] = of.weights
            arrays[f"size {place}"] = of.spread.size.to_array()
            arrays[f"quantiles {place}"] = of.spread.quantiles
        return packed({"step_min": self.step_min, "shared": self.shared.text, "of": about}, arrays)

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self:
        document, arrays = unpacked(kept)
        of = {}
        for place, (series, source, text, miss, least) in enumerate(document["of"]):
            spread = Spread(Ridge.from_array(arrays[f"size {place}"]), least, arrays[f"quantiles {place}"])
            straight = Ridge.from_array(arrays[f"straight {place}"])
            of[series, source] = Correction(straight, Trees(text), arrays[f"weights {place}"], spread, miss)
        return cls(document["step_min"], Trees(document["shared"]), of)


class BroughtCorrection:
    """Needs a month of somebody's forecasts; an issue is seen from the moment it was known."""

    name: ClassVar[str] = "brought_correction"
    kinds: ClassVar[frozenset[SeriesKind]] = frozenset({"load"})
    needs: ClassVar[frozenset[Need]] = frozenset({"brought"})
    trained: ClassVar[type[Trained]] = TrainedCorrection

    def train(self, known: Sequence[Known], task: Task) -> TrainedCorrection:
        rows = {
            (one.series.name, source): found
            for one in known
            for source in sorted(one.brought)
            for found in [past_rows(one, source, task)]
            if len(np.unique(found.origins)) >= LEAST_DAYS
        }
        if not rows:
            raise NotEnoughHistory(f"nobody brought forecasts of {LEAST_DAYS} days to learn from")
        return _learned(rows, task)


def past_rows(known: Known, source: str, task: Task) -> Rows:
    """Origin after origin as the task will have them, each seen with what was known then."""
    asked = [_asked(known.as_of(origin), source, origin, task) for origin in _origins(known, source, task)]
    if not asked:
        return Rows({}, np.array([]), np.array([], dtype="datetime64[s]"))
    columns = {name: np.concatenate([of[name] for of, _ in asked]) for name in asked[0][0]}
    times = np.concatenate([of for _, of in asked])
    origins = np.repeat([times[0] for _, times in asked], [len(of) for _, of in asked])
    error = np.log(positive(known.observed.at(times))) - columns.pop("log_said")
    there = np.isfinite(error) & (np.abs(error) < ODD_ERROR)
    return Rows({name: of[there] for name, of in columns.items()}, error[there], origins[there])


def _asked(then: Known, source: str, origin: Moment, task: Task) -> tuple[Columns, Moments]:
    steps = round((task.last_lead_h - task.first_lead_h) * 60 / task.step_min)
    first = origin + np.timedelta64(round(task.first_lead_h * 3600), "s")
    times = steps_from(first, steps, task.step_min)
    log_said = np.log(positive(said(then.brought[source], times)))
    return question(then, source, times, task.step_min) | {"log_said": log_said}, times


def _origins(known: Known, source: str, task: Task) -> Iterator[Moment]:
    """One a day for each hour of the task, midnight without such hours, from the first issue on."""
    issues = known.brought[source].known_at
    if not len(issues):
        return
    first = max(issues.min(), np.datetime64(0, "s") if task.train_from is None else task.train_from)
    days = np.arange(first.astype("datetime64[D]"), known.origin.astype("datetime64[D]") + 1).astype("datetime64[s]")
    for day in days:
        for hour in task.origins_utc_h or (0.0,):
            origin = day + np.timedelta64(round(hour * 3600), "s")
            if first <= origin < known.origin - np.timedelta64(round(task.first_lead_h * 3600), "s"):
                yield origin


def question(known: Known, source: str, times: Moments, step_min: int) -> Columns:
    """Everything that the learners look at."""
    lead_h = (times - known.origin) / np.timedelta64(3600, "s")
    errors = error_columns(lately(known, source, times, step_min), times)
    clock = {name: of for name, of in calendar_columns(times, known.series).items() if not name.startswith(SEASONAL)}
    return {**clock, **errors, "lead_h": lead_h}


def matrix(columns: Columns) -> Floats:
    return np.column_stack(list(columns.values()))


def straight_design(columns: Columns) -> Floats:
    """Columns of the regression; some of them once for each hour of the day."""
    hour = columns["hour"].astype(int)
    hours = (hour[:, None] == np.arange(24)).astype(np.float64)
    weekdays = (columns["weekday"][:, None] == np.arange(7)).astype(np.float64)
    straight = [of for name, of in columns.items() if name not in NOT_STRAIGHT]
    crossed = [hours * np.nan_to_num(columns[name])[:, None] for name in CROSSED]
    return np.column_stack([*straight, hours, weekdays, *crossed])


def _size_design(columns: Columns) -> Floats:
    hours = (columns["hour"].astype(int)[:, None] == np.arange(24)).astype(np.float64)
    return np.column_stack([*(columns[name] for name in SIZES), columns["lead_h"], hours])


def _said_or_last_week(known: Known, source: str, times: Moments) -> Floats:
    """What was brought; where that has a hole, the load a week or more before, and at last the usual load."""
    found = positive(said(known.brought[source], times))
    for weeks in (1, 2, 3):
        found = np.where(np.isfinite(found), found, positive(known.observed.at(times - np.timedelta64(7 * weeks, "D"))))
    usual = float(np.nanmean(positive(known.observed.values)))
    return np.where(np.isfinite(found), found, usual)


def _learned(rows: Mapping[tuple[str, str], Rows], task: Task) -> TrainedCorrection:
    blocks = {key: _blocks(of.origins) for key, of in rows.items()}
    held = {key: np.full((4, len(of.error)), np.nan) for key, of in rows.items()}
    for block in range(BLOCKS):
        seen = {key: _away_from(of.origins, blocks[key] == block) for key, of in rows.items()}
        shared = _shared(rows, seen, task)
        for key, of in rows.items():
            out = blocks[key] == block
            straight, own = _own(of, seen[key], task)
            asked = {name: column[out] for name, column in of.columns.items()}
            held[key][:, out] = _members(asked, straight, own, shared)
    everything = {key: np.ones(len(of.error), dtype=bool) for key, of in rows.items()}
    shared = _shared(rows, everything, task)
    return TrainedCorrection(task.step_min, shared, {key: _correction(of, held[key], task) for key, of in rows.items()})


def _blocks(origins: Moments) -> NDArray[np.intp]:
    """Of each row, which stretch of the past it lies in."""
    days = np.unique(origins)
    return np.searchsorted(days, origins) * BLOCKS // len(days)


def _away_from(origins: Moments, out: NDArray[np.bool_]) -> NDArray[np.bool_]:
    gap = np.timedelta64(GAP_D, "D")
    away: NDArray[np.bool_] = (origins < origins[out].min() - gap) | (origins > origins[out].max() + gap)
    return away


def _own(of: Rows, seen: NDArray[np.bool_], task: Task) -> tuple[Ridge, Trees]:
    columns = {name: column[seen] for name, column in of.columns.items()}
    error = of.error[seen]
    straight = ridge(straight_design(columns), error, np.ones(len(error)), REIN)
    return straight, trees(matrix(columns), error, None, SMALL_TREES, SMALL_ROUNDS, task.seed, task.threads)


def _shared(
    rows: Mapping[tuple[str, str], Rows], seen: Mapping[tuple[str, str], NDArray[np.bool_]], task: Task
) -> Trees:
    tables = [matrix({name: column[seen[key]] for name, column in of.columns.items()}) for key, of in rows.items()]
    errors = np.concatenate([of.error[seen[key]] for key, of in rows.items()])
    return trees(np.concatenate(tables), errors, None, SHARED_TREES, SHARED_ROUNDS, task.seed, task.threads)


def _correction(of: Rows, held: Floats, task: Task) -> Correction:
    weights = _weights(of.error, held)
    rest = of.error - weights @ held
    straight, own = _own(of, np.ones(len(of.error), dtype=bool), task)
    return Correction(straight, own, weights, _spread(of, rest), float(np.abs(rest).mean()))


def _members(columns: Columns, straight: Ridge, own: Trees, shared: Trees) -> Floats:
    """What each learner says the error will be: learners x rows."""
    table = matrix(columns)
    return np.stack([np.nan_to_num(columns[USUAL]), straight(straight_design(columns)), own(table), shared(table)])


def _weights(error: Floats, held: Floats) -> Floats:
    """Least squares without negative weights (Breiman 1996, stacked regressions), drawn to equal ones.

    What is drawn to is their mean, as far as that was of use: learners with little to learn from overdo it.
    """
    mean = held.mean(axis=0)
    use = float(np.clip(mean @ error / max(float(mean @ mean), 1e-12), 0.0, 1.0))
    pull = np.sqrt(EVEN * (held**2).sum() / len(held)) * np.eye(len(held))
    design = np.vstack([held.T, pull])
    target = np.concatenate([error, pull @ np.full(len(held), use / len(held))])
    weights: Floats = nnls(design, target)[0]
    shares: Floats = weights / max(weights.sum(), 1.0)
    return shares


def _spread(of: Rows, rest: Floats) -> Spread:
    design = _size_design(of.columns)
    size = ridge(design, np.abs(rest), np.ones(len(rest)), SIZE_REIN)
    least = 0.3 * float(np.abs(rest).mean()) + 1e-6
    units = rest / np.maximum(size(design), least)
    return Spread(size, least, np.quantile(units, LEVELS) * _lately_larger(np.abs(units), of.origins))


def _lately_larger(units: Floats, origins: Moments) -> float:
    """Errors come in calm and rough spells: the last weeks count for those that follow."""
    age_d = (origins.max() - origins) / np.timedelta64(1, "D")
    faded = 0.5 ** (age_d / LATELY_D)
    return float(np.clip((faded @ units) / faded.sum() / units.mean(), *LATELY_RANGE))

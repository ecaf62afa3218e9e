"""Load as on the days most like the one asked for: the way dispatchers forecast before there were models.

Past days are ranked by what kind of day they are, how far away in the season, how warm they were if anybody measures,
and how long ago. Their loads, brought to today's level, weigh by likeness.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from grid_models.forecast import SeriesKind
from grid_models.quantities import Floats
from services.forecast.calendars.days import Dates, DayKinds, day_kinds
from services.forecast.features.load import level_mw, weather_columns
from services.forecast.features.people import DAYS_PER_YEAR, wall_clock
from services.forecast.features.temperatures import TEMPERATURE
from services.forecast.known import Known, Moments
from services.forecast.models.base import Need, NotEnoughHistory, Task, Trained
from services.forecast.models.kept import packed, unpacked
from services.forecast.probabilistic.quantile_functions import rising

BACK_D = 760
DAYS = 20
"""So many similar days make the quantiles."""
DAY = np.timedelta64(1, "D")
LEVEL_D = 14


@dataclass(frozen=True)
class TrainedSimilarDay:
    """Remembers nothing: the days are looked up in what is known at the origin."""

    step_min: int

    def quantiles(self, known: Sequence[Known], times: Moments, levels: Floats) -> Floats:
        return np.stack([self._of_one(one, times, levels) for one in known])

    def _of_one(self, known: Known, times: Moments, levels: Floats) -> Floats:
        dates = wall_clock(times, known.series.timezone).astype("datetime64[D]")
        warmth = _warmth(known, times, self.step_min)
        quantiles = np.empty((len(times), len(levels)))
        for date in np.unique(dates):
            mine = dates == date
            quantiles[mine] = _of_day(known, date, times[mine], _mean(warmth[mine]), levels)
        return rising(quantiles)

    def to_bytes(self) -> bytes:
        return packed({"step_min": self.step_min}, {})

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self:
        document, _ = unpacked(kept)
        return cls(document["step_min"])


class SimilarDay:
    """Needs two weeks of load."""

    name: ClassVar[str] = "similar_day"
    kinds: ClassVar[frozenset[SeriesKind]] = frozenset({"load"})
    needs: ClassVar[frozenset[Need]] = frozenset({"history"})
    trained: ClassVar[type[Trained]] = TrainedSimilarDay

    def train(self, known: Sequence[Known], task: Task) -> TrainedSimilarDay:
        return TrainedSimilarDay(task.step_min)


def _warmth(known: Known, times: Moments, step_min: int) -> Floats:
    columns = weather_columns(known, times, step_min)
    warm = [of for name, of in columns.items() if name.startswith(TEMPERATURE) and not name.endswith(("h", "ago"))]
    return np.mean(warm, axis=0) if warm else np.full(len(times), np.nan)


def _of_day(known: Known, date: np.datetime64, times: Moments, warmth: float, levels: Floats) -> Floats:
    """Weighted quantiles of the loads at the same times of similar days."""
    back = np.arange(1, BACK_D + 1)
    loads = known.observed.at(times[None, :] - back[:, None] * DAY)
    usable = np.isfinite(loads).all(axis=1)
    if not usable.any():
        return _at_level(known, len(times), levels)
    back, loads = back[usable], loads[usable]
    unlike = _unlikeness(known, date, back, times, warmth)
    nearest = np.argsort(unlike, kind="stable")[:DAYS]
    weights = np.exp(-(unlike[nearest] - unlike[nearest[0]]))
    scaled = loads[nearest] * _growth(known, back[nearest], times)[:, None]
    return np.stack([_weighted_quantiles(of, weights, levels) for of in scaled.T])


def _unlikeness(known: Known, date: np.datetime64, back: np.ndarray, times: Moments, warmth: float) -> Floats:
    days: Dates = (date - back * DAY).astype("datetime64[D]")
    then, now = day_kinds(days, known.series.region), day_kinds(np.array([date]), known.series.region)
    season_d = np.abs((back + DAYS_PER_YEAR / 2) % DAYS_PER_YEAR - DAYS_PER_YEAR / 2)
    unlike = _other_kind(then, now) + season_d / 20 + back / 365
    measured = [of for name, of in sorted(known.weather_observed.items()) if name.startswith(TEMPERATURE)]
    if measured and np.isfinite(warmth):
        were = np.array([_mean(measured[0].at(times - of * DAY)) for of in back])
        spread = float(np.nanstd(were)) if np.isfinite(were).any() else 0.0
        unlike = unlike + np.nan_to_num(np.abs(were - warmth) / max(spread, 1e-6), nan=1.0) * 4
    return np.asarray(unlike, dtype=np.float64)


def _other_kind(then: DayKinds, now: DayKinds) -> Floats:
    """Holidays resemble holidays, Mondays Mondays, and any workday other workdays more than weekends."""
    unlike: Floats = (
        4.0 * (then.free != now.free)
        + 4.0 * (then.off != now.off)
        + 2.0 * (then.festival != now.festival)
        + 1.0 * (then.weekday != now.weekday)
        + 0.5 * (then.school_out != now.school_out)
    )
    return unlike


def _growth(known: Known, back: np.ndarray, times: Moments) -> Floats:
    """Level now over the level in the weeks before the similar day; 1 where that is not known."""
    now = level_mw(known)
    ratios = []
    for days in back:
        end = known.origin - days * DAY
        then = known.observed.values[slice(*np.searchsorted(known.observed.times, [end - LEVEL_D * DAY, end]))]
        level = _mean(then)
        ratios.append(now / level if level > 0 and len(then) > 24 else 1.0)
    return np.clip(ratios, 0.5, 2.0)


def _mean(values: Floats) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _weighted_quantiles(values: Floats, weights: Floats, levels: Floats) -> Floats:
    order = np.argsort(values)
    share = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    return np.interp(levels, share, values[order])


def _at_level(known: Known, count: int, levels: Floats) -> Floats:
    """Without any similar day: what the load was lately, at any hour."""
    values = known.observed.values[np.isfinite(known.observed.values)][-LEVEL_D * 96 :]
    if not len(values):
        raise NotEnoughHistory(f"{known.series.name}: no load is known before {known.origin}")
    return np.tile(np.quantile(values, levels), (count, 1))

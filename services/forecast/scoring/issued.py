"""Scores of what was really issued, by ourselves or by others, against what came."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grid_models.quantities import Floats
from services.forecast.backtest import Said
from services.forecast.errors import NothingIssued
from services.forecast.known import Moment, Moments
from services.forecast.probabilistic.quantile_functions import at_levels
from services.forecast.scoring.rules import AccuracyRule
from services.forecast.scoring.skill import Row, table
from services.forecast.store import Store
from services.forecast.store.forecasts import Issue

LEVELS = np.arange(1, 20) / 20


@dataclass(frozen=True)
class Points:
    """One series: what its newest issue said of each step, and what came."""

    series: str
    times: Moments
    median: Floats
    actual: Floats
    capacity: Floats


@dataclass(frozen=True)
class Scored:
    rows: list[Row]
    points: list[Points]


@dataclass(frozen=True)
class Verdict:
    """One plant under a rule: judged window by window."""

    series: str
    days: int
    accuracy: float
    days_short: int
    penalty_mwh: float


def scored(store: Store, series: Sequence[str], first: Moment, last: Moment, author: str | None) -> Scored:
    """All issues of the stretch; issues of unlike length are told apart by lead, not left out."""
    issues = store.forecasts.issues(series, first, last, author=author)
    if not issues:
        whose = "we" if author is None else author
        raise NothingIssued(f"{whose} issued nothing for these series from {first} to {last}", series=list(series))
    end = max(issue.times[-1] for issue in issues) + np.timedelta64(30, "D")
    known = {one.series.name: one for one in store.known_many(series, min(end, np.datetime64("now", "s")))}
    parts = [_said(issue, known[issue.series]) for issue in issues]
    timezone = known[issues[0].series].series.timezone
    return Scored(_table(parts, timezone), [_points(name, parts) for name in dict.fromkeys(i.series for i in issues)])


def judged(points: Sequence[Points], rule: AccuracyRule) -> list[Verdict]:
    """Each series under the rule; windows without an actual value do not count."""
    return [_judged(one, rule) for one in points]


def _judged(points: Points, rule: AccuracyRule) -> Verdict:
    window = rule.window_points or len(points.times)
    cuts = range(window, len(points.times), window)
    parts = zip(*(np.split(of, cuts) for of in (points.median, points.actual, points.capacity)), strict=True)
    accuracies = np.array([rule.accuracy(*part) for part in parts])
    there = accuracies[np.isfinite(accuracies)]
    capacity_mw = float(np.nanmax(points.capacity)) if np.isfinite(points.capacity).any() else 0.0
    return Verdict(
        points.series,
        len(there),
        float(there.mean()) if len(there) else float("nan"),
        int((there < rule.required - 1e-12).sum()),
        float(rule.penalty_mwh(there, capacity_mw).sum()),
    )


def _said(issue: Issue, known) -> Said:  # type: ignore[no-untyped-def]
    levels = np.array(issue.levels or (0.5,))
    quantiles = np.asarray(issue.quantiles, dtype=np.float64)
    quantiles = np.repeat(quantiles, len(LEVELS), axis=1) if len(levels) == 1 else at_levels(quantiles, levels, LEVELS)
    times = issue.times
    return Said(
        (issue.series,),
        np.array([issue.issued]),
        times[None],
        LEVELS,
        quantiles[None, None],
        known.observed.at(times)[None, None],
        known.capacity_mw(times)[None, None],
    )


def _table(parts: Sequence[Said], timezone: str) -> list[Row]:
    """Issues are put side by side as series of one long row each: leads differ, so points are flat."""
    return table(_flat(parts), timezone=timezone)


def _flat(parts: Sequence[Said]) -> Said:
    """Every point as an origin of one step, every series in a column of its own."""
    names = tuple(dict.fromkeys(part.series[0] for part in parts))
    counts = [part.times.size for part in parts]
    total = sum(counts)
    levels = parts[0].levels
    quantiles = np.full((total, len(names), 1, len(levels)), np.nan)
    actual, capacity = np.full((2, total, len(names), 1), np.nan)
    first = 0
    for part, count in zip(parts, counts, strict=True):
        rows, column = slice(first, first + count), names.index(part.series[0])
        quantiles[rows, column, 0] = part.quantiles[0, 0]
        actual[rows, column, 0], capacity[rows, column, 0] = part.actual[0, 0], part.capacity[0, 0]
        first += count
    origins = np.concatenate([np.repeat(part.origins, part.times.size) for part in parts])
    times = np.concatenate([part.times.ravel() for part in parts])[:, None]
    return Said(names, origins, times, levels, quantiles, actual, capacity)


def _points(name: str, parts: Sequence[Said]) -> Points:
    """What the newest issue said of each step."""
    mine = sorted((part for part in parts if part.series[0] == name), key=lambda part: part.origins[0])
    middle = int(np.argmin(np.abs(LEVELS - 0.5)))
    times = np.concatenate([part.times[0] for part in mine])
    medians = np.concatenate([part.quantiles[0, 0, :, middle] for part in mine])
    actual, capacity = (np.concatenate([getattr(part, of)[0, 0] for part in mine]) for of in ("actual", "capacity"))
    # Of equal times the last one is kept: the newest issue.
    newest = len(times) - 1 - np.unique(times[::-1], return_index=True)[1]
    return Points(name, times[newest], medians[newest], actual[newest], capacity[newest])

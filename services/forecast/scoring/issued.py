"""Scores of what was really issued, by ourselves or by others, against what came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grid_models.forecast import SeriesDescription
from grid_models.quantities import Floats
from services.forecast.backtest import Said
from services.forecast.clock import hours_shown, local
from services.forecast.errors import NothingIssued, Unusable
from services.forecast.known import Moment, Moments
from services.forecast.probabilistic.quantile_functions import at_levels
from services.forecast.scoring.rules import AccuracyRule
from services.forecast.scoring.skill import Row, table
from services.forecast.store import Store
from services.forecast.store.forecasts import Issue

LEVELS = np.arange(1, 20) / 20


@dataclass(frozen=True)
class Scored:
    """What was issued, issue by issue, and how good it was."""

    rows: list[Row]
    issues: list[Said]
    """Each of one series and one origin."""
    timezones: Mapping[str, str]


@dataclass(frozen=True)
class Verdict:
    """One plant under a rule: judged day by day, or as the rule has it."""

    series: str
    days: int
    """Windows that could be judged."""
    accuracy: float
    days_short: int
    penalty_mwh: float


@dataclass(frozen=True)
class _Points:
    """One series: what the last issue in time for the rule said of each step, and what came."""

    local: Moments
    """The beginning of each step as the clocks there show it, rising."""
    median: Floats
    actual: Floats
    capacity: Floats


def scored(store: Store, series: Sequence[str], first: Moment, last: Moment, author: str | None) -> Scored:
    """All issues of the stretch; issues of unlike length are told apart by lead, not left out."""
    issues = store.forecasts.issues(series, first, last, author=author)
    if not issues:
        whose = "we" if author is None else author
        raise NothingIssued(f"{whose} issued nothing for these series from {first} to {last}", series=list(series))
    end = max(issue.times[-1] for issue in issues) + np.timedelta64(30, "D")
    known = {one.series.name: one for one in store.known_many(series, min(end, np.datetime64("now", "s")))}
    parts = [_said(issue, known[issue.series]) for issue in issues]
    timezones = {name: one.series.timezone for name, one in known.items()}
    return Scored(_table(parts, timezones[issues[0].series]), parts, timezones)


def not_for(rule: AccuracyRule, series: Sequence[SeriesDescription]) -> None:
    """Refuses series that the rule does not speak of."""
    wrong = [one for one in series if one.kind not in rule.kinds]
    if wrong:
        kinds = " and ".join(sorted(rule.kinds))
        raise Unusable(f"rule: {rule.id} is for {kinds}, but {wrong[0].name} is {wrong[0].kind}", field="rule")


def judged(said: Scored, rule: AccuracyRule) -> list[Verdict]:
    """Each series under the rule; windows without an actual value do not count."""
    names = dict.fromkeys(part.series[0] for part in said.issues)
    return [_judged(name, said, rule) for name in names]


def _judged(name: str, said: Scored, rule: AccuracyRule) -> Verdict:
    points = _points([part for part in said.issues if part.series[0] == name], rule, said.timezones[name])
    parts = rule.windows(points.local, points.median, points.actual, points.capacity, hours_shown(points.local))
    accuracies = np.array([rule.accuracy(*part) for part in parts])
    there = accuracies[np.isfinite(accuracies)]
    capacity_mw = float(np.nanmax(points.capacity)) if np.isfinite(points.capacity).any() else 0.0
    return Verdict(
        name,
        len(there),
        float(there.mean()) if len(there) else float("nan"),
        int((there < rule.required - 1e-12).sum()),
        float(rule.penalty_mwh(there, capacity_mw).sum()),
    )


def _points(parts: Sequence[Said], rule: AccuracyRule, timezone: str) -> _Points:
    """Of each step, what the newest issue said that the rule looks at."""
    mine = sorted(parts, key=lambda part: part.origins[0])
    middle = int(np.argmin(np.abs(LEVELS - 0.5)))
    origins = np.repeat([part.origins[0] for part in mine], [part.times.size for part in mine])
    times = np.concatenate([part.times[0] for part in mine])
    shown = local(times, timezone)
    use = np.flatnonzero(rule.looks_at(shown, local(origins, timezone), times - origins))
    median = np.concatenate([part.quantiles[0, 0, :, middle] for part in mine])[use]
    actual, capacity = (
        np.concatenate([getattr(part, of)[0, 0] for part in mine])[use] for of in ("actual", "capacity")
    )
    # Of equal times the last one is kept: the newest issue.
    newest = len(use) - 1 - np.unique(times[use][::-1], return_index=True)[1]
    return _Points(shown[use][newest], median[newest], actual[newest], capacity[newest])


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

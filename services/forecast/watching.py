"""What /metrics says of the forecasts themselves: how old, how good, how honest, and whether the champion drifts.

Worked out from the store, not from memory: any process may ask, and a restart forgets nothing.
"""

import numpy as np

from grid_models.forecast import SeriesKind
from grid_models.quantities import Floats
from services.forecast.ensemble import scales
from services.forecast.known import Known, Moment
from services.forecast.probabilistic.quantile_functions import at_levels
from services.forecast.schedule import FORECAST_KINDS
from services.forecast.scoring.scores import coverage, mean_pinball
from services.forecast.store import Store
from services.forecast.store.forecasts import Issue
from services.forecast.telemetry import (
    COVERAGE,
    DRIFT,
    FORECAST_AGE_SECONDS,
    PINBALL,
    QUEUE,
    QUEUE_AGE_SECONDS,
    SKILL,
    lead_bucket,
)
from services.forecast.training import all_of

LOOK_BACK_DAYS = 7
LEVELS = np.arange(1, 20) / 20
SERIES_AT_MOST = 50
"""Of a kind: enough to tell how it goes."""


def refresh(store: Store, now: Moment) -> None:
    """Brings the gauges up to date; a kind without issues keeps silent."""
    for kind in FORECAST_KINDS:
        names = [one.name for one in all_of(store, kind)]
        issues = store.forecasts.issues(names[:SERIES_AT_MOST], now - np.timedelta64(LOOK_BACK_DAYS, "D"))
        if issues:
            _tell_age(kind, issues, now)
            _tell_skill(store, kind, issues, now)
    _tell_queue(store, now)


def _tell_queue(store: Store, now: Moment) -> None:
    waiting = store.jobs.waiting("queued")
    QUEUE.set(len(waiting))
    age = now - waiting[0].created_at if waiting else np.timedelta64(0, "s")
    QUEUE_AGE_SECONDS.set(max(0.0, float(age / np.timedelta64(1, "s"))))


def _tell_age(kind: SeriesKind, issues: list[Issue], now: Moment) -> None:
    newest: dict[str, Moment] = {}
    for issue in issues:
        newest[issue.series] = max(newest.get(issue.series, issue.issued), issue.issued)
    oldest = min(newest.values())
    FORECAST_AGE_SECONDS.labels(kind=kind).set(float((now - oldest) / np.timedelta64(1, "s")))


def _tell_skill(store: Store, kind: SeriesKind, issues: list[Issue], now: Moment) -> None:
    """Of steps that have come, by lead time, in shares of capacity or mean load."""
    names = list(dict.fromkeys(issue.series for issue in issues))
    known = {one.series.name: one for one in store.known_many(names, now, now - np.timedelta64(30, "D"))}
    parts = [_points(issue, known[issue.series]) for issue in issues if issue.levels]
    if not parts:
        return
    actual, lead_h, repeated = (np.concatenate([part[place] for part in parts]) for place in (0, 2, 3))
    quantiles = np.concatenate([part[1] for part in parts])
    came = np.isfinite(actual)
    labels = np.array([lead_bucket(hours) for hours in lead_h])
    for label in np.unique(labels[came]):
        mine = came & (labels == label)
        PINBALL.labels(kind=kind, lead=str(label)).set(mean_pinball(actual[mine], quantiles[mine], LEVELS))
        share = coverage(actual[mine], quantiles[mine, 0], quantiles[mine, -1])
        COVERAGE.labels(kind=kind, lead=str(label)).set(share)
        _tell_saved(kind, str(label), actual[mine], quantiles[mine], repeated[mine])
    if came.any():
        _tell_drift(store, kind, mean_pinball(actual[came], quantiles[came], LEVELS))


def _tell_saved(kind: SeriesKind, lead: str, actual: Floats, quantiles: Floats, repeated: Floats) -> None:
    """Against repeating what was measured last at this hour, as everybody can."""
    there = np.isfinite(repeated)
    if not there.any():
        return
    baseline = mean_pinball(actual[there], np.repeat(repeated[there, None], len(LEVELS), axis=1), LEVELS)
    if baseline > 0:
        SKILL.labels(kind=kind, lead=lead).set(1 - mean_pinball(actual[there], quantiles[there], LEVELS) / baseline)


def _tell_drift(store: Store, kind: SeriesKind, recent: float) -> None:
    """Against what the champion lost when it was tried; above one it has become worse."""
    tried = [one.scores.get("pinball") for one in store.models.list(kind=kind) if one.status == "champion"]
    losses = [loss for loss in tried if loss]
    if losses:
        DRIFT.labels(kind=kind).set(recent / float(np.mean(losses)))


def _points(issue: Issue, known: Known) -> tuple[Floats, Floats, Floats, Floats]:
    """Actual values, quantiles, leads and repeated values of one issue, in shares of the scale of its series."""
    scale = scales([known])[0]
    levels = np.array(issue.levels)
    quantiles = np.asarray(issue.quantiles, dtype=np.float64)
    said = at_levels(quantiles, levels, LEVELS) if len(levels) > 1 else np.repeat(quantiles, len(LEVELS), axis=1)
    lead_h = (issue.times - issue.issued) / np.timedelta64(3600, "s")
    repeated = _last_known(issue, known)
    return known.observed.at(issue.times) / scale, said / scale, lead_h, repeated / scale


def _last_known(issue: Issue, known: Known) -> Floats:
    """What was measured at the same hour of the last day, for load of the last week, that was over at the issue."""
    period = np.timedelta64(7 if known.series.kind == "load" else 1, "D")
    step = np.timedelta64(known.series.step_min * 60, "s")
    periods = np.maximum(1, np.ceil((issue.times + step - issue.issued) / period)).astype(int)
    return known.observed.at(issue.times - periods * period)

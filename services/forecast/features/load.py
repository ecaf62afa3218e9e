"""What a load forecast looks at: when people use power, what they used lately, the weather that is and was forecast."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grid_models.quantities import Floats
from services.forecast.features.people import Columns, calendar_columns, sun_columns, years_since_2000
from services.forecast.features.temperature_memory import MEMORY_H, memory_columns, without_gaps
from services.forecast.features.temperatures import TEMPERATURE
from services.forecast.known import Known, Moment, Moments, steps_from
from services.forecast.models.base import Task

LEVEL_D = 14
"""Loads are told apart from the mean of so many days: a model of that learns across zones and grows with them."""
LAGS_D = (1, 2, 7, 14)
"""Days at the same hour; where one is not known yet, the next day before it that is."""
LATEST_H = (1, 3, 6, 24)
ORIGINS_MAX = 900
"""Of one series: more days of history tell little more and cost as much again."""
ORIGINS_MIN, SPARE = 240, 1.5
"""No fewer, so that every season is seen; and no more than what half again the rows that are kept needs."""


def load_columns(known: Known, times: Moments, step_min: int) -> Columns:
    """Of each time, with what was known at the origin only."""
    return {
        **calendar_columns(times, known.series),
        **sun_columns(times, known.series),
        "years": years_since_2000(times),
        "lead_h": (times - known.origin) / np.timedelta64(3600, "s"),
        **_lately(known, times, step_min),
        **weather_columns(known, times, step_min),
    }


def level_mw(known: Known) -> float:
    """Mean load of the last two weeks that are known; NaN where nothing is."""
    load = known.observed
    if not len(load.times):
        return float("nan")
    newest = load.times[np.isfinite(load.values)][-1:]
    recent = load.values[load.times > newest - np.timedelta64(LEVEL_D, "D")] if len(newest) else np.array([])
    return float(np.nanmean(recent)) if np.isfinite(recent).any() else float("nan")


def _lately(known: Known, times: Moments, step_min: int) -> Columns:
    """Logarithms of load over its level: at the same hour of days before, and over the last hours."""
    level = level_mw(known)
    day = np.timedelta64(1, "D")
    columns = {f"load_{days}d_ago": _newest_from(known, times, days, level) for days in LAGS_D}
    newest = _newest(known)
    if newest is None:
        return columns | {f"load_last_{hours}h": np.full(len(times), np.nan) for hours in LATEST_H}
    for hours in LATEST_H:
        steps = max(hours * 60 // step_min, 1)
        window = newest - np.arange(steps) * np.timedelta64(step_min, "m")
        now, before = (known.observed.at(window - back) for back in (0 * day, 7 * day))
        # Against the same hours of last week: a level, free of the hour of the day.
        columns[f"load_last_{hours}h"] = np.full(len(times), _log_ratio(_mean(now), _mean(before)))
    return columns


def _newest(known: Known) -> Moment | None:
    seen = known.observed.times[np.isfinite(known.observed.values)]
    return seen[-1] if len(seen) else None


def _newest_from(known: Known, times: Moments, days: int, level: float) -> Floats:
    found = known.observed.at(times - np.timedelta64(days, "D"))
    for more in (1, 2, 7):
        older = known.observed.at(times - np.timedelta64(days + more, "D"))
        found = np.where(np.isfinite(found), found, older)
    return np.log(np.where(found > 0, found, np.nan) / level)


def _mean(values: Floats) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _log_ratio(now: float, before: float) -> float:
    return float(np.log(now / before)) if now > 0 and before > 0 else float("nan")


def weather_columns(known: Known, times: Moments, step_min: int) -> Columns:
    """Temperature with its memory, and every other variable as it is; measured values where they are known already."""
    back = MEMORY_H * 60 // step_min
    grid = steps_from(times[0] - back * np.timedelta64(step_min, "m"), back, step_min)
    every = np.concatenate([grid, times])
    columns: Columns = {}
    for variable in sorted(_variables(known)):
        values = _blended(known, variable, every)
        if variable.startswith(TEMPERATURE) and np.isfinite(values[back:]).any():
            memory = memory_columns(without_gaps(values), step_min)
            columns |= {name.replace("temperature", variable, 1): of[back:] for name, of in memory.items()}
        else:
            columns[variable] = values[back:]
    return columns


def _variables(known: Known) -> set[str]:
    forecast = {name for vintages in known.weather.values() for name in vintages.values}
    return forecast or set(known.weather_observed)


def _blended(known: Known, variable: str, times: Moments) -> Floats:
    """The mean of the newest forecasts of all sources; measured values before the origin where there are any."""
    said = [of.latest(times)[variable] for of in known.weather.values() if variable in of.values]
    measured = known.weather_observed.get(variable)
    forecast = _mean_of(said, len(times))
    if measured is None:
        return forecast
    seen = measured.at(times)
    return np.where(np.isfinite(seen), seen, forecast)


def _mean_of(said: Sequence[Floats], count: int) -> Floats:
    if not said:
        return np.full(count, np.nan)
    there = np.isfinite(said).sum(axis=0)
    mean: Floats = np.where(there > 0, np.nansum(said, axis=0) / np.maximum(there, 1), np.nan)
    return mean


@dataclass(frozen=True)
class LoadRows:
    """Questions of the past with their answers: rows x columns, and logarithms of load over its level."""

    names: tuple[str, ...]
    table: Floats
    answer: Floats


def load_rows(known: Sequence[Known], task: Task, points_max: int) -> LoadRows:
    """From all series; every origin is seen with what was known then."""
    steps = (task.last_lead_h - task.first_lead_h) * 60 / task.step_min
    enough = max(ORIGINS_MIN, round(SPARE * points_max / steps / max(len(known), 1)))
    asked = [_asked(one.as_of(origin), one, task) for one in known for origin in origins(one, task, enough)]
    names = tuple(sorted({name for columns, _ in asked for name in columns}))
    table = [table_of(columns, names) for columns, _ in asked]
    if not asked:
        return LoadRows((), np.zeros((0, 0)), np.zeros(0))
    rows, answer = np.concatenate(table), np.concatenate([answer for _, answer in asked])
    there = np.flatnonzero(np.isfinite(answer))
    if len(there) > points_max:
        there = np.sort(np.random.default_rng(task.seed).choice(there, points_max, replace=False))
    return LoadRows(names, rows[there], answer[there])


def table_of(columns: Columns, names: tuple[str, ...]) -> Floats:
    """Rows x names; NaN where a column is missing."""
    count = len(next(iter(columns.values())))
    return np.column_stack([columns.get(name, np.full(count, np.nan)) for name in names])


def _asked(then: Known, now: Known, task: Task) -> tuple[Columns, Floats]:
    steps = round((task.last_lead_h - task.first_lead_h) * 60 / task.step_min)
    first = then.origin + np.timedelta64(round(task.first_lead_h * 3600), "s")
    times = steps_from(first, steps, task.step_min)
    came = now.observed.at(times)
    return load_columns(then, times, task.step_min), np.log(np.where(came > 0, came, np.nan) / level_mw(then))


def origins(known: Known, task: Task, most: int) -> Moments:
    """Evenly over the history: one a day for each hour of the task; without such hours at any step of the day."""
    seen = known.observed.times[np.isfinite(known.observed.values)]
    if not len(seen):
        return seen
    begin = seen[0] + np.timedelta64(LEVEL_D, "D")
    begin = begin if task.train_from is None else max(begin, task.train_from)
    last = seen[-1] - np.timedelta64(round(task.first_lead_h * 3600), "s")
    days = np.arange(begin.astype("datetime64[D]"), last.astype("datetime64[D]") + 1).astype("datetime64[s]")
    if task.origins_utc_h:
        every = (days[:, None] + (np.array(task.origins_utc_h) * 3600).astype("timedelta64[s]")).ravel()
    else:
        steps = np.random.default_rng(task.seed).integers(0, 1440 // task.step_min, len(days))
        every = days + steps * np.timedelta64(task.step_min * 60, "s")
    fit = every[(every >= begin) & (every <= last)]
    kept = np.linspace(0, len(fit) - 1, min(len(fit), most, ORIGINS_MAX)).astype(int)
    chosen: Moments = fit[kept] if len(fit) else fit
    return chosen

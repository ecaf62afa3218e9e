"""What a forecast that somebody brought was wrong by lately, and how what it says now differs from what it said.

Errors are logarithms of load over forecast, so that zones of any size can be learned together.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.forecast.features.people import Columns
from services.forecast.known import Known, Moments, Vintages, steps_from

BACK_D = 36
SAME_HOURS = 7
"""So many days before are looked at one by one."""
MEANS_H = (1, 3, 6, 12, 24, 72, 168, 336)
HALF_LIVES_D = (7, 21)
NEIGHBOURS_H = (-2, -1, 1, 2)


@dataclass(frozen=True)
class Lately:
    """What was said and what came, on an even grid from some weeks before the origin to the last time asked."""

    times: Moments
    step_min: int
    said_mw: Floats
    load_mw: Floats
    """NaN where it is not known yet."""

    @property
    def error(self) -> Floats:
        """Above zero where more load came than was said."""
        return np.log(self.load_mw / self.said_mw)

    @property
    def last(self) -> int:
        """The newest step whose error is known; -1 if there is none."""
        there = np.flatnonzero(np.isfinite(self.error))
        return int(there[-1]) if len(there) else -1


def lately(known: Known, source: str, times: Moments, step_min: int) -> Lately:
    step = np.timedelta64(step_min, "m")
    start = times[0] - -(-(times[0] - known.origin + np.timedelta64(BACK_D, "D")) // step) * step
    grid = steps_from(start, int((times[-1] - start) / step) + 1, step_min)
    return Lately(grid, step_min, positive(said(known.brought[source], grid)), positive(known.observed.at(grid)))


def said(vintages: Vintages, times: Moments) -> Floats:
    """One value for each time: the mean if the forecast has one, else the level nearest to a half."""
    latest = vintages.latest(times)
    if "mean" in latest:
        return latest["mean"]
    levels = [name for name in latest if _is_level(name)]
    return latest[min(levels, key=lambda name: abs(float(name) - 0.5))] if levels else np.full(len(times), np.nan)


def _is_level(name: str) -> bool:
    return name.replace(".", "", 1).isdigit()


def positive(values: Floats) -> Floats:
    """Values that a logarithm can take; NaN for others."""
    return np.where(values > 0, values, np.nan)


def error_columns(of: Lately, times: Moments) -> Columns:
    """Of each time asked: errors at the same hour of days before, of the last hours, and the shape of what is said."""
    place = np.searchsorted(of.times, times)
    day = 1440 // of.step_min
    return {
        **_same_hour(of.error, place, day, of.last),
        **_last_hours(of.error, day, of.last, len(times)),
        **_shape(of, place, day),
    }


def _same_hour(error: Floats, place: NDArray[np.intp], day: int, last: int) -> Columns:
    """`error_same_hour_0` is the newest that is known at this hour of the day, one or two days old."""
    age = np.maximum(-(-(place - last) // day), 1) * day
    found = np.stack([_at(error, place - age - back * day) for back in range(SAME_HOURS)])
    columns = {f"error_same_hour_{back}": row for back, row in enumerate(found)}
    columns["error_same_hour_mean_3"] = _mean(found[:3])
    columns["error_same_hour_mean_7"] = _mean(found)
    columns["error_same_hour_size"] = _mean(np.abs(found))
    columns["error_week_ago"] = _at(error, place - 7 * day)
    history = np.stack([_at(error, place - age - back * day) for back in range(BACK_D - 3)])
    for half_life in HALF_LIVES_D:
        weights = 0.5 ** (np.arange(len(history)) / half_life)[:, None] * np.isfinite(history)
        total = weights.sum(axis=0)
        faded = (weights * np.nan_to_num(history)).sum(axis=0) / np.maximum(total, 1e-9)
        columns[f"error_same_hour_faded_{half_life}d"] = np.where(total > 0, faded, np.nan)
    return columns


def _last_hours(error: Floats, day: int, last: int, count: int) -> Columns:
    """Means up to the newest error that is known: the same for every time asked."""
    columns = {}
    for hours in MEANS_H:
        steps = max(hours * day // 24, 1)
        window = error[max(last + 1 - steps, 0) : last + 1]
        columns[f"error_mean_{hours}h"] = np.full(count, _mean(window[:, None])[0])
    recent = np.abs(error[max(last + 1 - 7 * day, 0) : last + 1])
    columns["error_size_7d"] = np.full(count, _mean(recent[:, None])[0])
    return columns


def _shape(of: Lately, place: NDArray[np.intp], day: int) -> Columns:
    """How what is said moves over the day and against days before, and what the load was then."""
    log_said, log_load = np.log(of.said_mw), np.log(of.load_mw)
    now = log_said[place]
    usual, most = _mean(now[:, None])[0], np.nanmax(now) if np.isfinite(now).any() else np.nan
    columns = {
        "said_over_day": now - usual,
        "said_peak_over_day": np.full(len(place), most - usual),
        "said_against_week_mean": now - _mean(log_said[: place[0], None])[0],
    }
    for hours in NEIGHBOURS_H:
        near = place + hours * day // 24
        columns[f"said_{hours:+}h"] = np.where(near < len(log_said), _at(log_said, near), np.nan) - now
    for days in (1, 2, 7):
        columns[f"said_against_{days}d_ago"] = now - _at(log_said, place - days * day)
    for days in (1, 2, 7, 14):
        columns[f"load_{days}d_ago_against_said"] = _at(log_load, place - days * day) - now
    return columns


def _at(values: Floats, place: NDArray[np.intp]) -> Floats:
    inside = (place >= 0) & (place < len(values))
    return np.where(inside, values[np.clip(place, 0, len(values) - 1)], np.nan)


def _mean(values: Floats) -> Floats:
    """Along the first axis, of what is there."""
    there = np.isfinite(values)
    count = there.sum(axis=0)
    mean: Floats = np.where(count > 0, np.nan_to_num(values).sum(axis=0) / np.maximum(count, 1), np.nan)
    return mean

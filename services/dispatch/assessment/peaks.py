"""When a load is at its peak: hours and events above a threshold, how long, how much, and how steep its days are."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats

Season = Literal["winter", "spring", "summer", "autumn"]
SEASON_ENDS: tuple[tuple[int, Season], ...] = (
    (2, "winter"),
    (5, "spring"),
    (9, "summer"),
    (11, "autumn"),
    (12, "winter"),
)
"""Last month of each: the summer of the load (迎峰度夏) lasts from June to September."""
EPSILON_MW = 1e-9


@dataclass(frozen=True)
class LoadYear:
    """A gross load over a stretch of whole steps, usually a year; local time."""

    load_mw: Floats
    start: datetime
    step_h: float = 1.0

    @classmethod
    def of(cls, case: Case) -> "LoadYear":
        """The demand of all zones of a case."""
        return cls(case.demand_mw.sum(axis=0), case.horizon.start, case.horizon.step_h)

    @property
    def peak_mw(self) -> float:
        return float(self.load_mw.max())

    @property
    def peak_step(self) -> int:
        return int(self.load_mw.argmax())

    @property
    def energy_mwh(self) -> float:
        return float(self.load_mw.sum()) * self.step_h

    def moment(self, step: int) -> datetime:
        return self.start + timedelta(hours=step * self.step_h)

    @cached_property
    def day_of_step(self) -> NDArray[np.int64]:
        """Which day each step lies in, counted from the first."""
        first = self.start.hour + self.start.minute / 60
        days: NDArray[np.int64] = ((first + np.arange(len(self.load_mw)) * self.step_h + 1e-9) // 24).astype(np.int64)
        return days

    @cached_property
    def days(self) -> tuple[Floats, ...]:
        """The load day by day."""
        ends = np.flatnonzero(np.diff(self.day_of_step)) + 1
        return tuple(np.split(self.load_mw, ends))

    def hourly(self) -> "LoadYear":
        """Means of whole hours, the clock of the adequacy; what is left of a last hour is the mean of that part."""
        ends_h = np.arange(len(self.load_mw) + 1) * self.step_h
        hours_h = np.append(np.arange(np.ceil(ends_h[-1] - 1e-9)), ends_h[-1])
        until_mwh = np.interp(hours_h, ends_h, np.append(0.0, np.cumsum(self.load_mw) * self.step_h))
        return LoadYear(np.asarray(np.diff(until_mwh) / np.diff(hours_h)), self.start, 1.0)

    def less(self, given_mw: Floats) -> "LoadYear":
        """The net load: what wind and sun leave to the others."""
        return LoadYear(np.asarray(self.load_mw - given_mw), self.start, self.step_h)


@dataclass(frozen=True)
class PeakEvent:
    """A run of peak steps, from `first` up to, not including, `end`."""

    first: int
    end: int

    def hours(self, step_h: float) -> float:
        return (self.end - self.first) * step_h


@dataclass(frozen=True)
class PeakHours:
    """The load above a threshold, in figures."""

    threshold: float
    """Share of the peak."""
    hours: float
    days: int
    longest_run_h: float
    above_mwh: float
    """Energy above the threshold."""
    full_load_hours: float
    """That energy over the power between the threshold and the peak."""
    top_hours: tuple[int, ...]
    """The hours of the day, at most five, in which most peak hours lie."""


def is_peak(year: LoadYear, threshold: float) -> NDArray[np.bool_]:
    """Which steps lie at or above that share of the peak."""
    return np.asarray(year.load_mw >= threshold * year.peak_mw - EPSILON_MW)


def events(year: LoadYear, threshold: float, merge_gap_h: float = 0.0) -> tuple[PeakEvent, ...]:
    """Runs of peak steps; runs no farther apart than the gap are one."""
    mask = np.concatenate(([False], is_peak(year, threshold), [False]))
    edges = np.flatnonzero(np.diff(mask.astype(int)))
    found: list[PeakEvent] = []
    for first, end in edges.reshape(-1, 2).tolist():
        if found and (first - found[-1].end) * year.step_h <= merge_gap_h + 1e-9:
            found[-1] = PeakEvent(found[-1].first, end)
        else:
            found.append(PeakEvent(first, end))
    return tuple(found)


def peak_hours(year: LoadYear, threshold: float, merge_gap_h: float = 0.0) -> PeakHours:
    """How much lies above the threshold, when, and for how long at a stretch."""
    mask = is_peak(year, threshold)
    above_mwh = float((year.load_mw[mask] - threshold * year.peak_mw).sum()) * year.step_h
    span_mw = (1 - threshold) * year.peak_mw
    return PeakHours(
        threshold=threshold,
        hours=float(mask.sum()) * year.step_h,
        days=len(np.unique(year.day_of_step[mask])),
        longest_run_h=max(event.hours(year.step_h) for event in events(year, threshold, merge_gap_h)),
        above_mwh=above_mwh,
        full_load_hours=above_mwh / span_mw if span_mw > 0 else 0.0,
        top_hours=_top_hours(year, mask),
    )


def _top_hours(year: LoadYear, mask: NDArray[np.bool_]) -> tuple[int, ...]:
    count = Counter(year.moment(int(step)).hour for step in np.flatnonzero(mask))
    # Of hours that occur equally often, the one that occurs first in the year comes first.
    return tuple(sorted(hour for hour, _ in count.most_common(5)))


def duration_curve(year: LoadYear) -> Floats:
    """The load from its highest step to its lowest."""
    return np.sort(year.load_mw)[::-1]


@dataclass(frozen=True)
class PeakValleyRates:
    """(peak - valley) / peak in every reading of 年度最大用电负荷峰谷差率."""

    annual: float
    """Highest and lowest load of the year."""
    max_day: float
    """The steepest day."""
    peak_day: float
    """The day of the annual peak."""
    mean: float
    """Over all days."""

    def read_as(self, reading: Literal["annual", "max day", "peak day"]) -> float:
        return {"annual": self.annual, "max day": self.max_day, "peak day": self.peak_day}[reading]


def peak_valley_rates(year: LoadYear) -> PeakValleyRates:
    """How steep the year and its days are."""
    daily = np.array([1 - day.min() / day.max() for day in year.days])
    return PeakValleyRates(
        annual=float(1 - year.load_mw.min() / year.peak_mw),
        max_day=float(daily.max()),
        peak_day=float(daily[year.day_of_step[year.peak_step]]),
        mean=float(daily.mean()),
    )


def peak_season(year: LoadYear) -> Season:
    """The season of the annual peak."""
    month = year.moment(year.peak_step).month
    return next(season for last, season in SEASON_ENDS if month <= last)


def worst_days(year: LoadYear, count: int) -> tuple[int, ...]:
    """The days with the highest peaks, the worst first."""
    peaks = np.array([day.max() for day in year.days])
    return tuple(int(day) for day in np.argsort(-peaks, kind="stable")[:count])

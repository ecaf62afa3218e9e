"""What was known, and when: every value has the time it is for and the time it became known.

A model sees the world only through `Known`, cut at the origin of its forecast; nothing later can leak in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from grid_models.forecast import SeriesDescription
from grid_models.quantities import Floats

Moments = NDArray[np.datetime64]
"""Absolute time, UTC, in whole seconds (`datetime64[s]`)."""
Moment = np.datetime64
FOREVER = np.datetime64("9999-12-31T00:00:00", "s")


def moment(value: datetime | str) -> Moment:
    """An aware datetime, or ISO text that is UTC, as a moment."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no offset from UTC")
        value = value.astimezone(UTC).replace(tzinfo=None).isoformat()
    return np.datetime64(value, "s")


def aware(value: Moment) -> datetime:
    """The moment as a datetime in UTC."""
    return datetime.fromtimestamp(int(value.astype("datetime64[s]").astype(np.int64)), UTC)


def steps_from(start: Moment, steps: int, step_min: int) -> Moments:
    """The beginnings of equal steps."""
    return start + np.arange(steps) * np.timedelta64(step_min * 60, "s")


@dataclass(frozen=True)
class Observed:
    """Values that were measured: sorted by time, each time once, NaN where the value is missing."""

    times: Moments
    values: Floats
    known_at: Moments

    def as_of(self, origin: Moment) -> "Observed":
        """What was known at that moment."""
        seen = self.known_at <= origin
        return Observed(self.times[seen], self.values[seen], self.known_at[seen])

    def at(self, times: Moments) -> Floats:
        """The values for these times, NaN where there is none."""
        if not len(self.times):
            return np.full(np.shape(times), np.nan)
        place = np.minimum(np.searchsorted(self.times, times), len(self.times) - 1)
        return np.where(self.times[place] == times, self.values[place], np.nan)

    @classmethod
    def promptly(cls, times: Moments, values: Floats, delay_min: float = 0.0, step_min: int = 60) -> "Observed":
        """Values that became known a fixed delay after the end of their step."""
        late = np.timedelta64(round((delay_min + step_min) * 60), "s")
        return cls(times, values, times + late)


NOTHING_OBSERVED = Observed(*(np.array([], dtype) for dtype in ("datetime64[s]", "float64", "datetime64[s]")))


@dataclass(frozen=True)
class Vintages:
    """Forecasts of some quantities by somebody, issue after issue: sorted by time, then by issue.

    All arrays have one entry per row; a row is what one issue says about one time.
    """

    times: Moments
    issued: Moments
    known_at: Moments
    values: Mapping[str, Floats]
    """Of each variable: NaN where the issue says nothing."""

    @classmethod
    def sorted(cls, times: Moments, issued: Moments, known_at: Moments, values: Mapping[str, Floats]) -> "Vintages":
        """From rows in any order."""
        order = np.lexsort((issued, times))
        return cls(times[order], issued[order], known_at[order], {name: of[order] for name, of in values.items()})

    def as_of(self, origin: Moment) -> "Vintages":
        """The issues that were known at that moment."""
        return self.rows(self.known_at <= origin)

    def rows(self, chosen: NDArray[np.bool_]) -> "Vintages":
        """The rows that are true, or listed."""
        kept = {name: of[chosen] for name, of in self.values.items()}
        return Vintages(self.times[chosen], self.issued[chosen], self.known_at[chosen], kept)

    def latest(self, times: Moments) -> dict[str, Floats]:
        """What the newest issue says about each of these times; NaN where none does."""
        if not len(self.times):
            return {name: np.full(len(times), np.nan) for name in self.values}
        last = np.maximum(np.searchsorted(self.times, times, side="right") - 1, 0)
        there = self.times[last] == times
        return {name: np.where(there, of[last], np.nan) for name, of in self.values.items()}


@dataclass(frozen=True)
class Known:
    """Everything that was known at one moment about one series and what drives it."""

    series: SeriesDescription
    origin: Moment
    observed: Observed
    weather: Mapping[str, Vintages] = field(default_factory=dict)
    """Weather forecasts by source."""
    weather_observed: Mapping[str, Observed] = field(default_factory=dict)
    """Measured weather by variable."""
    brought: Mapping[str, Vintages] = field(default_factory=dict)
    """Forecasts of this very series that others made, by their name; values keyed `mean` or by level (`0.1`)."""

    def as_of(self, origin: Moment) -> "Known":
        """The same, as it was at an earlier moment."""
        if origin > self.origin:
            raise ValueError(f"{origin} lies after what is known ({self.origin})")
        return replace(
            self,
            origin=origin,
            observed=self.observed.as_of(origin),
            weather={name: vintages.as_of(origin) for name, vintages in self.weather.items()},
            weather_observed={name: observed.as_of(origin) for name, observed in self.weather_observed.items()},
            brought={name: vintages.as_of(origin) for name, vintages in self.brought.items()},
        )

    def capacity_mw(self, times: Moments) -> Floats:
        """Installed at these times; NaN where the series has no capacity."""
        entries = self.series.capacity_mw
        if not entries:
            return np.full(len(times), np.nan)
        if len(entries) == 1:
            return np.full(len(times), entries[0].capacity_mw)
        since = np.array([moment(entry.since) for entry in entries], dtype="datetime64[s]")
        place = np.maximum(np.searchsorted(since, times, side="right") - 1, 0)
        return np.array([entry.capacity_mw for entry in entries])[place]

"""The stretch of time that a plan covers, in equal steps of absolute time."""

import math
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, Field, field_validator

from grid_models.quantities import Data, Period
from grid_models.timezones import known_timezone


class Horizon(Data):
    """Equal steps of 5 to 60 minutes; a local day of 23 or 25 hours simply has fewer or more of them."""

    start: AwareDatetime
    """The moment at which the first step begins, with its offset."""
    step_min: Annotated[int, Field(ge=5, le=60)]
    """Length of a step in minutes."""
    steps: Annotated[int, Field(ge=1, le=8784 * 12)]
    """Number of steps."""
    timezone: str = "Asia/Shanghai"
    """IANA name of the zone whose calendar days count for limits per day."""

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        return known_timezone(value)

    @classmethod
    def of_days(cls, first: date, days: int = 1, step_min: int = 60, timezone: str = "Asia/Shanghai") -> "Horizon":
        """Whole local days: 23 or 25 hours long where the clocks change."""
        zone = ZoneInfo(timezone)
        start = datetime(first.year, first.month, first.day, tzinfo=zone)
        last = first + timedelta(days=days)
        end = datetime(last.year, last.month, last.day, tzinfo=zone)
        minutes = (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds() / 60
        return cls(start=start, step_min=step_min, steps=round(minutes / step_min), timezone=timezone)

    @property
    def step_h(self) -> float:
        return self.step_min / 60

    @property
    def hours(self) -> float:
        return self.steps * self.step_h

    def __len__(self) -> int:
        return self.steps

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def moment(self, step: int) -> datetime:
        """When the step begins (`steps` itself is the end of the horizon), in local time."""
        first = self.start.astimezone(UTC)
        return (first + timedelta(minutes=self.step_min * step)).astimezone(self.zone)

    @cached_property
    def times(self) -> tuple[datetime, ...]:
        """The beginning of every step, local time with offset."""
        return tuple(self.moment(step) for step in range(self.steps))

    @property
    def end(self) -> datetime:
        return self.moment(self.steps)

    @cached_property
    def day_of_step(self) -> NDArray[np.int64]:
        """Which local calendar day each step begins in, counted from 0."""
        ordinals = np.array([moment.date().toordinal() for moment in self.times])
        days: NDArray[np.int64] = ordinals - ordinals[0]
        return days

    @property
    def days(self) -> int:
        return int(self.day_of_step[-1]) + 1

    def steps_in(self, hours: float) -> int:
        """How many steps a duration takes, rounded up (SEMANTICS: hours round up to steps)."""
        return math.ceil(hours / self.step_h - 1e-9)

    def within(self, periods: tuple[Period, ...]) -> NDArray[np.bool_]:
        """Which steps any of the periods touches."""
        touched = np.zeros(self.steps, dtype=bool)
        for period in periods:
            first = (period.start - self.start) / timedelta(minutes=self.step_min)
            last = (period.end - self.start) / timedelta(minutes=self.step_min)
            touched[max(0, math.floor(first + 1e-9)) : max(0, math.ceil(last - 1e-9))] = True
        return touched

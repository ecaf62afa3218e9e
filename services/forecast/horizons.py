"""The horizons that a dispatch centre works with: the next hours, tomorrow, the next ten days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from grid_models.forecast import SeriesDescription
from services.forecast.errors import Unusable
from services.forecast.known import Moment, Moments, aware, moment, steps_from
from services.forecast.models.base import Task

HorizonName = Literal["intraday", "day-ahead", "ten-days"]


class BeyondHorizon(Unusable):
    """No horizon reaches as far as was asked."""

    type = "/problems/beyond-horizon"
    title = "No horizon reaches so far"


@dataclass(frozen=True)
class Horizon:
    """How far, in which steps, and from which times of the day its models learn to forecast."""

    name: HorizonName
    step_min: int
    last_lead_h: float
    origins_utc_h: tuple[float, ...]
    what: str

    def step_of(self, series: SeriesDescription) -> int:
        """Steps are never finer than what is measured."""
        return max(self.step_min, series.step_min)

    def task(self, step_min: int, threads: int = 2) -> Task:
        """What models of this horizon are trained for."""
        return Task(step_min, 0.0, self.last_lead_h, self.origins_utc_h, threads=threads)

    def times(self, origin: Moment, step_min: int, timezone: str) -> Moments:
        """The steps of a forecast from this origin: tomorrow's local day, or from the next step on."""
        if self.name == "day-ahead":
            return _tomorrow(origin, step_min, timezone)
        step = np.timedelta64(step_min * 60, "s")
        since = origin - np.datetime64(0, "s")
        first = np.datetime64(0, "s") + -(-since // step) * step
        return steps_from(first, round(self.last_lead_h * 60 / step_min), step_min)


# Half past: what was measured up to the hour has arrived. 00:30 UTC is 08:30 in Beijing, before the deadline at 09:00.
_FOUR_A_DAY = (0.5, 6.5, 12.5, 18.5)

HORIZONS: Mapping[str, Horizon] = {
    horizon.name: horizon
    for horizon in (
        Horizon("intraday", 15, 4.0, (), "the next four hours, refreshed every quarter of an hour"),
        Horizon("day-ahead", 15, 48.0, _FOUR_A_DAY, "the 96 points of tomorrow's local day"),
        Horizon("ten-days", 60, 240.0, (0.5,), "ten days by the hour"),
    )
}


def horizon_of(lead_h: float, step_min: int) -> Horizon:
    """The finest horizon that reaches so far in such steps."""
    for horizon in HORIZONS.values():
        if lead_h <= horizon.last_lead_h + 1e-9 and step_min >= horizon.step_min:
            return horizon
    longest = max(horizon.last_lead_h for horizon in HORIZONS.values())
    raise BeyondHorizon(
        f"no model forecasts steps of {step_min} min up to {lead_h:g} h ahead; within 48 h steps of 15 min or more are "
        f"possible, up to {longest:g} h steps of 60 min"
    )


def _tomorrow(origin: Moment, step_min: int, timezone: str) -> Moments:
    """The local day after the origin's: 23 or 25 hours where the clocks change."""
    zone = ZoneInfo(timezone)
    today = aware(origin).astimezone(zone).date()
    begin, end = (
        moment(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC))
        for day in (today + timedelta(days=1), today + timedelta(days=2))
    )
    return np.arange(begin, end, np.timedelta64(step_min * 60, "s"))

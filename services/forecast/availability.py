"""What a forecast can rest on at its origin: is there weather, is there a recent past, did others bring a forecast?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.forecast.known import Known, Moments, Vintages
from services.forecast.models.base import Need

COVERED_AT_LEAST = 0.9
"""Share of the steps for which weather, or a brought forecast, must say something."""
RECENT_H = 72.0
"""Observations older than this say little about tomorrow."""
WEATHER_TOO_OLD_H = 48.0
WEATHER_GRID_H, BROUGHT_GRID_H = 3.0, 1.0
"""A value of a coarser forecast stands for the steps up to the next one, at most this long."""


@dataclass(frozen=True)
class Availability:
    """What there is, and in words what is missing."""

    there: frozenset[Need]
    reasons: tuple[str, ...]


def availabilities(known: Sequence[Known], times: Moments) -> list[Availability]:
    """Of several series at their origin, for these steps; weather that plants share is looked at once."""
    weather = {id(one.weather): _weather(one, times) for one in {id(one.weather): one for one in known}.values()}
    return [_availability(one, times, weather[id(one.weather)]) for one in known]


def _availability(known: Known, times: Moments, weather: str | None) -> Availability:
    missing = {"weather": weather, "history": _history(known), "brought": _brought(known, times)}
    there: frozenset[Need] = frozenset(need for need in _NEEDS if missing[need] is None)
    # Nobody is told that a forecast was not brought: most series have none.
    return Availability(there, tuple(words for need, words in missing.items() if words and need != "brought"))


_NEEDS: tuple[Need, ...] = ("weather", "history", "brought")


def _weather(known: Known, times: Moments) -> str | None:
    if not any(len(vintages.times) for vintages in known.weather.values()):
        return "there is no weather forecast"
    covered = {source: covered_share(vintages, times, WEATHER_GRID_H) for source, vintages in known.weather.items()}
    best = max(covered, key=lambda source: covered[source])
    if covered[best] < COVERED_AT_LEAST:
        return f"the weather forecast covers {covered[best]:.0%} of the steps"
    age_h = (known.origin - known.weather[best].issued.max()) / np.timedelta64(3600, "s")
    return f"the weather forecast is {age_h:.0f} h old" if age_h > WEATHER_TOO_OLD_H else None


def _history(known: Known) -> str | None:
    there = known.observed.times[np.isfinite(known.observed.values)]
    if not len(there):
        return "nothing has been observed yet"
    age_h = (known.origin - there.max()) / np.timedelta64(3600, "s")
    return f"the last observation is {age_h:.0f} h old" if age_h > RECENT_H else None


def _brought(known: Known, times: Moments) -> str | None:
    says = [covered_share(vintages, times, BROUGHT_GRID_H) for vintages in known.brought.values()]
    return None if says and max(says) >= COVERED_AT_LEAST else "nobody brought a forecast"


def covered_share(vintages: Vintages, times: Moments, grid_h: float) -> float:
    """Share of these times that lie in a grid step of the vintages about which any of them says something."""
    if not len(vintages.times):
        return 0.0
    says = np.logical_or.reduce([np.isfinite(values) for values in vintages.values.values()])
    told = np.unique(vintages.times[says])
    if not len(told):
        return 0.0
    before = told[np.maximum(np.searchsorted(told, times, side="right") - 1, 0)]
    apart = times - before
    reach = np.timedelta64(round(grid_h * 3600), "s")
    return float(np.mean((apart >= np.timedelta64(0, "s")) & (apart < reach)))

"""When people use power: the wall clock they live by, what kind of day it is, school, tariff, the light outside."""

from pathlib import Path

import numpy as np
import pandas as pd

from grid_models.forecast import SeriesDescription
from grid_models.quantities import Floats
from services.forecast.calendars.days import DayKinds, day_kinds
from services.forecast.calendars.tariffs import tariff
from services.forecast.known import Moments

Columns = dict[str, Floats]
"""Features of one number per time, by name."""

DAY = np.timedelta64(1, "D")
DAYS_PER_YEAR = 365.2425
FAR_FROM_FESTIVAL = 0


def wall_clock(times: Moments, timezone: str) -> Moments:
    """These moments as the clocks of the place show them."""
    there = pd.DatetimeIndex(times).tz_localize("UTC").tz_convert(timezone).tz_localize(None)
    local: Moments = there.to_numpy().astype("datetime64[s]")
    return local


def hour_of_day(local: Moments) -> Floats:
    """With its fraction."""
    hours: Floats = (local - local.astype("datetime64[D]")) / np.timedelta64(3600, "s")
    return hours


def day_of_year(local: Moments) -> Floats:
    days: Floats = (local.astype("datetime64[D]") - local.astype("datetime64[Y]")) / DAY
    return days


def calendar_columns(times: Moments, series: SeriesDescription, overrides: Path | None = None) -> Columns:
    """Of each time: the hour, the season, and what kind of day it, the day before and the day after are."""
    local = wall_clock(times, series.timezone)
    dates = local.astype("datetime64[D]")
    yesterday, tomorrow = (wall_clock(times + shift * DAY, series.timezone) for shift in (-1, 1))
    kinds, before, after = (day_kinds(of, series.region, overrides) for of in (dates, yesterday, tomorrow))
    hour, weekday = hour_of_day(local), kinds.weekday.astype(np.float64)
    columns = {
        "hour": hour,
        "weekday": weekday,
        "hour_of_week": hour + 24 * weekday,
        "free": kinds.free.astype(np.float64),
        "free_before": before.free.astype(np.float64),
        "free_after": after.free.astype(np.float64),
        "holiday": kinds.off.astype(np.float64),
        "holiday_before": before.off.astype(np.float64),
        "holiday_after": after.off.astype(np.float64),
        "holiday_rank": kinds.rank.astype(np.float64),
        "made_up": kinds.made_up.astype(np.float64),
        "bridge": kinds.bridge.astype(np.float64),
        "school_out": kinds.school_out.astype(np.float64),
        "lunar_days": kinds.lunar_days,
        "festival": _festival_number(kinds),
    }
    return columns | _season(local) | _dear_hours(local, kinds, series)


def years_since_2000(times: Moments) -> Floats:
    """For trends."""
    years: Floats = (times - np.datetime64("2000-01-01")) / DAY / DAYS_PER_YEAR
    return years


def _season(local: Moments) -> Columns:
    day = day_of_year(local)
    angle = 2 * np.pi * (day + hour_of_day(local) / 24) / DAYS_PER_YEAR
    waves = {
        f"year_{name}_{k}": wave(k * angle) for k in (1, 2, 3) for name, wave in (("sin", np.sin), ("cos", np.cos))
    }
    return {"day_of_year": day, **waves}


def _festival_number(kinds: DayKinds) -> Floats:
    """A number that stays the same for the same festival whatever else is in the data."""
    names, place = np.unique(kinds.festival, return_inverse=True)
    numbers = np.array([sum(name.encode()) % 97 if name else FAR_FROM_FESTIVAL for name in names], dtype=np.float64)
    festival: Floats = numbers[place]
    return festival


def _dear_hours(local: Moments, kinds: DayKinds, series: SeriesDescription) -> Columns:
    found = tariff(series.region)
    if found is None:
        return {}
    return {"tariff": found.at(local)}


def sun_columns(times: Moments, series: SeriesDescription) -> Columns:
    """How high the sun stands: roof-top panels that nobody meters lower the load by it; none without a place.

    Sine of the elevation from the declination of Cooper (1969) and the hour angle; a minute of error does not matter.
    """
    if series.latitude is None or series.longitude is None:
        return {}
    middle = times.astype("datetime64[s]")
    turn = np.radians(series.longitude + 360 * hour_of_day(middle) / 24 - 180)
    declination = np.radians(23.45 * np.sin(2 * np.pi * (284 + day_of_year(middle) + 1) / 365))
    latitude = np.radians(series.latitude)
    high = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(turn)
    return {"sun": np.maximum(high, 0.0)}

"""What kind of day each day is for the people of a region."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.forecast.calendars import china, lunar, schools, tariffs
from services.forecast.calendars.notices import Days, Special, noticed
from services.forecast.calendars.overriding import named
from services.forecast.calendars.rules import SPAIN, US, ruled
from services.forecast.calendars.schools import school_is_out, terms

Dates = NDArray[np.datetime64]
"""Days of the wall calendar (`datetime64[D]`)."""


@dataclass(frozen=True)
class Region:
    """Whose holidays count, and whose school terms."""

    special_days: Callable[[int], Days]
    country: str
    """Whose school terms count where the region has none of its own."""
    lunar: bool = False


CHINA = Region(china.special_days, "China", lunar=True)
REGIONS = {
    "China": CHINA,
    "US": Region(partial(ruled, US), "US"),
    "Spain": Region(partial(ruled, SPAIN), "Spain"),
}
NO_LUNAR_DAYS = 99
OVERRIDES = "GRIDFLEX_FORECAST_HOLIDAYS"


@dataclass(frozen=True)
class DayKinds:
    """One entry per day."""

    weekday: NDArray[np.int64]
    """0 is Monday."""
    off: NDArray[np.bool_]
    """A holiday that was announced or follows from a rule; weekend days within it included."""
    made_up: NDArray[np.bool_]
    """A weekend day that is worked."""
    free: NDArray[np.bool_]
    """People are at home: a holiday, or a weekend day that is not made up."""
    festival: NDArray[np.str_]
    """The name of the festival to which a day off or a made-up day belongs; empty for usual days."""
    rank: NDArray[np.int64]
    """Of the days of one holiday the first is 1; 0 for usual days."""
    bridge: NDArray[np.bool_]
    """A single workday between two free ones: many take it off."""
    school_out: NDArray[np.bool_]
    lunar_days: Floats
    """From the nearest Spring Festival, within 30 days; 99 elsewhere and where nobody keeps it."""
    estimated: NDArray[np.bool_]
    """The year was not announced when this was written: its holidays are worked out by the rules."""


def day_kinds(dates: Dates, region: str | None = None, overrides: Path | None = None) -> DayKinds:
    """What kind of day each of these is; a region that nobody wrote rules for is taken as mainland China's.

    `overrides` is a file in the form of `china.csv`, whose entries take precedence; without it the file that the
    environment names in `GRIDFLEX_FORECAST_HOLIDAYS` does, so that training processes see the same days.
    """
    overrides = overrides or named(OVERRIDES)
    of = REGIONS.get(region or "China", CHINA)
    days, place = np.unique(dates.astype("datetime64[D]"), return_inverse=True)
    if not len(days):
        return _kinds((), of, region, overrides)
    told = _kinds(tuple(days.tolist()), of, region, overrides)
    return DayKinds(**{name: values[place] for name, values in vars(told).items()})


def check_overrides() -> None:
    """Reads what the environment names: better a refusal to start than a fault in the first training."""
    for read, variable in ((noticed, OVERRIDES), (terms, schools.OVERRIDES), (tariffs.tariffs, tariffs.OVERRIDES)):
        path = named(variable)
        if path is not None:
            read(path)


def _kinds(days: tuple[date, ...], region: Region, name: str | None, overrides: Path | None) -> DayKinds:
    special = _Specials(region, noticed(overrides) if overrides else {})
    of = [special.on(day) for day in days]
    free = np.array([special.free(day) for day in days], dtype=bool)
    return DayKinds(
        weekday=np.array([day.weekday() for day in days], dtype=np.int64),
        off=np.array([one.kind == "off" for one in of], dtype=bool),
        made_up=np.array([one.kind == "work" for one in of], dtype=bool),
        free=free,
        festival=np.array([one.festival for one in of], dtype=np.str_),
        rank=np.array([special.rank(day) for day in days], dtype=np.int64),
        bridge=np.array([not special.free(day) and special.bridges(day) for day in days], dtype=bool),
        school_out=np.array([school_is_out(day, name or region.country, region.country) for day in days], dtype=bool),
        lunar_days=np.array([_lunar_days(day) if region.lunar else NO_LUNAR_DAYS for day in days], dtype=np.float64),
        estimated=np.array(
            [
                one.estimated or (region.lunar and not china.is_announced(day.year))
                for day, one in zip(days, of, strict=True)
            ],
            dtype=bool,
        ),
    )


USUAL = Special("usual", "")


@dataclass(frozen=True)
class _Specials:
    """The special days of a region, with what a user says on top."""

    region: Region
    overrides: Days

    def on(self, day: date) -> Special:
        told = self.overrides.get(day) or self.region.special_days(day.year).get(day, USUAL)
        return USUAL if told.kind == "usual" else told

    def free(self, day: date) -> bool:
        kind = self.on(day).kind
        return kind == "off" or (kind != "work" and day.weekday() >= 5)

    def bridges(self, day: date) -> bool:
        before, after = day - timedelta(1), day + timedelta(1)
        near_holiday = "off" in (self.on(before).kind, self.on(after).kind)
        return near_holiday and self.free(before) and self.free(after)

    def rank(self, day: date) -> int:
        """How many days of the same holiday there are up to this one."""
        festival, rank = self.on(day).festival, 0
        while self.on(day).kind == "off" and self.on(day).festival == festival:
            day, rank = day - timedelta(1), rank + 1
        return rank


def _lunar_days(day: date) -> int:
    near = [(day - lunar.NEW_YEARS[year]).days for year in (day.year, day.year + 1) if year in lunar.NEW_YEARS]
    closest = min(near, key=abs, default=NO_LUNAR_DAYS)
    return closest if abs(closest) <= 30 else NO_LUNAR_DAYS

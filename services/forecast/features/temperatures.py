"""Measured temperatures around a load: which stations tell most, what is usual, how long an odd day is remembered."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.forecast.features.people import DAYS_PER_YEAR, day_of_year, hour_of_day, wall_clock
from services.forecast.features.temperature_memory import without_gaps
from services.forecast.known import Known, Moment, Moments, steps_from

TEMPERATURE = "temperature"
"""Variables whose name begins so are temperatures, one for each station."""
ANCHOR_H = 12
"""The mean departure of the last half day is what the coming days remember."""
REMEMBERED_H = 240
STATIONS_MAX = 10


@dataclass(frozen=True)
class Stations:
    """Temperatures of several stations on one even grid of time, gaps filled: stations x steps."""

    names: tuple[str, ...]
    start: Moment
    step_min: int
    values: Floats

    @property
    def times(self) -> Moments:
        return steps_from(self.start, self.values.shape[1], self.step_min)

    def mean(self, names: Sequence[str]) -> Floats:
        """Of these stations; of all if none of them is there."""
        chosen = [place for place, name in enumerate(self.names) if name in names]
        temperature: Floats = self.values[chosen or slice(None)].mean(axis=0)
        return temperature


def stations(known: Known, step_min: int) -> Stations | None:
    """What was measured up to the origin; None where nobody measures."""
    found = {
        name: of
        for name, of in sorted(known.weather_observed.items())
        if name.startswith(TEMPERATURE) and np.isfinite(of.values).any()
    }
    if not found:
        return None
    start = min(of.times[0] for of in found.values())
    end = max(of.times[-1] for of in found.values())
    steps = int((end - start) / np.timedelta64(step_min, "m")) + 1
    times = steps_from(start, steps, step_min)
    return Stations(tuple(found), start, step_min, without_gaps(np.stack([of.at(times) for of in found.values()])))


def telling_stations(of: Stations, load: Floats, local: Moments) -> tuple[str, ...]:
    """The stations whose temperature alone explains the load best, hour by hour (Hong, Wang and White 2015)."""
    there = np.isfinite(load)
    hour = hour_of_day(local).astype(int)[there]
    month = local[there].astype("datetime64[M]").astype(int) % 12
    months = (month[:, None] == np.arange(11)).astype(np.float64)
    misses = [_miss(temperature[there], months, load[there], hour) for temperature in of.values]
    return tuple(of.names[place] for place in np.argsort(misses)[:STATIONS_MAX])


def _miss(temperature: Floats, months: Floats, load: Floats, hour: NDArray[np.int64]) -> float:
    scaled = (temperature - temperature.mean()) / max(float(temperature.std()), 1e-9)
    design = np.column_stack([np.ones_like(scaled), scaled, scaled**2, scaled**3, months])
    rows = (np.flatnonzero(hour == one) for one in range(24))
    return float(sum(_residual(design[mine], load[mine]) for mine in rows if len(mine)))


def _residual(design: Floats, actual: Floats) -> float:
    slopes = np.linalg.lstsq(design, actual, rcond=None)[0]
    return float(np.abs(actual - design @ slopes).sum())


@dataclass(frozen=True)
class Climate:
    """The usual temperature by season and hour, and how far from it days usually are: Fourier coefficients."""

    usual: Floats
    log_spread: Floats
    timezone: str

    def at(self, times: Moments) -> tuple[Floats, Floats]:
        """Usual temperature and spread at these times."""
        local = wall_clock(times, self.timezone)
        return _waves(local, 3, 3) @ self.usual, np.exp(_waves(local, 2, 1) @ self.log_spread)


def climate(times: Moments, temperature: Floats, timezone: str) -> Climate:
    local = wall_clock(times, timezone)
    waves = _waves(local, 3, 3)
    usual = np.linalg.lstsq(waves, temperature, rcond=None)[0]
    departure = np.log(np.abs(temperature - waves @ usual) + 1)
    log_spread = np.linalg.lstsq(_waves(local, 2, 1), departure, rcond=None)[0]
    return Climate(np.asarray(usual, dtype=np.float64), np.asarray(log_spread, dtype=np.float64), timezone)


def _waves(local: Moments, of_year: int, of_day: int) -> Floats:
    """Products of waves over the year and waves over the day."""
    year, day = 2 * np.pi * day_of_year(local) / DAYS_PER_YEAR, 2 * np.pi * hour_of_day(local) / 24
    first, second = _harmonics(year, of_year), _harmonics(day, of_day)
    products: Floats = (first[:, :, None] * second[:, None, :]).reshape(len(local), -1)
    return products


def _harmonics(angle: Floats, count: int) -> Floats:
    waves = [wave(k * angle) for k in range(1, count + 1) for wave in (np.sin, np.cos)]
    return np.column_stack([np.ones_like(angle), *waves])


def memory_of_weather(departure: Floats, step_min: int) -> Floats:
    """How much of the last half day's departure is left at each step from now: least squares over all days before.

    `departure` [steps] from the usual temperature, ending now; nothing is left after ten days.
    """
    per_h = 60 // step_min
    anchor, ahead = ANCHOR_H * per_h, REMEMBERED_H * per_h
    nows = np.arange(len(departure) - ahead, anchor, -24 * per_h)
    if len(nows) < 60:
        return np.zeros(0)
    last = np.array([departure[now - anchor : now].mean() for now in nows])
    following = np.stack([departure[now : now + ahead] for now in nows])
    left: Floats = np.clip(last @ following / (last @ last), 0.0, 1.0)
    return left

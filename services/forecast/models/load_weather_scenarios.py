"""Load where nobody forecasts the weather: every past year's weather is tried on what the load makes of weather.

Temperature scenarios (Hong, Wilson and Xie 2014; Xie and Hong 2018 on shifted dates) are the departures of past years
from the usual, moved by some days to either side. Each starts from the weather of the last hours and forgets it as
weather does. A model of load by temperature - trees and a regression for each hour, averaged - turns them into loads;
its own errors on a year that it had not seen are spread around each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from grid_models.forecast import SeriesDescription, SeriesKind
from grid_models.quantities import Floats
from services.forecast.features.people import (
    DAY,
    DAYS_PER_YEAR,
    wall_clock,
)
from services.forecast.features.temperature_memory import MEMORY_H
from services.forecast.features.temperatures import (
    Stations,
    climate,
    memory_of_weather,
    stations,
    telling_stations,
)
from services.forecast.known import Known, Moments, steps_from
from services.forecast.models.base import Need, NotEnoughHistory, Task, Trained
from services.forecast.models.kept import packed, unpacked
from services.forecast.models.load_by_temperature import LoadByTemperature, load_by_temperature
from services.forecast.probabilistic.conformal import widened
from services.forecast.probabilistic.quantile_functions import rising

SHIFTS_D = (0, -2, 2, -4, 4, -7, 7, -10, 10, -14, 14, -21, 21, -28, 28, -35, 35)
"""Days by which the weather of a past year is moved: each is one more year that might have been."""
LEAST_DAYS = 365
HELD_BACK_D = 365
"""The errors of the model are those on its last year, learned from the years before."""
SPELLS_PER_YEAR = 4.0
"""Spells of weather in the month or two around a date that tell as much as independent draws would."""
ERROR_LEVELS = (np.arange(20) + 0.5) / 20


@dataclass(frozen=True)
class OfSeries:
    """What was learned about one load."""

    stations: tuple[str, ...]
    model: LoadByTemperature
    errors: Floats
    """Of the logarithm of load, with the weather known: seasons x levels."""


@dataclass(frozen=True)
class TrainedWeatherScenarios:
    """The loads that it has learned, by name."""

    step_min: int
    of: dict[str, OfSeries]

    def quantiles(self, known: Sequence[Known], times: Moments, levels: Floats) -> Floats:
        return np.stack([self._of_one(one, times, levels) for one in known])

    def scenarios(self, known: Known, times: Moments) -> Floats:
        """The load under each weather, without the errors of the model: scenarios x times."""
        of = self.of[known.series.name]
        measured = stations(known, self.step_min)
        if measured is None:
            raise NotEnoughHistory(f"{known.series.name}: no measured temperature before {known.origin}")
        temperature, ahead = weathers(measured, of.stations, known.series, times)
        return np.exp(np.stack([of.model(row, ahead, known.series, times) for row in temperature]))

    def _of_one(self, known: Known, times: Moments, levels: Floats) -> Floats:
        loads_mw = self.scenarios(known, times)
        errors = self.of[known.series.name].errors[season(wall_clock(times, known.series.timezone))]
        spread_mw = loads_mw[:, None, :] * np.exp(errors.T[None])
        quantiles = np.quantile(spread_mw.reshape(-1, len(times)), levels, axis=0)
        return widened(rising(np.asarray(quantiles.T)), levels, SPELLS_PER_YEAR * _years(known))

    def to_bytes(self) -> bytes:
        arrays: dict[str, Floats] = {}
        about = {}
        for place, (name, of) in enumerate(self.of.items()):
            arrays[f"errors {place}"] = of.errors
            arrays |= {f"{part} {place}": array for part, array in of.model.to_arrays().items()}
            about[name] = {"stations": of.stations, "model": of.model.to_document()}
        return packed({"step_min": self.step_min, "of": about}, arrays)

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self:
        document, arrays = unpacked(kept)
        of = {}
        for place, (name, about) in enumerate(document["of"].items()):
            mine = {key.rsplit(" ", 1)[0]: array for key, array in arrays.items() if key.endswith(f" {place}")}
            model = LoadByTemperature.from_kept(about["model"], mine)
            of[name] = OfSeries(tuple(about["stations"]), model, mine["errors"])
        return cls(document["step_min"], of)


class LoadWeatherScenarios:
    """Needs years of load, and measured temperatures up to the origin; those may begin years before the load does."""

    name: ClassVar[str] = "load_weather_scenarios"
    kinds: ClassVar[frozenset[SeriesKind]] = frozenset({"load"})
    needs: ClassVar[frozenset[Need]] = frozenset()
    trained: ClassVar[type[Trained]] = TrainedWeatherScenarios

    def train(self, known: Sequence[Known], task: Task) -> TrainedWeatherScenarios:
        return TrainedWeatherScenarios(task.step_min, {one.series.name: _learned(one, task) for one in known})


def _learned(known: Known, task: Task) -> OfSeries:
    measured = stations(known, task.step_min)
    if measured is None:
        raise NotEnoughHistory(f"{known.series.name}: no measured temperature; name one temperature_c, say")
    load_mw = known.observed.at(measured.times)
    load_mw[load_mw <= 0] = np.nan
    if task.train_from is not None:
        load_mw[measured.times < task.train_from] = np.nan
    times = measured.times[np.isfinite(load_mw)]
    if len(times) < LEAST_DAYS * 1440 / task.step_min:
        raise NotEnoughHistory(f"{known.series.name}: needs a year of load with temperature, has {len(times)} steps")
    names = telling_stations(measured, load_mw, wall_clock(measured.times, known.series.timezone))
    temperature = measured.mean(names)
    errors = _errors(known.series, measured.times, temperature, load_mw, task)
    return OfSeries(names, load_by_temperature(known.series, measured.times, temperature, load_mw, task), errors)


def _errors(series: SeriesDescription, times: Moments, temperature: Floats, load_mw: Floats, task: Task) -> Floats:
    """Quantiles of what the model was wrong by on its last year; with little history, its last quarter."""
    there = times[np.isfinite(load_mw)]
    span = min(HELD_BACK_D * DAY, (there[-1] - there[0]) // 4)
    cut = there[-1] - span
    model = load_by_temperature(series, times, temperature, np.where(times < cut, load_mw, np.nan), task)
    late = np.flatnonzero((times >= cut) & np.isfinite(load_mw))
    said = model(temperature, int(late[0]), series, times[late[0] : late[-1] + 1])[late - late[0]]
    missed = np.log(load_mw[late]) - said
    # Growth that the model missed last year it has learned by now; what it missed of a season may come again.
    missed = missed - missed.mean()
    of_season = season(wall_clock(times[late], series.timezone))
    whole = np.quantile(missed, ERROR_LEVELS)
    return np.stack([_error_quantiles(missed[of_season == one], whole) for one in range(4)])


def _error_quantiles(missed: Floats, whole: Floats) -> Floats:
    """Of one season, put about zero by turning it over too: a bias of last year may be the opposite this year."""
    if len(missed) < 24 * 20:
        return whole
    own: Floats = np.quantile(np.concatenate([missed, -missed]), ERROR_LEVELS)
    return own


def _years(known: Known) -> float:
    """Of measured weather."""
    first = min(of.times[0] for of in known.weather_observed.values() if len(of.times))
    return float((known.origin - first) / DAY / DAYS_PER_YEAR)


def season(local: Moments) -> np.ndarray:
    """0 for December to February, and so on."""
    of: np.ndarray = (local.astype("datetime64[M]").astype(int) % 12 + 1) % 12 // 3
    return of


def weathers(
    measured: Stations, names: tuple[str, ...], series: SeriesDescription, times: Moments
) -> tuple[Floats, int]:
    """Temperatures [scenarios, steps] up to the last time asked, and at which step the first time asked lies.

    What was measured comes first, as far back as features look; then the scenario.
    """
    temperature = measured.mean(names)
    per_day = 1440 // measured.step_min
    first = len(temperature)
    steps = int((times[-1] - measured.start) / np.timedelta64(measured.step_min, "m")) + 1 - first
    usual, spread = climate(measured.times, temperature, series.timezone).at(
        steps_from(measured.start, first + max(steps, 0), measured.step_min)
    )
    departure = (temperature - usual[:first]) / spread[:first]
    memory = np.zeros(max(steps, 0))
    left = memory_of_weather(departure, measured.step_min)[: len(memory)]
    memory[: len(left)] = left
    back = min(MEMORY_H * per_day // 24, first)
    known_part = temperature[first - back :]
    futures = _futures(departure, len(memory), memory, per_day)
    ahead = usual[first:] + spread[first:] * futures
    rows = np.concatenate([np.broadcast_to(known_part, (len(ahead), back)), ahead], axis=1)
    begin = int((times[0] - measured.start) / np.timedelta64(measured.step_min, "m")) - (first - back)
    return rows, begin


def _futures(departure: Floats, steps: int, memory: Floats, per_day: int) -> Floats:
    """Departures [scenarios, steps] of the same season in every year before, moved and made to start from today's."""
    now, anchor = len(departure), per_day // 2
    years = int(now / per_day / DAYS_PER_YEAR) + 1
    starts = (
        now + (shift - round(year * DAYS_PER_YEAR)) * per_day for year in range(1, years + 1) for shift in SHIFTS_D
    )
    fit = [start for start in starts if anchor <= start and start + steps <= now]
    if not fit:
        raise NotEnoughHistory("temperatures must reach back a year and the length of the forecast")
    today = departure[now - anchor :].mean()
    return np.stack(
        [
            departure[start : start + steps] + memory * (today - departure[start - anchor : start].mean())
            for start in fit
        ]
    )

"""How the peak of a day follows its weather, apart from the season and the days of rest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.assessment.peaks import EPSILON_MW, LoadYear

COMFORT_C = (18.0, 24.0)
"""Heating begins below the first, cooling above the second: usual bounds of degree days."""
LEAST_DAYS = 20
"""Beyond comfort: fewer say nothing of heat or cold."""
SATURDAY = 5
FAR_BELOW = 5.0
"""Times the usual distance (median): over three standard deviations of a normal spread."""
ROUNDS = 4


@dataclass(frozen=True)
class WeatherSensitivity:
    """What a degree adds to the peak of a day in the same month."""

    base_mw: float
    """Peak of a mild working day, mean over the months."""
    cooling_mw_per_c: float | None
    heating_mw_per_c: float | None
    """None: too few days are that warm or cold, or the load does not rise with it."""
    explained: float
    """Share of the variance of the daily peaks that have a say, by month, days of rest and weather together."""


def weather_sensitivity(
    year: LoadYear, temperature_c: Floats, comfort_c: tuple[float, float] = COMFORT_C
) -> WeatherSensitivity:
    """Least squares of the days' peaks on the degrees of their mean above and below comfort, month by month.

    A level of each month keeps what industry does over the year from being taken for heat or cold; days far below what
    calendar and weather explain, such as those of the Spring Festival, have no say.
    """
    days = range(len(year.days))
    means = np.array([temperature_c[year.day_of_step == day].mean() for day in days])
    peaks = np.array([day.max() for day in year.days])
    degrees = {"warm": np.maximum(0, means - comfort_c[1]), "cold": np.maximum(0, comfort_c[0] - means)}
    felt = {name: values for name, values in degrees.items() if (values > 0).sum() >= LEAST_DAYS}
    levels = _calendar(year)
    features = np.column_stack([levels, *felt.values()])
    factors, counted = _fitted(features, peaks)
    found = dict(zip(felt, factors[levels.shape[1] :].tolist(), strict=True))
    of_weather = {name: mw_per_c for name, mw_per_c in found.items() if mw_per_c >= 0}
    spread = float(((peaks - peaks.mean())[counted] ** 2).sum())
    left = float(((peaks - features @ factors)[counted] ** 2).sum())
    return WeatherSensitivity(
        base_mw=float((levels[:, :-1] @ factors[: levels.shape[1] - 1]).mean()),
        cooling_mw_per_c=of_weather.get("warm"),
        heating_mw_per_c=of_weather.get("cold"),
        explained=1 - left / spread if spread else 0.0,
    )


def _fitted(features: Floats, peaks: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Least squares over the days that are not far below it, and which days those are."""
    counted = np.ones(len(peaks), dtype=bool)
    for _ in range(ROUNDS):
        factors, *_ = np.linalg.lstsq(features[counted], peaks[counted], rcond=None)
        away = peaks - features @ factors
        usual = float(np.median(np.abs(away[counted])))
        counted = away >= -FAR_BELOW * usual - EPSILON_MW
    return np.asarray(factors), counted


def _calendar(year: LoadYear) -> Floats:
    """A column for every month that there is, and one for days of rest; days x columns."""
    firsts = np.searchsorted(year.day_of_step, np.arange(len(year.days)))
    moments = [year.moment(int(first)) for first in firsts]
    months = np.array([moment.month for moment in moments])
    rest = np.array([moment.weekday() >= SATURDAY for moment in moments], dtype=float)
    there = np.unique(months)
    return np.column_stack([(months[:, None] == there[None, :]).astype(float), rest])

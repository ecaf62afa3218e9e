"""How the peak of a day follows its weather, apart from the season and the days of rest."""

from dataclasses import dataclass

import numpy as np

from grid_models.quantities import Floats
from services.dispatch.assessment.peaks import LoadYear

COMFORT_C = (18.0, 24.0)
"""Heating begins below the first, cooling above the second: usual bounds of degree days."""
LEAST_DAYS = 20
"""Beyond comfort: fewer say nothing of heat or cold."""
SATURDAY = 5


@dataclass(frozen=True)
class WeatherSensitivity:
    """What a degree adds to the peak of a day in the same month."""

    base_mw: float
    """Peak of a mild working day, mean over the months."""
    cooling_mw_per_c: float | None
    heating_mw_per_c: float | None
    """None: too few days are that warm or cold."""
    explained: float
    """Share of the variance of daily peaks, by month, days of rest and weather together."""


def weather_sensitivity(
    year: LoadYear, temperature_c: Floats, comfort_c: tuple[float, float] = COMFORT_C
) -> WeatherSensitivity:
    """Least squares of the days' peaks on the degrees of their mean above and below comfort, month by month.

    A level of each month keeps what industry and holidays do over the year from being taken for heat or cold.
    """
    days = range(len(year.days))
    means = np.array([temperature_c[year.day_of_step == day].mean() for day in days])
    peaks = np.array([day.max() for day in year.days])
    degrees = {"warm": np.maximum(0, means - comfort_c[1]), "cold": np.maximum(0, comfort_c[0] - means)}
    felt = {name: values for name, values in degrees.items() if (values > 0).sum() >= LEAST_DAYS}
    levels = _calendar(year)
    features = np.column_stack([levels, *felt.values()])
    factors, *_ = np.linalg.lstsq(features, peaks, rcond=None)
    of_weather = dict(zip(felt, factors[levels.shape[1] :].tolist(), strict=True))
    spread = float(((peaks - peaks.mean()) ** 2).sum())
    left = float(((peaks - features @ factors) ** 2).sum())
    return WeatherSensitivity(
        base_mw=float((levels[:, :-1] @ factors[: levels.shape[1] - 1]).mean()),
        cooling_mw_per_c=of_weather.get("warm"),
        heating_mw_per_c=of_weather.get("cold"),
        explained=1 - left / spread if spread else 0.0,
    )


def _calendar(year: LoadYear) -> Floats:
    """A column for every month that there is, and one for days of rest; days x columns."""
    firsts = np.searchsorted(year.day_of_step, np.arange(len(year.days)))
    moments = [year.moment(int(first)) for first in firsts]
    months = np.array([moment.month for moment in moments])
    rest = np.array([moment.weekday() >= SATURDAY for moment in moments], dtype=float)
    there = np.unique(months)
    return np.column_stack([(months[:, None] == there[None, :]).astype(float), rest])

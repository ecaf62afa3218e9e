"""A small town whose load follows the clock, the weekday and the temperature, and an operator who is always 5 % low."""

from dataclasses import replace

import numpy as np

from grid_models.forecast import SeriesDescription
from services.forecast.known import Known, Observed, Vintages

START = np.datetime64("2021-01-01T00:00:00", "s")
HOUR, DAY = np.timedelta64(3600, "s"), np.timedelta64(86_400, "s")


def temperature_c(hours):
    """Seasons, days, and weather that lasts for some days."""
    chance = np.random.default_rng(5)
    weather = np.convolve(chance.normal(size=len(hours) + 99), np.exp(-np.arange(100) / 40), "valid")
    season = -12 * np.cos(2 * np.pi * hours / 8766) - 4 * np.cos(2 * np.pi * hours / 24)
    return 14 + season + 0.8 * weather


def load_mw(hours, temperature):
    weekday = (START + hours * HOUR).astype("datetime64[D]").view("int64") % 7
    workday = np.isin(weekday, (4, 5, 6, 0, 1))  # 1 January 1970 was a Thursday
    clock = 100 + 20 * np.sin(2 * np.pi * (hours % 24 - 8) / 24) + 10 * workday
    return clock + 0.15 * (temperature - 16) ** 2


def town(days: int) -> Known:
    """All that will ever be known of it."""
    hours = np.arange(days * 24)
    times = START + hours * HOUR
    temperature = temperature_c(hours)
    load = load_mw(hours, temperature) + np.random.default_rng(6).normal(size=len(hours))
    said = 0.95 * load * np.exp(np.random.default_rng(7).normal(size=len(hours)) * 0.01)
    issued = times.astype("datetime64[D]").astype("datetime64[s]") - 6 * HOUR
    return Known(
        SeriesDescription(name="town", kind="load", step_min=60, timezone="Asia/Shanghai"),
        times[-1] + 100 * DAY,
        Observed.promptly(times, load),
        weather_observed={"temperature_c": Observed.promptly(times, temperature)},
        brought={"operator": Vintages.sorted(times, issued, issued, {"mean": said})},
    )


def poisoned(known: Known, after: np.datetime64) -> Known:
    """The same, but everything that became known later is nonsense."""

    def observed(of: Observed) -> Observed:
        return replace(of, values=np.where(of.known_at > after, 1e6, of.values))

    def vintages(of: Vintages) -> Vintages:
        return replace(of, values={name: np.where(of.known_at > after, 1e6, one) for name, one in of.values.items()})

    return replace(
        known,
        observed=observed(known.observed),
        weather={name: vintages(of) for name, of in known.weather.items()},
        weather_observed={name: observed(of) for name, of in known.weather_observed.items()},
        brought={name: vintages(of) for name, of in known.brought.items()},
    )

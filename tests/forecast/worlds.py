"""Small worlds for the tests of the store and what stands on it: hours are counted from the beginning of 2024."""

import numpy as np

from grid_models.forecast import SeriesDescription
from services.forecast.store import Arrivals, Readings, Store, WeatherIssue

START = np.datetime64("2024-01-01T00:00:00", "s")


def at(hours):
    return START + np.timedelta64(round(hours * 3600), "s")


def describe(store: Store, *names: str, **fields):
    described = {"kind": "load", "step_min": 60} | fields
    store.series.put([SeriesDescription(name=name, **described) for name in names], START)


def arrivals(rows, assumed=False) -> Arrivals:
    """From (hour, value, hour at which it became known)."""
    hours, values, known = zip(*rows, strict=True) if rows else ((), (), ())
    times, known_at = (np.array([at(hour) for hour in some], "datetime64[s]") for some in (hours, known))
    readings = Readings.of(times, np.array(values, dtype=float), known_at)
    return Arrivals(readings, np.full(len(readings), assumed))


def weather(series, source, issued, known, steps, value) -> WeatherIssue:
    """An issue that says one value for so many hours from its beginning on."""
    times = np.array([at(issued + step) for step in range(steps)], "datetime64[s]")
    return WeatherIssue(series, source, at(issued), at(known), times, np.full(steps, float(value)))

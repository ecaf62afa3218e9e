"""Fills an empty store with the made-up past of a province, so that there is something to train on."""

from datetime import date

import numpy as np

from grid_models.provinces import PROVINCES
from grid_models.provinces.card import read_card
from grid_models.provinces.history import STEP_MIN, WEATHER_LEAD_H, history
from services.forecast.errors import Unusable
from services.forecast.known import steps_from
from services.forecast.store import Store
from services.forecast.store.observations import Arrivals, Readings
from services.forecast.store.weather import WeatherIssue

SOURCE = "synthetic"


def seed(store: Store, province: str, end: date, days: int = 730, seed_number: int = 1) -> tuple[str, ...]:
    """Describes and fills all series of the province up to `end` (local time); the names of what can be forecast."""
    if province not in PROVINCES:
        raise Unusable(f"{province} is not a built-in province; there are {', '.join(PROVINCES)}")
    past = history(read_card(province), end, days, seed_number)
    beginning = past.times[0] - np.timedelta64(30, "D")
    store.series.put(past.series, beginning)
    late = np.timedelta64(2 * STEP_MIN * 60, "s")
    nobody_said = np.zeros(len(past.times), dtype=bool)
    for name, values in past.observed.items():
        readings = Readings.of(past.times, values, past.times + late)
        store.observations.add({name: Arrivals(readings, nobody_said)}, past.times[-1] + late)
    for name, said in past.weather.items():
        store.weather.add(
            WeatherIssue(name, SOURCE, issued, known_at, steps_from(issued, WEATHER_LEAD_H, 60), values)
            for issued, known_at, values in zip(said.issued, said.known_at, said.values, strict=True)
        )
    return tuple(past.observed)

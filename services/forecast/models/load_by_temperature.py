"""What the load is when the temperature is known: trees and a regression for each hour of the day, averaged.

The regression is Tao Hong's vanilla benchmark with recency: polynomials of temperature now and before, season and kind
of day. Trees find what no polynomial says; the average is better than either.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from grid_models.forecast import SeriesDescription
from grid_models.quantities import Floats
from services.forecast.features.people import Columns, calendar_columns, years_since_2000
from services.forecast.features.temperature_memory import MEMORY_H, memory_columns
from services.forecast.known import Moments
from services.forecast.models.base import Task
from services.forecast.models.ridge import ByHour, by_hour
from services.forecast.models.trees import Trees, trees

TREES = {
    "learning_rate": 0.05,
    "num_leaves": 31,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "min_data_in_leaf": 40,
}
ROUNDS = 300
REIN = 1e-3
HALF_LIFE_YEARS = 3.0
"""For the regression, which cannot tell old years from new ones except by a straight trend."""
CURVED = ("", "_3h_ago", "_12h_ago", "_mean_24h", "_mean_24h_1d_ago", "_mean_72h", "_mean_168h")


@dataclass(frozen=True)
class LoadByTemperature:
    """Says the logarithm of load."""

    trees: Trees
    regression: ByHour
    centre: float
    """A mild temperature, and how far from it temperatures are: polynomials are of the standardised temperature."""
    scale: float

    def __call__(self, temperature: Floats, first: int, series: SeriesDescription, times: Moments) -> Floats:
        """At these times, which are equal steps; the temperature [steps] has the first of them at `first`."""
        columns = _columns(temperature, series, times, first)
        matrix = np.column_stack(list(columns.values()))
        design = _design(columns, self.centre, self.scale)
        said: Floats = (self.trees(matrix) + self.regression(design, columns["hour"])) / 2
        return said

    def to_document(self) -> Any:
        return {"trees": self.trees.text, "centre": self.centre, "scale": self.scale}

    def to_arrays(self) -> dict[str, Floats]:
        return {"regression": self.regression.to_array()}

    @classmethod
    def from_kept(cls, document: Any, arrays: dict[str, Floats]) -> Self:
        regression = ByHour.from_array(arrays["regression"])
        return cls(Trees(document["trees"]), regression, document["centre"], document["scale"])


def load_by_temperature(
    series: SeriesDescription, times: Moments, temperature: Floats, load_mw: Floats, task: Task
) -> LoadByTemperature:
    """From all steps at which the load is known; the arrays have one entry per step."""
    learnt = np.flatnonzero(np.isfinite(load_mw) & (np.arange(len(times)) >= MEMORY_H * 60 // task.step_min))
    columns = {name: of[learnt] for name, of in _columns(temperature, series, times, 0).items()}
    log_load = np.log(load_mw[learnt])
    centre, scale = float(temperature.mean()), float(temperature.std())
    age_years = years_since_2000(times[-1:]) - years_since_2000(times[learnt])
    weights = 0.5 ** (age_years / HALF_LIFE_YEARS)
    regression = by_hour(_design(columns, centre, scale), log_load, weights, columns["hour"], REIN)
    matrix = np.column_stack(list(columns.values()))
    return LoadByTemperature(
        trees(matrix, log_load, None, TREES, ROUNDS, task.seed, task.threads), regression, centre, scale
    )


def _columns(temperature: Floats, series: SeriesDescription, times: Moments, first: int) -> Columns:
    step_min = round(float((times[1] - times[0]) / np.timedelta64(1, "m"))) if len(times) > 1 else 60
    memory = memory_columns(temperature, step_min)
    ours = slice(first, first + len(times))
    return {
        **calendar_columns(times, series),
        "years": years_since_2000(times),
        **{name: of[ours] for name, of in memory.items()},
    }


def _design(columns: Columns, centre: float, scale: float) -> Floats:
    """Columns of the regression: curves of temperature, their products with season and kind of day."""
    heat = {name: (columns[f"temperature{name}"] - centre) / scale for name in CURVED}
    now, day, days = heat[""], heat["_mean_24h"], heat["_mean_72h"]
    curves = [of**power for of in heat.values() for power in (1, 2, 3)]
    crossed = [now * day, now * days, now**2 * day, now * day**2, heat["_3h_ago"] * day]
    waves = [columns[f"year_{name}_{k}"] for k in (1, 2, 3) for name in ("sin", "cos")]
    seasonal = [wave * of for wave in waves[:4] for of in (now, now**2, day)]
    free = columns["free"]
    kinds = [
        columns[name] for name in ("holiday", "holiday_before", "holiday_after", "made_up", "bridge", "school_out")
    ]
    weekdays = [(columns["weekday"] == day_of_week).astype(np.float64) for day_of_week in range(6)]
    at_home = [free, free * now, free * now**2, free * waves[0], free * waves[1]]
    return np.column_stack([columns["years"], *curves, *crossed, *waves, *seasonal, *weekdays, *kinds, *at_home])

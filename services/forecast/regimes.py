"""Situations in which forecasts err alike: errors at night are not those of noon, nor those of calm those of a gale."""

import numpy as np
from numpy.typing import NDArray

from grid_models.forecast import SeriesDescription
from grid_models.quantities import Floats
from services.forecast.clock import local_hours
from services.forecast.known import Moments

LEAD_EDGES_H = np.array([1.0, 4.0, 12.0, 24.0, 48.0, 96.0])
REGIMES = 4
OUTPUT_EDGES = np.array([0.08, 0.3, 0.65])
"""Between low, moderate, high and full output, as shares of capacity."""
DAY_EDGES_H = np.array([6.0, 11.0, 17.0])
"""Between night, morning, afternoon and evening, on the local clock."""


def regime_of(series: SeriesDescription, median: Floats, times: Moments) -> NDArray[np.intp]:
    """Of each step, by its median over the scale of the series, or for load by the time of the day."""
    if series.kind == "load":
        return np.searchsorted(DAY_EDGES_H, local_hours(times, series.timezone), side="right")
    return np.searchsorted(OUTPUT_EDGES, median, side="right")

"""What temperature does to load: houses and people remember it for hours and days.

The recency effect (Wang, Liu and Hong 2016): lags and moving averages of temperature beside the temperature itself.
"""

import numpy as np

from grid_models.quantities import Floats
from services.forecast.features.people import Columns

LAGS_H = (1, 2, 3, 4, 6, 9, 12, 24, 48)
MEANS_H = (3, 6, 12, 24, 72, 168)
DAYS_BACK = (1, 2)
MEMORY_H = 240
"""No feature looks further back than this."""


def memory_columns(temperature: Floats, step_min: int) -> Columns:
    """Of temperatures [..., steps] without gaps: lags, means, extremes; NaN where they reach before the first step."""
    per_h = 60 / step_min
    columns = {"temperature": temperature}
    for lag_h in LAGS_H:
        columns[f"temperature_{lag_h}h_ago"] = lagged(temperature, round(lag_h * per_h))
    for mean_h in MEANS_H:
        columns[f"temperature_mean_{mean_h}h"] = mean_of_last(temperature, round(mean_h * per_h))
    day = columns["temperature_mean_24h"]
    for days in DAYS_BACK:
        columns[f"temperature_mean_24h_{days}d_ago"] = lagged(day, round(24 * days * per_h))
    window = round(24 * per_h)
    for name, extreme in (("max", np.maximum), ("min", np.minimum)):
        columns[f"temperature_{name}_24h"] = _extreme_of_last(temperature, window, extreme)
    return columns


def lagged(values: Floats, steps: int) -> Floats:
    """The values of so many steps before; NaN before the first."""
    late = np.full(values.shape, np.nan)
    if steps < values.shape[-1]:
        late[..., steps:] = values[..., : values.shape[-1] - steps]
    return late


def mean_of_last(values: Floats, steps: int) -> Floats:
    """Mean of the last so many steps, this one included; NaN before there are as many."""
    total = np.cumsum(values, axis=-1)
    mean = np.full(values.shape, np.nan)
    mean[..., steps - 1 :] = total[..., steps - 1 :]
    mean[..., steps:] -= total[..., :-steps]
    return mean / steps


def _extreme_of_last(values: Floats, steps: int, extreme: np.ufunc) -> Floats:
    """Doubling windows: a window of any length is two overlapping ones of the power of two below it."""
    found, length = values, 1
    while 2 * length <= steps:
        found, length = extreme(found, lagged(found, length)), 2 * length
    return np.asarray(extreme(found, lagged(found, steps - length)), dtype=np.float64)


def without_gaps(values: Floats) -> Floats:
    """Gaps along the last axis on the line between their ends; beyond the ends the nearest value."""
    flat = values.reshape(-1, values.shape[-1]).copy()
    places = np.arange(flat.shape[1])
    for row in flat:
        there = np.isfinite(row)
        if there.any() and not there.all():
            row[:] = np.interp(places, places[there], row[there])
    return flat.reshape(values.shape)

"""How a wind farm answers the wind of a weather model, learned from its output.

A weather model does not know the hill that the farm stands on: its wind is too slow or too fast by a factor, and the
farm yields more or less than its curve; fronts come sooner or later than in the model, or its clock is read otherwise
than meant. Three numbers, held to what is usual while there is little history:

    share(t) = gain * curve(factor * hub speed(t + lag))
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from grid_models.forecast import WindSite
from grid_models.quantities import Floats
from services.forecast.physical.wind import FarmCurve, farm_curve

FACTORS = np.exp(np.linspace(np.log(0.5), np.log(2.2), 60))
USUAL_FACTOR_SPREAD = 0.25
"""Of the logarithm of the factor: grid cells of 10 km and more next to chosen hill tops (our judgement)."""
USUAL_GAIN_SPREAD = 0.12
LAGS_H = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
USUAL_LAG_SPREAD_H = 0.7
USUAL_ERROR = 0.17
"""Of one hour, over capacity: day-ahead errors of single farms (GEFCom2012: 15 to 20 %)."""
HOURS_THAT_COUNT_AS_ONE = 6.0
"""Errors of hours in a row are nearly the same error."""


@dataclass(frozen=True)
class FarmResponse:
    """The farm's curve, as fast and as good as this farm is."""

    curve: FarmCurve
    factor: float = 1.0
    gain: float = 1.0
    lag_h: float = 0.0
    """How much later the weather model has what reaches the farm now."""

    def share(self, hub_m_per_s: Floats) -> Floats:
        """Output over capacity, 0 to 1."""
        sent: Floats = np.clip(self.gain * self.curve.share(self.factor * hub_m_per_s), 0, 1)
        return sent


def as_described(site: WindSite) -> FarmResponse:
    return FarmResponse(farm_curve(site.turbine, site.wake_efficiency))


def learned(
    described: FarmResponse,
    actual_share: Floats,
    hub_at_lags_m_per_s: Mapping[float, Floats],
    usual_factor: float = 1.0,
) -> FarmResponse:
    """What the farm did, from its output and the hub wind of each lag; points with a NaN are left out.

    The least sum of squared errors and of squared unusualness.
    """
    found = [
        _with_lag(described, actual_share, hub_m_per_s, usual_factor, lag_h)
        for lag_h, hub_m_per_s in hub_at_lags_m_per_s.items()
    ]
    return min(found, key=lambda of: of[0])[1]


def _with_lag(
    described: FarmResponse, actual_share: Floats, hub_m_per_s: Floats, usual_factor: float, lag_h: float
) -> tuple[float, FarmResponse]:
    """The cost and the response of one lag."""
    known = np.isfinite(actual_share) & np.isfinite(hub_m_per_s)
    actual, speed = actual_share[known], hub_m_per_s[known]
    weight = 1 / (USUAL_ERROR**2 * HOURS_THAT_COUNT_AS_ONE)
    late = (lag_h / USUAL_LAG_SPREAD_H) ** 2
    best = np.inf, FarmResponse(described.curve, usual_factor)
    for factor in FACTORS:
        said = described.curve.share(factor * speed)
        gain = (weight * said @ actual + 1 / USUAL_GAIN_SPREAD**2) / (weight * said @ said + 1 / USUAL_GAIN_SPREAD**2)
        unusual = (np.log(factor / usual_factor) / USUAL_FACTOR_SPREAD) ** 2 + ((gain - 1) / USUAL_GAIN_SPREAD) ** 2
        cost = weight * float(((gain * said - actual) ** 2).sum()) + unusual + late
        if cost < best[0]:
            best = cost, FarmResponse(described.curve, float(factor), float(gain), lag_h)
    return best

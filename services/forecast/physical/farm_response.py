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
SPEED_STEP_M_PER_S = 0.1
SPEEDS_M_PER_S = np.arange(0.5, 450) * SPEED_STEP_M_PER_S
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
        return sent(self.curve, self.factor, self.gain, hub_m_per_s)


def sent(curve: FarmCurve, factor: Floats | float, gain: Floats | float, hub_m_per_s: Floats) -> Floats:
    """Output over capacity of farms that share a curve."""
    share: Floats = np.clip(gain * curve.share(factor * hub_m_per_s), 0, 1)
    return share


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
    said = described.curve.share(FACTORS[:, None] * SPEEDS_M_PER_S)
    found = [
        _with_lag(described, said, _History.of(actual_share, hub_m_per_s), usual_factor, lag_h)
        for lag_h, hub_m_per_s in hub_at_lags_m_per_s.items()
    ]
    return min(found, key=lambda of: of[0])[1]


@dataclass(frozen=True)
class _History:
    """What came at each of the speeds: a curve is tried on a few hundred of them as well as on all hours."""

    hours: Floats
    output: Floats
    """Sum over the hours of each speed."""
    squares: float

    @classmethod
    def of(cls, actual_share: Floats, hub_m_per_s: Floats) -> "_History":
        known = np.isfinite(actual_share) & np.isfinite(hub_m_per_s)
        actual, count = actual_share[known], len(SPEEDS_M_PER_S)
        place = np.minimum((hub_m_per_s[known] / SPEED_STEP_M_PER_S).astype(np.intp), count - 1)
        hours = np.bincount(place, minlength=count).astype(np.float64)
        output: Floats = np.bincount(place, actual, count).astype(np.float64)
        return cls(hours, output, float(actual @ actual))


def _with_lag(
    described: FarmResponse, said: Floats, history: _History, usual_factor: float, lag_h: float
) -> tuple[float, FarmResponse]:
    """The cost and the response of one lag, from what the curve says: factors x speeds."""
    weight = 1 / (USUAL_ERROR**2 * HOURS_THAT_COUNT_AS_ONE)
    both, itself = said @ history.output, said**2 @ history.hours
    gain = (weight * both + 1 / USUAL_GAIN_SPREAD**2) / (weight * itself + 1 / USUAL_GAIN_SPREAD**2)
    errors = gain**2 * itself - 2 * gain * both + history.squares
    unusual = (np.log(FACTORS / usual_factor) / USUAL_FACTOR_SPREAD) ** 2 + ((gain - 1) / USUAL_GAIN_SPREAD) ** 2
    cost = weight * errors + unusual + (lag_h / USUAL_LAG_SPREAD_H) ** 2
    best = int(cost.argmin())
    return float(cost[best]), FarmResponse(described.curve, float(FACTORS[best]), float(gain[best]), lag_h)

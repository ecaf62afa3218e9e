"""Wind into power: the curve of a farm from that of its turbine, by windpowerlib.

A farm is softer than its turbine: gusts and the distance between turbines smooth the curve (Noerregaard and Holttinen
2004), wakes take a share, and a gale switches turbines off one after the other. Thin air carries less: the speed is
corrected to that of standard air (IEC 61400-12-1).
"""

import warnings
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from windpowerlib import WindTurbine, power_curves

from grid_models.forecast import WindSite
from grid_models.quantities import Floats
from services.forecast.physical.turbines import TYPICAL_TURBINE, known_turbine

STANDARD_AIR_KG_PER_M3 = 1.225
GAS_CONSTANT_J_PER_KG_K = 287.05
SHEAR = 1 / 7
"""Speed grows with this power of the height where nothing better is known (open land, neutral air)."""
TURBULENCE = 0.12
"""Of the speed, as a share: middle class of IEC 61400-1."""
CUT_OUT_M_PER_S = 25.0
CUT_OUT_SPREAD_M_PER_S = 1.0
"""Turbines of a farm do not feel the same gust: half stand still at the cut-out speed, nine in ten 2 m/s above."""


@dataclass(frozen=True)
class FarmCurve:
    """Output of a farm over its capacity, by wind speed at hub height in standard air."""

    speeds_m_per_s: Floats
    shares: Floats

    def share(self, speed_m_per_s: Floats) -> Floats:
        """Between its points on the line; NaN where the speed is not known."""
        # The points are equally far apart, so the place is a division, much faster than a search.
        step = self.speeds_m_per_s[1] - self.speeds_m_per_s[0]
        place = np.clip(np.nan_to_num(speed_m_per_s) / step, 0, len(self.shares) - 1.001)
        lower = place.astype(np.intp)
        read = self.shares[lower] + (place - lower) * (self.shares[lower + 1] - self.shares[lower])
        return np.where(np.isfinite(speed_m_per_s), read, np.nan)


@lru_cache(maxsize=64)
def farm_curve(turbine: str | None, wake_efficiency: float) -> FarmCurve:
    """The curve of a farm of such turbines; a name that nobody knows is an error that says where to look."""
    speeds = np.arange(0, 45, 0.1)
    curve_speeds, curve_shares = _turbine_curve(turbine or TYPICAL_TURBINE)
    steady = np.interp(speeds, curve_speeds, curve_shares)
    smooth = power_curves.smooth_power_curve(
        pd.Series(speeds[::5]),
        pd.Series(steady[::5]),
        standard_deviation_method="turbulence_intensity",
        turbulence_intensity=TURBULENCE,
    )
    behind = power_curves.wake_losses_to_power_curve(
        smooth["wind_speed"].to_numpy(), smooth["value"].to_numpy(), wake_efficiency
    )
    shares = np.interp(speeds, behind["wind_speed"], behind["value"])
    standing = 1 / (1 + np.exp((speeds - CUT_OUT_M_PER_S) / CUT_OUT_SPREAD_M_PER_S))
    return FarmCurve(speeds, np.clip(shares * standing, 0, 1))


def at_hub_m_per_s(
    speed_m_per_s: Floats, height_m: float, hub_height_m: float, shear: Floats | float = SHEAR
) -> Floats:
    """Wind speed at the hub from that at another height (power law)."""
    lifted: Floats = speed_m_per_s * (hub_height_m / height_m) ** shear
    return lifted


def shear_between(low_m_per_s: Floats, low_m: float, high_m_per_s: Floats, high_m: float) -> Floats:
    """Power of the height with which speed grows between two heights, kept within what air does."""
    ratio = np.maximum(high_m_per_s, 0.3) / np.maximum(low_m_per_s, 0.3)
    power: Floats = np.clip(np.log(ratio) / np.log(high_m / low_m), -0.2, 0.6)
    return power


def air_kg_per_m3(pressure_pa: Floats, air_c: Floats) -> Floats:
    """Density of dry air."""
    density: Floats = pressure_pa / (GAS_CONSTANT_J_PER_KG_K * (air_c + 273.15))
    return density


def in_standard_air_m_per_s(speed_m_per_s: Floats, air_kg_per_m3: Floats) -> Floats:
    """The speed that would carry the same power in standard air; unknown density counts as standard."""
    ratio = np.where(np.isfinite(air_kg_per_m3), air_kg_per_m3, STANDARD_AIR_KG_PER_M3) / STANDARD_AIR_KG_PER_M3
    same: Floats = speed_m_per_s * np.cbrt(ratio)
    return same


def output_share(site: WindSite, hub_m_per_s: Floats, air: Floats | None = None) -> Floats:
    """Output over capacity, 0 to 1."""
    speed = hub_m_per_s if air is None else in_standard_air_m_per_s(hub_m_per_s, air)
    return farm_curve(site.turbine, site.wake_efficiency).share(speed)


def _turbine_curve(name: str) -> tuple[Floats, Floats]:
    """Speeds and output over nominal power, without the end of the curve."""
    # A missing name is a warning of windpowerlib; that of pandas inside of it is not ours to mend.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        turbine = WindTurbine(hub_height=100.0, turbine_type=known_turbine(name))
    speeds, values = (turbine.power_curve[column].to_numpy(dtype=float) for column in ("wind_speed", "value"))
    running = speeds <= CUT_OUT_M_PER_S
    return np.append(speeds[running], 60.0), np.append(values[running], values[running][-1]) / values.max()

"""Sunlight into power: from the irradiance of a level plane to what a plant's inverters send out, by pvlib.

The chain: beam and diffuse light (Erbs, Klein and Duffie 1982), the plane of the panels, fixed or turning about one
axis (Hay and Davies 1980), cell temperature (Faiman 2008), direct current and inverter (PVWatts:
Dobos 2014).
"""

from dataclasses import dataclass

import numpy as np
from pvlib import irradiance, pvsystem, temperature, tracking

from grid_models.forecast import SolarSite
from grid_models.quantities import Floats
from services.forecast.physical.sun import SOLAR_CONSTANT_W_PER_M2, Sun

LOSS = 0.14
"""Dirt, wiring, mismatch and the rest: the usual 14 % of PVWatts version 5 (Dobos 2014, NREL/TP-6A20-62641)."""
LOSS_PER_DEGREE = -0.004
"""Crystalline silicon, per degree above 25 (the same source)."""
LOWEST_HEIGHT = 0.065
"""Cosine of the zenith below which dividing by it says nothing (pvlib's own limit)."""
BEAM_MAX_W_PER_M2 = 1100.0


@dataclass(frozen=True)
class Light:
    """What comes from the sun itself and what from the rest of the sky."""

    beam_w_per_m2: Floats
    """On a plane that faces the sun."""
    diffuse_w_per_m2: Floats
    """On a level plane."""


def light(level_w_per_m2: Floats, of: Sun) -> Light:
    """Beam and diffuse light from the irradiance of a level plane."""
    height = of.height
    clearness = np.clip(level_w_per_m2 / np.maximum(SOLAR_CONSTANT_W_PER_M2 * height, 30.0), 0, 1)
    diffuse = level_w_per_m2 * _diffuse_share(clearness)
    beam = np.clip((level_w_per_m2 - diffuse) / np.maximum(height, LOWEST_HEIGHT), 0, BEAM_MAX_W_PER_M2)
    return Light(beam, diffuse)


def on_panels_w_per_m2(site: SolarSite, level_w_per_m2: Floats, of: Sun) -> Floats:
    """Irradiance in the plane of the panels."""
    tilt, azimuth = _plane(site, of)
    parts = light(level_w_per_m2, of)
    return np.asarray(
        np.nan_to_num(
            irradiance.get_total_irradiance(
                tilt,
                azimuth,
                of.zenith_deg,
                of.azimuth_deg,
                parts.beam_w_per_m2,
                level_w_per_m2,
                parts.diffuse_w_per_m2,
                dni_extra=SOLAR_CONSTANT_W_PER_M2,
                model="haydavies",
            )["poa_global"]
        )
    )


def output_share(site: SolarSite, level_w_per_m2: Floats, of: Sun, air_c: Floats, wind_m_per_s: Floats) -> Floats:
    """Output over the power of the inverters, 0 to 1: more sun than they can take is clipped."""
    plane = np.maximum(on_panels_w_per_m2(site, level_w_per_m2, of), 0)
    cell_c = temperature.faiman(plane, air_c, wind_m_per_s)
    direct = pvsystem.pvwatts_dc(plane, cell_c, pdc0=1.0, gamma_pdc=LOSS_PER_DEGREE) * (1 - LOSS)
    sent: Floats = np.clip(direct / site.inverter_to_panel, 0, 1)
    return sent


def _diffuse_share(clearness: Floats) -> Floats:
    """Erbs's polynomial, as in pvlib.irradiance.erbs, by clearness alone."""
    middle = 0.9511 - 0.1604 * clearness + 4.388 * clearness**2 - 16.638 * clearness**3 + 12.336 * clearness**4
    share: Floats = np.where(clearness <= 0.22, 1 - 0.09 * clearness, np.where(clearness <= 0.8, middle, 0.165))
    return share


def _plane(site: SolarSite, of: Sun) -> tuple[Floats, Floats]:
    """Tilt and azimuth of the panels, degrees."""
    if site.tracking == "fixed":
        return np.full(of.zenith_deg.shape, site.tilt_deg), np.full(of.zenith_deg.shape, site.azimuth_deg)
    # The axis lies north to south and the panels turn from east to west.
    turned = tracking.singleaxis(of.zenith_deg.ravel(), of.azimuth_deg.ravel(), max_angle=60)
    shape = of.zenith_deg.shape
    tilt = np.nan_to_num(np.asarray(turned["surface_tilt"])).reshape(shape)
    return tilt, np.nan_to_num(np.asarray(turned["surface_azimuth"]), nan=180.0).reshape(shape)

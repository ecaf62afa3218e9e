"""Where the sun stands and what it would send through a clear sky: plain arrays, any number of places at once."""

from dataclasses import dataclass

import numpy as np
from pvlib import solarposition

from grid_models.quantities import Floats
from services.forecast.known import Moments

SOLAR_CONSTANT_W_PER_M2 = 1361.0


@dataclass(frozen=True)
class Sun:
    """The sun as seen from a place; all arrays of one shape."""

    zenith_deg: Floats
    azimuth_deg: Floats
    """Clockwise from north."""

    @property
    def height(self) -> Floats:
        """Cosine of the zenith angle, 0 at night."""
        return np.maximum(np.cos(np.radians(self.zenith_deg)), 0.0)


def sun(times: Moments, latitude: Floats | float, longitude: Floats | float) -> Sun:
    """Good to a few tenths of a degree (Spencer 1971), which is what a weather forecast deserves."""
    day = times.astype("datetime64[D]")
    day_of_year = (day - times.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.float64) + 1
    hour = (times - day).astype("timedelta64[s]").astype(np.float64) / 3600
    equation_min = solarposition.equation_of_time_spencer71(day_of_year)
    declination = solarposition.declination_spencer71(day_of_year)
    hour_angle = np.radians(15 * (hour - 12) + longitude + equation_min / 4)
    zenith = solarposition.solar_zenith_analytical(np.radians(latitude), hour_angle, declination)
    azimuth = _azimuth(np.radians(latitude), hour_angle, declination)
    return Sun(np.degrees(zenith), np.degrees(azimuth) % 360)


def clear_sky_w_per_m2(of: Sun) -> Floats:
    """Irradiance of a level plane under a clear sky (Haurwitz 1945), which needs nothing but the height of the sun."""
    height = of.height
    # Haurwitz's own formula, as in pvlib.clearsky.haurwitz, which speaks pandas only.
    clear: Floats = 1098.0 * height * np.exp(-0.059 / np.maximum(height, 1e-3))
    return clear


def clear_sky_over_step_w_per_m2(
    times: Moments, step_min: float, latitude: Floats | float, longitude: Floats | float
) -> Floats:
    """The mean over the step that begins at each time; sunrise and sunset fall inside steps."""
    parts = 1 if step_min <= 20 else 4
    moments = (times + _seconds(step_min * 60 * (part + 0.5) / parts) for part in range(parts))
    mean: Floats = np.mean([clear_sky_w_per_m2(sun(moment, latitude, longitude)) for moment in moments], axis=0)
    return mean


def under_cloud_w_per_m2(clear_w_per_m2: Floats, cloud_cover: Floats) -> Floats:
    """What is left of clear-sky irradiance under a share of cloud (Kasten and Czeplak 1980)."""
    left: Floats = clear_w_per_m2 * (1 - 0.75 * np.clip(cloud_cover, 0, 1) ** 3.4)
    return left


def _azimuth(latitude: Floats | float, hour_angle: Floats, declination: Floats) -> Floats:
    east = -np.sin(hour_angle) * np.cos(declination)
    north = np.sin(declination) * np.cos(latitude) - np.cos(declination) * np.sin(latitude) * np.cos(hour_angle)
    turned: Floats = np.arctan2(east, north)
    return turned


def _seconds(count: float) -> np.timedelta64:
    return np.timedelta64(round(count), "s")

"""How a plant's panels answer the sun, learned from its output: which way they seem to look, and how well they work.

Beam light on a panel is the product of two directions, so output is nearly linear in the panel's own direction:

    share = heat * (beam * max(0, n . s) + d * diffuse)          s towards the sun, n the panels' direction times gain

Least squares finds n and d; whatever is said about tilt and azimuth is where it starts from, and what it holds on to
while there is little history (ridge). A plant with several roofs looks like one between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grid_models.forecast import SolarSite
from grid_models.quantities import Floats
from services.forecast.physical.solar import LOSS, LOSS_PER_DEGREE, Light, on_panels_w_per_m2
from services.forecast.physical.sun import Sun

TURNS = 6
"""Which hours see the panels from behind depends on the answer: so often it is asked again."""
POINTS_OF_DOUBT = 50.0
"""What is said about the plant weighs as much as so many hours of its history."""
FULL_SUN_W_PER_M2 = 1000.0
HEATED_C_PER_W_PER_M2 = 0.03
"""Cells are some 30 degrees warmer than the air in full sun (Faiman 2008)."""


@dataclass(frozen=True)
class PanelResponse:
    """Output over capacity in full sun from the east, north and above, and in full diffuse light.

    Of several plants alike a row for each; see `together`.
    """

    gains: Floats
    turning: bool
    """Whether the panels follow the sun: then the first gain is that of light on their plane."""

    def share(self, parts: Light, of: Sun, air_c: Floats) -> Floats:
        """Output over capacity, 0 to 1."""
        columns = self._columns(parts, of)
        gains = self.gains
        beam: Floats = np.maximum((columns[..., :-1] @ gains[..., :-1, None])[..., 0], 0)
        sent: Floats = np.clip(_heat(parts, of, air_c) * (beam + gains[..., -1:] * columns[..., -1]), 0, 1)
        return sent

    def _columns(self, parts: Light, of: Sun) -> Floats:
        diffuse = parts.diffuse_w_per_m2 / FULL_SUN_W_PER_M2
        if self.turning:
            level = parts.beam_w_per_m2 * of.height
            beam = on_panels_w_per_m2(SolarSite(tracking="single_axis"), level, of) / FULL_SUN_W_PER_M2
            return np.stack([beam, diffuse], axis=-1)
        zenith, azimuth = np.radians(of.zenith_deg), np.radians(of.azimuth_deg)
        beam = parts.beam_w_per_m2 / FULL_SUN_W_PER_M2
        east, north = np.sin(zenith) * np.sin(azimuth), np.sin(zenith) * np.cos(azimuth)
        return np.stack([beam * east, beam * north, beam * of.height, diffuse], axis=-1)


def together(panels: Sequence[PanelResponse]) -> PanelResponse:
    """Plants whose panels all turn, or all stand still, to be asked for as many rows at once."""
    return PanelResponse(np.stack([of.gains for of in panels]), panels[0].turning)


def as_described(site: SolarSite) -> PanelResponse:
    """What the plant should do by its description."""
    gain = (1 - LOSS) / site.inverter_to_panel
    if site.tracking == "single_axis":
        return PanelResponse(np.array([gain, gain]), turning=True)
    tilt, azimuth = np.radians(site.tilt_deg), np.radians(site.azimuth_deg)
    direction = [np.sin(tilt) * np.sin(azimuth), np.sin(tilt) * np.cos(azimuth), np.cos(tilt)]
    return PanelResponse(gain * np.array([*direction, (1 + np.cos(tilt)) / 2]), turning=False)


def learned(described: PanelResponse, actual_share: Floats, parts: Light, of: Sun, air_c: Floats) -> PanelResponse:
    """What the plant did, in the daylight hours that are given; points with a NaN are left out."""
    known = np.isfinite(actual_share) & np.isfinite(parts.diffuse_w_per_m2) & np.isfinite(parts.beam_w_per_m2)
    # An hour at the limit of the inverters tells only that there was enough sun.
    known &= actual_share < 0.98
    if not known.any():
        return described
    parts = Light(parts.beam_w_per_m2[known], parts.diffuse_w_per_m2[known])
    of = Sun(of.zenith_deg[known], of.azimuth_deg[known])
    air_c = air_c[known] if air_c.shape == known.shape else air_c
    columns = described._columns(parts, of) * _heat(parts, of, air_c)[:, None]
    gains: Floats = described.gains
    for _ in range(TURNS):
        seen = columns.copy()
        seen[columns[:, :-1] @ gains[:-1] <= 0, :-1] = 0.0
        gains = _ridge(seen, actual_share[known], described.gains)
    return PanelResponse(gains, described.turning)


def _ridge(columns: Floats, actual: Floats, towards: Floats) -> Floats:
    weight = POINTS_OF_DOUBT * float(np.mean(columns**2))
    square = columns.T @ columns + weight * np.eye(len(towards))
    gains: Floats = np.asarray(np.linalg.solve(square, columns.T @ actual + weight * towards), dtype=np.float64)
    return gains


def _heat(parts: Light, of: Sun, air_c: Floats) -> Floats:
    level = parts.beam_w_per_m2 * of.height + parts.diffuse_w_per_m2
    warm_c = np.nan_to_num(air_c, nan=25.0) + HEATED_C_PER_W_PER_M2 * level - 25.0
    lost: Floats = 1 + LOSS_PER_DEGREE * warm_c
    return lost

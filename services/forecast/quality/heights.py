"""Doubts about how high values are: unit, sign, capacity, spikes."""

from collections.abc import Iterator

import numpy as np

from grid_models.quantities import Floats
from services.forecast.quality.flags import Flag
from services.forecast.quality.sample import Doubted, Mask, Sample

ABOVE_MAX = 1.05
"""Output may pass the capacity a little: ratings are rounded, inverters overload."""
BELOW_ZERO_MAX = 0.03
"""A plant at rest draws a little power; more than this share of its capacity is a wrong sign."""
USUAL_MIN = 96
"""So many values must be known before one says what is usual."""
SMALL_FOR_H = 20.0
POWERS = {1e6: "W", 1e3: "kW", 1e-3: "GW"}
NEAR = 3.0
"""A thousand is told from what is usual if what is left differs by no more than this factor."""


def unit(sample: Sample) -> Iterator[Doubted]:
    """Values that would fit if they were in another unit."""
    factor, name = _another_unit(sample)
    if factor == 1.0 or sample.series.unit != "MW":
        return
    detail = f"the values fit {name}, not MW; send them in MW, or ask for correction"
    yield Doubted(Flag.UNIT, sample.told & (sample.values != 0), detail, sample.values / factor)


def _another_unit(sample: Sample) -> tuple[float, str]:
    height = _height(sample.values)
    if np.isnan(height) or height == 0:
        return 1.0, "MW"
    usual = _height(sample.usual) if len(sample.usual) >= USUAL_MIN else np.nan
    largest = float(np.nanmax(sample.capacity_mw, initial=0.0))
    for factor, name in POWERS.items():
        if factor < 1 and not _tells_enough(sample):
            continue
        if _fits(height / factor, usual, largest) and not _fits(height, usual, largest):
            return factor, name
    if _per_unit(sample, usual, largest):
        return 1 / largest, "shares of the capacity"
    return 1.0, "MW"


def _tells_enough(sample: Sample) -> bool:
    """A plant makes little in the morning and in a calm: only a day of small values tells of a larger unit."""
    return not sample.is_plant or sample.span_h() >= SMALL_FOR_H


def _fits(height: float, usual: float, largest: float) -> bool:
    """Whether values of this height are as ever; without a past, whether the plant could make them."""
    if np.isfinite(usual) and usual > 0:
        return bool(1 / NEAR**2 <= height / usual <= NEAR**2)
    return largest == 0 or height <= 2 * largest


def _per_unit(sample: Sample, usual: float, largest: float) -> bool:
    small = bool(np.nanmax(np.abs(sample.values)) <= 1.2)
    return small and largest >= 10 and sample.told.sum() >= 24 and bool(usual > 1.2)


def _height(values: Floats) -> float:
    """How high values usually are: the upper quartile of their sizes, zeros aside."""
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(np.quantile(sizes, 0.75)) if len(sizes) else float("nan")


def sign(sample: Sample) -> Iterator[Doubted]:
    """Load and output are positive here."""
    if sample.series.kind == "weather" or not sample.told.any():
        return
    largest = np.nanmax(np.concatenate([np.abs(sample.values), sample.usual[-2000:], sample.capacity_mw]), initial=0.0)
    rows = sample.told & (sample.values < -BELOW_ZERO_MAX * largest)
    detail = "the value is negative; load and output are positive here: turn the sign, or ask for correction"
    yield Doubted(Flag.SIGN, rows, detail, -sample.values)


def above_capacity(sample: Sample) -> Iterator[Doubted]:
    """More than the plant can make."""
    rows = sample.told & (sample.values > ABOVE_MAX * sample.capacity_mw)
    if rows.any():
        capacity_mw = float(sample.capacity_mw[rows][0])
        detail = f"the value is above the capacity of {capacity_mw:g} MW; correct the value or capacity_mw"
        yield Doubted(Flag.ABOVE_CAPACITY, rows, detail)


SPIKE_MIN = {"load": 0.3, "wind": 0.5, "solar": 0.8, "hydro_inflow": 3.0, "weather": 1.0}
"""How far from both neighbours, as a share of the usual range; sun and clouds change quickly."""
SPIKE_STEPS = 4.0
"""How far, in steps that the series rarely takes (one in twenty is larger)."""


def spikes(sample: Sample) -> Iterator[Doubted]:
    """A value far from those before and after it, which agree with each other."""
    values = np.concatenate([sample.before.values[-200:], sample.values])
    if np.isfinite(values).sum() < 12:
        return
    rows = _stands_out(values, SPIKE_MIN[sample.series.kind])[len(values) - len(sample.values) :]
    yield Doubted(Flag.SPIKE, rows & sample.told, "the value stands far out between its neighbours; look at the meter")


def _stands_out(values: Floats, share_min: float) -> Mask:
    before, after = np.append(np.nan, values[:-1]), np.append(values[1:], np.nan)
    # By the smaller of both steps: at an edge only one of them is large.
    off = np.minimum(np.abs(values - before), np.abs(values - after))
    far = off > max(share_min * _range(values), SPIKE_STEPS * _rare_step(values))
    return np.asarray(far & (off > 2 * np.abs(after - before)))


def _range(values: Floats) -> float:
    low, high = np.nanquantile(values, [0.02, 0.98])
    return float(high - low)


def _rare_step(values: Floats) -> float:
    return float(np.quantile(np.abs(np.diff(values[np.isfinite(values)])), 0.95))

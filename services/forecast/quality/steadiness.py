"""Doubts about values that stay where they are: a meter that hangs, a plant that is held down."""

from collections.abc import Iterator

import numpy as np

from grid_models.quantities import Floats
from services.forecast.quality.flags import Flag
from services.forecast.quality.sample import Doubted, Mask, Sample, runs

FROZEN_H = {"load": 2.0, "wind": 3.0, "solar": 1.5, "hydro_inflow": 72.0, "weather": 12.0}
"""No quantity of the kind keeps its last digit so long; inflow and weather are rounded, and change slowly."""
FROZEN_STEPS_MIN = 4
HELD_H = 2.0
"""A plant whose output stays within half a percent of its capacity so long below its rating is held there."""
HELD_BAND, HELD_SPREAD, HELD_FROM, HELD_TO = 0.002, 0.006, 0.05, 0.95


def frozen(sample: Sample) -> Iterator[Doubted]:
    """The same number again and again, neither nothing nor everything."""
    values = _with_before(sample)
    needed = max(FROZEN_STEPS_MIN, int(np.ceil(FROZEN_H[sample.series.kind] * 3600 / sample.step_s)))
    hangs = (runs(values) >= needed)[len(values) - len(sample.values) :]
    rows = hangs & sample.told & (sample.values != 0) & ~_rated(sample)
    yield Doubted(Flag.FROZEN, rows, f"the very same value {needed} times or more in a row; look at the meter")


def held(sample: Sample) -> Iterator[Doubted]:
    """Output that stays at one height below the rating, as under an order to curtail."""
    # The sum of many plants is smooth by itself.
    if not sample.is_plant or sample.series.members or np.isnan(sample.capacity_mw).all():
        return
    needed = max(FROZEN_STEPS_MIN, int(np.ceil(HELD_H * 3600 / sample.step_s)))
    share = sample.values / np.where(sample.capacity_mw > 0, sample.capacity_mw, np.nan)
    steady = (runs(share, HELD_BAND) >= needed) & (runs(sample.values) < needed)
    rows = steady & (share > HELD_FROM) & (share < HELD_TO) & _level(share, steady)
    yield Doubted(
        Flag.CURTAILED,
        rows,
        f"output stays at one height below capacity for {HELD_H:g} h or more: curtailed, and no sign of the weather",
    )


def _level(share: Floats, steady: Mask) -> Mask:
    """Whether a steady run as a whole stays at its height: a slow rise is none."""
    level = np.zeros(len(share), bool)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], steady.astype(np.int8), [0]))))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        level[begin:end] = np.ptp(share[begin:end]) <= HELD_SPREAD
    return level


def _with_before(sample: Sample) -> Floats:
    return np.concatenate([sample.before.values[-500:], sample.values])


def _rated(sample: Sample) -> Mask:
    # At its rating a plant may well stand still.
    return np.asarray(sample.is_plant & (sample.values >= 0.98 * sample.capacity_mw))

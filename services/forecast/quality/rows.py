"""Doubts about single rows: nothing there, twice there, beside the grid of the steps."""

from collections.abc import Iterator

import numpy as np

from services.forecast.known import Moments
from services.forecast.quality.flags import Flag
from services.forecast.quality.sample import Doubted, Sample

CLOCKS_AHEAD = np.timedelta64(300, "s")


def missing(sample: Sample) -> Iterator[Doubted]:
    """The sender says that there is no value."""
    yield Doubted(Flag.MISSING, ~sample.told, "the sender gave no value; send it when it is there")


def off_step(sample: Sample) -> Iterator[Doubted]:
    """A value belongs to the step that begins at its time, and steps begin at full multiples."""
    beside = sample.times.astype(np.int64) % sample.step_s != 0
    detail = f"the time is no multiple of {sample.series.step_min} min; models look at full steps only"
    yield Doubted(Flag.OFF_STEP, beside, detail)


def duplicates(sample: Sample, alike: np.ndarray) -> Iterator[Doubted]:
    """Two values of one batch for the same time, known at the same moment: the last one holds."""
    yield Doubted(Flag.DUPLICATE, alike, "the batch holds several values for this time; the last one holds")


def early(sample: Sample, known_at: Moments) -> Iterator[Doubted]:
    """Nobody has measured what has not begun; clocks that run a little ahead are forgiven."""
    rows = known_at < sample.times - CLOCKS_AHEAD
    detail = "the value was known before its step began; is it a forecast, or is the clock or the time zone wrong?"
    yield Doubted(Flag.EARLY, rows & sample.told, detail)

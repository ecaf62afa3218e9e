"""What a check looks at: the values that arrived, and what is known of the weeks around them."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from grid_models.forecast import SeriesDescription
from grid_models.quantities import Floats
from services.forecast.known import Known, Moments
from services.forecast.quality.flags import Flag
from services.forecast.store import Readings

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Sample:
    """Values of one series; `times` never fall."""

    series: SeriesDescription
    times: Moments
    values: Floats
    context: Readings
    """What is known of the weeks before, as models see it."""

    @property
    def step_s(self) -> int:
        return self.series.step_min * 60

    @cached_property
    def told(self) -> Mask:
        return np.isfinite(self.values)

    @cached_property
    def capacity_mw(self) -> Floats:
        """Installed at each time; NaN where the series has no capacity or another unit."""
        if self.series.unit != "MW":
            return np.full(len(self.times), np.nan)
        return Known(self.series, np.datetime64("NaT", "s"), self.context.observed()).capacity_mw(self.times)

    @cached_property
    def before(self) -> Readings:
        """The part of the context that lies before the first value."""
        return self.context.between(None, self.times[0]) if len(self.times) else self.context

    @cached_property
    def usual(self) -> Floats:
        """The usable values of the weeks before."""
        usual: Floats = self.before.usable[np.isfinite(self.before.usable)]
        return usual

    @property
    def is_plant(self) -> bool:
        return self.series.kind in ("wind", "solar")

    def span_h(self) -> float:
        return float((self.times[-1] - self.times[0]).astype(np.int64) / 3600) if len(self.times) else 0.0


@dataclass(frozen=True)
class Doubted:
    """A doubt about some values."""

    flag: Flag
    rows: Mask
    detail: str
    better: Floats | None = field(default=None)
    """What the values would be without the fault, where that can be said."""


def runs(values: Floats, tolerance: float = 0.0) -> NDArray[np.int64]:
    """Of each value: how many in a row, it included, stay this close to the one before."""
    steady = np.append(False, np.abs(np.diff(values)) <= tolerance) if len(values) else np.array([], bool)
    group = np.cumsum(~steady)
    lengths: NDArray[np.int64] = np.bincount(group, minlength=1)[group] if len(group) else group
    return lengths

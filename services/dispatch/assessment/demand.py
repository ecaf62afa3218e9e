"""When a fleet must answer: the windows of a year in which a definition wants it, and who may be called for which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.algebra import Linear
from services.dispatch.assessment.responders import Responder

Steps = NDArray[np.int64]
Open = NDArray[np.bool_]
"""Responders x windows: who may be called for which."""


@dataclass(frozen=True)
class Demand:
    """When the fleet must answer: windows of consecutive steps, and how its calls are counted."""

    windows: tuple[Steps, ...]
    step_h: float
    notice_h: float
    limits_mw: Mapping[str, float]
    """By corridor."""
    steps_per_day: int
    open_for: Open | None = None
    """None: everybody may be called for every window."""

    @property
    def steps(self) -> Steps:
        return np.concatenate(self.windows)

    @property
    def window_of(self) -> Steps:
        """Which window each of the steps is in."""
        return np.repeat(np.arange(len(self.windows)), [len(one) for one in self.windows])

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the steps."""
        return tuple(f"step {step}" for step in self.steps)

    def day_of(self, window: int) -> int:
        return int(self.windows[window][0]) // self.steps_per_day

    def only(self, chosen: Sequence[int]) -> "Demand":
        windows = tuple(self.windows[one] for one in chosen)
        return replace(
            self, windows=windows, open_for=None if self.open_for is None else self.open_for[:, list(chosen)]
        )

    def caps_mw(self, responders: Sequence[Responder]) -> Floats:
        """What each could give at the steps, nobody else asked; responders x steps."""
        rows = np.array([self._cap_mw(one) for one in responders]).reshape(len(responders), len(self.steps))
        return rows if self.open_for is None else np.where(self.open_for[:, self.window_of], rows, 0.0)

    def _cap_mw(self, one: Responder) -> Floats:
        if one.notice_h > self.notice_h + 1e-9:
            return np.zeros(len(self.steps))
        return one.delivery * one.availability * one.headroom_at(self.steps)


def by_window(entries: Linear, demand: Demand) -> Linear:
    """Sums over the steps of each window."""
    rows, count = entries.shape[0], len(demand.windows)
    labels = np.arange(rows)[:, None] * count + demand.window_of[None, :]
    return entries.grouped(labels.ravel(), (rows, count))

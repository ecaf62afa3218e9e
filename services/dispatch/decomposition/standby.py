"""What thermal units earn while they are off and ready to start: non-spinning reserve (T15), priced exactly.

An award from rest hangs on nothing but having rested, so what it earns is a sum over steps off. Taken as earned in
every step, it is lost in each step on and, by a stop, during the minimum time down: it becomes a price of being on and
of stopping, and the programme over the states of a unit need not know of it. Where a start of the day must be left for
it, that row stays in the master and its price is part of the credit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats
from services.dispatch.decomposition.split import Split
from services.dispatch.formulations.thermal import Limits
from services.dispatch.formulations.thermal_offline import ready_mw


@dataclass(frozen=True)
class Standby:
    """What rest earns at some prices, by unit and step, and by which column of the matrix (-1: none pays)."""

    earned: Floats
    lost_by_stop: Floats
    """What a stop in this step keeps the unit from earning until it has rested."""
    columns: NDArray[np.int64]

    @property
    def total(self) -> Floats:
        """By unit, what it earns if it rests all the time."""
        total: Floats = self.earned.sum(axis=1)
        return total


class Ready:
    """A thermal fleet with what each unit can hold from off."""

    def __init__(self, parts: Split, limits: Limits, case: Case):
        self.parts, self.min_down = parts, limits.min_down.ravel()
        self.most_mw = np.ascontiguousarray(ready_mw(limits, case))
        steps = np.arange(case.steps)
        self._until = np.minimum(steps + self.min_down[:, None], case.steps)
        """By unit and step, where rest begins after a stop in this step."""

    def at(self, credit: Floats) -> Standby:
        """What rest earns where a MW in each column of the matrix is credited so much: the dearest takes all."""
        columns, worth = np.full(self.most_mw.shape, -1), np.zeros(self.most_mw.shape)
        for award in self.parts.offline:
            own = credit[award.columns] - self.parts.matrix.cost[award.columns]
            dearer = own > worth[award.units]
            columns[award.units] = np.where(dearer, award.columns, columns[award.units])
            worth[award.units] = np.maximum(worth[award.units], own)
        earned = worth * self.most_mw
        so_far = np.column_stack([np.zeros(len(earned)), earned.cumsum(axis=1)])
        lost = np.take_along_axis(so_far, self._until, axis=1) - so_far[:, :-1]
        return Standby(earned, lost, columns)

    def fill(self, values: Floats, standby: Standby, on: Floats, stop: Floats) -> None:
        """Awards wherever a unit has rested and they pay."""
        chosen = self._rested(on, stop) & (standby.columns >= 0)
        values[standby.columns[chosen]] = self.most_mw[chosen]

    def _rested(self, on: Floats, stop: Floats) -> NDArray[np.bool_]:
        so_far = np.column_stack([np.zeros(len(stop)), stop.cumsum(axis=1)])
        steps = np.arange(1, so_far.shape[1])
        before = np.take_along_axis(so_far, np.maximum(steps - self.min_down[:, None], 0), axis=1)
        rested: NDArray[np.bool_] = (on < 0.5) & (so_far[:, 1:] - before < 0.5)
        return rested

"""A dive through the relaxed problem: a few decisions at a time become whole, and the exact dispatch answers to each.

Near the schedules of the master nearly every unit-hour is decided, so the problem that is left is a linear programme
with some hundred fractions. It stays loaded: a decision more costs a few steps of the dual simplex method, far less
than the first solve. Units are rounded up, fullest first, because the rest of the fleet then gives way without any
shortage; what costs too much that way is tried in smaller batches, in the end alone and both ways. Where all is whole,
the last solution is the exact dispatch of a plan, with its prices.
Dives in general: Joncour, Michel, Sadykov, Sverdlov, Vanderbeck (2010), doi 10.1016/j.endm.2010.05.088.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import highspy
import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.model import Matrix
from services.dispatch.solve.highs import Outcome, loaded
from services.dispatch.solve.reduction import reduced, restored, restored_duals
from services.dispatch.solve.rounding import is_whole

Columns = NDArray[np.int64]
Tell = Callable[[float], None]

DUAL_SIMPLEX = 1
WHOLE = 1e-6
HALF = 0.5
SHARE = 0.25
"""Of the decisions that are not whole, how many are fixed at once."""
ROOM = 0.5
"""Of what is left up to `enough`, how much dearer a batch may make the plan."""
LEAST_ROOM = 1e-6
"""The same relative to the cost, where nothing is left."""
SMALLER, LARGER = 4, 2
"""A batch that was too dear is tried again with so many times fewer; the next one has at most so many times more."""


@dataclass(frozen=True)
class Point:
    """A solution of the relaxed problem."""

    objective: float
    """Infinite where there is none."""
    values: Floats


class OutOfTime(Exception):
    """The deadline came before the dive was down."""


def relaxed_dive(
    matrix: Matrix, first: Columns, deadline: float, enough: float, most: float = np.inf, tell: Tell = lambda _: None
) -> Outcome | None:
    """A plan of a narrowed problem, those of its decisions in `first` before all others; None where none came out.

    It may cost `enough` without harm, and the dive is given up where it would cost more than `most`. `tell` hears
    what the relaxed problem costs on the way.
    """
    reduction = reduced(matrix)
    if not reduction.matrix.cost.size:
        return None
    place = np.full(matrix.shape[1], -1)
    place[reduction.rest.column_of] = np.arange(len(reduction.rest.column_of))
    chosen = place[first]
    integer = matrix.integer[reduction.rest.column_of]
    dive = RelaxedDive(reduction.matrix, (chosen[chosen >= 0], np.flatnonzero(integer)), deadline, enough, tell)
    try:
        end = dive.down(most)
    except OutOfTime:
        return None
    if np.isinf(end.objective):
        return None
    values = restored(reduction, end.values)
    if not is_whole(matrix, values):
        return None
    row_dual, column_dual = restored_duals(matrix, reduction, dive.row_dual())
    return Outcome("optimal", end.objective, -np.inf, values, row_dual, column_dual)


class RelaxedDive:
    """One way down: a linear programme and what is fixed in it by now."""

    def __init__(self, matrix: Matrix, stages: tuple[Columns, Columns], deadline: float, enough: float, tell: Tell):
        self.matrix, self.deadline, self.enough, self.tell = matrix, deadline, enough, tell
        self.solver = loaded(matrix, relaxed=True, options={"threads": 1})
        self.stages = stages
        """What becomes whole, in this order."""
        self.at_once = len(stages[1])
        self.eager = False

    def down(self, most: float) -> Point:
        """The first of two ways on which all becomes whole for `most` at the most; else a point without a cost."""
        root = self._solved()
        # From now on only limits change: the basis stays dual feasible.
        self.solver.setOptionValue("simplex_strategy", DUAL_SIMPLEX)
        basis = self.solver.getBasis()
        for self.eager in (False, True):
            end = self._way(root, most)
            if np.isfinite(end.objective):
                return end
            self._bound(self.stages[1], self.matrix.lower[self.stages[1]], self.matrix.upper[self.stages[1]])
            self.solver.setBasis(basis)
        return end

    def _way(self, here: Point, most: float) -> Point:
        """Down from a point, until all is whole, nothing fits, or it costs more than `most`."""
        self.at_once = len(self.stages[1])
        while here.objective <= most:
            columns, whole = self._between(here)
            if not columns.size:
                return self._settled(here)
            here = self._fixed(here, columns, whole)
            self.tell(here.objective)
        return replace(here, objective=np.inf)

    def row_dual(self) -> Floats:
        """What a unit of each row is worth in the last solution."""
        return np.array(self.solver.getSolution().row_dual)

    def _between(self, here: Point) -> tuple[Columns, Floats]:
        """The decisions to be made whole next, in their order, and what they become."""
        for first, columns in zip((True, False), self.stages, strict=True):
            value = here.values[columns]
            between = np.abs(value - np.round(value)) > WHOLE
            columns, value = columns[between], value[between]
            if columns.size:
                return self._ordered(columns, value) if first else _nearest(columns, value)
        return np.zeros(0, np.int64), np.zeros(0)

    def _ordered(self, columns: Columns, value: Floats) -> tuple[Columns, Floats]:
        """Units that are rather on come first, the fullest before all others; an eager dive rounds all of them up."""
        taken = value >= (0.0 if self.eager else HALF)
        if not taken.any():
            return _nearest(columns, value)
        order = np.argsort(-value[taken], kind="stable")
        return columns[taken][order], np.ones(len(order))

    def _fixed(self, before: Point, columns: Columns, whole: Floats) -> Point:
        """The solution with some of these fixed: as many at once as their cost allows, in the end one alone."""
        allowed = before.objective + max(ROOM * (self.enough - before.objective), LEAST_ROOM * abs(before.objective))
        basis = self.solver.getBasis()
        self.at_once = min(int(np.ceil(SHARE * columns.size)), LARGER * self.at_once)
        while True:
            batch = columns[: self.at_once]
            here = self._at(batch, whole[: self.at_once])
            if here.objective <= allowed:
                return here
            if self.at_once == 1:
                return self._cheaper(batch, whole[:1], here)
            self._bound(batch, self.matrix.lower[batch], self.matrix.upper[batch])
            self.solver.setBasis(basis)
            self.at_once = max(1, self.at_once // SMALLER)

    def _cheaper(self, one: Columns, whole: Floats, here: Point) -> Point:
        """One decision either way."""
        other = self._at(one, 1 - whole) if 0 <= 1 - whole[0] <= 1 else replace(here, objective=np.inf)
        return other if other.objective < here.objective else self._at(one, whole)

    def _settled(self, here: Point) -> Point:
        """Everything whole is held there, so that prices are those of the dispatch alone."""
        whole = self.stages[1]
        return self._at(whole, np.round(here.values[whole])) if whole.size else here

    def _at(self, columns: Columns, values: Floats) -> Point:
        self._bound(columns, values, values)
        return self._solved()

    def _bound(self, columns: Columns, lower: Floats, upper: Floats) -> None:
        self.solver.changeColsBounds(
            len(columns), columns.astype(np.int32), np.ascontiguousarray(lower), np.ascontiguousarray(upper)
        )

    def _solved(self) -> Point:
        left_s = self.deadline - time.monotonic()
        if left_s <= 0:
            raise OutOfTime
        self.solver.setOptionValue("time_limit", float(self.solver.getRunTime() + left_s))
        self.solver.run()
        status = self.solver.getModelStatus()
        if status == highspy.HighsModelStatus.kTimeLimit:
            raise OutOfTime
        values = np.array(self.solver.getSolution().col_value)
        found = status == highspy.HighsModelStatus.kOptimal
        return Point(float(self.solver.getInfo().objective_function_value) if found else np.inf, values)


def _nearest(columns: Columns, value: Floats) -> tuple[Columns, Floats]:
    """Each to its nearest whole number, those that are nearly there first."""
    whole = np.round(value)
    order = np.argsort(np.abs(value - whole), kind="stable")
    return columns[order], whole[order]

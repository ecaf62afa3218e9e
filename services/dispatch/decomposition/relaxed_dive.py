"""A dive through the relaxed problem: a few decisions at a time become whole, and the exact dispatch answers to each.

Near the schedules of the master nearly every unit-hour is decided, so the problem that is left is a linear programme
with some hundred fractions. It stays loaded: a decision more costs a few steps of the dual simplex method, far less
than the first solve. Units are rounded up, fullest first, because the rest of the fleet then gives way without any
shortage; what costs too much that way is tried in smaller batches, in the end alone and both ways. If a single decision
is dear both ways (a scarce hour, a fraction of a large unit, everything else that is open is on), units that were
closed there are opened to stand in for it, and the way goes on from what is fixed. Where all is whole, the last
solution is the exact dispatch of a plan, with its prices.
Dives in general: Joncour, Michel, Sadykov, Sverdlov, Vanderbeck (2010), doi 10.1016/j.endm.2010.05.088.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.decomposition.priced_start import loaded_at
from services.dispatch.model import Matrix
from services.dispatch.solve.highs import Outcome, loaded
from services.dispatch.solve.reduction import reduced, restored, restored_duals
from services.dispatch.solve.rounding import is_whole

Columns = NDArray[np.int64]
Tell = Callable[[float], None]
Opening = Callable[[int], Columns]
"""Asked with a decision of the matrix: columns that are closed so far and could stand in for it."""
Opened = Callable[[Matrix, Columns], Matrix]
"""The problem with these decisions open."""

DUAL_SIMPLEX = 1
WHOLE = 1e-6
HALF = 0.5
SHARE = 0.25
"""Of the decisions that are not whole, how many are fixed at once."""
CHEAP, BOLDER = 0.01, 2.0
"""While a batch costs no more than this part of what is left up to `enough`, the next share is so much larger."""
FEW = 8
"""So many may be fixed at once in any case."""
ROOM = 0.5
"""Of what is left up to `enough`, how much dearer a batch may make the plan."""
LEAST_ROOM = 1e-6
"""The same relative to the cost, where nothing is left."""
DEAR = 0.25
"""Of what is left up to `enough`, what one decision may cost either way before more is opened."""
MOST_OPENINGS = 4
"""How often more is opened on one way: each time the problem is loaded anew."""
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


class Stuck(Exception):
    """Whichever way the next decision is made, it is dear; with these columns open there would be others."""

    def __init__(self, opened: Columns):
        super().__init__()
        self.opened = opened


def nothing_more(_column: int) -> Columns:
    """Whatever is closed stays closed."""
    return np.zeros(0, np.int64)


def opened(matrix: Matrix, columns: Columns) -> Matrix:
    """The problem in which these decisions may be yes."""
    upper = matrix.upper.copy()
    upper[columns] = 1.0
    return replace(matrix, upper=upper)


@dataclass(frozen=True)
class Wish:
    """What is wanted of a dive."""

    first: Columns
    """Decisions of the matrix that become whole before all others."""
    deadline: float
    enough: float
    """What a plan may cost without harm."""
    most: float = np.inf
    """What it may cost at the most: the dive is given up where it would cost more."""
    opening: Opening = nothing_more
    """What to open where a decision is dear either way."""
    opened: Opened = opened
    tell: Tell = lambda _: None
    """Hears what the relaxed problem costs on the way."""
    prices: Floats | None = None
    """What the rows that link resources are nearly worth, by row of the matrix (nan for all other rows)."""


def relaxed_dive(matrix: Matrix, wish: Wish) -> Outcome | None:
    """A plan of a narrowed problem, and of what was opened on the way; None where none came out.

    There are two ways down: where the first ends nowhere, an eager one rounds up whatever it can.
    """
    try:
        for eager in (False, True):
            found, matrix = _way(matrix, wish, eager)
            if found is not None:
                return found
    except OutOfTime:
        pass
    return None


def _way(matrix: Matrix, wish: Wish, eager: bool) -> tuple[Outcome | None, Matrix]:
    """The plan at the end of one way, if there is one; and the problem with all that was opened for it."""
    decided, at_once = matrix, matrix.shape[1]
    for may_open in [True] * MOST_OPENINGS + [False]:
        dive = RelaxedDive(decided, wish, eager, may_open, at_once)
        try:
            return dive.down(), matrix
        except Stuck as stuck:
            matrix = wish.opened(matrix, stuck.opened)
            decided, at_once = wish.opened(dive.decided(), stuck.opened), dive.at_once
    raise AssertionError("the last dive opens nothing")


class RelaxedDive:
    """A linear programme and what is fixed in it by now."""

    def __init__(self, matrix: Matrix, wish: Wish, eager: bool, may_open: bool, at_once: int):
        self.whole, self.wish, self.eager, self.may_open = matrix, wish, eager, may_open
        self.reduction = reduced(matrix)
        self.matrix = self.reduction.matrix
        column_of = self.reduction.rest.column_of
        place = np.full(matrix.shape[1], -1)
        place[column_of] = np.arange(len(column_of))
        chosen = place[wish.first]
        self.stages = chosen[chosen >= 0], np.flatnonzero(matrix.integer[column_of])
        """What becomes whole, in this order."""
        self.at_once = min(at_once, len(self.stages[1]))
        self.share = SHARE
        self.solver = self._loaded()
        self._limits = self.matrix.lower.copy(), self.matrix.upper.copy()

    def _loaded(self) -> Any:
        """In HiGHS, near its solution where the prices are known; columns behind its own are none of its business."""
        prices = self.wish.prices
        if prices is None:
            return loaded(self.matrix, relaxed=True, options={"threads": 1})
        return loaded_at(self.matrix, prices[self.reduction.rest.row_of])

    def down(self) -> Outcome | None:
        """The plan at the end, if all becomes whole for no more than the most."""
        if not self.matrix.cost.size:
            return None
        here = self._solved()
        self.room = self.wish.enough - here.objective
        # From now on only limits change: the basis stays dual feasible.
        self.solver.setOptionValue("simplex_strategy", DUAL_SIMPLEX)
        while np.isfinite(here.objective) and here.objective <= self.wish.most:
            columns, whole = self._between(here)
            if not columns.size:
                return self._plan(self._settled(here))
            here = self._fixed(here, columns, whole)
            self.wish.tell(here.objective)
        return None

    def decided(self) -> Matrix:
        """The whole problem with what is fixed by now."""
        lower, upper = self.whole.lower.copy(), self.whole.upper.copy()
        fixed = self._limits[0] == self._limits[1]
        columns = self.reduction.rest.column_of[fixed]
        lower[columns] = upper[columns] = self._limits[0][fixed]
        return replace(self.whole, lower=lower, upper=upper)

    def _plan(self, end: Point) -> Outcome | None:
        if np.isinf(end.objective):
            return None
        values = restored(self.reduction, end.values)
        if not is_whole(self.whole, values):
            return None
        row_dual, column_dual = restored_duals(self.whole, self.reduction, self.row_dual())
        return Outcome("optimal", end.objective, -np.inf, values, row_dual, column_dual)

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
        allowed = before.objective + max(
            ROOM * (self.wish.enough - before.objective), LEAST_ROOM * abs(before.objective)
        )
        basis = self.solver.getBasis()
        count = min(max(int(np.ceil(self.share * columns.size)), FEW), columns.size, self.at_once)
        while True:
            batch = columns[:count]
            here = self._at(batch, whole[:count])
            if here.objective <= allowed:
                self.at_once = max(self.at_once, LARGER * count)
                cheap = here.objective - before.objective <= CHEAP * (self.wish.enough - before.objective)
                self.share = min(1.0, BOLDER * self.share) if cheap else SHARE
                return here
            if count == 1:
                self.at_once = LARGER
                return self._cheaper(before, batch, whole[:1], here)
            self._bound(batch, self.matrix.lower[batch], self.matrix.upper[batch])
            self.solver.setBasis(basis)
            self.at_once = count = max(1, count // SMALLER)

    def _cheaper(self, before: Point, one: Columns, whole: Floats, here: Point) -> Point:
        """One decision either way."""
        other = self._at(one, 1 - whole) if 0 <= 1 - whole[0] <= 1 else replace(here, objective=np.inf)
        best = min(other.objective, here.objective)
        if self.may_open and best > max(self.wish.enough, before.objective + DEAR * self.room):
            opened = self.wish.opening(int(self.reduction.rest.column_of[one[0]]))
            if opened.size:
                self._bound(one, self.matrix.lower[one], self.matrix.upper[one])
                raise Stuck(opened)
        return other if other.objective < here.objective else self._at(one, whole)

    def _settled(self, here: Point) -> Point:
        """Everything whole is held there, so that prices are those of the dispatch alone."""
        whole = self.stages[1]
        return self._at(whole, np.round(here.values[whole])) if whole.size else here

    def _at(self, columns: Columns, values: Floats) -> Point:
        self._bound(columns, values, values)
        return self._solved()

    def _bound(self, columns: Columns, lower: Floats, upper: Floats) -> None:
        self._limits[0][columns], self._limits[1][columns] = lower, upper
        self.solver.changeColsBounds(
            len(columns), columns.astype(np.int32), np.ascontiguousarray(lower), np.ascontiguousarray(upper)
        )

    def _solved(self) -> Point:
        left_s = self.wish.deadline - time.monotonic()
        if left_s <= 0:
            raise OutOfTime
        self.solver.setOptionValue("time_limit", float(self.solver.getRunTime() + left_s))
        self.solver.run()
        status = self.solver.getModelStatus()
        if status == highspy.HighsModelStatus.kTimeLimit:
            raise OutOfTime
        values = np.array(self.solver.getSolution().col_value)[: self.matrix.cost.size]
        found = status == highspy.HighsModelStatus.kOptimal
        return Point(float(self.solver.getInfo().objective_function_value) if found else np.inf, values)


def _nearest(columns: Columns, value: Floats) -> tuple[Columns, Floats]:
    """Each to its nearest whole number, those that are nearly there first."""
    whole = np.round(value)
    order = np.argsort(np.abs(value - whole), kind="stable")
    return columns[order], whole[order]

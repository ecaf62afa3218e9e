"""A dive through the relaxed problem: a few decisions at a time become whole, and the exact dispatch answers to each.

Near the schedules of the master nearly every unit-hour is decided, so the problem that is left is a linear programme
with some hundred fractions. It stays loaded: a decision more costs a few steps of the dual simplex method, far less
than the first solve. Units are rounded up, fullest first, because the rest of the fleet then gives way without any
shortage. Where a batch costs too much, the prices (or the proof that nothing fits) say which of its decisions are to
blame: these are set aside until nothing else is open, and then made alone, either way. If one is dear both ways (a
scarce hour, a fraction of a large unit, everything else that is open is on), units that were closed there are opened to
stand in for it, and the way goes on from what is fixed. Where all is whole, the last solution is the exact dispatch of
a plan, with its prices.
Dives in general: Joncour, Michel, Sadykov, Sverdlov, Vanderbeck (2010), doi 10.1016/j.endm.2010.05.088.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.decomposition.programme import Columns, OutOfTime, Point, Programme
from services.dispatch.model import Matrix
from services.dispatch.solve.highs import Outcome
from services.dispatch.solve.reduction import reduced, restored, restored_duals
from services.dispatch.solve.rounding import WHOLE, is_whole

Tell = Callable[[float], None]
Opening = Callable[[int], Columns]
"""Asked with a decision of the matrix: columns that are closed so far and could stand in for it."""
Opened = Callable[[Matrix, Columns], Matrix]
"""The problem with these decisions open."""

HALF = 0.5
SHARE = 0.5
"""Of the decisions that are not whole, how many are fixed at once."""
CHEAP, BOLDER = 0.01, 2.0
"""While a batch costs no more than this part of what is left up to `enough`, the next share is so much larger."""
FEW = 8
"""So many may be fixed at once in any case."""
COMPANY, COMPANY_OFF = 8, 32
"""So many that are on already are held with a few that cost next to nothing; then twice as many, and so on. Of those
that are off, no more than the second."""
ROOM = 0.5
"""Of what is left up to `enough`, how much dearer a batch may make the plan."""
LEAST_ROOM = 1e-6
"""The same relative to the cost, where nothing is left."""
DEAR = 0.25
"""Of what is left up to `enough`, what one decision may cost either way before more is opened."""
MOST_OPENINGS = 4
"""How often more is opened on one way: each time the problem is loaded anew."""
FORGIVEN = 0.5
"""Of what a batch may cost, or of the proof that nothing fits, the part that those who stay in it may have."""


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
    """Decisions of the matrix that become whole before all others (units x steps)."""
    deadline: float
    enough: float
    """What a plan may cost without harm."""
    most: float = np.inf
    """What it may cost at the most: the dive is given up where it would cost more."""
    least_room: float = 0.0
    """Where there is no most, what it may cost in any case beyond the relaxed problem."""
    opening: Opening = nothing_more
    """What to open where a decision is dear either way."""
    opened: Opened = opened
    tell: Tell = lambda _: None
    """Hears what the relaxed problem costs on the way."""
    prices: Floats | None = None
    """What the rows that link resources are nearly worth, by row of the matrix (nan for all other rows)."""

    def enough_from(self, relaxed: float) -> float:
        """What a plan may cost without harm, where the relaxed problem costs so much."""
        room = HALF * (self.most - relaxed) if np.isfinite(self.most) else self.least_room
        return max(self.enough, relaxed + room)


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
    decided, room = matrix, None
    for may_open in [True] * MOST_OPENINGS + [False]:
        dive = RelaxedDive(decided, wish, eager, may_open, room)
        try:
            return dive.down(), matrix
        except Stuck as stuck:
            matrix = wish.opened(matrix, stuck.opened)
            decided, room = wish.opened(dive.decided(), stuck.opened), dive.room
    raise AssertionError("the last dive opens nothing")


class RelaxedDive:
    """A linear programme and what is fixed in it by now."""

    def __init__(self, matrix: Matrix, wish: Wish, eager: bool, may_open: bool, room: float | None = None):
        self.whole, self.wish, self.eager, self.may_open, self.room = matrix, wish, eager, may_open, room
        self.reduction = reduced(matrix)
        self.matrix = _between_whole(self.reduction.matrix, matrix.integer[self.reduction.rest.column_of])
        column_of = self.reduction.rest.column_of
        place = np.full(matrix.shape[1], -1)
        place[column_of] = np.arange(len(column_of))
        chosen = place[wish.first]
        self.stages = chosen[chosen >= 0], np.flatnonzero(matrix.integer[column_of])
        """What becomes whole, in this order."""
        self.step = np.full(len(column_of), -1)
        """Of what becomes whole first."""
        self.step[self.stages[0]] = np.nonzero(chosen >= 0)[-1]
        self.aside = np.zeros(len(column_of), dtype=bool)
        """What was to blame for the cost of a batch."""
        self.share, self.company = SHARE, 0
        self.enough = wish.enough
        prices = None if wish.prices is None else wish.prices[self.reduction.rest.row_of]
        self.programme = Programme(self.matrix, prices, wish.deadline)

    def down(self) -> Outcome | None:
        """The plan at the end, if all becomes whole for no more than the most."""
        if not self.matrix.cost.size:
            return None
        here = self.programme.solved()
        self.enough = self.wish.enough_from(here.objective)
        self.room = self.enough - here.objective if self.room is None else self.room
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
        fixed = self.programme.lower == self.programme.upper
        columns = self.reduction.rest.column_of[fixed]
        lower[columns] = upper[columns] = self.programme.lower[fixed]
        return replace(self.whole, lower=lower, upper=upper)

    def _plan(self, end: Point) -> Outcome | None:
        if np.isinf(end.objective):
            return None
        values = restored(self.reduction, end.values)
        if not is_whole(self.whole, values):
            return None
        row_dual, column_dual = restored_duals(self.whole, self.reduction, self.programme.row_dual())
        return Outcome("optimal", end.objective, -np.inf, values, row_dual, column_dual)

    def _between(self, here: Point) -> tuple[Columns, Floats]:
        """The decisions to be made whole next, in their order, and what they become."""
        for first, columns in zip((True, False), self.stages, strict=True):
            value = here.values[columns]
            between = np.abs(value - np.round(value)) > WHOLE
            easy = between & ~self.aside[columns]
            chosen = easy if easy.any() else between
            columns, value = columns[chosen], value[chosen]
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
        """The solution with a batch of these fixed, less those that cost too much."""
        left = self.enough - before.objective
        allowed = max(ROOM * left, LEAST_ROOM * abs(before.objective))
        few = columns.size <= FEW
        columns, whole = self._batch(before, columns, whole)
        here, at_once = self._at(columns, whole), columns.size
        while here.objective > before.objective + allowed and columns.size > 1:
            stay = _least(self.programme.blame(columns, whole - before.values[columns]), here.objective, allowed)
            self.aside[columns[~stay]] = True
            self.programme.release(columns[~stay])
            columns, whole = columns[stay], whole[stay]
            here = self.programme.solved()
        if here.objective > before.objective + allowed:
            return self._cheaper(before, columns, whole, here)
        cheap = columns.size == at_once and here.objective - before.objective <= CHEAP * left
        self.share = min(1.0, BOLDER * self.share) if cheap else SHARE
        self.company = max(COMPANY, 2 * self.company) if cheap and few else 0
        return here

    def _batch(self, before: Point, columns: Columns, whole: Floats) -> tuple[Columns, Floats]:
        """The first of these, as many as are fixed at once; alone what was set aside."""
        if self.aside[columns[0]]:
            return columns[:1], whole[:1]
        count = min(max(int(np.ceil(self.share * columns.size)), FEW), columns.size)
        columns, whole = columns[:count], whole[:count]
        company = self._next_to_change(before, columns, whole) if self.company else columns[:0]
        return np.concatenate([columns, company]), np.concatenate([whole, np.full(company.size, float(whole.all()))])

    def _next_to_change(self, before: Point, columns: Columns, whole: Floats) -> Columns:
        """Units of which one would be on in part next, if only these few became whole, all on or all off.

        Without them, what is too much or too little in an hour goes from one unit to the next, a programme for each.
        """
        among = self.stages[0][self.programme.lower[self.stages[0]] < self.programme.upper[self.stages[0]]]
        if whole.all():
            among = among[before.values[among] >= 1 - WHOLE]
        elif not whole.any():
            among = among[(before.values[among] <= WHOLE) & np.isin(self.step[among], self.step[columns])]
        else:
            return columns[:0]
        order = np.argsort(np.abs(self.programme.worth(among)), kind="stable")
        chosen: Columns = among[order[: self.company if whole.all() else min(self.company, COMPANY_OFF)]]
        return chosen

    def _cheaper(self, before: Point, one: Columns, whole: Floats, here: Point) -> Point:
        """One decision either way."""
        assert self.room is not None
        other = self._at(one, 1 - whole) if 0 <= 1 - whole[0] <= 1 else replace(here, objective=np.inf)
        best = min(other.objective, here.objective)
        if self.may_open and best > max(self.enough, before.objective + DEAR * self.room):
            opened = self.wish.opening(int(self.reduction.rest.column_of[one[0]]))
            if opened.size:
                self.programme.release(one)
                raise Stuck(opened)
        return other if other.objective < here.objective else self._at(one, whole)

    def _settled(self, here: Point) -> Point:
        """Everything whole is held there, so that prices are those of the dispatch alone."""
        whole = self.stages[1]
        return self._at(whole, np.round(here.values[whole])) if whole.size else here

    def _at(self, columns: Columns, values: Floats) -> Point:
        self.programme.limit(columns, values, values)
        return self.programme.solved()


def _between_whole(matrix: Matrix, integer: NDArray[np.bool_]) -> Matrix:
    """Limits of decisions that have come from rows are whole too, or rounding would not know of the row any more."""
    return replace(
        matrix,
        lower=np.where(integer, np.ceil(matrix.lower - WHOLE), matrix.lower),
        upper=np.where(integer, np.floor(matrix.upper + WHOLE), matrix.upper),
    )


def _least(blame: Floats, objective: float, allowed: float) -> NDArray[np.bool_]:
    """Who stays in a batch: those least to blame; never all of them, and never nobody."""
    order = np.argsort(blame, kind="stable")
    total = np.cumsum(blame[order])
    most = FORGIVEN * (allowed if np.isfinite(objective) else total[-1])
    count = int(np.clip(np.searchsorted(total, most, side="right"), 1, blame.size - 1))
    stay = np.zeros(blame.size, dtype=bool)
    stay[order[:count]] = True
    return stay


def _nearest(columns: Columns, value: Floats) -> tuple[Columns, Floats]:
    """Each to its nearest whole number, those that are nearly there first."""
    whole = np.round(value)
    order = np.argsort(np.abs(value - whole), kind="stable")
    return columns[order], whole[order]

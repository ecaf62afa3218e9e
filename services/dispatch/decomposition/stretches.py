"""A dive through a long horizon, one stretch of it after the other.

The relaxed problem of the whole horizon is solved once: it says how full every store is at the end of each stretch, and
who is about to run. Then the decisions of one stretch become whole while some hours behind it may still answer, before
it all stays as it was decided, and farther on as the relaxed problem has it. So no programme of the dive is longer than
that, however long the horizon is. In the end one exact dispatch of the whole answers to what was decided.
"""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats
from services.dispatch.decomposition.programme import Columns, OutOfTime
from services.dispatch.decomposition.relaxed_dive import Opening, RelaxedDive, Wish, relaxed_dive
from services.dispatch.decomposition.split import Split
from services.dispatch.model import Matrix
from services.dispatch.solve.highs import Outcome
from services.dispatch.solve.reduction import restored
from services.dispatch.solve.rounding import WHOLE

STRETCH_H, AHEAD_H = 24, 12
"""How long a stretch is, and how much behind it may answer."""
LONG_H = 48
"""A horizon up to this is no longer than two programmes would be."""
LEAST_SHARE = 2e-5
"""Of the cost, the room that a stretch has in any case."""
ANYTIME = -1
"""The step of a column or row that belongs to none."""
Mask = NDArray[np.bool_]
Steps = NDArray[np.int64]


def is_long(case: Case) -> bool:
    """Whether a dive goes through it by stretches."""
    return case.horizon.hours > LONG_H


def dive_by_stretches(case: Case, parts: Split, guide: Matrix, ways: Sequence[Matrix], wish: Wish) -> Outcome | None:
    """A plan of the whole horizon, whole from its beginning to its end; None where none came out.

    `guide` is relaxed; a stretch is dived through in the first of the `ways` in which it comes down. All are the same
    problem narrowed more or less.
    """
    here = _relaxed(guide, wish)
    step = _steps(guide, case.steps)
    until, ends = _until(parts, step), _ends(case)
    enough = wish.enough if here is None else wish.enough_from(here.objective)
    for number, (first, last) in enumerate(itertools.pairwise(ends)):
        if here is None or here.values is None:
            return None
        ahead = last + round(AHEAD_H / case.horizon.step_h)
        share = max((enough - here.objective) / (len(ends) - 1 - number), LEAST_SHARE * abs(here.objective))
        asked = _wish(wish, step, last, ahead, here.objective + share)
        # Made only when it is tried.
        problems = (_without_rows(_stretch(way, here.values, step, first, last, ahead), until >= ahead) for way in ways)
        here = next((found for found in (relaxed_dive(one, asked) for one in problems) if found is not None), None)
    return None if here is None or here.values is None else _dispatched(ways[-1], here.values, wish)


def _relaxed(matrix: Matrix, wish: Wish) -> Outcome | None:
    """The relaxed problem of the whole horizon; None where it was not solved in time or there is no solution."""
    try:
        whole = RelaxedDive(matrix, wish, eager=False, may_open=False)
        here = whole.programme.solved()
    except OutOfTime:
        return None
    if np.isinf(here.objective):
        return None
    return Outcome("optimal", here.objective, -np.inf, restored(whole.reduction, here.values))


def _ends(case: Case) -> list[int]:
    """The steps at which stretches of about the same length begin and end."""
    count = max(1, round(case.horizon.hours / STRETCH_H))
    ends: list[int] = np.linspace(0, case.steps, count + 1).round().astype(int).tolist()
    return ends


def _steps(matrix: Matrix, steps: int) -> Steps:
    """The step of every column."""
    found = np.full(matrix.shape[1], ANYTIME)
    for family in matrix.column_names.families:
        if family.shape[-1] == steps:
            entries = np.arange(family.size) if family.places is None else family.places
            found[family.first : family.first + family.size] = entries % steps
    return found


def _until(parts: Split, step: Steps) -> Steps:
    """By row, the last step that it speaks of if it is a thermal unit's own; no other row is ever late."""
    rows, until = parts.matrix.rows, np.full(parts.matrix.shape[0], ANYTIME)
    filled = np.flatnonzero(np.diff(rows.indptr))
    first = rows.indptr[filled]
    own = parts.owner[rows.indices[first]] >= 0
    until[filled] = np.where(own, np.maximum.reduceat(step[rows.indices], first), ANYTIME)
    until[parts.master_rows] = ANYTIME
    return until


def _stretch(matrix: Matrix, values: Floats, step: Steps, first: int, last: int, ahead: int) -> Matrix:
    """The problem of one stretch: all that is neither in it nor close behind it stands still."""
    integer = matrix.integer & (step < last)
    decided = integer & (step >= 0) & (step < first)
    # What was opened for the stretch before stays open.
    wide = replace(
        matrix,
        lower=np.where(matrix.integer, np.minimum(matrix.lower, np.floor(values + WHOLE)), matrix.lower),
        upper=np.where(matrix.integer, np.maximum(matrix.upper, np.ceil(values - WHOLE)), matrix.upper),
        integer=integer,
    )
    still = (step >= 0) & ((step < first) | (step >= ahead))
    return _held(wide, np.where(decided, np.round(values), values), still)


def _held(matrix: Matrix, values: Floats, still: Mask) -> Matrix:
    """The problem in which these columns stand still at their values."""
    lower, upper = (np.where(still, values, limit) for limit in (matrix.lower, matrix.upper))
    return replace(matrix, lower=lower, upper=upper)


def _without_rows(matrix: Matrix, chosen: Mask) -> Matrix:
    """The problem in which these rows say nothing.

    A unit's own rows across the end of a problem would have it do as the relaxed problem does behind it: half on.
    """
    lower = np.where(chosen, -np.inf, matrix.row_lower)
    return replace(matrix, row_lower=lower, row_upper=np.where(chosen, np.inf, matrix.row_upper))


def _wish(wish: Wish, step: Steps, last: int, ahead: int, enough: float) -> Wish:
    """The same of a stretch."""
    return replace(
        wish,
        first=wish.first[:, step[wish.first[0]] < last],
        enough=enough,
        # What stretches behind it cost is not known yet.
        most=np.inf,
        opening=_up_to(wish.opening, step, ahead),
    )


def _up_to(opening: Opening, step: Steps, end: int) -> Opening:
    """What may stand in before this step."""

    def sooner(column: int) -> Columns:
        columns = opening(column)
        return columns[step[columns] < end]

    return sooner


def _dispatched(matrix: Matrix, values: Floats, wish: Wish) -> Outcome | None:
    """The exact dispatch of the whole at these decisions."""
    return relaxed_dive(_held(matrix, np.round(values), matrix.integer), replace(wish, most=np.inf))

"""A plan when there is no time for a search: the merit order runs, everything that need not move stands still.

It is a bad plan, but a refereed one, with a bound that says how bad.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from services.dispatch.model import Matrix
from services.dispatch.solve.guarded import Start, guarded_search
from services.dispatch.solve.highs import Outcome, Settings, dispatch

MENDING_S = 30.0
"""What making the guess consistent may take beyond the time limit."""


def standing_still(matrix: Matrix, start: Start | None, settings: Settings) -> Outcome | None:
    """The dispatch at a guessed commitment, every other decision at rest; None where even that fits no rule."""
    guess = np.clip(np.zeros(matrix.shape[1]), matrix.lower, np.maximum(matrix.upper, matrix.lower))
    if start is not None:
        guess[start[0]] = start[1]
        committed = _fixed(matrix, start)
        found = dispatch(replace(committed, integer=_at_rest(matrix)), guess, seconds=MENDING_S)
        if found.values is not None and _is_whole(matrix, found):
            return found
        matrix = committed
    mended, _ = guarded_search(matrix, replace(settings, seconds=MENDING_S, gap=0.5))
    return mended if mended.values is not None else None


def _fixed(matrix: Matrix, start: Start) -> Matrix:
    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    lower[start[0]] = upper[start[0]] = start[1]
    return replace(matrix, lower=lower, upper=upper)


def _at_rest(matrix: Matrix) -> NDArray[np.bool_]:
    """The decisions that are kept at rest: all but the thermal fleet's, whose starts and stops follow from its runs."""
    rest = matrix.integer.copy()
    for family in matrix.column_names.families:
        if family.kind == "thermal":
            rest[family.first : family.first + family.size] = False
    return rest


def _is_whole(matrix: Matrix, found: Outcome) -> bool:
    assert found.values is not None
    chosen = found.values[matrix.integer]
    return bool(np.abs(chosen - np.round(chosen)).max(initial=0.0) < 1e-6)

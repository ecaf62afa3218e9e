"""Whole numbers for a small problem, a few at a time: each solve of what is left shows where the rest should go."""

import time
from dataclasses import replace

import highspy
import numpy as np

from grid_models.quantities import Floats
from services.dispatch.model import Matrix
from services.dispatch.solve.highs import Settings, loaded, search

WHOLE = 1e-6
SHARE = 0.25
"""Of the numbers that are not whole, how many are rounded at once."""


def whole_near(matrix: Matrix, seconds: float, abs_gap: float) -> Floats | None:
    """A whole solution near the relaxed one; where rounding comes to an end, branch and bound takes the rest."""
    deadline = time.monotonic() + seconds
    solver = loaded(matrix, relaxed=True, options={"threads": 1})
    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    known = lower.copy(), upper.copy()
    open_ = np.flatnonzero(matrix.integer).astype(np.int32)
    while time.monotonic() < deadline:
        solver.setOptionValue("time_limit", float(solver.getRunTime() + max(deadline - time.monotonic(), 0.05)))
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            break
        values = np.array(solver.getSolution().col_value)
        distance = np.abs(values[open_] - np.round(values[open_]))
        between = np.argsort(distance)[(distance <= WHOLE).sum() :]
        if not between.size:
            return values
        chosen = open_[between[: int(np.ceil(SHARE * between.size))]]
        known = lower.copy(), upper.copy()
        lower[chosen] = upper[chosen] = np.round(values[chosen])
        solver.changeColsBounds(len(chosen), chosen, lower[chosen], upper[chosen])
        open_ = np.setdiff1d(open_, chosen)
    else:
        return None
    # The last numbers did not fit together: they are free again, all others stay.
    rest = replace(matrix, lower=known[0], upper=known[1])
    left = max(deadline - time.monotonic(), 0.1)
    return search(rest, Settings(gap=0.0, seconds=left, threads=1, options={"mip_abs_gap": abs_gap})).values

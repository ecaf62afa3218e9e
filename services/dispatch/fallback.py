"""A plan when there is no time for a search: the merit order runs, everything that need not move stands still.

It is a bad plan, but a refereed one, with a bound that says how bad.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.balance import BALANCE
from services.dispatch.formulations.thermal import STARTS_AND_STOPS
from services.dispatch.model import Family, Matrix
from services.dispatch.solve.guarded import Start, guarded_search
from services.dispatch.solve.highs import Outcome, Settings
from services.dispatch.solve.rounding import whole_dispatch

MENDING_S = 30.0
"""What making the guess consistent may take beyond the time limit."""


def standing_still(matrix: Matrix, start: Start | None, settings: Settings) -> Outcome | None:
    """The dispatch at a guessed commitment, every other decision at rest; None where even that fits no rule."""
    if start is not None:
        matrix = _fixed(matrix, start)
        found = whole_dispatch(matrix, _with_starts(matrix, at_rest(matrix)), _follows(matrix), MENDING_S)
        if found is not None:
            return found
    mended, _ = guarded_search(matrix, replace(settings, seconds=MENDING_S, gap=0.5))
    return mended if mended.values is not None else None


def _fixed(matrix: Matrix, start: Start) -> Matrix:
    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    lower[start[0]] = upper[start[0]] = start[1]
    return replace(matrix, lower=lower, upper=upper)


def at_rest(matrix: Matrix) -> Floats:
    """No decision is taken, but batteries may charge while little is needed, or none could keep its level."""
    values: Floats = np.clip(0.0, matrix.lower, np.maximum(matrix.upper, matrix.lower))
    needed_mw = _needed_mw(matrix)
    for family in matrix.column_names.families:
        if (family.kind, family.name) == ("battery", "charging"):
            charges = np.broadcast_to(needed_mw <= np.median(needed_mw), family.shape)
            values[_slice(family)] = charges.ravel()
    return values


def _needed_mw(matrix: Matrix) -> Floats:
    """Per step, demand of all zones less what wind, sun and water could give."""
    needed = np.zeros(1)
    for family in matrix.row_names.families:
        if family.name == BALANCE:
            demand_mw = matrix.row_lower[_slice(family)].reshape(family.shape)
            needed = needed + demand_mw.sum(0)
    for family in matrix.column_names.families:
        if family.kind == "renewable" and family.name == "power_mw":
            needed = needed - matrix.upper[_slice(family)].reshape(family.shape).sum(0)
    return needed


def _with_starts(matrix: Matrix, values: Floats) -> Floats:
    """The starts and stops that follow from who runs (T1)."""
    columns = {family.name: _slice(family) for family in matrix.column_names.families if family.kind == "thermal"}
    for family in matrix.row_names.families:
        if (family.kind, family.name) == ("thermal", STARTS_AND_STOPS):
            values[columns["start"]] = values[columns["stop"]] = 0.0
            change = matrix.rows[_slice(family)] @ values - matrix.row_lower[_slice(family)]
            values[columns["start"]], values[columns["stop"]] = np.maximum(change, 0.0), np.maximum(-change, 0.0)
    return values


def _follows(matrix: Matrix) -> NDArray[np.bool_]:
    """What is neither decided nor kept at rest: tiers, bands and pieces of the thermal fleet follow from its output."""
    follows = np.zeros(matrix.shape[1], dtype=bool)
    for family in matrix.column_names.families:
        if family.kind == "thermal" and family.name not in ("on", "start", "stop"):
            follows[_slice(family)] = True
    return follows


def _slice(family: Family) -> slice:
    return slice(family.first, family.first + family.size)

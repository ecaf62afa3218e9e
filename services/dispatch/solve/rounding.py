"""Whole numbers for what a dispatch leaves open inside thermal units: a deep tier, a band, a full piece.

Where it all is fractional, branch and bound would find the best; here each is rounded to the side that leaves the unit
most freedom at the output that it has, and the dispatch is solved again.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.model import Family, Matrix
from services.dispatch.solve.highs import Outcome, dispatch

WHOLE = 1e-6
"""How near to a whole number a decision must be."""


def whole_dispatch(matrix: Matrix, values: Floats, open_: NDArray[np.bool_], seconds: float) -> Outcome | None:
    """The dispatch with every integer column at its value but the open ones, these rounded; None where none fits."""
    found = dispatch(replace(matrix, integer=matrix.integer & ~open_), values, seconds)
    if found.values is None or is_whole(matrix, found.values):
        return found if found.values is not None else None
    found = dispatch(matrix, rounded(matrix, found.values), seconds)
    return found if found.values is not None else None


def is_whole(matrix: Matrix, values: Floats) -> bool:
    """Whether every integer column has a whole number."""
    chosen = values[matrix.integer]
    return bool(np.abs(chosen - np.round(chosen)).max(initial=0.0) < WHOLE)


def rounded(matrix: Matrix, values: Floats) -> Floats:
    """Tiers that are touched at all count as entered, the fullest band is chosen, all else goes to the nearest."""
    whole = np.where(matrix.integer, np.round(values), values)
    for family in matrix.column_names.families:
        mine = slice(family.first, family.first + family.size)
        if family.kind == "thermal" and family.name.startswith("deep_"):
            whole[mine] = np.ceil(values[mine] - WHOLE)
        elif (family.kind, family.name) == ("thermal", "in_band"):
            whole[mine] = _fullest(family, values[mine].reshape(family.shape)).ravel()
    return whole


def _fullest(family: Family, share: Floats) -> Floats:
    """By unit and step, one band: the one with the largest share; none where the unit is off."""
    _, owner = np.unique(family.resources, return_inverse=True)
    order = np.lexsort((-share, np.broadcast_to(owner[:, None], share.shape)), axis=0)
    first = np.searchsorted(np.sort(owner), np.arange(int(owner.max()) + 1))
    chosen, steps = np.zeros(share.shape), np.arange(share.shape[1])
    total = np.zeros((first.size, share.shape[1]))
    np.add.at(total, owner, share)
    for unit, row in enumerate(first):
        chosen[order[row], steps] = np.round(total[unit])
    return chosen

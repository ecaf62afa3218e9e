"""The remembered commitment in the case at hand: the exact plan with it, where it can carry the case at all."""

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from grid_models.resources import ThermalUnit
from services.dispatch.balance import BALANCE
from services.dispatch.decomposition.completing import completed
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.hunt import Hunt
from services.dispatch.reserves import REQUIREMENT
from services.dispatch.solve.highs import Outcome, Settings

ROUNDING = 1e-6
"""Of what is needed at a step; where more is missing, a dispatch would end in shortage."""


def continued(hunt: Hunt, settings: Settings) -> Outcome | None:
    """The cheapest plan at the remembered commitment.

    None where nothing is remembered, the units that it has on are too few, or the master leaves decisions of other
    kinds between whole numbers, which only a dive makes whole.
    """
    generation = hunt.generation
    if generation.planned is None or not generation.master.values.size:
        return None
    others = generation.master.others()
    if generation.blocks.broken(others):
        return None
    on = _possible(generation, generation.planned)
    if (_capacity_mw(hunt, on) < (1 - ROUNDING) * needed_mw(hunt, others)).any():
        return None
    return completed(hunt.matrix, hunt.parts, on, others, settings, hunt.memory_limit_mb)


def _possible(generation: Generation, planned: Floats) -> Floats:
    """The remembered commitment; units that cannot follow it now do as the master would most."""
    patterns, heaviest = generation.master.patterns, generation.master.heaviest()
    chosen = [
        row if (unit, row.tobytes()) in patterns.number else heaviest[unit]
        for unit, row in enumerate(np.nan_to_num(planned, nan=-1.0).astype(np.int8))
    ]
    return np.array(chosen, dtype=float)


def _capacity_mw(hunt: Hunt, on: Floats) -> Floats:
    """Per step, the most that the units on can give."""
    most: Floats = np.array([unit.max_mw for unit in hunt.case.everything if isinstance(unit, ThermalUnit)])
    return most @ on


def needed_mw(hunt: Hunt, others: Floats) -> Floats:
    """Per step, what units on must give: balances and the reserve of what runs, less what others give to them."""
    spinning = {f"reserve {item.name}" for item in hunt.case.reserves if item.up and item.product != "non_spinning"}
    needed = np.zeros(hunt.case.steps)
    for family in hunt.matrix.row_names.families:
        if family.name == BALANCE or (family.name == REQUIREMENT and family.kind in spinning):
            rows: NDArray[np.int64] = np.arange(family.first, family.first + family.size)
            missing = hunt.matrix.row_lower[rows] - hunt.matrix.rows[rows] @ others
            needed += missing.reshape(family.shape).sum(axis=0)
    return needed

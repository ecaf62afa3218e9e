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
    """The cheapest plan with the remembered decisions.

    None where nothing is remembered, the units that it has on are too few, or decisions of other kinds are neither
    remembered nor whole in the master: only a dive makes them so.
    """
    generation, parts = hunt.generation, hunt.parts
    if generation.recalled is None:
        return None
    solved = generation.master.values.size > 0
    others = np.where(parts.owner < 0, generation.recalled, 0.0)
    others = np.where(np.isnan(others), generation.master.others() if solved else 0.0, others)
    on = _possible(generation, generation.recalled[parts.decisions["on"]])
    if on is None or generation.blocks.broken(others):
        return None
    if (_capacity_mw(hunt, on) < (1 - ROUNDING) * needed_mw(hunt, others)).any():
        return None
    return completed(hunt.matrix, parts, on, others, settings, hunt.memory_limit_mb)


def _possible(generation: Generation, planned: Floats) -> Floats | None:
    """The remembered commitment; units that cannot follow it now do as the master would most, where it is solved."""
    master = generation.master
    heaviest = master.heaviest() if master.values.size else {}
    chosen = [
        row if (unit, row.tobytes()) in master.patterns.number else heaviest.get(unit)
        for unit, row in enumerate(np.nan_to_num(planned, nan=-1.0).astype(np.int8))
    ]
    return None if any(row is None for row in chosen) else np.array(chosen, dtype=float)


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
            # Reserve that others hold beyond what is required covers no demand.
            missing = missing if family.name == BALANCE else np.maximum(missing, 0.0)
            needed += missing.reshape(family.shape).sum(axis=0)
    return needed

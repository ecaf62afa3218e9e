"""First prices from a part of the fleet: one unit stands for several of about its cost.

Prices hang on the shape of the whole fleet's costs far more than on single units, and column generation over a sixth
of the units takes a twentieth of the time. What the prices are not good for, the whole fleet puts right afterwards.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from grid_models.case import Case
from grid_models.quantities import Floats
from grid_models.resources import ThermalUnit
from services.dispatch.assembly import build
from services.dispatch.decomposition.coarse import spread
from services.dispatch.decomposition.generation import Generation, boxed_rows
from services.dispatch.decomposition.split import Split, split
from services.dispatch.merit import full_load_cost

SAMPLE = 150
"""Units that are enough to say what prices will be like."""
WORTH_IT = 6
"""So many times more units a fleet must have."""
TARGET = 1e-2


def sampled_prices(case: Case, parts: Split, deadline: float) -> Floats | None:
    """Prices of the master's rows from a sample of the fleet; None where the fleet is small."""
    units = [unit for unit in case.everything if isinstance(unit, ThermalUnit)]
    if len(units) < WORTH_IT * SAMPLE:
        return None
    weights = _weights(case, units, parts)
    left_out = {id(unit) for unit, weight in zip(units, weights, strict=True) if weight == 0.0}
    easier = case.replaced(resources=tuple(item for item in case.resources if id(item) not in left_out))
    sample = split(easier, build(easier).pack())
    if sample is None:
        return None
    generation = Generation(easier, sample, lambda _: None, weights=weights[weights > 0])
    generation.run(TARGET, deadline)
    return spread(generation.prices, sample, parts, 1) if np.isfinite(generation.bound) else None


def _weights(case: Case, units: list[ThermalUnit], parts: Split) -> Floats:
    """How many units each unit stands for; 0 for those that others stand for.

    A unit with links of its own, or one within another resource, stands for itself alone.
    """
    weights: Floats = np.ones(len(units))
    own = {id(item) for item in case.resources}
    alone = _linked_alone(parts) | np.array([id(unit) not in own for unit in units])
    cost, size = full_load_cost(units), np.array([unit.max_mw for unit in units])
    others = np.flatnonzero(~alone)
    by_cost = others[np.argsort(cost[others], kind="stable")]
    for group in np.array_split(by_cost, SAMPLE) if by_cost.size > SAMPLE else ():
        middle = group[len(group) // 2]
        weights[group] = 0.0
        weights[middle] = size[group].sum() / size[middle] if size[middle] > 0 else len(group)
    return weights


def _linked_alone(parts: Split) -> NDArray[np.bool_]:
    """By unit, whether it takes part in rows that are neither a balance nor a requirement of the whole system."""
    single = np.ones(len(parts.master_rows), dtype=bool)
    single[boxed_rows(parts)] = False
    columns = np.diff(csr_array(parts.links)[single].tocsc().indptr) > 0
    found = np.zeros(parts.units, dtype=bool)
    found[parts.owner[columns & (parts.owner >= 0)]] = True
    return found

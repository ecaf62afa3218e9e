"""Who meets the rest of the system alike: such parties share a row of the master, or one stands for several.

A group follows mixtures of what all its members do at the same prices. That is less than what each could mix for
itself, so the master costs at most a little more; but it has as many rows for ten thousand units as for some hundred,
and the bound, which is that of the prices, holds however parties are grouped.
"""

from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from grid_models.case import Case
from grid_models.quantities import Floats
from grid_models.resources import ThermalUnit
from services.dispatch.decomposition.split import Split
from services.dispatch.merit import full_load_cost

Parties = NDArray[np.int64]
APART = 300
"""Parties up to which each stays for itself: in a province every station matters by itself."""
GROUPS = 150
"""About how many groups there are of more."""


def together(case: Case, parts: Split) -> Parties:
    """Of every party (thermal units first, then blocks), the number of its group."""
    group = np.arange(parts.parties)
    if parts.parties <= APART:
        return group
    for number, members in enumerate(batches(case, parts, -(-parts.parties // GROUPS))):
        group[members] = number
    return group


def batches(case: Case, parts: Split, size: int) -> list[Parties]:
    """All parties in batches of at most so many that are alike, units by their full-load cost."""
    cost = np.r_[full_load_cost(thermal_units(case)), np.zeros(len(parts.blocks))]
    found = []
    for members in _alike(parts):
        by_cost = members[np.argsort(cost[members], kind="stable")]
        found += np.array_split(by_cost, -(-len(members) // size))
    return found


def thermal_units(case: Case) -> list[ThermalUnit]:
    """Those that are priced, in their order."""
    return [unit for unit in case.everything if isinstance(unit, ThermalUnit)]


def _alike(parts: Split) -> list[Parties]:
    """The parties that share the same rows of the master, whatever the step, and whose problems are as large."""
    meets = _meetings(parts)
    sizes = [(0, 0)] * parts.units + [(len(block.columns), len(block.rows)) for block in parts.blocks]
    found: dict[Hashable, list[int]] = {}
    for party, size in enumerate(sizes):
        rows = meets.indices[meets.indptr[party] : meets.indptr[party + 1]]
        found.setdefault((rows.tobytes(), size), []).append(party)
    return [np.array(members) for members in found.values()]


def _meetings(parts: Split) -> csr_array:
    """Parties x rows of the master, those of all steps as one; rows that one party has for itself do not count."""
    entries = parts.links.tocoo()
    party = parts.party[entries.col]
    known = party >= 0
    pairs = np.unique(np.stack([party[known], _whatever_the_step(parts)[entries.row[known]]]), axis=1)
    meets = csr_array((np.ones(pairs.shape[1]), (pairs[0], pairs[1])), shape=(parts.parties, parts.matrix.shape[0]))
    shared = csr_array(meets[:, np.asarray(meets.sum(axis=0)) > 1])
    shared.sort_indices()
    return shared


def _whatever_the_step(parts: Split) -> NDArray[np.int64]:
    """By row of the master, the same number for the same row at every step."""
    first = np.arange(parts.matrix.shape[0])
    for family in parts.matrix.row_names.families:
        mine = np.arange(family.size)
        first[family.first : family.first + family.size] = family.first + mine - mine % family.shape[-1]
    return first[parts.master_rows]


def weights_of_a_sample(case: Case, parts: Split, size: int) -> Floats:
    """How many parties each stands for, where one of each batch stands for all of it; 0 for all others."""
    units = thermal_units(case)
    mw = np.r_[[unit.max_mw for unit in units], np.ones(len(parts.blocks))]
    weights: Floats = np.zeros(parts.parties)
    for members in batches(case, parts, -(-parts.parties // size)):
        middle = members[len(members) // 2]
        weights[middle] = mw[members].sum() / mw[middle] if mw[middle] > 0 else len(members)
    return weights

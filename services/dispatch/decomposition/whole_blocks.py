"""Whole numbers for what the master mixes: every block gets a schedule that it can really follow.

In the master's solution a block follows a mixture of schedules: half a pump, a battery that charges and discharges at
once. Left to the dive, such halves are most of what it has to decide, rounding one by one soon ends where nothing fits,
and the relaxed programme with all of them in it takes minutes. Here each block searches for itself: the schedule with
whole numbers that is cheapest at the master's prices, where what it gives to a linking row costs more the farther it is
from the mixture. What a block leaves over is asked of the next one, so the large and lumpy come first.
"""

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack, identity, vstack

from grid_models.quantities import Floats
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.relaxed_dive import Wish, relaxed_dive
from services.dispatch.decomposition.split import Split
from services.dispatch.model import Matrix
from services.dispatch.solve.highs import Settings, search
from services.dispatch.solve.rounding import WHOLE

DEARER = 0.05
"""Of a row's price, what a unit away from the mixture costs: about how much dearer the fleet's next piece is."""
LEAST_PRICE = 0.05
"""Of the highest level of prices, what a row counts with whose own price says nothing."""
EXACT = 0.2
"""Of the gap asked for, how exactly all blocks together are searched."""
ONE_SHARE = 0.25
"""Of the time that is left, what one block may take."""
LEAST_S = 0.05
NOTHING_FIRST: NDArray[np.int64] = np.zeros((0, 0), np.int64)
PLAIN = {"mip_allow_restart": False}
"""Options of each search: a restart at the root takes as long as all else and finds no better schedule."""


@dataclass(frozen=True)
class Wanted:
    """What the rest of the system wants of the blocks."""

    prices: Floats
    """Of the master's rows."""
    dearer: Floats
    """What a unit more or less in a row costs."""
    mixture: Floats
    """Of all columns of the matrix."""


def whole_blocks(
    generation: Generation, settings: Settings, deadline: float, chosen: list[int] | None = None
) -> Floats:
    """Every column but those of thermal units, as in the master, but whole for all blocks that found a way in time.

    `chosen` are the blocks to ask, largest first; without it all that are not whole.
    """
    parts, mixture = generation.parts, generation.master.others()
    wanted = Wanted(generation.prices, dearer(parts, generation.prices), mixture)
    broken = generation.blocks.broken(mixture)[::-1] if chosen is None else chosen
    exact = EXACT * settings.gap * abs(generation.bound) / max(1, len(broken))
    found, owed = mixture.copy(), np.zeros(len(parts.master_rows))
    for number in broken:
        left_s = deadline - time.monotonic()
        if left_s < LEAST_S:
            break
        wish = replace(
            settings, gap=0.0, threads=1, seconds=ONE_SHARE * left_s, options={**PLAIN, "mip_abs_gap": exact}
        )
        values = _nearest(parts, number, generation.blocks.matrices[number], wanted, owed, wish)
        if values is not None:
            columns = parts.blocks[number].columns
            owed += parts.links[:, columns] @ (mixture[columns] - values)
            found[columns] = values
    return found


def held(matrix: Matrix, parts: Split, values: Floats) -> Matrix:
    """The problem with the whole numbers of blocks at these values; those that are not whole stay open."""
    columns = np.flatnonzero(matrix.integer & (parts.party >= parts.units))
    value = values[columns]
    columns = columns[np.abs(value - np.round(value)) < WHOLE]
    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    lower[columns] = upper[columns] = np.clip(np.round(values[columns]), lower[columns], upper[columns])
    return replace(matrix, lower=lower, upper=upper)


def dearer(parts: Split, prices: Floats) -> Floats:
    """By row of the master, what a unit away from the mixture costs."""
    level = np.abs(prices)
    for family in parts.matrix.row_names.families:
        mine = slice(*np.searchsorted(parts.master_rows, [family.first, family.first + family.size]))
        level[mine] = np.maximum(level[mine], level[mine].mean() if level[mine].size else 0.0)
    found: Floats = DEARER * np.maximum(level, LEAST_PRICE * level.max(initial=0.0))
    return found


def _nearest(
    parts: Split, number: int, matrix: Matrix, wanted: Wanted, owed: Floats, settings: Settings
) -> Floats | None:
    """The block's columns at the end of its search; None where it found nothing in time."""
    block = parts.blocks[number]
    links = csr_array(parts.links[:, block.columns])
    rows: NDArray[np.int64] = np.flatnonzero(np.diff(links.indptr))
    links = csr_array(links[rows])
    target = links @ wanted.mixture[block.columns] + owed[rows]
    cost = parts.matrix.cost[block.columns] - links.T @ wanted.prices[rows]
    drawn = _drawn_to(replace(matrix, cost=cost), links, target, wanted.dearer[rows])
    astray = float(wanted.dearer[rows] @ np.abs(target))
    values = _dived(drawn, settings, float(cost @ wanted.mixture[block.columns]) + astray)
    values = _searched(drawn, settings) if values is None else values
    if values is None:
        return None
    own: Floats = values[: len(block.columns)]
    return np.where(matrix.integer, np.round(own), own)


def _dived(matrix: Matrix, settings: Settings, enough: float) -> Floats | None:
    """Where a bold dive ends: it may cost what staying away from the mixture altogether would, so steps are large."""
    found = relaxed_dive(matrix, Wish(NOTHING_FIRST, time.monotonic() + settings.seconds, enough))
    return None if found is None else found.values


def _searched(matrix: Matrix, settings: Settings) -> Floats | None:
    """What the root of branch and bound finds, hardly ever improved on; only where it finds nothing, the tree."""
    for limits in ({"mip_max_nodes": 1}, {}):
        values = search(matrix, replace(settings, options={**settings.options, **limits})).values
        if values is not None:
            return values
    return None


def _drawn_to(matrix: Matrix, links: csr_array, target: Floats, dearer: Floats) -> Matrix:
    """The problem in which every unit that the links are above or below their target has its cost."""
    count, (height, _) = len(target), matrix.shape
    sides = csr_array(hstack([-identity(count), identity(count)]))
    above = hstack([matrix.rows, csr_array((height, 2 * count))])
    return replace(
        matrix,
        cost=np.r_[matrix.cost, dearer, dearer],
        lower=np.r_[matrix.lower, np.zeros(2 * count)],
        upper=np.r_[matrix.upper, np.full(2 * count, np.inf)],
        integer=np.r_[matrix.integer, np.zeros(2 * count, dtype=bool)],
        rows=csr_array(vstack([above, hstack([links, sides])])),
        row_lower=np.r_[matrix.row_lower, target],
        row_upper=np.r_[matrix.row_upper, target],
    )

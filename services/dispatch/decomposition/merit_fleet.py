"""A case as the climb by merit order sees it: a thermal fleet, and by step what is asked of it.

It is the system as one point without its network: other kinds stand as in the master's solution, but for what could be
had for less than from any thermal unit (wind that need not be spilled), which gives way step by step.
"""

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats
from services.dispatch.balance import BALANCE
from services.dispatch.decomposition.compiled.merit import Need, Pieces, Units
from services.dispatch.decomposition.compiled.moves import WIDE_MW
from services.dispatch.decomposition.hunt import Hunt
from services.dispatch.decomposition.neighbourhoods import shortages
from services.dispatch.decomposition.pricing import Pricer
from services.dispatch.decomposition.split import Split
from services.dispatch.decomposition.strengthening import is_small
from services.dispatch.reserves import REQUIREMENT

DEAR = 10.0
"""So many times the price of the dearest piece, a MW that is missing costs."""
DEEPEST = 4
"""Over how many steps ramps are looked at, at the most."""


def units_of(pricer: Pricer) -> Units:
    """The fleet, by unit."""
    fleet, limits = pricer.fleet, pricer.limits
    flat = {
        name: np.ascontiguousarray(np.minimum(numbers, WIDE_MW).ravel())
        for name, numbers in {
            "low": limits.min_mw, "room": limits.room_mw, "rise": limits.ramp_up_mw, "drop": limits.ramp_down_mw,
            "start": limits.start_mw, "stop": limits.fall_mw, "before": limits.above_before_mw,
        }.items()
    }  # fmt: skip
    return Units(
        **flat, min_up=limits.min_up.ravel(), min_down=limits.min_down.ravel(),
        idle=np.ascontiguousarray(pricer.curve_cost[:, 0]), warm=fleet.warm, first=fleet.first, was_on=fleet.was_on,
        must=fleet.must, may=fleet.may, kin=pricer.classes.astype(np.int64),
    )  # fmt: skip


def pieces_of(pricer: Pricer) -> Pieces:
    """The pieces of all curves, cheapest first; one that bends down is taken in the order of its pieces."""
    number = pricer.curve_x.shape[1] - 1
    real = np.arange(number) < np.maximum(pricer.points - 1, 0)[:, None]
    width, cost = np.diff(pricer.curve_x, axis=1), np.diff(pricer.curve_cost, axis=1)
    slope = np.where(real, cost / np.where(real & (width > 0), width, 1.0), 0.0)
    slope = np.maximum.accumulate(slope, axis=1)
    # Where a curve ends before the unit does, its last line goes on.
    last = np.maximum(pricer.points - 2, 0)
    rows = np.arange(len(last))
    width[rows, last] = np.where(pricer.points > 1, pricer.room - pricer.curve_x[rows, last], 0.0)
    owner, piece = np.nonzero(real & (width > 0))
    order = np.argsort(slope[owner, piece], kind="stable")
    owner, piece = owner[order], piece[order]
    own = np.full((len(real), number), -1)
    for unit in range(len(real)):
        mine = np.flatnonzero(owner == unit)
        own[unit, : len(mine)] = mine
    return Pieces(slope[owner, piece], pricer.curve_x[owner, piece], width[owner, piece], owner, own)


def need_of(hunt: Hunt, others: Floats, units: Units, pieces: Pieces) -> Need:
    """What the fleet must give, beside others as they are."""
    matrix, parts = hunt.matrix, hunt.parts
    balance, spinning = _rows(hunt, BALANCE), _rows(hunt, REQUIREMENT)
    cheap, standing = _cheap(hunt, balance, others, float(pieces.price.min(initial=np.inf)))
    standing = np.where(parts.owner < 0, standing, 0.0)
    power, reserve = (
        (matrix.row_lower[rows] - matrix.rows[rows] @ standing).reshape(-1, hunt.case.steps).sum(axis=0)
        for rows in (balance, spinning)
    )
    slow = units.rise < units.room
    first = pieces.price[pieces.own[slow, 0]]
    depth = np.ceil(units.room[slow] / np.maximum(units.rise[slow], 1.0)) - 1
    return Need(
        power=power,
        cheap=cheap,
        reserve=np.maximum(reserve, 0.0),
        dear=DEAR * float(np.abs(pieces.price).max(initial=1.0)),
        early=float(first.mean()) if slow.any() else 0.0,
        depth=int(np.clip(depth.max(initial=1), 1, DEEPEST)),
    )


def _rows(hunt: Hunt, name: str) -> NDArray[np.int64]:
    """The balances; or the requirements of reserve that rises and is held by what runs."""
    spinning = {f"reserve {item.name}" for item in hunt.case.reserves if item.up and item.product != "non_spinning"}
    chosen = [
        np.arange(family.first, family.first + family.size)
        for family in hunt.matrix.row_names.families
        if family.name == name and (name == BALANCE or family.kind in spinning)
    ]
    return np.concatenate([np.zeros(0, np.int64), *chosen])


def _cheap(hunt: Hunt, balance: NDArray[np.int64], others: Floats, below: float) -> tuple[Floats, Floats]:
    """By step, what could come from others for less; and the values of all columns without it, and without shortage."""
    matrix, parts, links = hunt.matrix, hunt.parts, hunt.parts.links
    alone = np.flatnonzero(
        (np.diff(links.indptr) == 1) & (parts.owner < 0) & ~lasting(parts, hunt.case.steps)[parts.party]
    )
    row, weight = parts.master_rows[links.indices[links.indptr[alone]]], links.data[links.indptr[alone]]
    offered = np.isin(row, balance) & (weight > 0) & (matrix.cost[alone] < below * weight)
    offered &= np.isfinite(matrix.upper[alone])
    column, row, weight = alone[offered], row[offered], weight[offered]
    place = np.searchsorted(balance, row) % hunt.case.steps
    most = weight * (matrix.upper[column] - matrix.lower[column])
    standing = others.copy()
    for missing in (column, *shortages(matrix)):
        standing[missing] = matrix.lower[missing]
    return np.bincount(place, most, minlength=hunt.case.steps).astype(float), standing


def may_climb(case: Case, parts: Split) -> bool:
    """Whether a fleet is small, and alone: what lasts from step to step (a battery) would have to answer too."""
    return is_small(case) and not lasting(parts, case.steps)[parts.units :].any()


def lasting(parts: Split, steps: int) -> NDArray[np.bool_]:
    """By party (the last stands for the master's own columns, which are not), whether it meets several steps."""
    places = balance_steps(parts, steps)
    entries = parts.links.tocoo()
    place, party = places[entries.row], parts.party[entries.col]
    known = (place >= 0) & (party >= 0)
    first, last = np.full(parts.units + len(parts.blocks) + 1, steps), np.full(parts.units + len(parts.blocks) + 1, -1)
    np.minimum.at(first, party[known], place[known])
    np.maximum.at(last, party[known], place[known])
    return last > first


def balance_steps(parts: Split, steps: int) -> NDArray[np.int64]:
    """Of every row of the master, the step that it balances; -1 where it is no balance."""
    found = np.full(len(parts.master_rows), -1)
    for family in parts.matrix.row_names.families:
        if family.name == BALANCE:
            rows = np.arange(family.first, family.first + family.size)
            found[np.searchsorted(parts.master_rows, rows)] = np.arange(family.size) % steps
    return found

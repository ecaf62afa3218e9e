"""What a thermal unit costs: production by pieces of its curve, starts by hours off."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.algebra import Linear
from services.dispatch.fleet import column
from services.dispatch.model import Block

if TYPE_CHECKING:
    from services.dispatch.formulations.thermal import Limits, Variables

SLOPE_TOLERANCE = 1e-7


def production_cost(block: Block, limits: Limits, x: Variables) -> None:
    """No-load cost, and each piece of the curve at its slope (T8); pieces that bend down need binaries (T9)."""
    step_h = block.model.case.horizon.step_h
    curves = [unit.curve for unit in limits.units]
    block.pay("production", x.on * (np.array([[cost[0]] for _, cost in curves]) * step_h))
    straight = np.array([len(_pieces(mw)) <= 1 for mw, _ in curves])
    slope = np.array([[_slope(mw, cost)] for mw, cost in curves])
    block.pay("production", x.above * (np.where(straight[:, None], slope, 0.0) * step_h))
    bent = np.flatnonzero(~straight)
    if bent.size:
        _by_pieces(block, limits, x, bent)


def _pieces(mw: Floats) -> list[tuple[int, int]]:
    return list(pairwise(range(len(mw))))


def _slope(mw: Floats, cost: Floats) -> float:
    return float((cost[-1] - cost[0]) / (mw[-1] - mw[0])) if len(mw) > 1 else 0.0


def _by_pieces(block: Block, limits: Limits, x: Variables, bent: NDArray[np.int64]) -> None:
    owner, low, high, slope = _piece_table(limits, bent)
    names = [block.names[unit] for unit in owner]
    shape = (owner.size, block.steps)
    width = high - low
    piece = block.variable("piece_mw", 0.0, width, shape=shape, resources=names)
    block.pay("production", piece * (slope * block.model.case.horizon.step_h))
    gather = np.searchsorted(bent, owner)
    labels = (gather[:, None] * block.steps + np.arange(block.steps)).ravel()
    whole = piece.grouped(labels, (bent.size, block.steps))
    block.require("output by pieces", x.above[bent].equals(whole), resources=[block.names[unit] for unit in bent])
    _piece_limits(block, limits, x, owner, low, high, piece, names)
    _order_pieces(block, owner, slope, piece, width, names)


def _piece_table(limits: Limits, bent: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats, Floats, Floats]:
    """Every piece: its unit, its limits above the minimum, its slope."""
    rows: list[tuple[float, ...]] = []
    for unit in bent:
        mw, cost = limits.units[unit].curve
        for here, there in _pieces(mw):
            bend = (cost[there] - cost[here]) / (mw[there] - mw[here])
            rows.append((unit, mw[here] - mw[0], mw[there] - mw[0], bend))
    table = np.array(rows)
    return table[:, 0].astype(np.int64), table[:, 1:2], table[:, 2:3], table[:, 3:4]


def _piece_limits(
    block: Block,
    limits: Limits,
    x: Variables,
    owner: NDArray[np.int64],
    low: Floats,
    high: Floats,
    piece: Linear,
    names: list[str],
) -> None:
    """A piece is open while on, and closes to what a start or a stop leaves of it (T8)."""
    width = high - low
    by_start = np.clip(high - np.maximum(limits.start_mw[owner], low), 0, width)
    by_stop = np.clip(high - np.maximum(limits.fall_mw[owner], low), 0, width)
    on, start, stop_next = x.on[owner], x.start[owner], x.stop[owner].lagged(-1)
    quick = (limits.min_up[owner] == 1)[:, None]
    both = np.where(quick, np.maximum(by_stop - by_start, 0), by_stop)
    block.require("piece while on", piece - on * width + start * by_start + stop_next * both <= 0, resources=names)
    spare = np.maximum(by_start - by_stop, 0)
    block.require(
        "piece before a stop",
        piece - on * width + stop_next * by_stop + start * spare <= 0,
        quick & (by_stop > 0),
        resources=names,
    )


def _order_pieces(
    block: Block, owner: NDArray[np.int64], slope: Floats, piece: Linear, width: Floats, names: list[str]
) -> None:
    """Where a later piece is cheaper, a binary opens it only once the earlier one is full (T9)."""
    follows = (owner[1:] == owner[:-1]) & (slope[1:] < slope[:-1] - SLOPE_TOLERANCE).ravel()
    bends = np.unique(owner[1:][follows])
    # Every joint of a curve that bends down anywhere is ordered: a filled piece behind an empty one would cheat.
    joint = np.flatnonzero((owner[1:] == owner[:-1]) & np.isin(owner[1:], bends))
    if not joint.size:
        return
    resources = [names[index] for index in joint]
    full = block.binary("piece_full", shape=(joint.size, block.steps), resources=resources)
    block.require("earlier piece first", piece[joint] >= full * width[joint], resources=resources)
    block.require("later piece after", piece[joint + 1] <= full * width[joint + 1], resources=resources)


def start_cost(block: Block, limits: Limits, x: Variables) -> None:
    """The coldest cost for every start, less what a shorter time off saves, matched stop to start (T10)."""
    coldest = column(limits.units, lambda unit: unit.start_costs[-1].cost if unit.start_costs else 0.0)
    block.pay("start", x.start * coldest)
    unit, stop, start, saving = _hot_starts(block, limits)
    if not unit.size:
        return
    hot = block.variable("hot_start", 0.0, 1.0, shape=(unit.size, 1), resources=[block.names[index] for index in unit])
    block.pay("start", hot * -saving[:, None])
    steps = block.steps
    by_start = hot.grouped(unit * steps + start, block.shape)
    block.require("a hot start is a start", by_start <= x.start, _touched(unit, start, block))
    known = stop >= 0
    by_stop = hot[known].grouped(unit[known] * steps + stop[known], block.shape)
    block.require("a hot start follows a stop", by_stop <= x.stop, _touched(unit[known], stop[known], block))


def _touched(unit: NDArray[np.int64], step: NDArray[np.int64], block: Block) -> NDArray[np.bool_]:
    mask = np.zeros(block.shape, dtype=bool)
    mask[unit, step] = True
    return mask


def _hot_starts(block: Block, limits: Limits) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Floats]:
    """Every pair of a stop and a start that is cheaper than the coldest: unit, stop (-1: before), start, saving."""
    step_h, steps = block.model.case.horizon.step_h, block.steps
    parts: list[tuple[NDArray[np.int64], ...]] = []
    for index, unit in enumerate(limits.units):
        if len(unit.start_costs) < 2:
            continue
        delays = np.array([cost.hours_off for cost in unit.start_costs])
        costs = np.array([cost.cost for cost in unit.start_costs])
        off_before = unit.initial.hours if unit.initial and not unit.initial.on else None
        parts.append(_hot_starts_of(index, delays, costs, off_before, int(limits.min_down[index]), steps, step_h))
    if not parts:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, empty, np.zeros(0)
    units, stops, starts, savings = (np.concatenate(column) for column in zip(*parts, strict=True))
    return units, stops, starts, savings


def _hot_starts_of(
    index: int, delays: Floats, costs: Floats, off_before: float | None, min_down: int, steps: int, step_h: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Floats]:
    def saving(hours_off: Floats) -> Floats:
        warmth = np.maximum(np.searchsorted(delays, hours_off + 1e-9, side="right") - 1, 0)
        less: Floats = costs[-1] - costs[warmth]
        return less

    off = np.arange(min_down, steps)
    worth = saving(off * step_h)
    off, worth = off[worth > 0], worth[worth > 0]
    reach = np.maximum(steps - off, 0)
    stops = np.concatenate([np.arange(count) for count in reach] or [np.zeros(0, dtype=np.int64)]).astype(np.int64)
    starts, savings = stops + np.repeat(off, reach), np.repeat(worth, reach)
    if off_before is not None:
        first = np.arange(steps)
        from_before = saving(off_before + first * step_h)
        kept = from_before > 0
        stops = np.concatenate([stops, np.full(int(kept.sum()), -1)])
        starts, savings = np.concatenate([starts, first[kept]]), np.concatenate([savings, from_before[kept]])
    return np.full(stops.size, index), stops, starts, savings

"""What a thermal unit costs: production by pieces of its curve, starts by hours off."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from grid_models.resources import ThermalUnit
from services.dispatch.algebra import Linear
from services.dispatch.fleet import column
from services.dispatch.model import Block

if TYPE_CHECKING:
    from services.dispatch.formulations.thermal import Limits, Variables

SLOPE_TOLERANCE = 1e-7
LONGEST_PAIR = 24
"""Steps of warmth up to which stops and starts are matched pair by pair."""


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
    """The coldest cost for every start, less what a shorter time off saves (T10).

    Short delays match each stop to each start (tightest); long ones would need too many pairs and open a whole
    category by the stops in its window.
    """
    coldest = column(limits.units, lambda unit: unit.start_costs[-1].cost if unit.start_costs else 0.0)
    block.pay("start", x.start * coldest)
    spans = np.array([_longest_warm_steps(block, limits, row) for row in range(len(limits.units))])
    by_pairs, by_window = np.flatnonzero((spans > 0) & (spans <= LONGEST_PAIR)), np.flatnonzero(spans > LONGEST_PAIR)
    if by_pairs.size:
        _by_pairs(block, limits, x, by_pairs)
    if by_window.size:
        _by_window(block, limits, x, by_window)


def _longest_warm_steps(block: Block, limits: Limits, row: int) -> int:
    """Steps off, beyond the minimum, after which a start is at its coldest."""
    unit = limits.units[row]
    if len(unit.start_costs) < 2:
        return 0
    cold = int(np.ceil(unit.start_costs[-1].hours_off / block.model.case.horizon.step_h - 1e-9))
    return max(min(cold, block.steps) - int(limits.min_down[row]), 1)


def _saving(unit: ThermalUnit, hours_off: NDArray[np.floating[Any]]) -> Floats:
    """What a start after so many hours off costs less than the coldest."""
    delays = np.array([cost.hours_off for cost in unit.start_costs])
    costs = np.array([cost.cost for cost in unit.start_costs])
    warmth = np.maximum(np.searchsorted(delays, hours_off + 1e-9, side="right") - 1, 0)
    less: Floats = costs[-1] - costs[warmth]
    return less


def _saving_from_before(block: Block, unit: ThermalUnit) -> Floats:
    """The same per step, for a unit that has been off since before the horizon; 0 for one that was on."""
    if unit.initial is None or unit.initial.on:
        return np.zeros(block.steps)
    return _saving(unit, unit.initial.hours + np.arange(block.steps) * block.model.case.horizon.step_h)


def _by_pairs(block: Block, limits: Limits, x: Variables, rows: NDArray[np.int64]) -> None:
    """A hot start takes one stop and one start: x[stop, start] <= both."""
    pairs = [_pairs_of(block, limits, int(row)) for row in rows]
    unit, stop, start = (np.concatenate([pair[place] for pair in pairs]) for place in range(3))
    saving = np.concatenate([pair[3] for pair in pairs])
    if not unit.size:
        return
    names = [block.names[index] for index in unit]
    hot = block.variable("hot_start", 0.0, 1.0, shape=(unit.size, 1), resources=names)
    block.pay("start", hot * -saving[:, None])
    by_start = hot.grouped(unit * block.steps + start, block.shape)
    block.require("a hot start is a start", by_start <= x.start, _touched(unit, start, block))
    known = stop >= 0
    by_stop = hot[known].grouped(unit[known] * block.steps + stop[known], block.shape)
    block.require("a hot start follows a stop", by_stop <= x.stop, _touched(unit[known], stop[known], block))


def _touched(unit: NDArray[np.int64], step: NDArray[np.int64], block: Block) -> NDArray[np.bool_]:
    mask = np.zeros(block.shape, dtype=bool)
    mask[unit, step] = True
    return mask


def _pairs_of(
    block: Block, limits: Limits, row: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Floats]:
    """Every stop (-1: before the horizon) and start that are warmer than the coldest, with the saving."""
    unit, steps = limits.units[row], block.steps
    off = np.arange(int(limits.min_down[row]), steps)
    worth = _saving(unit, off * block.model.case.horizon.step_h)
    off, worth = off[worth > 0], worth[worth > 0]
    reach = steps - off
    stops = np.arange(int(reach.sum())) - np.repeat(np.cumsum(reach) - reach, reach)
    starts, savings = stops + np.repeat(off, reach), np.repeat(worth, reach)
    before = _saving_from_before(block, unit)
    first = np.flatnonzero(before > 0)
    stops, starts = np.concatenate([stops, np.full(first.size, -1)]), np.concatenate([starts, first])
    return np.full(stops.size, row), stops, starts, np.concatenate([savings, before[first]])


def _by_window(block: Block, limits: Limits, x: Variables, rows: NDArray[np.int64]) -> None:
    """A start may use a category's saving if a stop lies in its window: the difference of two counts of stops."""
    owner, first, last, saving, from_before = _windows(block, limits, rows)
    if not owner.size:
        return
    names, held = [block.names[row] for row in owner], [block.names[row] for row in rows]
    stops = block.variable("stops_so_far", shape=(rows.size, block.steps), resources=held)
    block.require("stops so far", stops.equals(stops.before(0.0) + x.stop[rows]), resources=held)
    mine = stops[np.searchsorted(rows, owner)]
    warm = block.variable("warm_start", 0.0, 1.0, shape=(owner.size, block.steps), resources=names)
    block.pay("start", warm * -saving)
    in_window = _each_lagged(mine, first) - _each_lagged(mine, last)
    block.require("a warm start follows a stop", warm <= in_window + from_before, resources=names)
    labels = (np.searchsorted(rows, owner)[:, None] * block.steps + np.arange(block.steps)).ravel()
    used = warm.grouped(labels, (rows.size, block.steps))
    block.require("a warm start is a start", used <= x.start[rows], resources=held)


def _each_lagged(linear: Linear, lags: NDArray[np.int64]) -> Linear:
    """Every row so many steps earlier, each by its own number."""
    weights = np.zeros((lags.size, int(lags.max()) + 1))
    weights[np.arange(lags.size), lags] = 1.0
    return linear.weighted_past(weights)


def _windows(
    block: Block, limits: Limits, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Floats, Floats]:
    """By unit and category: the steps off at which it begins and ends, its saving, where the time before opens it."""
    step_h, steps = block.model.case.horizon.step_h, block.steps
    found: list[tuple[int, int, int, float, Floats]] = []
    for row in rows:
        unit = limits.units[int(row)]
        before = _saving_from_before(block, unit)
        edges = [int(np.ceil(cost.hours_off / step_h - 1e-9)) for cost in unit.start_costs]
        edges[0] = 1
        for index, (first, last) in enumerate(pairwise(edges)):
            saving = unit.start_costs[-1].cost - unit.start_costs[index].cost
            begins = max(first, int(limits.min_down[row]))
            opened = (np.abs(before - saving) < 1e-9).astype(float)
            if saving > 0 and (begins < last or opened.any()):
                found.append((int(row), min(begins, steps), min(max(last, begins), steps), saving, opened))
    owner, first_steps, last_steps, savings, opened_by = zip(*found, strict=True) if found else ((), (), (), (), ())
    return (
        np.array(owner, dtype=np.int64),
        np.array(first_steps, dtype=np.int64),
        np.array(last_steps, dtype=np.int64),
        np.array(savings, dtype=float).reshape(-1, 1),
        np.array(opened_by, dtype=float).reshape(-1, steps),
    )

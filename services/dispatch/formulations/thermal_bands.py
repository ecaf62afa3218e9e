"""Where in its range a thermal unit may stand, and how fast it moves there: forbidden zones, deep peaking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grid_models.quantities import Floats
from grid_models.resources import ThermalUnit
from services.dispatch.algebra import Linear
from services.dispatch.model import Block

if TYPE_CHECKING:
    from services.dispatch.formulations.thermal import Limits, Variables


def forbidden_zones(block: Block, limits: Limits, x: Variables, up: Linear, down: Linear) -> None:
    """Output stands, with its reserve, in one allowed band; a binary says which (T13)."""
    held = np.array([index for index, unit in enumerate(limits.units) if unit.forbidden_zones], dtype=int)
    if not held.size:
        return
    bands = [(index, low, high) for index in held for low, high in allowed_bands(limits.units[index])]
    owner = np.array([band[0] for band in bands])
    low, high = (np.array([[band[place]] for band in bands]) for place in (1, 2))
    names, resources = [block.names[index] for index in owner], [block.names[index] for index in held]
    inside = block.binary("in_band", shape=(owner.size, block.steps), resources=names)
    labels = (np.searchsorted(held, owner)[:, None] * block.steps + np.arange(block.steps)).ravel()
    shape = (held.size, block.steps)
    block.require("one band while on", inside.grouped(labels, shape).equals(x.on[held]), resources=resources)
    roof, floor = ((inside * (edge - limits.min_mw[owner])).grouped(labels, shape) for edge in (high, low))
    block.require("below the zone", x.above[held] + up[held] <= roof, resources=resources)
    block.require("above the zone", x.above[held] - down[held] >= floor, resources=resources)


def allowed_bands(unit: ThermalUnit) -> list[tuple[float, float]]:
    zones = sorted((zone.from_mw, zone.to_mw) for zone in unit.forbidden_zones)
    lows = [unit.min_mw, *(high for _, high in zones)]
    highs = [*(low for low, _ in zones), unit.max_mw]
    return list(zip(lows, highs, strict=True))


def deep_peaking_ramps(block: Block, limits: Limits, x: Variables, up: Linear, down: Linear) -> None:
    """Between two steps of which either is in a deep tier, output moves at the tier's ramp (T14)."""
    depth = max((len(slow_tiers(unit)) for unit in limits.units), default=0)
    for level in range(depth):
        _one_tier(block, limits, x, up, down, level)


def slow_tiers(unit: ThermalUnit) -> list[tuple[float, float]]:
    """Where each tier ends and its ramp, highest first."""
    return [
        (tier.below_mw, tier.ramp_mw_per_h)
        for tier in unit.deep_peaking
        if tier.ramp_mw_per_h is not None and unit.min_mw < tier.below_mw
    ]


def _one_tier(block: Block, limits: Limits, x: Variables, up: Linear, down: Linear, level: int) -> None:
    step_h = block.model.case.horizon.step_h
    held = np.array([index for index, unit in enumerate(limits.units) if len(slow_tiers(unit)) > level], dtype=int)
    tiers = [slow_tiers(limits.units[index])[level] for index in held]
    names = [block.names[index] for index in held]
    edge = np.array([[below] for below, _ in tiers]) - limits.min_mw[held]
    slow = np.array([[ramp] for _, ramp in tiers]) * step_h
    deep = block.binary(f"deep_{level}", shape=(held.size, block.steps), resources=names)
    on, above = x.on[held], x.above[held]
    block.require("deep only while on", deep <= on, resources=names)
    block.require("out of the tier unless deep", above >= (on - deep) * edge, resources=names)
    before_mw = limits.above_before_mw[held]
    was_on = limits.on_before[held].ravel()
    was_deep = was_on * (before_mw < edge - 1e-6).ravel()
    room = limits.room_mw[held] + np.maximum(before_mw - limits.room_mw[held], 0)
    rises = above + up[held] - x.before_mw[held]
    falls = x.before_mw[held] - above + down[held]
    # A start (or stop) step is bound by its own limit, so the tier's ramp holds only between two steps on.
    for moment, state in (("before", deep.before(was_deep)), ("now", deep)):
        block.require(f"slow rise, deep {moment}", rises <= _reach(state, x.start[held], slow, room), resources=names)
        block.require(f"slow fall, deep {moment}", falls <= _reach(state, x.stop[held], slow, room), resources=names)


def _reach(deep: Linear, exempt: Linear, slow: Floats, room: Floats) -> Linear:
    wide = np.maximum(room - slow, 0)
    return slow + wide - deep * wide + exempt * wide

"""Batteries: stored energy step by step, one direction at a time, reserve backed by energy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from grid_models.resources import Battery
from services.dispatch.algebra import Linear
from services.dispatch.fleet import column, day_matrix, series
from services.dispatch.model import Block
from services.dispatch.reserves import Awards, award

WAYS = "charge", "discharge"


@dataclass(frozen=True)
class Variables:
    """What a battery decides."""

    charge: Linear
    discharge: Linear
    energy: Linear


def formulate(block: Block, batteries: Sequence[Battery]) -> None:
    """Add a battery fleet to the model."""
    steps = block.steps
    charge_max = series(batteries, lambda battery: battery.charge_max_mw, steps)
    discharge_max = series(batteries, lambda battery: battery.discharge_max_mw, steps)
    low, high = _energy_limits(batteries, steps)
    x = Variables(
        charge=block.publish("charge_mw", block.variable("charge_mw", 0.0, charge_max)),
        discharge=block.publish("discharge_mw", block.variable("discharge_mw", 0.0, discharge_max)),
        energy=block.publish("energy_mwh", block.variable("energy_mwh", low, high)),
    )
    block.model.injections.append((block.names, x.discharge - x.charge))
    awards = award(block, batteries)
    _balance(block, batteries, x)
    _one_direction(block, batteries, x, (charge_max, discharge_max))
    _reserve(block, batteries, x, awards, charge_max - x.charge + x.discharge, discharge_max - x.discharge + x.charge)
    _cycles(block, batteries, x)
    _costs(block, batteries, x)


def _energy_limits(batteries: Sequence[Battery], steps: int) -> tuple[Floats, Floats]:
    """Per step; the last one carries the end state (B5)."""
    low = series(batteries, lambda battery: battery.energy_min_mwh, steps).copy()
    high = series(batteries, lambda battery: battery.energy_max_mwh, steps).copy()
    floor = column(batteries, lambda battery: battery.end.floor_mwh(battery.energy_start_mwh)).ravel()
    roof = column(batteries, lambda battery: battery.end.max_mwh).ravel()
    low[:, -1], high[:, -1] = np.maximum(low[:, -1], floor), np.minimum(high[:, -1], roof)
    return low, high


def _balance(block: Block, batteries: Sequence[Battery], x: Variables) -> None:
    """Energy kept, charged and discharged (B1)."""
    step_h = block.model.case.horizon.step_h
    keep = (1 - column(batteries, lambda battery: battery.self_discharge_per_h)) ** step_h
    into = column(batteries, lambda battery: battery.charge_efficiency) * step_h
    out = step_h / column(batteries, lambda battery: battery.discharge_efficiency)
    before = x.energy.before(column(batteries, lambda battery: battery.energy_start_mwh).ravel())
    block.require("stored energy", x.energy.equals(before * keep + x.charge * into - x.discharge * out))


def _one_direction(block: Block, batteries: Sequence[Battery], x: Variables, most: tuple[Floats, Floats]) -> None:
    """Charging excludes discharging by a binary, unless it could never pay to do both (B2)."""
    chosen = np.flatnonzero([not _has_least_power(battery) and _needs_binary(battery) for battery in batteries])
    if chosen.size:
        names = [block.names[index] for index in chosen]
        charging = block.binary("charging", shape=(chosen.size, block.steps), resources=names)
        idle = 1 - charging
        block.require("charge while charging", x.charge[chosen] <= charging * most[0][chosen], resources=names)
        block.require("discharge while not charging", x.discharge[chosen] <= idle * most[1][chosen], resources=names)
    stepped = np.flatnonzero([_has_least_power(battery) for battery in batteries])
    if stepped.size:
        _least_power(block, [batteries[int(index)] for index in stepped], stepped, x, most)


def _has_least_power(battery: Battery) -> bool:
    return battery.charge_min_mw > 0 or battery.discharge_min_mw > 0


def _needs_binary(battery: Battery) -> bool:
    # Without losses, doing both is the same as doing the difference, only dearer: no binary is needed.
    lossless = battery.charge_efficiency == 1 and battery.discharge_efficiency == 1
    dearer = np.min(np.add(battery.charge_cost_per_mwh, battery.wear_cost_per_mwh)) > 0
    return not battery.may_charge_while_discharging and not (lossless and dearer)


def _least_power(
    block: Block, batteries: Sequence[Battery], chosen: NDArray[np.int64], x: Variables, most: tuple[Floats, Floats]
) -> None:
    """A converter with a least power runs above it or not at all, in each direction (B3)."""
    names = [block.names[index] for index in chosen]
    shape = (chosen.size, block.steps)
    active = [block.binary(name, shape=shape, resources=names) for name in ("charging_above", "discharging_above")]
    least = (
        column(batteries, lambda battery: battery.charge_min_mw),
        column(batteries, lambda battery: battery.discharge_min_mw),
    )
    for power, on, low, high, way in zip((x.charge, x.discharge), active, least, most, WAYS, strict=True):
        block.require(f"{way} while active", power[chosen] <= on * high[chosen], resources=names)
        block.require(f"least {way}", power[chosen] >= on * low, resources=names)
    apart = np.array([[not battery.may_charge_while_discharging] for battery in batteries])
    block.require("one direction", active[0] + active[1] <= 1, apart, resources=names)


def _reserve(
    block: Block, batteries: Sequence[Battery], x: Variables, awards: Awards, room_down: Linear, room_up: Linear
) -> None:
    """Awards fit the converter, and the store lasts their duration from either end of the step (B6)."""
    start = column(batteries, lambda battery: battery.energy_start_mwh)
    before = x.energy.before(start.ravel())
    if awards.any(up=True):
        block.require("up-reserve within the converter", awards.of(up=True) <= room_up)
        least = series(batteries, lambda battery: battery.energy_min_mwh, block.steps)
        drawn = awards.energy_mwh(up=True) / column(batteries, lambda battery: battery.discharge_efficiency)
        block.require("energy behind up-reserve at the end", x.energy - drawn >= least)
        block.require(
            "energy behind up-reserve at the start", before - drawn >= _earlier(least, np.minimum(least[:, :1], start))
        )
    if awards.any(up=False):
        block.require("down-reserve within the converter", awards.of(up=False) <= room_down)
        most = series(batteries, lambda battery: battery.energy_max_mwh, block.steps)
        stored = awards.energy_mwh(up=False) * column(batteries, lambda battery: battery.charge_efficiency)
        block.require("room behind down-reserve at the end", x.energy + stored <= most)
        block.require(
            "room behind down-reserve at the start", before + stored <= _earlier(most, np.maximum(most[:, :1], start))
        )


def _earlier(limit: Floats, first: Floats) -> Floats:
    """The limit of the step before: it is what held the level with which a step begins."""
    level: Floats = np.concatenate([first, limit[:, :-1]], axis=1)
    return level


def _cycles(block: Block, batteries: Sequence[Battery], x: Variables) -> None:
    """Full cycles per local day, by energy drawn from the store (B4)."""
    cycles = column(batteries, lambda battery: battery.cycles_per_day_max)
    if not np.isfinite(cycles).any():
        return
    case = block.model.case
    size = column(batteries, lambda battery: float(np.max(battery.energy_max_mwh)))
    drawn = x.discharge * (case.horizon.step_h / column(batteries, lambda battery: battery.discharge_efficiency))
    for day in day_matrix(case):
        block.require("cycles per day", drawn[:, day].sum(1)[:, None] <= cycles * size, np.isfinite(cycles))


def _costs(block: Block, batteries: Sequence[Battery], x: Variables) -> None:
    steps, step_h = block.steps, block.model.case.horizon.step_h
    block.pay("charge", x.charge * (series(batteries, lambda battery: battery.charge_cost_per_mwh, steps) * step_h))
    block.pay("wear", x.discharge * (series(batteries, lambda battery: battery.wear_cost_per_mwh, steps) * step_h))
    value = column(batteries, lambda battery: battery.end.value_per_mwh, missing=0.0)
    block.pay("end_value", x.energy[:, -1:] * -value)

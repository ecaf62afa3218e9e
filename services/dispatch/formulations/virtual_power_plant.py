"""Virtual power plants: an envelope seen from outside, or members behind one connection."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from grid_models.resources import VirtualPowerPlant
from grid_models.resources.base import PriceStep
from grid_models.resources.virtual_power_plant import Composition, Envelope
from services.dispatch.algebra import Linear, total
from services.dispatch.fleet import column, series
from services.dispatch.model import Block
from services.dispatch.reserves import Awards, award


@dataclass(frozen=True)
class Band:
    """What the envelopes allow, plants x steps; infinite where nothing is said."""

    low_mw: Floats
    high_mw: Floats
    floor_mwh: Floats
    roof_mwh: Floats
    ramp_mw: Floats
    """Per step, one column."""


def formulate(block: Block, plants: Sequence[VirtualPowerPlant]) -> None:
    """Add virtual power plants to the model; the members of compositions are in it already."""
    envelopes = [plant for plant in plants if isinstance(plant.model, Envelope)]
    compositions = [plant for plant in plants if isinstance(plant.model, Composition)]
    if envelopes:
        _envelopes(block.model.block(block.kind, [plant.name for plant in envelopes]), envelopes)
    if compositions:
        _compositions(block.model.block(block.kind, [plant.name for plant in compositions]), compositions)
    standing = column(plants, lambda plant: plant.standing_cost_per_h) * block.model.case.horizon.hours
    block.pay("standing", total([], (len(plants), 1)) + standing)


def _envelopes(block: Block, plants: Sequence[VirtualPowerPlant]) -> None:
    """Power and cumulative energy within their bands, scaled by availability (V1, V2); ramp (V3)."""
    step_h = block.model.case.horizon.step_h
    models = [plant.model for plant in plants if isinstance(plant.model, Envelope)]
    band = _band(plants, models, block.steps, step_h)
    power = block.publish("power_mw", block.variable("power_mw", band.low_mw, band.high_mw))
    energy = block.publish("energy_mwh", block.variable("energy_mwh", band.floor_mwh, band.roof_mwh))
    block.model.injections.append((block.names, power))
    block.require("cumulative energy", energy.equals(energy.before(0.0) + power * step_h))
    bound = np.isfinite(band.ramp_mw)
    reach = np.where(bound, band.ramp_mw, 0.0)
    block.require("ramp up", power - power.before(0.0) <= reach, bound)
    block.require("ramp down", power.before(0.0) - power <= reach, bound)
    _bids(block, models, power, band)
    per_min = column(models, lambda model: model.ramp_mw_per_h) / 60
    awards = award(block, plants, up_mw_per_min=per_min, down_mw_per_min=per_min)
    for up in (True, False):
        if awards.any(up=up):
            _reserve(block, awards, up, power, energy, band)


def _band(plants: Sequence[VirtualPowerPlant], models: Sequence[Envelope], steps: int, step_h: float) -> Band:
    available = series(plants, lambda plant: plant.availability, steps)

    def scaled(pick: Callable[[Envelope], float | tuple[float, ...] | None], missing: float) -> Floats:
        limits = series(models, lambda model: missing if (value := pick(model)) is None else value, steps)
        return limits * np.where(np.isfinite(limits), available, 1.0)

    return Band(
        low_mw=scaled(lambda model: model.power_min_mw, 0.0),
        high_mw=scaled(lambda model: model.power_max_mw, 0.0),
        floor_mwh=scaled(lambda model: model.energy_min_mwh, -np.inf),
        roof_mwh=scaled(lambda model: model.energy_max_mwh, np.inf),
        ramp_mw=column(models, lambda model: model.ramp_mw_per_h) * step_h,
    )


def _bids(block: Block, models: Sequence[Envelope], power: Linear, band: Band) -> None:
    """Power above 0 is bought slice by slice, power below 0 is absorbed slice by slice (V4)."""
    step_h, parts = block.model.case.horizon.step_h, []
    for sign, way, bids, most_mw in (
        (1.0, "up", [model.up_bids for model in models], np.maximum(band.high_mw, 0.0)),
        (-1.0, "down", [model.down_bids for model in models], np.maximum(-band.low_mw, 0.0)),
    ):
        rows, widths, prices = _slices(bids)
        names = [block.names[row] for row in rows]
        upper = np.minimum(widths, most_mw[rows])
        slices = block.variable(f"{way}_bid_mw", 0.0, upper, shape=(rows.size, block.steps), resources=names)
        block.pay("bids", slices * (prices * step_h))
        labels = (rows[:, None] * block.steps + np.arange(block.steps)).ravel()
        parts.append(slices.grouped(labels, block.shape) * sign)
    block.require("power by bids", power.equals(parts[0] + parts[1]))


def _slices(bids: Sequence[tuple[PriceStep, ...]]) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Every slice of every plant: its row, its width (the last has no end), its price."""
    rows: list[tuple[float, ...]] = []
    for row, steps in enumerate(bids):
        slices = steps or (PriceStep(mw=0.0, price_per_mwh=0.0),)
        widths = [*(step.mw for step in slices[:-1]), np.inf]
        rows += [(row, width, step.price_per_mwh) for width, step in zip(widths, slices, strict=True)]
    table = np.array(rows)
    return table[:, 0].astype(np.int64), table[:, 1:2], table[:, 2:3]


def _reserve(block: Block, awards: Awards, up: bool, power: Linear, energy: Linear, band: Band) -> None:
    """Awards stay within the power band, the ramp, and the energy band at both ends of the step (V5)."""
    sign, way = (1.0, "up") if up else (-1.0, "down")
    edge_mw, store = (band.high_mw, band.roof_mwh) if up else (band.low_mw, band.floor_mwh)
    awarded, mwh = awards.of(up=up), awards.energy_mwh(up=up)
    bound = np.isfinite(band.ramp_mw)
    reach = np.where(bound, band.ramp_mw, 0.0)
    block.require(f"{way}-reserve within the band", (power - edge_mw) * sign + awarded <= 0)
    block.require(f"{way}-reserve within the ramp", (power - power.before(0.0)) * sign + awarded <= reach, bound)
    held = np.isfinite(store)
    limit = np.where(held, store, 0.0)
    block.require(f"energy behind {way}-reserve at the end", (energy - limit) * sign + mwh <= 0, held)
    # At the start of a step the level is bound by the band of the step before; before the first nothing binds.
    earlier, known = np.roll(limit, 1, axis=1), np.roll(held, 1, axis=1)
    known[:, 0] = False
    start = (energy.before(0.0) - earlier) * sign + mwh
    block.require(f"energy behind {way}-reserve at the start", start <= 0, known)


def _compositions(block: Block, plants: Sequence[VirtualPowerPlant]) -> None:
    """The connection carries the sum of the members, reserve included (V6)."""
    model, steps = block.model, block.steps
    available = series(plants, lambda plant: plant.availability, steps)
    behind = [[member.name for member in plant.members] for plant in plants]
    high = np.array([[_connection(plant).export_max_mw] for plant in plants]) * available
    low = -np.array([[_connection(plant).import_max_mw] for plant in plants]) * available
    power = block.publish("power_mw", block.variable("power_mw", low, high))
    rows = np.repeat(np.arange(len(plants)), [len(names) for names in behind])
    members = [name for names in behind for name in names]
    labels = (rows[:, None] * steps + np.arange(steps)).ravel()
    block.require("members behind the connection", power.equals(model.injection(members).grouped(labels, block.shape)))
    for up, sign, edge in ((True, 1.0, high), (False, -1.0, low)):
        products = [item.name for item in model.case.reserves if item.up == up and item.name in model.awards]
        if products:
            awarded = total([model.awarded(name, members) for name in products], (len(members), steps))
            way = "up" if up else "down"
            room = (power - edge) * sign + awarded.grouped(labels, block.shape)
            block.require(f"{way}-reserve through the connection", room <= 0)
    model.injections.append((block.names, power))


def _connection(plant: VirtualPowerPlant) -> Composition:
    assert isinstance(plant.model, Composition)
    return plant.model

"""Renewable plants: what wind, sun and water make available, used or curtailed."""

from collections.abc import Sequence

import numpy as np

from grid_models.quantities import Floats
from grid_models.resources import Renewable
from services.dispatch.algebra import Linear
from services.dispatch.fleet import column, series
from services.dispatch.model import Block
from services.dispatch.reserves import award


def formulate(block: Block, plants: Sequence[Renewable]) -> None:
    """Output between its minimum and what is available (R1); reserve from what is curtailed (R2)."""
    steps, step_h = block.steps, block.model.case.horizon.step_h
    available = series(plants, lambda plant: plant.available_mw, steps)
    least = series(plants, lambda plant: plant.min_mw, steps)
    power = block.publish("power_mw", block.variable("power_mw", np.minimum(least, available), available))
    block.model.injections.append((block.names, power))
    block.pay("production", power * (column(plants, lambda plant: plant.cost_per_mwh) * step_h))
    block.pay(
        "curtailment",
        (available - power) * (column(plants, lambda plant: plant.curtailment_price_per_mwh) * step_h),
    )
    awards = award(block, plants)
    if awards.any(up=True):
        block.require("up-reserve within what is available", power + awards.of(up=True) <= available)
    if awards.any(up=False):
        block.require("down-reserve above the minimum", power - awards.of(up=False) >= least)
    _utilisation(block, plants, power, available.sum(1))


def _utilisation(block: Block, plants: Sequence[Renewable], power: Linear, available_mw: Floats) -> None:
    """A least share of the available energy over the horizon (R3)."""
    share = column(plants, lambda plant: plant.utilisation_min, missing=0.0).ravel()
    block.require("least utilisation", power.sum(1) >= share * available_mw, share > 0)

"""Loads that buy while power is worth more to them than it costs."""

from collections.abc import Sequence

from grid_models.resources import PriceSensitiveLoad
from services.dispatch.fleet import series
from services.dispatch.model import Block


def formulate(block: Block, loads: Sequence[PriceSensitiveLoad]) -> None:
    """Served up to the demand, for its value (P1)."""
    demand = series(loads, lambda load: load.demand_mw, block.steps)
    served = block.publish("served_mw", block.variable("served_mw", 0.0, demand))
    block.model.injections.append((block.names, -served))
    value = series(loads, lambda load: load.value_per_mwh, block.steps)
    block.pay("value", served * (-value * block.model.case.horizon.step_h))

"""Given series: they arrive as they are."""

from collections.abc import Sequence

from grid_models.resources import Profile
from services.dispatch.fleet import column, series
from services.dispatch.model import Block


def formulate(block: Block, profiles: Sequence[Profile]) -> None:
    """Power as given (G1)."""
    given = series(profiles, lambda profile: profile.power_mw, block.steps)
    power = block.publish("power_mw", block.variable("power_mw", given, given))
    block.model.injections.append((block.names, power))
    step_h = block.model.case.horizon.step_h
    block.pay("production", power * (column(profiles, lambda profile: profile.cost_per_mwh) * step_h))

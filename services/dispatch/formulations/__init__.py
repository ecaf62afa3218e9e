"""One formulation per kind, in the order in which they enter a model."""

from collections.abc import Callable, Sequence
from typing import Any

from services.dispatch.formulations import (
    battery,
    interruptible_load,
    price_sensitive_load,
    profile,
    pumped_hydro,
    renewable,
    thermal,
    virtual_power_plant,
)
from services.dispatch.model import Block

FORMULATIONS: dict[str, Callable[[Block, Sequence[Any]], None]] = {
    "thermal": thermal.formulate,
    "renewable": renewable.formulate,
    "profile": profile.formulate,
    "battery": battery.formulate,
    "pumped_hydro": pumped_hydro.formulate,
    "interruptible_load": interruptible_load.formulate,
    "price_sensitive_load": price_sensitive_load.formulate,
    # Last: it ties members together that must be in the model already.
    "virtual_power_plant": virtual_power_plant.formulate,
}

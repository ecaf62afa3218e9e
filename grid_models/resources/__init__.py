"""The kinds of resource: one file each, one line each here."""

from typing import Annotated

from pydantic import Field

from grid_models.resources.base import Resource
from grid_models.resources.battery import Battery
from grid_models.resources.interruptible_load import InterruptibleLoad
from grid_models.resources.price_sensitive_load import PriceSensitiveLoad
from grid_models.resources.profile import Profile
from grid_models.resources.pumped_hydro import PumpedHydro
from grid_models.resources.renewable import Renewable
from grid_models.resources.thermal import ThermalUnit
from grid_models.resources.virtual_power_plant import VirtualPowerPlant

KINDS: dict[str, type[Resource]] = {
    "thermal": ThermalUnit,
    "renewable": Renewable,
    "profile": Profile,
    "battery": Battery,
    "pumped_hydro": PumpedHydro,
    "virtual_power_plant": VirtualPowerPlant,
    "interruptible_load": InterruptibleLoad,
    "price_sensitive_load": PriceSensitiveLoad,
}

AnyResource = Annotated[
    ThermalUnit
    | Renewable
    | Profile
    | Battery
    | PumpedHydro
    | VirtualPowerPlant
    | InterruptibleLoad
    | PriceSensitiveLoad,
    Field(discriminator="kind"),
]

__all__ = [
    "KINDS",
    "AnyResource",
    "Battery",
    "InterruptibleLoad",
    "PriceSensitiveLoad",
    "Profile",
    "PumpedHydro",
    "Renewable",
    "Resource",
    "ThermalUnit",
    "VirtualPowerPlant",
]

"""What every resource has: a name, a kind and a place."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from grid_models.horizon import Horizon
from grid_models.quantities import Data, Finite, Name, NonNegative, Series


class Resource(Data):
    """Anything that injects into or draws from a zone and can be scheduled or is given."""

    series_fields: ClassVar[tuple[str, ...]] = ()
    """Fields that may hold one value per step; their length must be the horizon's."""

    name: Name
    zone: Name = "system"
    """The zone it is connected to."""
    bus: str | None = None
    """The bus it is connected to, where a network is known."""
    technology: str = ""
    """What it is in plain words (coal 600 MW, wind, run-of-river ...), for reports."""

    def contradictions(self, horizon: Horizon) -> Iterator[str]:
        """Data that rule each other out over this horizon, each in words."""
        yield from ()


class StoreEnd(Data):
    """What a store must hold when the horizon ends; nothing given means no lower than it began."""

    min_mwh: NonNegative | None = None
    """It may not end lower."""
    max_mwh: NonNegative | None = None
    """It may not end higher; with the same `min_mwh` this is a target."""
    value_per_mwh: NonNegative | None = None
    """What a stored MWh is worth at the end; given alone, the level is free and earns this."""

    def floor_mwh(self, start_mwh: float) -> float:
        """The lowest level that may remain."""
        if self.min_mwh is not None:
            return self.min_mwh
        free = self.value_per_mwh is not None or self.max_mwh is not None
        return 0.0 if free else start_mwh


class PriceStep(Data):
    """A slice of power and what each MWh of it costs."""

    mw: NonNegative
    price_per_mwh: Finite


def series_length_faults(resource: Resource, steps: int) -> Iterator[str]:
    for field in resource.series_fields:
        value: Series | None = getattr(resource, field)
        if isinstance(value, tuple) and len(value) != steps:
            yield f"{field}: has {len(value)} values for {steps} steps; give one number or exactly {steps}"


START_OF_HORIZON = Field(default=None, description="missing: the engine chooses it by a first solve and says so")

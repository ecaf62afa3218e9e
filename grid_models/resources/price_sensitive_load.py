"""A load that buys while power is cheaper than what it is worth to it."""

from typing import ClassVar, Literal

from grid_models.quantities import Finite, NonNegativeSeries
from grid_models.resources.base import Resource


class PriceSensitiveLoad(Resource):
    """Demand on top of the zone's own, served where it pays; its value lowers the cost of the plan."""

    series_fields: ClassVar[tuple[str, ...]] = ("demand_mw", "value_per_mwh")

    kind: Literal["price_sensitive_load"] = "price_sensitive_load"
    demand_mw: NonNegativeSeries
    """The most it would take."""
    value_per_mwh: Finite | tuple[Finite, ...]
    """What a MWh served is worth."""

"""A given series: an import over a DC line, a hydro or CSP schedule; it is what it is."""

from typing import ClassVar, Literal

from grid_models.quantities import Finite, Series
from grid_models.resources.base import Resource


class Profile(Resource):
    """Power that arrives (or, below 0, leaves) as scheduled elsewhere."""

    series_fields: ClassVar[tuple[str, ...]] = ("power_mw",)

    kind: Literal["profile"] = "profile"
    power_mw: Series
    """Injection into the zone."""
    cost_per_mwh: Finite = 0.0
    forecast_series: str | None = None
    """The forecast series that gives `power_mw`."""

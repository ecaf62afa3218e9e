"""A renewable plant: wind, solar, run-of-river; what is available may be curtailed."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np

from grid_models.horizon import Horizon
from grid_models.quantities import Finite, NonNegative, NonNegativeSeries, Share, per_step
from grid_models.resources.base import Resource


class Renewable(Resource):
    """Output between a minimum and what wind, sun or water make available."""

    series_fields: ClassVar[tuple[str, ...]] = ("available_mw", "min_mw")

    kind: Literal["renewable"] = "renewable"
    available_mw: NonNegativeSeries
    """Available power before curtailment."""
    min_mw: NonNegativeSeries = 0.0
    """What cannot be curtailed."""
    cost_per_mwh: Finite = 0.0
    """Of what is generated; below 0 where a subsidy pays by the MWh."""
    curtailment_price_per_mwh: NonNegative = 0.0
    utilisation_min: Share | None = None
    """Least share of the available energy that must be used over the horizon."""
    forecast_series: str | None = None
    """The forecast series that gives `available_mw`."""

    def contradictions(self, horizon: Horizon) -> Iterator[str]:
        steps = len(horizon)
        excess_mw = per_step(self.min_mw, steps) - per_step(self.available_mw, steps)
        worst = int(np.argmax(excess_mw))
        if excess_mw[worst] > 1e-6:
            yield (
                f"min_mw is {excess_mw[worst]:g} MW above available_mw at {horizon.moment(worst):%Y-%m-%d %H:%M}; "
                "give a minimum of at most what is available"
            )

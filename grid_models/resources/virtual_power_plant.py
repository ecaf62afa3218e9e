"""A virtual power plant: many small resources that answer as one."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from grid_models.horizon import Horizon
from grid_models.quantities import Data, Finite, Floats, NonNegative, Series, ShareSeries, per_step
from grid_models.resources.base import PriceStep, Resource
from grid_models.resources.battery import Battery
from grid_models.resources.interruptible_load import InterruptibleLoad
from grid_models.resources.profile import Profile
from grid_models.resources.renewable import Renewable
from grid_models.resources.thermal import ThermalUnit

Member = Annotated[
    ThermalUnit | Renewable | Battery | InterruptibleLoad | Profile,
    Field(discriminator="kind"),
]


class Envelope(Data):
    """What the members can do together, seen from outside: a band of power, a band of energy, a ramp, a price.

    Power is relative to the baseline that is in the zone's demand: above 0 the grid receives, below 0 it gives.
    Energy is cumulative from the beginning of the horizon.
    """

    form: Literal["envelope"] = "envelope"
    power_min_mw: Series = 0.0
    power_max_mw: Series
    energy_min_mwh: Series | None = None
    energy_max_mwh: Series | None = None
    ramp_mw_per_h: NonNegative | None = None
    """Either way, from 0 before the horizon."""
    up_bids: tuple[PriceStep, ...] = ()
    """Prices of power above 0, slice by slice; power beyond the slices costs the last price."""
    down_bids: tuple[PriceStep, ...] = ()
    """Prices of power below 0, slice by slice, paid to the plant for every MWh that it absorbs."""

    @model_validator(mode="after")
    def _bids_are_convex(self) -> "Envelope":
        for what, bids in (("up_bids", self.up_bids), ("down_bids", self.down_bids)):
            prices = [bid.price_per_mwh for bid in bids]
            if prices != sorted(prices):
                raise ValueError(f"{what}: prices must not fall from slice to slice")
        up, down = (bids[0].price_per_mwh if bids else 0.0 for bids in (self.up_bids, self.down_bids))
        both_ways = np.max(self.power_max_mw) > 0 > np.min(self.power_min_mw)
        if both_ways and up < -down:
            raise ValueError("the first up and down bids together pay for standing still; raise one of them")
        return self


class Composition(Data):
    """Named members behind one connection; the schedule is theirs."""

    form: Literal["composition"] = "composition"
    members: Annotated[tuple[Member, ...], Field(min_length=1)]
    export_max_mw: NonNegative
    """Most injection of the connection, up-reserve included."""
    import_max_mw: NonNegative
    """Most draw of the connection, down-reserve included."""


class VirtualPowerPlant(Resource):
    """An aggregator's portfolio, as an envelope or as its members (definition: NDRC/NEA notice 357 of 2025)."""

    series_fields: ClassVar[tuple[str, ...]] = ("availability",)

    kind: Literal["virtual_power_plant"] = "virtual_power_plant"
    model: Annotated[Envelope | Composition, Field(discriminator="form")]
    availability: ShareSeries = 1.0
    """Scales power and energy of an envelope, and the connection of a composition."""
    standing_cost_per_h: Finite = 0.0
    """Paid for every hour of the horizon, called or not."""

    @property
    def members(self) -> tuple[Member, ...]:
        """The members of a composition; an envelope has none."""
        return self.model.members if isinstance(self.model, Composition) else ()

    def contradictions(self, horizon: Horizon) -> Iterator[str]:
        if isinstance(self.model, Composition):
            for member in self.members:
                yield from (f"{member.name}: {fault}" for fault in member.contradictions(horizon))
            return
        yield from _envelope_contradictions(self.model, per_step(self.availability, len(horizon)), horizon)


def _envelope_contradictions(band: Envelope, availability: Floats, horizon: Horizon) -> Iterator[str]:
    steps = len(horizon)
    for field in ("power_min_mw", "power_max_mw", "energy_min_mwh", "energy_max_mwh"):
        value = getattr(band, field)
        if isinstance(value, tuple) and len(value) != steps:
            yield f"model.{field}: has {len(value)} values for {steps} steps; give one number or exactly {steps}"
            return
    low_mw = per_step(band.power_min_mw, steps) * availability
    high_mw = per_step(band.power_max_mw, steps) * availability
    if (low_mw > high_mw + 1e-9).any():
        worst = int(np.argmax(low_mw - high_mw))
        yield f"power_min_mw is above power_max_mw at {horizon.moment(worst):%Y-%m-%d %H:%M}"
        return
    floor = per_step(-np.inf if band.energy_min_mwh is None else band.energy_min_mwh, steps) * 1.0
    roof = per_step(np.inf if band.energy_max_mwh is None else band.energy_max_mwh, steps) * 1.0
    low = high = 0.0
    for step in range(steps):
        scale = availability[step]
        least = floor[step] * scale if np.isfinite(floor[step]) else -np.inf
        most = roof[step] * scale if np.isfinite(roof[step]) else np.inf
        low = max(least, low + low_mw[step] * horizon.step_h)
        high = min(most, high + high_mw[step] * horizon.step_h)
        if low > high + 1e-6:
            yield (
                f"the energy band {least:g}-{most:g} MWh at the end of {horizon.moment(step):%Y-%m-%d %H:%M} cannot "
                f"be met within the power band (reachable {low:g} to {high:g} MWh); widen one of them"
            )
            return

"""A case: everything that a plan depends on, in one frozen value."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Literal

import numpy as np
from pydantic import AwareDatetime, Field, model_validator

from grid_models.errors import ContradictoryCase
from grid_models.horizon import Horizon
from grid_models.network import Network
from grid_models.quantities import Data, Floats, Name, NonNegative, NonNegativeSeries, Positive, Series, Share, per_step
from grid_models.resources import KINDS, AnyResource, Resource, ThermalUnit, VirtualPowerPlant
from grid_models.resources.base import series_length_faults

FORMAT_VERSION = 1

ReserveKind = Literal[
    "regulation_up", "regulation_down", "spinning", "non_spinning", "flexible_ramp_up", "flexible_ramp_down"
]


class Zone(Data):
    """An area that is balanced as one; demand is gross of every response."""

    name: Name
    demand_mw: Series
    forecast_series: str | None = None
    """The forecast series that gives `demand_mw`."""


class Link(Data):
    """A corridor between two zones with a limit each way and a loss."""

    name: Name
    from_zone: Name
    to_zone: Name
    forward_max_mw: NonNegativeSeries
    """From `from_zone`, measured where it enters the corridor."""
    back_max_mw: NonNegativeSeries
    """From `to_zone`, measured where it enters the corridor."""
    loss: Share = 0.0
    """Share of what enters that does not arrive."""


class ShortageStep(Data):
    """A slice of missing reserve and its price; without `mw` it has no end."""

    mw: Positive | None = None
    price_per_mwh: NonNegative


class ReserveProduct(Data):
    """Capacity held ready: how much, how fast, for how long, by whom, and what missing it costs."""

    name: Name
    product: ReserveKind
    requirement_mw: NonNegativeSeries
    zones: tuple[Name, ...] | None = None
    """Zones whose resources may serve it; None: the whole system."""
    response_min: Positive | None = None
    """An award is at most the ramp per minute times this; None: the ramp does not limit an award."""
    duration_h: NonNegative = 1.0
    """Stored energy must last this long for every award."""
    eligible_kinds: tuple[str, ...] | None = None
    """None: every kind that can."""
    eligible: tuple[Name, ...] | None = None
    """Names; None: every resource of the eligible kinds."""
    shortage: tuple[ShortageStep, ...] = ()
    """Prices of missing reserve, slice by slice; empty: all of it at `prices.reserve_shortage_per_mwh`."""

    @model_validator(mode="after")
    def _makes_sense(self) -> "ReserveProduct":
        unknown = sorted(set(self.eligible_kinds or ()) - set(KINDS))
        if unknown:
            raise ValueError(f"eligible_kinds: '{unknown[0]}' is not a kind; accepted are {', '.join(KINDS)}")
        prices = [step.price_per_mwh for step in self.shortage]
        if prices != sorted(prices):
            raise ValueError("shortage: prices must not fall from slice to slice")
        return self

    @property
    def up(self) -> bool:
        """Whether it is more injection that is held ready (else less)."""
        return not self.product.endswith("_down")

    def admits(self, resource: Resource) -> bool:
        """Whether the resource may be awarded this product."""
        by_kind = self.eligible_kinds is None or resource.kind in self.eligible_kinds  # type: ignore[attr-defined]
        by_name = self.eligible is None or resource.name in self.eligible
        return by_kind and by_name and (self.zones is None or resource.zone in self.zones)


class Fuel(Data):
    """A fuel of which only so much may be burnt on one local day."""

    name: Name
    day_max_gj: NonNegative | tuple[NonNegative, ...] | None = None
    """One limit for every day, or one per day of the horizon; None: no limit."""


class Prices(Data):
    """What it costs to fail; the defaults are an assumption, set them for your system."""

    unserved_per_mwh: NonNegative = 20_000.0
    spilled_per_mwh: NonNegative = 1_000.0
    reserve_shortage_per_mwh: NonNegative = 10_000.0
    after_horizon_per_mwh: NonNegative | None = None
    """Charged for rebound that falls beyond the horizon; None: the last price, found by a first solve."""


class Case(Data):
    """A power system and the stretch of time to plan it for. Power in MW, energy in MWh, money in `currency`."""

    format_version: Literal[1] = 1
    name: str = "case"
    description: str = ""
    sources: tuple[str, ...] = ()
    """Where the numbers come from."""
    horizon: Horizon
    decision_time: AwareDatetime | None = None
    """When the plan is decided, for notices; None: the beginning of the horizon."""
    zones: tuple[Zone, ...] = Field(min_length=1)
    links: tuple[Link, ...] = ()
    resources: tuple[AnyResource, ...] = ()
    reserves: tuple[ReserveProduct, ...] = ()
    fuels: tuple[Fuel, ...] = ()
    prices: Prices = Prices()
    currency: str = "CNY"
    carbon_price_per_t: NonNegative = 0.0
    network: Network | None = None

    @model_validator(mode="after")
    def _hangs_together(self) -> "Case":
        faults = list(self._faults())
        if faults:
            raise ValueError("; ".join(faults[:10]))
        return self

    @property
    def steps(self) -> int:
        return self.horizon.steps

    @cached_property
    def zone_index(self) -> dict[str, int]:
        return {zone.name: index for index, zone in enumerate(self.zones)}

    @cached_property
    def demand_mw(self) -> Floats:
        """Zones x steps."""
        return np.array([per_step(zone.demand_mw, self.steps) for zone in self.zones])

    @cached_property
    def everything(self) -> tuple[Resource, ...]:
        """Every resource, the members of virtual power plants included."""
        return tuple(self._walk())

    @cached_property
    def hash(self) -> str:
        """The content of the case in 64 hex digits: equal content, equal hash."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def replaced(self, **changes: Any) -> "Case":
        """The same case with some fields changed, unchecked; what was computed of the old one does not come along."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return Case.model_construct(**{**fields, **changes})

    def check(self, source: str = "") -> "Case":
        """The case itself, or `ContradictoryCase` where its data rule each other out before any optimisation."""
        faults = [
            f"resources '{resource.name}': {fault}"
            for resource in self.resources
            for fault in resource.contradictions(self.horizon)
        ]
        if faults:
            raise ContradictoryCase(source or self.name, *faults[:20])
        return self

    def _walk(self) -> Iterator[Resource]:
        for resource in self.resources:
            yield resource
            yield from resource.members if isinstance(resource, VirtualPowerPlant) else ()

    def _faults(self) -> Iterator[str]:
        yield from _repeated("zones", [zone.name for zone in self.zones])
        yield from _repeated("links", [link.name for link in self.links])
        yield from _repeated("reserves", [product.name for product in self.reserves])
        yield from _repeated("fuels", [fuel.name for fuel in self.fuels])
        yield from _repeated("resources", [resource.name for resource in self.everything])
        if self.decision_time is not None and self.decision_time >= self.horizon.end:
            yield (
                f"decision_time: {self.decision_time.isoformat()} is after the horizon ends at "
                f"{self.horizon.end.isoformat()}; decide before the end"
            )
        yield from self._length_faults()
        yield from self._place_faults()

    def _length_faults(self) -> Iterator[str]:
        lengths = [(f"zones '{zone.name}'.demand_mw", zone.demand_mw) for zone in self.zones]
        lengths += [(f"reserves '{item.name}'.requirement_mw", item.requirement_mw) for item in self.reserves]
        for link in self.links:
            lengths += [
                (f"links '{link.name}'.forward_max_mw", link.forward_max_mw),
                (f"links '{link.name}'.back_max_mw", link.back_max_mw),
            ]
        for place, series in lengths:
            if isinstance(series, tuple) and len(series) != self.steps:
                yield f"{place}: has {len(series)} values for {self.steps} steps; give one number or {self.steps}"
        for resource in self.everything:
            for fault in series_length_faults(resource, self.steps):
                yield f"resources '{resource.name}'.{fault}"
        for fuel in self.fuels:
            if isinstance(fuel.day_max_gj, tuple) and len(fuel.day_max_gj) != self.horizon.days:
                yield f"fuels '{fuel.name}'.day_max_gj: has {len(fuel.day_max_gj)} values for {self.horizon.days} days"

    def _place_faults(self) -> Iterator[str]:
        zones, fuels = set(self.zone_index), {fuel.name for fuel in self.fuels}
        known = f"known zones are {', '.join(sorted(zones)[:8])}"
        for resource in self.resources:
            if resource.zone not in zones:
                yield f"resources '{resource.name}'.zone: '{resource.zone}' is not a zone; {known}"
        for unit in self.everything:
            if isinstance(unit, ThermalUnit) and unit.fuel_use and unit.fuel_use.fuel not in fuels:
                yield f"resources '{unit.name}'.fuel_use.fuel: '{unit.fuel_use.fuel}' is not among the fuels"
        for link in self.links:
            for end in (link.from_zone, link.to_zone):
                if end not in zones:
                    yield f"links '{link.name}': '{end}' is not a zone; {known}"
        names = {resource.name for resource in self.everything}
        for product in self.reserves:
            for zone in product.zones or ():
                if zone not in zones:
                    yield f"reserves '{product.name}'.zones: '{zone}' is not a zone; {known}"
            for name in product.eligible or ():
                if name not in names:
                    yield f"reserves '{product.name}'.eligible: '{name}' is not a resource"


def _repeated(what: str, names: list[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{what}: the name '{name}' is used {count} times; names must differ"

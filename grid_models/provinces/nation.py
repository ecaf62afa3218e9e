"""What holds in every province: how classes of units behave, what users sign, reserves, prices, holidays."""

from typing import Annotated, Literal

from pydantic import Field

from grid_models.provinces.card import EnvelopeFact, Fact, FuelPrice, PriceFact, ReserveFact, Traits
from grid_models.provinces.facts import Dated
from grid_models.quantities import Data, NonNegative, Positive, Share


class UnitTraits(Traits):
    """How units of a class behave, and how often they fail."""

    label: str
    """The technology in plain words."""
    label_zh: str
    outage_rate: Share
    repair_h: Positive
    heat: bool = False
    """Serves heat: runs through the heat season."""
    captive: bool = False
    """Belongs to a user."""


class Programme(Fact):
    """A kind of contract to shed; every province has it in its share."""

    name: str
    name_zh: str
    share: Share
    """Of the contracts, where nothing limits it."""
    industry: str | None = None
    """The large users that it needs, by the technology on the card; none: there are such users everywhere."""
    industry_share: Share = 0.0
    """Of the mean load of that industry, the most that may be signed."""
    users: Annotated[int, Field(ge=1)]
    form: Literal["block", "divisible"]
    baseline: Positive
    floor: NonNegative
    """Both per contracted MW."""
    notice_h: NonNegative
    call_h: tuple[Positive, Positive]
    calls: int
    """A day."""
    calls_per_year: Annotated[int, Field(ge=1)]
    rest_h: NonNegative
    price: NonNegative
    price_per_call_mw: NonNegative
    rebound: Share = 0.0
    rebound_h: NonNegative = 0.0


class VehicleTraits(Fact):
    """What a million electric vehicles are to the grid."""

    evening_mw: Positive
    """Charging that stands at the evening peak."""
    managed_share: Share
    """Of it, what answers to a signal."""
    midnight_mw: Positive
    """Charging that can be moved into the night."""


class Holiday(Fact):
    """The first day of the Spring Festival, by year."""

    days: dict[int, str]


class Nation(Data):
    """What holds in every province."""

    sources: dict[str, str]
    fuels: tuple[FuelPrice, ...]
    traits: tuple[UnitTraits, ...]
    retrofit: tuple[Dated, ...]
    """Least output of coal units without heat over that of their traits, as boilers and turbines are altered."""
    programmes: tuple[Programme, ...]
    vehicles: VehicleTraits
    buildings: EnvelopeFact
    """A virtual power plant of buildings and workshops of 100 MW."""
    reserves: tuple[ReserveFact, ...]
    prices: PriceFact
    spring_festival: Holiday

    def traits_named(self, name: str) -> UnitTraits:
        return next(item for item in self.traits if item.name == name)

    def fuel_named(self, name: str) -> FuelPrice:
        return next(item for item in self.fuels if item.name == name)

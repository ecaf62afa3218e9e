"""A province on a card: figures that a planner can read, each with its source and its certainty."""

from datetime import date
from importlib.resources import files
from typing import Annotated, Literal

import yaml
from pydantic import AwareDatetime, Field

from grid_models.case import Prices, ReserveKind
from grid_models.horizon import Horizon
from grid_models.quantities import Data, Finite, NonNegative, Positive, Share

Hour = Annotated[float, Field(ge=0, le=24)]
Curve = dict[Hour, float]
"""Values by hour of the day."""


class Fact(Data):
    """Something that is claimed about the province: by whom, and how surely."""

    source: str
    certainty: Literal["sourced", "assumed"]
    note: str = ""


class Figure(Fact):
    value: Finite


class Shape(Fact):
    """A curve through the points, eased from one to the next."""

    points: Curve


class Day(Fact):
    """The day that is planned, and when it is planned."""

    date: date
    step_min: int
    decision_time: AwareDatetime

    @property
    def horizon(self) -> Horizon:
        return Horizon.of_days(self.date, step_min=self.step_min)


class Demand(Data):
    peak_mw: Figure
    shape: Shape


class FuelPrice(Fact):
    """What a unit of fuel costs and emits; `use` of the traits counts in the same unit."""

    name: str
    price: NonNegative
    unit: str
    co2: NonNegative


class Traits(Fact):
    """How the units of a class behave; see the head of the table in the card."""

    name: str
    fuel: str
    use: Positive
    min_share: tuple[Share, ...]
    summer_share: Share
    ramp_per_min: Positive
    start_per_mw: dict[float, NonNegative]
    min_up_h: NonNegative
    min_down_h: NonNegative
    start_time_min: Positive | None = None
    must_run: bool = False
    deep_peaking: dict[float, NonNegative] = Field(default={})
    deep_ramp_per_min: Positive | None = None


class UnitClass(Fact):
    """Units of one class: how many of each rating."""

    name: str
    technology: str
    traits: str
    units: dict[float, int]


class OutageFact(Fact):
    unit: str
    since: Annotated[AwareDatetime, Field(alias="from")]
    until: AwareDatetime


class Cluster(Fact):
    """A renewable fleet, spread over the cities by share; the firm share cannot be curtailed."""

    name: str
    technology: str
    mw: Positive
    firm_share: Share
    curtailment_price: NonNegative
    clusters: dict[str, Share]


class CurveCluster(Cluster):
    points: Curve
    shift_h: NonNegative = 0.0


class SolarCluster(Cluster):
    sunrise_h: Hour
    sunset_h: Hour
    peak_share: Share
    power: Positive


class Given(Fact):
    """A schedule that others decided: MW from an hour on."""

    name: str
    technology: str
    cost_per_mwh: Finite
    max_mw: Positive
    steps: Curve


class Station(Fact):
    """A pumped-hydro station of equal units."""

    name: str
    units: int
    mw: Positive
    hours: Positive
    variable_speed: bool = False


class BatteryClass(Fact):
    name: str
    technology: str
    units: int
    mw: Positive
    hours: tuple[Positive, ...]
    round_trip: Share
    wear_cost: NonNegative


class Contract(Fact):
    """A contract to shed, with its baseline and what the user must keep, in MW."""

    name: str
    form: Literal["block", "divisible"]
    mw: Positive
    baseline: Positive
    floor: NonNegative
    notice_h: NonNegative
    call_h: tuple[Positive, Positive]
    calls: int
    """A day."""
    calls_per_year: Annotated[int, Field(ge=1)] | None = None
    rest_h: NonNegative
    price: NonNegative
    price_per_call: NonNegative
    rebound: Share = 0.0
    rebound_h: NonNegative = 0.0


class EnvelopeFact(Fact):
    name: str
    up_mw: Positive
    down_mw: NonNegative
    ahead_mwh: Positive
    behind_mwh: Positive
    ramp_mw_per_h: Positive
    bids: tuple[tuple[Positive, NonNegative], ...]
    standing_cost_per_h: NonNegative


class CompositionFact(Fact):
    name: str
    battery_mw: Positive
    battery_h: Positive
    engine_mw: Positive
    pv_mw: Positive
    shed_mw: Positive
    export_max_mw: Positive
    import_max_mw: Positive
    standing_cost_per_h: NonNegative


class ReserveFact(Fact):
    """What is held ready: a constant, plus a share of the demand and of the sun of that step."""

    name: str
    product: ReserveKind
    mw: NonNegative
    share_of_demand: Share = 0.0
    solar_share: Share = 0.0
    response_min: Positive
    duration_h: NonNegative
    kinds: tuple[str, ...]
    shortage: tuple[tuple[Share, NonNegative], ...]


class PriceFact(Fact):
    unserved_per_mwh: NonNegative
    spilled_per_mwh: NonNegative
    reserve_shortage_per_mwh: NonNegative
    after_horizon_per_mwh: NonNegative
    carbon_price_per_t: NonNegative

    @property
    def prices(self) -> Prices:
        return Prices(**{field: getattr(self, field) for field in Prices.model_fields})


class Card(Data):
    """Everything that is claimed about the province."""

    name: str
    title: str
    sources: dict[str, str]
    places: dict[str, tuple[Finite, Finite]]
    """Latitude and longitude of the cities in which the clusters lie, in degrees."""
    day: Day
    demand: Demand
    fuels: tuple[FuelPrice, ...]
    traits: tuple[Traits, ...]
    thermal: tuple[UnitClass, ...]
    outages: tuple[OutageFact, ...]
    wind: tuple[CurveCluster, ...]
    solar: tuple[SolarCluster, ...]
    hydro: tuple[CurveCluster, ...]
    given: tuple[Given, ...]
    pumped_hydro: tuple[Station, ...]
    batteries: tuple[BatteryClass, ...]
    contracts: tuple[Contract, ...]
    envelopes: tuple[EnvelopeFact, ...]
    compositions: tuple[CompositionFact, ...]
    reserves: tuple[ReserveFact, ...]
    prices: PriceFact

    def traits_named(self, name: str) -> Traits:
        return next(item for item in self.traits if item.name == name)

    def fuel_named(self, name: str) -> FuelPrice:
        return next(item for item in self.fuels if item.name == name)


def read_card(name: str) -> Card:
    """The card of the province that ships with the package."""
    text = files("grid_models.provinces").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return Card.model_validate(yaml.safe_load(text))

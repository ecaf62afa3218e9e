"""A province over the years, on a card: a few dozen facts, each with its source and its certainty.

`sources` of the nation (`cards/nation.yaml`) hold for every card; a card adds its own.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import yaml
from pydantic import Field, ValidationError

from grid_models.errors import BadInput, bad_input
from grid_models.provinces.card import EnvelopeFact, Fact, FuelPrice, PriceFact, ReserveFact, Traits
from grid_models.quantities import Data, Finite, NonNegative, Positive, Share

NATION = "nation"
Piece = TypeVar("Piece", bound=Data)
Year = Annotated[int, Field(ge=1950, le=2060)]
Month = Annotated[int, Field(ge=1, le=12)]
Monthly = Annotated[tuple[Finite, ...], Field(min_length=12, max_length=12)]
Hourly = Annotated[tuple[Positive, ...], Field(min_length=24, max_length=24)]


class Dated(Fact):
    """A figure as of a year: the maximum or the sum of it, or the stand at its end."""

    year: Year
    value: NonNegative


def at(path: Sequence[Dated], year: float) -> float:
    """Along the straight lines between the dated figures; the first and the last one hold beyond."""
    if not path:
        return 0.0
    known = sorted(path, key=lambda one: one.year)
    return float(np.interp(year, [one.year for one in known], [one.value for one in known]))


class GridFact(Fact):
    """The grid that the card speaks of."""

    name: str
    region: str
    company: str
    parts: tuple[str, ...] = ()
    """Grids that it holds together, where the figures do not allow to tell them apart."""


class PlaceFact(Fact):
    """Where most of the load is, in degrees."""

    latitude: Finite
    longitude: Finite


class Growth(Fact):
    """Of the peak and of the energy, a year, after the last dated figure."""

    p10: Finite
    p50: Finite
    p90: Finite


class PeakValley(Fact):
    """(Peak - valley) / peak in its three readings."""

    year: Year
    annual: Share
    max_day: Share
    peak_day: Share


class NearPeak(Fact):
    """How long the load stays near its maximum."""

    year: Year
    hours_above_95: Positive
    month: Month
    """In which the year's maximum usually falls."""


class MonthFact(Fact):
    """A figure by month, January first."""

    values: Monthly


class CurveFact(Fact):
    """A typical working day: load by hour over the mean of the day."""

    season: Literal["winter", "spring", "summer", "autumn"]
    values: Hourly


class DayFact(Fact):
    """What a day of rest draws against a working day."""

    weekend: Positive
    spring_festival: Positive


class Load(Data):
    peak_mw: tuple[Dated, ...]
    energy_twh: tuple[Dated, ...]
    growth: Growth
    peak_valley: PeakValley
    near_peak: NearPeak
    months: MonthFact
    """Mean load of the month over the mean of the year."""
    curves: tuple[CurveFact, ...]
    days: DayFact


class Climate(Fact):
    """Temperatures of the air, and what a degree more heat or cold adds to the load, as a share of its yearly mean."""

    mean_c: Monthly
    hottest_day_c: Finite
    coldest_day_c: Finite
    day_night_c: Positive
    """Warmest less coldest hour of a usual day."""
    cooling_per_c: Share
    heating_per_c: Share


class HeatSeason(Fact):
    """When heat and power plants must run; days as month-day."""

    first: str = Field(alias="from")
    until: str


class UnitsFact(Fact):
    """Thermal or nuclear units of one class, alike."""

    name: str
    traits: str
    units: Annotated[int, Field(ge=1)]
    mw: Positive
    """All of them together."""
    since: Year | None = None
    """In operation from that year on; none: it has long been there."""


class WindFact(Fact):
    """Full-load hours and the capacity over the years."""

    mw: tuple[Dated, ...]
    full_load_hours: Positive


class SolarFact(Fact):
    """Plants and roofs over the years; roofs cannot be curtailed."""

    plants_mw: tuple[Dated, ...]
    roofs_mw: tuple[Dated, ...]
    full_load_hours: Positive


class HydroFact(Fact):
    """Conventional hydro: what it can give at once, and the energy of its months."""

    mw: tuple[Dated, ...]
    months_twh: Monthly
    river_share: Share
    """Run of river, which gives what comes; the rest is scheduled within the day."""


class PumpedHydroFact(Fact):
    """A station of equal sets; from `year` on it is in operation."""

    name: str
    name_zh: str = ""
    units: Annotated[int, Field(ge=1)]
    mw: Positive
    """All sets together."""
    hours: Positive
    year: Year


class StorageFact(Dated):
    """New-type storage on the grid: MW as `value`, and how long it lasts."""

    hours: Positive


class TieFact(Fact):
    """A corridor to another province. A DC line has a direction; an AC corridor carries either way."""

    to: str
    mw: Positive
    kind: Literal["AC", "DC hydro", "DC thermal", "DC mixed", "DC renewable"]
    direction: Literal["import", "export", "both"] = "both"
    name: str = ""
    since: Year = 2000
    own_share: Share = 1.0
    """Of what the line carries, what counts here: plants on a border river stand in the books of two provinces."""


class IndustryFact(Fact):
    """Large users of one kind: mean load together."""

    name: str
    technology: str
    mw: Positive


class VehicleFact(Fact):
    """Electric vehicles, in millions."""

    millions: tuple[Dated, ...]


class ResponseFact(Data):
    """What users have signed, in MW: contracts to shed, and virtual power plants."""

    contracts_mw: tuple[Dated, ...]
    virtual_power_plants_mw: tuple[Dated, ...]


class ProvinceFacts(Data):
    """Everything that is claimed about the province and its years."""

    name: str
    title: str
    name_zh: str
    grid: GridFact
    place: PlaceFact
    sources: dict[str, str] = {}
    load: Load
    climate: Climate
    heat_season: HeatSeason | None = None
    thermal: tuple[UnitsFact, ...]
    other_thermal_mw: tuple[Dated, ...] = ()
    """Biomass, waste, and heat and power below the size that the unit lists know: a schedule, no commitment."""
    onshore_wind: WindFact | None = None
    offshore_wind: WindFact | None = None
    solar: SolarFact
    hydro: HydroFact | None = None
    pumped_hydro: tuple[PumpedHydroFact, ...] = ()
    storage: tuple[StorageFact, ...] = ()
    ties: tuple[TieFact, ...] = ()
    industry: tuple[IndustryFact, ...] = ()
    electric_vehicles: VehicleFact
    response: ResponseFact


class UnitTraits(Traits):
    """How units of a class behave, and how often they fail."""

    label: str
    """The technology in plain words."""
    outage_rate: Share
    repair_h: Positive
    heat: bool = False
    """Serves heat: runs through the heat season."""
    captive: bool = False
    """Belongs to a user."""


class Programme(Fact):
    """A kind of contract to shed; every province has it in its share."""

    name: str
    share: Share
    """Of the contracts that are not smelters'."""
    users: Annotated[int, Field(ge=1)]
    form: Literal["block", "divisible"]
    baseline: Positive
    floor: NonNegative
    """Both per contracted MW."""
    notice_h: NonNegative
    call_h: tuple[Positive, Positive]
    calls: int
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
    programmes: tuple[Programme, ...]
    smelters: Programme
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


@cache
def card_names() -> tuple[str, ...]:
    """The provinces that have a card, by name."""
    found = (one.name.removesuffix(".yaml") for one in files("grid_models.provinces.cards").iterdir())
    return tuple(sorted(name for name in found if name not in (NATION, "__init__.py") and not name.startswith("__")))


@cache
def read_nation() -> Nation:
    return _validated(Nation, NATION)


@cache
def read_facts(name: str) -> ProvinceFacts:
    """The card of a province; `BadInput` for a name without one."""
    if name not in card_names():
        raise BadInput(name, f"is not a province with a card; there are {', '.join(card_names())}")
    facts = _validated(ProvinceFacts, name)
    unknown = {fact.source for fact in facts_in(facts)} - set(facts.sources) - set(read_nation().sources)
    if unknown:
        raise BadInput(name, f"names sources that it does not list: {', '.join(sorted(unknown))}")
    return facts


def _validated(kind: type[Piece], name: str) -> Piece:
    document = yaml.safe_load(files("grid_models.provinces.cards").joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise bad_input(f"{name}.yaml", error, document) from None


def facts_in(piece: Any) -> Iterator[Fact]:
    """Every fact of a card, at any depth."""
    if isinstance(piece, Fact):
        yield piece
    if isinstance(piece, Data):
        piece = tuple(getattr(piece, field) for field in type(piece).model_fields)
    if isinstance(piece, tuple):
        for part in piece:
            yield from facts_in(part)

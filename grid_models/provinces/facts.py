"""A province over the years, on a card: a few dozen facts, each with its source and its certainty."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from grid_models.provinces.card import Fact
from grid_models.quantities import Data, Finite, NonNegative, Positive, Share

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


def facts_in(piece: Any) -> Iterator[Fact]:
    """Every fact of a card, at any depth."""
    if isinstance(piece, Fact):
        yield piece
    if isinstance(piece, Data):
        piece = tuple(getattr(piece, field) for field in type(piece).model_fields)
    if isinstance(piece, tuple):
        for part in piece:
            yield from facts_in(part)

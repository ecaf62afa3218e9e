"""A province in a year: every hour of load, sun, wind, water and exchange, the fleet, and the case of any day."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property

import numpy as np

from grid_models.case import Case, ReserveProduct, Zone
from grid_models.errors import BadInput
from grid_models.horizon import Horizon
from grid_models.provinces.builder import reserve_product
from grid_models.provinces.card import ReserveFact
from grid_models.provinces.curves import tenths
from grid_models.provinces.facts import ProvinceFacts
from grid_models.provinces.nation import Nation
from grid_models.provinces.years import flexible
from grid_models.provinces.years.balancing import RESERVOIR
from grid_models.provinces.years.calendar import DAYS, days_of, month_of_day
from grid_models.provinces.years.fleet import Block, FailingUnit, committed, failing_units, planned_out
from grid_models.provinces.years.load import Outlook
from grid_models.provinces.years.renewables import installed_mw
from grid_models.provinces.years.weather import HOURS, Weather
from grid_models.quantities import Floats
from grid_models.resources import Profile, Renewable, ThermalUnit

HOUR_MIN = 60
DECIDED_BEFORE_H = 7
"""Hours before the day at which its plan is made: five in the afternoon."""
CURTAILMENT_CNY_PER_MWH = 200.0
GIVEN_CNY_PER_MWH = 350.0
"""For power of lines, neighbours and small plants; sold power earns it (assumed, near the price of coal power)."""
CANNOT_BE_CURTAILED = ("distributed photovoltaics",)


@dataclass(frozen=True)
class WeatherYear:
    """Another year of weather over the same fleet and the same calendar."""

    load_mw: Floats
    renewable_mw: dict[str, Floats]
    given_mw: dict[str, Floats]

    @property
    def net_load_mw(self) -> Floats:
        """What thermal units, stores and response have to meet."""
        return np.asarray(self.load_mw - sum(self.renewable_mw.values()) - sum(self.given_mw.values()))


@dataclass(frozen=True)
class ProvinceYear:
    """The study of a province in a year, built from facts; the same facts always give the same year."""

    facts: ProvinceFacts
    nation: Nation
    outlook: Outlook
    weather: Weather = field(repr=False)
    load_mw: Floats = field(repr=False)
    """8,760 values from the first hour of the year, local time, gross of every response."""
    renewable_mw: dict[str, Floats] = field(repr=False)
    """Available power by technology."""
    given_mw: dict[str, Floats] = field(repr=False)
    """Schedules by name, an export below 0: lines, exchange with the neighbours, reservoirs, small plants."""
    fleet: tuple[Block, ...] = field(repr=False)
    other_weather: tuple[WeatherYear, ...] = field(default=(), repr=False)
    note: str = ""
    """Whether the hours come from the card alone or from reference tables."""

    @property
    def name(self) -> str:
        return self.facts.name

    @property
    def year(self) -> int:
        return self.outlook.year

    @property
    def start(self) -> datetime:
        """The first hour, local time without offset."""
        return datetime.combine(date(self.year, 1, 1), time())

    @cached_property
    def days(self) -> tuple[date, ...]:
        """365; the last day of a leap year is left out."""
        return days_of(self.year)

    @cached_property
    def net_load_mw(self) -> Floats:
        """What thermal units, stores and response have to meet."""
        return np.asarray(self.load_mw - sum(self.renewable_mw.values()) - sum(self.given_mw.values()))

    @cached_property
    def failing_units(self) -> tuple[FailingUnit, ...]:
        """Every thermal and nuclear unit by itself, for the adequacy of the year."""
        return failing_units(self.facts, self.nation, self.year)

    @property
    def captive(self) -> tuple[str, ...]:
        """Names, in the cases of the days, of plants that belong to users."""
        return tuple(block.name for block in self.fleet if block.traits.captive)

    def net_load_years_mw(self, years: int) -> Floats:
        """Net load of as many years of weather, years x hours: the planned one first, then others in turn."""
        others = (one.net_load_mw for one in self.other_weather[: years - 1])
        return np.array([self.net_load_mw, *others])

    def peak_days(self, count: int = 5, net: bool = False) -> tuple[date, ...]:
        """The days with the highest loads (or net loads), the worst first."""
        values = self.net_load_mw if net else self.load_mw
        order = np.argsort(-values.reshape(DAYS, 24).max(axis=1), kind="stable")
        return tuple(self.days[int(day)] for day in order[:count])

    def capacity_mw(self) -> dict[str, float]:
        """What stands in the province, by type."""
        found: dict[str, float] = {}
        for block in self.fleet:
            kind = block.traits.name.split("-")[0]
            kind = {"captive": "coal", "chp": "coal"}.get(kind, kind)
            found[kind] = found.get(kind, 0.0) + block.rating_mw
        found["pumped hydro"] = sum(one.mw for one in flexible.stations_in(self.facts, self.year))
        found["new storage"] = flexible.storage_mw_and_hours(self.facts, self.year)[0]
        return found | {name: self.installed_mw[name] for name in self.installed_mw}

    @cached_property
    def installed_mw(self) -> dict[str, float]:
        """Wind, sun and water by technology."""
        return installed_mw(self.facts, self.year)

    def day(self, day: date, step_min: int = 60) -> Case:
        """The commitment of one day, decided on the afternoon before."""
        if day not in self.days:
            raise BadInput(str(day), f"is not a day of the study: {self.days[0]} to {self.days[-1]}")
        if HOUR_MIN % step_min:
            raise BadInput(
                str(step_min), "minutes do not divide the hour; accepted are 5, 6, 10, 12, 15, 20, 30 and 60"
            )
        horizon = Horizon.of_days(day, step_min=step_min)
        demand = self._of_day(self.load_mw, day, horizon)
        given = self._given(day, horizon)
        return Case(
            name=f"{self.name} {day.isoformat()}",
            description=f"{self.facts.title} on {day.isoformat()}. {self.note}",
            sources=self._sources(),
            horizon=horizon,
            decision_time=horizon.start - timedelta(hours=DECIDED_BEFORE_H),
            zones=(Zone(name=self.name, demand_mw=tenths(demand), forecast_series=f"{self.name} load"),),
            resources=(
                *self._thermal(day, horizon, demand, given),
                *given,
                *flexible.stations(self.facts, self.year),
                *flexible.batteries(self.facts, self.year),
                *flexible.virtual_power_plants(self.facts, self.nation, self.year, horizon.steps),
                *flexible.contracts(self.facts, self.nation, self.year, demand / self.load_mw.max()),
            ),
            reserves=tuple(self._reserve(item, demand) for item in self.nation.reserves),
            prices=self.nation.prices.prices,
            carbon_price_per_t=self.nation.prices.carbon_price_per_t,
        ).check(self.name)

    def _of_day(self, hourly: Floats, day: date, horizon: Horizon) -> Floats:
        """The steps of a day out of the hours of the year, along straight lines between the middles of the hours."""
        first = (day - self.days[0]).days * 24
        if horizon.step_min == 60:
            return hourly[first : first + 24]
        middles = first + (np.arange(horizon.steps) + 0.5) * horizon.step_h
        return np.asarray(np.interp(middles, np.arange(HOURS) + 0.5, hourly))

    def _given(self, day: date, horizon: Horizon) -> tuple[Renewable | Profile, ...]:
        plants = [_renewable(name, self.name, self._of_day(mw, day, horizon)) for name, mw in self.renewable_mw.items()]
        lines = [_profile(name, self.name, self._of_day(mw, day, horizon)) for name, mw in self.given_mw.items()]
        return (*plants, *lines)

    def _thermal(
        self, day: date, horizon: Horizon, demand: Floats, given: tuple[Renewable | Profile, ...]
    ) -> tuple[ThermalUnit, ...]:
        at_midnight = sum(float(np.broadcast_to(_power(one), horizon.steps)[0]) for one in given)
        month = int(month_of_day(self.year)[(day - self.days[0]).days])
        repair = float(planned_out(self.net_load_mw, self.year)[month])
        heat = in_heat_season(self.facts, day)
        need_mw = max(0.0, float(demand[0]) - at_midnight)
        return committed(self.fleet, self.nation, self.name, day, horizon, repair, heat, need_mw)

    def _reserve(self, item: ReserveFact, demand: Floats) -> ReserveProduct:
        largest = self.largest_unit_mw if item.product == "spinning" else 0.0
        requirement = (item.share_of_demand * demand + largest) * self.thermal_share
        return reserve_product(item, np.asarray(requirement))

    @property
    def largest_unit_mw(self) -> float:
        return max((block.rating_mw / block.together for block in self.fleet), default=0.0)

    @cached_property
    def thermal_share(self) -> float:
        """Of the reserves, what does not stand in reservoirs, whose schedule is given: by capacity."""
        reservoirs_mw = float(self.given_mw.get(RESERVOIR, np.zeros(1)).max())
        thermal_mw = sum(block.max_mw for block in self.fleet)
        return thermal_mw / max(thermal_mw + reservoirs_mw, 1.0)

    def _sources(self) -> tuple[str, ...]:
        return tuple({**self.nation.sources, **self.facts.sources}.values())


def in_heat_season(facts: ProvinceFacts, day: date) -> bool:
    """Whether heat and power plants must run; the season spans the turn of the year."""
    season = facts.heat_season
    if season is None:
        return False
    now = day.strftime("%m-%d")
    return now >= season.first or now <= season.until


def _renewable(technology: str, zone: str, mw: Floats) -> Renewable:
    available = tenths(np.maximum(mw, 0.0))
    firm = technology in CANNOT_BE_CURTAILED
    return Renewable(
        name=technology,
        zone=zone,
        technology=technology,
        available_mw=available,
        min_mw=available if firm else 0.0,
        curtailment_price_per_mwh=0.0 if firm else CURTAILMENT_CNY_PER_MWH,
        forecast_series=f"{zone} {technology}",
    )


def _profile(name: str, zone: str, mw: Floats) -> Profile:
    price = 0.0 if name == RESERVOIR else GIVEN_CNY_PER_MWH
    return Profile(name=name, zone=zone, technology=name, power_mw=tenths(mw), cost_per_mwh=price)


def _power(item: Renewable | Profile) -> float | tuple[float, ...]:
    return item.available_mw if isinstance(item, Renewable) else item.power_mw

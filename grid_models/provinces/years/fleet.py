"""The thermal fleet of a year: units as the lists have them, and blocks of them as a day's commitment plans them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from grid_models.horizon import Horizon
from grid_models.provinces.facts import ProvinceFacts, UnitsFact, at
from grid_models.provinces.nation import Nation, UnitTraits
from grid_models.provinces.thermal import GOLDEN, Place, on_the_evening_before, thermal_unit
from grid_models.provinces.years.calendar import month_of_day
from grid_models.quantities import Floats, Period
from grid_models.resources import ThermalUnit

SMALL_MW, BLOCK_MW = 120.0, 240.0
"""Units below the first are planned in blocks of about the second."""
LARGE_BLOCK_MW = 700.0
UNITS_AT_MOST = 170
"""A larger fleet has all units below 500 MW in blocks of `LARGE_BLOCK_MW`: the search stays short."""
PLANNED_OUT_MOST = 0.14
"""Of the units, what is in planned repair at once at most (assumed)."""


@dataclass(frozen=True)
class FailingUnit:
    """A unit for the adequacy of the year."""

    mw: float
    outage_rate: float
    repair_h: float


@dataclass(frozen=True)
class Block:
    """A unit, or some small ones of a class that are committed together."""

    name: str
    traits: UnitTraits
    rating_mw: float
    together: int
    index: int

    @property
    def max_mw(self) -> float:
        return self.rating_mw * self.traits.summer_share


def in_operation(facts: ProvinceFacts, year: int) -> tuple[UnitsFact, ...]:
    return tuple(one for one in facts.thermal if one.since is None or one.since <= year)


def failing_units(facts: ProvinceFacts, nation: Nation, year: int) -> tuple[FailingUnit, ...]:
    """Every unit, with what it gives in summer and how often it fails."""
    found = []
    for one in in_operation(facts, year):
        traits = nation.traits_named(one.traits)
        unit = FailingUnit(one.mw / one.units * traits.summer_share, traits.outage_rate, traits.repair_h)
        found += [unit] * one.units
    return tuple(found)


def blocks(facts: ProvinceFacts, nation: Nation, year: int) -> tuple[Block, ...]:
    """The fleet as it is planned."""
    fleet = in_operation(facts, year)
    many = sum(one.units for one in fleet if one.mw / one.units >= SMALL_MW) > UNITS_AT_MOST
    named = [
        (one, number, count, mw) for one in fleet for number, (count, mw) in enumerate(_shares(one, many), start=1)
    ]
    return tuple(
        Block(f"{one.name}-{number:02d}", altered(nation.traits_named(one.traits), nation, year), mw, count, index)
        for index, (one, number, count, mw) in enumerate(named)
    )


def altered(traits: UnitTraits, nation: Nation, year: int) -> UnitTraits:
    """The traits in that year: coal units without heat go lower once they are altered."""
    if traits.fuel != "coal" or traits.heat or traits.captive:
        return traits
    factor = at(nation.retrofit, year)
    return traits.model_copy(update={"min_share": tuple(round(share * factor, 3) for share in traits.min_share)})


def _shares(fact: UnitsFact, many: bool) -> Iterator[tuple[int, float]]:
    """How many units each block holds, and their megawatts."""
    rating = fact.mw / fact.units
    target = LARGE_BLOCK_MW if many and rating < 500 else BLOCK_MW if rating < SMALL_MW else rating
    count = min(fact.units, max(1, round(fact.units / max(1, int(target / rating)))))
    for split in np.array_split(np.arange(fact.units), count):
        yield len(split), rating * len(split)


def expected_mw(fleet: tuple[Block, ...]) -> float:
    """What the fleet gives on average on a hot day, forced outages taken off."""
    return sum(one.max_mw * (1 - one.traits.outage_rate) for one in fleet)


def planned_out(net_load_mw: Floats, year: int) -> Floats:
    """Share of the fleet in planned repair, by month: where the net load leaves room."""
    day_peaks = net_load_mw.reshape(-1, 24).max(axis=1)
    months = month_of_day(year)
    peaks = np.array([day_peaks[months == month].max() for month in range(12)])
    room = 1 - 1.05 * peaks / max(peaks.max(), 1.0)
    return np.asarray(np.clip(room, 0.0, PLANNED_OUT_MOST))


def committed(
    fleet: tuple[Block, ...], nation: Nation, zone: str, day: date, horizon: Horizon, repair: float, heat: bool,
    need_mw: float, seed: int = 0,
) -> tuple[ThermalUnit, ...]:  # fmt: skip
    """The units of a day at midnight: some in repair or failed by a fixed throw, heat plants on in the heat season."""
    units = tuple(_unit(block, nation, zone, horizon, heat) for block in fleet)
    away = _away(fleet, day, repair, seed)
    whole = (Period(start=horizon.start, end=horizon.end),)
    placed = tuple(
        unit.model_copy(update={"outages": whole}) if out else unit for unit, out in zip(units, away, strict=True)
    )
    return on_the_evening_before(placed, need_mw, horizon)


def _away(fleet: tuple[Block, ...], day: date, repair: float, seed: int) -> list[bool]:
    chance = np.random.default_rng([seed, day.toordinal()]).random(len(fleet))
    turn = [((block.index + 1) * GOLDEN + day.month * 0.37) % 1 < repair for block in fleet]
    failed = [throw < block.traits.outage_rate for throw, block in zip(chance, fleet, strict=True)]
    return [a or b for a, b in zip(turn, failed, strict=True)]


def _unit(block: Block, nation: Nation, zone: str, horizon: Horizon, heat: bool) -> ThermalUnit:
    traits = block.traits
    label = traits.label if block.together == 1 else f"{traits.label}, {block.together} units as one"
    place, rating_mw = Place(zone, horizon.step_h), round(block.rating_mw, 1)
    unit = thermal_unit(place, block.name, label, traits, nation.fuel_named(traits.fuel), rating_mw, block.index)
    return unit.model_copy(update={"must_run": True}) if heat and traits.heat else unit
